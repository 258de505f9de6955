"""Replicates of a trial in chunks, as tables: what memory holds at any one time.

trials      a row per replicate and dose level or arm
events      a row per event of every subject, see `trial_log`
responses   a row per subject of an arm with scans: best response, PFS, duration
scans       a row per subject and scan: the measured sum of diameters, new lesions
lesions     a row per subject, target lesion and scan: the measured diameter
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from adckit.studies.designs import Cohort, History
from adckit.studies.drawing import Column
from adckit.studies.mechanistic_patients import MechanisticPatients
from adckit.studies.operating import subject_numbers
from adckit.studies.patients import PatientModel
from adckit.studies.protocol import TrialProtocol
from adckit.studies.scanned import Scanned
from adckit.studies.trial import (
    ArmRun,
    EscalationRun,
    most_subjects,
    run_arms,
    run_escalations,
)
from adckit.studies.trial_log import Event, event_columns

__all__ = [
    "TABLES",
    "TrialChunk",
    "arm_runs",
    "chunk_size",
    "compute_trials",
    "escalation_runs",
]

TABLES = ("events", "lesions", "responses", "scans", "trials")
"""The tables of a chunk; the one that is written last is the sign of a whole chunk."""

_ESCALATIONS, _SUBJECTS = 100, 2000
"""Escalations side by side, and subjects of arms followed, in one chunk."""
_MISSING = math.nan

Row = Mapping[str, Any]


@dataclass(frozen=True)
class TrialChunk:
    """Some replicates in a row."""

    number: int
    replicates: int
    failed: int
    """Subjects that could not be simulated."""
    tables: Mapping[str, dict[str, Column]]


def chunk_size(protocol: TrialProtocol) -> int:
    """Replicates per chunk."""
    if protocol.design is not None:
        return _ESCALATIONS
    subjects = sum(most_subjects(arm) for arm in protocol.arms)
    return max(1, min(_ESCALATIONS, _SUBJECTS // subjects))


def compute_trials(
    protocol: TrialProtocol,
    model: PatientModel,
    seed: int,
    number: int,
    replicates: Sequence[int],
) -> TrialChunk:
    """Run replicates; what the model knew of other subjects is dropped.

    Raises SimulationError when a trial has more failed subjects than can be replaced.
    """
    own = isinstance(model, MechanisticPatients)
    if isinstance(model, MechanisticPatients):
        model.forget()
    events: list[Event] = []
    rows: list[Row] = []
    scans = _ScanRows()
    if protocol.design is not None:
        for run in run_escalations(protocol, model, replicates, seed, events=True):
            events += run.events
            rows += _level_rows(protocol, run)
            if isinstance(model, MechanisticPatients):
                scans.add_escalation(protocol, model, run)
    else:
        for replicate in replicates:
            if isinstance(model, MechanisticPatients) and replicate == replicates[0]:
                _follow_together(protocol, model, replicates)
            scanned = own and protocol.scans is not None
            answers = model if isinstance(model, MechanisticPatients) else None
            arms = run_arms(
                protocol, model, replicate, seed, responses=answers if scanned else None
            )
            for position, arm in enumerate(arms):
                events += arm.events
                rows.append(_arm_row(arm))
                if answers is not None and scanned:
                    scans.add(protocol, answers, arm, position)
    tables = {
        "events": _columns(event_columns(events)),
        "lesions": _transposed(scans.lesions),
        "responses": _transposed(scans.subjects),
        "scans": _transposed(scans.visits),
        "trials": _transposed(rows),
    }
    failed = sum(event.event == "failed" for event in events)
    return TrialChunk(number, len(replicates), failed, tables)


def _follow_together(
    protocol: TrialProtocol, model: MechanisticPatients, replicates: Sequence[int]
) -> None:
    """Simulate the arms of all replicates at once: the same answers, sooner."""
    for position, arm in enumerate(protocol.arms):
        numbers = subject_numbers(np.asarray(replicates), most_subjects(arm))
        model.follow(numbers.ravel(), position)


def escalation_runs(rows: Iterable[Row]) -> Iterator[EscalationRun]:
    """The escalations of a `trials` table in order, without their events."""
    for replicate, group in groupby(rows, key=lambda row: int(row["replicate"])):
        levels = list(group)
        cohorts = [
            Cohort(level, int(row["treated"]), int(row["dlts"]))
            for level, row in enumerate(levels)
            if row["treated"]
        ]
        chosen = [level for level, row in enumerate(levels) if row["selected"]]
        yield EscalationRun(
            replicate,
            chosen[0] if chosen else None,
            str(levels[0]["reason"]),
            History(len(levels), tuple(cohorts)),
            float(levels[0]["days"]),
            (),
        )


def arm_runs(rows: Iterable[Row]) -> Iterator[list[ArmRun]]:
    """The arms of each replicate of a `trials` table, without their events."""
    for replicate, group in groupby(rows, key=lambda row: int(row["replicate"])):
        yield [
            ArmRun(
                replicate,
                str(row["arm"]),
                int(row["treated"]),
                int(row["dlts"]),
                None if row["responses"] is None else int(row["responses"]),
                None if row["success"] is None else bool(row["success"]),
                str(row["reason"]),
                (),
                int(row["entered"]),
            )
            for row in group
        ]


def _level_rows(protocol: TrialProtocol, run: EscalationRun) -> Iterator[Row]:
    treated, dlts = run.counts()
    for level, dose in enumerate(protocol.doses):
        yield {
            "replicate": run.replicate,
            "level": level + 1,
            "dose": dose,
            "dose_unit": protocol.unit,
            "treated": int(treated[level]),
            "dlts": int(dlts[level]),
            "selected": run.mtd == level,
            "reason": run.reason,
            "days": run.days,
        }


def _arm_row(run: ArmRun) -> Row:
    return {
        "replicate": run.replicate,
        "arm": run.arm,
        "entered": run.entered,
        "treated": run.treated,
        "dlts": run.dlts,
        "responses": _MISSING if run.responses is None else float(run.responses),
        "success": _MISSING if run.success is None else float(run.success),
        "reason": run.reason,
    }


@dataclass
class _ScanRows:
    """Rows of every subject that was treated in an arm with scans."""

    subjects: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    lesions: list[Row] = field(default_factory=list)

    def add(
        self,
        protocol: TrialProtocol,
        model: MechanisticPatients,
        run: ArmRun,
        position: int,
    ) -> None:
        numbers = subject_numbers(np.array([run.replicate]), run.entered)[0]
        for subject, one in enumerate(model.follow(numbers, position), start=1):
            self._add(protocol, run.replicate, subject, run.arm, one.scanned)

    def add_escalation(
        self, protocol: TrialProtocol, model: MechanisticPatients, run: EscalationRun
    ) -> None:
        """Rows of the subjects that were followed beyond the DLT window."""
        numbers = subject_numbers(np.array([run.replicate]), len(run.events))[0]
        if protocol.scans is None or not model.is_followed(int(numbers[0])):
            return
        for event in run.events:
            if event.event == "enrolled" and event.level is not None:
                number = numbers[event.subject - 1 : event.subject]
                one = model.follow(number, event.level - 1)[0]
                self._add(
                    protocol, run.replicate, event.subject, event.arm, one.scanned
                )

    def _add(
        self,
        protocol: TrialProtocol,
        replicate: int,
        subject: int,
        arm: str,
        one: Scanned | None,
    ) -> None:
        if one is None or protocol.scans is None:
            return
        who = {
            "trial": protocol.name,
            "replicate": replicate,
            "subject": subject,
            "arm": arm,
        }
        days = protocol.scans.days.tolist()
        self.subjects.append({**who, **_response_values(one)})
        for visit, day in enumerate(days):
            when = {**who, "subject_day": float(day)}
            fresh = one.new_lesion is not None and bool(one.new_lesion[visit])
            self.visits.append(
                {**when, "sum": float(one.sums[visit]), "new_lesion": fresh}
            )
            self.lesions += [
                {
                    **when,
                    "lesion": lesion.number,
                    "organ": lesion.organ,
                    "diameter": float(lesion.diameters[visit]),
                }
                for lesion in one.lesions
            ]


def _response_values(one: Scanned) -> Row:
    found = one.response
    return {
        "best": found.best.value,
        "best_change": found.best_change,
        "pfs": found.pfs,
        "progressed": found.progressed,
        "by_new_lesion": one.by_new_lesion,
        "response_day": _or_missing(found.response_day),
        "duration": _or_missing(found.duration),
    }


def _or_missing(value: float | None) -> float:
    return _MISSING if value is None else value


def _transposed(rows: Sequence[Row]) -> dict[str, Column]:
    names = rows[0] if rows else {}
    return _columns({name: [row[name] for row in rows] for name in names})


def _columns(lists: Mapping[str, list[Any]]) -> dict[str, Column]:
    """Typed columns: text, truth, whole numbers, or numbers that may be missing."""
    columns: dict[str, Column] = {}
    for name, values in lists.items():
        kinds = {type(value) for value in values}
        if kinds <= {str}:
            columns[name] = np.array(values, dtype=object)
        elif kinds in ({bool}, {int}):
            columns[name] = np.array(values)
        else:
            known = [_MISSING if value is None else value for value in values]
            columns[name] = np.array(known, dtype=np.float64)
    return columns
