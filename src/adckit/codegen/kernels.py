"""A system of equations as functions on lanes.

    prepare(parameters)                  → fixed      once per subject
    rates(time, state, fixed, input)     → dy/dt
    slopes(time, state, fixed, input)    → df/dt at fixed state (only if time matters)
    factor(time, state, fixed, input, d) → LU of d I - df/dy, and dy/dt
    solve(LU, b, more)                   → x
    observe(time, state, fixed, input)   → outputs
    trigger, assign                      → state events

`fixed` holds the parameters followed by everything that depends on them alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from adckit.codegen.algebra import Elimination, pivots_before, plan_elimination
from adckit.codegen.collecting import collected_system
from adckit.codegen.emitter import Module, Reg
from adckit.codegen.lattice_algebra import add_lattice_model
from adckit.codegen.lower import Block, Hoisted, hoist, lower, slots
from adckit.codegen.writing import (
    FACTOR_ARGUMENTS,
    MODEL_ARGUMENTS,
    ModelShape,
    write_block,
    write_elimination,
)
from adckit.network.expr import TIME, ZERO, Expr, symbols_in
from adckit.network.system import OdeSystem

__all__ = ["ModelShape", "add_model"]


def add_model(module: Module, system: OdeSystem) -> ModelShape:
    """Write all functions of one system into the module."""
    system = collected_system(system)
    if system.cells is not None:
        return add_lattice_model(module, system)
    assigned = [value for event in system.assignments for _, value in event]
    jacobian = system.jacobian
    uses_time = any(slope is not ZERO for slope in system.time_slopes)
    watched = symbols_in(system.observed)
    groups = [
        *system.rates,
        *jacobian.values(),
        *system.observed,
        *system.triggers,
        *assigned,
        *(system.time_slopes if uses_time else ()),
    ]
    hoisted = hoist(groups, system.parameters)
    writer = _Writer(module, system, hoisted)
    writer.prepare()
    writer.simple("rates", system.rates)
    if uses_time:
        writer.simple("slopes", system.time_slopes)
    writer.simple("observe", system.observed)
    if system.triggers:
        writer.simple("trigger", system.triggers)
        writer.simple("assign", assigned)
    plan = plan_elimination(len(system.states), jacobian)
    places = _factor_places(plan, jacobian)
    writer.factor(jacobian, plan, places)
    _write_solve(module, plan, places)
    return ModelShape(
        states=len(system.states),
        parameters=len(system.parameters),
        fixed=len(system.parameters) + len(hoisted.expressions),
        inputs=len(system.inputs),
        outputs=len(system.outputs),
        factors=len(set(places.values())),
        events=len(system.triggers),
        assigned=len(assigned),
        uses_time=uses_time,
        seen=tuple(i for i, name in enumerate(system.states) if name in watched),
    )


def _factor_places(
    plan: Elimination, jacobian: dict[tuple[int, int], Expr]
) -> dict[tuple[int, int], int]:
    """Where each entry of the factors is stored, in the order in which `solve` reads.

    A diagonal entry is the inverse of its pivot.  Entries that elimination leaves as
    they are in J share a place where they are the same expression: the moments of a
    payload distribution all move by the same rates.  Reading less is what makes
    `solve` quick.
    """
    before = pivots_before(plan)
    forward = [(i, k) for i in plan.order for k in before[i]]
    backward = [(k, j) for k in reversed(plan.order) for j in (*plan.right[k], k)]
    changed = {(i, j) for k in plan.order for i in plan.below[k] for j in plan.right[k]}
    kept = {(k, j) for k in plan.order for j in plan.right[k]} - changed
    found: dict[object, int] = {}
    places: dict[tuple[int, int], int] = {}
    for entry in forward + backward:
        content = jacobian[entry] if entry in kept else entry
        places[entry] = found.setdefault(content, len(found))
    return places


class _Writer:
    """Writes blocks of statements as functions of one system."""

    def __init__(self, module: Module, system: OdeSystem, hoisted: Hoisted) -> None:
        self.module, self.system, self.hoisted = module, system, hoisted
        self.names = slots(
            state=system.states,
            fixed=system.parameters,
            input=system.inputs,
            time=[TIME.name],
        )

    def prepare(self) -> None:
        """fixed[parameters:] from fixed[:parameters]."""
        f = self.module.function("prepare", "ptr noalias %fixed")
        block = lower(self.hoisted.expressions, self.names)
        first = len(self.system.parameters)
        for i, value in enumerate(write_block(f, block)):
            f.store(value, f.arg("fixed"), first + i)
        f.done()

    def simple(self, name: str, roots: Sequence[Expr]) -> None:
        """A function that stores the values of `roots` one after the other."""
        f = self.module.function(name, f"{MODEL_ARGUMENTS}, ptr noalias %out")
        f.attributes = " noinline"
        for i, value in enumerate(write_block(f, self._lowered(roots))):
            f.store(value, f.arg("out"), i)
        f.done()

    def _lowered(self, roots: Sequence[Expr]) -> Block:
        return lower(roots, self.names, self.hoisted)

    def factor(
        self,
        jacobian: dict[tuple[int, int], Expr],
        plan: Elimination,
        places: dict[tuple[int, int], int],
    ) -> None:
        """LU of diagonal * I - J, stored with inverse pivots.

        The rates have most of their powers and quotients in common with J, so those of
        the same point are computed along with it.
        """
        f = self.module.function("factor", FACTOR_ARGUMENTS)
        f.attributes = " noinline"
        roots = [*self.system.rates, *jacobian.values()]
        values = write_block(f, self._lowered(roots))
        for i in range(len(self.system.rates)):
            f.store(values[i], f.arg("out"), i)
        values = values[len(self.system.rates) :]
        diagonal = f.load(f.arg("diagonal"))
        work: dict[tuple[int, int], Reg] = {}
        for entry, value in zip(jacobian, values, strict=True):
            work[entry] = f.neg(value)
        for k in range(len(self.system.states)):
            work[k, k] = f.add(diagonal, work[k, k]) if (k, k) in work else diagonal
        write_elimination(f, plan, work, f.arg("lu"), places)
        f.done()


def _write_solve(
    module: Module, plan: Elimination, places: dict[tuple[int, int], int]
) -> None:
    """x from LU and b + more, in the original order of the states."""
    f = module.function(
        "solve", "ptr noalias %lu, ptr noalias %b, ptr noalias %more, ptr noalias %x"
    )
    f.attributes = " noinline"
    lu = f.arg("lu")
    values = [
        f.add(f.load(f.arg("b"), i), f.load(f.arg("more"), i))
        for i in range(len(plan.order))
    ]
    before = pivots_before(plan)
    # By rows: a row's sum stays in a register, where by columns it would be stored.
    for i in plan.order:
        for k in before[i]:
            entry = f.load(lu, places[i, k])
            values[i] = f.sub(values[i], f.mul(entry, values[k]))
    for k in reversed(plan.order):
        for j in plan.right[k]:
            entry = f.load(lu, places[k, j])
            values[k] = f.sub(values[k], f.mul(entry, values[j]))
        values[k] = f.mul(values[k], f.load(lu, places[k, k]))
        f.store(values[k], f.arg("x"), k)
    f.done()
