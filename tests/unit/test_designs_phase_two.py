"""Phase II designs: Simon's tables, Bayesian stopping."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from adckit.errors import CardError
from adckit.studies.designs import BayesianStopping, TwoStage, simon_designs

# Rows of Simon 1989, tables 1 and 2, as recalled: the paper was not at hand.  What they
# claim is checked below by trying every design.
# (p0, p1, beta) → r1/n1, r/n, expected subjects and probability of early termination
# under p0; alpha = 0.05.
OPTIMAL = {
    (0.05, 0.25, 0.20): (0, 9, 2, 17, 12.0, 0.63),
    (0.05, 0.25, 0.10): (0, 9, 3, 30, 16.8, 0.63),
    (0.10, 0.30, 0.20): (1, 10, 5, 29, 15.0, 0.74),
    (0.10, 0.30, 0.10): (2, 18, 6, 35, 22.5, 0.73),
    (0.20, 0.40, 0.20): (3, 13, 12, 43, 20.6, 0.75),
    (0.20, 0.40, 0.10): (4, 19, 15, 54, 30.4, 0.67),
}
MINIMAX = {
    (0.05, 0.25, 0.20): (0, 12, 2, 16, 13.8, 0.54),
    (0.05, 0.25, 0.10): (0, 15, 3, 25, 20.4, 0.46),
    (0.10, 0.30, 0.20): (1, 15, 5, 25, 19.5, 0.55),
    (0.10, 0.30, 0.10): (2, 22, 6, 33, 26.2, 0.62),
    (0.20, 0.40, 0.20): (4, 18, 10, 33, 22.3, 0.72),
    (0.20, 0.40, 0.10): (5, 24, 13, 45, 31.2, 0.66),
}


@pytest.mark.parametrize("case", list(OPTIMAL))
def test_simon_tables(case: tuple[float, float, float]) -> None:
    p0, p1, beta = case
    designs = simon_designs(p0, p1, 0.05, beta)
    for design, published in zip(designs, (OPTIMAL[case], MINIMAX[case]), strict=True):
        assert (design.r1, design.n1, design.r, design.n) == published[:4]
        # The paper rounds to one and two decimals, 22.25 up.
        assert design.expected(p0) == pytest.approx(published[4], abs=0.051)
        assert design.early_stop(p0) == pytest.approx(published[5], abs=0.0051)
        assert design.success(p0) <= 0.05
        assert design.success(p1) >= 1 - beta


@pytest.mark.parametrize(("p0", "p1", "most"), [(0.05, 0.25, 18), (0.1, 0.4, 18)])
def test_no_design_is_better(p0: float, p1: float, most: int) -> None:
    """Every two-stage design of up to `most` subjects, by plain sums."""
    fewest, smallest = (float("inf"),) * 2
    for n in range(2, most + 1):
        for n1 in range(1, n):
            for r1 in range(n1):
                early = stats.binom.cdf(r1, n1, p0)
                expected = n1 + (1 - early) * (n - n1)
                if expected >= fewest and n >= smallest:
                    continue
                if any(_keeps_errors(r1, n1, r, n, p0, p1) for r in range(r1, n)):
                    fewest, smallest = min(fewest, expected), min(smallest, n)
    optimal, minimax = simon_designs(p0, p1, 0.05, 0.20)
    assert optimal.n <= most  # so that it is among those that were tried
    assert optimal.expected(p0) == pytest.approx(fewest, rel=1e-12)
    assert minimax.n == smallest


def _keeps_errors(r1: int, n1: int, r: int, n: int, p0: float, p1: float) -> bool:
    first = np.arange(r1 + 1, n1 + 1)
    wins = [
        float(stats.binom.pmf(first, n1, p) @ stats.binom.sf(r - first, n - n1, p))
        for p in (p0, p1)
    ]
    return wins[0] <= 0.05 and wins[1] >= 0.80


def test_success_is_a_sum_over_all_outcomes() -> None:
    design = TwoStage(1, 5, 3, 9, 0.1, 0.4)
    expected = sum(
        stats.binom.pmf(a, 5, 0.4) * stats.binom.pmf(b, 4, 0.4)
        for a in range(6)
        for b in range(5)
        if a > 1 and a + b > 3
    )
    assert design.success(0.4) == pytest.approx(expected, rel=1e-12)


def test_two_stage_decisions() -> None:
    design = TwoStage(1, 10, 5, 29, 0.1, 0.3)
    assert design.decide(9, 0) is None
    assert design.decide(10, 1) is False
    assert design.decide(10, 2) is None
    assert design.decide(29, 5) is False
    assert design.decide(29, 6) is True
    assert design.rows()[0] == {"stage": 1, "subjects": 10, "stop_if_at_most": 1}


def test_rates_that_make_no_sense() -> None:
    with pytest.raises(CardError) as error:
        simon_designs(0.3, 0.2, 0.6, 0.2)
    assert "p1: 0.2 is not between p0, 0.3, and 1." in str(error.value)
    assert "alpha: 0.6 is not between 0 and 0.5." in str(error.value)
    with pytest.raises(CardError, match="r1 < n1 < n"):
        TwoStage(5, 5, 5, 9, 0.1, 0.3)


def test_beta_binomial_posterior() -> None:
    """Beta(1, 1) and 3 of 10: P(rate > 0.2) is a beta tail."""
    design = BayesianStopping(floor=0.2, looks=(10, 20))
    assert design.probability(10, 3) == pytest.approx(
        float(stats.beta.sf(0.2, 4, 8)), rel=1e-12
    )


def test_boundaries_follow_from_the_posterior() -> None:
    design = BayesianStopping(floor=0.2, looks=(10, 20), futile=0.10, success=0.90)
    (first, fail, succeed), (last, low, high) = design.boundaries
    assert (first, last, succeed) == (10, 20, None)
    assert fail is not None
    assert design.probability(10, fail) < 0.10 <= design.probability(10, fail + 1)
    assert high is not None
    assert low == high - 1  # the last look decides
    assert design.decide(10, fail) is False
    assert design.decide(11, 0) is None


def test_endings_are_exact() -> None:
    """One look is a binomial tail; all probabilities add up."""
    single = BayesianStopping(floor=0.2, looks=(12,), success=0.90)
    high = single.boundaries[0][2]
    assert high is not None
    found = single.endings(0.4)
    assert found.success == pytest.approx(float(stats.binom.sf(high - 1, 12, 0.4)))
    two = BayesianStopping(floor=0.2, looks=(5, 10, 15), early_success=True)
    ends = two.endings(0.3)
    assert ends.success + ends.failure == pytest.approx(1, abs=1e-12)
    assert 5 <= ends.expected <= 15


def test_looks_that_make_no_sense() -> None:
    with pytest.raises(CardError) as error:
        BayesianStopping(floor=0, looks=(10, 10), futile=0.9, success=0.5, prior=(0, 1))
    for word in ("floor: ", "looks: ", "futile: ", "prior: "):
        assert word in str(error.value)
