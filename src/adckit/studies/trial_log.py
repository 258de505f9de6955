"""The log of a trial: what happened to every subject, a row per event.

The columns are those that the clinical data standards want under names of their own:
who (trial, replicate, subject, arm, cohort), when (day of the trial, day of the
subject) and what (event, name, grade).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from adckit.network.regimen import parse_regimen
from adckit.studies.patients import Toxicity
from adckit.studies.protocol import TrialProtocol

__all__ = ["EVENTS", "Event", "event_columns", "log_subject"]

EVENTS = ("enrolled", "first dose", "toxicity", "dlt", "window completed")
"""Kinds of events."""


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
    """Of a toxicity."""
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
    *,
    replicate: int,
    subject: int,
    arm: int,
    cohort: int,
    entered: float,
    backfill: bool,
    toxicities: Iterable[Toxicity],
    dlt_day: float | None,
) -> list[Event]:
    """The events of one subject, in order of time."""
    escalation = protocol.design is not None
    dose, unit = _dose(protocol, arm)
    happened: list[tuple[float, str, str, int | None]] = [
        (0.0, "enrolled", "", None),
        (0.0, "first dose", "", None),
    ]
    for toxicity in toxicities:
        found = (toxicity.day, "toxicity", toxicity.name, toxicity.grade)
        happened.append(found)
        if toxicity.dose_limiting and toxicity.day == dlt_day:
            happened.append((toxicity.day, "dlt", toxicity.name, toxicity.grade))
    if dlt_day is None:
        happened.append((protocol.window, "window completed", "", None))
    elif not any(event == "dlt" for _, event, _, _ in happened):
        happened.append((dlt_day, "dlt", "", None))
    return [
        Event(
            protocol.name,
            replicate,
            subject,
            protocol.arms[arm].name,
            arm + 1 if escalation else None,
            dose,
            unit,
            cohort,
            backfill,
            entered + day,
            day,
            event,
            name,
            grade,
        )
        for day, event, name, grade in sorted(happened, key=lambda row: row[0])
    ]


def _dose(protocol: TrialProtocol, arm: int) -> tuple[float | None, str]:
    """Dose and unit of an arm's first dose."""
    if protocol.design is not None:
        return protocol.doses[arm], protocol.unit
    segments = parse_regimen(protocol.arms[arm].regimen).segments
    return (segments[0].amount, segments[0].unit) if segments else (None, "")
