"""Mice with tumours, in arms: control and doses side by side.

Every arm is one model under one treatment.  It is simulated for the typical animal,
with everything that a simulation has, and for a group of animals that differ:

    p_i = p exp(s z_i)       z_i standard normal, s the SD of the logarithm of p

for the parameters of `BETWEEN_ANIMALS` that have a spread in their cards.  The numbers
z depend on the seed, the arm's name, the parameter and the animal alone, so that an arm
gives the same animals whatever other arms there are, and however many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adckit.engines.base import Engine
from adckit.errors import AdckitError
from adckit.network.dosing import DoseRecord
from adckit.network.regimen import Regimen
from adckit.prepared import Prepared
from adckit.results import Result
from adckit.simulation import DEFAULT_RTOL, simulate
from adckit.studies.case import Case, study
from adckit.studies.drawing import log_width
from adckit.studies.random_streams import normals
from adckit.studies.tumour_growth import (
    SIZE,
    Growth,
    Measures,
    day_of_evaluation,
    measure,
)

__all__ = [
    "BETWEEN_ANIMALS",
    "Arm",
    "ArmOutcome",
    "StudyOutcome",
    "evaluate",
    "records",
    "run_arm",
]

Floats = NDArray[np.float64]

BETWEEN_ANIMALS = (
    "initial_tumour_volume",
    "doubling_time",
    "maximum_kill_rate",
    "kill_constant",
    "clearance",
    "central_volume",
)
"""Parameters that differ between the animals of a group."""


@dataclass(frozen=True)
class Arm:
    """Animals that are treated alike."""

    name: str
    ready: Prepared
    given: str
    """The treatment in words."""
    doses: Sequence[DoseRecord]
    """Empty for a control."""
    animals: int
    """In the group; 0 for the typical animal alone."""
    settings: Mapping[str, str]
    """That `ready` was made with."""

    @property
    def control(self) -> bool:
        """Nothing is given."""
        return not self.doses


@dataclass(frozen=True)
class ArmOutcome:
    """What became of one arm."""

    arm: Arm
    typical: Case
    """The typical animal."""
    group: Case | None
    """The animals of the group, (animal, whole day)."""
    growth: Growth
    """Of the group, or of the typical animal where there is none."""
    typical_growth: Growth

    @property
    def cases(self) -> list[Case]:
        return [self.typical, *([self.group] if self.group is not None else [])]


@dataclass(frozen=True)
class StudyOutcome:
    """All arms with their measures."""

    arms: tuple[ArmOutcome, ...]
    measures: tuple[Measures, ...]
    """Of the groups."""
    typical: tuple[Measures, ...]
    """Of the typical animals."""
    control: int | None
    """Position of the arm that the others are compared with."""
    day: float
    """Of evaluation."""
    size: float
    """mm3 by which growth delay is measured."""

    @property
    def cases(self) -> list[Case]:
        """Every simulation, arm by arm."""
        return [case for arm in self.arms for case in arm.cases]

    @property
    def failed(self) -> int:
        """Animals without numbers, the typical ones counted too."""
        return sum(case.result.failed for case in self.cases)


def records(
    ready: Prepared, regimen: Regimen, port: str, until: float
) -> list[DoseRecord]:
    """The doses of a regimen for the typical animal, into a port in nmol.

    They are injected at once unless the regimen says how long an infusion takes.

    Raises RegimenError where the regimen cannot be given to it.
    """
    known = {p.name: p.internal for p in ready.network.parameters}
    mass = "antibody_molar_mass" if port == "carrier" else "conjugate_molar_mass"
    return regimen.records(
        port=port,
        until=until,
        body_weight_kg=known.get("body_weight"),
        body_surface_m2=known.get("body_surface_area"),
        molar_mass_mg_per_nmol=known.get(mass),
    )


def run_arm(
    arm: Arm,
    days: float,
    *,
    seed: int = 1,
    engine: str | Engine = "cpu",
    rtol: float = DEFAULT_RTOL,
) -> ArmOutcome:
    """Simulate an arm: the typical animal, then its group.

    Raises AdckitError for a model without a tumour.
    """
    if "tumour_volume" not in arm.ready.system.outputs:
        raise AdckitError(
            f"Arm '{arm.name}': '{arm.ready.network.name}' has no tumour in this host. "
            "Set delivery=well-mixed and kill=occupancy, or choose the host mouse."
        )
    typical = study(
        arm.name,
        arm.ready,
        arm.doses,
        days=days,
        settings=arm.settings,
        engine=engine,
        rtol=rtol,
        assumptions=False,
    )
    group = _group(arm, days, seed, engine, rtol) if arm.animals else None
    alone = _growth(typical, days)
    growth = alone if group is None else _growth(group, days)
    return ArmOutcome(arm, typical, group, growth, alone)


def _growth(case: Case, days: float) -> Growth:
    """The volumes of a case on whole days."""
    whole = np.arange(0.0, days + 0.5)
    at = np.searchsorted(case.result.times, whole - 1e-9)
    density = next(
        p.internal for p in case.ready.network.parameters if p.name == "cell_density"
    )
    return Growth(whole, case.result.curve("tumour_volume")[:, at], 1e6 / density)


def _group(arm: Arm, days: float, seed: int, engine: str | Engine, rtol: float) -> Case:
    names: list[str] = [str(i + 1) for i in range(arm.animals)]
    table: dict[str, ArrayLike] = {"subject": names, **_animals(arm, seed)}
    result: Result = simulate(
        arm.ready,
        arm.doses,
        table,
        np.arange(0.0, days + 0.5),
        engine,
        settings=arm.settings,
        rtol=rtol,
    )
    label = f"{arm.name}, animals"
    return Case(label, arm.ready, arm.doses, result, (), (), None)


def _animals(arm: Arm, seed: int) -> dict[str, Floats]:
    """Parameter → value per animal, in the parameter's unit."""
    numbers = np.arange(1, arm.animals + 1)
    table = {}
    for parameter in arm.ready.network.parameters:
        if parameter.name not in BETWEEN_ANIMALS or parameter.spread is None:
            continue
        width = log_width(parameter.spread, parameter)
        scores = normals(seed, f"{arm.name}\n{parameter.name}", numbers)[:, 0]
        table[parameter.name] = np.asarray(parameter.value * np.exp(width * scores))
    if not table:  # a group of equal animals is a group still
        weight = next(
            p for p in arm.ready.network.parameters if p.name == "body_weight"
        )
        table["body_weight"] = np.full(arm.animals, weight.value)
    return table


def evaluate(
    arms: Sequence[ArmOutcome], day: float | None = None, size: float = SIZE
) -> StudyOutcome:
    """The measures of every arm beside the first control.

    Raises AdckitError for a day that the study does not reach.
    """
    control = next((i for i, one in enumerate(arms) if one.arm.control), None)
    beside = arms[control].growth if control is not None else None
    times = arms[0].growth.times
    if day is None:
        day = day_of_evaluation(beside, times)
    elif not (0 < day <= times[-1]):
        raise AdckitError(
            f"Day {day:g} is to be evaluated, but the study ends on day {times[-1]:g}. "
            "Choose an earlier day, or more days."
        )
    day = float(times[int(np.searchsorted(times, day - 1e-9))])
    alone = arms[control].typical_growth if control is not None else None
    return StudyOutcome(
        tuple(arms),
        tuple(measure(one.growth, beside, day, size) for one in arms),
        tuple(measure(one.typical_growth, alone, day, size) for one in arms),
        control,
        day,
        size,
    )
