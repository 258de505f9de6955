"""Rates collected by state, and states in groups: faster, and the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from adckit import DoseRecord, simulate
from adckit.codegen import groups
from adckit.codegen.collecting import collected, collected_system
from adckit.codegen.groups import components, grouped
from adckit.engines import cpu
from adckit.library import list_products
from adckit.network.expr import Expr, Symbol, evaluate
from adckit.network.system import OdeSystem
from adckit.prepared import prepare
from adckit.results import Result

A, B, X, Y = (Symbol(name) for name in "abxy")


def test_terms_of_one_state_get_one_factor() -> None:
    rate = A * X - B * X + Y * X / (A + 1.0) - Y * 2.0 * A + B
    (found,) = collected([rate], {"x", "y"}, {"a", "b"})
    assert str(found) == "(y/(a + 1) + a - b)*x - y*2*a + b"


def test_what_is_no_multiple_of_a_state_stays() -> None:
    rate = A / X + X**B
    assert collected([rate], {"x"}, {"a", "b"}) == (rate,)


def at_random(system: OdeSystem, roots: list[Expr], seed: int) -> np.ndarray:
    """Values of `roots` at random states, parameters and inputs."""
    rng = np.random.default_rng(seed)
    names = (*system.states, *system.parameters, *system.inputs, "time")
    values = dict(zip(names, np.exp(rng.normal(0, 1, (len(names), 20))), strict=True))
    found = [np.broadcast_to(v, 20) for v in evaluate(roots, values)]
    return np.array(found)


@pytest.mark.parametrize("name", list_products())
@pytest.mark.parametrize("form", ["moments", "species"])
def test_collected_rates_of_the_library_are_the_rates(name: str, form: str) -> None:
    system = prepare(name, {"form": form}).system
    other = collected_system(system)
    before, after = (
        at_random(system, [*s.rates, *s.jacobian.values()], seed=3)
        for s in (system, other)
    )
    assert list(other.jacobian) == list(system.jacobian)
    # rounding, in sums whose terms cancel
    np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-12 * before.max())


@given(
    st.integers(1, 30).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))),
        )
    )
)
@settings(deadline=None)
def test_components_are_those_of_the_graph_in_order(
    graph: tuple[int, list[tuple[int, int]]],
) -> None:
    size, edges = graph
    found = components(size, edges)
    assert sorted(state for part in found for state in part) == list(range(size))
    matrix = csr_array((size, size), dtype=bool)
    if edges:
        row, column = np.array(edges).T
        ones = np.ones(len(edges), dtype=bool)
        matrix = csr_array((ones, (row, column)), shape=(size, size))
    _, label = connected_components(matrix, connection="strong")
    position = {state: k for k, part in enumerate(found) for state in part}
    for i in range(size):
        for j in range(size):
            assert (position[i] == position[j]) == (label[i] == label[j])
    assert all(position[i] >= position[j] for i, j in edges)


def test_a_group_depends_on_none_after_it() -> None:
    arranged = grouped(collected_system(prepare("cantuzumab-mertansine").system))
    assert len(arranged.ends) > 1
    end = np.repeat(arranged.ends, np.diff([0, *arranged.ends]))
    assert all(j < end[i] for i, j in arranged.system.jacobian)
    states = prepare("cantuzumab-mertansine").system.states
    assert arranged.system.states == tuple(states[i] for i in arranged.order)


def solved(monkeypatch: pytest.MonkeyPatch, empty: Path, largest: int) -> Result:
    """Doses, a reset to nothing and the cure of a small tumour."""
    monkeypatch.setattr(groups, "LARGEST", largest)
    monkeypatch.setenv("ADCKIT_CACHE", str(empty / str(largest)))
    cpu._Kernels.of.cache_clear()
    doses = [DoseRecord(time=t, amount=5000.0, port="central") for t in (0.0, 21.0)]
    doses.append(DoseRecord(time=30.0, amount=900.0, port="central", evid=4))
    subjects = {"initial_tumour_volume": [1e-8, 1.6], "clearance": [0.2, 0.4]}
    times = np.linspace(0.0, 42.0, 85)
    return simulate("T-DM1", doses, subjects=subjects, times=times, rtol=1e-8)


def test_groups_take_the_same_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = solved(monkeypatch, tmp_path, 1000)
    assert whole.curve("tumour_volume")[0, 58] < 1e-6  # mm3; a cell has 2.6e-6
    for largest in (1, 40):
        found = solved(monkeypatch, tmp_path, largest)
        np.testing.assert_array_equal(found.steps, whole.steps)
        top = np.abs(whole.values).max(axis=(0, 1))
        error = np.abs(found.values - whole.values)
        assert (error <= 1e-11 * top).all()
    cpu._Kernels.of.cache_clear()
