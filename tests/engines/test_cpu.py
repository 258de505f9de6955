"""What only the compiled engine promises: the same bits, whatever the surroundings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from adckit.caches import cache_folder
from adckit.codegen.fingerprint import fingerprint
from adckit.codegen.machine import widest_lanes
from adckit.engines import cpu
from adckit.engines.base import ActionKind, Actions, Problem
from adckit.engines.compiling import compile_system
from adckit.network.expr import Symbol
from adckit.status import Status
from tests.engines.models import decay, free_form, parameter, problem

ADD = int(ActionKind.ADD)


def population(count: int = 53) -> Problem:
    """A non-linear system, one parameter set and dose history per subject."""
    y, z = Symbol("y"), Symbol("z")
    uptake = Symbol("v") * y / (y + 0.3) ** Symbol("h")
    system = free_form(
        "population",
        {"y": -uptake, "z": uptake - z * 0.2},
        {"y": 1.0, "z": 0.0},
        [parameter("v", 1.0, ""), parameter("h", 1.0, "")],
    )
    rng = np.random.default_rng(5)
    table = np.exp(rng.normal(0, 0.4, (count, 3)))
    table[:, 0] = 1.0
    rows = [[(float(d), ADD, 0, 1.0 + s % 3) for d in (0, 7, 14)] for s in range(count)]
    return problem(system, np.arange(0.0, 21.5, 0.5), rows, parameters=table, rtol=1e-6)


@pytest.fixture(scope="module")
def whole() -> np.ndarray:
    solution = cpu.solve(population())
    assert (solution.status == Status.OK).all()
    return solution.values


def test_threads_change_nothing(whole: np.ndarray) -> None:
    for threads in (1, 2, 5):
        np.testing.assert_array_equal(
            cpu.solve(population(), threads=threads).values, whole
        )


def test_lane_position_and_chunks_change_nothing(whole: np.ndarray) -> None:
    full = population()
    order = np.random.default_rng(1).permutation(full.subjects)
    for part in (order, order[:9], order[17:18]):
        piece = replace(
            full,
            parameters=full.parameters[part],
            initial=full.initial[part],
            absolute=full.absolute[part],
            actions=Actions.of([full.actions.subject(s) for s in part]),
        )
        np.testing.assert_array_equal(cpu.solve(piece).values, whole[part])


def test_output_grid_changes_nothing(whole: np.ndarray) -> None:
    full = population()
    for chosen in (slice(None, None, 5), slice(0, 20), slice(30, 31)):
        fewer = replace(full, times=full.times[chosen])
        np.testing.assert_array_equal(cpu.solve(fewer).values, whole[:, chosen])


def test_more_outputs_cost_no_steps() -> None:
    full = population()
    dense = replace(full, times=np.linspace(0, 21, 5000))
    np.testing.assert_array_equal(cpu.solve(dense).steps, cpu.solve(full).steps)


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
def test_width_changes_rounding_only(whole: np.ndarray, lanes: int) -> None:
    if lanes > widest_lanes():
        pytest.skip(f"this processor has {widest_lanes()} lanes")
    narrow = cpu.solve(population(), lanes=lanes).values
    np.testing.assert_allclose(narrow, whole, rtol=1e-11, atol=1e-15)


def test_error_follows_the_tolerance() -> None:
    exact = cpu.solve(replace(population(), rtol=1e-12)).values
    top = np.abs(exact).max(axis=1, keepdims=True)
    for rtol in (1e-3, 1e-5, 1e-7, 1e-9):
        found = cpu.solve(replace(population(), rtol=rtol)).values
        assert np.max(np.abs(found - exact) / top) < 10 * rtol


def test_too_many_steps_is_said() -> None:
    case = problem(decay(), [100.0], [[(0.0, ADD, 0, 1.0)]], values=[0.5], max_steps=5)
    solution = cpu.solve(case)
    assert solution.status[0] == Status.TOO_MANY_STEPS
    assert 0 < solution.stopped[0] < 100
    assert np.isnan(solution.values).all()


def test_progress_is_reported() -> None:
    calls: list[tuple[int, int]] = []
    cpu.solve(population(), progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (53, 53)


def test_ctrl_c_keeps_what_is_done() -> None:
    full = population(53)
    many = np.tile(np.arange(53), 2000)
    crowd = replace(
        full,
        parameters=full.parameters[many],
        initial=full.initial[many],
        absolute=full.absolute[many],
        actions=Actions.of([full.actions.subject(s) for s in many]),
    )

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    solution = cpu.solve(crowd, progress=stop)
    done = solution.status == Status.OK
    assert (solution.status[~done] == Status.INTERRUPTED).all()
    assert 0 < done.sum() < len(many)
    assert np.isfinite(solution.values[done]).all()
    assert np.isnan(solution.values[~done]).all()


def test_kernel_is_cached_and_verified(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADCKIT_CACHE", str(tmp_path))
    first = compile_system(decay())
    second = compile_system(decay())
    assert (first.from_cache, second.from_cache) == (False, True)
    (image,) = cache_folder().glob("*.o")
    image.write_bytes(b"broken" + image.read_bytes()[6:])
    assert not compile_system(decay()).from_cache


def test_equations_decide_which_kernel_is_taken() -> None:
    assert fingerprint(decay()) == fingerprint(decay())
    system = decay()
    faster = replace(system, rates=(system.rates[0] * 2.0, system.rates[1]))
    renamed = replace(system, states=("y", "gone"))
    swapped = replace(system, rates=system.rates[::-1])
    others = {fingerprint(s) for s in (faster, renamed, swapped)}
    assert len(others | {fingerprint(system)}) == 4
