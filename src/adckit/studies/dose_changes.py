"""Dose holds, reductions and stops of a protocol, applied to one subject at a time.

On each day on which a dose is due, the grades since the last dose and those of the day
go into `next_dose`.  What they ask for changes the doses from that day on, never those
before, so a subject is simulated again from its own changed doses until nothing more
changes.

A dose that is held is looked at again a week later, and all that follow come as much
later; after six weeks of waiting treatment stops.  Both lengths are assumed: six weeks
is the usual limit of labels, protocols rarely say how often they look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from adckit.network.dosing import DoseRecord
from adckit.network.regimen import parse_regimen
from adckit.studies.dose_rules import Action, DoseLabel, DoseRule, next_dose
from adckit.studies.protocol import Arm, TrialProtocol

__all__ = ["HOLD", "REDUCE", "STOP", "DoseChange", "Treatment", "dose_label"]

HOLD, REDUCE, STOP = "dose held", "dose reduced", "treatment stopped"

LOOK_AGAIN = 7.0
"""Days after which a held dose is looked at again."""
LONGEST_HOLD = 42.0
"""Days of waiting after which treatment stops."""
_WORST = 5


@dataclass(frozen=True)
class DoseChange:
    """Something other than the planned dose."""

    day: float
    """From the subject's first dose."""
    what: str
    """`HOLD`, `REDUCE` or `STOP`."""
    reason: str
    dose: float
    """Dose that holds from then on, in the unit of the arm; 0 while none is given."""


def dose_label(protocol: TrialProtocol, arm: Arm) -> DoseLabel | None:
    """Dose levels and rules of an arm; None where the protocol changes no dose.

    A rule of the protocol is about its grade or a worse one, up to the next rule on
    the same toxicity.  A hold without a grade at which to resume waits for the grade
    below its own.
    """
    segments = parse_regimen(arm.regimen).segments
    if not protocol.modifications or not segments:
        return None
    first = segments[0]
    lower = tuple(dose for dose in protocol.card.reductions if dose < first.amount)
    named = [(_key(rule.name), rule) for rule in protocol.modifications]
    rules = []
    for name, rule in named:
        above = [o.grade for n, o in named if n == name and o.grade > rule.grade]
        resume = rule.resume_grade
        if resume is None:
            resume = rule.grade - 1 if rule.action == "hold" else _WORST
        rules += [
            DoseRule(
                name, grade, rule.action == "stop", rule.action == "reduce", resume
            )
            for grade in range(rule.grade, min(above, default=_WORST + 1))
        ]
    levels = (first.amount, *lower)
    return DoseLabel(protocol.name, first.unit, levels, tuple(rules), "the protocol")


def _key(name: str) -> str:
    return name.lower().replace("-", "_")


@dataclass
class Treatment:
    """The doses of one subject, changed as its toxicities ask for."""

    label: DoseLabel
    planned: Sequence[DoseRecord]
    """What the regimen gives this subject, in order."""
    until: float
    """Days; what is due later is not looked at."""
    days: list[float] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    changes: list[DoseChange] = field(default_factory=list)
    _next: int = 1
    _waited: float = 0.0

    def __post_init__(self) -> None:
        self.days = [record.time for record in self.planned]
        self.levels = [0] * len(self.days)

    def records(self) -> list[DoseRecord]:
        """The doses as they now stand."""
        full = self.label.levels[0]
        given = zip(self.planned, self.days, self.levels, strict=False)
        return [
            replace(
                record, time=day, amount=record.amount * self.label.levels[level] / full
            )
            for record, day, level in given
        ]

    def revise(
        self, times: NDArray[np.float64], grades: Mapping[str, NDArray[np.int8]]
    ) -> bool:
        """Decide dose after dose until one changes, which makes later grades old.

        Args:
            times: (time,), days.
            grades: toxicity → (time,), under the doses as they stand.
        """
        while self._next < len(self.days) and self.days[self._next] <= self.until:
            last, due = self.days[self._next - 1], self.days[self._next]
            now = int(np.searchsorted(times, due, side="right")) - 1
            since = min(int(np.searchsorted(times, last, side="right")), now)
            worst = {
                name: int(row[since : now + 1].max()) for name, row in grades.items()
            }
            today = {name: int(row[now]) for name, row in grades.items()}
            if self._decide(due, worst, today):
                return True
        return False

    def _decide(
        self, due: float, worst: Mapping[str, int], today: Mapping[str, int]
    ) -> bool:
        """Act on the dose that is due; whether any dose changed."""
        before = self.levels[self._next - 1]
        decision = next_dose(self.label, before, worst, today)
        reason = ", ".join(decision.reasons)
        if decision.action is Action.GIVE:
            changed = decision.level != before
            if changed:
                count = len(self.levels) - self._next
                self.levels[self._next :] = [decision.level] * count
                dose = self.label.levels[decision.level]
                self.changes.append(DoseChange(due, REDUCE, reason, dose))
            self._next, self._waited = self._next + 1, 0.0
            return changed
        if decision.action is Action.STOP or self._waited >= LONGEST_HOLD:
            del self.days[self._next :], self.levels[self._next :]
            self.changes.append(DoseChange(due, STOP, reason, 0.0))
            return True
        if not self._waited:
            self.changes.append(DoseChange(due, HOLD, reason, 0.0))
        self._waited += LOOK_AGAIN
        later = [day + LOOK_AGAIN for day in self.days[self._next :]]
        self.days[self._next :] = later
        return True
