"""A lattice solved cell by cell gives what its equations written out give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from adckit.codegen.cell_algebra import plan_cells
from adckit.codegen.rodas import RODAS5P
from adckit.engines import cpu, reference
from adckit.engines.base import ActionKind, Actions, Engine, Problem
from adckit.engines.compiling import module_text
from adckit.errors import ModelError
from adckit.network.expanded import expanded
from adckit.network.expr import Symbol
from adckit.network.lattice import CELL, Lattice, inner, outer, shifted
from adckit.network.network import Network
from adckit.network.parts import Event, Observable, Reaction, Species
from adckit.network.system import OdeSystem, build_system
from tests.engines.lattices import rings

SIZES = [(2, 1), (7, 1), (4, 3)]
DOSED = 150.0


def _problem(system: OdeSystem, network: Network, rtol: float = 1e-10) -> Problem:
    """Twelve subjects that differ in every parameter, dosed twice."""
    typical = np.array([p.internal for p in network.parameters])
    spread = np.random.default_rng(3).standard_normal((12, len(typical)))
    parameters = typical * np.exp(0.2 * spread)
    add = int(ActionKind.ADD)
    rows = [[(0.5, add, 0, 100.0), (3.0, add, 0, DOSED - 100.0)]] * len(parameters)
    return Problem(
        system,
        parameters,
        system.initial_state(parameters),
        Actions.of(rows),
        np.linspace(0.0, 10.0, 21),
        rtol * system.state_scale(parameters),
        rtol=rtol,
    )


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference relative to the largest value of each output."""
    size = np.abs(b).max(axis=(0, 1)).clip(1e-12)
    return float(np.max(np.abs(a - b) / size))


@pytest.mark.parametrize(("cells", "lines"), SIZES)
def test_compact_form_takes_the_steps_of_the_written_out_form(
    cells: int, lines: int
) -> None:
    network = rings(cells, lines)
    system = build_system(network)
    compact = cpu.solve(_problem(system, network))
    written = cpu.solve(_problem(expanded(system), network))
    np.testing.assert_array_equal(compact.steps, written.steps)
    # the same arithmetic in another order: round-off of some thousand steps
    assert _distance(compact.values, written.values) < 1e-12
    assert _distance(compact.final[:, None], written.final[:, None]) < 1e-12


@pytest.mark.parametrize("name", ["cpu", "cpu-1-lane"])
def test_lattice_agrees_with_the_reference_engine(name: str) -> None:
    from tests.engines.conftest import ENGINES

    engine: Engine = ENGINES[name]
    network = rings(5, 2)
    case = _problem(build_system(network), network)
    # ten times the tolerance of a step, as the default accuracy promises
    assert _distance(engine(case).values, reference.solve(case).values) < 1e-9


def test_drug_is_conserved_on_a_lattice() -> None:
    network = rings(20, 2)
    system = build_system(network)
    solution = cpu.solve(_problem(system, network, rtol=1e-6))
    total = (solution.final @ system.content.T)[:, 0]
    # fluxes are taken from one place and given to another, whatever the tolerance
    np.testing.assert_allclose(total, DOSED, rtol=1e-10)


def test_a_subject_is_the_same_on_one_thread_and_two() -> None:
    network = rings(6)
    case = _problem(build_system(network), network, rtol=1e-6)
    one, two = (cpu.solve(case, threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.values, two.values)
    half = replace(
        case,
        parameters=case.parameters[5:],
        initial=case.initial[5:],
        absolute=case.absolute[5:],
        actions=Actions.of([case.actions.subject(s) for s in range(5, 12)]),
    )
    np.testing.assert_array_equal(cpu.solve(half).values, one.values[5:])


def test_code_does_not_grow_with_the_number_of_cells() -> None:
    few, many = (
        len(module_text(build_system(rings(cells)), RODAS5P, 2)[0])
        for cells in (10, 1000)
    )
    assert many < few * 1.1  # the table of states that outputs need does grow


def test_cells_of_the_far_end_are_eliminated_first_and_carry_little() -> None:
    system = build_system(rings(30))
    assert system.cells is not None
    plan = plan_cells(system.cells, system.counting)
    free = system.cells.states.index("free")
    inside = {e for e in plan.carried if max(e) < len(system.cells.states)}
    assert inside == {(free, free)}  # only what diffuses reaches the next cell


def test_outputs_of_a_lattice_have_the_names_of_its_cells() -> None:
    system = build_system(rings(2, 2))
    assert system.outputs[:4] == (
        "concentration",
        "bound_drug",
        "share_held",
        "size_seen",
    )
    assert system.outputs[4:] == tuple(
        f"load_there[{line},{cell}]" for line in (0, 1) for cell in (0, 1)
    )
    assert system.states[4:6] == ("free[0,0]", "bound[0,0]")


def test_shifting_speaks_of_the_inner_neighbour() -> None:
    x = Symbol("x")
    assert shifted(CELL * (x - outer(x)), ["x"]) is (CELL - 1) * (inner(x) - x)
    with pytest.raises(ValueError, match="beyond the nearest neighbour"):
        shifted(inner(x), ["x"])


def test_lattices_that_make_no_sense_are_refused() -> None:
    network = rings(5)
    with pytest.raises(ModelError, match="1 x 1 cells; give 2 cells or more"):
        build_system(replace(network, lattices=(Lattice("radius", 1),)))
    short = Lattice("radius", 5, 2, {"weight": (1.0,)})
    with pytest.raises(ModelError, match="table 'weight' has 1 values for 2 lines"):
        build_system(replace(network, lattices=(short,)))
    with pytest.raises(ModelError, match="is on a lattice that does not exist"):
        build_system(
            Network("none").add(
                Species("x", lattice=True), Observable("x_seen", Symbol("x"), "nmol")
            )
        )
    emptied = Event("emptied", Symbol("size"), {"bound": Symbol("gone")})
    with pytest.raises(ModelError, match="cannot change 'bound'"):
        build_system(network.add(emptied))
    looking = Event("full", Symbol("bound"), {"size": Symbol("size")})
    with pytest.raises(ModelError, match="'bound', which has a value in every cell"):
        build_system(network.add(looking))
    outside = Reaction(
        "leaking", Symbol("growth") * Symbol("free"), {"plasma@outer": 1}, place="faces"
    )
    with pytest.raises(ModelError, match="plasma@outer"):
        build_system(network.add(outside))


def test_width_of_the_registers_changes_no_bit() -> None:
    network = rings(9, 2)
    case = _problem(build_system(network), network, rtol=1e-6)
    narrow, *wider = (cpu.solve(case, lanes=n) for n in (2, 4, 8))
    for other in wider:  # few subjects are solved in narrow registers
        np.testing.assert_array_equal(other.values, narrow.values)
