"""Closed forms and laws of toxicity: B-28, B-29, B-30, and organs with antigen."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from adckit.engines.base import Engine
from adckit.mechanisms.assemble import assemble
from adckit.mechanisms.blueprint import Blueprint
from adckit.molecules.load import DrugLoad
from adckit.network.network import Network
from tests.blueprints import example, parameter
from tests.harness import Dose, internal, run

ORGANS = {
    "hepatotoxic_fraction": "1",
    "hepatic_half_life": "7 day",
    "half_effect_hepatic_payload": "2.35 umol",
    "alt_steepness": "2",
    "ast_steepness": "1.5",
    "alt_baseline": "0.46",
    "alt_half_life": "35 h",
    "ast_baseline": "0.55",
    "ast_half_life": "16 h",
    "platelet_baseline": "250 1e9/L",
    "platelet_transit_time": "3.5 day",
    "platelet_feedback": "0.25",
    "platelet_slope": "0.002 1/nM",
    "neutrophil_baseline": "4.5 1e9/L",
    "neutrophil_transit_time": "5 day",
    "neutrophil_feedback": "0.2",
    "neutrophil_slope": "0.001 1/nM",
    "neuropathy_potency": "0.039 1/umol",
    "neuropathy_moderate_share": "0.4",
    "neuropathy_severe_share": "0.1",
    "nerve_repair_half_life": "90 day",
    "skin_cells": "1.4e11 cells",
    "skin_cell_volume": "1 pL/cell",
    "skin_receptors_per_cell": "3e5 receptors/cell",
    "skin_turnover_time": "10 day",
    "skin_interstitial_volume": "1 L",
    "skin_antibody_exchange": "0.5 L/day",
    "skin_partition": "0.3",
    "skin_payload_exchange": "20 L/day",
    "skin_maximum_kill_rate": "0.1 1/day",
    "skin_half_kill_occupancy": "0.015",
}
KEPT = {"clearance": "0 L/day", "deconjugation_rate": "0 1/day"}
"""A drug that stays for ever, at the concentration it was dosed to."""
SITES = DrugLoad.binomial(8, 3.5)
WITH_PAYLOAD = 1 - SITES.fractions[0]
PLASMA = 3.1  # L, of the example


def model(
    *organs: str, changed: dict[str, str] | None = None, **variants: str
) -> Blueprint:
    """The example in one compartment without a tumour, with organs."""
    values = ORGANS | (changed or {})
    chosen = {"disposition": "one-compartment", "delivery": "none", "kill": "none"}
    blueprint = example(load=SITES, **(chosen | {"payload": "none"} | variants))
    added = (parameter(name, text) for name, text in values.items())
    return blueprint.with_parameters(*added).with_organs(*organs)


def steady(network: Network, effect: float, slope: str) -> Dose:
    """The dose of a drug that stays, at which a slope gives an effect."""
    concentration = effect / internal(network, slope)
    return Dose(concentration * PLASMA / WITH_PAYLOAD)


# B-28 blood cells


@pytest.mark.parametrize("cell", ["platelet", "neutrophil"])
def test_constant_effect_sets_the_count(engine: Engine, cell: str) -> None:
    network = assemble(model(f"{cell}s", changed=KEPT))
    dose = steady(network, 0.2, f"{cell}_slope")
    found = run(network, [dose], [600.0], engine).output[f"{cell}s"][0]
    feedback = internal(network, f"{cell}_feedback")
    normal = internal(network, f"{cell}_baseline") / 1e9
    assert found == pytest.approx(normal * 0.8 ** (1 / feedback), rel=1e-6)
    if cell == "platelet":
        assert found == pytest.approx(102.4, rel=1e-6)


def test_counts_rest_without_drug(engine: Engine) -> None:
    network = assemble(model("platelets", "neutrophils"))
    result = run(network, [], [0.0, 50.0, 500.0], engine)
    np.testing.assert_allclose(result.output["platelets"], 250, rtol=1e-9)
    np.testing.assert_allclose(result.output["neutrophils"], 4.5, rtol=1e-9)


def test_direct_loss_deepens_the_nadir_and_leaves_the_steady_state(
    engine: Engine,
) -> None:
    with_loss = KEPT | {"platelet_loss_slope": "0.002 1/nM"}
    times = [*np.linspace(0.5, 10, 20), 600.0]
    curves = []
    for changed in (KEPT, with_loss):
        network = assemble(model("platelets", changed=changed))
        dose = steady(network, 0.2, "platelet_slope")
        curves.append(run(network, [dose], times, engine).output["platelets"])
    assert (curves[1][:6] < curves[0][:6]).all()
    np.testing.assert_allclose([c[-1] for c in curves], 102.4, rtol=1e-6)


def test_drift_lowers_the_count_to_that_of_the_progenitors_left(
    engine: Engine,
) -> None:
    drift = {
        "platelet_depletable_share": "0.4",
        "platelet_depletion_rate": "0.5 1/day",
        "platelet_restoration_rate": "0.02 1/day",
    }
    network = assemble(model("platelets", changed=KEPT | drift))
    dose = steady(network, 0.2, "platelet_slope")
    found = run(network, [dose], [1000.0], engine).output["platelets"][0]
    left = 0.02 / (0.02 + 0.5 * 0.2)
    expected = 250 * (1 - 0.4 * (1 - left)) * 0.8**4
    assert found == pytest.approx(expected, rel=1e-6)
    rest = run(network, [], [500.0], engine).output["platelets"][0]
    assert rest == pytest.approx(250, rel=1e-9)


def test_a_full_effect_empties_the_blood_and_breaks_nothing(engine: Engine) -> None:
    network = assemble(model("platelets", changed=KEPT))
    dose = steady(network, 50.0, "platelet_slope")
    times = [5.0, 20.0, 60.0]
    found = run(network, [dose], times, engine).output["platelets"]
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()
    assert found[-1] < 1e-9
    assert found[-1] > -1e-6  # rounding of a count of 250


# B-29 liver


def test_transaminases_at_constant_input(engine: Engine) -> None:
    network = assemble(model("liver"))
    rate, days = 100.0, 400.0  # nmol antibody a day; 57 half-lives of H
    result = run(network, [Dose(rate * days, duration=days)], [days], engine)
    payload = rate * 3.5 * 7 / math.log(2)
    assert result.state["hepatic_payload"][0] == pytest.approx(payload, rel=1e-8)
    assert result.output["liver_payload"][0] == pytest.approx(payload / 1e3, rel=1e-8)
    relative = payload / 2350
    alt, ast = 0.46 * (1 + relative**2), 0.55 * (1 + relative**1.5)
    assert result.output["alt"][0] == pytest.approx(alt, rel=1e-8)
    assert result.output["ast"][0] == pytest.approx(ast, rel=1e-8)


def test_transaminases_rest_without_drug(engine: Engine) -> None:
    result = run(assemble(model("liver")), [], [0.0, 100.0], engine)
    np.testing.assert_allclose(result.output["alt"], 0.46, rtol=1e-12)
    np.testing.assert_allclose(result.output["ast"], 0.55, rtol=1e-12)


@pytest.mark.parametrize(
    ("dose", "interval", "expected"),
    [
        (235, 21, 7.75),
        (115, 7, 7.80),
        (295, 21, 9.73),
        (138, 7, 9.36),
        (88, 21, 2.90),
    ],
)
def test_peak_of_hepatic_payload_by_schedule(
    engine: Engine, dose: float, interval: float, expected: float
) -> None:
    # umol, from an independent solution with a conjugate half-life of 41.1 h
    half_life = 41.1 / 24
    changed = {
        "clearance": f"{PLASMA * math.log(2) / half_life!r} L/day",
        "deconjugation_rate": "0 1/day",
    }
    network = assemble(model("liver", changed=changed))
    amount = dose * 1.85 / 148_500 * 1e6  # mg/m2, m2, g/mol -> nmol
    starts = np.arange(0, 168, interval)
    doses = [Dose(amount, start) for start in starts]
    times = starts[-1] + np.linspace(0.02, interval, 400)
    result = run(network, doses, times.tolist(), engine, rtol=1e-8)
    peak = result.output["liver_payload"].max()
    assert peak == pytest.approx(expected, abs=0.0051)  # two decimals


# B-30 hazard


def test_neuropathy_follows_the_cumulative_dose_alone(engine: Engine) -> None:
    network = assemble(model("neuropathy"))
    total = 45_600 / 3.5  # nmol antibody that carry 45.6 umol of payload
    schedules = [(3, 28.0), (12, 7.0), (1, 28.0), (6, 14.0)]
    found = []
    for count, interval in schedules:
        doses = [Dose(total / count, i * interval) for i in range(count)]
        result = run(network, doses, [700.0], engine)
        found.append({k: v[0] for k, v in result.output.items() if "neur" in k})
    expected = 1 - math.exp(-0.039 * 45.6)
    for outputs in found:
        assert outputs["neuropathy"] == pytest.approx(100 * expected, rel=1e-6)
        assert outputs["neuropathy_hazard"] == pytest.approx(0.039 * 45.6, rel=1e-6)
        severe = outputs["severe_neuropathy_hazard"]
        assert severe == pytest.approx(0.1 * outputs["neuropathy_hazard"], rel=1e-12)
    assert expected == pytest.approx(5 / 6, abs=0.003)  # what it was fitted to


def test_background_neuropathy_needs_no_drug(engine: Engine) -> None:
    changed = {"neuropathy_background": "6.3e-4 1/day"}
    network = assemble(model("neuropathy", changed=changed))
    found = run(network, [], [294.0], engine).output["neuropathy"][0]
    assert found == pytest.approx(100 * (1 - math.exp(-6.3e-4 * 294)), rel=1e-9)


# A7.4 organs with antigen


def test_an_organ_with_antigen_keeps_all_balances(engine: Engine) -> None:
    blueprint = model(
        "skin", "liver", disposition="two-compartment", payload="two-compartment"
    )
    doses = [Dose(3000.0), Dose(1000.0, 7.0)]
    times = [0.5, 3.0, 6.9, 10.0, 30.0]
    result = run(assemble(blueprint), doses, times, engine)
    np.testing.assert_allclose(result.content(), result.dosed, rtol=1e-9, atol=1e-7)
    assert result.output["skin_lesion"].max() > 1


def test_without_antigen_the_organ_fills_to_its_partition(engine: Engine) -> None:
    changed = KEPT | {"skin_receptors_per_cell": "0 receptors/cell"}
    network = assemble(model("skin", changed=changed))
    result = run(network, [Dose(1000.0)], [60.0], engine)
    plasma = result.state["central_antibody"][0] / PLASMA
    inside = result.state["skin_interstitial_antibody"][0] / 1.0
    assert inside == pytest.approx(0.3 * plasma, rel=1e-8)
    assert result.output["skin_lesion"][0] == pytest.approx(0, abs=1e-12)


def test_lesion_under_full_kill(engine: Engine) -> None:
    changed = KEPT | {"skin_half_kill_occupancy": "1e-9"}
    network = assemble(model("skin", changed=changed))
    result = run(network, [Dose(1e5)], [150.0], engine)
    # renewal 1/T against loss 1/T + kmax; occupancy is far above that of half kill
    assert result.output["skin_lesion"][0] == pytest.approx(50, rel=1e-5)


def test_more_antigen_means_a_deeper_lesion_and_less_drug_in_plasma(
    engine: Engine,
) -> None:
    found = []
    for number in ("1e4", "1e5", "1e6"):
        changed = {"skin_receptors_per_cell": f"{number} receptors/cell"}
        result = run(
            assemble(model("skin", changed=changed)), [Dose(500.0)], [7.0], engine
        )
        found.append((result.output["skin_lesion"][0], result.output["conjugate"][0]))
    for (lesion, plasma), (more, less) in pairwise(found):
        assert more > lesion
        assert less < plasma


def test_watching_organs_leaves_the_drug_alone(engine: Engine) -> None:
    watching = ("liver", "platelets", "neutrophils", "neuropathy")
    times = [0.5, 5.0, 21.0]
    chosen = {"disposition": "two-compartment", "payload": "two-compartment"}
    plain = run(assemble(model(**chosen)), [Dose(1000.0)], times, engine)
    watched = run(assemble(model(*watching, **chosen)), [Dose(1000.0)], times, engine)
    for name, curve in plain.output.items():
        np.testing.assert_allclose(watched.output[name], curve, rtol=1e-7, atol=1e-12)
