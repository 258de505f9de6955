"""How well each parameter is known, and parameters drawn accordingly.

Two things vary and are kept apart: what nobody knows exactly (here) and what differs
between subjects (`population`).  Every parameter has a lognormal distribution whose
median is its value:

    GSD             s = ln(GSD)
    SD              s^2 = ln(1 + (SD / value)^2)
    range           a 90 % interval: below the median s = ln(value / low) / 1.645,
                    above it s = ln(high / value) / 1.645
    fit             SDs and correlations of the calibration of these parameters
    CV, or nothing  a prior by status (`PRIORS`): a CV says how subjects differ, not how
                    well the typical value is known

A draw beyond the limits of a parameter is set to the limit.  Zeros, molar masses, body
sizes and dimensionless conventions of 0 or 1 are not drawn: they are definitions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from adckit.errors import AdckitError
from adckit.library import Product
from adckit.library.fits import Fit, load_fits
from adckit.mechanisms.vocabulary import specification
from adckit.parameters import Parameter, SpreadKind, Status
from adckit.studies.random_streams import normals
from adckit.units import parse_unit

__all__ = [
    "PRIORS",
    "Uncertainty",
    "combine_subjects",
    "draw_parameters",
    "fits_of",
    "pair_subjects",
    "uncertainties",
    "uncertainty_of",
]

Floats = NDArray[np.float64]

PRIORS: Mapping[Status, float] = MappingProxyType(
    {Status.MEASURED: 1.15, Status.FITTED: 1.2, Status.ASSUMED: 1.52}
)
"""GSD of a typical value that states no uncertainty.  Stated priors, not data: 90 % of
assumed values within a factor of 2, of fitted ones within 35 %, of measured ones within
26 %."""

_SCORE_90 = float(ndtri(0.95))
_DEFINITIONS = ("body_weight", "body_surface_area", "reference_body_weight")


@dataclass(frozen=True)
class Uncertainty:
    """The distribution of one parameter's typical value."""

    parameter: Parameter
    below: float
    """SD of the natural logarithm below the median."""
    above: float
    reason: str
    limits: tuple[float, float]
    """In the parameter's unit."""

    @property
    def drawn(self) -> bool:
        """Whether it is drawn at all."""
        return self.below > 0 or self.above > 0

    def at(self, score: float | Floats) -> Floats:
        """Values, in the parameter's unit, at standard normal scores."""
        scores = np.asarray(score, dtype=np.float64)
        width = np.where(scores < 0, self.below, self.above)
        raw = self.parameter.value * np.exp(width * scores)
        return np.asarray(np.clip(raw, *self.limits))

    def interval(self, share: float = 0.9) -> tuple[float, float]:
        """The central interval that holds this share."""
        score = float(ndtri(0.5 + share / 2))
        return float(self.at(-score)), float(self.at(score))

    def __str__(self) -> str:
        if not self.drawn:
            return f"not drawn: {self.reason}"
        low, high = self.interval()
        unit = "" if self.parameter.unit == "1" else f" {self.parameter.unit}"
        return f"{low:.3g} to {high:.3g}{unit} (90 %), {self.reason}"


def uncertainty_of(
    parameter: Parameter, species: Sequence[str] = (), fit: Fit | None = None
) -> Uncertainty:
    """How well a parameter is known.

    Args:
        species: payload species of the model, whose parameters carry their names.
        fit: the calibration that its value comes from.
    """
    limits = _limits(parameter, tuple(species))
    definition = _definition(parameter)
    if definition:
        return Uncertainty(parameter, 0.0, 0.0, definition, limits)
    if fit is not None:
        width = fit.log_sd[fit.names.index(parameter.name)]
        reason = f"calibration '{fit.name}'"
        return Uncertainty(parameter, width, width, reason, limits)
    below, above = _stated_widths(parameter)
    if below or above:
        reason = f"stated {parameter.spread}"
        return Uncertainty(parameter, below, above, reason, limits)
    gsd = PRIORS[parameter.status]
    reason = f"prior of {parameter.status} values, GSD {gsd:g}"
    return Uncertainty(parameter, math.log(gsd), math.log(gsd), reason, limits)


def uncertainties(model: Product) -> dict[str, Uncertainty]:
    """The distribution of every parameter of a product, by name."""
    blueprint = model.blueprint
    names = tuple(species.name for species in blueprint.species)
    made_by = {
        name: fit
        for fit in fits_of(model)
        for name in fit.names
        if name in blueprint.parameters
        and blueprint.parameters[name].status is Status.FITTED
    }
    return {
        name: uncertainty_of(parameter, names, made_by.get(name))
        for name, parameter in blueprint.parameters.items()
    }


def fits_of(model: Product) -> tuple[Fit, ...]:
    """Calibrations whose 90 % intervals hold every fitted parameter of a product."""
    found = []
    for fit in load_fits():
        shared = [
            parameter
            for name, parameter in model.blueprint.parameters.items()
            if name in fit.names and parameter.status is Status.FITTED
        ]
        if shared and all(_agrees(fit, parameter) for parameter in shared):
            found.append(fit)
    return tuple(found)


