"""Virtual patients: what the model of a product does to each subject of a trial.

A subject is drawn from the protocol's population by its number, and treated with the
regimen of its arm; the grades of its laboratory values, lesions and symptoms are held
against the protocol's definition of a dose-limiting toxicity.

Doses are held, reduced and stopped by the protocol's rules (`dose_changes`).  Subjects
of arms beside each other are followed to the end, tumour included.  So are those of the
first hundred replicates of an escalation, which tell what comes after the DLT window;
of the others no more is simulated than the window, all that a design asks about.

A subject with a tumour has one lesion or several (`lesions`).  The first is simulated
with the organs; the doses that come of it, changed or not, then go to the subject's
other target lesions, all in one batch, each in a copy of the subject without organs.
What a lesion takes from the plasma is known to itself alone.

Arms of a phase II or an expansion have subjects of their own, keyed by the arm's name;
dose levels and schedules are compared on the same ones.

Subjects are simulated in batches, and every answer is kept until `forget`, so that a
subject that is asked for again costs nothing.  One that no try of the engine solves is
an answer too: that it failed, and why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
from adckit.studies.dose_changes import Treatment, dose_label
from adckit.studies.followed import Followed, judge_subjects
from adckit.studies.lesions import Lesions, draw_lesions, new_lesion_days
from adckit.studies.operating import SUBJECTS_PER_REPLICATE
from adckit.studies.patients import Integers, Outcomes
from adckit.studies.population import Sampler
from adckit.studies.protocol import TrialProtocol
from adckit.studies.random_streams import uniforms
from adckit.studies.scanned import judge_scans, targets_at_start
from adckit.studies.toxicity import (
    SYMPTOMS,
    grade_courses,
)

__all__ = [
    "FOLLOWED_REPLICATES",
    "MechanisticPatients",
]

_BATCH = 4096
"""Subjects simulated at once over a window: tens of MB of curves."""
_FOLLOWED_BATCH = 512
"""The same over a whole follow-up."""
_TUMOUR = "tumour_volume"
_WEEK = 7.0
"""Days between the volumes that seed new lesions."""
FOLLOWED_REPLICATES = 100
"""Replicates of an escalation whose subjects are followed to the end."""
_OWN_SUBJECTS = ("phase2", "expansion")
"""Kinds of protocol whose arms have subjects of their own."""

Floats = NDArray[np.float64]


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
    followed: int = FOLLOWED_REPLICATES
    """Replicates of an escalation whose subjects are followed beyond the window."""
    _known: dict[tuple[int, int], Followed] = field(default_factory=dict, repr=False)
    _followed: dict[tuple[int, int], Followed] = field(default_factory=dict, repr=False)

    @cached_property
    def models(self) -> tuple[Prepared, ...]:
        """One per arm; arms with the same settings share it."""
        return self._prepared({})

    @cached_property
    def _lesion_models(self) -> tuple[Prepared, ...]:
        """The same without organs."""
        return self._prepared({"organs": "none"})

    def _prepared(self, changes: Mapping[str, str]) -> tuple[Prepared, ...]:
        made: dict[tuple[tuple[str, str], ...], Prepared] = {}
        models = []
        for arm in self.protocol.arms:
            settings = {**arm.settings, **changes}
            key = tuple(sorted(settings.items()))
            if key not in made:
                made[key] = prepare(self.protocol.card.product, settings)
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
        to_the_end = np.array([self.is_followed(int(n)) for n in subjects], dtype=bool)
        new = self._new(self._known, subjects[~to_the_end], arm)
        for first in range(0, len(new), _BATCH):
            self._observe_window(np.array(new[first : first + _BATCH]), arm)
        self.follow(subjects[to_the_end], arm)
        known = [
            (self._followed if whole else self._known)[arm, int(number)]
            for number, whole in zip(subjects, to_the_end, strict=True)
        ]
        return Outcomes(
            np.array([one.dlt_day for one in known]),
            np.array([one.worst_grade for one in known], dtype=np.int64),
            tuple(one.toxicities for one in known),
            tuple(one.failed for one in known),
            tuple(one.changes for one in known),
            np.array([one.late_day for one in known]),
        )

    def is_followed(self, number: int) -> bool:
        """Whether a subject is followed beyond the DLT window."""
        if self.protocol.design is None:
            return True
        early = (number - 1) // SUBJECTS_PER_REPLICATE < self.followed
        return early and self.protocol.follow_up > self.protocol.window

    def responses(self, subjects: Integers, arm: int) -> NDArray[np.bool_]:
        """See `ResponseModel`; a subject that failed has not responded."""
        found = (one.scanned for one in self.follow(subjects, arm))
        return np.array(
            [one is not None and one.response.responded for one in found],
            dtype=np.bool_,
        )

    def follow(self, subjects: Integers, arm: int) -> list[Followed]:
        """Everything about each subject, to the end of its follow-up.

        Lesions are spheres; without a tumour in the model or an interval between scans
        there are no responses.
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
        # What is decided on the last day concerns no day of the window.
        treatments = self._modified(result, numbers, arm, np.nextafter(window, 0))
        course = grade_courses(result, self._uniforms(result, numbers, arm))
        found = judge_subjects(self.protocol, result, course, numbers, treatments)
        self._known |= {(arm, n): one for n, one in found.items()}

    def _follow(self, numbers: Integers, arm: int) -> None:
        protocol, scans = self.protocol, self.protocol.scans
        grid = np.arange(0.0, protocol.follow_up, self.step)
        days = [grid, [protocol.window, protocol.follow_up]]
        days += [self._volume_days] if scans else []
        times = np.unique(np.concatenate([np.asarray(d, dtype=float) for d in days]))
        result = self._curves(numbers, arm, times)
        treatments = self._modified(result, numbers, arm, protocol.follow_up)
        course = grade_courses(result, self._uniforms(result, numbers, arm))
        found = judge_subjects(self.protocol, result, course, numbers, treatments)
        if scans is not None and _TUMOUR in result.outputs:
            self._scan(found, result, numbers, arm, treatments)
        self._followed |= {(arm, number): one for number, one in found.items()}

    @cached_property
    def _volume_days(self) -> Floats:
        """Days on which the volumes of lesions are needed."""
        assert self.protocol.scans is not None
        weeks = np.arange(0.0, self.protocol.follow_up, _WEEK)
        return np.union1d(weeks, self.protocol.scans.days)

    def _scan(
        self,
        found: dict[int, Followed],
        result: Result,
        numbers: Integers,
        arm: int,
        treatments: Mapping[int, Treatment],
    ) -> None:
        """Add what scans show to subjects; one whose lesion fails has failed."""
        scans, days = self.protocol.scans, self._volume_days
        assert scans is not None
        people, lesions = self._people(numbers, arm), self._lesions(numbers, arm)
        first = result.curve(_TUMOUR)[:, np.searchsorted(result.times, days)]
        volumes, new_days = first[:, np.newaxis, :], None
        if lesions is not None:
            targets = targets_at_start(lesions, scans, self.seed, people)
            volumes = np.full((*targets.shape, days.size), np.nan)
            volumes[:, 0] = first
            rows, places = np.nonzero(targets[:, 1:])
            others = self._other_lesions(
                lesions, numbers, rows, places + 1, arm, treatments
            )
            if others is not None:
                volumes[rows, places + 1] = others.curve(_TUMOUR)
                self._fail(found, numbers[rows], others)
            spread = self._samplers[arm].population.lesions
            assert spread is not None
            together = np.where(targets[:, :, np.newaxis], volumes, 0.0).sum(axis=1)
            new_days = new_lesion_days(
                spread.new_rate, days, together, people, self.seed
            )
        seen = volumes[:, :, np.searchsorted(days, scans.days)]
        judged = judge_scans(seen, scans, self.seed, people, lesions, new_days)
        for number, one in zip(numbers, judged, strict=True):
            if not found[int(number)].failed:
                found[int(number)] = replace(found[int(number)], scanned=one)

    @staticmethod
    def _fail(found: dict[int, Followed], numbers: Integers, lesions: Result) -> None:
        for row in np.flatnonzero(lesions.status != Status.OK):
            status, day = Status(int(lesions.status[row])), lesions.stopped[row]
            if not found[int(numbers[row])].failed:
                reason = f"a lesion, day {day:.4g}: {status.reason}"
                found[int(numbers[row])] = Followed(np.nan, 0, (), reason)

    def _other_lesions(
        self,
        lesions: Lesions,
        numbers: Integers,
        rows: Integers,
        places: Integers,
        arm: int,
        treatments: Mapping[int, Treatment],
    ) -> Result | None:
        """Lesions other than the first, one subject of the result each."""
        if not rows.size:
            return None
        model = self._lesion_models[arm]
        own = self._subjects(numbers, arm)
        known = [p.name for p in model.network.parameters if p.name in own]
        table = {name: own[name][rows] for name in known}
        for name, values in lesions.parameters.items():
            table[name] = values[rows, places]
        names = [f"{numbers[r]}.{k + 1}" for r, k in zip(rows, places, strict=True)]
        doses: str | dict[str, list[DoseRecord]] = self.protocol.arms[arm].regimen
        if treatments:
            doses = {
                name: treatments[int(numbers[row])].records()
                for name, row in zip(names, rows, strict=True)
            }
        return simulate(
            model,
            doses,
            subjects={"subject": np.array(names), **table},
            times=self._volume_days,
            engine=self._solver,
        )

    def _people(self, numbers: Integers, arm: int) -> Integers:
        """The persons that an arm's subjects are: what their random numbers go by."""
        if self.protocol.kind not in _OWN_SUBJECTS:
            return numbers
        name = self.protocol.arms[arm].name.encode()
        key = int.from_bytes(hashlib.sha256(name).digest()[:4], "little") >> 2
        return numbers + (key << 32)  # subject numbers themselves are below 2^32

    def _lesions(self, numbers: Integers, arm: int) -> Lesions | None:
        """The lesions of subjects; None where each has the one of the model."""
        sampler = self._samplers[arm]
        spread, known = sampler.population.lesions, sampler.known
        if spread is None or "initial_tumour_volume" not in known:
            return None
        people = self._people(numbers, arm)
        own = sampler.take(people).parameters
        return draw_lesions(spread, known, own, people, self.seed)

    def _subjects(self, numbers: Integers, arm: int) -> dict[str, Floats]:
        """Parameters of subjects, those of the first lesion included, (subject,)."""
        drawn = self._samplers[arm].take(self._people(numbers, arm)).parameters
        lesions = self._lesions(numbers, arm)
        first = {} if lesions is None else lesions.first
        return {**drawn, **first}

    def _modified(
        self, result: Result, numbers: Integers, arm: int, until: float
    ) -> dict[int, Treatment]:
        """Apply holds, reductions and stops; curves in `result` become those of them.

        Doses that are due after `until`, days, are not looked at.
        Each round simulates again those whose doses changed, until none does.
        """
        label = dose_label(self.protocol, self.protocol.arms[arm])
        if label is None:
            return {}
        planned = self._planned(result, arm, float(result.times[-1]))
        treatments = {
            int(n): Treatment(label, records, until)
            for n, records in zip(numbers, planned, strict=True)
        }
        rows, current = np.arange(len(numbers)), result
        while rows.size:
            course = grade_courses(current, self._uniforms(current, numbers[rows], arm))
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

    def _curves(
        self,
        numbers: Integers,
        arm: int,
        times: np.ndarray,
        doses: Mapping[str, list[DoseRecord]] | None = None,
    ) -> Result:
        return simulate(
            self.models[arm],
            doses if doses is not None else self.protocol.arms[arm].regimen,
            subjects={"subject": numbers, **self._subjects(numbers, arm)},
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

    def _uniforms(
        self, result: Result, numbers: Integers, arm: int
    ) -> Mapping[str, np.ndarray]:
        people = self._people(numbers, arm)
        return {
            name: uniforms(self.seed, f"symptom {name}", people)[:, 0]
            for name, symptom in SYMPTOMS.items()
            if set(symptom.hazards) <= set(result.outputs)
        }
