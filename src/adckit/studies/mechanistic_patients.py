"""Virtual patients: what the model of a product does to each subject of a trial.

A subject is drawn from the protocol's population by its number, and treated with the
regimen of its arm; the grades of its laboratory values, lesions and symptoms are held
against the protocol's definition of a dose-limiting toxicity.  Doses are given as the
schedule says: dose holds and reductions are not applied.

Subjects are simulated in batches, and every answer is kept, so that replicates that ask
for the same subject in the same arm cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from adckit.engines.base import Engine
from adckit.errors import SimulationError
from adckit.library.populations import default_population
from adckit.prepared import Prepared, prepare
from adckit.results import Result
from adckit.simulation import simulate
from adckit.status import Status
from adckit.studies.patients import Integers, Outcomes, Toxicity
from adckit.studies.population import Sampler
from adckit.studies.protocol import TrialProtocol
from adckit.studies.random_streams import uniforms
from adckit.studies.response import (
    Scans,
    SubjectResponse,
    best_responses,
    measured_diameters,
    sphere_diameters,
    target_lesions,
)
from adckit.studies.toxicity import (
    SYMPTOMS,
    DltDefinition,
    DltFinding,
    DoseLimit,
    ToxicityCourse,
    find_dose_limiting,
    grade_courses,
)

__all__ = ["MechanisticPatients", "dlt_definition"]

_BATCH = 4096
"""Subjects simulated at once: tens of MB of curves."""


def dlt_definition(protocol: TrialProtocol) -> DltDefinition:
    """The protocol's rules, as grades of simulated subjects are held against them."""
    limits = tuple(
        DoseLimit((rule.name.lower().replace("-", "_"),), rule.grade)
        for rule in protocol.rules
    )
    return DltDefinition(protocol.name, protocol.window, limits, protocol.card.title)


@dataclass(frozen=True)
class _Known:
    """What is kept of a subject in an arm."""

    dlt_day: float
    worst_grade: int
    toxicities: tuple[Toxicity, ...]


@dataclass
class MechanisticPatients:
    """A `PatientModel` and `ResponseModel` made of a product's own mechanisms."""

    protocol: TrialProtocol
    seed: int
    population: str | None = None
    """By default the protocol's, else the library's for the product."""
    engine: str | Engine = "cpu"
    step: float = 1.0
    """Days between the values that are graded."""
    _known: dict[tuple[int, int], _Known] = field(default_factory=dict, repr=False)

    @cached_property
    def _models(self) -> tuple[Prepared, ...]:
        """One per arm; arms with the same settings share it."""
        made: dict[tuple[tuple[str, str], ...], Prepared] = {}
        models = []
        for arm in self.protocol.arms:
            key = tuple(sorted(arm.settings.items()))
            if key not in made:
                made[key] = prepare(self.protocol.card.product, dict(arm.settings))
            models.append(made[key])
        return tuple(models)

    def _sampler(self, arm: int) -> Sampler:
        product = self._models[arm].product
        assert product is not None
        name = self.population or self.protocol.card.population
        if name is None:
            name = default_population(product.name, product.parts.get("host"))
        return Sampler(product, name, self.seed)

    def outcomes(self, subjects: Integers, arm: int) -> Outcomes:
        """See `PatientModel`.

        Raises SimulationError when a subject cannot be simulated: a trial does not go
        on without knowing what happened to one of its subjects.
        """
        new = [int(n) for n in np.unique(subjects) if (arm, int(n)) not in self._known]
        for first in range(0, len(new), _BATCH):
            self._simulate(np.array(new[first : first + _BATCH]), arm)
        known = [self._known[arm, int(number)] for number in subjects]
        return Outcomes(
            np.array([one.dlt_day for one in known]),
            np.array([one.worst_grade for one in known], dtype=np.int64),
            tuple(one.toxicities for one in known),
        )

    def responses(self, subjects: Integers, arm: int) -> NDArray[np.bool_]:
        """See `ResponseModel`."""
        found = self.subject_responses(subjects, arm)
        return np.array([one.responded for one in found], dtype=np.bool_)

    def subject_responses(self, subjects: Integers, arm: int) -> list[SubjectResponse]:
        """Best response, PFS and duration of response of each subject.

        The tumour is one target lesion, a sphere.  Raises SimulationError as `outcomes`
        does.
        """
        scans = self.protocol.scans or Scans(until=self.protocol.follow_up)
        result = self._curves(np.asarray(subjects), arm, scans.days)
        true = sphere_diameters(result.curve("tumour_volume"))[:, np.newaxis, :]
        shown = measured_diameters(true, scans, seed=self.seed, subjects=subjects)
        targets = target_lesions(shown[:, :, 0])
        return best_responses(shown, targets, scans)

    def _simulate(self, numbers: Integers, arm: int) -> None:
        window = self.protocol.window
        times = np.append(np.arange(0.0, window, self.step), window)
        result = self._curves(numbers, arm, times)
        course = grade_courses(result, self._uniforms(result, numbers))
        finding = find_dose_limiting(course, dlt_definition(self.protocol))
        toxicities = _toxicities(course, finding)
        for row, number in enumerate(numbers):
            mine = toxicities[row]
            self._known[arm, int(number)] = _Known(
                float(finding.day[row]),
                max((toxicity.grade for toxicity in mine), default=0),
                mine,
            )

    def _curves(self, numbers: Integers, arm: int, times: np.ndarray) -> Result:
        ready = self._models[arm]
        drawn = self._sampler(arm).take(numbers)
        regimen = self.protocol.arms[arm].regimen
        result = simulate(
            ready, regimen, subjects=drawn.table(), times=times, engine=self.engine
        )
        bad = np.flatnonzero(result.status != Status.OK)
        if bad.size:
            first = Status(int(result.status[bad[0]]))
            raise SimulationError(
                f"{bad.size} of {len(numbers)} subjects of arm "
                f"'{self.protocol.arms[arm].name}' failed, such as number "
                f"{numbers[bad[0]]}: {first.reason}. The trial cannot go on without "
                "their outcome."
            )
        return result

    def _uniforms(self, result: Result, numbers: Integers) -> Mapping[str, np.ndarray]:
        return {
            name: uniforms(self.seed, f"symptom {name}", numbers)[:, 0]
            for name, symptom in SYMPTOMS.items()
            if set(symptom.hazards) <= set(result.outputs)
        }


def _toxicities(
    course: ToxicityCourse, finding: DltFinding
) -> list[tuple[Toxicity, ...]]:
    """The worst grade of every toxicity of every subject, and its first day."""
    found: list[list[Toxicity]] = [[] for _ in range(course.subjects)]
    for name, grades in course.grades.items():
        worst = grades.max(axis=1)
        first = grades.argmax(axis=1)
        for row in np.flatnonzero(worst > 0):
            limiting = finding.toxicity[row] == name
            day = finding.day[row] if limiting else course.times[first[row]]
            grade = int(worst[row])
            found[row].append(Toxicity(float(day), name, grade, bool(limiting)))
    return [tuple(sorted(row, key=lambda toxicity: toxicity.day)) for row in found]
