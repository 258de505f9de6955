"""The report of a Krogh cylinder: its numbers, table, heat maps and slider."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adckit.io.profiles import profile_table, profile_units
from adckit.io.request import Request, carry_out
from adckit.io.runs import describe_run
from adckit.prepared import prepare
from adckit.report.collecting import collect_figures
from adckit.report.html import render_report
from adckit.report.panels import Figures
from adckit.report.pictures import draw
from adckit.report.rings import tissue_heading, tissue_rows
from adckit.report.rings_page import ring_data, unpacked
from adckit.studies.assumptions import rank_assumptions
from adckit.studies.case import Case
from adckit.studies.tissue import Supply, Tissue, tissue_of

RINGS, SPACINGS = 10, 3
REQUEST = Request(
    "T-DM1",
    settings={
        "delivery": "krogh",
        "radial_cells": str(RINGS),
        "spacings": str(SPACINGS),
    },
)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return carry_out(REQUEST, assumptions=False)


@pytest.fixture(scope="module")
def tissue(cases: list[Case]) -> Tissue:
    found = tissue_of(cases[0].result)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def figures(cases: list[Case]) -> Figures:
    return collect_figures(cases)


def test_shares_of_rings_are_the_tissue(tissue: Tissue) -> None:
    assert tissue.shares.shape == (SPACINGS, RINGS)
    assert tissue.shares.sum() == pytest.approx(1.0)
    assert tissue.weights == pytest.approx([1 / 6, 2 / 3, 1 / 6])
    assert np.all(np.diff(tissue.middles, axis=1) > 0)
    assert np.all(tissue.middles > tissue.capillary)


def test_antibody_of_rings_adds_up_to_that_of_its_penetration(
    cases: list[Case], tissue: Tissue
) -> None:
    """Penetration is the model's own; profiles and shares give the same."""
    held = tissue.profiles["antibody_in_ring"]
    total = (held * tissue.shares).sum(axis=(1, 2))
    squares = (held**2 * tissue.shares).sum(axis=(1, 2))
    late = cases[0].result.times > 1
    expected = 100 * total[late] ** 2 / squares[late]
    found = cases[0].result.curve("penetration")[0, late]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_phi_and_thiele_are_least_at_cmax(cases: list[Case], tissue: Tissue) -> None:
    result = cases[0].result
    assert tissue.peak is not None
    assert tissue.trough is not None
    cycle = (result.times > 0) & (result.times <= 21)
    antibody = result.curve("total_antibody")[0]
    assert tissue.peak.day == result.times[cycle][np.argmax(antibody[cycle])]
    assert tissue.trough.day == 21
    assert tissue.trough.phi > tissue.peak.phi
    ratio = antibody[cycle].max() / antibody[result.times == 21][0]
    assert tissue.trough.phi / tissue.peak.phi == pytest.approx(ratio)
    assert tissue.trough.thiele > tissue.peak.thiele


@pytest.mark.parametrize(
    ("peak", "trough", "rim_from", "words"),
    [
        (0.1, 0.2, None, "Phi stays below 0.3: supply far exceeds uptake"),
        (0.1, 0.9, None, "Phi stays below 1: supply is enough"),
        (0.1, 4.0, 8.25, "above 1 from day 8.25, when only a rim"),
        (2.0, 4.0, 1.0, "Phi is above 1 even at Cmax"),
    ],
)
def test_verdict_follows_phi(
    tissue: Tissue, peak: float, trough: float, rim_from: float | None, words: str
) -> None:
    changed = replace(
        tissue,
        peak=Supply(1.0, 0.1, peak),
        trough=Supply(21.0, 0.1, trough),
        rim_from=rim_from,
    )
    assert words in changed.verdict
    assert "% of the payload of those at the capillary" in changed.verdict


def test_without_a_dose_there_are_no_numbers_of_a_cycle() -> None:
    settings = {"delivery": "krogh", "radial_cells": "10"}
    request = Request("T-DM1", regimen="0 mg/kg once", settings=settings, days=2.0)
    case = carry_out(request, assumptions=False)[0]
    tissue = tissue_of(case.result)
    assert tissue is not None
    assert tissue.verdict == "No dose is given."
    assert [row.name for row in tissue_rows(tissue)] == ["Damköhler number"]
    figures = collect_figures([case])
    assert all(np.isfinite(m.high) and m.high > m.low for m in figures.rings[0].maps)


def test_heading_and_rows(tissue: Tissue) -> None:
    heading = "Inside the tumour (Krogh cylinders, 3 spacings of 10 rings)"
    assert tissue_heading(tissue) == heading
    names = [row.name for row in tissue_rows(tissue)]
    assert names[0] == "Damköhler number"
    assert "Phi at trough (day 21)" in names
    assert names[-1] == "Payload in the farthest cells, first cycle"


