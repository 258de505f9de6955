"""Concentrations of an assay, from the words of a protocol to nM.

    0.001..10 ug/mL          four for each factor of ten
    0.001..100 nM x 9        nine, evenly spread over the logarithm
    0.1, 1, 10 nM            these

Mass becomes amount by the molar mass of the product.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.errors import AdckitError, UnitError
from adckit.units import parse_unit

__all__ = [
    "DEFAULT",
    "Concentrations",
    "read_concentrations",
    "unit_per_nanomolar",
]

Floats = NDArray[np.float64]

DEFAULT = "0.001..10 ug/mL"
_PER_DECADE = 4
_MOST = 400
_NUMBER = r"(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
_RANGE = re.compile(
    rf"\s*{_NUMBER}\s*\.\.\s*{_NUMBER}\s*([A-Za-zµ]\S*?)\s*(?:x\s*(\d+))?\s*"
)
_LIST = re.compile(rf"\s*({_NUMBER}(?:\s*,\s*{_NUMBER})*)\s*([A-Za-zµ]\S*)\s*")


@dataclass(frozen=True)
class Concentrations:
    """Concentrations as they were asked for, and in nM."""

    values: Floats
    """(concentration,), rising, in `unit`"""
    unit: str
    per_nanomolar: float
    """How much of `unit` one nM is."""

    @property
    def nanomolar(self) -> Floats:
        """(concentration,), nM"""
        return self.values / self.per_nanomolar

    def shown(self, nanomolar: float) -> float:
        """A concentration in nM as one in `unit`."""
        return nanomolar * self.per_nanomolar


def read_concentrations(text: str, molar_mass: float) -> Concentrations:
    """The concentrations that a text asks for; `molar_mass` is in mg/nmol.

    Raises AdckitError for a text that cannot be read, and for a unit that is neither
    mass nor amount per volume.
    """
    spread, listed = _RANGE.fullmatch(text), _LIST.fullmatch(text)
    if spread is not None:
        low, high = float(spread[1]), float(spread[2])
        values = _between(low, high, spread[4], text)
        unit = spread[3]
    elif listed is not None:
        values = np.unique([float(part) for part in listed[1].split(",")])
        unit = text[listed.end(1) :].strip()
    else:
        raise AdckitError(
            f"'{text}' is no list of concentrations. Write a range, as in '{DEFAULT}' "
            "or '0.01..100 nM x 9', or a list, as in '0.1, 1, 10 nM'."
        )
    if not len(values) or values[0] <= 0:
        raise AdckitError(
            f"'{text}' has a concentration of 0. Give those above it; the control "
            "without drug is always there."
        )
    return Concentrations(values, unit, unit_per_nanomolar(unit, molar_mass))


def _between(low: float, high: float, count: str | None, text: str) -> Floats:
    if not 0 < low < high:
        raise AdckitError(
            f"The range '{text}' is not one: write the lower concentration first, "
            "above 0."
        )
    steps = round(_PER_DECADE * math.log10(high / low)) + 1
    points = int(count) if count is not None else max(steps, 2)
    if not 2 <= points <= _MOST:
        raise AdckitError(
            f"{points} concentrations were asked for in '{text}'. Give 2 to {_MOST}."
        )
    return np.asarray(np.geomspace(low, high, points))


def unit_per_nanomolar(unit: str, molar_mass: float) -> float:
    """How much of a unit one nM is; `molar_mass` is in mg/nmol.

    Raises UnitError for a unit that is neither mass nor amount per volume.
    """
    parsed = parse_unit(unit)
    if parsed.dimension == parse_unit("nM").dimension:
        return 1 / parsed.factor
    if parsed.dimension == parse_unit("ug/mL").dimension:
        return molar_mass / parsed.factor
    raise UnitError(
        f"'{unit}' is no unit of concentration. Write nM, pM, ug/mL or ng/mL."
    )
