"""What a simulation is summarised to, against closed forms and published values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.errors import UnitError, UnknownNameError
from adckit.library import Observation, Product, load_product
from adckit.network.dosing import DoseRecord, schedule
from adckit.network.regimen import parse_regimen
from adckit.parameters import Source, Spread, SpreadKind
from adckit.prepared import prepare
from adckit.results import Result
from adckit.simulation import simulate
from adckit.status import Status
from adckit.studies.assumptions import rank_assumptions
from adckit.studies.case import study
from adckit.studies.endpoints import tumour_response, tumour_responses
from adckit.studies.published import in_unit, match, same_dosing, spread_range
from adckit.studies.single_dose import first_dose, given_doses, single_dose_run
from adckit.studies.summary import SummaryRow, published_elsewhere, summarise
from adckit.units import parse_unit

DRUG = "two-compartment"
"""100 mg every three weeks; CL 0.25 L/day, V 3 and 3 L, Q 0.6 L/day."""

Rows = dict[tuple[str, str], SummaryRow]


def table(model: str, regimen: str | None = None, **more: object) -> Rows:
    ready = prepare(model)
    result = simulate(ready, regimen, **more)  # type: ignore[arg-type]
    return {(row.analyte, row.quantity): row for row in summarise(ready, result)}


def value(rows: Rows, analyte: str, quantity: str) -> float:
    found = rows[analyte, quantity].value
    assert found is not None
    return found


# ---- exposure


def test_clearance_and_half_life_of_the_closed_form() -> None:
    rows = table(DRUG)
    # 160 samples over 26 weeks and log trapezoids: better than 1e-3
    assert value(rows, "concentration", "clearance") == pytest.approx(0.25, rel=1e-3)
    assert value(rows, "concentration", "auc_inf") == pytest.approx(400, rel=1e-3)
    k10, k12, k21 = 0.25 / 3, 0.6 / 3, 0.6 / 3
    total = k10 + k12 + k21
    slow = (total - np.sqrt(total**2 - 4 * k10 * k21)) / 2
    half_life = value(rows, "concentration", "half_life")
    # the rule for lambda_z prefers more points to the last bit of straightness
    assert half_life == pytest.approx(np.log(2) / slow, rel=0.01)
    assert rows["concentration", "half_life"].unit == "day"


def test_exposure_of_the_first_cycle_is_not_that_of_later_ones() -> None:
    ready = prepare(DRUG)
    result = simulate(ready, "100 mg q1w x6 over 2 h")
    rows = {row.quantity: row for row in summarise(ready, result)}
    curve, times = result.curve("concentration")[0], result.times
    trough = rows["ctrough"].value
    assert trough == pytest.approx(curve[times == 7.0][0])
    peak = rows["cmax"].value
    assert peak == pytest.approx(curve[times <= 7].max())
    assert peak < curve.max()
    # linear kinetics: the first dose alone has the AUC of all its weeks
    assert rows["auc_tau"].value < rows["auc_inf"].value  # type: ignore[operator]


def test_several_doses_in_a_cycle() -> None:
    ready = prepare(DRUG)
    result = simulate(ready, "50 mg d1,8 q3w x2")
    rows = {row.quantity: row for row in summarise(ready, result)}
    curve, times = result.curve("concentration")[0], result.times
    assert rows["ctrough"].value == pytest.approx(curve[times == 7.0][0])
    assert rows["ctrough"].note == "before the dose on day 7"
    assert rows["cmax"].note == "first cycle, day 0 to 21"
    assert rows["cmax"].value == pytest.approx(curve[times < 21].max())
    inside = times <= 21
    area = np.trapezoid(curve[inside], times[inside])
    # plain trapezoids lie above a falling curve, by about one percent here
    assert rows["auc_tau"].value == pytest.approx(area, rel=0.02)


def test_a_dose_given_once_has_no_interval() -> None:
    rows = table(DRUG, "100 mg once")
    assert rows["concentration", "ctrough"].value is None
    assert rows["concentration", "ctrough"].note == "given once: no interval"
    assert value(rows, "concentration", "clearance") == pytest.approx(0.25, rel=1e-3)


def test_no_dose_gives_no_clearance_and_says_why() -> None:
    rows = table(DRUG, "0 mg q3w x2")
    assert value(rows, "concentration", "cmax") == 0
    assert value(rows, "concentration", "auc_tau") == 0
    assert rows["concentration", "clearance"].value is None
    assert rows["concentration", "clearance"].note == "no dose is given"


def test_a_failed_subject_has_a_reason_and_no_numbers() -> None:
    ready = prepare(DRUG)
    result = simulate(ready, subjects={"central_volume": [3.0, 0.0]})
    rows = [row for row in summarise(ready, result) if row.subject == "2"]
    assert rows
    for row in rows:
        assert row.value is None
        assert row.note.startswith("failed on day 0: ")
        assert Status(int(result.status[1])).reason in row.note


def test_subjects_keep_their_own_parameters() -> None:
    ready = prepare(DRUG)
    result = simulate(ready, subjects={"clearance": [0.25, 0.5], "subject": ["a", "b"]})
    found = {
        row.subject: row.value
        for row in summarise(ready, result)
        if row.quantity == "clearance"
    }
    assert found == pytest.approx({"a": 0.25, "b": 0.5}, rel=1e-3)


def test_every_analyte_of_a_conjugate_has_its_rows() -> None:
    rows = table("T-DM1")
    for analyte in ("conjugate", "total_antibody", "conjugated_payload"):
        for quantity in ("cmax", "ctrough", "auc_tau", "auc_inf", "clearance"):
            assert value(rows, analyte, quantity) > 0
    assert ("free_payload", "clearance") not in rows  # it is not dosed
    assert [q for a, q in rows if a == "mean_dar"] == [
        "day_1",
        "day_7",
        "day_14",
        "day_21",
    ]
    dar = [value(rows, "mean_dar", f"day_{day}") for day in (1, 7, 14, 21)]
    assert dar == sorted(dar, reverse=True)


def test_rows_beyond_the_end_of_the_simulation_are_empty() -> None:
    rows = table("T-DM1", days=10.0)
    assert rows["mean_dar", "day_14"].value is None
    assert rows["mean_dar", "day_14"].note == "the simulation ends on day 10"
    assert value(rows, "mean_dar", "day_7") > 0


# ---- published values


def test_units_are_those_of_the_published_values() -> None:
    rows = table("cantuzumab-mertansine")
    clearance = rows["conjugate", "clearance"]
    assert (clearance.unit, clearance.published) == ("mL/h/m2", 39.5)
    assert clearance.spread == Spread(SpreadKind.SD, 13.1)
    assert clearance.within
    assert rows["total_antibody", "clearance"].unit == "mL/h/m2"
    # 235 mg/m2 over the AUC in ug h/mL is the same clearance
    area = value(rows, "conjugate", "auc_inf") * 24
    assert clearance.value == pytest.approx(235 / area * 1000, rel=1e-9)


def test_a_payload_in_mass_says_its_molar_concentration() -> None:
    row = table("T-DM1")["free_payload", "cmax"]
    assert (row.unit, row.published) == ("ng/mL", 6)
    assert row.value is not None
    assert f"{row.value / 737.5 * 1000:.3g} nM" in row.note


def test_other_regimens_are_not_compared() -> None:
    ready = prepare("T-DM1")
    result = simulate(ready, "2.4 mg/kg q3w x2")
    rows = {(row.analyte, row.quantity): row for row in summarise(ready, result)}
    assert rows["conjugate", "auc_inf"].published == 204
    assert rows["conjugate", "ctrough"].published is None
    assert rows["conjugate", "clearance"].published == 0.676  # whatever the dose
    left = {(o.quantity, o.value) for o in published_elsewhere(ready, result)}
    assert ("cmax", 74.4) in left
    assert ("auc_inf", 204) not in left


def test_published_values_of_patients_are_not_set_beside_mice() -> None:
    product = load_product("T-DM1", settings={"host": "mouse"})
    found = match(product, parse_regimen("3.6 mg/kg q3w"))
    assert not found.beside
    assert len(found.elsewhere) == len(product.observations)


def test_every_observation_is_beside_or_elsewhere() -> None:
    for name in ("T-DM1", "cantuzumab-mertansine", "lorvotuzumab-mertansine"):
        product = load_product(name)
        assert product.regimen is not None
        found = match(product, parse_regimen(product.regimen))
        assert len(found.beside) + len(found.elsewhere) == len(product.observations)


def observed(product: Product, **changes: object) -> Product:
    seen = Observation(
        analyte="concentration",
        quantity="concentration",
        value=10.0,
        unit="ug/mL",
        source=Source("A trial"),
        regimen="100 mg q3w",
        condition="volunteers",
        role="predicted",
        day=5.0,
    )
    changed = replace(seen, **changes)  # type: ignore[arg-type]
    return replace(product, observations=(changed,))


def test_a_published_concentration_is_compared_on_its_day() -> None:
    ready = prepare(observed(load_product(DRUG)))
    result = simulate(ready)
    rows = {row.quantity: row for row in summarise(ready, result)}
    row = rows["concentration"]
    expected = np.interp(5.0, result.times, result.curve("concentration")[0])
    assert row.value == pytest.approx(expected)
    assert row.ratio == pytest.approx(expected / 10)
    assert (row.published, row.within, row.role) == (10.0, None, "predicted")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3.6 mg/kg q3w", "3.6 mg/kg q21d x6 over 90 min", True),
        ("3.6 mg/kg q3w", "2.4 mg/kg q3w", False),
        ("3.6 mg/kg q3w", "3.6 mg/kg qw", False),
        ("3.6 mg/kg q3w", "3.6 mg/m2 q3w", False),
        ("0.0036 g q3w", "3.6 mg q3w", True),
        ("60 mg/m2 qw", "60 mg/m2 qw 4 of 6 weeks", False),
        ("60 mg/m2 d1,8 q3w", "60 mg/m2 d1 q3w", False),
        ("60 mg/m2 q3w", "none", False),
    ],
)
def test_same_dosing(one: str, other: str, same: bool) -> None:
    assert same_dosing(one, parse_regimen(other)) is same


@pytest.mark.parametrize(
    ("spread", "ends"),
    [
        (Spread(SpreadKind.SD, 2.0), (8.0, 12.0)),
        (Spread(SpreadKind.CV, 0.1), (9.0, 11.0)),
        (Spread(SpreadKind.GSD, 2.0), (5.0, 20.0)),
        (Spread(SpreadKind.RANGE, 3.0, 30.0), (3.0, 30.0)),
    ],
)
def test_spread_ranges(spread: Spread, ends: tuple[float, float]) -> None:
    assert spread_range(10.0, spread) == pytest.approx(ends)
    row = SummaryRow("conjugate", "cmax", ends[0], "nM", 10.0, spread)
    assert row.within is True
    assert replace(row, value=0.9 * ends[0]).within is False
    assert replace(row, value=None).within is None


@pytest.mark.parametrize(
    ("unit", "target", "expected"),
    [
        ("L/day", "mL/h", 1000 / 24),
        ("L/day", "mL/h/m2", 1000 / 24 / 2),
        ("L/day", "L/day/kg", 1 / 50),
        ("nM", "ug/mL", 0.15),
        ("nM*day", "ug d/mL", 0.15),
        ("mg/L", "nM", 1 / 0.15),
    ],
)
def test_expressing_in_other_units(unit: str, target: str, expected: float) -> None:
    found = in_unit(
        1.0,
        parse_unit(unit).dimension,
        target,
        molar_mass=0.15,  # mg/nmol, 150 kDa
        body={"kg": 50.0, "m2": 2.0},
    )
    assert found == pytest.approx(expected)


def test_expressing_what_cannot_be() -> None:
    with pytest.raises(UnitError, match="cannot be expressed in 'ug/mL'"):
        in_unit(
            1.0, parse_unit("nM").dimension, "ug/mL", molar_mass=None, body={"kg": 70.0}
        )


# ---- the first dose


def test_doses_of_a_schedule() -> None:
    made = schedule(
        [
            DoseRecord(1.0, 50.0, "a", duration=0.5, interval=7.0, additional=1),
            DoseRecord(2.0, 9.0, "a"),
        ],
        until=30.0,
    )
    found = given_doses(made)
    assert found is not None
    assert [dose.start for dose in found] == [1.0, 2.0, 8.0]
    assert [dose.amount for dose in found] == pytest.approx([50.0, 9.0, 50.0])
    assert [dose.duration for dose in found] == [0.5, 0.0, 0.5]
    assert first_dose(found) == found[0]


@pytest.mark.parametrize(
    "records",
    [
        [DoseRecord(0.0, 1.0, "a", interval=7.0, steady_state=1)],
        [DoseRecord(0.0, 1.0, "a"), DoseRecord(5.0, evid=3)],
        [DoseRecord(0.0, 1.0, "a", duration=2.0), DoseRecord(1.0, 1, "a", duration=2)],
    ],
)
def test_doses_that_cannot_be_told_apart(records: list[DoseRecord]) -> None:
    found = given_doses(schedule(records, until=30.0, allow_overlap=True))
    assert found is None
    assert first_dose(found) is None


def test_two_doses_at_once_are_no_first_dose() -> None:
    records = [DoseRecord(0.0, 1.0, "a"), DoseRecord(0.0, 1.0, "b")]
    assert first_dose(given_doses(schedule(records, until=30.0))) is None


def test_the_single_dose_is_the_start_of_the_regimen() -> None:
    ready = prepare(DRUG)
    result = simulate(ready, "100 mg q3w x3 over 1 h")
    alone = single_dose_run(
        ready, [first_dose(given_doses(result.schedules[0]))], result
    )
    before = result.times <= 21
    one, other = (r.curve("concentration")[0] for r in (alone, result))
    between = np.interp(result.times[before], alone.times, one)
    # straight lines between samples of a falling curve; otherwise rtol 1e-6
    np.testing.assert_allclose(between, other[before], rtol=2e-3)
    assert 1 / 24 in alone.times  # the end of the infusion
    assert alone.times[-1] > 180


# ---- tumours


changes = st.lists(st.floats(-100, 500), min_size=2, max_size=40)


@given(changes)
def test_response_laws(curve: list[float]) -> None:
    days = np.arange(float(len(curve)))
    found = tumour_response(days, curve)
    assert found.best_change == min(curve)
    assert curve[int(found.nadir_day)] == found.best_change
    assert (found.response_day is not None) == (min(curve) <= -30)
    assert found.end_change == curve[-1]
    if found.regrowth_day is not None:
        assert found.regrowth_day > found.nadir_day
        now, low = 100 + curve[int(found.regrowth_day)], 100 + found.best_change
        assert now >= 1.2 * low - 1e-9


def test_response_and_regrowth_on_known_days() -> None:
    found = tumour_response([0, 10, 20, 30, 40], [0, -35, -50, -42, -20])
    assert (found.response_day, found.nadir_day, found.regrowth_day) == (10, 20, 40)


def test_progression_needs_five_millimetres() -> None:
    days, curve = [0, 1, 2], [0, -50, -38]  # 24 % above the nadir
    assert tumour_response(days, curve, diameter_mm=100.0).regrowth_day == 2
    assert tumour_response(days, curve, diameter_mm=30.0).regrowth_day is None


def test_a_cured_tumour_does_not_progress() -> None:
    found = tumour_response([0, 1, 2, 3], [0, -50, -100, -100])
    assert (found.best_change, found.regrowth_day) == (-100, None)


@pytest.mark.parametrize(
    ("days", "curve"), [([0, 1], [0.0]), ([], []), ([0, 1], [0.0, np.nan])]
)
def test_response_of_what_is_no_curve(days: list[float], curve: list[float]) -> None:
    with pytest.raises(ValueError, match="must"):
        tumour_response(days, curve)


def test_responses_of_a_result() -> None:
    result = simulate("T-DM1", days=42.0)
    assert tumour_responses(result)[0] is not None
    assert tumour_responses(without_numbers(result)) == [None]
    with pytest.raises(UnknownNameError):
        tumour_responses(simulate(DRUG))


def without_numbers(result: Result) -> Result:
    return replace(
        result,
        values=np.full_like(result.values, np.nan),
        status=np.array([Status.STEP_TOO_SMALL]),
    )


# ---- assumptions


def test_influence_of_clearance_on_a_linear_drug() -> None:
    ready = prepare(DRUG)
    times = np.concatenate([np.linspace(0, 1, 49), np.linspace(1.1, 400, 3990)])
    found = rank_assumptions(ready, "100 mg once", times)
    by_name = {influence.parameter.name: influence for influence in found}
    assert by_name["clearance"] is found[0]
    low, high = by_name["clearance"].effects["AUC of concentration"]
    # AUC = dose / CL: 1 / 0.8 and 1 / 1.2; trapezoids add less than 0.05 %
    assert (low, high) == pytest.approx((25.0, -100 / 6), abs=0.05)
    assert found == sorted(found, key=lambda influence: -influence.largest)


def test_derived_parameters_are_nobodys_assumption() -> None:
    ready = prepare("cantuzumab-mertansine")
    names = [
        influence.parameter.name
        for influence in rank_assumptions(ready, "235 mg/m2 once", np.arange(15.0))
    ]
    assert "half_kill_occupancy" in names
    assert "conjugate_molar_mass" not in names


def test_a_case_has_all_that_is_printed() -> None:
    case = study("drug", prepare(DRUG))
    assert case.rows
    assert case.influences
    assert not case.interrupted
    assert study("drug", prepare(DRUG), assumptions=False).influences is None
    stopped = replace(case.result, status=np.array([Status.INTERRUPTED]))
    assert replace(case, result=stopped).interrupted