def test_table_of_profiles_is_long(cases: list[Case], tissue: Tissue) -> None:
    table = profile_table(cases)
    times = len(tissue.times)
    assert {len(column) for column in table.values()} == {times * SPACINGS * RINGS}
    row = (40 * SPACINGS + 1) * RINGS + 7
    assert table["time"][row] == tissue.times[40]
    assert (table["spacing"][row], table["ring"][row]) == (2, 8)
    assert table["radius"][row] == tissue.middles[1, 7]
    assert table["weight"][row] == pytest.approx(2 / 3)
    for name, values in tissue.profiles.items():
        assert table[name][row] == values[40, 1, 7]
    units = profile_units(cases)
    assert units["radius"] == "um"
    assert units["antibody_in_ring"] == "nM"
    assert units["kill_in_ring"] == "1/day"


def test_well_mixed_tumours_have_none_of_it() -> None:
    cases = carry_out(Request("T-DM1", days=2.0), assumptions=False)
    assert profile_table(cases) == {}
    assert collect_figures(cases).rings == ()
    page = page_of(Request("T-DM1", days=2.0), cases)
    assert "Krogh" not in page
    assert 'id="rings"' not in page


def page_of(request: Request, cases: list[Case]) -> str:
    run = describe_run(request, cases, "adckit simulate T-DM1")
    return render_report(run, cases, collect_figures(cases), Path("runs/1"))


def test_page_has_the_slider_and_its_data(cases: list[Case]) -> None:
    page = page_of(REQUEST, cases)
    assert page.count('<figure class="rings" data-rings="0">') == 1
    assert 'id="rings"' in page
    assert "aria-valuetext" in page
    assert "Inside the tumour (Krogh cylinders, 3 spacings of 10 rings)" in page


def test_data_of_the_slider_are_the_profiles(figures: Figures) -> None:
    rings = figures.rings[0]
    data = ring_data(rings)
    assert len(data["times"]) == 120
    assert data["rings"] == RINGS
    assert 0 < data["times"][data["start"]] <= 21
    days = np.array(data["times"])
    kept = np.abs(rings.times[:, None] - days).argmin(axis=0)
    # days are rounded to five digits
    np.testing.assert_allclose(rings.times[kept], days, rtol=5e-5)
    for heat, packed in zip(rings.maps, data["maps"], strict=True):
        values = unpacked(packed).reshape(120, SPACINGS, RINGS)
        truth = heat.values[kept]
        if heat.logarithmic:
            seen = truth >= heat.low
            # half a step of a scale of three decades
            np.testing.assert_allclose(values[seen], truth[seen], rtol=1e-4)
            assert np.all(values[~seen] == 0)
        else:
            np.testing.assert_allclose(values, truth, atol=1e-5 * heat.high)


def test_many_rings_are_averaged_for_the_page(figures: Figures) -> None:
    rings = figures.rings[0]
    wide = replace(
        rings,
        distances=np.repeat(rings.distances, 12, axis=1)[:, :121],
        maps=tuple(
            replace(m, values=np.repeat(m.values, 12, axis=2)) for m in rings.maps
        ),
    )
    data = ring_data(wide)
    assert data["rings"] == 60
    usual = unpacked(ring_data(rings)["maps"][3]).reshape(-1, RINGS)
    np.testing.assert_allclose(
        unpacked(data["maps"][3]).reshape(-1, 60)[:, ::6], usual, atol=2e-3
    )


def test_heat_maps_are_drawn(figures: Figures, tmp_path: Path) -> None:
    drawn = draw(figures, tmp_path)
    picture = tmp_path / "rings.png"
    assert picture in drawn
    # a row of maps for every spacing
    height = int.from_bytes(picture.read_bytes()[20:24], "big")
    assert height > 1200


def test_few_rings_rank_assumptions_as_many_do() -> None:
    """After one dose; where a tumour just holds its size, best change moves more."""
    times = np.linspace(0.5, 21.0, 42)
    found = []
    for rings in ("20", "10"):
        settings = {"delivery": "krogh", "radial_cells": rings}
        ready = prepare("T-DM1", settings)
        if rings == "20":  # without its product it cannot be made coarser
            ready = replace(ready, product=None)
        ranked = rank_assumptions(ready, "3.6 mg/kg once", times, rtol=1e-6)
        found.append({i.parameter.name: i.effects for i in ranked})
    many, few = found
    for name, effects in few.items():
        for headline, change in effects.items():
            assert change == pytest.approx(many[name][headline], abs=0.1), name
