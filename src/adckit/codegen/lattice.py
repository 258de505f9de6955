"""The functions of `kernels.py` for a system with a lattice.

The code of one cell stands once, in a loop over cells (`factor` and `solve` are in
`lattice_algebra.py`).

    state    states outside | line 0 cell 0 | line 0 cell 1 | ...
    fixed    parameters | what follows from them | per cell: where it is, what follows
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.lower import Hoisted, Value, hoist, lower, slots
from adckit.codegen.writing import MODEL_ARGUMENTS, Group, ModelShape, write_block
from adckit.network.cells import CellSystem, partials
from adckit.network.expr import TIME, ZERO, Expr, Symbol, derivatives, symbols_in
from adckit.network.lattice import inner, outer, own
from adckit.network.system import OdeSystem

__all__ = ["LatticeModel", "Place", "add_lattice_functions", "each_cell"]

_WHERE = "where"
"""Array of a cell's number, tables and constants."""


@dataclass(frozen=True)
class Place:
    """A cell while code is written for it."""

    arrays: Mapping[str, Reg]
    """Where the arrays of the cell begin."""
    number: Reg | int
    """Counted over all lines."""


@dataclass(frozen=True)
class LatticeModel:
    """A system with a lattice, and where its constants are."""

    system: OdeSystem
    cells: CellSystem

    @property
    def width(self) -> int:
        """States of one cell."""
        return len(self.cells.states)

    @property
    def outside(self) -> int:
        """States that are not on the lattice; they come first."""
        return len(self.cells.shared)

    @cached_property
    def first(self) -> dict[str, dict[tuple[int, int], Expr]]:
        """Partial derivatives of what happens in first cells alone."""
        cells = self.cells
        return {
            "cell_by_cell": partials(cells.first_rates, cells.states),
            "cell_by_shared": partials(cells.first_rates, cells.shared),
            "shared_by_cell": partials(cells.first_to_shared, cells.states),
            "shared_by_shared": partials(cells.first_to_shared, cells.shared),
        }

    @cached_property
    def slopes(self) -> list[tuple[Expr, ...]]:
        """Derivatives by time of all rates, in the order of `_rates`."""
        return [tuple(derivatives(list(group), TIME)) for group in self.rates]

    @property
    def rates(self) -> list[tuple[Expr, ...]]:
        """Outside; in a cell, and from it; in a first cell, and from it."""
        cells = self.cells
        inside = [cells.rates, cells.to_shared]
        return [self.system.rates, *inside, cells.first_rates, cells.first_to_shared]

    @property
    def uses_time(self) -> bool:
        return any(slope is not ZERO for group in self.slopes for slope in group)

    @cached_property
    def _cell_roots(self) -> list[Expr]:
        cells = self.cells
        roots = [*self.rates[1], *self.rates[2], *self.rates[3], *self.rates[4]]
        roots += [*cells.totals.values(), *cells.profiles]
        for entries in (
            cells.jacobian,
            cells.to_inner,
            cells.from_inner,
            cells.by_shared,
            cells.shared_by_cell,
            cells.shared_by_shared,
            *self.first.values(),
        ):
            roots += entries.values()
        if self.uses_time:
            roots += [slope for group in self.slopes[1:] for slope in group]
        return roots

    @cached_property
    def shared_constants(self) -> Hoisted:
        """What depends on parameters alone."""
        system = self.system
        roots = [*system.rates, *system.jacobian.values(), *system.observed]
        roots += [*system.triggers, *(v for a in system.assignments for _, v in a)]
        if self.uses_time:
            roots += self.slopes[0]
        return hoist([*roots, *self._cell_roots], system.parameters)

    @cached_property
    def cell_constants(self) -> tuple[Expr, ...]:
        """What depends on parameters and the place of the cell alone."""
        where = self.cells.lattice.symbols
        found = hoist(self._cell_roots, [*self.system.parameters, *where])
        names = set(where)
        return tuple(e for e in found.expressions if names & symbols_in([e]))

    @property
    def shared_fixed(self) -> int:
        """Constants before those of the first cell."""
        return len(self.system.parameters) + len(self.shared_constants.expressions)

    @property
    def cell_fixed(self) -> int:
        """Constants of each cell."""
        return len(self.cells.lattice.symbols) + len(self.cell_constants)

    @cached_property
    def names(self) -> dict[str, Value]:
        """Where an expression of a cell finds its symbols."""
        states = [Symbol(name) for name in self.cells.states]
        system = self.system
        return slots(
            cell=self.cells.states,
            inner=[inner(x).name for x in states],
            outer=[outer(x).name for x in states],
            where=self.cells.lattice.symbols,
            state=self.cells.shared,
            fixed=system.parameters,
            input=system.inputs,
            time=[TIME.name],
            total=list(self.cells.totals),
        )

    @cached_property
    def constants(self) -> Hoisted:
        """Every constant that the code of a cell may use."""
        first = len(self.cells.lattice.symbols)
        local = {e: Value(_WHERE, first + i) for i, e in enumerate(self.cell_constants)}
        return Hoisted(values={**self.shared_constants.values, **local})

    def write(
        self,
        f: Function,
        roots: Sequence[Expr],
        place: Place | None = None,
        known: Mapping[Value, Reg] | None = None,
    ) -> list[Reg]:
        """Instructions for `roots`, outside the lattice or in one cell."""
        block = lower(roots, self.names, self.constants)
        return write_block(f, block, place.arrays if place else {}, known or {})

    def place(self, f: Function, line: Reg | int, cell: Reg | int) -> Place:
        """The cell of a line; neighbours beyond an end are the cell itself."""
        lattice = self.cells.lattice
        state, fixed = f.arg("state"), f.arg("fixed")
        if isinstance(line, int) and isinstance(cell, int):
            number: Reg | int = line * lattice.cells + cell
            back: Reg | int = int(cell > 0)
            ahead: Reg | int = int(cell < lattice.cells - 1)
        else:
            number = f.whole("add", f.whole("mul", as_reg(line), lattice.cells), cell)
            back = _truth(f, "sgt", as_reg(cell), 0)
            ahead = _truth(f, "slt", as_reg(cell), lattice.cells - 1)
        here = self.state_of(f, number)
        step = f.whole("mul", as_reg(back), self.width)
        beyond = f.whole("mul", as_reg(ahead), self.width)
        first = f.whole("mul", as_reg(number), self.cell_fixed)
        arrays = {
            "cell": f.at(state, here),
            "inner": f.at(state, f.whole("sub", here, step)),
            "outer": f.at(state, f.whole("add", here, beyond)),
            _WHERE: f.at(fixed, f.whole("add", first, self.shared_fixed)),
        }
        return Place(arrays, number)

    def state_of(self, f: Function, number: Reg | int) -> Reg:
        """Index of the first state of a cell."""
        first = f.whole("mul", as_reg(number), self.width)
        return f.whole("add", first, self.outside)

    def shape(self, factors: int) -> ModelShape:
        """Sizes for the integrator."""
        system, cells = self.system, self.cells
        watched = symbols_in([*system.observed, *cells.totals.values()])
        watched |= symbols_in(cells.profiles)
        seen = {own(name) for name in watched}
        inside = [i for i, name in enumerate(cells.states) if name in seen]
        starts = range(self.outside, len(system.states), self.width)
        return ModelShape(
            states=len(system.states),
            parameters=len(system.parameters),
            fixed=self.shared_fixed + cells.lattice.count * self.cell_fixed,
            inputs=len(system.inputs),
            outputs=len(system.outputs),
            groups=(Group("", 0, len(system.states), 0, factors),),
            events=len(system.triggers),
            assigned=sum(map(len, system.assignments)),
            uses_time=self.uses_time,
            seen=(
                *(i for i, name in enumerate(cells.shared) if name in seen),
                *(start + i for start in starts for i in inside),
            ),
        )


