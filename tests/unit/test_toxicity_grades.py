"""CTCAE grades of laboratory values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.errors import AdckitError, UnknownNameError
from adckit.studies.ctcae import (
    NORMAL_RANGES,
    SCALES,
    UNKNOWN,
    NormalRange,
    grade,
    hy_law,
)


@pytest.mark.parametrize("enzyme", ["alt", "ast"])
def test_transaminases(enzyme: str) -> None:
    values = [0.4, 1.0, 1.01, 3.0, 3.01, 5.0, 5.01, 20.0, 20.1]
    assert grade(enzyme, values).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_bilirubin() -> None:
    values = [1.0, 1.4, 1.5, 1.6, 3.0, 3.1, 10.0, 10.1]
    assert grade("bilirubin", values).tolist() == [0, 1, 1, 2, 2, 3, 3, 4]


def test_platelets() -> None:
    values = [150, 149.9, 75, 74.9, 50, 49.9, 25, 24.9]
    assert grade("platelets", values).tolist() == [0, 1, 1, 2, 2, 3, 3, 4]


def test_neutrophils() -> None:
    values = [2.0, 1.9, 1.5, 1.4, 1.0, 0.9, 0.5, 0.49]
    assert grade("neutrophils", values).tolist() == [0, 1, 1, 2, 2, 3, 3, 4]


def test_limits_of_normal_are_the_laboratory_s() -> None:
    low = NormalRange(lower=130.0)
    assert grade("platelets", [135.0, 125.0], normal=low).tolist() == [0, 1]
    units = NormalRange(upper=40.0)  # U/L
    assert grade("alt", [39.0, 41.0, 121.0], normal=units).tolist() == [0, 1, 2]


def test_abnormal_baseline_of_transaminases() -> None:
    curves = [[1.0, 2.9, 4.0, 6.0], [2.0, 2.9, 4.0, 11.0]]  # (subject, time)
    found = grade("alt", curves, baseline=[1.0, 2.0])
    assert found.tolist() == [[0, 1, 2, 3], [0, 0, 1, 3]]


def test_what_is_not_known_has_no_grade() -> None:
    assert grade("platelets", [np.nan, 20.0]).tolist() == [UNKNOWN, 4]
    assert grade("alt", [np.nan, 6.0], baseline=[np.nan, 1.0]).tolist() == [UNKNOWN, 3]


def test_a_scale_that_does_not_exist() -> None:
    with pytest.raises(UnknownNameError, match="platelets"):
        grade("platelet", [100.0])


def test_limits_of_normal_that_make_no_sense() -> None:
    with pytest.raises(AdckitError, match=r"grade 2 begins at 75.*1e9/L") as caught:
        grade("platelets", [100.0], normal=NormalRange(lower=0.15))
    assert "is 0.15 1e9/L" in str(caught.value)


def test_hy_s_law_needs_both() -> None:
    found = hy_law([4.0, 4.0, 1.0, 1.0], [1.0, 1.0, 4.0, 1.0], [3.0, 1.0, 2.1, 9.0])
    assert found.tolist() == [True, False, True, False]


@pytest.mark.parametrize("laboratory", list(SCALES))
@given(st.lists(st.floats(0, 1e4), min_size=2, max_size=20))
def test_grades_go_one_way(laboratory: str, values: list[float]) -> None:
    ordered = sorted(values, reverse=not SCALES[laboratory].rising)
    found = grade(laboratory, ordered)
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= 4


def test_every_scale_has_limits_of_normal() -> None:
    assert set(NORMAL_RANGES) == set(SCALES)
