"""The front door: subjects, times, errors, results, and what changes no number."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engines.models import parameter

from adckit.engines.base import Engine
from adckit.errors import AdckitError, RegimenError, SimulationError, UnknownNameError
from adckit.library import load_product
from adckit.network.dosing import DoseRecord
from adckit.network.expr import Symbol
from adckit.network.network import Network
from adckit.network.parts import Input, Observable, Reaction, Species
from adckit.prepared import prepare
from adckit.results import Result
from adckit.simulation import simulate
from adckit.status import Status
from adckit.treatment import Course

REGIMEN = "3.6 mg/kg q3w x2"
TIMES = [0.0, 1.0, 7.0, 20.0, 21.0, 30.0]


@pytest.fixture(scope="module")
def typical() -> Result:
    return simulate("T-DM1", REGIMEN, times=TIMES)


def test_dims_units_and_names(typical: Result) -> None:
    assert typical.values.shape == (1, len(TIMES), len(typical.outputs))
    assert typical.unit("conjugate") == "ug/mL"
    assert typical.curve("conjugate")[0, 0] == 0.0
    assert typical.failed == 0
    assert typical.accounts()[0].reason == "solved"
    with pytest.raises(UnknownNameError, match="Did you mean conjugate"):
        typical.curve("conjugat")


def test_tables(typical: Result) -> None:
    dataset = typical.to_xarray()
    assert dataset["conjugate"].dims == ("subject", "time")
    assert dataset["conjugate"].attrs["units"] == "ug/mL"
    frame = typical.to_pandas()
    assert list(frame.columns[:2]) == ["subject", "time"]
    assert len(typical.to_polars()) == len(frame) == len(TIMES)
    np.testing.assert_array_equal(frame["conjugate"], typical.curve("conjugate")[0])


def test_default_tolerance_is_met(typical: Result) -> None:
    """rtol 1e-6 against 1e-10 (SCIENCE B-35 asks for 1e-4)."""
    exact = simulate("T-DM1", REGIMEN, times=TIMES, rtol=1e-10)
    top = np.abs(exact.values).max(axis=1, keepdims=True)
    assert np.max(np.abs(typical.values - exact.values) / top) < 1e-5


def test_engines_agree(typical: Result) -> None:
    slow = simulate("T-DM1", REGIMEN, times=TIMES, engine="reference")
    top = np.abs(slow.values).max(axis=1, keepdims=True)
    assert np.max(np.abs(typical.values - slow.values) / top) < 1e-6


def test_nothing_is_lost(typical: Result, engine: Engine) -> None:
    result = simulate("huC242-DM1", "235 mg/m2 q3w x2", times=TIMES, engine=engine)
    assert result.imbalance[0] < 1e-8
    assert typical.imbalance[0] < 1e-8


def test_output_grid_changes_nothing(typical: Result) -> None:
    for chosen in ([3], [1, 4], [0, 1, 2]):
        some = simulate("T-DM1", REGIMEN, times=np.array(TIMES)[chosen])
        np.testing.assert_array_equal(some.values, typical.values[:, chosen])


def test_subjects_from_a_table(typical: Result) -> None:
    table = {
        "subject": ["a", "b"],
        "body_weight": [70.0, 90.0],
        "clearance": [0.2, 0.3],
    }
    result = simulate("T-DM1", REGIMEN, table, TIMES)
    assert result.subjects == ("a", "b")
    assert len(result.schedules) == 2  # 3.6 mg/kg is another dose for each
    one = simulate("T-DM1", REGIMEN, {k: v[1:] for k, v in table.items()}, TIMES)
    np.testing.assert_array_equal(one.values[0], result.values[1])


def test_a_failed_subject_is_a_row_without_numbers() -> None:
    table = {"clearance": [0.243, np.nan, 0.3]}
    result = simulate("T-DM1", REGIMEN, table, TIMES)
    assert list(result.status) == [Status.OK, Status.INVALID_INPUT, Status.OK]
    assert np.isnan(result.values[1]).all()
    assert np.isfinite(result.values[[0, 2]]).all()
    with pytest.raises(SimulationError, match=r"1 of 3 subjects failed:\n  2: day 0"):
        simulate("T-DM1", REGIMEN, table, TIMES, strict=True)


@pytest.mark.parametrize("regimen", [REGIMEN, f"{REGIMEN}, max 200 mg"])
def test_a_body_that_is_no_number_fails_that_subject_alone(regimen: str) -> None:
    result = simulate("T-DM1", regimen, {"body_weight": [70.0, np.nan]}, TIMES)
    assert list(result.status) == [Status.OK, Status.INVALID_INPUT]


def test_a_highest_dose_is_kept() -> None:
    light, heavy = simulate(
        "T-DM1", f"{REGIMEN}, max 200 mg", {"body_weight": [50.0, 200.0]}, TIMES
    ).schedules
    mass = 200 / 148.5  # about, in umol
    assert max(a.value for a in light.actions) < max(a.value for a in heavy.actions)
    assert max(a.value for a in heavy.actions) * 0.0625 == pytest.approx(
        1e3 * mass, rel=0.01
    )


def test_values_alone_need_no_new_equations() -> None:
    first = prepare("T-DM1")
    second = prepare("T-DM1", {"clearance": "0.3 L/day"})
    assert first.system is second.system
    assert first.fingerprint == second.fingerprint
    assert prepare("T-DM1", {"growth": "exponential"}).system is not first.system


def test_dose_records_by_subject() -> None:
    doses = {
        "treated": [DoseRecord(0.0, 1000.0, "central")],
        "control": [],
    }
    table = {"subject": ["treated", "control"]}
    result = simulate("T-DM1", doses, table, TIMES)
    assert result.curve("conjugate")[0].max() > 1
    assert result.curve("conjugate")[1].max() == 0
    assert result.curve("tumour_volume")[1, -1] > result.curve("tumour_volume")[0, -1]


def test_product_brings_its_regimen() -> None:
    result = simulate("cantuzumab-mertansine", days=2)
    assert result.provenance["regimen"].startswith("235 mg/m2")
    assert result.times[-1] == 2.0


@pytest.mark.parametrize(("name", "count"), [("cpu", 60), ("reference", 3)])
def test_progress_counts_subjects(name: str, count: int) -> None:
    seen: list[tuple[int, int]] = []
    simulate(
        "two-compartment",
        "100 mg q3w x2",
        count,
        TIMES,
        name,
        progress=lambda done, of: seen.append((done, of)),
    )
    assert seen[-1] == (count, count)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_what_a_progress_callback_raises_comes_out() -> None:
    def refuse(done: int, of: int) -> None:
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        simulate("two-compartment", "100 mg once", 5, TIMES, progress=refuse)


def test_ctrl_c_in_a_callback_keeps_what_is_done() -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    result = simulate("two-compartment", "100 mg q3w x9", 100_000, [1.0], progress=stop)
    done = result.status == Status.OK
    assert (result.status[~done] == Status.INTERRUPTED).all()
    assert np.isfinite(result.values[done]).all()
    assert np.isnan(result.values[~done]).all()


def test_input_course() -> None:
    """A measured curve drives the model; between its points it is a line."""
    u, y = Symbol("u"), Symbol("y")
    network = Network("driven").add(
        parameter("k", 1.0),
        Input("u", "nmol"),
        Species("y"),
        Reaction("filling", Symbol("k") * u, {"y": 1}),
        Observable("filled", y, "nmol"),
    )
    course = Course(np.array([0.0, 2.0, 4.0]), np.array([0.0, 4.0, 4.0]))
    result = simulate(network, [], times=[1.0, 2.0, 4.0, 6.0], courses={"u": course})
    expected = [1.0, 4.0, 12.0, 20.0]
    np.testing.assert_allclose(result.curve("filled")[0], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "T-DM2"}, "Did you mean"),
        ({"engine": "gpu"}, "Unknown engine 'gpu'"),
        ({"times": [1.0, 1.0]}, "rising"),
        ({"times": [-1.0, 1.0]}, "not negative"),
        ({"times": []}, "list of days"),
        ({"times": [0.0, float("nan")]}, "finite"),
        ({"days": 0.0}, "days is 0.0"),
        ({"rtol": 1.0}, "rtol is 1"),
        ({"subjects": 0}, "at least one subject"),
        ({"subjects": {"clearence": [1.0]}}, "Did you mean clearance"),
        ({"subjects": {"clearance": [1.0], "body_weight": [1.0, 2.0]}}, "differ in"),
        ({"regimen": "3.6 mg/L q3w"}, r"\^"),
    ],
)
def test_bad_input_is_one_clear_error(
    arguments: dict[str, object], message: str
) -> None:
    call: dict[str, object] = {"model": "T-DM1", "regimen": REGIMEN, **arguments}
    with pytest.raises(AdckitError, match=message):
        simulate(**call)  # type: ignore[arg-type]


def test_no_regimen_to_fall_back_on() -> None:
    network = Network("empty").add(
        Species("y"), Observable("seen", Symbol("y"), "nmol")
    )
    with pytest.raises(RegimenError, match="has no regimen of its own"):
        simulate(network)


def test_settings_belong_to_cards() -> None:
    with pytest.raises(AdckitError, match="already built"):
        simulate(load_product("T-DM1"), REGIMEN, settings={"clearance": "1 L/day"})


@pytest.mark.parametrize("name", ["zero dose", "zero tumour", "zero antigen", "DAR 0"])
def test_nothing_is_also_something(name: str, engine: Engine) -> None:
    settings = {
        "zero tumour": {"initial_tumour_volume": "0 mL"},
        "zero antigen": {"receptors_per_cell": "0 receptors/cell"},
        "DAR 0": {"dar": "0"},
    }.get(name, {})
    regimen = "0 mg/kg q3w x2" if name == "zero dose" else REGIMEN
    result = simulate("T-DM1", regimen, times=TIMES, settings=settings, engine=engine)
    assert result.failed == 0
    assert np.isfinite(result.values).all()
    top = {o: float(result.curve(o).max()) for o in result.outputs}
    if name == "zero dose":
        assert top["total_antibody"] == 0
        assert top["mean_dar"] == 0
    if name == "zero tumour":
        assert top["tumour_volume"] == 0
        assert top["conjugate"] > 50
    if name == "DAR 0":
        assert top["conjugate"] == pytest.approx(0.0, abs=1e-9)
        assert top["total_antibody"] > 60
        assert top["free_payload"] == pytest.approx(0.0, abs=1e-12)


def test_ten_years() -> None:
    result = simulate("T-DM1", "3.6 mg/kg q3w", days=3650, times=[1.0, 1825.0, 3650.0])
    assert result.failed == 0
    assert result.imbalance[0] < 1e-8
