"""Reductions: each number against the function that computes it for one subject."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adckit.network.regimen import parse_regimen
from adckit.studies.endpoints import tumour_response
from adckit.studies.exposure import exposure
from adckit.studies.reductions import (
    Reducer,
    Threshold,
    cycle_days,
    is_concentration,
)
from adckit.studies.single_dose import GivenDose

TIMES = np.unique(np.concatenate([np.arange(0.0, 43.0, 0.5), [0.0625, 21.0625]]))
INFUSIONS = tuple(GivenDose(day, 100.0, 0.0625, "central") for day in (0.0, 21.0))
CYCLES = (0.0, 21.0, 42.0)
OUTPUTS = ("conjugate", "mean_dar", "tumour_volume", "tumor")
UNITS = {"conjugate": "ug/mL", "mean_dar": "1", "tumour_volume": "mm3", "tumor": "%"}
rng = np.random.default_rng(4)


def curves(subjects: int) -> np.ndarray:
    """Two infusions, a DAR that falls, a tumour that shrinks and comes back."""
    rates = rng.uniform(0.1, 0.5, subjects)[:, np.newaxis]
    first = np.where(TIMES > 0, np.exp(-rates * TIMES), 0.0)
    later = np.where(TIMES > 21, np.exp(-rates * (TIMES - 21)), 0.0)
    conjugate = 80 * (first + later)
    dar = 3.5 * np.exp(-0.15 * TIMES) * np.ones_like(rates)
    shape = 100 * ((1 - 0.02 * TIMES) + rates * 0.002 * TIMES**2 - 1)
    volume = rng.uniform(500, 5000, subjects)[:, np.newaxis] * (1 + shape / 100) ** 3
    return np.stack([conjugate, dar, volume, shape], axis=2)


def reducer(**changed: object) -> Reducer:
    parts = {
        "times": TIMES,
        "outputs": OUTPUTS,
        "units": UNITS,
        "doses": INFUSIONS,
        "cycles": CYCLES,
        **changed,
    }
    return Reducer(**parts)


def test_exposure_is_that_of_noncompartmental_analysis() -> None:
    values = curves(5)
    found = reducer().reduce(values)
    for row in range(5):
        curve = values[row, :, 0]
        for number, (start, end) in enumerate(((0.0, 21.0), (21.0, 42.0)), start=1):
            part = exposure(
                TIMES, curve, dose_time=start, next_dose=end, infusion=0.0625
            )
            # the same rule, summed in another order
            assert found[f"conjugate_auc_cycle_{number}"][row] == pytest.approx(
                part.auc_tau, rel=1e-12
            )
            assert found[f"conjugate_ctrough_cycle_{number}"][row] == part.ctrough
            assert found[f"conjugate_cmax_cycle_{number}"][row] == part.cmax
        whole = sum(found[f"conjugate_auc_cycle_{n}"][row] for n in (1, 2))
        assert found["conjugate_auc"][row] == pytest.approx(whole, rel=0.01)
        assert found["conjugate_mean"][row] == found["conjugate_auc"][row] / 42.5
        top = int(np.argmax(curve))
        assert found["conjugate_cmax"][row] == curve[top]
        assert found["conjugate_tmax"][row] == TIMES[top]


def test_after_a_bolus_the_first_value_is_extrapolated_back() -> None:
    values = curves(3)
    bolus = tuple(GivenDose(day, 100.0, 0.0, "central") for day in (0.0, 21.0))
    found = reducer(doses=bolus).reduce(values)
    for row in range(3):
        part = exposure(
            TIMES, values[row, :, 0], dose_time=0.0, next_dose=21.0, infusion=0.0
        )
        assert found["conjugate_auc_cycle_1"][row] == pytest.approx(
            part.auc_tau, rel=1e-12
        )


def test_the_tumour_is_judged_as_one_tumour_is() -> None:
    values = curves(40)
    found = reducer().reduce(values)
    for row in range(40):
        diameter = (6 * values[row, 0, 2] / np.pi) ** (1 / 3)
        one = tumour_response(TIMES, values[row, :, 3], diameter_mm=diameter)
        assert found["tumor_best_change"][row] == one.best_change
        assert found["tumor_nadir_day"][row] == one.nadir_day
        assert found["tumor_end_change"][row] == one.end_change
        for name in ("response_day", "regrowth_day"):
            seen, value = getattr(one, name), found[f"tumor_{name}"][row]
            assert np.isnan(value) if seen is None else value == seen


def test_mean_dar_on_days_after_the_first_dose() -> None:
    found = reducer().reduce(curves(1))
    for day in (1, 7, 14, 21):
        assert found[f"mean_dar_day_{day}"][0] == pytest.approx(
            3.5 * np.exp(-0.15 * day)
        )


def test_days_above_a_level_are_those_of_the_straight_lines() -> None:
    values = np.zeros((1, 4, 1))
    values[0, :, 0] = [0.0, 4.0, 4.0, 0.0]
    made = Reducer(
        np.array([0.0, 2.0, 5.0, 9.0]),
        ("conjugate",),
        {"conjugate": "nM"},
        (),
        (),
        (Threshold("conjugate", 1.0), Threshold("conjugate", 4.0)),
    )
    found = made.reduce(values)
    assert found["conjugate_days_above_1"][0] == pytest.approx(1.5 + 3 + 3)
    assert found["conjugate_days_above_4"][0] == pytest.approx(3)
    assert made.column_units()["conjugate_days_above_1"] == "day"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 599), max_size=4, unique=True))
def test_splitting_the_subjects_changes_no_bit(cuts: list[int]) -> None:
    values = VALUES
    made = reducer(thresholds=(Threshold("conjugate", 10.0),))
    whole = made.reduce(values)
    edges = [0, *sorted(cuts), len(values)]
    parts = [made.reduce(values[a:b]) for a, b in pairwise(edges)]
    for name, column in whole.items():
        again = np.concatenate([part[name] for part in parts])
        assert np.array_equal(column, again, equal_nan=True)


VALUES = curves(600)


def test_a_failed_subject_has_no_number() -> None:
    values = curves(3)
    values[1] = np.nan
    found = reducer().reduce(values)
    for column in found.values():
        assert np.isnan(column[1])
    assert np.isfinite(found["conjugate_auc"][[0, 2]]).all()


def test_every_column_has_its_unit() -> None:
    units = reducer().column_units()
    assert set(units) == set(reducer().reduce(curves(1)))
    assert units["conjugate_cmax"] == units["conjugate_ctrough_cycle_1"] == "ug/mL"
    assert units["conjugate_auc_cycle_2"] == "ug d/mL"
    assert units["conjugate_tmax"] == units["tumor_nadir_day"] == "day"
    assert units["tumor_best_change"] == "%"
    assert units["mean_dar_day_7"] == ""


def test_cycles_follow_the_words_of_the_regimen() -> None:
    def doses(*days: float) -> list[GivenDose]:
        return [GivenDose(day, 1.0, 0.0625, "central") for day in days]

    q3w = parse_regimen("3.6 mg/kg q3w x3")
    assert cycle_days(q3w, doses(0, 21, 42)) == (0, 21, 42, 63)
    split = parse_regimen("60 mg/m2 d1-3 q21d x2")
    assert cycle_days(split, doses(0, 1, 2, 21, 22, 23)) == (0, 21, 42)
    assert cycle_days(None, doses(0, 7, 21)) == (0, 7, 21, 35)
    assert cycle_days(parse_regimen("100 mg once"), doses(0)) == ()
    assert cycle_days(q3w, ()) == ()


def test_a_cycle_that_the_grid_does_not_cover_is_left_out() -> None:
    found = reducer(cycles=(0.0, 21.0, 42.0, 63.0)).reduce(curves(1))
    assert "conjugate_auc_cycle_2" in found
    assert "conjugate_auc_cycle_3" not in found


@pytest.mark.parametrize(
    ("unit", "answer"), [("nM", True), ("ug/mL", True), ("%", False), ("mm3", False)]
)
def test_what_is_a_concentration(unit: str, answer: bool) -> None:
    assert is_concentration(unit) is answer
