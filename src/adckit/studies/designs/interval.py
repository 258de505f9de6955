"""What the designs that look at one level's DLT rate have in common (BOIN, keyboard).

Such a design has a verdict on the counts of one level.  Here it becomes a decision: a
level that is very likely too toxic is closed with all above it, the highest level stays
where it would climb, and at the end the MTD is chosen from all levels together by
isotonic regression.

With late outcomes weighted, a pending subject counts by the share of its window that
has passed (Lin and Yuan, Biostatistics 2020;21:807-824), and the trial waits while more
than half of a level's subjects are pending.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

import numpy as np
from scipy import special
from scipy.optimize import isotonic_regression

from adckit.studies.designs.base import (
    Decision,
    History,
    Limits,
    Row,
    cleared,
    settled,
)

__all__ = [
    "Verdict",
    "decide_by_interval",
    "overly_toxic",
    "select_mtd",
    "verdict_rows",
]

_FEWEST_TO_CLOSE = 3
"""Subjects below which no level is closed for good."""
_PRIOR = 0.05
"""Both parameters of the beta prior of the final estimate: nearly none."""
_MOST_PENDING = 0.5


class Verdict(StrEnum):
    """What the counts of one level ask for."""

    UP = "up"
    STAY = "stay"
    DOWN = "down"
    CLOSE = "close"
    """Down, and never come back."""


VerdictOf = Callable[[float, int], Verdict]
"""(subjects, DLTs) → verdict; subjects may be a fraction, see `History.effective`."""


@lru_cache(maxsize=4096)
def overly_toxic(treated: float, dlts: int, target: float, certainty: float) -> bool:
    """Whether P(DLT rate > target) exceeds `certainty`, with a uniform prior."""
    if treated < _FEWEST_TO_CLOSE:
        return False
    below = special.betainc(dlts + 1, treated - dlts + 1, target)
    return bool(1 - below > certainty)


def decide_by_interval(
    history: History, verdict_of: VerdictOf, limits: Limits, target: float
) -> Decision:
    """The decision that follows from the verdicts on single levels."""
    if history.last is None:
        first = min(limits.start - 1, history.levels - 1)
        return Decision.treat(first, limits.cohort_size, "Begin")
    if limits.late_onset == "wait":
        return settled(lambda h: _decide(h, verdict_of, limits, target), history)
    dose = history.last.dose
    waiting = len(history.waiting(dose))
    if waiting > _MOST_PENDING * history.treated(dose):
        return Decision.wait(f"{waiting} of {history.treated(dose)} are pending")
    return _decide(history, verdict_of, limits, target)


def select_mtd(history: History, target: float, closed: int) -> int | None:
    """The given level below `closed` whose rate is nearest to the target.

    The rates are (DLTs + 0.05) / (subjects + 0.1), made to rise by isotonic regression
    with the inverse variances as weights (Liu and Yuan 2015).  Of equal ones the
    highest is taken below the target, the lowest above it.
    """
    given = [d for d in range(closed) if history.treated(d)]
    if not given:
        return None
    treated = np.array([history.treated(d) for d in given], float)
    dlts = np.array([history.dlts(d) for d in given], float)
    alpha, beta = dlts + _PRIOR, treated - dlts + _PRIOR
    total = alpha + beta
    variance = alpha * beta / (total**2 * (total + 1))
    rate = isotonic_regression(alpha / total, weights=1 / variance).x
    rate = rate + np.arange(1, len(given) + 1) * 1e-10  # breaks ties as stated
    return given[int(np.argmin(np.abs(rate - target)))]


def verdict_rows(verdict_of: VerdictOf, most: int) -> list[Row]:
    """The most DLTs to go up and the fewest to go down, per number of subjects."""
    rows: list[Row] = []
    for treated in range(1, most + 1):
        verdicts = [verdict_of(treated, dlts) for dlts in range(treated + 1)]
        up = [n for n, v in enumerate(verdicts) if v is Verdict.UP]
        down = [n for n, v in enumerate(verdicts) if v in (Verdict.DOWN, Verdict.CLOSE)]
        close = [n for n, v in enumerate(verdicts) if v is Verdict.CLOSE]
        rows.append(
            {
                "treated": treated,
                "up_if_at_most": max(up, default=None),
                "down_if_at_least": min(down, default=None),
                "close_if_at_least": min(close, default=None),
            }
        )
    return rows


def _decide(
    history: History, verdict_of: VerdictOf, limits: Limits, target: float
) -> Decision:
    def verdict(level: int) -> Verdict:
        return verdict_of(history.effective(level), history.dlts(level))

    given = [d for d in range(history.levels) if history.treated(d)]
    closed = min((d for d in given if verdict(d) is Verdict.CLOSE), default=None)
    if closed == 0:
        return Decision.stop(None, "The lowest level is too toxic")
    ceiling = history.levels if closed is None else closed
    dose = _judged(history, verdict)
    seen = f"{history.dlts(dose)} of {history.treated(dose)} with a DLT"
    word = verdict(dose)
    step = {Verdict.UP: 1, Verdict.STAY: 0}.get(word, -1)
    following = min(max(dose + step, 0), ceiling - 1)
    size = limits.room(history)
    if size < 1:
        return _end(history, target, ceiling, "All subjects are in")
    full = limits.most_at_dose
    if full is not None and following == dose and history.treated(dose) >= full:
        return _end(history, target, ceiling, f"{full} subjects at this level")
    tolerable = cleared(
        history, following, lambda d: verdict(d) in (Verdict.UP, Verdict.STAY)
    )
    return Decision.treat(following, size, f"{seen}: {word}", tolerable)


def _judged(history: History, verdict: Callable[[int], Verdict]) -> int:
    """The level to decide on: the last, or a backfilled one that has become toxic."""
    assert history.last is not None
    dose = history.last.dose
    filled = {c.dose for c in history.cohorts if c.backfill and c.dose < dose}
    toxic = [d for d in filled if verdict(d) in (Verdict.DOWN, Verdict.CLOSE)]
    return min(toxic, default=dose)


def _end(history: History, target: float, ceiling: int, reason: str) -> Decision:
    if history.pending:
        return Decision.wait(f"{reason}; pending outcomes left: {history.pending}")
    return Decision.stop(select_mtd(history, target, ceiling), reason)
