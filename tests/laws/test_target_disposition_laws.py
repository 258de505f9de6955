"""Antigen outside the tumour: shed into plasma, and on normal cells.

B-19, B-20, and B-01 for every form.
"""

from __future__ import annotations

import numpy as np
import pytest

from adckit.engines import cpu
from adckit.engines.base import Engine
from adckit.mechanisms.assemble import assemble
from adckit.molecules.load import DrugLoad
from adckit.network.network import Network
from tests.blueprints import BROAD, example, mixed
from tests.harness import Dose, internal, run

ALONE = {"delivery": "none", "kill": "none"}
"""No tumour, which makes a quick model."""
BARE = {"delivery": "none", "kill": "none", "disposition": "one-compartment"}
"""Plasma and nothing else."""
VOLUME = 3.1  # L, of the example
ONE_PLACE = ("normal_antigen_peripheral_cells",)
ANTIGEN = 1e11 * 2e4 / 6.02214076e14  # nmol, on the normal cells of the example
FREE_LOSS = 24 * 0.154 * 0.05 / (0.05 + 0.086)  # 1/day, net of recycling
COMPLEX_LOSS = 24 * 0.09 * 0.1 / (0.1 + 0.05)
DOSES = [
    Dose(40, duration=1 / 16),
    Dose(800, time=7),
    Dose(300, time=7.5, port="carrier"),
]
SHED = ("full", "two-site", "qss", "qe")
TARGET = ("full", "qss", "qe", "michaelis-menten")
FORMS = [
    *({"shed_antigen": form} for form in SHED),
    *({"target_disposition": form} for form in TARGET),
    {"shed_antigen": "full", "target_disposition": "qss"},
    {"shed_antigen": "qss", "target_disposition": "full"},
]


def model(without: tuple[str, ...] = (), **choices: str) -> Network:
    stated = {"target_clearance": "excluded", **choices}
    return assemble(example(without=without, **stated))


def plasma(**choices: str) -> Network:
    """Plasma, with the antigen of one place."""
    return model(ONE_PLACE, **{**BARE, **choices})


def described(choice: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in choice.items())


# conservation, and one model in two forms


@pytest.mark.parametrize("whole", [True, False], ids=["tumour", "species"])
@pytest.mark.parametrize("choice", FORMS, ids=described)
def test_every_form_keeps_antibody_payload_and_antigen(
    engine: Engine, choice: dict[str, str], whole: bool
) -> None:
    network = model(**choice) if whole else model(form="species", **ALONE, **choice)
    result = run(network, DOSES, [0.0, 0.03, 1.0, 6.9, 7.4, 8.0, 30.0], engine)
    infused = np.minimum(result.times / DOSES[0].duration, 1) * DOSES[0].amount
    brought = result.dosed.copy()
    for moiety, carried in (("antibody", 1.0), ("payload", DrugLoad(BROAD).mean)):
        brought[:, result.system.moieties.index(moiety)] += infused * carried
    content = result.content()
    scale = np.maximum(np.abs(brought[-1]), np.abs(content[0]))
    error = np.abs(content - content[0] - brought) / np.maximum(scale, 1e-30)
    assert error.max() < 1e-8  # B-01


@pytest.mark.parametrize("choice", FORMS, ids=described)
def test_moments_and_species_are_one_model(
    engine: Engine, choice: dict[str, str]
) -> None:
    times = [0.1, 2.0, 7.2, 10.0, 25.0]
    found = [
        run(model(form=form, **ALONE, **choice), DOSES, times, engine).output
        for form in ("moments", "species")
    ]
    for name, curve in found[0].items():
        # the conjugate is an alternating sum of moments: three digits of 1e-10 are lost
        np.testing.assert_allclose(
            curve, found[1][name], rtol=2e-7, atol=1e-9, err_msg=name
        )


@pytest.mark.parametrize("choice", FORMS, ids=described)
def test_nothing_happens_without_drug(choice: dict[str, str]) -> None:
    network = model(kill="none", **choice)
    result = run(network, [], [0.0, 5.0, 60.0], cpu.solve)
    for name in ("free_shed_antigen", "total_shed_antigen"):
        if name in result.output:
            # 5 nM, and what the growing tumour sheds beyond its share at the start
            assert result.output[name][0] == pytest.approx(5, rel=1e-12)
            assert np.all(np.diff(result.output[name]) > 0)
    cells = [n for n in result.state if n.endswith("normal_antigen")]
    for name in cells:
        np.testing.assert_allclose(result.state[name], result.state[name][0], rtol=1e-9)
    surface = result.state["surface_receptor"] / result.output["tumour_volume"]
    np.testing.assert_allclose(surface, surface[0], rtol=1e-9)


# B-19


def test_antigen_that_is_not_turned_over_is_only_shared_out(engine: Engine) -> None:
    still = {"receptor_endocytosis_rate": 0.0, "complex_internalisation_rate": 0.0}
    network = plasma(target_disposition="full")
    result = run(network, [Dose(10)], [0.01, 1.0, 30.0], engine, changed=still)
    total = result.state["normal_antigen"] + result.state["normal_bound_antibody"]
    np.testing.assert_allclose(total, ANTIGEN, rtol=1e-9)
    assert result.state["normal_bound_antibody"].min() > 0.1


