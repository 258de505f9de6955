"""The arithmetic behind a drawn population: scores, distributions, effects.

See `population` for the rules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from adckit.errors import AdckitError
from adckit.library.populations import Covariate, Distribution, Effect, Population
from adckit.parameters import Parameter, Spread, SpreadKind

__all__ = [
    "Column",
    "Floats",
    "body_surface",
    "effect_factor",
    "floats",
    "log_width",
    "mixtures",
    "values_at",
    "values_by_case",
]

Floats = NDArray[np.float64]
Column = NDArray[Any]


def log_width(spread: Spread, parameter: Parameter) -> float:
    """SD of the logarithm that a spread stands for; 0 for one that is no spread."""
    if spread.kind is SpreadKind.GSD:
        return math.log(spread.low)
    if spread.kind is SpreadKind.CV:
        return math.sqrt(math.log1p(spread.low**2))
    if spread.kind is SpreadKind.SD and parameter.value > 0:
        return math.sqrt(math.log1p((spread.low / parameter.value) ** 2))
    return 0.0


def mixtures(
    population: Population, names: Sequence[str], widths: Mapping[str, float]
) -> list[tuple[list[str], Column]]:
    """Groups of correlated names, each with its Cholesky factor.

    Raises AdckitError for correlations that cannot hold together.
    """
    links = {
        frozenset(link.between): _correlation(population, i, widths)
        for i, link in enumerate(population.correlations)
        if all(name in names for name in link.between)
    }
    named = [n for link in population.correlations for n in link.between]
    waiting = list(dict.fromkeys(n for n in named if any(n in pair for pair in links)))
    groups = []
    while waiting:
        group = {waiting[0]}
        while more := {n for pair in links if pair & group for n in pair} - group:
            group |= more
        members = [n for n in waiting if n in group]
        waiting = [n for n in waiting if n not in group]
        matrix = np.eye(len(members))
        for i, one in enumerate(members):
            for j, other in enumerate(members[:i]):
                matrix[i, j] = matrix[j, i] = links.get(frozenset((one, other)), 0.0)
        try:
            groups.append((members, np.linalg.cholesky(matrix)))
        except np.linalg.LinAlgError:
            raise AdckitError(
                f"Population '{population.name}': the correlations of "
                f"{', '.join(members)} cannot all hold at once (their matrix is not "
                "positive definite). Make them smaller, or give the missing ones."
            ) from None
    return groups


def _correlation(
    population: Population, number: int, widths: Mapping[str, float]
) -> float:
    link = population.correlations[number]
    if link.correlation is not None:
        return link.correlation
    one, other = link.between
    if one not in widths or other not in widths:
        raise AdckitError(
            f"Population '{population.name}': the covariance of {one} and {other} is "
            "one of logarithms, but they are not both lognormal. Give a correlation."
        )
    assert link.covariance is not None
    value = link.covariance / (widths[one] * widths[other])
    if not -1 < value < 1:
        raise AdckitError(
            f"Population '{population.name}': the covariance {link.covariance:g} of "
            f"{one} and {other} is larger than their spreads allow "
            f"({widths[one] * widths[other]:.3g} at most)."
        )
    return value


def values_at(distribution: Distribution, score: Floats) -> Floats:
    """Values at standard normal scores, cut off at the distribution's limits."""
    low, high = (
        _score_of(distribution, x) for x in (distribution.low, distribution.high)
    )
    if math.isfinite(low) or math.isfinite(high):
        below, above = float(ndtr(low)), float(ndtr(high))
        score = np.asarray(ndtri(below + ndtr(score) * (above - below)))
    raw = distribution.width * score
    if distribution.logarithmic:
        return distribution.centre * np.exp(raw)
    return distribution.centre + raw


def _score_of(distribution: Distribution, limit: float) -> float:
    if not distribution.logarithmic:
        return (limit - distribution.centre) / distribution.width
    if limit <= 0:
        return -math.inf
    return math.log(limit / distribution.centre) / distribution.width


def values_by_case(
    covariate: Covariate, score: Floats, found: Mapping[str, Column]
) -> Floats:
    if covariate.by is None:
        return values_at(covariate.cases[""], score)
    values = np.empty(len(score))
    for case, distribution in covariate.cases.items():
        mine = found[covariate.by] == case
        values[mine] = values_at(distribution, score[mine])
    return values


def body_surface(formula: str, found: Mapping[str, Column]) -> Floats:
    """m2 from kg and cm.

    Du Bois and Du Bois, Arch Intern Med 1916;17:863.  Mosteller, N Engl J Med
    1987;317:1098.
    """
    weight, height = floats(found["body_weight"]), floats(found["height"])
    if formula == "mosteller":
        return np.sqrt(weight * height / 3600)
    return np.asarray(0.007184 * weight**0.425 * height**0.725)


def effect_factor(effect: Effect, value: Floats) -> Floats:
    if effect.power is not None:
        return np.asarray((value / effect.reference) ** effect.power)
    assert effect.slope is not None
    return np.exp(effect.slope * (value - effect.reference))


def floats(values: Column) -> Floats:
    return np.asarray(values, dtype=np.float64)
