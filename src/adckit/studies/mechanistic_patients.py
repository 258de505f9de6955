"""Virtual patients: what the model of a product does to each subject of a trial.

A subject is drawn from the protocol's population by its number, and treated with the
regimen of its arm; the grades of its laboratory values, lesions and symptoms are held
against the protocol's definition of a dose-limiting toxicity.

Subjects of an escalation are simulated over the DLT window, with the doses of the
schedule.  Those of arms beside each other are followed to the end, tumour included, and
their doses are held, reduced and stopped by the protocol's rules (`dose_changes`).

Subjects are simulated in batches, and every answer is kept until `forget`, so that a
subject that is asked for again costs nothing.  One that no try of the engine solves is
an answer too: that it failed, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from adckit.engines import cpu
from adckit.engines.base import Engine, Problem, Solution
from adckit.engines.ladder import with_retries
from adckit.library.populations import default_population
from adckit.network.dosing import DoseRecord
from adckit.network.regimen import parse_regimen
from adckit.planning import DEFAULT_INFUSION
from adckit.prepared import Prepared, prepare
from adckit.results import Result
from adckit.simulation import simulate
from adckit.status import Status
from adckit.studies.dose_changes import DoseChange, Treatment, dose_label
from adckit.studies.patients import Integers, Outcomes, Toxicity
from adckit.studies.population import Sampler
from adckit.studies.protocol import TrialProtocol
from adckit.studies.random_streams import uniforms
from adckit.studies.response import (
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

__all__ = ["Followed", "MechanisticPatients", "dlt_definition"]

_BATCH = 4096
"""Subjects simulated at once over a window: tens of MB of curves."""
_FOLLOWED_BATCH = 512
"""The same over a whole follow-up."""
_TUMOUR = "tumour_volume"

Floats = NDArray[np.float64]


def dlt_definition(protocol: TrialProtocol) -> DltDefinition:
    """The protocol's rules, as grades of simulated subjects are held against them."""
    limits = tuple(
        DoseLimit((rule.name.lower().replace("-", "_"),), rule.grade)
        for rule in protocol.rules
    )
    return DltDefinition(protocol.name, protocol.window, limits, protocol.card.title)