def test_shed_antigen_stays_at_its_level_without_drug(engine: Engine) -> None:
    for form in SHED:
        result = run(plasma(shed_antigen=form), [], [0.0, 1.0, 100.0], engine)
        np.testing.assert_allclose(result.output["free_shed_antigen"], 5, rtol=1e-9)


def test_quasi_steady_state_is_the_full_model_with_fast_binding(
    engine: Engine,
) -> None:
    fast = {"association_rate": 24e4}  # 1/nM/day, so koff is 72000 /day
    times = [0.5, 2.0, 7.0, 14.0, 28.0]
    for choice in ({"shed_antigen": ""}, {"target_disposition": ""}):
        (name,) = choice
        found = [
            run(plasma(**{name: form}), [Dose(60)], times, engine, changed=fast).output
            for form in ("full", "qss", "qe")
        ]
        for curve in ("total_antibody", "conjugate", "conjugated_payload"):
            # fast binding: kX/koff is 1e-5 to 2e-5
            np.testing.assert_allclose(found[1][curve], found[0][curve], rtol=1e-4)
            np.testing.assert_allclose(found[2][curve], found[0][curve], rtol=1e-3)


def test_the_root_is_the_one_of_the_textbooks(engine: Engine) -> None:
    network = plasma(shed_antigen="qss")
    result = run(network, [Dose(40)], [0.1, 3.0, 20.0], engine)
    on, off = internal(network, "association_rate"), 0.3
    constant = off + np.log(2) / 2 / on  # (koff + kX)/kon
    total = result.state["total_central_antibody"] / VOLUME
    antigen = result.state["whole_shed_antigen"] / VOLUME
    b = total - antigen - constant
    free = 0.5 * (b + np.sqrt(b**2 + 4 * constant * total))
    found = result.output["free_antibody"] / internal(network, "antibody_molar_mass")
    np.testing.assert_allclose(found, free, rtol=1e-9)


@pytest.mark.parametrize("form", ["full", "qss", "qe"])
def test_at_high_dose_the_antigen_takes_what_is_made_of_it(
    engine: Engine, form: str
) -> None:
    changed = {"clearance": 0.0, "association_rate": 24e3}
    network = plasma(target_disposition=form)
    result = run(network, [Dose(1e5)], [5.0, 10.0], engine, changed=changed)
    lost = -np.diff(result.output["total_antibody_nM"]) * VOLUME / 5
    # all but K/C of the antigen is bound, 1e-5
    np.testing.assert_allclose(lost, FREE_LOSS * ANTIGEN, rtol=1e-3)


@pytest.mark.parametrize("form", ["full", "qss"])
def test_at_low_dose_the_antigen_adds_a_clearance(engine: Engine, form: str) -> None:
    network = plasma(target_disposition=form)
    on, off = 24 * 0.37, 24 * 0.37 * 0.3
    extra = on * ANTIGEN * COMPLEX_LOSS / (off + COMPLEX_LOSS)
    rate, days = 1e-6, 800.0  # nmol/day until nothing changes any more
    dose = Dose(rate * days, duration=days)
    result = run(network, [dose], [days - 1], engine)
    clearance = rate / result.output["total_antibody_nM"][0]
    # a millionth of the antigen is bound
    assert clearance == pytest.approx(0.24 + extra, rel=1e-5)
    assert extra > 5


def test_saturable_elimination_follows_its_closed_form(engine: Engine) -> None:
    network = plasma(target_disposition="michaelis-menten")
    changed = {"clearance": 0.0}
    times = np.array([0.5, 3.0, 8.0, 12.0])
    result = run(network, [Dose(60)], times.tolist(), engine, changed=changed)
    now, start = result.output["total_antibody_nM"], 60 / VOLUME
    passed = (start - now + 8 * np.log(start / now)) * VOLUME / 10
    np.testing.assert_allclose(passed, times, rtol=1e-8)


# B-20


def test_clearance_by_antigen_ends_at_the_critical_concentration(
    engine: Engine,
) -> None:
    changed = {"association_rate": 24e3, "dissociation_constant": 1e-4}
    network = plasma(target_disposition="full")
    critical = FREE_LOSS * ANTIGEN / 0.24  # ksyn V/CL, nM
    for multiple in (3.0, 1.0):
        dose = Dose(multiple * critical * VOLUME)
        result = run(network, [dose], [1.0, 1.2], engine, changed=changed)
        curve = result.output["total_antibody_nM"]
        lost, middle = (curve[0] - curve[1]) / 0.2, curve.mean()
        linear = 0.24 / VOLUME * middle
        # both ways are equal at the critical concentration; the curve is not straight
        assert (lost - linear) / linear == pytest.approx(critical / middle, rel=1e-2)


# what assays see, and what antigen does