def as_reg(value: Reg | int) -> Reg:
    """A whole number as an operand."""
    return value if isinstance(value, Reg) else Reg("i64", str(value))


def _truth(f: Function, relation: str, a: Reg, b: int) -> Reg:
    """1 where a comparison holds, as i64."""
    return f.cast(f.compare_whole(relation, a, Reg("i64", str(b))), "i64", "zext")


@contextmanager
def each_cell(f: Function, model: LatticeModel) -> Iterator[Place]:
    """Do the block in every cell, line by line."""
    lattice = model.cells.lattice
    with f.loop(lattice.lines) as line, f.loop(lattice.cells) as cell:
        yield model.place(f, line, cell)


def add_lattice_functions(module: Module, model: LatticeModel) -> None:
    """Write all functions of the model but `factor` and `solve`."""
    _add_prepare(module, model)
    _add_rates(module, model, "rates", model.rates)
    if model.uses_time:
        _add_rates(module, model, "slopes", model.slopes)
    _add_observe(module, model)
    system = model.system
    if system.triggers:
        _add_outside(module, model, "trigger", system.triggers)
        assigned = [v for event in system.assignments for _, v in event]
        _add_outside(module, model, "assign", assigned)


def _add_prepare(module: Module, model: LatticeModel) -> None:
    """Constants of the model, then where each cell is and what follows from that."""
    f = module.function("prepare", "ptr noalias %fixed")
    lattice, shared = model.cells.lattice, model.shared_constants
    block = lower(shared.expressions, model.names)
    for i, value in enumerate(write_block(f, block), len(model.system.parameters)):
        f.store(value, f.arg("fixed"), i)
    local = lower(model.cell_constants, model.names, shared)
    for line in range(lattice.lines):
        with f.loop(lattice.cells) as cell:
            number = f.whole("add", cell, line * lattice.cells)
            first = f.whole("mul", number, model.cell_fixed)
            here = f.at(f.arg("fixed"), f.whole("add", first, model.shared_fixed))
            f.store(f.spread(f.cast(cell, "double", "sitofp")), here, 0)
            for i, values in enumerate(lattice.tables.values(), 1):
                f.store(module.constant(values[line]), here, i)
            found = write_block(f, local, {_WHERE: here})
            for i, value in enumerate(found, len(lattice.symbols)):
                f.store(value, here, i)
    f.done()


