"""The first dose in humans: from what animals tolerate, and from what acts.

Tolerability (ICH S9): a tenth of the dose that is severely toxic to 10 % of rodents
(STD10), or a sixth of the highest dose that is not severely toxic to non-rodents
(HNSTD); the lower of the two.  Doses in mg/kg are carried over by body surface, with
the factors of FDA's guidance of 2005 (kg per m2), or kept per kg of body weight, as is
usual for antibodies whose exposure is the same per kg in both species.

Activity: the dose whose exposure in humans is the one at which the drug acts, such as
the average concentration that holds a tumour still.  Exposure is taken as proportional
to dose, so one simulated dose is enough; with an antigen sink low doses give less.

Each figure comes with the steps that led to it, for the report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from adckit.errors import AdckitError, UnitError, UnknownNameError
from adckit.units import convert

__all__ = [
    "KG_PER_M2",
    "RODENTS",
    "AnimalDose",
    "FirstDose",
    "Step",
    "active_dose",
    "first_dose",
    "per_body_unit",
    "tolerated_dose",
]

KG_PER_M2: Mapping[str, float] = MappingProxyType(
    {
        "mouse": 3.0,
        "hamster": 5.0,
        "rat": 6.0,
        "guinea pig": 8.0,
        "rabbit": 12.0,
        "cynomolgus": 12.0,
        "dog": 20.0,
        "human": 37.0,
    }
)
"""Body weight per body surface (FDA, Estimating the Maximum Safe Starting Dose)."""

RODENTS = ("mouse", "hamster", "rat", "guinea pig")
"""Species that have an STD10; all others but humans have an HNSTD."""

_SHARES = {"STD10": 1 / 10, "HNSTD": 1 / 6}
_WORDS = {"STD10": "a tenth of STD10", "HNSTD": "a sixth of HNSTD"}


@dataclass(frozen=True)
class AnimalDose:
    """What one species tolerated."""

    species: str
    measure: str
    """`STD10` of a rodent or `HNSTD` of a non-rodent."""
    dose: float
    unit: str
    """mg/kg or mg/m2."""
    source: str = ""


@dataclass(frozen=True)
class Step:
    """One line of the reasoning."""

    what: str
    value: float
    unit: str
    why: str


@dataclass(frozen=True)
class FirstDose:
    """Starting doses side by side."""

    tolerated: float | None
    """From animals, mg/m2 or mg/kg; None without animal data."""
    active: float | None
    """From the exposure at which the drug acts; None without one."""
    unit: str
    steps: tuple[Step, ...]

    @property
    def proposed(self) -> float:
        """The lower of the two: no more than animals tolerate, no more than acts."""
        return min(d for d in (self.tolerated, self.active) if d is not None)


def tolerated_dose(
    animals: Sequence[AnimalDose], unit: str = "mg/m2", *, per: str = "surface"
) -> tuple[float, tuple[Step, ...]]:
    """The starting dose that animal tolerability allows, in `unit`, and its steps.

    `per` is what is equal in man and animal: `surface` (mg/m2) or `weight` (mg/kg).

    Raises AdckitError without animals or for a dose that is not above 0, and
    UnknownNameError for a species or measure that is not known.
    """
    if not animals:
        raise AdckitError("No animal dose is given. Give an STD10 or an HNSTD.")
    if per not in ("surface", "weight"):
        raise UnknownNameError("way of scaling", per, ("surface", "weight"))
    steps, found = [], []
    for animal in animals:
        if animal.measure not in _SHARES:
            raise UnknownNameError("measure of tolerability", animal.measure, _SHARES)
        if not animal.dose > 0 or math.isinf(animal.dose):
            raise AdckitError(
                f"The {animal.measure} of {animal.species} is {animal.dose:g}. "
                "Give a dose above 0."
            )
        human = _human_dose(animal, unit, per)
        start = human * _SHARES[animal.measure]
        what = f"{animal.measure}, {animal.species}"
        steps.append(Step(what, animal.dose, animal.unit, animal.source or "given"))
        steps.append(
            Step("human equivalent", human, unit, f"equal dose per body {per}")
        )
        steps.append(Step("starting dose", start, unit, _WORDS[animal.measure]))
        found.append(start)
    return min(found), tuple(steps)


def _human_dose(animal: AnimalDose, unit: str, per: str) -> float:
    """The same dose per surface, or per weight, in a human."""
    if animal.species not in KG_PER_M2:
        raise UnknownNameError("species", animal.species, KG_PER_M2)
    own, human = KG_PER_M2[animal.species], KG_PER_M2["human"]
    if _per_surface(animal.unit):
        per_m2 = convert(animal.dose, animal.unit, "mg/m2")
        per_kg = per_m2 / own
    else:
        per_kg = convert(animal.dose, animal.unit, "mg/kg")
        per_m2 = per_kg * own
    if per == "surface":
        return per_m2 if _per_surface(unit) else per_m2 / human
    return per_kg * human if _per_surface(unit) else per_kg


def _per_surface(unit: str) -> bool:
    return unit.replace(" ", "").endswith("/m2")


def per_body_unit(unit: str) -> str | None:
    """`mg/m2` or `mg/kg`, whichever a unit of dose is a kind of; None for others."""
    for known in ("mg/m2", "mg/kg"):
        try:
            convert(1.0, unit, known)
        except UnitError:
            continue
        return known
    return None


def active_dose(
    exposure: float,
    dose: float,
    target: float,
    unit: str = "mg/m2",
    why: str = "",
    *,
    exposure_unit: str = "",
) -> tuple[float, tuple[Step, ...]]:
    """The dose that gives the exposure at which the drug acts, and its steps.

    Args:
        exposure: of a simulated `dose` in humans, in any unit, such as an average
            concentration over the interval.
        dose: in `unit`.
        target: exposure at which the drug acts, in the unit of `exposure`.
        why: where the target comes from.
        exposure_unit: for the steps.

    Raises AdckitError for a number that is not above 0.
    """
    for name, value in (("exposure", exposure), ("dose", dose), ("target", target)):
        if not value > 0 or math.isinf(value):
            raise AdckitError(f"The {name} is {value:g}. Give a number above 0.")
    active = dose * target / exposure
    given = f"{dose:g} {unit}"
    steps = (
        Step("exposure of the simulated dose", exposure, exposure_unit, given),
        Step("exposure at which it acts", target, exposure_unit, why or "given"),
        Step("active dose", active, unit, "exposure proportional to dose"),
    )
    return active, steps


def first_dose(
    animals: Sequence[AnimalDose] = (),
    *,
    exposure: float | None = None,
    dose: float | None = None,
    target: float | None = None,
    unit: str = "mg/m2",
    per: str = "surface",
    why: str = "",
    exposure_unit: str = "",
) -> FirstDose:
    """Both starting doses side by side; see `tolerated_dose` and `active_dose`.

    Raises AdckitError when there is neither an animal dose nor an exposure at which the
    drug acts, and as those two do.
    """
    tolerated = active = None
    steps: tuple[Step, ...] = ()
    if animals:
        tolerated, steps = tolerated_dose(animals, unit, per=per)
    if exposure is not None and dose is not None and target is not None:
        active, more = active_dose(
            exposure, dose, target, unit, why, exposure_unit=exposure_unit
        )
        steps += more
    if tolerated is None and active is None:
        raise AdckitError(
            "There is nothing to start from. Give an animal dose, or exposure, dose "
            "and target together."
        )
    return FirstDose(tolerated, active, unit, steps)