def test_assays_count_antibody_on_shed_antigen(engine: Engine) -> None:
    for form in SHED:
        result = run(plasma(shed_antigen=form), [Dose(40)], [1.0], engine)
        output = {name: curve[0] for name, curve in result.output.items()}
        assert output["free_antibody"] < 0.95 * output["total_antibody"]
        assert output["free_conjugate"] < 0.95 * output["conjugate"]
        held = output["total_shed_antigen"] - output["free_shed_antigen"]
        off = output["total_antibody_nM"] - output["free_antibody"] / 0.145
        if form != "two-site":
            assert held == pytest.approx(off, rel=1e-9)
        else:  # 145 kDa is 0.145 mg/nmol; some hold two
            assert off < held < 2 * off


def test_two_sites_hold_antigen_by_the_statistics_of_two(engine: Engine) -> None:
    # nothing is lost, so that binding rests: X1 = 2 A S/K, X2 = A S^2/K^2
    network = plasma(shed_antigen="two-site")
    changed = {
        "clearance": 0.0,
        "shed_antigen_half_life": 1e12,
        "shed_complex_half_life": 1e12,
    }
    result = run(network, [Dose(20)], [50.0], engine, changed=changed)
    state = {name: curve[0] for name, curve in result.state.items()}
    free, one, two = (
        state[f"{name}_antibody"]
        for name in ("central", "shed_bound", "shed_bound_twice")
    )
    relative = state["unbound_shed_antigen"] / VOLUME / 0.3
    assert one == pytest.approx(2 * free * relative, rel=1e-7)
    assert two == pytest.approx(free * relative**2, rel=1e-7)


def test_what_the_tumour_sheds_is_a_part_of_the_level(engine: Engine) -> None:
    still = {"doubling_time": 1e15}
    network = model(kill="none", shed_antigen="full")
    result = run(network, [], [0.0, 10.0, 200.0], engine, changed=still)
    np.testing.assert_allclose(result.output["free_shed_antigen"], 5, rtol=1e-8)
    mostly = {**still, "tumour_shedding_rate": 1000.0}
    result = run(network, [], [200.0], engine, changed=mostly)
    made = 1000 * result.state["surface_receptor"][0]
    level = made / (np.log(2) / 0.3) / VOLUME
    assert level > 5
    np.testing.assert_allclose(result.output["free_shed_antigen"], level, rtol=1e-8)


@pytest.mark.parametrize("cell", ["cycling", "bulk"])
def test_every_population_with_antigen_sheds(engine: Engine, cell: str) -> None:
    classes = {"high": (0.5, 1e6), "low": (0.3, 1e5), "none": (0.2, 0.0)}
    still = {"doubling_time": "1e15 day", "tumour_shedding_rate": "1000 1/day"}
    blueprint = mixed(classes, still, kill="none", shed_antigen="full", cell=cell)
    result = run(assemble(blueprint), [], [0.0, 60.0], engine)
    cells = 2.4 * 5e8 * (0.5e6 + 0.3e5) / 6.02214076e14  # nmol of antigen
    level = 1000 * cells / (np.log(2) / 0.3) / VOLUME
    assert level > 5
    found = result.output["free_shed_antigen"][1]
    assert found == pytest.approx(level, rel=1e-7)
    content = result.content()[:, result.system.moieties.index("antigen")]
    assert abs(content[1] - content[0]) < 1e-8 * cells


def test_no_antigen_is_no_sink(engine: Engine) -> None:
    times = [0.5, 7.0, 21.0]
    alone = run(plasma(), [Dose(40)], times, engine).output
    absent = {"shed_antigen_level": 0.0}
    for form in SHED:
        network = plasma(shed_antigen=form)
        result = run(network, [Dose(40)], times, engine, changed=absent).output
        for name, curve in alone.items():
            np.testing.assert_allclose(result[name], curve, rtol=1e-8, err_msg=name)
    for form in ("full", "qss", "qe"):
        network = plasma(target_disposition=form)
        nobody = {"normal_antigen_cells": 0.0}
        result = run(network, [Dose(40)], times, engine, changed=nobody).output
        np.testing.assert_allclose(result["conjugate"], alone["conjugate"], rtol=1e-8)


def test_payload_of_the_complex_goes_the_way_of_eliminated_antibody(
    engine: Engine,
) -> None:
    # no other way out: half of the payload reaches plasma as catabolite
    changed = {"clearance": 0.0, "deconjugation_rate": 0.0}
    for choice in ({"target_disposition": "full"}, {"shed_antigen": "qss"}):
        network = plasma(payload="one-compartment", **choice)
        quiet = {**changed, "catabolite_clearance": 0.0}
        result = run(network, [Dose(40)], [10.0], engine, changed=quiet)
        gone = result.state["antibody_degraded"] * DrugLoad(BROAD).mean / 2
        np.testing.assert_allclose(result.state["catabolite_central"], gone, rtol=1e-8)
        excreted = result.state["payload_excreted_in_situ"]
        np.testing.assert_allclose(excreted, gone, rtol=1e-8)
