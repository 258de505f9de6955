"""What is kept of a simulated subject: DLT, worst grade, toxicities, dose changes.

A toxicity after the DLT window that would have been a DLT in it is late: it tells of a
window that is too short, and no design hears of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.results import Result
from adckit.status import Status
from adckit.studies.dose_changes import DoseChange, Treatment
from adckit.studies.patients import Integers, Toxicity
from adckit.studies.protocol import TrialProtocol
from adckit.studies.scanned import Scanned
from adckit.studies.toxicity import (
    DltDefinition,
    DltFinding,
    DoseLimit,
    ToxicityCourse,
    find_dose_limiting,
)

__all__ = ["Followed", "dlt_definition", "judge_subjects"]

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
    scanned: Scanned | None = None
    """None without scans."""
    late_day: float = np.nan
    """Of the first toxicity after the DLT window that would have been a DLT in it, in a
    subject without a DLT; NaN without"""


def judge_subjects(
    protocol: TrialProtocol,
    result: Result,
    course: ToxicityCourse,
    numbers: Integers,
    treatments: Mapping[int, Treatment],
) -> dict[int, Followed]:
    """DLT, worst grade in the window and toxicities of every subject, by number."""
    definition = dlt_definition(protocol)
    finding = find_dose_limiting(course, definition)
    late = _late(course, definition, finding)
    inside = course.times <= protocol.window
    toxicities = _toxicities(course, finding)
    found = {}
    for row, number in enumerate(numbers):
        status = Status(int(result.status[row]))
        if status is not Status.OK:
            reason = f"day {result.stopped[row]:.4g}: {status.reason}"
            found[int(number)] = Followed(np.nan, 0, (), reason)
            continue
        grades = (int(g[row, inside].max()) for g in course.grades.values())
        treatment = treatments.get(int(number))
        found[int(number)] = Followed(
            float(finding.day[row]),
            max(grades, default=0),
            toxicities[row],
            changes=() if treatment is None else tuple(treatment.changes),
            late_day=float(late[row]),
        )
    return found


def _late(
    course: ToxicityCourse, definition: DltDefinition, finding: DltFinding
) -> Floats:
    """Day of the first toxicity after the window that meets the definition."""
    if course.times[-1] <= definition.window:
        return np.full(course.subjects, np.nan)
    whole = find_dose_limiting(course, definition.with_window(float(course.times[-1])))
    return np.where(finding.happened, np.nan, whole.day)


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
