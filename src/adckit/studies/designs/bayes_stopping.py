"""Stopping by the posterior of a rate: beta-binomial monitoring of one arm.

The rate (of response, or of a toxicity) has a Beta(a, b) prior.  After every look the
posterior is Beta(a + events, b + subjects - events), and

    failure    P(rate > floor) < futile
    success    P(rate > floor) > success

A rate of toxicity is watched with the same record: success is then what ends the trial.
The probabilities of every ending are exact: the number of events is followed from look
to look.  Thall and Simon, Biometrics 1994;50:337-349.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special, stats

from adckit.studies.designs.base import Problem, Row, check_settings

__all__ = ["BayesianStopping", "Endings"]


@dataclass(frozen=True)
class Endings:
    """How often each ending happens at one true rate."""

    rate: float
    success: float
    failure: float
    expected: float
    """Expected number of subjects."""


@dataclass(frozen=True)
class BayesianStopping:
    """Beta-binomial stopping of one arm, for too few events or for enough."""

    floor: float
    """The rate that has to be passed."""
    looks: tuple[int, ...]
    """Numbers of subjects at which the events are counted, rising; the last ends it."""
    futile: float = 0.05
    success: float = 0.95
    early_success: bool = False
    """Whether success, too, may end the trial before its last look."""
    prior: tuple[float, float] = (1.0, 1.0)

    name = "bayesian"

    def __post_init__(self) -> None:
        check_settings(self.name, self._problems())

    def _problems(self) -> Iterator[Problem]:
        if not 0 < self.floor < 1:
            yield "floor", f"A rate of {self.floor:g} is not between 0 and 1"
        steps = zip((0, *self.looks), self.looks, strict=False)
        if not self.looks or any(after <= before for before, after in steps):
            yield "looks", "The numbers of subjects must be above 0 and rise"
        if not 0 <= self.futile < self.success <= 1:
            yield "futile", "It must hold that 0 <= futile < success <= 1"
        if min(self.prior) <= 0:
            yield "prior", "Both parameters of a beta distribution are above 0"

    @property
    def n(self) -> int:
        """Subjects at the last look."""
        return self.looks[-1]

    def probability(self, treated: int, events: int) -> float:
        """P(rate > floor) after `events` of `treated`."""
        a, b = self.prior
        below = special.betainc(a + events, b + treated - events, self.floor)
        return float(1 - below)

    def decide(self, treated: int, events: int) -> bool | None:
        """Success, failure, or None to go on."""
        chance = self.probability(treated, events)
        if treated >= self.n:
            return chance > self.success
        if treated not in self.looks:
            return None
        if chance < self.futile:
            return False
        return True if self.early_success and chance > self.success else None

    @cached_property
    def boundaries(self) -> tuple[tuple[int, int | None, int | None], ...]:
        """(subjects, fail at or below, succeed at or above) of every look."""
        found: list[tuple[int, int | None, int | None]] = []
        for look in self.looks:
            ends = [self.decide(look, events) for events in range(look + 1)]
            fail = [events for events, end in enumerate(ends) if end is False]
            succeed = [events for events, end in enumerate(ends) if end is True]
            low, high = max(fail, default=None), min(succeed, default=None)
            found.append((look, low, high))
        return tuple(found)

    def rows(self) -> list[Row]:
        """The boundaries as a table."""
        return [
            {"subjects": look, "stop_if_at_most": low, "succeed_if_at_least": high}
            for look, low, high in self.boundaries
        ]

    def endings(self, rate: float) -> Endings:
        """The exact probability of every ending at a true rate."""
        state = np.ones(1)  # P(events), (events,)
        before = 0
        success = failure = expected = 0.0
        for look, low, high in self.boundaries:
            new = stats.binom.pmf(np.arange(look - before + 1), look - before, rate)
            state = np.convolve(state, new)
            fails = state[: 0 if low is None else low + 1]
            succeeds = state[look + 1 if high is None else high :]
            failure += float(fails.sum())
            success += float(succeeds.sum())
            expected += look * float(fails.sum() + succeeds.sum())
            fails[:] = 0
            succeeds[:] = 0
            before = look
        return Endings(rate, success, failure, expected)
