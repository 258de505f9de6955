"""RECIST 1.1 from diameters, and Kaplan-Meier curves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.errors import AdckitError
from adckit.studies.response import (
    Response,
    Scans,
    SubjectResponse,
    best_responses,
    measured_diameters,
    sphere_diameters,
    target_lesions,
    visit_responses,
)
from adckit.studies.survival import survival_curve

EVERY = 42.0
NAN = math.nan


def judged(
    sums: Sequence[float], *, confirm: bool = True, **more: object
) -> SubjectResponse:
    """One subject with one lesion, scanned every six weeks."""
    scans = Scans(EVERY, EVERY * (len(sums) - 1), confirm=confirm)
    diameters = np.array(sums, float)[np.newaxis, np.newaxis]
    return best_responses(diameters, [[True]], scans, **more)[0]  # type: ignore[arg-type]


def visits(sums: Sequence[float]) -> str:
    found, _ = visit_responses(np.array(sums, float)[np.newaxis, np.newaxis], [[True]])
    return " ".join(found[0])


@pytest.mark.parametrize(
    ("sums", "expected"),
    [
        ((100, 70), "PR"),  # exactly 30 % below
        ((100, 71), "SD"),
        ((100, 120), "PD"),  # exactly 20 % above
        ((100, 119), "SD"),
        ((20, 24), "SD"),  # 20 %, but only 4 mm
        ((20, 25), "PD"),
        ((100, 50, 60, 59), "PR PD PD"),  # from the smallest, and for good
        ((100, 50, 59), "PR PR"),
        ((100, 0, 0), "CR CR"),
        ((100, 0, 5), "CR PD"),  # back from nothing: 5 mm
        ((100, NAN, 70), "NE PR"),
        ((0, 0), "NE"),  # nothing to follow
    ],
)
def test_visits(sums: Sequence[float], expected: str) -> None:
    assert visits(sums) == expected


@given(
    st.lists(st.floats(10, 200), min_size=2, max_size=8),
    st.floats(1, 5),
)
def test_larger_tumours_of_the_same_shape_never_do_better(
    sums: list[float], factor: float
) -> None:
    """Percentages are the same; only the 5 mm of progression can then be passed."""
    small, large = visits(sums).split(), visits([factor * s for s in sums]).split()
    for before, after in zip(small, large, strict=True):
        assert after == before or "PD" in large


def test_a_new_lesion_is_progression() -> None:
    found, _ = visit_responses(
        np.array([[[50.0, 20, 10]]]), [[True]], [[False, False, True]]
    )
    assert found[0] == [Response.PARTIAL, Response.PROGRESSIVE]


@pytest.mark.parametrize(
    ("sums", "confirm", "best", "day"),
    [
        ((100, 60, 60), True, "PR", 42),
        ((100, 60, 80), True, "SD", None),  # not confirmed, stable for six weeks
        ((100, 60, 80), False, "PR", 42),
        ((100, 60, NAN, 60), True, "PR", 42),  # a missed scan between
        ((100, 60, 0, 0), True, "CR", 42),  # PR first, then CR confirmed
        ((100, 60, 0), True, "PR", 42),  # CR not confirmed, but it confirms the PR
        ((100, 60, 130), True, "SD", None),
        ((100, 130), True, "PD", None),
        ((100, NAN), True, "NE", None),
        ((100, 95, 60, 60), True, "PR", 84),
    ],
)
def test_best_response(
    sums: Sequence[float], confirm: bool, best: str, day: float | None
) -> None:
    found = judged(sums, confirm=confirm)
    assert (found.best, found.response_day) == (best, day)
    assert found.responded == (best in ("PR", "CR"))


def test_confirmation_needs_four_weeks() -> None:
    diameters = np.array([[[100.0, 60, 60]]])
    early = best_responses(diameters, [[True]], Scans(14, 28, stable_from=14))[0]
    assert early.best == "SD"
    late = best_responses(diameters, [[True]], Scans(28, 56))[0]
    assert late.best == "PR"


def test_times() -> None:
    found = judged((100, 60, 50, 65))
    assert (found.pfs, found.progressed, found.duration) == (126, True, 84)
    assert found.best_change == pytest.approx(-50)
    rescued = judged((100, 90, 115, 40))  # what comes after a progression is not seen
    assert rescued.best_change == pytest.approx(-10)
    censored = judged((100, 60, 60))
    assert (censored.pfs, censored.progressed, censored.duration) == (84, False, 42)
    missed = judged((100, 60, 60, NAN))
    assert (missed.pfs, missed.progressed) == (84, False)
    nothing = judged((100, NAN))
    assert (nothing.pfs, nothing.progressed) == (0, False)
    assert math.isnan(nothing.best_change)


def test_death_ends_it() -> None:
    died = judged((100, 60, 60, 130), death_day=[100.0])
    assert (died.pfs, died.progressed, died.best) == (100, True, "PR")
    late = judged((100, 60, 60, 130), death_day=[300.0])
    assert (late.pfs, late.progressed) == (126, True)


def test_target_lesions() -> None:
    """The five longest, two per organ, 10 mm or more."""
    baseline = np.array([[50.0, 40, 30, 9, 20, 15, 12, 11]])
    organs = ["liver", "liver", "liver", "lung", "lung", "node", "bone", "skin"]
    chosen = target_lesions(baseline, organs)[0]
    assert chosen.tolist() == [True, True, False, False, True, True, True, False]
    assert target_lesions(np.array([[9.0, NAN]])).sum() == 0


def test_sums_are_of_target_lesions_alone() -> None:
    diameters = np.array([[[50.0, 25], [40.0, 20], [9.0, 90]]])
    found, sums = visit_responses(diameters, [[True, True, False]])
    assert sums[0].tolist() == [90, 45]
    assert found[0] == [Response.PARTIAL]


def test_spheres() -> None:
    assert sphere_diameters([4 / 3 * math.pi * 10**3]) == pytest.approx([20])


def test_what_a_scan_shows() -> None:
    true = np.array([[[20.4, 4.0, 1.0, NAN]]])
    shown = measured_diameters(true, Scans(), seed=1, subjects=[1])
    assert shown[0, 0, :3].tolist() == [20, 5, 0]
    assert np.isnan(shown[0, 0, 3])


def test_measurement_errors_are_of_the_stated_size_and_belong_to_the_subject() -> None:
    true = np.full((2000, 1, 2), 200.0)
    numbers = np.arange(2000)
    shown = measured_diameters(true, Scans(error=0.08), seed=1, subjects=numbers)
    spread = float(np.std(shown / 200))
    assert spread == pytest.approx(0.08, rel=0.05)  # 4000 values: 1 % standard error
    one = measured_diameters(true[:1], Scans(error=0.08), seed=1, subjects=[7])
    assert np.array_equal(one[0], shown[7])


def test_scans_that_make_no_sense() -> None:
    with pytest.raises(AdckitError, match="no visit after the baseline"):
        Scans(every=100, until=50)
    with pytest.raises(AdckitError, match=r"Write 0\.08 for 8 %"):
        Scans(error=8)


FREIREICH = (
    (6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35),
    (1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0),
)
"""Weeks of remission on 6-mercaptopurine, Freireich 1963, and whether it ended."""


def test_kaplan_meier_of_a_published_trial() -> None:
    """Freireich 1963, as tabulated in textbooks of survival analysis (3 decimals)."""
    curve = survival_curve(*FREIREICH)
    table = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for week, share in table.items():
        assert curve.at(week) == pytest.approx(share, abs=5e-4)
    assert curve.median == 23
    assert curve.median_limits[0] == 13
    assert curve.median_limits[1] is None
    assert (curve.risk_at(10), curve.risk_at(36), curve.at(0)) == (15, 0, 1.0)
    assert len(curve.censored) == 12


def test_without_censoring_it_is_the_share_left() -> None:
    curve = survival_curve([3, 1, 2, 4], [True] * 4)
    assert curve.survival == pytest.approx([0.75, 0.5, 0.25, 0])
    assert curve.median == 2
    assert np.all(curve.lower <= curve.survival)
    assert np.all(curve.survival <= curve.upper)


def test_without_events_it_stays_at_one() -> None:
    curve = survival_curve([1, 2], [False, False])
    assert curve.survival.tolist() == [1, 1]
    assert curve.median is None


def test_times_that_are_none() -> None:
    with pytest.raises(AdckitError, match="at least one subject"):
        survival_curve([], [])
    with pytest.raises(AdckitError, match="numbers from 0 on"):
        survival_curve([1, NAN], [True, True])
