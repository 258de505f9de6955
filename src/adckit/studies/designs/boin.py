"""The Bayesian optimal interval design (BOIN).

    up     when  DLTs / subjects <= lambda_e
    down   when  DLTs / subjects >= lambda_d
    lambda_e = log((1 - phi1) / (1 - phi)) / log(phi (1 - phi1) / (phi1 (1 - phi)))
    lambda_d = log((1 - phi) / (1 - phi2)) / log(phi2 (1 - phi) / (phi (1 - phi2)))

phi is the target, phi1 the highest rate that is clearly too low (0.6 phi) and phi2 the
lowest that is clearly too high (1.4 phi).  A level is closed with all above it when
P(rate > phi) > 0.95 under a uniform prior, with three subjects or more.

Liu and Yuan, J R Stat Soc C 2015;64:507-523.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from adckit.studies.designs.base import (
    Decision,
    History,
    Limits,
    Problem,
    Row,
    check_settings,
    limit_problems,
)
from adckit.studies.designs.interval import (
    Verdict,
    decide_by_interval,
    overly_toxic,
    verdict_rows,
)

__all__ = ["Boin", "boundaries"]


def boundaries(target: float, low: float, high: float) -> tuple[float, float]:
    """lambda_e and lambda_d of a target between `low` (phi1) and `high` (phi2)."""
    up = math.log((1 - low) / (1 - target)) / math.log(
        target * (1 - low) / (low * (1 - target))
    )
    down = math.log((1 - target) / (1 - high)) / math.log(
        high * (1 - target) / (target * (1 - high))
    )
    return up, down


@dataclass(frozen=True)
class Boin:
    """BOIN; `low` and `high` are 0.6 and 1.4 of the target unless given."""

    target: float = 0.30
    low: float | None = None
    high: float | None = None
    certainty: float = 0.95
    """Probability of being above the target at which a level is closed."""
    limits: Limits = field(default_factory=Limits)

    name = "boin"

    def __post_init__(self) -> None:
        check_settings(self.name, self._problems())

    def _problems(self) -> Iterator[Problem]:
        yield from limit_problems(self.limits)
        low, high = self._rates()
        if not 0 < self.target < 1:
            yield "target", f"A DLT rate of {self.target:g} is not between 0 and 1"
        elif not 0 < low < self.target:
            yield "low", f"{low:g} is not between 0 and the target, {self.target:g}"
        elif not self.target < high < 1:
            yield "high", f"{high:g} is not between the target, {self.target:g}, and 1"
        if not 0.5 <= self.certainty < 1:
            yield "certainty", f"{self.certainty:g} is not from 0.5 up to 1"

    def _rates(self) -> tuple[float, float]:
        low = 0.6 * self.target if self.low is None else self.low
        return low, 1.4 * self.target if self.high is None else self.high

    @property
    def boundaries(self) -> tuple[float, float]:
        """lambda_e and lambda_d."""
        return boundaries(self.target, *self._rates())

    def verdict(self, treated: float, dlts: int) -> Verdict:
        """What the counts of one level ask for."""
        if overly_toxic(treated, dlts, self.target, self.certainty):
            return Verdict.CLOSE
        up, down = self.boundaries
        rate = dlts / treated if treated else 0.0
        if rate <= up:
            return Verdict.UP
        return Verdict.DOWN if rate >= down else Verdict.STAY

    def __call__(self, history: History) -> Decision:
        return decide_by_interval(history, self.verdict, self.limits, self.target)

    def table(self, most: int = 30) -> list[Row]:
        """The boundaries in numbers of DLTs."""
        return verdict_rows(self.verdict, most)