@dataclass(frozen=True)
class Followed:
    """What is kept of a subject in an arm."""

    dlt_day: float
    worst_grade: int
    toxicities: tuple[Toxicity, ...]
    failed: str = ""
    changes: tuple[DoseChange, ...] = ()
    sums: Floats | None = None
    """(visit,): measured sum of diameters, mm; None without scans"""
    response: SubjectResponse | None = None


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
    threads: int | None = None
    _known: dict[tuple[int, int], Followed] = field(default_factory=dict, repr=False)
    _followed: dict[tuple[int, int], Followed] = field(default_factory=dict, repr=False)

    @cached_property
    def models(self) -> tuple[Prepared, ...]:
        """One per arm; arms with the same settings share it."""
        made: dict[tuple[tuple[str, str], ...], Prepared] = {}
        models = []
        for arm in self.protocol.arms:
            key = tuple(sorted(arm.settings.items()))
            if key not in made:
                made[key] = prepare(self.protocol.card.product, dict(arm.settings))
            models.append(made[key])
        return tuple(models)

    @cached_property
    def _samplers(self) -> tuple[Sampler, ...]:
        samplers = []
        for model in self.models:
            product = model.product
            assert product is not None
            name = self.population or self.protocol.card.population
            if name is None:
                name = default_population(product.name, product.parts.get("host"))
            samplers.append(Sampler(product, name, self.seed))
        return tuple(samplers)

    def describe(self) -> str:
        """Who the subjects are, in words."""
        return self._samplers[0].describe()

    def forget(self) -> None:
        """Drop all answers, so that memory does not grow with replicates."""
        self._known.clear()
        self._followed.clear()

    def outcomes(self, subjects: Integers, arm: int) -> Outcomes:
        """See `PatientModel`; subjects that fail have a reason and no outcome."""
        if self.protocol.design is None:
            known = self.follow(subjects, arm)
        else:
            new = self._new(self._known, subjects, arm)
            for first in range(0, len(new), _BATCH):
                self._observe_window(np.array(new[first : first + _BATCH]), arm)
            known = [self._known[arm, int(number)] for number in subjects]
        return Outcomes(
            np.array([one.dlt_day for one in known]),
            np.array([one.worst_grade for one in known], dtype=np.int64),
            tuple(one.toxicities for one in known),
            tuple(one.failed for one in known),
            tuple(one.changes for one in known),
        )

    def responses(self, subjects: Integers, arm: int) -> NDArray[np.bool_]:
        """See `ResponseModel`; a subject that failed has not responded."""
        found = (one.response for one in self.follow(subjects, arm))
        return np.array([r is not None and r.responded for r in found], dtype=np.bool_)

    def follow(self, subjects: Integers, arm: int) -> list[Followed]:
        """Everything about each subject, to the end of its follow-up.

        The tumour is one target lesion, a sphere; without a tumour in the model or an
        interval between scans there are no responses.
        """
        new = self._new(self._followed, subjects, arm)
        for first in range(0, len(new), _FOLLOWED_BATCH):
            self._follow(np.array(new[first : first + _FOLLOWED_BATCH]), arm)
        return [self._followed[arm, int(number)] for number in subjects]

    @staticmethod
    def _new(
        known: Mapping[tuple[int, int], Followed], subjects: Integers, arm: int
    ) -> list[int]:
        return [int(n) for n in np.unique(subjects) if (arm, int(n)) not in known]

    def _observe_window(self, numbers: Integers, arm: int) -> None:
        window = self.protocol.window
        times = np.append(np.arange(0.0, window, self.step), window)
        result = self._curves(numbers, arm, times)
        course = grade_courses(result, self._uniforms(result, numbers))
        found = self._judged(result, course, numbers, arm)
        self._known |= {(arm, n): one for n, one in found.items()}

    def _follow(self, numbers: Integers, arm: int) -> None:
        protocol, scans = self.protocol, self.protocol.scans
        grid = np.arange(0.0, protocol.follow_up, self.step)
        days = [
            grid,
            [protocol.window, protocol.follow_up],
            scans.days if scans else [],
        ]
        times = np.unique(np.concatenate([np.asarray(d, dtype=float) for d in days]))
        result = self._curves(numbers, arm, times)
        treatments = self._modified(result, numbers, arm)
        course = grade_courses(result, self._uniforms(result, numbers))
        changes = {n: tuple(one.changes) for n, one in treatments.items()}
        found = self._judged(result, course, numbers, arm, changes)
        shown, answers = self._responses(result, numbers)
        for row, (number, one) in enumerate(found.items()):
            if shown is not None and not one.failed:
                one = _with_response(one, shown[row], answers[row])
            self._followed[arm, number] = one

    def _modified(
        self, result: Result, numbers: Integers, arm: int
    ) -> dict[int, Treatment]:
        """Apply holds, reductions and stops; curves in `result` become those of them.

        Each round simulates again those whose doses changed, until none does.
        """
        label = dose_label(self.protocol, self.protocol.arms[arm])
        if label is None:
            return {}
        until = self.protocol.follow_up
        planned = self._planned(result, arm, until)
        treatments = {
            int(n): Treatment(label, records, until)
            for n, records in zip(numbers, planned, strict=True)
        }
        rows, current = np.arange(len(numbers)), result
        while rows.size:
            course = grade_courses(current, self._uniforms(current, numbers[rows]))
            changed = [
                place
                for place, row in enumerate(rows)
                if current.status[place] == Status.OK
                and treatments[int(numbers[row])].revise(
                    current.times,
                    {name: grades[place] for name, grades in course.grades.items()},
                )
            ]
            rows = rows[np.array(changed, dtype=np.int64)]
            if rows.size:
                doses = {str(n): treatments[int(n)].records() for n in numbers[rows]}
                current = self._curves(numbers[rows], arm, result.times, doses)
                result.values[rows] = current.values
                result.status[rows] = current.status
                result.stopped[rows] = current.stopped
        return treatments

    def _planned(
        self, result: Result, arm: int, until: float
    ) -> list[list[DoseRecord]]:
        """The doses of the regimen for each subject of a result."""
        names = [parameter.name for parameter in result.network.parameters]
        regimen = parse_regimen(self.protocol.arms[arm].regimen)
        port = result.network.ports[0]

        def size(subject: int, name: str) -> float | None:
            if name not in names:
                return None
            return float(result.parameters[subject, names.index(name)])

        return [
            regimen.records(
                port=port.name,
                port_unit=port.unit,
                until=until,
                body_weight_kg=size(subject, "body_weight"),
                body_surface_m2=size(subject, "body_surface_area"),
                molar_mass_mg_per_nmol=size(subject, "conjugate_molar_mass"),
                default_duration=DEFAULT_INFUSION,
            )
            for subject in range(len(result.subjects))
        ]

    def _judged(
        self,
        result: Result,
        course: ToxicityCourse,
        numbers: Integers,
        arm: int,
        changes: Mapping[int, tuple[DoseChange, ...]] | None = None,
    ) -> dict[int, Followed]:
        """DLT, worst grade in the window and toxicities of every subject."""
        finding = find_dose_limiting(course, dlt_definition(self.protocol))
        inside = course.times <= self.protocol.window
        toxicities = _toxicities(course, finding)
        found = {}
        for row, number in enumerate(numbers):
            status = Status(int(result.status[row]))
            if status is not Status.OK:
                reason = f"day {result.stopped[row]:.4g}: {status.reason}"
                found[int(number)] = Followed(np.nan, 0, (), reason)
                continue
            grades = (int(g[row, inside].max()) for g in course.grades.values())
            found[int(number)] = Followed(
                float(finding.day[row]),
                max(grades, default=0),
                toxicities[row],
                changes=(changes or {}).get(int(number), ()),
            )
        return found

    def _responses(
        self, result: Result, numbers: Integers
    ) -> tuple[Floats | None, list[SubjectResponse]]:
        """Measured sums, (subject, visit), and what they come to."""
        scans = self.protocol.scans
        if scans is None or _TUMOUR not in result.outputs:
            return None, []
        visits = np.searchsorted(result.times, scans.days)
        volumes = result.curve(_TUMOUR)[:, visits]
        true = sphere_diameters(volumes)[:, np.newaxis, :]
        shown = measured_diameters(true, scans, seed=self.seed, subjects=numbers)
        targets = target_lesions(shown[:, :, 0])
        return shown[:, 0, :], best_responses(shown, targets, scans)

    def _curves(
        self,
        numbers: Integers,
        arm: int,
        times: np.ndarray,
        doses: Mapping[str, list[DoseRecord]] | None = None,
    ) -> Result:
        drawn = self._samplers[arm].take(numbers)
        return simulate(
            self.models[arm],
            doses if doses is not None else self.protocol.arms[arm].regimen,
            subjects=drawn.table(),
            times=times,
            engine=self._solver,
        )

    @cached_property
    def _solver(self) -> str | Engine:
        """The CPU engine with retries, which stops the trial on Ctrl-C."""
        if self.engine != "cpu":
            return self.engine

        def solve(problem: Problem) -> Solution:
            solution = cpu.solve(problem, threads=self.threads)
            if (solution.status == Status.INTERRUPTED).any():
                raise KeyboardInterrupt
            return solution

        return with_retries(solve)

    def _uniforms(self, result: Result, numbers: Integers) -> Mapping[str, np.ndarray]:
        return {
            name: uniforms(self.seed, f"symptom {name}", numbers)[:, 0]
            for name, symptom in SYMPTOMS.items()
            if set(symptom.hazards) <= set(result.outputs)
        }


def _with_response(one: Followed, sums: Floats, response: SubjectResponse) -> Followed:
    return Followed(
        one.dlt_day,
        one.worst_grade,
        one.toxicities,
        changes=one.changes,
        sums=sums,
        response=response,
    )


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
