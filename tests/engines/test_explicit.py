"""The explicit method: chosen where it pays, reproducible, never stuck in silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.cases import CASES
from benchmarks.peers.adckit_cpu import problem_of, tightened
from benchmarks.reference import errors

from adckit.engines import cpu
from adckit.engines.base import Actions, Problem
from adckit.engines.choice import METHODS, chosen_method, fastest_rate, patience
from adckit.engines.ladder import only, with_retries
from adckit.errors import UnknownNameError
from adckit.library import list_products
from adckit.network.expr import TIME, Symbol
from adckit.prepared import prepare
from adckit.simulation import simulate
from adckit.status import Status
from tests.engines.models import decay, free_form, parameter, problem


def oscillating(count: int = 53) -> Problem:
    """A driven non-linear system; every subject has its own parameters and doses."""
    y, z = Symbol("y"), Symbol("z")
    uptake = Symbol("v") * y / (y + 0.3) ** Symbol("h")
    wave = (TIME / Symbol("day")) * 0.01
    system = free_form(
        "oscillating",
        {"y": -uptake + wave, "z": uptake - z * 0.2},
        {"y": 1.0, "z": 0.0},
        [
            parameter("v", 1.0, ""),
            parameter("h", 1.0, ""),
            parameter("day", 1.0, "day"),
        ],
    )
    rng = np.random.default_rng(5)
    table = np.ones((count, 4))
    table[:, 1:3] = np.exp(rng.normal(0, 0.4, (count, 2)))
    rows = [[(float(d), 0, 0, 1.0 + s % 3) for d in (0, 7, 14)] for s in range(count)]
    case = problem(system, np.arange(0, 21.5, 0.5), rows, parameters=table, rtol=1e-7)
    return replace(case, method="dop853")


@pytest.fixture(scope="module")
def whole() -> np.ndarray:
    solution = cpu.solve(oscillating())
    assert (solution.status == Status.OK).all()
    return solution.values


def test_surroundings_change_no_bit(whole: np.ndarray) -> None:
    full = oscillating()
    for threads in (1, 2, 5):
        np.testing.assert_array_equal(cpu.solve(full, threads=threads).values, whole)
    order = np.random.default_rng(1).permutation(full.subjects)
    for part in (order, order[:9], order[17:18]):
        np.testing.assert_array_equal(cpu.solve(only(full, part)).values, whole[part])
    for chosen in (slice(None, None, 5), slice(0, 20), slice(30, 31)):
        fewer = replace(full, times=full.times[chosen])
        np.testing.assert_array_equal(cpu.solve(fewer).values, whole[:, chosen])


def test_both_methods_agree_and_the_explicit_one_takes_fewer_steps() -> None:
    full = replace(oscillating(), rtol=1e-9)
    explicit, stiff = cpu.solve(full), cpu.solve(replace(full, method="rodas5p"))
    np.testing.assert_allclose(explicit.values, stiff.values, rtol=1e-7, atol=1e-9)
    assert explicit.steps.mean() < stiff.steps.mean() / 2


def test_error_follows_the_tolerance() -> None:
    full = oscillating()
    exact = cpu.solve(replace(tightened(full, 1e-12), method="rodas5p")).values
    top = np.abs(exact).max(axis=1, keepdims=True)
    for rtol in (1e-3, 1e-5, 1e-7, 1e-9):
        found = cpu.solve(tightened(full, rtol)).values
        assert np.max(np.abs(found - exact) / top) < 10 * rtol


def fast_and_slow(rates: list[float]) -> Problem:
    """y follows the dose at once: dy/dt = -k (y - z), dz/dt = -z/10."""
    y, z = Symbol("y"), Symbol("z")
    system = free_form(
        "stiff",
        {"y": (z - y) * Symbol("k"), "z": z * -0.1},
        {"y": 0.0, "z": 1.0},
        [parameter("k", 1.0, "")],
    )
    table = np.column_stack([np.ones(len(rates)), rates])
    case = problem(system, [5.0, 20.0], parameters=table, rtol=1e-6)
    return replace(case, method="dop853")


def test_a_stiff_subject_is_given_up_and_said() -> None:
    case = fast_and_slow([1.0, 1e6, 10.0])
    solution = cpu.solve(case)
    assert solution.status.tolist() == [Status.OK, Status.STIFF, Status.OK]
    assert np.isnan(solution.values[1]).all()
    tried = solution.steps[1] + solution.rejected[1]
    assert 2 * patience(1e-6) < tried < 4 * patience(1e-6)
    assert "rodas5p" in Status.STIFF.reason


def test_the_ladder_solves_it_with_rodas5p() -> None:
    rates = [1.0, 1e6, 10.0]
    case = fast_and_slow(rates)
    solution = with_retries(cpu.solve)(case)
    assert solution.tries is not None
    assert solution.tries.tolist() == [1, 1, 1]
    k = np.array(rates)[:, np.newaxis]
    t = case.times
    exact = k / (k - 0.1) * (np.exp(-0.1 * t) - np.exp(-k * t))
    np.testing.assert_allclose(solution.values[:, :, 0], exact, rtol=1e-6)
    stiff = cpu.solve(replace(only(case, np.array([1])), method="rodas5p"))
    np.testing.assert_array_equal(solution.values[1], stiff.values[0])


def test_the_stiffness_of_a_dose_is_met_at_run_time() -> None:
    """Binding is slow without drug, so the choice before the run cannot see it."""
    drug, target = Symbol("drug"), Symbol("target")
    bound = drug * target * Symbol("kon")
    system = free_form(
        "binding",
        {"drug": drug * -0.1, "target": 1.0 - target - bound},
        {"drug": 0.0, "target": 1.0},
        [parameter("kon", 1e3, "")],
    )
    typical = np.array([1.0, 1e3])
    days = 60.0
    assert chosen_method(system, typical, 1e-6) == "dop853"
    case = problem(
        system, [days], [[(0.0, 0, 0, 1e4)]], values=typical.tolist(), rtol=1e-6
    )
    case = replace(case, method="dop853")
    assert cpu.solve(case).status[0] == Status.STIFF
    found = with_retries(cpu.solve)(case)
    right = cpu.solve(replace(case, method="rodas5p"))
    np.testing.assert_array_equal(found.values, right.values)


def test_the_choice() -> None:
    slow, quick = np.array([0.5]), np.array([1e4])
    assert chosen_method(decay(), slow, 1e-8) == "dop853"
    assert chosen_method(decay(), slow, 1e-4) == "rodas5p"  # no gain there
    assert chosen_method(decay(), quick, 1e-8) == "rodas5p"
    assert chosen_method(decay(), np.array([np.inf]), 1e-8) == "rodas5p"
    assert fastest_rate(decay(), slow) == pytest.approx(0.5)


@pytest.mark.parametrize("name", list_products())
def test_products_are_stiff(name: str) -> None:
    """Tubulin binds in seconds: lambda is above 1e3/day in every one."""
    ready = prepare(name)
    typical = np.array([p.internal for p in ready.network.parameters])
    for rtol in (1e-6, 1e-8, 1e-10):
        assert chosen_method(ready.system, typical, rtol) == "rodas5p"


def test_simulate_takes_a_method_and_says_which() -> None:
    case = CASES["indirect-response"]()
    doses, times = list(case.doses), case.times
    runs = {
        method: simulate(case.prepared, doses, times=times, method=method)
        for method in METHODS
    }
    assert [r.provenance["method"] for r in runs.values()] == [
        "dop853",
        "rodas5p",
        "dop853",
    ]
    np.testing.assert_array_equal(runs["auto"].values, runs["dop853"].values)
    np.testing.assert_allclose(
        runs["auto"].values, runs["rodas5p"].values, rtol=1e-6, atol=1e-9
    )
    with pytest.raises(UnknownNameError, match="euler"):
        simulate(case.prepared, doses, method="euler")


def test_a_large_population_of_the_case_agrees_between_methods() -> None:
    case = CASES["adc12"]()
    whole = problem_of(case, case.population(40))
    stiff = cpu.solve(tightened(whole, 1e-9)).values
    solved = with_retries(cpu.solve)(replace(tightened(whole, 1e-7), method="dop853"))
    assert (solved.status == Status.OK).all()
    assert errors(solved.values, stiff).max() < 1e-6


def test_nobody_is_left_over() -> None:
    """Actions of the subjects that are tried again are theirs."""
    rows = [[(1.0, 0, 1, float(s))] for s in range(4)]
    case = replace(fast_and_slow([1.0, 1e6, 2.0, 1e7]), actions=Actions.of(rows))
    found = with_retries(cpu.solve)(case)
    for s in range(4):
        alone = with_retries(cpu.solve)(only(case, np.array([s])))
        np.testing.assert_array_equal(found.values[s], alone.values[0])
