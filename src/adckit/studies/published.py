"""Published observations beside a simulation: which may be compared, in which unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from adckit.errors import UnitError
from adckit.library import Observation, Product
from adckit.network.regimen import Regimen, Segment, parse_regimen
from adckit.parameters import Spread, SpreadKind
from adckit.units import Dimension, parse_unit

__all__ = ["Matches", "in_unit", "match", "spread_range"]

DOSE_FREE = ("clearance", "half_life")
"""Quantities that may be compared whatever the regimen."""
_COMPARED_HOST = "human"
"""The published observations of the library are from patients."""


@dataclass(frozen=True)
class Matches:
    """The observations of a product, sorted by whether they fit a simulation."""

    beside: Mapping[tuple[str, str], Observation]
    """(analyte, quantity) → the observation to compare with."""
    elsewhere: tuple[Observation, ...]
    """The others: seen under other regimens, or a second value of the same quantity."""


def match(product: Product | None, regimen: Regimen | None) -> Matches:
    """Sort a product's observations; `regimen` is None where a table gave the doses."""
    if product is None:
        return Matches({}, ())
    seen = list(product.observations)
    if product.parts.get("host", _COMPARED_HOST) != _COMPARED_HOST:
        return Matches({}, tuple(seen))
    beside: dict[tuple[str, str], Observation] = {}
    same = [o for o in seen if regimen is not None and same_dosing(o.regimen, regimen)]
    free = [o for o in seen if o.quantity in DOSE_FREE]
    for observation in (*same, *free):
        beside.setdefault((observation.analyte, observation.quantity), observation)
    chosen = [id(observation) for observation in beside.values()]
    return Matches(beside, tuple(o for o in seen if id(o) not in chosen))


def same_dosing(text: str, regimen: Regimen) -> bool:
    """Whether the first cycles of two regimens have the same doses."""
    other = parse_regimen(text)
    if not (other.segments and regimen.segments):
        return False
    return _pattern(other.segments[0]) == _pattern(regimen.segments[0])


def _pattern(segment: Segment) -> tuple[object, ...]:
    unit = parse_unit(segment.unit)
    amount = round(segment.amount * unit.factor, 9)
    given = amount, unit.dimension, segment.days, segment.interval, segment.on_off
    return *given, segment.carrier


def spread_range(value: float, spread: Spread) -> tuple[float, float]:
    """Lower and upper end of what was seen around `value`."""
    if spread.kind is SpreadKind.RANGE:
        assert spread.high is not None
        return spread.low, spread.high
    if spread.kind is SpreadKind.GSD:
        return value / spread.low, value * spread.low
    width = spread.low * (value if spread.kind is SpreadKind.CV else 1.0)
    return value - width, value + width


def in_unit(
    value: float,
    dimension: Dimension,
    target: str,
    *,
    molar_mass: float | None,
    body: Mapping[str, float],
) -> float:
    """An internal number of `dimension`, in the unit `target`.

    Args:
        molar_mass: of the analyte in mg/nmol; turns an amount into a mass.
        body: size of the subject in `kg` and `m2`, for a target per kg or per m2.

    Raises UnitError when no molar mass and no body size makes the dimensions equal.
    """
    wanted = parse_unit(target)
    sizes = [(1.0, Dimension())]
    sizes += [(1 / size, parse_unit(f"1/{u}").dimension) for u, size in body.items()]
    molar = parse_unit("mg/nmol").dimension
    masses = {0: 1.0}
    if molar_mass:
        masses |= {1: molar_mass, -1: 1 / molar_mass}
    for power, mass in masses.items():
        for size, per in sizes:
            if dimension * molar ** Fraction(power) * per == wanted.dimension:
                return value * mass * size / wanted.factor
    raise UnitError(f"A number in {dimension} cannot be expressed in '{target}'.")
