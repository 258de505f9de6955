"""The log of a trial: what happened to every subject, a row per event.

The columns are those that the clinical data standards want under names of their own:
who (trial, replicate, subject, arm, cohort), when (day of the trial, day of the
subject) and what (event, name, grade).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from adckit.network.regimen import parse_regimen
from adckit.studies.dose_changes import HOLD, REDUCE, STOP
from adckit.studies.patients import Outcomes
from adckit.studies.protocol import TrialProtocol

__all__ = ["EVENTS", "LATE", "Event", "event_columns", "log_subject"]

LATE = "late toxicity"
"""After the window of a subject without a DLT, of a kind that is one in it."""

EVENTS = (
    "enrolled",
    "first dose",
    "toxicity",
    "dlt",
    "window completed",
    LATE,
    HOLD,
    REDUCE,
    STOP,
    "failed",
)
"""Kinds of events; a subject that failed could not be simulated, and was replaced."""


_Happened = tuple[float, str, str, int | None, float | None]
"""Day, event, name, grade, dose."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a subject."""

    trial: str
    replicate: int
    subject: int
    """Number within the replicate, from 1."""
    arm: str
    level: int | None
    """Dose level, from 1; None outside escalations."""
    dose: float | None
    """First dose of the arm; with a dose change, the dose that holds from then on."""
    dose_unit: str
    cohort: int
    """From 1."""
    backfill: bool
    day: float
    """Of the trial."""
    subject_day: float
    """From the subject's first dose."""
    event: str
    """One of `EVENTS`."""
    name: str = ""
    """Of a toxicity, or the reason of a dose change or a failure."""
    grade: int | None = None


def event_columns(events: Iterable[Event]) -> dict[str, list[Any]]:
    """A table of events, column → values."""
    columns: dict[str, list[Any]] = {column.name: [] for column in fields(Event)}
    for event in events:
        for name, value in asdict(event).items():
            columns[name].append(value)
    return columns


def log_subject(
    protocol: TrialProtocol,
    outcomes: Outcomes,
    position: int,
    *,
    replicate: int,
    subject: int,
    arm: int,
    cohort: int,
    entered: float,
    backfill: bool,
) -> list[Event]:
    """The events of one subject, in order of time.

    `outcomes` are those of a group, of which the subject has the place `position`.
    """
    escalation = protocol.design is not None
    dose, unit = _dose(protocol, arm)
    happened: list[_Happened] = [
        (0.0, "enrolled", "", None, dose),
        (0.0, "first dose", "", None, dose),
    ]
    if outcomes.failure(position):
        failed = (0.0, "failed", outcomes.failure(position), None, dose)
        happened = [happened[0], failed]
    else:
        happened += _observed(protocol, outcomes, position, dose)
    return [
        Event(
            protocol.name,
            replicate,
            subject,
            protocol.arms[arm].name,
            arm + 1 if escalation else None,
            amount,
            unit,
            cohort,
            backfill,
            entered + day,
            day,
            event,
            name,
            grade,
        )
        for day, event, name, grade, amount in sorted(happened, key=lambda row: row[0])
    ]


def _observed(
    protocol: TrialProtocol, outcomes: Outcomes, position: int, dose: float | None
) -> list[_Happened]:
    """Toxicities, the end of the window and dose changes."""
    onset = float(outcomes.dlt_day[position])
    dlt = not math.isnan(onset)
    happened: list[_Happened] = []
    for one in outcomes.toxicities[position]:
        happened.append((one.day, "toxicity", one.name, one.grade, dose))
        if one.dose_limiting and one.day == onset:
            happened.append((one.day, "dlt", one.name, one.grade, dose))
    if not dlt:
        happened.append((protocol.window, "window completed", "", None, dose))
    elif not any(event == "dlt" for _, event, _, _, _ in happened):
        happened.append((onset, "dlt", "", None, dose))
    if outcomes.late_day is not None and not math.isnan(outcomes.late_day[position]):
        happened.append((float(outcomes.late_day[position]), LATE, "", None, dose))
    happened += [
        (change.day, change.what, change.reason, None, change.dose)
        for change in outcomes.changed(position)
    ]
    return happened


def _dose(protocol: TrialProtocol, arm: int) -> tuple[float | None, str]:
    """Dose and unit of an arm's first dose."""
    if protocol.design is not None:
        return protocol.doses[arm], protocol.unit
    segments = parse_regimen(protocol.arms[arm].regimen).segments
    return (segments[0].amount, segments[0].unit) if segments else (None, "")
