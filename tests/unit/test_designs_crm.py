"""CRM against a published trial, subject by subject, and against other integrators."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from adckit.studies.designs import (
    Action,
    Cohort,
    Crm,
    History,
    Limits,
    Logistic2Prior,
    Overdose,
)

SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)


def test_published_trial_subject_by_subject() -> None:
    """Cheung 2011, Dose Finding by the CRM, table 3.2 (page 26): 20 subjects.

    Levels, tolerances and estimates of the parameter as reprinted in the tests of the
    public package clintrials; the table gives two decimals.
    """
    rates = (0.02, 0.04, 0.10, 0.25, 0.50)
    tolerances = (
        0.571, 0.642, 0.466, 0.870, 0.634, 0.390, 0.524, 0.773, 0.175, 0.627,
        0.321, 0.099, 0.383, 0.995, 0.628, 0.346, 0.919, 0.022, 0.647, 0.469,
    )  # fmt: skip
    levels = (3, 5, 5, 3, 4, 4, 5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 4, 4, 4, 4)
    estimates = (
        0.60, 0.93, 0.04, 0.18, 0.28, 0.34, 0.41, 0.47, 0.31, 0.35,
        0.25, 0.15, 0.18, 0.21, 0.24, 0.26, 0.28, 0.21, 0.22, 0.24,
    )  # fmt: skip
    design = Crm(
        target=0.25,
        model="logistic",
        skeleton=SKELETON,
        skip=True,
        limits=Limits(cohort_size=1, most_subjects=21, start=3),
    )
    history = History(5)
    for tolerance, level, estimate in zip(tolerances, levels, estimates, strict=True):
        decision = design(history)
        assert decision.dose == level - 1
        dlt = int(tolerance < rates[level - 1])
        history = history.with_cohort(Cohort(level - 1, 1, dlt))
        found = float(design.posterior(history).parameters[0])
        assert found == pytest.approx(estimate, abs=0.005)


def test_published_estimates_of_both_one_parameter_models() -> None:
    """Cheung's R package dfcrm, as quoted in the tests of clintrials: 3 decimals."""
    history = History(4, (Cohort(0, 3), Cohort(1, 3, 2)))
    skeleton = (0.1, 0.2, 0.4, 0.6)
    power = Crm(target=0.4, skeleton=skeleton).estimates(history)
    assert power == pytest.approx([0.240, 0.368, 0.566, 0.728], abs=1e-3)
    logistic = Crm(target=0.4, model="logistic", skeleton=skeleton).estimates(history)
    assert logistic == pytest.approx([0.274, 0.412, 0.598, 0.734], abs=1e-3)


def test_two_parameter_example_of_neuenschwander() -> None:
    """Neuenschwander 2008, 18 subjects: posterior means of the R package bcrm.

    They come from a Markov chain; two digits agree with the paper's figure 1.
    """
    doses = (1, 2.5, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 250)
    prior = Logistic2Prior(2.15, 0.84, 0.52, 0.80, 0.134 / (0.84 * 0.80))
    design = Crm(target=0.30, model="logistic2", doses=doses, prior=prior)
    seen = (Cohort(0, 3), Cohort(1, 4), Cohort(2, 5), Cohort(3, 4), Cohort(6, 2, 2))
    found = design.estimates(History(15, seen))
    expected = [
        0.01276366, 0.03170250, 0.06454400, 0.13103260, 0.19505604,
        0.25486603, 0.30990977, 0.36015142, 0.44716663, 0.51852928,
        0.64632144, 0.72710146, 0.81804596, 0.86567496, 0.89421686,
    ]  # fmt: skip
    assert found == pytest.approx(expected, abs=0.005)
    assert int(np.argmin(np.abs(found - 0.30))) == 6


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 6), st.floats(0, 1)), max_size=4
    )
)
@settings(max_examples=15, deadline=None)
def test_power_model_against_adaptive_integration(
    cohorts: list[tuple[int, int, float]],
) -> None:
    design = Crm(skeleton=SKELETON)
    seen = tuple(Cohort(d, n, round(share * n)) for d, n, share in cohorts)
    history = History(5, seen)

    def weight(a: float) -> float:
        value = stats.norm.pdf(a, scale=design.prior_sd)
        for c in seen:
            p = SKELETON[c.dose] ** np.exp(a)
            value *= p**c.dlts * (1 - p) ** (c.treated - c.dlts)
        return float(value)

    pieces = np.linspace(-8, 8, 17)

    def integral(function: Callable[[float], float]) -> float:
        ends = pairwise(pieces)
        return sum(integrate.quad(function, *pair, epsabs=0)[0] for pair in ends)

    mean = integral(lambda a: a * weight(a)) / integral(weight)
    assert float(design.posterior(history).parameters[0]) == pytest.approx(
        mean, abs=1e-6
    )


