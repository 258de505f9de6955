"""The measures of a xenograft study, on curves whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from adckit.studies.tumour_growth import (
    Growth,
    day_of_evaluation,
    days_to,
    measure,
)

DAYS = np.arange(0.0, 43.0)
CELL = 2.6e-6  # mm3


def growth(*curves: NDArray[np.float64]) -> Growth:
    return Growth(DAYS, np.array(curves), CELL)


def exponential(
    start: float, doubling: float, held: float = 0.0
) -> NDArray[np.float64]:
    """Volumes that double every so many days, after `held` days without growth."""
    return start * 2 ** (np.maximum(DAYS - held, 0) / doubling)


def test_inhibition_and_ratio() -> None:
    control, arm = growth(exponential(100, 7)), growth(np.full(43, 100.0))
    found = measure(arm, control, 21, 1000)
    assert found.volume == 100
    assert found.over_control == pytest.approx(100 / 8)
    assert found.inhibition == pytest.approx(100)
    shrunk = measure(growth(np.where(DAYS > 0, 30.0, 100.0)), control, 21, 1000)
    assert shrunk.inhibition == pytest.approx(110)  # 100 (1 + 70/700)
    assert shrunk.best_change == pytest.approx(-70)


def test_a_control_is_not_inhibited() -> None:
    control = growth(exponential(100, 7), exponential(150, 9))
    found = measure(control, control, 28, 1000)
    assert found.over_control == pytest.approx(100)
    assert found.inhibition == pytest.approx(0, abs=1e-9)  # %, round-off
    assert found.delay == 0


def test_delay_and_kill_are_those_of_a_tumour_that_stood_still() -> None:
    """Held for 10 days at a doubling time of 6 days: 10/6 doublings were killed."""
    control, arm = growth(exponential(100, 6)), growth(exponential(100, 6, 10))
    found = measure(arm, control, 21, 800)
    assert days_to(control, 800)[0] == pytest.approx(18)
    assert found.delay == pytest.approx(10)
    assert found.log_kill == pytest.approx(10 / 6 * math.log10(2))


def test_a_size_that_is_not_reached_is_no_number() -> None:
    control, arm = growth(exponential(100, 6)), growth(np.full(43, 100.0))
    found = measure(arm, control, 21, 800)
    assert math.isinf(found.days_to_size)
    assert found.delay == math.inf
    assert found.log_kill is None
    slow = growth(np.full(43, 120.0))
    assert measure(arm, slow, 21, 800).delay is None  # nor is the control's


def test_the_median_of_animals_counts_those_that_never_get_there() -> None:
    half = growth(exponential(100, 6), np.full(43, 100.0))
    assert math.isinf(measure(half, None, 21, 800).days_to_size)
    most = growth(exponential(100, 6), exponential(100, 6), np.full(43, 100.0))
    assert measure(most, None, 21, 800).days_to_size == pytest.approx(18)


def test_regressions_last_a_week() -> None:
    def dip(low: float, days: float) -> NDArray[np.float64]:
        return np.where((DAYS >= 5) & (5 + days >= DAYS), low, 100.0)

    found = measure(
        growth(dip(40, 6), dip(40, 7), dip(51, 7), dip(10, 6), dip(10, 7)),
        None,
        42,
        1000,
    )
    assert found.partial == 1  # 40 mm3 for 7 days
    assert found.complete == 1  # 10 mm3 for 7 days, and not a partial one as well
    assert found.tumour_free == 0


def test_free_of_tumour_and_cured_are_told_apart() -> None:
    felt_no_more = np.where(DAYS > 10, 1.0, 100.0)
    gone = np.where(DAYS > 10, 0.0, 100.0)
    found = measure(growth(felt_no_more, gone, np.full(43, 100.0)), None, 42, 1000)
    assert (found.complete, found.tumour_free, found.cured) == (2, 2, 1)


def test_an_animal_that_failed_is_counted_and_in_no_mean() -> None:
    lost = np.full(43, np.nan)
    found = measure(growth(np.full(43, 100.0), lost), None, 42, 1000)
    assert (found.animals, found.failed, found.volume) == (1, 1, 100)
    nobody = measure(growth(lost), None, 42, 1000)
    assert nobody.animals == 0
    assert math.isnan(nobody.volume)


def test_the_day_of_evaluation_is_the_last_with_small_controls() -> None:
    control = growth(exponential(100, 6))
    # 100 x 2^(d/6) = 2000 on day 25.93
    assert day_of_evaluation(control, DAYS) == 25
    assert day_of_evaluation(growth(np.full(43, 100.0)), DAYS) == 42
    assert day_of_evaluation(None, DAYS) == 42
    assert day_of_evaluation(growth(np.full(43, 9000.0)), DAYS) == 1
