"""A system of equations as functions on lanes.

    prepare(parameters)                  → fixed      once per subject
    rates(time, state, fixed, input)     → dy/dt
    slopes(time, state, fixed, input)    → df/dt at fixed state (only if time matters)
    factor(time, state, fixed, input, d) → LU of d I - df/dy, and dy/dt
    solve(LU, b + more)                  → x
    observe(time, state, fixed, input)   → outputs
    trigger, assign                      → state events

`fixed` holds the parameters followed by everything that depends on them alone.  Where
there are several groups of states, each has rates, factor and solve of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.group_algebra import GroupAlgebra
from adckit.codegen.lattice_algebra import add_lattice_model
from adckit.codegen.lower import Hoisted, hoist, lower, slots
from adckit.codegen.writing import MODEL_ARGUMENTS, Group, ModelShape, write_block
from adckit.network.expr import TIME, ZERO, Expr, symbols_in
from adckit.network.system import OdeSystem

__all__ = ["ModelShape", "add_model"]


def add_model(
    module: Module, system: OdeSystem, ends: Sequence[int] = ()
) -> ModelShape:
    """Write all functions of one system into the module.

    `ends` says where groups of states end (`groups.py`); by default there is one.
    """
    if system.cells is not None:
        return add_lattice_model(module, system)
    assigned = [value for event in system.assignments for _, value in event]
    uses_time = any(slope is not ZERO for slope in system.time_slopes)
    watched = symbols_in(system.observed)
    roots = [
        *system.rates,
        *system.jacobian.values(),
        *system.observed,
        *system.triggers,
        *assigned,
        *(system.time_slopes if uses_time else ()),
    ]
    hoisted = hoist(roots, system.parameters)
    writer = _Writer(module, system, hoisted)
    writer.prepare()
    if uses_time:
        writer.simple("slopes", system.time_slopes)
    writer.simple("observe", system.observed)
    if system.triggers:
        writer.simple("trigger", system.triggers)
        writer.simple("assign", assigned)
    groups = writer.groups(ends or (len(system.states),))
    return ModelShape(
        states=len(system.states),
        parameters=len(system.parameters),
        fixed=len(system.parameters) + len(hoisted.expressions),
        inputs=len(system.inputs),
        outputs=len(system.outputs),
        groups=groups,
        events=len(system.triggers),
        assigned=len(assigned),
        uses_time=uses_time,
        seen=tuple(i for i, name in enumerate(system.states) if name in watched),
    )


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

    def simple(self, name: str, roots: Sequence[Expr], first: int = 0) -> None:
        """A function that stores the values of `roots` one after the other."""
        f = self.module.function(name, f"{MODEL_ARGUMENTS}, ptr noalias %out")
        f.attributes = " noinline"
        for i, value in enumerate(self.write(f, roots), first):
            f.store(value, f.arg("out"), i)
        f.done()

    def write(self, f: Function, roots: Sequence[Expr]) -> list[Reg]:
        """Instructions for `roots`."""
        return write_block(f, lower(roots, self.names, self.hoisted))

    def groups(self, ends: Sequence[int]) -> tuple[Group, ...]:
        """What each group needs."""
        made: list[Group] = []
        place = 0
        for number, (first, end) in enumerate(pairwise((0, *ends)), 1):
            suffix = f"_{number}" if len(ends) > 1 else ""
            algebra = GroupAlgebra.of(self.system.jacobian, first, end)
            rates = self.system.rates[first:end]
            self.simple(f"rates{suffix}", rates, first)
            algebra.write_factor(self.module, f"factor{suffix}", rates, self.write)
            algebra.write_solve(self.module, f"solve{suffix}")
            made.append(Group(suffix, first, end, place, algebra.size))
            place += algebra.size
        return tuple(made)
