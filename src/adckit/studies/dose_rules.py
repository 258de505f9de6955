"""Holds, reductions and stops of treatment on laboratory values, as labels state them.

A rule speaks of one toxicity and one grade: what the worst grade since the last dose
asks for, and up to which grade the next dose may be given.  `next_dose` is a pure
function of grades, so a trial can apply it to any subject on any day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from adckit.errors import AdckitError
from adckit.studies.ctcae import UNKNOWN

__all__ = [
    "DOSE_LABELS",
    "Action",
    "DoseDecision",
    "DoseLabel",
    "DoseRule",
    "next_dose",
]


class Action(StrEnum):
    """What happens to the next dose."""

    GIVE = "give"
    HOLD = "hold"
    """Not today; look again later."""
    STOP = "stop"
    """No further dose."""


@dataclass(frozen=True)
class DoseRule:
    """What one grade of one toxicity asks for."""

    toxicity: str
    grade: int
    stop: bool = False
    reduce: bool = False
    """One level lower when the dose is given again."""
    resume_at: int = 4
    """Highest grade at which a dose may be given."""


@dataclass(frozen=True)
class DoseLabel:
    """Dose levels of a product and its rules."""

    name: str
    unit: str
    levels: tuple[float, ...]
    """The starting dose and each lower one; below the last there is none."""
    rules: tuple[DoseRule, ...]
    source: str


@dataclass(frozen=True)
class DoseDecision:
    """What happens to the next dose, and why."""

    action: Action
    level: int
    """Index in the label's levels; the dose when it is given."""
    reasons: tuple[str, ...] = ()


def _transaminase(name: str) -> tuple[DoseRule, ...]:
    return (
        DoseRule(name, 3, reduce=True, resume_at=2),
        DoseRule(name, 4, stop=True),
    )


DOSE_LABELS: Mapping[str, DoseLabel] = MappingProxyType(
    {
        "trastuzumab-emtansine": DoseLabel(
            "trastuzumab-emtansine",
            "mg/kg",
            (3.6, 3.0, 2.4),
            (
                *_transaminase("alt"),
                *_transaminase("ast"),
                DoseRule("bilirubin", 2, resume_at=1),
                DoseRule("bilirubin", 3, reduce=True, resume_at=1),
                DoseRule("bilirubin", 4, stop=True),
                DoseRule("platelets", 3, resume_at=1),
                DoseRule("platelets", 4, reduce=True, resume_at=1),
                DoseRule("neuropathy", 3, resume_at=2),
                DoseRule("neuropathy", 4, resume_at=2),
            ),
            "KADCYLA US prescribing information, tables 1 to 5",
        )
    }
)
"""Product → what its label says.  Grades are those of CTCAE v5, whose grade 2 of
transaminases begins at 3 times ULN where the label's begins at 2.5; nothing follows
from grade 2, so the rules are the same."""


def next_dose(
    label: DoseLabel, level: int, worst: Mapping[str, int], now: Mapping[str, int]
) -> DoseDecision:
    """What to do on a day on which a dose is due.

    Args:
        level: index of the dose that was given last.
        worst: toxicity → worst grade since that dose.
        now: toxicity → grade today; one that is missing is taken as `worst`.

    A toxicity without a grade is no reason to change anything.  Raises AdckitError for
    a level that the label does not have, and for a grade that is not known.
    """
    if not 0 <= level < len(label.levels):
        raise AdckitError(
            f"{label.name} has no dose level {level}. "
            f"Give 0 to {len(label.levels) - 1}."
        )
    hit = [rule for rule in label.rules if _grade(worst, rule) == rule.grade]
    reasons = tuple(f"{rule.toxicity} grade {rule.grade}" for rule in hit)
    lower = level + any(rule.reduce for rule in hit)
    if any(rule.stop for rule in hit) or lower >= len(label.levels):
        return DoseDecision(Action.STOP, level, reasons)
    waiting = [
        rule for rule in hit if now.get(rule.toxicity, rule.grade) > rule.resume_at
    ]
    if waiting:
        return DoseDecision(Action.HOLD, level, reasons)
    return DoseDecision(Action.GIVE, lower, reasons)


def _grade(worst: Mapping[str, int], rule: DoseRule) -> int:
    found = int(worst.get(rule.toxicity, 0))
    if found == UNKNOWN:
        raise AdckitError(
            f"The grade of {rule.toxicity} is not known: the subject failed. "
            "Take the subject out before its next dose is decided."
        )
    return found
