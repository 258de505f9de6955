"""Closed forms of antibody, payload on it, and their assays (B-05 to B-10, B-36, B-37).

All cases are linear, so the tolerance is that of the solver: 1e-8, 1e-9 for ratios.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adckit.engines import reference
from adckit.engines.base import Engine
from adckit.mechanisms.assemble import assemble
from adckit.mechanisms.blueprint import Blueprint
from adckit.molecules.load import DrugLoad
from tests.blueprints import BROAD, example
from tests.harness import TIGHT, Dose, Run, run

KDEC = 0.17  # 1/day, of the example
TIMES = [0.01, 0.5, 2.0, 7.0, 21.0]


def plasma_only(
    load: tuple[float, ...] = BROAD,
    changed: dict[str, str] | None = None,
    **variants: str,
) -> Blueprint:
    return example(
        DrugLoad(load), changed, **{"delivery": "none", "payload": "none", **variants}
    )


def dar_fractions(result: Run, sites: int) -> np.ndarray:
    """Share of each load in plasma, (load, time)."""
    amounts = np.stack([result.state[f"central_dar_{n}"] for n in range(sites + 1)])
    return amounts / amounts.sum(axis=0)


def thinned(load: tuple[float, ...], times: np.ndarray, rate: float) -> np.ndarray:
    """Loads after each payload has left on its own at `rate`, (load, time)."""
    kept = np.exp(-rate * times)
    return np.stack(
        [
            sum(
                p * math.comb(n, m) * kept**m * (1 - kept) ** (n - m)
                for n, p in enumerate(load)
                if n >= m
            )
            for m in range(len(load))
        ]
    )


distributions = st.lists(st.floats(0.01, 1.0), min_size=2, max_size=9).map(
    lambda weights: tuple(w / sum(weights) for w in weights)
)


@settings(max_examples=8, deadline=None)
@given(load=distributions)
def test_loads_are_binomially_thinned(load: tuple[float, ...]) -> None:
    network = assemble(plasma_only(load, form="species"))
    result = run(network, [Dose(1000)], TIMES, reference.solve)
    expected = thinned(load, result.times, KDEC)
    found = dar_fractions(result, len(load) - 1)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("form", ["moments", "species"])
@pytest.mark.parametrize(
    "disposition", ["one-compartment", "two-compartment", "three-compartment"]
)
def test_mean_load_and_conjugate_fraction_follow_the_linker_alone(
    engine: Engine, form: str, disposition: str
) -> None:
    network = assemble(plasma_only(form=form, disposition=disposition))
    result = run(network, [Dose(1000)], TIMES, engine)
    load = DrugLoad(BROAD)
    expected = load.mean * np.exp(-KDEC * result.times)
    np.testing.assert_allclose(result.output["mean_dar"], expected, rtol=1e-9)
    lost = 1 - np.exp(-KDEC * result.times)
    conjugate = 1 - sum(p * lost**n for n, p in enumerate(load.fractions))
    fraction = result.output["conjugate_nM"] / result.output["total_antibody_nM"]
    np.testing.assert_allclose(fraction, conjugate, rtol=1e-8)


def test_shared_rate_shifts_the_load_by_a_poisson_number(engine: Engine) -> None:
    rates = (f"deconjugation_rate_{step}" for step in ("high", "two", "one"))
    changed = dict.fromkeys(rates, f"{KDEC} 1/day")
    network = assemble(plasma_only(changed=changed, deconjugation="shared"))
    result = run(network, [Dose(1000)], TIMES, engine)
    events = KDEC * result.times
    for m in range(1, len(BROAD)):
        expected = sum(
            BROAD[n] * np.exp(-events) * events ** (n - m) / math.factorial(n - m)
            for n in range(m, len(BROAD))
        )
        found = dar_fractions(result, len(BROAD) - 1)[m]
        np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("outside", ["0", "0.4", "1"])
def test_moments_equal_the_chain_in_plasma(engine: Engine, outside: str) -> None:
    changed = {"peripheral_deconjugation": outside}
    forms = [
        run(
            assemble(plasma_only(changed=changed, form=form)),
            [Dose(1000, duration=0.06), Dose(500, time=10)],
            TIMES,
            engine,
        )
        for form in ("moments", "species")
    ]
    for name, curve in forms[0].output.items():
        np.testing.assert_allclose(forms[1].output[name], curve, rtol=1e-9)


FULL = [
    {},
    {"cell": "bulk", "kill": "concentration"},
    {"delivery": "plasma", "kill": "linear"},
]


@pytest.mark.parametrize("choice", FULL, ids=str)
def test_moments_equal_the_chain_with_tumour(
    engine: Engine, choice: dict[str, str]
) -> None:
    changed = {"peripheral_deconjugation": "0.6"}
    times = [0.02, 1.0, 6.9, 7.1, 21.0, 42.0]
    doses = [Dose(1600, duration=1 / 16), Dose(800, time=7)]
    forms = [
        run(
            assemble(example(changed=changed, form=form, **choice)),
            doses,
            times,
            engine,
        )
        for form in ("moments", "species")
    ]
    for name, curve in forms[0].output.items():
        scale = np.abs(curve).max()
        np.testing.assert_allclose(
            forms[1].output[name], curve, rtol=1e-8, atol=1e-8 * scale, err_msg=name
        )


def test_mean_load_after_a_second_dose_is_the_mixture(engine: Engine) -> None:
    network = assemble(plasma_only())
    after = np.array([0.001, 1.0, 9.0])
    two = run(network, [Dose(1000), Dose(1000, time=10)], (10 + after).tolist(), engine)
    early = run(network, [Dose(1000)], [*after, *(10 + after)], engine)
    amounts = [
        early.state[name][:3] + early.state[name][3:]
        for name in ("central_antibody", "central_payload")
    ]
    expected = amounts[1] / amounts[0]
    np.testing.assert_allclose(two.output["mean_dar"], expected, rtol=1e-9)
    assert two.output["mean_dar"][0] < DrugLoad(BROAD).mean  # never reset


def test_dose_proportionality(engine: Engine) -> None:
    network = assemble(plasma_only(payload="two-compartment"))
    one, three = (
        run(network, [Dose(1000 * k, duration=0.1)], TIMES, engine) for k in (1, 3)
    )
    for name in ("conjugate", "total_antibody", "conjugated_payload", "free_payload"):
        expected = 3 * one.output[name]
        # The explicit method, which nobody would take for payload that clears in
        # minutes, is at its limit of stability; elsewhere this holds to 1e-12.
        np.testing.assert_allclose(three.output[name], expected, rtol=500 * TIGHT)


def test_a_stable_linker_keeps_the_load(engine: Engine) -> None:
    network = assemble(plasma_only(payload="two-compartment"))
    changed = {"deconjugation_rate": 0.0}
    result = run(network, [Dose(1000)], TIMES, engine, changed=changed)
    np.testing.assert_allclose(result.output["mean_dar"], DrugLoad(BROAD).mean, 1e-9)
    conjugate = result.output["conjugate_nM"] / result.output["total_antibody_nM"]
    np.testing.assert_allclose(conjugate, 1 - BROAD[0], rtol=1e-9)
    assert not result.output["free_payload"].any()


def test_an_unstable_linker_leaves_naked_antibody_and_free_payload(
    engine: Engine,
) -> None:
    network = assemble(plasma_only(payload="two-compartment"))
    frozen = dict.fromkeys(("clearance", "released_clearance"), 0.0)
    changed = {**frozen, "deconjugation_rate": 1e4}
    result = run(network, [Dose(1000)], [1.0], engine, changed=changed)
    total = result.output["total_antibody"][0]
    assert result.output["naked_antibody"][0] == pytest.approx(total, rel=1e-9)
    free = sum(
        result.state[f"released_{place}"][0] for place in ("central", "peripheral")
    )
    assert free == pytest.approx(1000 * DrugLoad(BROAD).mean, rel=1e-9)


def test_naked_carrier_adds_antibody_and_no_payload(engine: Engine) -> None:
    network = assemble(plasma_only())
    alone = run(network, [Dose(1000)], TIMES, engine)
    both = run(network, [Dose(1000), Dose(500, port="carrier")], TIMES, engine)
    for name, factor in (
        ("total_antibody", 1.5),
        ("conjugated_payload", 1.0),
        ("conjugate", 1.0),
        ("mean_dar", 1 / 1.5),
    ):
        expected = factor * alone.output[name]
        np.testing.assert_allclose(both.output[name], expected, rtol=1e-9, err_msg=name)


def test_loaded_antibody_may_leave_faster(engine: Engine) -> None:
    changed = {"clearance_dar_slope": "0.5", "clearance_dar_power": "1"}
    network = assemble(plasma_only(changed=changed, disposition="one-compartment"))
    still = {"deconjugation_rate": 0.0}
    result = run(network, [Dose(1000)], TIMES, engine, changed=still)
    for n, fraction in enumerate(BROAD):
        rate = 0.24 / 3.1 * (1 + 0.5 * n)
        expected = 1000 * fraction * np.exp(-rate * result.times)
        np.testing.assert_allclose(result.state[f"central_dar_{n}"], expected, 1e-8)


def test_earlier_antibody_shows_in_the_total_only(engine: Engine) -> None:
    changed = {"baseline_antibody": "100 nM", "baseline_antibody_decline": "0.05 1/day"}
    with_it, without = (
        run(assemble(plasma_only(changed=c)), [Dose(1000)], TIMES, engine)
        for c in (changed, None)
    )
    added = with_it.output["total_antibody_nM"] - without.output["total_antibody_nM"]
    np.testing.assert_allclose(added, 100 * np.exp(-0.05 * with_it.times), rtol=1e-8)
    for name in ("conjugate", "mean_dar", "naked_antibody"):
        np.testing.assert_array_equal(with_it.output[name], without.output[name])
