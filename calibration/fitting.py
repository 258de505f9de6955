"""Least squares on logarithms, with priors; all variants of a step in one simulation.

    minimise  sum ((log model - log observed) / s)^2 + sum ((log p - log prior) / s_p)^2

The covariance of the logarithms is the inverse of J'J at the minimum: the residuals are
scaled by what is known of the observations, not by how well they happen to fit.

Starting values and widths stand in the scripts.  Nothing is random but subjects, who
come from the streams of a seed that stands there too; so the same facts give the same
digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from adckit.library.fits import printed_digits

Floats = NDArray[np.float64]
Facts = Callable[[Mapping[str, Floats]], Floats]
"""Parameter → (variant,) in; computed facts (variant, fact) out."""


@dataclass(frozen=True)
class Fact:
    """A published number."""

    name: str
    value: float
    log_sd: float
    """SD of its logarithm: standard error, or what the reading of a graph allows."""
    evidence: str


@dataclass(frozen=True)
class Free:
    """A parameter to be found; a prior where `log_sd` is given."""

    name: str
    start: float
    unit: str
    digits: int = 3
    """Significant digits that cards print."""
    prior: float | None = None
    log_sd: float | None = None
    cards: tuple[str, ...] = ()
    """Places of the library that print it, see `cards`; the first is its own card,
    others have borrowed it."""

    def printed(self, value: float) -> float:
        """A value as cards print it."""
        return printed_digits(value, self.digits)


@dataclass(frozen=True)
class Found:
    """The minimum."""

    free: Sequence[Free]
    values: Floats
    log_sd: Floats
    correlation: Floats
    facts: Sequence[Fact]
    model: Floats
    """Computed facts at the minimum."""
    cost: float


def fit(
    free: Sequence[Free], facts: Sequence[Fact], compute: Facts, step: float = 1e-4
) -> Found:
    """The best values; deterministic, from the starting values alone.

    `step` is that of the central differences, of logarithms.
    """
    observed = np.log([fact.value for fact in facts])
    widths = np.array([fact.log_sd for fact in facts])
    bound = [i for i, one in enumerate(free) if one.log_sd is not None]
    centre = np.log([free[i].prior or free[i].start for i in bound])
    spread = np.array([free[i].log_sd for i in bound], dtype=float)

    def residuals(points: Floats) -> Floats:
        table = {one.name: np.exp(points[:, i]) for i, one in enumerate(free)}
        seen = (np.log(compute(table)) - observed) / widths
        prior = (points[:, bound] - centre) / spread
        return np.concatenate([seen, prior], axis=1)

    def one(point: Floats) -> Floats:
        return np.asarray(residuals(point[np.newaxis])[0])

    def jacobian(point: Floats) -> Floats:
        rows = np.eye(len(point))
        moved = np.vstack(
            [point + step * sign * row for row in rows for sign in (1, -1)]
        )
        values = residuals(moved)
        return ((values[::2] - values[1::2]) / (2 * step)).T

    start = np.log([one.start for one in free])
    best = least_squares(one, start, jacobian, xtol=1e-10)
    slope = np.asarray(best.jac, dtype=np.float64)
    covariance = np.linalg.inv(slope.T @ slope)
    sd = np.sqrt(np.diag(covariance))
    values = np.exp(best.x)
    table = {one.name: values[i : i + 1] for i, one in enumerate(free)}
    return Found(
        free,
        values,
        sd,
        covariance / np.outer(sd, sd),
        facts,
        compute(table)[0],
        float(best.cost),
    )
