"""Cells in a dish: nothing is lost, and limits that need no simulation (A8, B-32)."""

from __future__ import annotations

import numpy as np
import pytest

from adckit.engines.base import Engine
from adckit.errors import ModelError
from adckit.mechanisms.assemble import assemble
from adckit.mechanisms.blueprint import Blueprint, CellPopulation
from adckit.mechanisms.medium import seeded
from adckit.network.network import Network
from tests.blueprints import example, parameter
from tests.harness import Dose, Run, run

DISH = {
    "doubling_time": "2 day",
    "maximum_kill_rate": "2 1/day",
    "transit_rate": "6 1/day",
}
DOSE = [Dose(1e-4, port="medium")]  # 1 nM in 100 uL
TIMES = [0.0, 0.25, 0.4, 0.42, 1.0, 2.0, 4.0]
WASHED = {"washout_time": "10 h"}


def dish(changed: dict[str, str] | None = None, **choices: str) -> Blueprint:
    """The example's cells in a dish."""
    values = {**DISH, **(changed or {})}
    return example(
        changed=values, delivery="medium", **{"growth": "exponential", **choices}
    )


def lost(result: Run) -> float:
    """Largest relative error of a moiety at any time."""
    content = result.content()
    scale = np.maximum(np.abs(result.dosed[-1]), np.abs(content[0]))
    error = np.abs(content - content[0] - result.dosed) / scale
    return float(error.max())


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"form": "species"},
        {"deconjugation": "shared"},
        {"cell": "bulk"},
        {"medium": "constant"},
        {"medium": "constant", "form": "species"},
        {"growth": "logistic"},
        {"kill": "none"},
        {"kill": "plasma"},
    ],
    ids=str,
)
def test_totals_stay_what_was_dosed(engine: Engine, choices: dict[str, str]) -> None:
    changed = {**WASHED, "confluent_cells": "20000 cells"}
    result = run(assemble(dish(changed, **choices)), DOSE, TIMES, engine)
    assert lost(result) < 1e-8
    for name in ("antibody_washed_away", "payload_washed_away"):
        assert result.state[name][2] == 0
        assert result.state[name][-1] > 0


def test_a_washout_takes_the_medium_and_leaves_the_cells(engine: Engine) -> None:
    result = run(assemble(dish(WASHED)), DOSE, TIMES, engine)
    washed, bound = result.output["total_antibody_nM"], result.state["bound_antibody"]
    before, after = TIMES.index(0.4), TIMES.index(0.42)
    assert washed[after] < 0.05 * washed[before]
    assert bound[after] > 0.8 * bound[before]
    taken = result.state["antibody_washed_away"][after]
    assert taken == pytest.approx(washed[before] * 1e-4, rel=0.05)  # nM in 100 uL


def test_cells_empty_a_small_well(engine: Engine) -> None:
    many = {"seeded_cells": "50000 cells", "medium_volume": "20 uL"}
    left = run(assemble(dish(many)), DOSE, TIMES, engine).output["total_antibody_nM"]
    assert left[-1] < 0.2 * 5  # of 5 nM in 20 uL
    constant = assemble(dish(many, medium="constant"))
    held = run(constant, DOSE, TIMES, engine).output["total_antibody_nM"]
    np.testing.assert_allclose(held[1:], 5, rtol=1e-9)


def test_cells_without_drug_double_on_time(engine: Engine) -> None:
    network = assemble(dish())
    cells = run(network, [], TIMES, engine).output["cells"]
    np.testing.assert_allclose(cells, 5000 * 2 ** (np.array(TIMES) / 2), rtol=1e-8)


def test_a_full_dish_stops_growing(engine: Engine) -> None:
    changed = {"confluent_cells": "20000 cells"}
    network = assemble(dish(changed, growth="logistic"))
    cells = run(network, [], [0.0, 5.0, 60.0], engine).output["cells"]
    grown = np.exp(np.log(2) / 2 * 5)
    expected = 5000 * grown / (1 + 0.25 * (grown - 1))  # the logistic function (B-27)
    assert cells[1] == pytest.approx(expected, rel=1e-7)
    assert cells[2] == pytest.approx(20000, rel=1e-6)