def test_two_parameter_model_against_adaptive_integration() -> None:
    prior = Logistic2Prior(-0.5, 1.2, 0.1, 0.7, -0.3)
    design = Crm(target=0.3, model="logistic2", doses=(10, 20, 40), prior=prior)
    history = History(3, (Cohort(0, 3), Cohort(1, 6, 2)))
    covariance = -0.3 * 1.2 * 0.7
    normal = stats.multivariate_normal(
        [-0.5, 0.1], [[1.44, covariance], [covariance, 0.49]]
    )

    def weight(b: float, a: float) -> float:
        p1, p2 = (1 / (1 + np.exp(-a - np.exp(b) * np.log(d / 40))) for d in (10, 20))
        return float(normal.pdf([a, b]) * (1 - p1) ** 3 * p2**2 * (1 - p2) ** 4)

    def top(b: float, a: float) -> float:
        return weight(b, a) / (1 + np.exp(-a))

    box = (-7, 6, -4, 4)
    options = {"epsabs": 1e-10, "epsrel": 1e-7}
    total = integrate.dblquad(weight, *box, **options)[0]
    expected = integrate.dblquad(top, *box, **options)[0] / total
    assert design.estimates(history)[2] == pytest.approx(expected, abs=1e-6)


def test_no_untried_level_is_skipped() -> None:
    design = Crm(target=0.25, skeleton=SKELETON)
    assert design(History(5, (Cohort(0, 3),))).dose == 1
    bold = Crm(target=0.25, skeleton=SKELETON, skip=True)
    assert bold(History(5, (Cohort(0, 3),))).dose == 3


def test_stops() -> None:
    design = Crm(target=0.25, skeleton=SKELETON, limits=Limits(most_subjects=6))
    toxic = design(History(5, (Cohort(0, 6, 6),)))
    assert (toxic.action, toxic.mtd) == (Action.STOP, None)
    full = design(History(5, (Cohort(0, 3), Cohort(1, 3))))
    assert (full.action, full.mtd) == (Action.STOP, 1)  # the nearest that was given
    weighted = Limits(most_subjects=6, late_onset="weighted")
    late = Crm(target=0.25, skeleton=SKELETON, limits=weighted)
    pending = late(History(5, (Cohort(0, 3), Cohort(1, 3, pending=(0.2,)))))
    assert pending.action is Action.WAIT
    assert pending.reason == "All subjects are in; pending outcomes left: 1"


def test_overdose_control_is_never_bolder() -> None:
    history = History(5, (Cohort(0, 3), Cohort(1, 3, 1)))
    free = Crm(target=0.30, skeleton=SKELETON)(history).dose
    held = Crm(target=0.30, skeleton=SKELETON, overdose=Overdose(0.33, 0.25))(history)
    assert free is not None
    assert held.dose is not None
    assert held.dose <= free


def test_follow_up_weighs_a_subject_without_a_dlt() -> None:
    """TITE-CRM: from not counted at all to fully counted."""
    design = Crm(skeleton=SKELETON, limits=Limits(late_onset="weighted"))

    def estimate(share: float) -> float:
        seen = (Cohort(0, 3, 1), Cohort(1, 1, pending=(share,)))
        return float(design.estimates(History(5, seen))[1])

    nothing = design.estimates(History(5, (Cohort(0, 3, 1),)))[1]
    everything = design.estimates(History(5, (Cohort(0, 3, 1), Cohort(1, 1))))[1]
    assert estimate(0.0) == pytest.approx(nothing, rel=1e-12)
    assert estimate(1.0) == pytest.approx(everything, rel=1e-9)
    assert everything < estimate(0.5) < nothing
    assert design(History(5, (Cohort(0, 3, pending=(0.5,)),))).action is Action.TREAT
