"""Products on cell lines of the library: what must be true of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adckit.errors import AdckitError, CardError, UnknownNameError
from adckit.library import list_parts, load_product
from adckit.library.culture import cell_line, lines_with
from adckit.prepared import prepare
from adckit.studies.assay import Assay, Protocol, run_assay

HER2_LINES = ("BT-474", "KPL-4", "N87", "SK-BR-3")
DENSE = {"seeded_cells": "20000 cells", "cells_2": "MDA-MB-468", "mix": "50%"}
BYSTANDER = Protocol(hours=96, doses="0.1, 1 ug/mL")


def on(cells: str, hours: float = 72, product: str = "T-DM1", **settings: str) -> Assay:
    return run_assay(product, cells, Protocol(hours=hours), settings=settings)


def test_skbr3_is_where_it_was_fitted_to() -> None:
    found = on("SK-BR-3", 48).lines[0]
    published = {seen.quantity: seen for seen in found.published}
    assert {seen.role for seen in found.published} == {"calibrated"}
    assert found.response.ic50 is not None
    assay_unit = found.response.ic50 * 0.1485  # nM to ug/mL
    assert 1 / 3 < assay_unit / published["ic50"].value < 3
    plateau = 100 * found.response.plateau
    assert plateau == pytest.approx(published["plateau"].value, abs=5)


def test_another_model_of_the_same_points_agrees() -> None:
    """The curve of another published model, in % at 0.00149 ... 3.25 ug/mL (D-6)."""
    other = [90.09, 76.39, 59.68, 44.17, 36.14, 32.30, 30.87, 30.39]
    doses = "0.00149, 0.0047, 0.013, 0.04, 0.114, 0.358, 1.09, 3.25 ug/mL"
    plan = Protocol(hours=48, doses=doses)
    found = run_assay("T-DM1", "SK-BR-3", plan).lines[0].viability
    # both pass through the digitised points within about ten points of viability
    np.testing.assert_allclose(100 * found, other, atol=11)


def test_the_plateau_is_made_by_time_and_kill_not_by_a_floor() -> None:
    plateaus = [
        on("SK-BR-3", hours).lines[0].viability[-1] for hours in (24, 48, 72, 120)
    ]
    assert (np.diff(plateaus) < -0.05).all()
    assert plateaus[-1] < 0.05
    faster = on("SK-BR-3", 48, maximum_kill_rate="2 1/day").lines[0].viability[-1]
    assert faster < 0.6 * plateaus[1]


@pytest.mark.parametrize("line", ["MDA-MB-468", "HCT-116"])
def test_lines_without_her2_need_more_than_100_nanomolar(line: str) -> None:
    plan = Protocol(doses="0.1..10000 nM")
    found = run_assay("T-DM1", line, plan).lines[0].response
    assert found.ic50 is not None
    assert found.ic50 > 100
    antigen = on("SK-BR-3").lines[0].response.ic50
    assert antigen is not None
    assert found.ic50 / antigen > 1000


@pytest.mark.parametrize("line", HER2_LINES)
def test_lines_with_her2_die_below_a_nanomolar(line: str) -> None:
    found = on(line).lines[0].response.ic50
    assert found is not None
    assert found < 1


def test_payload_that_crosses_membranes_kills_neighbours() -> None:
    left = {}
    for linker in ("SMCC", "SPP"):
        settings = {**DENSE, "linker": linker}
        assay = run_assay("T-DM1", "SK-BR-3", BYSTANDER, settings=settings)
        assert [line.line for line in assay.lines] == [
            "SK-BR-3",
            "MDA-MB-468",
            "all cells",
        ]
        assert assay.result.imbalance.max() < 1e-8
        left[linker] = [line.viability[-1] for line in assay.lines]
    assert max(left["SMCC"][0], left["SPP"][0]) < 0.1  # with antigen
    assert left["SMCC"][1] > 0.95  # without
    assert left["SPP"][1] < 0.5
    settings = {"linker": "SPP", "seeded_cells": "20000 cells"}
    alone = run_assay("T-DM1", "MDA-MB-468", BYSTANDER, settings=settings)
    assert alone.lines[0].viability[-1] > 0.95  # it takes neighbours


def test_a_mixture_counts_every_cell_once() -> None:
    assay = run_assay("T-DM1", "SK-BR-3", BYSTANDER, settings=DENSE)
    first, second, both = (line.cells for line in assay.lines)
    np.testing.assert_allclose(first + second, both, rtol=1e-12)
    np.testing.assert_allclose(first[:, 0], 10000)


def test_a_washout_saves_cells() -> None:
    plans = [Protocol(washout=hours) for hours in (1, 4, None)]
    areas = [
        run_assay("T-DM1", "SK-BR-3", plan).lines[0].response.auc for plan in plans
    ]
    assert areas[0] > areas[1] > areas[2]
    assert np.diff(areas).max() < -0.01


def test_dying_cells_count_less_for_dyes() -> None:
    total = on("SK-BR-3", 48).lines[0].viability
    plans = [
        Protocol(hours=48, readout="metabolic", dying_signal=x) for x in (0, 0.5, 1)
    ]
    dead, half, same = (
        run_assay("T-DM1", "SK-BR-3", p).lines[0].viability for p in plans
    )
    np.testing.assert_array_equal(same, total)
    assert (dead[8:] < half[8:]).all()
    assert (half[8:] < total[8:]).all()


def test_growth_rates_follow_viability() -> None:
    found = on("SK-BR-3", 48).lines[0]
    doublings = 1.0  # in 48 h
    expected = 2 ** (np.log2(2 * found.viability) / doublings) - 1
    # rtol of the simulation; a twentieth of it where growth crosses 0
    np.testing.assert_allclose(found.growth, expected, rtol=1e-6, atol=5e-8)


def test_every_well_is_in_the_result() -> None:
    assay = on("SK-BR-3", 48)
    assert assay.result.subjects[0] == "control"
    assert len(assay.result.subjects) == 18
    assert assay.result.failed == 0
    assert assay.result.imbalance.max() < 1e-8


@pytest.mark.parametrize("line", list_parts("cell_line"))
def test_every_line_stands_in_a_dish_with_what_it_carries(line: str) -> None:
    card = cell_line(line)
    assert card is not None
    products = {"HER2": "T-DM1", "CanAg": "cantuzumab-mertansine", "PSMA": "mln2704"}
    for target in card.for_target:
        product = load_product(products[target], settings={"cells": line})
        assert product.parts["cells"] == line
        assert product.parts["host"] == "dish"
        assert "tumour" not in product.parts
        assert product.tumours == ()
        assert product.blueprint.variant("delivery") == "medium"
    for seen in card.assays:
        product = load_product(seen.product, settings={"cells": line})
        assert seen.value in [one.value for one in product.assays]


def test_a_line_without_a_count_is_an_error_and_not_a_negative_line() -> None:
    with pytest.raises(CardError) as caught:
        on("COLO-205")
    said = str(caught.value)
    assert "Cell line 'COLO-205' has no number of HER2 per cell" in said
    assert "--set 'receptors_per_cell=1e5 receptors/cell'" in said
    for name in lines_with("HER2"):
        assert name in said
    given = on("COLO-205", receptors_per_cell="0 receptors/cell").lines[0]
    assert given.viability.min() > 0.95


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cells": "SK-BR-4"}, "Did you mean SK-BR-3"),
        (
            {"cells": "SK-BR-3", "tumour": "colorectal"},
            "Cells in a dish have no tumour",
        ),
        ({"cells": "SK-BR-3", "host": "mouse"}, "Cells in a dish have no host"),
        ({"host": "dish"}, "A dish is for a cell line. Say which: cells=SK-BR-3"),
        ({"cells": "SK-BR-3", "delivery": "none"}, "is 'none', but cells in a dish"),
        ({"cells": "SK-BR-3", "mix": "25%"}, "is about more than one line"),
        ({"cells_2": "SK-BR-3"}, "Give the first as cells=LINE"),
        ({"cells": "N87", "cells_2": "N87"}, "Line 'N87' is there twice"),
        ({"cells": "N87", "cells_2": "COLO-205"}, "receptors_per_cell_COLO_205=1e5"),
        (
            {"cells": "N87", "cells_2": "KPL-4", "mix": "half"},
            "does not share 2 lines. Write 50%",
        ),
        (
            {"cells": "N87", "cells_2": "KPL-4", "mix": "120%"},
            "leaves a line without cells",
        ),
        ({"cells": "N87", "cells_2": "KPL-4", "mix": "20,30"}, "not 100 % in sum"),
    ],
)
def test_dishes_that_make_no_sense(settings: dict[str, str], message: str) -> None:
    with pytest.raises(CardError, match=message):
        load_product("T-DM1", settings=settings)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hours": 0.0}, "0 hours are no assay"),
        ({"hours": float("nan")}, "nan hours are no assay"),
        ({"washout": 80.0}, "A washout after 80 h is not within the 72 h"),
        ({"dying_signal": 2.0}, "signal of a dying cell is 2; give 0 to 1"),
    ],
)
def test_protocols_that_make_no_sense(values: dict[str, float], message: str) -> None:
    with pytest.raises(AdckitError, match=message):
        Protocol(**values)  # type: ignore[arg-type]


def test_other_mistakes_are_named() -> None:
    with pytest.raises(UnknownNameError, match="Unknown readout 'dye'"):
        Protocol(readout="dye")
    with pytest.raises(AdckitError, match="has no culture medium"):
        run_assay("T-DM1")
    with pytest.raises(AdckitError, match="The washout is part of the protocol"):
        on("SK-BR-3", washout_time="4 h")


MINE = """\
based_on: SK-BR-3
name: resistant
summary: A subline with fewer receptors
parameters:
  cell_volume: {value: 3, unit: pL/cell, status: assumed, source: {citation: ours}}