def _add_rates(
    module: Module, model: LatticeModel, name: str, groups: Sequence[tuple[Expr, ...]]
) -> None:
    """dy/dt, or something else that has the same parts."""
    f = module.function(name, f"{MODEL_ARGUMENTS}, ptr noalias %out")
    f.attributes = " noinline"
    zero = module.constant(0.0)
    outside, inside, added, first, first_added = groups
    counted = [i for i, root in enumerate(added) if root is not ZERO]
    sums = [f.variable(module.real, zero) for _ in counted]
    with each_cell(f, model) as place:
        values = model.write(f, [*inside, *(added[i] for i in counted)], place)
        here = f.at(f.arg("out"), model.state_of(f, place.number))
        for i, value in enumerate(values[: model.width]):
            f.store(value, here, i)
        for total, value in zip(sums, values[model.width :], strict=True):
            f.put(f.add(f.get(total, module.real), value), total)
    result = model.write(f, outside)
    for i, total in zip(counted, sums, strict=True):
        result[i] = f.add(result[i], f.get(total, module.real))
    for line in range(model.cells.lattice.lines):
        place = model.place(f, line, 0)
        here = f.at(f.arg("out"), model.state_of(f, place.number))
        values = model.write(f, [*first, *first_added], place)
        for i, root in enumerate(first):
            if root is not ZERO:
                f.store(f.add(f.load(here, i), values[i]), here, i)
        for i, root in enumerate(first_added):
            if root is not ZERO:
                result[i] = f.add(result[i], values[model.width + i])
    for i, value in enumerate(result):
        f.store(value, f.arg("out"), i)
    f.done()


def _add_observe(module: Module, model: LatticeModel) -> None:
    """Outputs of the whole, then the profiles cell by cell."""
    f = module.function("observe", f"{MODEL_ARGUMENTS}, ptr noalias %out")
    f.attributes = " noinline"
    cells, zero = model.cells, module.constant(0.0)
    sums = [f.variable(module.real, zero) for _ in cells.totals]
    profiles, whole = len(cells.profiles), len(model.system.observed)
    with each_cell(f, model) as place:
        roots = [*cells.totals.values(), *cells.profiles]
        values = model.write(f, roots, place)
        for total, value in zip(sums, values, strict=False):
            f.put(f.add(f.get(total, module.real), value), total)
        first = f.whole("mul", as_reg(place.number), profiles)
        here = f.at(f.arg("out"), f.whole("add", first, whole))
        for i, value in enumerate(values[len(sums) :]):
            f.store(value, here, i)
    known = {
        model.names[name]: f.get(total, module.real)
        for name, total in zip(cells.totals, sums, strict=True)
    }
    for i, value in enumerate(model.write(f, model.system.observed, known=known)):
        f.store(value, f.arg("out"), i)
    f.done()


def _add_outside(
    module: Module, model: LatticeModel, name: str, roots: Sequence[Expr]
) -> None:
    f = module.function(name, f"{MODEL_ARGUMENTS}, ptr noalias %out")
    f.attributes = " noinline"
    for i, value in enumerate(model.write(f, roots)):
        f.store(value, f.arg("out"), i)
    f.done()
