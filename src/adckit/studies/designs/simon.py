"""Simon's two-stage design for a phase II trial, by exact search.

n1 subjects; stop when at most r1 respond.  Else up to n in all; the treatment is worth
more study when more than r respond.  Among all designs whose errors are at most alpha
(at the response rate p0) and beta (at p1), the *optimal* one has the least expected
number of subjects under p0, the *minimax* one the least n.

The search is complete: for a given n no design with power can expect fewer subjects
than with the largest r1 that the power allows alone, and that bound rises with n, so
that the search ends where the bound has passed the best design found.

Simon, Control Clin Trials 1989;10:1-10.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

from adckit.errors import AdckitError
from adckit.studies.designs.base import Problem, Row, check_settings

__all__ = ["TwoStage", "minimax", "optimal", "simon_designs"]

_LARGEST = 400
"""Subjects beyond which a two-stage trial is no phase II trial."""


@dataclass(frozen=True)
class TwoStage:
    """`r1` of `n1` or fewer stops the trial, more than `r` of `n` is a success."""

    r1: int
    n1: int
    r: int
    n: int
    p0: float
    p1: float

    name = "simon"

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        if not 0 <= self.r1 < self.n1 < self.n:
            problems.append(("n1", "It must hold that 0 <= r1 < n1 < n"))
        if not self.r1 <= self.r < self.n:
            problems.append(("r", "It must hold that r1 <= r < n"))
        check_settings(self.name, problems)

    def early_stop(self, rate: float) -> float:
        """Probability of stopping after the first stage."""
        return float(stats.binom.cdf(self.r1, self.n1, rate))

    def expected(self, rate: float) -> float:
        """Expected number of subjects."""
        stop = self.early_stop(rate)
        return self.n1 * stop + self.n * (1 - stop)

    def success(self, rate: float) -> float:
        """Probability of more than `r` responses: alpha at p0, power at p1."""
        first = np.arange(self.r1 + 1, self.n1 + 1)
        rest = stats.binom.sf(self.r - first, self.n - self.n1, rate)
        return float(stats.binom.pmf(first, self.n1, rate) @ rest)

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of subjects at which the responses are counted."""
        return self.n1, self.n

    def decide(self, treated: int, responses: int) -> bool | None:
        """Success, failure, or None to go on."""
        if treated >= self.n:
            return responses > self.r
        return False if treated == self.n1 and responses <= self.r1 else None

    def rows(self) -> list[Row]:
        """The two stages as a table."""
        return [
            {"stage": 1, "subjects": self.n1, "stop_if_at_most": self.r1},
            {"stage": 2, "subjects": self.n, "stop_if_at_most": self.r},
        ]


def optimal(p0: float, p1: float, alpha: float = 0.05, beta: float = 0.20) -> TwoStage:
    """The design with the least expected number of subjects under p0."""
    return simon_designs(p0, p1, alpha, beta)[0]


def minimax(p0: float, p1: float, alpha: float = 0.05, beta: float = 0.20) -> TwoStage:
    """The design with the least number of subjects; of these, the least expected."""
    return simon_designs(p0, p1, alpha, beta)[1]


@lru_cache(maxsize=64)
def simon_designs(
    p0: float, p1: float, alpha: float, beta: float
) -> tuple[TwoStage, TwoStage]:
    """The optimal and the minimax design.

    Raises CardError for rates and errors that make no sense, and AdckitError when no
    design with up to 400 subjects exists.
    """
    check_settings("simon", _problems(p0, p1, alpha, beta))
    best: tuple[float, TwoStage] | None = None
    smallest: TwoStage | None = None
    for n in range(2, _LARGEST + 1):
        bounds = _bounds(n, p0, p1, beta)
        if best is not None and bounds and bounds[0][0] >= best[0]:
            break
        found = _best_of_size(n, bounds, p0, p1, alpha, beta)
        if found is None:
            continue
        smallest = smallest or found[1]
        if best is None or found[0] < best[0]:
            best = found
    if best is None or smallest is None:
        raise AdckitError(
            f"No two-stage design with up to {_LARGEST} subjects tells a response rate "
            f"of {p1:g} from {p0:g}. Set the two further apart, or allow larger errors."
        )
    return best[1], smallest


def _problems(p0: float, p1: float, alpha: float, beta: float) -> Iterator[Problem]:
    if not 0 < p0 < 1:
        yield "p0", f"A response rate of {p0:g} is not between 0 and 1"
    if not p0 < p1 < 1:
        yield "p1", f"{p1:g} is not between p0, {p0:g}, and 1"
    if not 0 < alpha < 0.5:
        yield "alpha", f"{alpha:g} is not between 0 and 0.5"
    if not 0 < beta < 0.5:
        yield "beta", f"{beta:g} is not between 0 and 0.5"


def _bounds(n: int, p0: float, p1: float, beta: float) -> list[tuple[float, int, int]]:
    """(least expected subjects, n1, largest r1) that the power allows, rising."""
    n1 = np.arange(1, n)
    most = np.asarray(stats.binom.ppf(beta, n1, p1)).astype(int)
    most -= stats.binom.cdf(most, n1, p1) > beta
    stop = stats.binom.cdf(most, n1, p0)
    expected = n1 * stop + n * (1 - stop)
    rows = zip(expected.tolist(), n1.tolist(), most.tolist(), strict=True)
    return sorted(row for row in rows if row[2] >= 0)


def _best_of_size(
    n: int,
    bounds: list[tuple[float, int, int]],
    p0: float,
    p1: float,
    alpha: float,
    beta: float,
) -> tuple[float, TwoStage] | None:
    """The design with `n` subjects that expects fewest, and how many it expects."""
    best: tuple[float, TwoStage] | None = None
    for bound, n1, most in bounds:
        if best is not None and bound >= best[0]:
            break
        wrong, right = _success(n, n1, p0), _success(n, n1, p1)
        good = (wrong <= alpha) & (right >= 1 - beta)
        for r1 in range(min(most, n1 - 1), -1, -1):
            allowed = np.flatnonzero(good[r1, r1:])
            if allowed.size:
                design = TwoStage(r1, n1, r1 + int(allowed[0]), n, p0, p1)
                expected = design.expected(p0)
                if best is None or expected < best[0]:
                    best = expected, design
                break  # a smaller r1 stops less often
    return best


def _success(n: int, n1: int, rate: float) -> np.ndarray:
    """P(success) for every r1 and r, (r1, r)."""
    first = np.arange(n1 + 1)
    rest = stats.binom.sf(np.arange(-n1, n), n - n1, rate)  # more than -n1 ... n - 1
    r = np.arange(n)
    joint = (
        stats.binom.pmf(first, n1, rate)[:, np.newaxis]
        * rest[r - first[:, np.newaxis] + n1]
    )
    # Row r1 sums over the first-stage responses r1 + 1 ... n1.
    return np.asarray(np.cumsum(joint[::-1], axis=0)[::-1][1:])