def untouched() -> dict[str, str]:
    """No way for drug into a cell."""
    return {
        "receptors_per_cell": "0 receptors/cell",
        "pinocytosis_rate": "0 pL/h/cell",
        "released_influx_rate": "0 1/day",
    }


def test_cells_that_take_up_nothing_live_as_the_control(engine: Engine) -> None:
    network = assemble(dish(untouched()))
    control = run(network, [], TIMES, engine)
    treated = run(network, [Dose(1.0, port="medium")], TIMES, engine)
    np.testing.assert_allclose(
        treated.output["cells"], control.output["cells"], rtol=1e-8
    )


def test_antigen_independent_kill_is_that_of_pinocytosis(engine: Engine) -> None:
    changed = {**untouched(), "pinocytosis_rate": "0.02 pL/h/cell"}
    network = assemble(dish(changed))
    control = run(network, [], TIMES, engine).output["cells"][-1]
    treated = run(network, [Dose(1.0, port="medium")], TIMES, engine).output["cells"]
    assert treated[-1] < 0.5 * control


def test_more_receptors_never_save_a_cell(engine: Engine) -> None:
    network = assemble(dish({"receptors_per_cell": "1 receptors/cell"}))
    left = [
        run(
            network,
            [Dose(1e-5, port="medium")],
            [0.0, 3.0],
            engine,
            changed={"receptors_per_cell": count / 6.02214076e14},
        ).output["cells"][-1]
        for count in (0.0, 1e3, 1e4, 1e5, 3e5, 1e6, 3e6)
    ]
    assert (np.diff(left) <= 1e-9 * np.array(left[:-1])).all()
    assert left[-1] < 0.8 * left[0]


def test_the_number_of_cells_cancels_where_the_medium_scales(engine: Engine) -> None:
    """Ten times the cells in ten times the medium is ten dishes (B-33)."""
    one = run(assemble(dish()), DOSE, TIMES, engine)
    ten = {"seeded_cells": "50000 cells", "medium_volume": "1 mL"}
    many = run(assemble(dish(ten)), [Dose(1e-3, port="medium")], TIMES, engine)
    np.testing.assert_allclose(many.output["cells"], 10 * one.output["cells"], 1e-8)
    np.testing.assert_allclose(
        many.output["occupancy"], one.output["occupancy"], 1e-8, 1e-14
    )


def mixed(order: tuple[str, str]) -> Network:
    """Two lines of the same cells in one dish, in either order."""
    blueprint = dish()
    shares = {"left": "0.3", "right": "0.7"}
    values = [parameter(f"share_{name}", shares[name]) for name in order]
    values += [
        parameter(f"receptors_per_cell_{n}", "1e6 receptors/cell") for n in order
    ]
    kinds = tuple(CellPopulation(name, name) for name in order)
    blueprint = blueprint.with_parameters(*values)
    return assemble(
        Blueprint(
            blueprint.name,
            blueprint.parameters,
            blueprint.load,
            blueprint.species,
            blueprint.variants,
            populations=kinds,
        )
    )


def test_lines_that_are_alike_share_the_fate_of_one(engine: Engine) -> None:
    alone = run(assemble(dish()), DOSE, TIMES, engine).output
    for order in (("left", "right"), ("right", "left")):
        result = run(mixed(order), DOSE, TIMES, engine)
        assert lost(result) < 1e-8
        both = result.output
        np.testing.assert_allclose(both["cells"], alone["cells"], 1e-7)
        np.testing.assert_allclose(both["cells_left"], 0.3 * alone["cells"], 1e-7)
        np.testing.assert_allclose(
            both["viable_cells_right"], 0.7 * alone["viable_cells"], 1e-7
        )


def test_the_size_of_the_culture_follows_from_its_cells() -> None:
    derived = seeded(dish({"confluent_cells": "20000 cells"})).parameters
    assert derived["initial_tumour_volume"].internal == pytest.approx(5000 * 2e-12)
    assert derived["carrying_capacity"].internal == pytest.approx(20000 * 2e-12)
    assert derived["cell_density"].internal == pytest.approx(5e11)  # per L
    assert seeded(example()) == example()


def test_a_dish_has_no_organs() -> None:
    with pytest.raises(ModelError, match="a dish has no organs; leave them out"):
        assemble(dish().with_organs("liver"))
