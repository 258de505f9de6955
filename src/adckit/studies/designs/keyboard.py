"""The keyboard design and mTPI-2, which decide alike.

The range from 0 to 1 is cut into keys as wide as the target key, [target - below,
target + above].  The key that holds the most posterior probability per width, under a
uniform prior, says where the rate is: below the target key go up, above it go down.

The two designs differ in the rest of the range at either end that is narrower than a
key: mTPI-2 counts it as a key, the keyboard design leaves it out.  Levels are closed as
in BOIN.

Yan, Mandrekar and Yuan, Clin Cancer Res 2017;23:3994-4003 (keyboard); Guo, Wang, Yang,
Lynn and Ji, Contemp Clin Trials 2017;58:23-33 (mTPI-2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy import special

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

__all__ = ["Keyboard", "keys"]

_NARROWEST = 1e-9
"""Width below which the rest of the range is rounding alone."""


@lru_cache(maxsize=256)
def keys(
    target: float, below: float, above: float, partial: bool
) -> tuple[tuple[float, float], ...]:
    """The keys, rising; with `partial` the narrow ones at the ends are among them."""
    width = below + above
    edges = [target - below, target + above]
    while edges[0] - width > -_NARROWEST:
        edges.insert(0, max(edges[0] - width, 0.0))
    while edges[-1] + width < 1 + _NARROWEST:
        edges.append(min(edges[-1] + width, 1.0))
    if partial and edges[0] > _NARROWEST:
        edges.insert(0, 0.0)
    if partial and edges[-1] < 1 - _NARROWEST:
        edges.append(1.0)
    return tuple(pairwise(edges))


@lru_cache(maxsize=4096)
def _strongest(
    treated: float, dlts: int, target: float, below: float, above: float, partial: bool
) -> float:
    """Lower end of the key that holds the most probability per width."""
    board = np.array(keys(target, below, above, partial))
    share = np.diff(special.betainc(dlts + 1, treated - dlts + 1, board), axis=1)
    density = share[:, 0] / np.diff(board, axis=1)[:, 0]
    return float(board[int(np.argmax(density)), 0])


@dataclass(frozen=True)
class Keyboard:
    """The keyboard design; with `partial_keys` it is mTPI-2."""

    target: float = 0.30
    below: float = 0.05
    """How far the target key reaches below the target."""
    above: float = 0.05
    partial_keys: bool = False
    certainty: float = 0.95
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        check_settings(self.name, self._problems())

    @property
    def name(self) -> str:
        """`keyboard` or `mtpi-2`."""
        return "mtpi-2" if self.partial_keys else "keyboard"

    def _problems(self) -> Iterator[Problem]:
        yield from limit_problems(self.limits)
        if not 0 < self.target < 1:
            yield "target", f"A DLT rate of {self.target:g} is not between 0 and 1"
        elif not 0 < self.below <= self.target:
            yield "below", f"{self.below:g} is not between 0 and the target"
        elif not 0 < self.above <= 1 - self.target:
            yield "above", f"{self.above:g} is not between 0 and 1 - target"
        if not 0.5 <= self.certainty < 1:
            yield "certainty", f"{self.certainty:g} is not from 0.5 up to 1"

    def verdict(self, treated: float, dlts: int) -> Verdict:
        """What the counts of one level ask for."""
        if overly_toxic(treated, dlts, self.target, self.certainty):
            return Verdict.CLOSE
        lower = _strongest(
            treated, dlts, self.target, self.below, self.above, self.partial_keys
        )
        key = self.target - self.below
        if abs(lower - key) < _NARROWEST:
            return Verdict.STAY
        return Verdict.UP if lower < key else Verdict.DOWN

    def __call__(self, history: History) -> Decision:
        return decide_by_interval(history, self.verdict, self.limits, self.target)

    def table(self, most: int = 30) -> list[Row]:
        """The boundaries in numbers of DLTs."""
        return verdict_rows(self.verdict, most)
