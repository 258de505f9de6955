"""Scans: axes, quantities, grids, what is drawn of them."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.blueprints import mixed

import adckit
from adckit.errors import AdckitError, UnknownNameError
from adckit.io.request import Request
from adckit.io.scan_runs import (
    ScanRequest,
    compare_scan,
    describe_scan,
    open_scan_folder,
    read_scan_run,
    run_scan,
    write_scan,
)
from adckit.io.tables import read_table, read_units
from adckit.library import load_product
from adckit.mechanisms.assemble import assemble
from adckit.report.scan_plots import draw_scan
from adckit.report.scan_report import write_scan_report
from adckit.studies import scan as scan_module
from adckit.studies.scan import scan
from adckit.studies.scan_axes import read_axis
from adckit.studies.scan_result import ScanResult

MODEL = "T-DM1"
SHORT = {"regimen": "3.6 mg/kg once", "days": 21.0}


@pytest.fixture(scope="module")
def grid() -> ScanResult:
    return scan(MODEL, ["affinity=0.1..10 nM 3 points", "antigen=1e4,1e6"], **SHORT)  # type: ignore[arg-type]


# axes


@pytest.mark.parametrize(
    ("text", "values", "logarithmic"),
    [
        ("affinity=0.01..100 nM 5 points", [0.01, 0.1, 1, 10, 100], True),
        ("affinity=1 nM..5 nM 3 points", [1, 3, 5], False),
        ("affinity=1000 pM..5 nM lin 3 points", [1, 3, 5], False),
        ("affinity=1..4 nM log 3 points", [1, 2, 4], True),
        ("affinity=10..1000 nM lin 2 points", [10, 1000], False),
        ("affinity=4,1,2 nM", [1, 2, 4], False),
        ("Affinity = 1 nM, 20 nM", [1, 20], True),
        ("kd=1,2 nM", [1, 2], False),
        ("dissociation_constant=1,2 nM", [1, 2], False),
        ("antigen=1e4..1e6 3 points", [1e4, 1e5, 1e6], True),
        ("linker stability=0.1,0.2 1/day", [0.1, 0.2], False),
        ("dose=1,2,4 mg/kg", [1, 2, 4], False),
        ("carrier=0,8 mg/kg", [0, 8], False),
        ("dar=2..8 3 points", [2, 5, 8], False),
    ],
)
def test_what_an_axis_says(text: str, values: list[float], logarithmic: bool) -> None:
    result = scan(MODEL, [text], "conjugate:cmax", regimen="1 mg/kg once", days=1)
    axis = result.axes[0]
    assert axis.values == pytest.approx(values, rel=1e-12)
    assert axis.logarithmic is logarithmic
    assert result.failed == 0


def test_ends_of_a_range_are_exact_and_points_are_fifteen() -> None:
    result = scan(MODEL, {"affinity": "0.03..70 nM"}, "conjugate:cmax", days=1)
    values = result.axes[0].values
    assert (values[0], values[-1], len(values)) == (0.03, 70.0, 15)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("affinity", "is no axis. Write NAME=LOW..HIGH UNIT"),
        ("affinity=100..1 nM", "is reversed. Write the lower end first, as in 1..100"),
        ("affinity=1..1 nM", "has no width"),
        ("affinity=..1 nM", "lacks a number"),
        ("affinity=1..10 nM 0 points", "0 points. Give from 2 to 1,000"),
        ("affinity=1..10 nM 1 points", "1 points. Give from 2 to 1,000"),
        ("affinity=0..10 nM log", "has no logarithm. Begin above 0"),
        ("affinity=nan..10 nM", "value nan, which is no number"),
        ("affinity=1..inf nM", "value inf, which is no number"),
        ("affinity=1..10", "has no unit. Write affinity=1..10 nM"),
        ("affinity=1..10 L", "is in nM here, and 'L' has another dimension"),
        ("affinity=0..10 nM", "0 nM makes no sense here; give a value above 0"),
        ("antibody_void_fraction=0.2..1.5", "outside its limits"),
        ("affinity=1,1 nM", "has 1 twice. Keep one"),
        ("affinity=1,,2 nM", "has an empty place"),
        ("affinity=tight,loose", "is a number, and 'tight, loose' is none"),
        ("afinity=1..10 nM", "Unknown axis 'afinity'. Did you mean affinity"),
        ("dose=1..10 nM", "which is no unit of a dose. Write mg/kg"),
        ("dose=-1..10 mg", "begins below 0"),
        ("dar=1..9", "8 sites carry 0 to 8 payloads. Stay within"),
        ("dar=1..4 mg", "has a unit; a DAR has none"),
        ("linker=1..3", "is not a number and has no range"),
        ("linker=SPP,SPX", "At linker=SPX there is no model"),
        ("deconjugation_rate_one=1,2 1/day", "plays no part in"),
    ],
)
def test_an_axis_that_makes_no_sense(text: str, problem: str) -> None:
    with pytest.raises(AdckitError) as caught:
        scan(MODEL, [text])
    assert problem in str(caught.value)


def test_an_alias_without_its_parameter_says_so() -> None:
    settings = {"host": "cynomolgus"}  # whose law has a rate for each load
    with pytest.raises(AdckitError, match="is the parameter 'deconjugation_rate', wh"):
        scan(MODEL, ["deconjugation=0.1,0.2 1/day"], settings=settings)


@pytest.mark.parametrize(
    ("over", "options", "problem"),
    [
        (["affinity=1,2 nM", "kd=3,4 nM"], {}, "both the axis 'dissociation_constant'"),
        (["affinity=1,2 nM", "affinity=3,4 nM"], {}, "Keep one of them"),
        ([], {}, "Nothing is varied"),
        (["affinity=1,2 nM"], {"points": 0}, "0 points make no axis"),
        (
            ["affinity=1,2 nM"],
            {"settings": {"dissociation_constant": "1 nM"}},
            "is scanned and set to 1 nM",
        ),
        (
            ["affinity=1..2 nM", "antigen=1e4..1e6", "dar=1..8"],
            {"points": 200},
            "These are 8,000,000 grid points; 250,000 are the most",
        ),
        (["dose=1,2 mg"], {"regimen": "none"}, "the regimen gives no dose"),
        (["dose=1,2 mg"], {"regimen": "8 mg load, 4 mg q3w x2"}, "several doses"),
        (
            ["dose=1,9 mg/kg"],
            {"regimen": "2 mg/kg once + carrier to 8 mg/kg"},
            "One of the doses scanned makes no sense",
        ),
        (["kill=occupancy,linear"], {"show": "kill,uptake"}, ""),
    ],
)
def test_scans_that_make_no_sense(
    over: list[str], options: dict[str, object], problem: str
) -> None:
    if not problem:  # a choice and a quantity may share a word, and no column
        assert scan(MODEL, over, days=1, **options).failed == 0  # type: ignore[arg-type]
        return
    with pytest.raises(AdckitError) as caught:
        scan(MODEL, over, **options)  # type: ignore[arg-type]
    assert problem in str(caught.value)


def test_all_problems_of_the_axes_come_together() -> None:
    with pytest.raises(AdckitError) as caught:
        scan(MODEL, ["affinity=1..2", "doze=1,2 mg", "dar=9"])
    said = str(caught.value).splitlines()
    assert said[0] == "The axes cannot be used:"
    assert len(said) == 4


# quantities


@pytest.mark.parametrize(
    ("show", "problem"),
    [
        ("penetration", "Add --set delivery=krogh"),
        ("conjugate", "is a curve, not one number. Write conjugate:cmax"),
        ("conjugate:aux", "Did you mean auc"),
        ("conjugat:auc", "Unknown output 'conjugat'. Did you mean conjugate"),
        ("killl", "Did you mean kill"),
        ("conjugate:at=900", "outside the simulation, which ends on day"),
        ("conjugate:at=soon", "does not say which day"),
        ("uptake,", "names nothing to show"),
    ],
)
def test_a_quantity_that_cannot_be_shown(show: str, problem: str) -> None:
    with pytest.raises(AdckitError) as caught:
        scan(MODEL, ["affinity=1,2 nM"], show, days=2)
    assert problem in str(caught.value)


def test_kill_needs_a_tumour() -> None:
    settings = {"delivery": "none"}
    with pytest.raises(AdckitError, match="it has no tumour"):
        scan(MODEL, ["clearance=0.1,0.2 L/day"], "kill", settings=settings)


def test_quantities_are_what_their_curves_say() -> None:
    result = scan(
        MODEL,
        ["affinity=0.5 nM"],
        ["uptake,kill", "conjugate:auc", "conjugate:at=7", "mean_dar:mean"]
        + [f"conjugate:{how}" for how in ("cmax", "cmin", "tmax", "last")],
        **SHORT,  # type: ignore[arg-type]
    )
    settings = {"dissociation_constant": "0.5 nM"}
    curves = adckit.simulate(MODEL, settings=settings, **SHORT)  # type: ignore[arg-type]
    time, conjugate = curves.times, curves.curve("conjugate")[0]
    payload = curves.curve("tumour_payload")[0]
    found = {name: float(result.quantity(name)[0]) for name in result.quantities}
    assert found["conjugate_cmax"] == pytest.approx(conjugate.max(), rel=1e-6)
    assert found["conjugate_cmin"] == conjugate.min() == 0
    assert found["conjugate_tmax"] == time[conjugate.argmax()]
    assert found["conjugate_last"] == pytest.approx(conjugate[-1], rel=1e-5)
    at_seven = conjugate[time == 7.0][0]
    assert found["conjugate_day_7"] == pytest.approx(at_seven, rel=1e-5)
    # the trapezoids of one grid, linear against logarithmic where a curve falls
    linear = np.trapezoid(conjugate, time)
    assert found["conjugate_auc"] == pytest.approx(linear, rel=2e-3)
    assert found["conjugate_auc"] < linear
    assert found["uptake"] == pytest.approx(np.trapezoid(payload, time), rel=2e-3)
    assert found["best_change"] == pytest.approx(curves.curve("tumor").min(), abs=1e-4)
    dose = curves.schedules[0].actions[0].value * (1.5 / 24)  # nmol
    peak = curves.curve("tumour_conjugate").max()
    assert found["percent_id_per_g"] == pytest.approx(peak / 10 / dose, rel=1e-5)
    assert 0 < found["cells_killed"] < 100
    assert 0 < found["mean_dar_mean"] < 3.5
    assert result.unit("conjugate_auc") == "ug d/mL"
    with pytest.raises(UnknownNameError):
        result.quantity("conjugate_aux")


# grids


def alone(regimen: str, settings: dict[str, str], output: str) -> float:
    result = adckit.simulate(MODEL, regimen, days=21, settings=settings)
    return float(result.curve(output).max())


def test_each_point_is_the_design_with_its_own_values() -> None:
    over = [
        "affinity=0.1,30 nM",
        "dar=2,4",
        "linker=SMCC,SPP",
        "dose=1,3 mg/kg",
        "carrier=0,5 mg/kg",
    ]
    show = "tumour_payload:cmax,total_antibody:cmax"
    result = scan(MODEL, over, show, regimen="2 mg/kg once", days=21)
    assert result.shape == (2,) * 5
    assert result.failed == 0
    for place in [(0, 0, 0, 0, 0), (1, 0, 1, 0, 1), (0, 1, 1, 1, 0), (1, 1, 0, 1, 1)]:
        kd, dar, linker, dose, carrier = (
            axis.values[i] for axis, i in zip(result.axes, place, strict=True)
        )
        words = f"{dose:g} mg/kg once"
        words += f" + carrier {carrier:g} mg/kg" if carrier else ""
        settings = {
            "dissociation_constant": f"{kd} nM",
            "dar": str(dar),
            "linker": str(linker),
        }
        for name in result.quantities:
            expected = alone(words, settings, name.removesuffix("_cmax"))
            # two runs of a solver with rtol 1e-6
            assert result.quantity(name)[place] == pytest.approx(expected, rel=2e-5)


def test_loads_share_their_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    simulate = scan_module.simulate

    def counted(*arguments, **options):  # type: ignore[no-untyped-def]
        result = simulate(*arguments, **options)
        sizes.append(len(result.subjects))
        return result

    monkeypatch.setattr(scan_module, "simulate", counted)
    scan(MODEL, ["dar=0,2,4,8", "affinity=1,2 nM"], **SHORT)  # type: ignore[arg-type]
    assert sizes == [1, 8]  # the design, and the whole grid


def test_chunks_change_nothing(
    grid: ScanResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_module, "_SMALLEST_CHUNK", 1)
    monkeypatch.setattr(scan_module, "_LARGEST_CHUNK", 2)
    told: list[tuple[int, int, int]] = []
    again = scan(
        MODEL,
        {"affinity": "0.1..10 nM 3 points", "antigen": [1e4, 1e6]},
        report=lambda *done: told.append(done),
        threads=1,
        **SHORT,  # type: ignore[arg-type]
    )
    np.testing.assert_array_equal(again.values, grid.values)
    assert told[-1] == (6, 0, 6)


def test_more_antigen_and_affinity_bring_more_payload(grid: ScanResult) -> None:
    uptake = grid.quantity("uptake")
    assert (uptake[:, 1] > uptake[:, 0]).all()
    assert (np.diff(uptake, axis=0) < 0).all()  # KD rises along the axis
    found = grid.extreme("uptake")
    assert found == (uptake.max(), {"affinity": 0.1, "antigen": 1e6})
    assert grid.place_text(found[1]) == "affinity 0.1 nM, antigen 1e+06 receptors/cell"


def test_the_design_is_known_on_its_axes(grid: ScanResult) -> None:
    affinity, antigen = grid.axes
    parameters = load_product(MODEL).blueprint.parameters
    assert affinity.design == parameters["dissociation_constant"].value
    assert antigen.design == parameters["receptors_per_cell"].value
    result = scan(MODEL, ["dose=1,2 mg/kg", "linker=SPP,SMCC", "dar=2,4"], days=1)
    assert [axis.design for axis in result.axes] == [3.6, "SMCC", 3.5]
    assert scan(MODEL, ["dose=1,2 mg/m2"], days=1).axes[0].design is None


def test_a_network_is_scanned_by_its_parameters() -> None:
    network = assemble(load_product(MODEL).blueprint)
    result = scan(network, ["affinity=1,2 nM"], "conjugate:cmax", **SHORT)  # type: ignore[arg-type]
    named = scan(MODEL, ["affinity=1,2 nM"], "conjugate:cmax", **SHORT)  # type: ignore[arg-type]
    np.testing.assert_array_equal(result.values, named.values)
    with pytest.raises(AdckitError, match="already built"):
        scan(network, ["dar=2,4"], "conjugate:cmax", **SHORT)  # type: ignore[arg-type]


def test_populations_of_cells_are_counted_together() -> None:
    """Two halves that are alike are the whole; each keeps its own receptors."""
    classes = {"one": (0.5, 1e5), "other": (0.5, 1e5)}
    tumour = assemble(mixed(classes))
    options = {"regimen": "1000 nmol once", "days": 21.0}
    over = "receptors_per_cell_one=1e4,1e5 receptors/cell"
    halves = scan(tumour, [over], "kill", **options).quantity("cells_killed")  # type: ignore[arg-type]
    plain = assemble(mixed({}, {"receptors_per_cell": "1e5 receptors/cell"}))
    whole = scan(plain, ["antigen=1e4,1e5"], "kill", **options)  # type: ignore[arg-type]
    killed = whole.quantity("cells_killed")
    assert halves[1] == pytest.approx(killed[1], rel=1e-3)
    assert halves[0] < killed[1]  # and the richer half takes from the poorer
    with pytest.raises(AdckitError, match="such as receptors_per_cell_one"):
        scan(tumour, ["antigen=1e4,1e5"], "kill", **options)  # type: ignore[arg-type]


def test_a_scan_of_a_plain_drug() -> None:
    result = scan("two-compartment", ["clearance=0.1,0.4 L/day"], "concentration:auc")
    auc = result.quantity("concentration_auc")
    assert auc[0] > auc[1]


@pytest.fixture(scope="module")
def failing() -> ScanResult:
    """Vessels without any distance between them: an exchange without limit."""
    over = ["krogh_radius=1e-300,75 um", "dar=2,4"]
    return scan(MODEL, over, "kill", **SHORT)  # type: ignore[arg-type]


def test_a_point_that_fails_is_a_row_with_a_reason(failing: ScanResult) -> None:
    assert failing.failed == 2
    assert np.isnan(failing.values[0]).all()
    assert np.isfinite(failing.values[1]).all()
    table = failing.to_pandas()
    assert list(table["status"] == "ok") == [False, False, True, True]
    assert all(table["reason"][:2].str.len() > 10)
    assert not any(table["reason"][2:])
    assert failing.extreme("cells_killed") is not None
    nowhere = replace(failing, values=np.full_like(failing.values, np.nan))
    assert nowhere.extreme("cells_killed") is None


def test_tables_and_datasets(grid: ScanResult) -> None:
    table = grid.to_pandas()
    assert list(table)[:4] == ["affinity", "antigen", "uptake", "percent_id_per_g"]
    assert len(table) == 6
    data = grid.to_xarray()
    assert dict(data.sizes) == {"affinity": 3, "antigen": 2}
    assert data["uptake"].attrs["units"] == "nM d"
    assert data["affinity"].attrs["units"] == "nM"
    np.testing.assert_array_equal(data["uptake"], grid.quantity("uptake"))
    assert table["uptake"].tolist() == grid.quantity("uptake").ravel().tolist()


# folders and pictures


def test_a_folder_holds_the_grid_and_can_be_read_again(
    failing: ScanResult, tmp_path: Path
) -> None:
    base = Request(MODEL, regimen="3.6 mg/kg once", days=21.0)
    request = ScanRequest(base, ("krogh_radius=1e-300,75 um", "dar=2,4"), ("kill",), 15)
    run = describe_scan(request, failing, "adckit scan")
    folder = open_scan_folder(tmp_path / "run", run)
    write_scan(folder, run, failing)
    write_scan_report(folder, run, failing)
    assert read_scan_run(folder) == run
    assert open_scan_folder(folder, run) == folder
    other = replace(run, identity="another")
    with pytest.raises(AdckitError, match="holds another run: adckit scan"):
        open_scan_folder(folder, other)
    table = read_table(folder / "scan.parquet")
    assert np.isnan(table["cells_killed"]).tolist() == [True, True, False, False]
    assert read_units(folder / "scan.parquet")["krogh_radius"] == "um"
    rows = list(csv.reader((folder / "scan.csv").read_text().splitlines()))
    assert rows[0][:3] == ["krogh_radius [um]", "dar", "cells_killed [%]"]
    assert rows[1][2] == ""
    assert compare_scan(folder, failing) == (0.0, 8, 0)
    page = (folder / "report.html").read_text()
    assert "Hatched: points that failed" in page
    assert failing.reasons()[0, 0] in page
    assert (folder / "scan.png").read_bytes()[:4] == b"\x89PNG"


def test_a_request_is_carried_out() -> None:
    base = Request(MODEL, regimen="3.6 mg/kg once", days=2.0)
    request = ScanRequest(base, ("affinity=1..2 nM",), ("conjugate:cmax",), 4)
    assert run_scan(request).shape == (4,)


@pytest.mark.parametrize(
    ("over", "panels"),
    [
        (["affinity=0.1..10 nM 3 points"], 4),
        (["linker=SPP,SMCC"], 4),
        (["dose=1,2,4 mg/kg", "linker=SPP,SMCC"], 4),
        (["dose=1..4 mg/kg 2 points", "dar=2..4 2 points"], 4),
        (["dose=1 mg/kg", "dar=2"], 4),
    ],
)
def test_every_kind_of_grid_is_drawn(over: list[str], panels: int) -> None:
    result = scan(MODEL, over, regimen="3.6 mg/kg once", days=7)
    figure = draw_scan(result)
    assert figure is not None
    titles = [axes.get_title("left") for axes in figure.axes]
    assert len([title for title in titles if title]) == panels
    figure.canvas.draw()


def test_failed_points_are_hatched_and_more_axes_have_no_picture(
    failing: ScanResult,
) -> None:
    figure = draw_scan(failing)
    assert figure is not None
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert len(hatched) == 2
    many = scan(MODEL, ["dar=2,4", "affinity=1,2 nM", "dose=1,2 mg/kg"], days=1)
    assert draw_scan(many) is None


def test_text_without_a_model() -> None:
    asked = read_axis("dose=1 g,500 mg")
    assert asked.numbers == (500.0, 1000.0)
    assert asked.unit == "mg"
