"""Units at the door: what is read, what is refused, and what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.errors import UnitError
from adckit.parameters import Parameter, Source, Spread, SpreadKind, Status
from adckit.units import (
    Dimension,
    base_dimension,
    convert,
    parse_quantity,
    parse_unit,
    to_internal,
)


@pytest.mark.parametrize(
    ("value", "unit", "internal", "text"),
    [
        (39.5, "mL/h/m2", 0.948, "L/day/m2"),
        (148.781, "kDa", 0.148781, "mg/nmol"),
        (1.0, "nM", 1.0, "nmol/L"),
        (1.0, "ug/mL", 1.0, "mg/L"),
        (338.0, "ug d/mL", 338.0, "day*mg/L"),
        (1.0, "1/(nM*s)", 86400.0, "L/nmol/day"),
        (50.34, "um/day", 50.34e-5, "dm/day"),
        (1.0, "mm3", 1e-6, "L"),
        (6.02214076e14, "receptors/cell", 1.0, "nmol/cell"),
        (50.0, "%", 0.5, "1"),
        (2.0, "week", 14.0, "day"),
        (3.6, "mg/kg", 3.6, "mg/kg"),
    ],
)
def test_units_of_the_field(
    value: float, unit: str, internal: float, text: str
) -> None:
    assert to_internal(value, unit) == pytest.approx(internal, rel=1e-14)
    assert str(parse_unit(unit).dimension) == text


def test_a_body_is_not_a_mass() -> None:
    with pytest.raises(UnitError, match="'mg/kg' cannot be converted to 'mg'"):
        convert(1.0, "mg/kg", "mg")
    with pytest.raises(UnitError, match="one is L/day/m2, the other L/day"):
        convert(1.0, "mL/h/m2", "mL/h")


@pytest.mark.parametrize(
    "unit", ["U/mL", "mg/", "1/(d", "furlong", "mg/L)", "5", "kg2$"]
)
def test_unknown_units_are_refused(unit: str) -> None:
    if unit == "5":
        assert parse_unit(unit).factor == 5.0
        return
    with pytest.raises(UnitError, match="Cannot read the unit"):
        parse_unit(unit)


@given(st.floats(1e-6, 1e6), st.sampled_from(["nM", "uM", "pM", "mM"]))
def test_conversion_there_and_back(value: float, unit: str) -> None:
    there = convert(value, unit, "nmol/L")
    assert convert(there, "nmol/L", unit) == pytest.approx(value, rel=1e-12)


def test_quantities() -> None:
    assert parse_quantity("0.37 1/day") == (0.37, "1/day")
    assert parse_quantity("1e-3nM") == (1e-3, "nM")
    assert parse_quantity("-2") == (-2.0, "")
    with pytest.raises(UnitError, match="is not a quantity"):
        parse_quantity("fast")


def test_dimensions_multiply() -> None:
    volume = base_dimension("[length]", 3)
    per_day = base_dimension("[time]", -1)
    assert str(volume * per_day) == "L/day"
    assert str(volume ** (1 / 3)) == "dm"
    assert (volume / volume).dimensionless
    assert Dimension() == volume / volume


def parameter() -> Parameter:
    return Parameter(
        "clearance",
        0.5,
        "mL/h/m2",
        Source("Doe 2001", doi="10.1/x", pmid="1"),
        Status.FITTED,
        Spread(SpreadKind.CV, 0.2),
        fitted_to="a curve",
    )


def test_a_changed_parameter_forgets_its_source() -> None:
    changed = parameter().with_value(0.024, "L/day/m2")
    assert changed.value == pytest.approx(1.0)
    assert changed.status is Status.ASSUMED
    assert changed.spread is None
    assert changed.source.citation == "set by the user"
    with pytest.raises(UnitError, match="Write it in mL/h/m2"):
        parameter().with_value(1.0, "1/day")


def test_texts_of_sources_and_spreads() -> None:
    assert str(parameter().source) == "Doe 2001, doi:10.1/x, PMID 1"
    assert str(parameter().spread) == "CV 20 %"
    assert str(Spread(SpreadKind.RANGE, 1.0, 2.0)) == "1 to 2"
    assert str(Spread(SpreadKind.SD, 3.0)) == "SD 3"
    assert str(Spread(SpreadKind.GSD, 2.0)) == "GSD 2"
