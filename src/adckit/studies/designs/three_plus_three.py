"""The 3+3 design.

    0 of 3 with a DLT        next level
    1 of 3                   three more at this level
    1 of 6                   next level
    2 or more                this level is too toxic; go back one level
    MTD                      the highest level with at most 1 of 6 with a DLT

A level passes with probability (1 - p)^3 + 3 p (1 - p)^5.  With `confirm` a level must
have six subjects before it is called the MTD; without it three without a DLT will do.
Backfill subjects do not count.

Storer, Biometrics 1989;45:925-937, design A; the common form with confirmation:
Le Tourneau et al., J Natl Cancer Inst 2009;101:708-720.
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
    cleared,
    settled,
)

__all__ = ["ThreePlusThree", "three_plus_three"]

_FIRST, _FULL = 3, 6
"""Subjects of the first look and of the second."""
_TOO_MANY = 2
"""DLTs at which a level is too toxic."""


@dataclass(frozen=True)
class ThreePlusThree:
    """3+3 escalation; `confirm` asks for six subjects at the MTD."""

    confirm: bool = True
    start: int = 1
    """The first level, counted from 1 as a protocol does."""

    name = "3+3"

    def __post_init__(self) -> None:
        check_settings(self.name, self._problems())

    def _problems(self) -> Iterator[Problem]:
        if self.start < 1:
            yield "start", "Dose levels are counted from 1"

    def __call__(self, history: History) -> Decision:
        last = history.last
        if last is None:
            return Decision.treat(
                min(self.start - 1, history.levels - 1), _FIRST, "Begin"
            )
        dose = last.dose
        return settled(
            lambda known: three_plus_three(known, dose, self.confirm), history
        )

    def table(self, most: int = _FULL) -> list[Row]:
        """What follows each count of DLTs at a level."""
        rows: list[Row] = []
        for treated in range(_FIRST, min(most, _FULL) + 1, _FIRST):
            counts = range(treated + 1)
            rows += [
                {"treated": treated, "dlts": n, "next": _word(treated, n)}
                for n in counts
            ]
        return rows


def three_plus_three(history: History, dose: int, confirm: bool) -> Decision:
    """The decision of a 3+3 at a level where all outcomes are known."""
    treated = history.treated(dose, backfill=False)
    dlts = history.dlts(dose, backfill=False)
    seen = f"{dlts} of {treated} with a DLT"
    if dlts >= _TOO_MANY:
        return _back(history, dose, confirm, seen)
    if treated < _FIRST:
        return _more(history, dose, _FIRST - treated, f"{seen}: fill the cohort")
    if treated < _FULL and dlts:
        return _more(history, dose, _FULL - treated, f"{seen}: look at more")
    top = dose + 1 == history.levels
    if not top and not _toxic(history, dose + 1):
        return _more(history, dose + 1, _FIRST, f"{seen}: next level")
    if confirm and treated < _FULL:
        return _more(history, dose, _FULL - treated, f"{seen}: confirm this level")
    why = "the highest level" if top else "the next level is too toxic"
    return Decision.stop(dose, f"{seen}, {why}: this is the MTD")


def _back(history: History, dose: int, confirm: bool, seen: str) -> Decision:
    if dose == 0:
        return Decision.stop(None, f"{seen}: the lowest level is too toxic")
    below = dose - 1
    treated = history.treated(below, backfill=False)
    if treated >= (_FULL if confirm else _FIRST):
        return Decision.stop(below, f"{seen}: the level below is the MTD")
    size = _FIRST - treated if treated < _FIRST else _FULL - treated
    return _more(history, below, size, f"{seen}: back one level")


def _more(history: History, dose: int, size: int, reason: str) -> Decision:
    def tolerable(level: int) -> bool:
        seen = history.dlts(level)
        return 3 * seen <= history.treated(level) and not _toxic(history, level)

    return Decision.treat(dose, size, reason, cleared(history, dose, tolerable))


def _toxic(history: History, dose: int) -> bool:
    return history.dlts(dose, backfill=False) >= _TOO_MANY


def _word(treated: int, dlts: int) -> str:
    if dlts >= _TOO_MANY:
        return "back one level"
    return "three more" if treated < _FULL and dlts else "next level"
