"""Closed forms of delivery, cells, tubulin and growth.

B-11, B-17, B-22, B-23, B-26, B-27, B-33, B-36.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from adckit.engines.base import Engine
from adckit.mechanisms.assemble import assemble
from adckit.network.expr import ONE, Symbol
from adckit.network.network import Network
from adckit.network.parts import Port, Reaction, Species
from tests.blueprints import example
from tests.harness import TIGHT, Dose, Run, internal, run

STILL = {"doubling_time": 1e15}
"""Days; a tumour that does not grow within the tests."""
VOLUME = 2.4e-3  # L, of the example


def test_tumour_fills_to_the_accessible_concentration(engine: Engine) -> None:
    nothing = (
        "clearance",
        "deconjugation_rate",
        "receptors_per_cell",
        "pinocytosis_rate",
    )
    endless = 1e8  # L of plasma, so that its concentration is constant
    network = assemble(example(disposition="one-compartment", kill="none"))
    changed = {**dict.fromkeys(nothing, 0.0), **STILL, "central_volume": endless}
    times = np.array([0.1, 1.0, 3.0, 10.0])
    result = run(
        network, [Dose(100 * endless)], times.tolist(), engine, changed=changed
    )
    wall = 2 * internal(network, "antibody_permeability")
    wall *= (
        internal(network, "capillary_radius") / internal(network, "krogh_radius") ** 2
    )
    radius = (3 * VOLUME / (4 * math.pi)) ** (1 / 3)
    rate = wall + 6 * internal(network, "antibody_diffusivity") / radius**2
    space = 0.24
    expected = space * 100 * (1 - np.exp(-rate * times / space))
    found = result.state["interstitial_antibody"] / VOLUME
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_receptors_rest_without_drug_while_the_tumour_grows(engine: Engine) -> None:
    network = assemble(example(kill="none"))
    result = run(network, [], [0.0, 5.0, 50.0], engine)
    cells = internal(network, "cell_density") * result.output["tumour_volume"] * 1e-6
    surface = cells * internal(network, "receptors_per_cell")
    # ten times the tolerance, and room for the explicit method, which nobody would
    # take here: at its limit of stability rounding grows to the tolerance of a step
    near = 2 * 10 * TIGHT
    np.testing.assert_allclose(result.state["surface_receptor"], surface, rtol=near)
    inside = surface * 0.154 / (0.086 + 0.05)
    np.testing.assert_allclose(result.state["endosomal_receptor"], inside, rtol=near)


def with_payload_in_cells(network: Network) -> Network:
    """Another door: catabolite put straight into the cells."""
    return network.add(Port("cells", {"catabolite_intracellular": ONE}))


def test_tubulin_delays_the_exit_of_payload(engine: Engine) -> None:
    changed = {
        "tubulin_concentration": "10 uM",
        "tubulin_dissociation_constant": "0.93 uM",
        "catabolite_efflux_rate": "3.4 1/day",
        "tubulin_association_rate": "10 1/nM/h",  # always in equilibrium
    }
    network = with_payload_in_cells(assemble(example(changed=changed, kill="none")))
    cells = VOLUME  # L of cells: 5e8 cells/mL of 2 pL
    dose = Dose(0.1 * cells, port="cells")  # 0.1 nM, far below KD
    result = run(network, [dose], [1.0, 6.0], engine, changed=STILL)
    held = result.output["tumour_payload"]
    slope = math.log(held[0] / held[1]) / 5
    # the law holds for quasi-equilibrium, to first order in exit over binding
    assert slope == pytest.approx(3.4 / (1 + 10 / 0.93), rel=1e-3)


def test_closed_cell_comes_to_equilibrium(engine: Engine) -> None:
    network = with_payload_in_cells(assemble(example(kill="none")))
    changed = {**STILL, "catabolite_efflux_rate": 0.0}
    cells = VOLUME
    given = 15_000 * cells  # nM times L, half of all sites
    result = run(network, [Dose(given, port="cells")], [30.0], engine, changed=changed)
    free = result.state["catabolite_intracellular"][0] / cells
    bound = result.state["catabolite_tubulin"][0] / cells
    assert free + bound == pytest.approx(15_000, rel=1e-9)
    assert bound == pytest.approx(20_000 * free / (930 + free), rel=1e-8)
    assert result.output["occupancy"][0] == pytest.approx(bound / 20_000, rel=1e-12)


def growing(
    changed: dict[str, str], kill: str = "none", growth: str = "simeoni"
) -> Network:
    """A tumour alone, fed by plasma if at all; one compartment that keeps its drug."""
    kept = {"clearance": "0 L/day", "deconjugation_rate": "0 1/day"}
    return assemble(
        example(
            changed=kept | changed,
            without=("carrying_capacity",) if growth != "logistic" else (),
            disposition="one-compartment",
            delivery="plasma",
            payload="none",
            kill=kill,
            growth=growth,
        )
    )


def test_small_tumours_double_and_large_ones_grow_by_a_constant(
    engine: Engine,
) -> None:
    small = growing({"initial_tumour_volume": "0.01 mm3"})
    times = [10.0, 50.0]
    result = run(small, [], times, engine)
    expected = 0.01 * 2 ** (result.times / 25)
    np.testing.assert_allclose(result.output["tumour_volume"], expected, rtol=1e-8)
    large = run(growing({"initial_tumour_volume": "1000 mL"}), [], times, engine)
    expected = 1e6 + 621 * large.times
    np.testing.assert_allclose(large.output["tumour_volume"], expected, rtol=1e-8)


def test_exponential_growth(engine: Engine) -> None:
    result = run(growing({}, growth="exponential"), [], [25.0, 100.0], engine)
    np.testing.assert_allclose(result.output["tumour_volume"], [4800, 38400], rtol=1e-8)


def test_logistic_growth(engine: Engine) -> None:
    network = growing({"carrying_capacity": "10 mL"}, growth="logistic")
    result = run(network, [], [10.0, 40.0, 200.0], engine)
    grown = np.exp(math.log(2) / 25 * result.times)
    expected = 2400 * grown / (1 + 2400 * (grown - 1) / 10_000)
    np.testing.assert_allclose(result.output["tumour_volume"], expected, rtol=1e-7)


def test_static_concentration_holds_the_viable_tumour(engine: Engine) -> None:
    network = growing(
        {"plasma_kill_constant": "0.001 1/nM/day"}, "plasma", "exponential"
    )
    static = math.log(2) / 25 / 0.001  # nM of conjugate
    fraction = 1 - 0.02  # of the product carries payload
    dose = Dose(static * 3.1 / fraction)
    result = run(network, [dose], [1.0, 10.0, 100.0], engine)
    np.testing.assert_allclose(result.state["viable_tumour"], VOLUME, rtol=1e-7)


def test_dying_takes_three_stages_of_equal_length(engine: Engine) -> None:
    network = growing(
        {"plasma_kill_constant": "0.001 1/nM/day"}, "plasma", "exponential"
    )
    stages = [Symbol(f"dying_tumour_{n}") for n in (1, 2, 3)]
    dying = stages[0] + stages[1] + stages[2]
    network = network.add(
        Species("volume_days", "L*day", scale=ONE * 1e-9),
        Reaction("volume_days_passed", dying, {"volume_days": 1}),
    )
    result = run(network, [Dose(1e4)], [200.0], engine, changed=STILL)
    mean_time = result.state["volume_days"][0] / VOLUME
    assert mean_time == pytest.approx(3 / 0.5, rel=1e-6)


OUTPUTS = ("tumour_volume", "tumour_payload", "occupancy", "tumour_conjugate")


def assert_same(one: Run, other: Run, outputs: tuple[str, ...] = OUTPUTS) -> None:
    for name in outputs:
        np.testing.assert_allclose(
            other.output[name], one.output[name], rtol=1e-8, err_msg=name
        )


DOSES = [Dose(1600, duration=1 / 16), Dose(800, time=7)]
TIMES = [1.0, 7.0, 21.0]


def test_fewer_larger_cells_are_the_same_tumour(engine: Engine) -> None:
    factor = 4.0
    network = assemble(example())
    larger = ("cell_volume", "receptors_per_cell", "pinocytosis_rate")
    fewer = ("cell_density", "cells_at_cure")
    changed = {name: internal(network, name) * factor for name in larger}
    changed |= {name: internal(network, name) / factor for name in fewer}
    assert_same(
        run(network, DOSES, TIMES, engine),
        run(network, DOSES, TIMES, engine, changed=changed),
    )


def test_units_of_a_card_do_not_matter(engine: Engine) -> None:
    other = {
        "dissociation_constant": "300 pM",
        "association_rate": "102777.777777777778 1/M/s",
        "clearance": "10 mL/h",
        "central_volume": "3100 mL",
        "complex_internalisation_rate": "2.16 1/day",
        "tubulin_concentration": "20000 nM",
        "initial_tumour_volume": "2400 mm3",
        "receptors_per_cell": "1.6605390671738465e-9 nmol/cell",
    }
    assert_same(
        run(assemble(example()), DOSES, TIMES, engine),
        run(assemble(example(changed=other)), DOSES, TIMES, engine),
    )


def test_without_uptake_nothing_is_released_inside(engine: Engine) -> None:
    nothing = (
        "complex_internalisation_rate",
        "pinocytosis_rate",
        "released_influx_rate",
    )
    changed = dict.fromkeys(nothing, 0.0)
    result = run(assemble(example()), DOSES, TIMES, engine, changed=changed)
    assert result.state["bound_antibody"].min() > 0
    assert abs(result.output["tumour_payload"]).max() < 1e-15


def test_more_antigen_brings_more_payload(engine: Engine) -> None:
    network = assemble(example(kill="none"))
    few = internal(network, "receptors_per_cell") / 10
    runs = [
        run(network, DOSES, TIMES, engine, changed={"receptors_per_cell": number})
        for number in (few, 10 * few)
    ]
    low, high = (r.output["tumour_payload"] for r in runs)
    assert (high > low).all()


def test_plasma_delivery_takes_from_the_pool_that_is_dosed(engine: Engine) -> None:
    network = assemble(example(delivery="plasma"))
    none = {"receptors_per_cell": 0.0, "pinocytosis_rate": 0.0}
    with_cells = run(network, DOSES, TIMES, engine)
    without = run(network, DOSES, TIMES, engine, changed=none)
    missing = without.output["total_antibody"] - with_cells.output["total_antibody"]
    assert (missing > 0).all()
