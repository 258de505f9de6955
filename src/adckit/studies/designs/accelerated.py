"""Accelerated titration: single subjects until something happens, then 3+3.

One subject per level, and `step` levels at a time, until the first DLT or until
`moderate_limit` subjects have had a grade 2 toxicity.  The level where that happens is
filled to a full cohort and the trial goes on as a 3+3.

Simon et al., J Natl Cancer Inst 1997;89:1138-1147, designs 2 to 4 (within-subject
escalation is not part of it here).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adckit.studies.designs.base import (
    Decision,
    History,
    Problem,
    Row,
    check_settings,
    settled,
)
from adckit.studies.designs.three_plus_three import ThreePlusThree, three_plus_three

__all__ = ["AcceleratedTitration"]


@dataclass(frozen=True)
class AcceleratedTitration:
    """Single subjects first, then 3+3."""

    step: int = 1
    """Levels climbed at a time in the first stage; 2 with steps of 40 % doubles."""
    moderate_limit: int = 2
    """Subjects with a worst grade of 2 that end the first stage."""
    confirm: bool = True
    start: int = 1

    name = "accelerated"

    def __post_init__(self) -> None:
        check_settings(self.name, self._problems())

    def _problems(self) -> Iterator[Problem]:
        if self.step < 1:
            yield "step", "The first stage must climb by 1 level or more"
        if self.moderate_limit < 1:
            yield "moderate_limit", "It must be 1 or more"
        if self.start < 1:
            yield "start", "Dose levels are counted from 1"

    def __call__(self, history: History) -> Decision:
        if history.last is None:
            first = min(self.start - 1, history.levels - 1)
            return Decision.treat(first, 1, "Begin with one subject")
        dose = history.last.dose
        return settled(lambda known: self._decide(known, dose), history)

    def table(self, most: int = 6) -> list[Row]:
        """What follows each count of DLTs, in the first stage and after it."""
        first: list[Row] = [
            {"treated": 1, "dlts": 0, "next": f"{self.step} up, one subject"},
            {"treated": 1, "dlts": 1, "next": "two more, then 3+3"},
        ]
        return first + ThreePlusThree(self.confirm, self.start).table(most)

    def _decide(self, history: History, dose: int) -> Decision:
        dlts = sum(cohort.dlts for cohort in history.cohorts)
        moderate = sum(cohort.moderate for cohort in history.cohorts)
        top = dose + 1 == history.levels
        if dlts or moderate >= self.moderate_limit or top:
            return three_plus_three(history, dose, self.confirm)
        above = min(dose + self.step, history.levels - 1)
        return Decision.treat(
            above, 1, f"No DLT so far: up {above - dose}, one subject"
        )
