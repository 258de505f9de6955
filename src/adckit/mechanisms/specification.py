"""What a parameter must look like: one entry of the tables of parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["ParameterSpec", "parameter_spec"]


@dataclass(frozen=True)
class ParameterSpec:
    """What a parameter must look like.

    `units` lists the dimensions it may have; more than one where a value may be given
    per m2 of body surface or per kg of body weight.
    """

    name: str
    units: tuple[str, ...]
    meaning: str
    lowest: float = 0.0
    highest: float = math.inf
    positive: bool = False
    """Zero makes no sense either."""


def parameter_spec(
    name: str,
    units: str,
    meaning: str,
    *,
    positive: bool = False,
    highest: float = math.inf,
    lowest: float = 0.0,
) -> ParameterSpec:
    """A specification; `units` separates the dimensions it may have by `|`."""
    options = tuple(unit.strip() for unit in units.split("|"))
    return ParameterSpec(name, options, meaning, lowest, highest, positive)