def draw_parameters(
    model: Product,
    draws: int,
    seed: int = 1,
    only: Iterable[str] | None = None,
) -> dict[str, Floats]:
    """Typical values drawn from what is known of them, (draw,) in each one's own unit.

    A parameter's draws depend on seed, its name and the draw's number alone, so more
    draws begin with the same ones.  `only` names the parameters that are drawn; the
    others keep their values.  Values that are not drawn are left out.

    Raises AdckitError for a number of draws below 1.
    """
    if draws < 1:
        raise AdckitError(f"draws is {draws}; draw the parameters at least once.")
    wanted = None if only is None else set(only)
    numbers = np.arange(1, draws + 1)
    known = uncertainties(model)
    scores = {
        name: normals(seed, f"typical {name}", numbers)[:, 0]
        for name, one in known.items()
        if one.drawn and (wanted is None or name in wanted)
    }
    for fit in fits_of(model):
        _correlate(scores, fit, model)
    return {name: known[name].at(score) for name, score in scores.items()}


def combine_subjects(
    model: Product, subjects: Mapping[str, Floats], draws: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Every subject under every draw, (draw * subject,), the draw outermost.

    See `pair_subjects` for what becomes of a subject under a draw.
    """
    many = len(next(iter(draws.values()))) if draws else 1
    tiled = {name: np.tile(np.asarray(v), many) for name, v in subjects.items()}
    return pair_subjects(model, tiled, draws)


def pair_subjects(
    model: Product, subjects: Mapping[str, Floats], draws: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Subjects (draw * subject,), each under its own draw, the draw outermost.

    A subject keeps its place among all subjects: where it has 1.2 times the model's
    value, it has 1.2 times the drawn value.  Covariates that the draws do not change
    stay as they are.
    """
    many = len(next(iter(draws.values()))) if draws else 1
    people = len(next(iter(subjects.values()))) // many if subjects else 1
    table = {name: np.asarray(values) for name, values in subjects.items()}
    names = tuple(species.name for species in model.blueprint.species)
    for name, values in draws.items():
        parameter = model.blueprint.parameters[name]
        column = np.repeat(values, people)
        if name in table:
            column = column * table[name] / parameter.value
        table[name] = np.clip(column, *_limits(parameter, names))
    return table


def _definition(parameter: Parameter) -> str:
    """Why a value is not drawn; empty for one that is."""
    if parameter.value == 0:
        return "zero: what it belongs to is switched off"
    named = parameter.name in _DEFINITIONS or parameter.name.endswith("_molar_mass")
    if named or parameter.source.defines:
        return "a definition, or exact for our purpose"
    plain = parameter.unit in ("", "1") and parameter.value == 1
    if plain and parameter.status is Status.ASSUMED:
        return "a convention"
    return ""


def _stated_widths(parameter: Parameter) -> tuple[float, float]:
    """SD of the logarithm that the spread states below and above the value."""
    spread, value = parameter.spread, parameter.value
    if spread is None or spread.kind is SpreadKind.CV:
        return 0.0, 0.0
    if spread.kind is SpreadKind.GSD:
        return math.log(spread.low), math.log(spread.low)
    if spread.kind is SpreadKind.SD:
        width = math.sqrt(math.log1p((spread.low / value) ** 2))
        return width, width
    assert spread.high is not None
    above = max(math.log(spread.high / value), 0.0) / _SCORE_90
    if spread.low <= 0:  # a logarithm has no such end
        return above, above
    return max(math.log(value / spread.low), 0.0) / _SCORE_90, above


def _limits(parameter: Parameter, species: tuple[str, ...]) -> tuple[float, float]:
    """Lowest and highest value that makes sense, in the parameter's unit."""
    low, high = parameter.bounds
    spec = specification(parameter.name, species)
    if spec is not None:
        factor = parse_unit(parameter.unit).factor
        low, high = max(low, spec.lowest / factor), min(high, spec.highest / factor)
    return low, high


def _agrees(fit: Fit, parameter: Parameter) -> bool:
    """Whether the 90 % interval of a fit holds a parameter."""
    place = fit.names.index(parameter.name)
    if parse_unit(fit.units[place]) != parse_unit(parameter.unit):
        return False
    distance = math.log(parameter.value / fit.values[place])
    return abs(distance) <= _SCORE_90 * fit.log_sd[place]


def _correlate(scores: dict[str, Floats], fit: Fit, model: Product) -> None:
    """Mix the scores of parameters that were fitted together."""
    parameters = model.blueprint.parameters
    mine = [
        name
        for name in fit.names
        if name in scores and parameters[name].status is Status.FITTED
    ]
    if len(mine) < 2:
        return
    rows = [fit.names.index(name) for name in mine]
    factor = np.linalg.cholesky(fit.correlation[np.ix_(rows, rows)])
    own = [scores[name] for name in mine]
    for i, name in enumerate(mine):
        # Summed one by one: a matrix product may round by the number of draws.
        scores[name] = sum(
            (factor[i, j] * own[j] for j in range(1, i + 1)),
            start=factor[i, 0] * own[0],
        )
