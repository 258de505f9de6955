"""Nothing is made and nothing is lost: antibody, payload, antigen (B-01, B-02, B-21).

And the edges where a model must still mean something: no dose, no tumour, no antigen,
no payload, no release.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from adckit.engines.base import Engine
from adckit.mechanisms.assemble import assemble
from adckit.mechanisms.blueprint import VARIANTS
from adckit.molecules.load import DrugLoad
from adckit.network.checks import check
from adckit.network.moieties import conserved_moieties, stoichiometry
from tests.blueprints import BROAD, example
from tests.harness import Dose, run

CHOICES = [
    {choice: value} for choice, values in VARIANTS.items() for value in values
] + [
    {"form": "species", "deconjugation": "shared"},
    {"form": "species", "delivery": "plasma", "payload": "none"},
    {"cell": "bulk", "form": "species"},
    {"cell": "bulk", "kill": "none"},
    {"payload": "none", "kill": "linear", "tubulin": "legacy"},
    {"delivery": "plasma", "cell": "bulk", "kill": "concentration"},
]
CHOICES += [
    {"shed_antigen": "full", "target_disposition": "full", "form": "species"},
    {"shed_antigen": "two-site", "target_disposition": "qss"},
    {"shed_antigen": "qss", "target_disposition": "full", "cell": "bulk"},
    {"shed_antigen": "qss", "delivery": "plasma"},
    {"shed_antigen": "qe", "target_disposition": "michaelis-menten"},
]
CHOICES = [c for c in CHOICES if c not in ({"tubulin": "legacy"}, {"form": "moments"})]
CHOICES = [
    {**c, "target_clearance": "excluded"} if "target_disposition" in c else c
    for c in CHOICES
]
FREE_LAW = {f"deconjugation_rate_{n}": f"{0.1 * n} 1/day" for n in range(1, 8)}
DOSES = [
    Dose(1600, duration=1 / 16),
    Dose(800, time=7),
    Dose(300, time=7.5, port="carrier"),
]


def described(choice: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in choice.items())


@pytest.mark.parametrize("choice", CHOICES, ids=described)
def test_every_choice_gives_a_sound_network(choice: dict[str, str]) -> None:
    check(assemble(example(changed=FREE_LAW, **choice)))


@pytest.mark.parametrize("choice", CHOICES, ids=described)
def test_content_is_conserved_by_stoichiometry_alone(choice: dict[str, str]) -> None:
    network = assemble(example(changed=FREE_LAW, **choice))
    matrix = stoichiometry(network)
    for moiety in network.moieties():
        held = [Fraction(s.content.get(moiety, 0)) for s in network.species]
        for column in range(len(network.reactions)):
            rows = zip(held, matrix, strict=True)
            assert sum(w * row[column] for w, row in rows if w) == 0


def test_only_the_moieties_are_conserved() -> None:
    network = assemble(example())
    assert len(conserved_moieties(network)) == len(network.moieties()) == 3


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"form": "species"},
        {"deconjugation": "shared"},
        {"cell": "bulk"},
        {"delivery": "plasma"},
        {"payload": "none"},
        {"disposition": "three-compartment", "delivery": "none"},
        {"shed_antigen": "qss", "delivery": "plasma"},
        {"shed_antigen": "two-site", "cell": "bulk"},
    ],
    ids=described,
)
def test_totals_stay_what_was_dosed(engine: Engine, choice: dict[str, str]) -> None:
    network = assemble(example(**choice))
    result = run(network, DOSES, [0.0, 0.03, 1.0, 6.9, 7.4, 8.0, 30.0], engine)
    infused = np.minimum(result.times / DOSES[0].duration, 1) * DOSES[0].amount
    brought = result.dosed.copy()
    for moiety, carried in (("antibody", 1.0), ("payload", DrugLoad(BROAD).mean)):
        brought[:, result.system.moieties.index(moiety)] += infused * carried
    content = result.content()
    # antibody and payload against the dose; antigen against what is there at the start
    scale = np.maximum(np.abs(brought[-1]), np.abs(content[0]))
    error = np.abs(content - content[0] - brought) / np.maximum(scale, 1e-30)
    assert error.max() < 1e-8


def test_amounts_never_turn_negative(engine: Engine) -> None:
    changed = {"association_rate": "3.7 1/nM/h"}  # ten times stiffer (B-03)
    network = assemble(example(changed=changed))
    result = run(network, DOSES, np.linspace(0, 30, 61).tolist(), engine, rtol=1e-8)
    debt = {"antigen_synthesised"}
    for name in set(result.state) - debt:
        curve = result.state[name]
        assert curve.min() >= -1e-9 * max(curve.max(), 1e-12), name


def test_cells_that_release_nothing_die_with_all_their_payload(
    engine: Engine,
) -> None:
    nothing = (
        "deconjugation_rate",
        "lysosomal_degradation_rate",
        "intracellular_cleavage_rate",
        "clearance",
        "released_by_dead_cells",
    )
    network = assemble(example(kill="plasma"))
    changed = {**dict.fromkeys(nothing, 0.0), "plasma_kill_constant": 0.005}
    result = run(network, [Dose(500)], [1.0, 10.0, 40.0], engine, changed=changed)
    for name, curve in result.state.items():
        if name.startswith(("released_", "catabolite_")):
            assert not curve.any(), name
    lost, degraded = (
        result.state[name]
        for name in ("payload_lost_with_dead_cells", "antibody_degraded")
    )
    assert lost[-1] > 1e-6
    # no payload has left any antibody, so the dead took 3.1 with each; 1e-8: B-01
    np.testing.assert_allclose(lost, degraded * DrugLoad(BROAD).mean, rtol=1e-8)


def test_zero_dose_is_the_control(engine: Engine) -> None:
    times = [0.0, 1.0, 10.0, 50.0]
    result = run(assemble(example()), [], times, engine)
    control = run(assemble(example(kill="none")), [], times, engine)
    treated = ("conjugate", "total_antibody", "mean_dar", "free_payload", "occupancy")
    for name in treated:
        assert not result.output[name].any(), name
    assert result.output["tumor"][0] == 0
    for name in ("tumour_volume", "tumor"):
        np.testing.assert_allclose(
            result.output[name], control.output[name], rtol=1e-9, atol=1e-9
        )


def test_zero_tumour_leaves_plasma_alone(engine: Engine) -> None:
    times = [0.1, 1.0, 7.0, 21.0, 60.0]
    absent = {"initial_tumour_volume": "0 mL"}
    result = run(assemble(example(changed=absent)), DOSES, times, engine)
    alone = run(assemble(example(delivery="none")), DOSES, times, engine)
    for name, curve in alone.output.items():
        np.testing.assert_allclose(result.output[name], curve, rtol=1e-8, err_msg=name)
    for name in ("tumour_volume", "tumor", "tumour_conjugate", "tumour_payload"):
        assert not result.output[name].any(), name


def test_zero_antigen_and_no_other_way_in_leave_the_tumour_alone(
    engine: Engine,
) -> None:
    times = [1.0, 10.0, 40.0]
    changed = dict.fromkeys(
        ("receptors_per_cell", "pinocytosis_rate", "released_influx_rate"), 0.0
    )
    result = run(assemble(example()), DOSES, times, engine, changed=changed)
    control = run(assemble(example(kill="none")), [], times, engine)
    for name in ("lysosomal_antibody", "bound_antibody", "catabolite_tubulin"):
        assert not result.state[name].any(), name
    np.testing.assert_allclose(
        result.output["tumour_volume"], control.output["tumour_volume"], rtol=1e-9
    )


def test_fluid_uptake_needs_no_antigen(engine: Engine) -> None:
    changed = {"receptors_per_cell": 0.0, "released_influx_rate": 0.0}
    result = run(assemble(example()), DOSES, [10.0], engine, changed=changed)
    assert result.state["bound_antibody"][0] == 0
    assert result.output["tumour_payload"][0] > 0


@pytest.mark.parametrize("form", ["moments", "species"])
def test_naked_antibody_runs_and_carries_nothing(engine: Engine, form: str) -> None:
    network = assemble(example(DrugLoad((1.0,)), form=form))
    result = run(network, DOSES, [0.0, 1.0, 21.0], engine)
    assert result.output["total_antibody"][1] > 10
    for name in ("conjugate", "conjugated_payload", "mean_dar", "free_payload"):
        assert not result.output[name].any(), name
    assert not result.output["occupancy"].any()


def test_no_release_keeps_payload_on_antibody(engine: Engine) -> None:
    changed = {
        "deconjugation_rate": 0.0,
        "lysosomal_degradation_rate": 0.0,
        "intracellular_cleavage_rate": 0.0,
        "clearance": 0.0,
    }
    result = run(assemble(example()), DOSES, [1.0, 21.0], engine, changed=changed)
    for name in ("free_payload", "free_catabolite", "tumour_payload", "occupancy"):
        # LSODA leaves rounding in states that nothing feeds
        assert abs(result.output[name]).max() < 1e-15, name
    assert result.output["tumour_conjugate"].min() > 0


def test_ten_years_end_without_drug(engine: Engine) -> None:
    times = [0.0, 365.25, 3652.5]
    result = run(assemble(example()), DOSES, times, engine, rtol=1e-6)
    for name, curve in result.output.items():
        assert np.isfinite(curve).all(), name
    assert abs(result.output["conjugate"][-1]) < 1e-12
    assert result.output["tumour_volume"][-1] > result.output["tumour_volume"][0]
    assert result.output["tumour_volume"][-1] < 500e3  # mm3, the carrying capacity


def test_a_cured_tumour_stays_away(engine: Engine) -> None:
    changed = {"plasma_kill_constant": 0.005}
    network = assemble(example(kill="plasma"))
    times = [1.0, 20.0, 60.0, 100.0, 300.0]
    result = run(network, [Dose(5000)], times, engine, rtol=1e-8, changed=changed)
    viable, volume = result.state["viable_tumour"], result.output["tumour_volume"]
    assert viable[0] > 0
    assert volume[1] > 0  # the dead are still there when the last viable cell has gone
    # LSODA leaves rounding behind; a cell is 2e-12 L
    assert abs(viable[1:]).max() < 1e-20
    assert abs(volume[3:]).max() < 1e-14
    assert result.output["tumor"][-1] < -99.99
    for name in ("bound_payload", "surface_receptor", "catabolite_tubulin"):
        assert abs(result.state[name][-1]) < 1e-12, name
