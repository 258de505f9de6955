"""Populations of tumour cells in one interstitium: B-01, B-02, B-18, B-24, B-25."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from adckit.engines.base import Engine
from adckit.mechanisms.assemble import assemble
from adckit.molecules.load import DrugLoad
from adckit.network.checks import check
from adckit.network.moieties import conserved_moieties, stoichiometry
from adckit.network.system import build_system
from tests.blueprints import BROAD, example, mixed
from tests.harness import Dose, run

DOSES = [Dose(1600, duration=1 / 16), Dose(800, time=7)]
TIMES = [1.0, 7.0, 21.0, 60.0]
HALF = {"positive": (0.5, 1e6), "negative": (0.5, 0.0)}
THREE = {"strong": (0.5, 1e6), "weak": (0.3, 1e5), "negative": (0.2, 0.0)}
IMPERMEABLE = {"released_influx_rate": "0 1/day"}
NO_DRINKING = {"pinocytosis_rate": "0 pL/h/cell"}
OUTPUTS = ("tumour_volume", "tumour_payload", "occupancy", "tumour_conjugate")


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"cell": "bulk"},
        {"form": "species"},
        {"kill": "none"},
        {"kill": "plasma", "delivery": "plasma"},
        {"growth": "logistic", "kill": "linear"},
        {"delivery": "plasma", "kill": "concentration"},
    ],
    ids=str,
)
def test_several_populations_make_a_sound_network(choice: dict[str, str]) -> None:
    network = assemble(mixed(THREE, **choice))
    check(network)
    matrix = stoichiometry(network)
    for moiety in network.moieties():
        held = [Fraction(s.content.get(moiety, 0)) for s in network.species]
        for column in range(len(network.reactions)):
            rows = zip(held, matrix, strict=True)
            assert sum(w * row[column] for w, row in rows if w) == 0


def test_only_the_moieties_and_the_sums_of_volumes_are_conserved() -> None:
    network = assemble(mixed(THREE))
    sums = 1 + len(THREE)  # of the tumour and of each population
    assert len(conserved_moieties(network)) == 3 + sums


def test_volumes_that_are_sums_stay_sums(engine: Engine) -> None:
    result = run(assemble(mixed(THREE)), DOSES, TIMES, engine)
    stages = ("viable_tumour_{}", *(f"dying_tumour_{{}}_{n}" for n in (1, 2, 3)))
    total = 0
    for name in THREE:
        held = sum(result.state[stage.format(name)] for stage in stages)
        found = result.state[f"total_tumour_volume_{name}"]
        np.testing.assert_allclose(found, held, rtol=1e-11)  # rounding of many steps
        total = total + held
    np.testing.assert_allclose(result.output["tumour_volume"] * 1e-6, total, rtol=1e-11)


@pytest.mark.parametrize("choice", [{}, {"cell": "bulk"}, {"form": "species"}], ids=str)
def test_totals_stay_what_was_dosed_while_cells_die(
    engine: Engine, choice: dict[str, str]
) -> None:
    network = assemble(mixed(THREE, **choice))
    result = run(network, DOSES, [0.0, *TIMES], engine)
    assert result.state["dying_tumour_weak_3"].max() > 0
    infused = np.minimum(result.times / DOSES[0].duration, 1) * DOSES[0].amount
    brought = result.dosed.copy()
    for moiety, carried in (("antibody", 1.0), ("payload", DrugLoad(BROAD).mean)):
        brought[:, result.system.moieties.index(moiety)] += infused * carried
    content = result.content()
    scale = np.maximum(np.abs(brought[-1]), np.abs(content[0]))
    error = np.abs(content - content[0] - brought) / np.maximum(scale, 1e-30)
    assert error.max() < 1e-8


@pytest.mark.parametrize("choice", [{}, {"cell": "bulk"}], ids=str)
def test_two_populations_that_are_alike_are_one(
    engine: Engine, choice: dict[str, str]
) -> None:
    alike = {"some": (0.3, 1e6), "others": (0.7, 1e6)}
    one = run(assemble(example(**choice)), DOSES, TIMES, engine)
    two = run(assemble(mixed(alike, **choice)), DOSES, TIMES, engine)
    for name in OUTPUTS:
        np.testing.assert_allclose(two.output[name], one.output[name], rtol=1e-8)
    np.testing.assert_allclose(
        two.output["occupancy_some"], one.output["occupancy"], rtol=1e-8
    )
    np.testing.assert_allclose(
        two.output["tumour_volume_others"], one.output["tumour_volume"] * 0.7, rtol=1e-8
    )


def test_names_of_populations_mean_nothing(engine: Engine) -> None:
    first = {"a": (0.3, 1e6), "b": (0.7, 1e5)}
    second = {"a": (0.7, 1e5), "b": (0.3, 1e6)}
    one, two = (
        run(assemble(mixed(classes)), DOSES, TIMES, engine)
        for classes in (first, second)
    )
    for name in OUTPUTS:
        # sums in another order; the engines' own error is 1e-10
        np.testing.assert_allclose(two.output[name], one.output[name], rtol=1e-9)
    for here, there in (("a", "b"), ("b", "a")):
        for stem in ("tumour_volume", "occupancy", "tumour_payload"):
            np.testing.assert_allclose(
                two.output[f"{stem}_{there}"], one.output[f"{stem}_{here}"], rtol=1e-9
            )


def test_cells_without_antigen_and_permeability_only_drink(engine: Engine) -> None:
    negative = assemble(mixed(HALF, changed=IMPERMEABLE))
    states = build_system(negative).states
    assert "surface_receptor_positive" in states
    for name in ("surface_receptor", "endosomal_receptor", "bound", "endosomal"):
        assert not [s for s in states if s.startswith(f"{name}_negative")]
    drunk = run(negative, DOSES, TIMES, engine)
    assert drunk.output["tumour_payload_negative"].min() > 0
    dry = run(assemble(mixed(HALF, IMPERMEABLE | NO_DRINKING)), DOSES, TIMES, engine)
    volumes = ("viable_tumour_negative", "total_tumour_volume_negative")
    for name, curve in dry.state.items():
        if name.endswith("_negative") and name not in volumes:
            assert not curve.any(), name
    assert dry.output["tumour_payload_positive"].min() > 0


def test_zero_receptors_are_the_same_as_none(engine: Engine) -> None:
    almost = {"positive": (0.5, 1e6), "negative": (0.5, 1.0)}
    none = run(assemble(mixed(HALF)), DOSES, TIMES, engine)
    zero = run(
        assemble(mixed(almost)),
        DOSES,
        TIMES,
        engine,
        changed={"receptors_per_cell_negative": 0.0},
    )
    assert not zero.state["bound_negative_antibody"].any()
    for name in (*OUTPUTS, "tumour_payload_negative"):
        np.testing.assert_allclose(zero.output[name], none.output[name], rtol=1e-8)


def test_a_tumour_without_antigen_dies_of_what_it_drinks_alone(engine: Engine) -> None:
    none = {"a": (0.4, 0.0), "b": (0.6, 0.0)}
    nothing = {"receptors_per_cell": 0.0}
    single = run(assemble(example()), DOSES, TIMES, engine, changed=nothing)
    several = run(assemble(mixed(none)), DOSES, TIMES, engine)
    for name in OUTPUTS:
        np.testing.assert_allclose(
            several.output[name], single.output[name], rtol=1e-8, err_msg=name
        )


def test_endless_permeability_makes_all_cells_equal(engine: Engine) -> None:
    fast = {
        f"{s}_{way}_rate": "1e9 1/day"
        for s in ("released", "catabolite")
        for way in ("influx", "efflux")
    }
    network = assemble(mixed(HALF, changed=fast | NO_DRINKING))
    result = run(network, DOSES, TIMES, engine, rtol=1e-9)
    for species in ("released", "catabolite"):
        inside, outside = (
            result.state[f"{species}_intracellular_{name}"]
            / result.output[f"tumour_volume_{name}"]
            for name in HALF
        )
        # what is made per day is to what crosses per day as 1 to 1e9 (B-24: 1e-6)
        np.testing.assert_allclose(inside, outside, rtol=1e-6)


def test_more_permeable_payload_reaches_more_of_the_others(engine: Engine) -> None:
    reached = []
    for rate in (0.0, 1.0, 10.0, 100.0):
        changed = {"catabolite_influx_rate": f"{rate} 1/day"} | IMPERMEABLE
        result = run(assemble(mixed(HALF, changed)), DOSES, TIMES, engine, rtol=1e-8)
        reached.append(result.output["tumour_payload_negative"][-1])
    assert np.all(np.diff(reached) > 0)


def test_a_resistant_clone_takes_over(engine: Engine) -> None:
    clones = {"common": (0.95, 1e6), "pumping": (0.05, 1e6)}
    pumping = {"efflux_factor_pumping": "20", "half_kill_occupancy_pumping": "0.1"}
    network = assemble(mixed(clones, changed=pumping | IMPERMEABLE))
    result = run(network, [Dose(3000)], [1.0, 40.0, 120.0], engine, rtol=1e-8)
    share = result.output["tumour_volume_pumping"] / result.output["tumour_volume"]
    assert share[0] == pytest.approx(0.05, rel=0.1)
    assert np.all(np.diff(share) > 0.01)
    lower, higher = (result.output[f"tumour_payload_{name}"] for name in clones)
    assert (higher < lower).all()


def test_a_faster_clone_takes_over_without_drug(engine: Engine) -> None:
    clones = {"slow": (0.9, 1e6), "fast": (0.1, 1e6)}
    changed = {"doubling_time_fast": "10 day"}
    network = assemble(mixed(clones, changed=changed, growth="exponential"))
    result = run(network, [], [0.0, 50.0], engine)
    for name, start, doubling in (("slow", 0.9, 25), ("fast", 0.1, 10)):
        expected = 2400 * start * 2 ** (result.times / doubling)
        found = result.output[f"tumour_volume_{name}"]
        np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_a_large_tumour_of_several_populations_grows_by_a_constant(
    engine: Engine,
) -> None:
    large = {"initial_tumour_volume": "100 mL", "carrying_capacity": "1e9 mL"}
    result = run(assemble(mixed(THREE, large)), [], [0.0, 100.0], engine)
    grown = np.diff(result.output["tumour_volume"])
    np.testing.assert_allclose(grown, 621 * 100, rtol=1e-6)  # the far capacity: 1e-7


def test_a_population_that_is_cured_stays_away(engine: Engine) -> None:
    few = {"positive": (0.999999, 1e6), "negative": (0.000001, 0.0)}
    changed = {"plasma_kill_constant": 0.005}
    network = assemble(mixed(few, kill="plasma"))
    result = run(
        network, [Dose(1500)], [0.5, 20.0, 60.0], engine, rtol=1e-8, changed=changed
    )
    gone, left = (result.state[f"viable_tumour_{n}"] for n in ("negative", "positive"))
    assert gone[0] > 0
    # LSODA leaves rounding behind; a cell is 2e-12 L
    assert abs(gone[1:]).max() < 1e-20
    assert left.min() > 1e-9
    assert abs(result.output["negative_share"][-1]) < 1e-9
