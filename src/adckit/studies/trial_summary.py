"""What many replicates of a trial come to.

Runs are counted one by one and not kept, so that memory does not grow with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from adckit.errors import AdckitError
from adckit.studies.designs.base import Row
from adckit.studies.trial import ArmRun, EscalationRun

__all__ = ["ArmSummary", "EscalationSummary", "summarise_arms", "summarise_escalations"]


@dataclass(frozen=True)
class EscalationSummary:
    """Averages over replicates of an escalation."""

    replicates: int
    selected: np.ndarray
    """(dose,): share of trials that call the level the MTD"""
    none: float
    """Share of trials without an MTD."""
    treated: np.ndarray
    """(dose,): mean number of subjects"""
    dlts: np.ndarray
    """(dose,): mean number of subjects with a DLT"""
    days: float
    """Mean time to the decision."""
    subjects: dict[int, int]
    """Number of subjects of a trial → number of trials."""

    @property
    def mode(self) -> int | None:
        """The level that is called the MTD most often; None where that is no level."""
        top = int(np.argmax(self.selected))
        return top if self.selected[top] > self.none else None

    def above(self, level: int) -> float:
        """Share of all subjects that are treated above a level."""
        return float(self.treated[level + 1 :].sum() / self.treated.sum())

    def rows(self, doses: Sequence[float]) -> list[Row]:
        """One row per level, and a last one for no MTD."""
        rows: list[Row] = [
            {
                "level": level + 1,
                "dose": dose,
                "selected": float(self.selected[level]),
                "treated": float(self.treated[level]),
                "dlts": float(self.dlts[level]),
                "dlt_rate": _rate(self.dlts[level], self.treated[level]),
            }
            for level, dose in enumerate(doses)
        ]
        return [*rows, {"level": None, "selected": self.none}]


@dataclass(frozen=True)
class ArmSummary:
    """Averages over replicates of one arm."""

    arm: str
    replicates: int
    success: float | None
    """Share of trials that succeed: the power; None without a rule for responses."""
    treated: float
    dlts: float
    responses: float | None
    """Mean numbers of subjects."""
    reasons: dict[str, int]
    """Why trials ended → number of trials."""

    def row(self) -> Row:
        """The same as a row of a table."""
        return {
            "arm": self.arm,
            "success": self.success,
            "treated": self.treated,
            "dlts": self.dlts,
            "responses": self.responses,
        }


def summarise_escalations(runs: Iterable[EscalationRun]) -> EscalationSummary:
    """Averages over runs of one protocol.  Raises AdckitError without any."""
    count, none, days = 0, 0, 0.0
    selected = treated = dlts = np.zeros(0)
    sizes: Counter[int] = Counter()
    for run in runs:
        if not count:
            selected, treated, dlts = (np.zeros(run.history.levels) for _ in range(3))
        count += 1
        days += run.days
        mine, harmed = run.counts()
        treated += mine
        dlts += harmed
        sizes[int(mine.sum())] += 1
        if run.mtd is None:
            none += 1
        else:
            selected[run.mtd] += 1
    if not count:
        raise AdckitError("There are no trials to summarise; run at least one.")
    return EscalationSummary(
        count,
        selected / count,
        none / count,
        treated / count,
        dlts / count,
        days / count,
        dict(sorted(sizes.items())),
    )


def summarise_arms(replicates: Iterable[Sequence[ArmRun]]) -> list[ArmSummary]:
    """Averages over replicates of one protocol, one per arm."""
    tallies: dict[str, _ArmTally] = {}
    for runs in replicates:
        for run in runs:
            tallies.setdefault(run.arm, _ArmTally(run.arm)).add(run)
    if not tallies:
        raise AdckitError("There are no trials to summarise; run at least one.")
    return [tally.summary() for tally in tallies.values()]


class _ArmTally:
    """Sums over the runs of one arm."""

    def __init__(self, arm: str) -> None:
        self.arm, self.count = arm, 0
        self.treated = self.dlts = self.responses = self.successes = 0
        self.answered = self.decided = True
        self.reasons: Counter[str] = Counter()

    def add(self, run: ArmRun) -> None:
        self.count += 1
        self.treated += run.treated
        self.dlts += run.dlts
        self.answered &= run.responses is not None
        self.responses += run.responses or 0
        self.decided &= run.success is not None
        self.successes += run.success is True
        self.reasons[run.reason] += 1

    def summary(self) -> ArmSummary:
        return ArmSummary(
            self.arm,
            self.count,
            self.successes / self.count if self.decided else None,
            self.treated / self.count,
            self.dlts / self.count,
            self.responses / self.count if self.answered else None,
            dict(self.reasons.most_common()),
        )


def _rate(events: float, subjects: float) -> float | None:
    return float(events / subjects) if subjects else None
