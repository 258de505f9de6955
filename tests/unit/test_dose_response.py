"""IC50, GR50 and their kin; concentrations in words; measured points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adckit.errors import AdckitError, CardError, UnitError
from adckit.studies.assay_points import read_points
from adckit.studies.concentrations import read_concentrations
from adckit.studies.dose_response import (
    Sigmoid,
    dose_response,
    fit_sigmoid,
    growth_rates,
)

DOSES = np.geomspace(0.01, 100, 17)
MASS = 0.148  # mg/nmol


@pytest.mark.parametrize(
    "curve",
    [
        Sigmoid(1.0, 0.3, 0.7, 1.4, 0),
        Sigmoid(1.0, 0.0, 5.0, 4.0, 0),
        Sigmoid(0.95, -0.4, 0.2, 0.8, 0),
    ],
    ids=str,
)
def test_the_fit_finds_the_curve(curve: Sigmoid) -> None:
    found = fit_sigmoid(DOSES, curve(DOSES))
    assert found is not None
    for name in ("top", "bottom", "middle", "slope"):
        assert getattr(found, name) == pytest.approx(
            getattr(curve, name), rel=1e-5, abs=1e-6
        )
    assert found.residual < 1e-7


def test_ic50_is_half_of_the_effect_and_the_level_of_50_percent_is_apart() -> None:
    curve = Sigmoid(1.0, 0.3, 0.7, 1.4, 0)
    found = dose_response(DOSES, curve(DOSES), curve(DOSES))
    assert found.ic50 == pytest.approx(0.7, rel=1e-5)
    assert found.plateau == pytest.approx(0.3, abs=1e-5)
    assert found.ic50_absolute is not None
    assert curve(np.array([found.ic50_absolute]))[0] == pytest.approx(0.5, abs=1e-5)
    assert found.gr_max == curve(DOSES)[-1]


def test_a_level_that_is_never_reached_is_no_number() -> None:
    curve = Sigmoid(1.0, 0.6, 0.7, 1.4, 0)
    found = dose_response(DOSES, curve(DOSES), curve(DOSES))
    assert found.ic50 == pytest.approx(0.7, rel=1e-5)
    assert found.ic50_absolute is None
    assert found.gr50 is None


def test_beyond_the_highest_concentration_nothing_is_claimed() -> None:
    curve = Sigmoid(1.0, 0.0, 300.0, 1.0, 0)  # falls to 0.75 at 100
    found = dose_response(DOSES, curve(DOSES), curve(DOSES))
    assert found.fit is not None
    assert found.ic50 is None
    assert found.highest == 100


def test_without_an_effect_nothing_is_fitted() -> None:
    flat = np.linspace(1.0, 0.95, len(DOSES))
    found = dose_response(DOSES, flat, flat)
    assert found.fit is None
    assert found.ic50 is None
    assert found.plateau == 0.95
    assert found.auc == pytest.approx(0.975)


def test_wells_that_failed_are_left_out() -> None:
    curve = Sigmoid(1.0, 0.3, 0.7, 1.4, 0)
    seen = curve(DOSES)
    seen[3] = np.nan
    found = dose_response(DOSES, seen, seen)
    assert found.ic50 == pytest.approx(0.7, rel=1e-5)
    nothing = dose_response(DOSES, np.full(17, np.nan), np.full(17, np.nan))
    assert nothing.ic50 is None
    assert np.isnan(nothing.auc)


def test_growth_rates_are_1_0_and_minus_1() -> None:
    start = np.full(4, 1000.0)
    cells = np.array([4000.0, 2000.0, 1000.0, 0.0])
    found = growth_rates(start, 4000.0, cells)
    np.testing.assert_allclose(found, [1, 2**0.5 - 1, 0, -1])


def test_growth_rates_need_a_control_that_grows() -> None:
    assert np.isnan(growth_rates(np.array([1000.0]), 900.0, np.array([500.0]))).all()


def test_concentrations_in_words() -> None:
    spread = read_concentrations("0.001..10 ug/mL", MASS)
    assert len(spread.values) == 17
    assert spread.values[[0, -1]].tolist() == [0.001, 10]
    assert spread.nanomolar[-1] == pytest.approx(10 / 0.148)
    assert read_concentrations("0.01..100 nM x 9", MASS).values[4] == pytest.approx(1)
    listed = read_concentrations("10, 0.1,1 pM", MASS)
    assert listed.values.tolist() == [0.1, 1, 10]
    np.testing.assert_allclose(listed.nanomolar, [1e-4, 1e-3, 1e-2])
    assert listed.shown(1.0) == pytest.approx(1000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a lot", "'a lot' is no list of concentrations. Write a range"),
        ("1..10", "is no list of concentrations"),
        ("10..1 nM", "write the lower concentration first, above 0"),
        ("0, 1 nM", "has a concentration of 0"),
        ("1..10 nM x 1", "1 concentrations were asked for in '1..10 nM x 1'"),
        ("1..10 mg", "'mg' is no unit of concentration. Write nM"),
        ("1 furlong", "Cannot read the unit 'furlong'"),
    ],
)
def test_concentrations_that_make_no_sense(text: str, message: str) -> None:
    with pytest.raises(AdckitError, match=message.replace("(", r"\(")):
        read_concentrations(text, MASS)
    assert issubclass(UnitError, AdckitError)


def points(folder: Path, *rows: str) -> Path:
    path = folder / "points.csv"
    head = "cell_line,exposure_h,conc,conc_unit,response"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_points_are_read_by_line_in_any_order_and_unit(tmp_path: Path) -> None:
    path = points(
        tmp_path, "skbr3,48,1.48,ug/mL,40", "Jurkat,,1,nM,90", "SK-BR-3,,1,nM,80"
    )
    found = read_points(path, ("SK-BR-3",), MASS)
    assert list(found) == ["SK-BR-3"]
    levels, seen = found["SK-BR-3"]
    np.testing.assert_allclose(levels, [1, 10])
    np.testing.assert_allclose(seen, [0.8, 0.4])


def test_points_that_cannot_be_used_are_all_named(tmp_path: Path) -> None:
    path = points(tmp_path, "SK-BR-3,,one,nM,80", "SK-BR-3,,1,mg,80", "SK-BR-3,,1,nM,")
    with pytest.raises(CardError) as caught:
        read_points(path, ("SK-BR-3",), MASS)
    said = str(caught.value)
    for line, what in (
        (2, "'one' in column conc is no number"),
        (3, "'mg' is no unit"),
        (4, "'' in column response"),
    ):
        assert f"points.csv:{line}: {what}" in said


def test_points_of_other_cells_are_an_error(tmp_path: Path) -> None:
    path = points(tmp_path, "Jurkat,,1,nM,90")
    with pytest.raises(AdckitError, match="no points of SK-BR-3; it has Jurkat"):
        read_points(path, ("SK-BR-3",), MASS)
    with pytest.raises(AdckitError, match="Cannot read the points"):
        read_points(tmp_path / "none.csv", ("SK-BR-3",), MASS)
    path.write_text("conc,response\n1,2\n", encoding="utf-8")
    with pytest.raises(AdckitError, match="no column cell_line and conc_unit"):
        read_points(path, ("SK-BR-3",), MASS)