for_target:
  HER2:
    parameters:
      receptors_per_cell:
        {value: 1e4, unit: receptors/cell, status: assumed, source: {citation: ours}}
assays:
  - {product: T-DM1, quantity: ic50, value: 2, unit: nM, role: predicted,
     source: {citation: ours}}
"""


def mine(folder: Path, text: str = MINE) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_line_of_the_users(tmp_path: Path) -> None:
    found, parent = on(mine(tmp_path)).lines[0], on("SK-BR-3").lines[0]
    assert found.line == "resistant"
    assert [seen.value for seen in found.published] == [2]
    assert found.response.auc > parent.response.auc + 0.1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("unit: nM", "unit: h", "'h' is no unit of 'ic50'. Write nM or ug/mL"),
        (
            "product: T-DM1",
            "product: T-DM2",
            "Unknown product 'T-DM2'. Did you mean T-DM1",
        ),
        ("quantity: ic50", "quantity: ic60", "'quantity' is 'ic60'"),
        ("summary: A subline", "sumary: A subline", "Unknown key 'sumary'"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(CardError) as caught:
        on(mine(tmp_path, MINE.replace(old, new)))
    assert message in str(caught.value)


def test_lines_that_cannot_share_a_dish_are_told(tmp_path: Path) -> None:
    settings = {"cells": "N87", "cells_2": mine(tmp_path)}
    with pytest.raises(
        CardError, match="Lines of one dish share 'cell_volume', which is"
    ):
        load_product("T-DM1", settings=settings)
    settings["cell_volume"] = "2.5 pL/cell"
    product = load_product("T-DM1", settings=settings)
    assert product.parts["cells"] == "N87 + resistant"
    assert product.assays == ()


def test_a_prepared_model_needs_no_name() -> None:
    ready = prepare("T-DM1", {"cells": "KPL-4", "medium": "constant"})
    found = run_assay(ready, protocol=Protocol(doses="1 nM"))
    assert found.lines[0].viability.shape == (1,)
    assert found.lines[0].response.fit is None


def test_a_prepared_model_must_fit_the_protocol() -> None:
    ready = prepare("T-DM1", {"cells": "KPL-4", "washout_time": "4 h"})
    with pytest.raises(AdckitError, match="The washout of the protocol is not that"):
        run_assay(ready)
    with pytest.raises(AdckitError, match="This model is prepared already"):
        run_assay(ready, "N87")
    washed = run_assay(ready, protocol=Protocol(washout=4, doses="0.01..100 nM"))
    assert washed.result.failed == 0
