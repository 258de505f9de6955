"""@factor and @solve for a system with a lattice.

Cells are eliminated line by line from the outer end inwards (`cell_algebra.py`).  The
head that is left, what is outside the lattice and the first cell of every line, is a
matrix like any other.  Passive states, on which nothing depends, come last: they follow
from all others.  Where the factors are is in `lattice_plan.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adckit.codegen.algebra import pivots_before
from adckit.codegen.cell_algebra import Entry
from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.lattice import LatticeModel, Place, add_lattice_functions
from adckit.codegen.lattice_plan import LatticePlan
from adckit.codegen.writing import FACTOR_ARGUMENTS, ModelShape, write_elimination
from adckit.network.expr import Expr
from adckit.network.system import OdeSystem

__all__ = ["add_lattice_model"]

Entries = Mapping[Entry, Expr]


def add_lattice_model(module: Module, system: OdeSystem) -> ModelShape:
    """Write all functions of a system with a lattice into the module."""
    assert system.cells is not None
    model = LatticeModel(system, system.cells)
    add_lattice_functions(module, model)
    plan = LatticePlan(model)
    _Factor(module, plan).write()
    _Solve(module, plan).write()
    return model.shape(plan.size)


class _Factor:
    """Writes @factor: LU of d I - df/dy, with inverse pivots, and dy/dt."""

    def __init__(self, module: Module, plan: LatticePlan) -> None:
        self.module, self.plan, self.model = module, plan, plan.model
        self.f = module.function("factor", FACTOR_ARGUMENTS)
        self.f.attributes = " noinline"
        self.one = module.constant(1.0)

    def write(self) -> None:
        f, zero, real = self.f, self.module.constant(0.0), self.module.real
        self.diagonal = f.load(f.arg("diagonal"))
        border = {entry: f.variable(real, zero) for entry in self.plan.border}
        carried = {e: f.variable(real, zero) for e in self.plan.tail.carried}
        lattice = self.model.cells.lattice
        with f.loop(lattice.lines) as line:
            for slot in carried.values():
                f.put(zero, slot)
            with f.loop(lattice.cells - 1) as done:
                last = Reg("i64", str(lattice.cells - 1))
                place = self.model.place(f, line, f.whole("sub", last, done))
                self._cell(place, carried, border)
            first = f.whole("mul", line, len(carried))
            kept = f.at(f.arg("lu"), f.whole("add", first, self.plan.carried_place))
            for i, slot in enumerate(carried.values()):
                f.store(f.get(slot, real), kept, i)
        self._head(border)
        names = ("time", "state", "fixed", "input", "out")
        f.call("void", "rates", *(f.arg(name) for name in names))
        f.done()

    def _cell(
        self, place: Place, carried: dict[Entry, Reg], border: dict[Entry, Reg]
    ) -> None:
        """Eliminate one cell."""
        f, plan, real = self.f, self.plan, self.module.real
        direct = self.model.cells.shared_by_shared
        roots = [*plan.cell_entries.values(), *plan.passive_entries.values()]
        values = self.model.write(f, [*roots, *direct.values()], place)
        work: dict[Entry, Reg] = {}
        for entry, value in zip(plan.cell_entries, values, strict=False):
            work[entry] = f.neg(value)
        for k in range(self.model.width):
            held = work.get((k, k))
            work[k, k] = f.add(self.diagonal, held) if held else self.diagonal
        for entry, slot in carried.items():
            _add(f, work, entry, f.get(slot, real))
        passive = values[len(plan.cell_entries) : len(roots)]
        into = plan.cell_factors(f, place.number)
        places = plan.cell_places
        for entry, value in zip(plan.passive_entries, passive, strict=True):
            f.store(value, into, places["passive", entry])
        write_elimination(f, plan.tail, work, into, places)
        width = self.model.width
        for entry, slot in carried.items():
            i, j = (x + width if x < width else x for x in entry)
            f.put(work.get((i, j), self.module.constant(0.0)), slot)
        self._to_border(
            border, work, dict(zip(direct, values[len(roots) :], strict=True))
        )

    def _to_border(
        self, border: dict[Entry, Reg], work: dict[Entry, Reg], direct: dict[Entry, Reg]
    ) -> None:
        """What a cell changes outside: as W for active rows, as df/dy for passive."""
        f, real, width = self.f, self.module.real, self.model.width
        for (i, j), slot in border.items():
            total = f.get(slot, real)
            if (i, j) in direct:
                more = f.add if i not in self.plan.active else f.sub
                total = more(total, direct[i, j])
            update = work.get((2 * width + i, 2 * width + j))
            f.put(f.add(total, update) if update else total, slot)

    def _head(self, border: dict[Entry, Reg]) -> None:
        """Factorise what is left once the cells are gone."""
        f, plan, real = self.f, self.plan, self.module.real
        work: dict[Entry, Reg] = {(k, k): self.diagonal for k in range(plan.head_size)}
        passive: dict[Entry, Reg] = {}
        jacobian = self.model.system.jacobian
        values = self.model.write(f, list(jacobian.values()))
        self._outside(work, passive, zip(jacobian, values, strict=True))
        for (i, j), slot in border.items():
            total, column = f.get(slot, real), plan.active[j]
            if i in plan.active:
                _add(f, work, (plan.active[i], column), total)
            else:
                _add(f, passive, (i, column), total)
        for line in range(plan.lines):
            self._first_cell(line, work, passive)
        lu = f.arg("lu")
        write_elimination(f, plan.head, work, lu, plan.head_places)
        for entry, place in plan.passive_places.items():
            f.store(passive[entry], lu, place)
        f.store(f.div(self.one, self.diagonal), lu, plan.inverse_place)

    def _outside(
        self,
        work: dict[Entry, Reg],
        passive: dict[Entry, Reg],
        values: Iterable[tuple[Entry, Reg]],
    ) -> None:
        """df/dy among the states outside."""
        active = self.plan.active
        for (i, j), value in values:
            if i in active:
                _subtract(self.f, work, (active[i], active[j]), value)
            else:
                _add(self.f, passive, (i, active[j]), value)

    def _first_cell(
        self, line: int, work: dict[Entry, Reg], passive: dict[Entry, Reg]
    ) -> None:
        """What the first cell of a line brings into the head."""
        f, plan, width = self.f, self.plan, self.model.width
        groups = plan.from_first
        roots = [value for group in groups.values() for value in group.values()]
        values = iter(self.model.write(f, roots, self.model.place(f, line, 0)))
        found = {
            name: {entry: next(values) for entry in group}
            for name, group in groups.items()
        }

        def at(i: int, j: int) -> Entry:
            return plan.in_head(i, line), plan.in_head(j, line)

        for (i, j), value in found["cell_by_cell"].items():
            _subtract(f, work, at(i, j), value)
        for (i, j), value in found["cell_by_shared"].items():
            _subtract(f, work, at(i, 2 * width + j), value)
        for (i, j), value in found["shared_by_cell"].items():
            if i in plan.active:
                _subtract(f, work, at(2 * width + i, j), value)
            else:
                _add(f, passive, (i, plan.in_head(j, line)), value)
        self._outside(work, passive, found["shared_by_shared"].items())
        first = plan.carried_place + line * len(plan.tail.carried)
        for n, (i, j) in enumerate(plan.tail.carried, first):
            _add(f, work, at(i, j), f.load(f.arg("lu"), n))


def _add(f: Function, work: dict[Entry, Reg], entry: Entry, value: Reg) -> None:
    known = work.get(entry)
    work[entry] = f.add(known, value) if known else value


def _subtract(f: Function, work: dict[Entry, Reg], entry: Entry, value: Reg) -> None:
    known = work.get(entry)
    work[entry] = f.sub(known, value) if known else f.neg(value)


class _Solve:
    """Writes @solve: x from LU and b + more."""

    def __init__(self, module: Module, plan: LatticePlan) -> None:
        self.module, self.plan, self.model = module, plan, plan.model
        self.f = module.function(
            "solve",
            "ptr noalias %lu, ptr noalias %b, ptr noalias %more, ptr noalias %x",
        )
        self.f.attributes = " noinline"
        self.before = plan.tail.before

    def write(self) -> None:
        f, zero, real = self.f, self.module.constant(0.0), self.module.real
        rows = [i for i in sorted(self.before) if i >= self.model.width]
        sums = {i: f.variable(real, zero) for i in rows}
        counts = {i: f.variable(real, zero) for i in self.plan.passive}
        inward = [i for i in rows if i < 2 * self.model.width]
        lattice = self.model.cells.lattice
        with f.loop(lattice.lines) as line:
            for i in inward:
                f.put(zero, sums[i])
            start = f.whole("mul", line, lattice.cells)
            with f.loop(lattice.cells - 1) as done:
                last = f.whole("add", start, lattice.cells - 1)
                self._forward(f.whole("sub", last, done), sums)
            first = f.at(f.arg("x"), self.model.state_of(f, start))
            for i in inward:
                value = f.get(sums[i], real)
                f.store(value, first, i - self.model.width)
        self._head(sums)
        with f.loop(lattice.lines) as line:
            start = f.whole("mul", line, lattice.cells)
            with f.loop(lattice.cells - 1) as done:
                number = f.whole("add", f.whole("add", start, done), 1)
                self._backward(number, counts)
        self._passive(counts)
        f.done()

    def _forward(self, number: Reg, sums: dict[int, Reg]) -> None:
        """Eliminate a cell from the right-hand side; it stays, half done, in x."""
        f, plan, real, width = self.f, self.plan, self.module.real, self.model.width
        start = self.model.state_of(f, number)
        b, more, x = (f.at(f.arg(name), start) for name in ("b", "more", "x"))
        lu, places = plan.cell_factors(f, number), plan.cell_places
        values: dict[int, Reg] = {}
        for i in range(width):
            values[i] = f.add(f.load(b, i), f.load(more, i))
            if width + i in sums:
                values[i] = f.add(values[i], f.get(sums[width + i], real))
        # By rows: a row's sum stays in a register, where by columns it would be stored.
        for i in plan.tail.order:
            for k in self.before.get(i, []):
                term = f.mul(f.load(lu, places[i, k]), values[k])
                values[i] = f.sub(values[i], term)
            f.store(values[i], x, i)
        for i, slot in sums.items():
            outside = i >= 2 * width
            total = f.get(slot, real) if outside else self.module.constant(0.0)
            for k in self.before[i]:
                total = f.sub(total, f.mul(f.load(lu, places[i, k]), values[k]))
            f.put(total, slot)

    def _head(self, sums: dict[int, Reg]) -> None:
        """Solve for the states outside and the first cells."""
        f, plan, width = self.f, self.plan, self.model.width
        values: dict[int, Reg] = {}
        states = self._head_states()
        for k, state in states.items():
            b, more = f.load(f.arg("b"), state), f.load(f.arg("more"), state)
            values[k] = f.add(b, more)
        for i, slot in sums.items():
            if i >= 2 * width:
                k = plan.active[i - 2 * width]
                values[k] = f.add(values[k], f.get(slot, self.module.real))
                continue
            for line in range(plan.lines):
                k = plan.in_head(i - width, line)
                values[k] = f.add(values[k], f.load(f.arg("x"), states[k]))
        lu, places, before = f.arg("lu"), plan.head_places, pivots_before(plan.head)
        for i in plan.head.order:
            for k in before[i]:
                term = f.mul(f.load(lu, places[i, k]), values[k])
                values[i] = f.sub(values[i], term)
        for k in reversed(plan.head.order):
            for j in plan.head.right[k]:
                term = f.mul(f.load(lu, places[k, j]), values[j])
                values[k] = f.sub(values[k], term)
            values[k] = f.mul(values[k], f.load(lu, places[k, k]))
            f.store(values[k], f.arg("x"), states[k])

    def _head_states(self) -> dict[int, int]:
        """Index in the head → state."""
        model, plan = self.model, self.plan
        states = {k: state for state, k in plan.active.items()}
        for line in range(plan.lines):
            first = model.outside + line * model.cells.lattice.cells * model.width
            states |= {plan.in_head(i, line): first + i for i in range(model.width)}
        return states

    def _backward(self, number: Reg, counts: dict[int, Reg]) -> None:
        """Finish a cell whose inner neighbour is known."""
        f, plan, width = self.f, self.plan, self.model.width
        start = self.model.state_of(f, number)
        x = f.at(f.arg("x"), start)
        neighbour = f.at(f.arg("x"), f.whole("sub", start, width))
        lu, places = plan.cell_factors(f, number), plan.cell_places
        values: dict[int, Reg] = {}

        def known(j: int) -> Reg:
            if j not in values:
                outside = j >= 2 * width
                base = f.arg("x") if outside else neighbour
                values[j] = f.load(base, j - (2 * width if outside else width))
            return values[j]

        for k in reversed(plan.tail.order):
            total = f.load(x, k)
            for j in plan.tail.right[k]:
                total = f.sub(total, f.mul(f.load(lu, places[k, j]), known(j)))
            values[k] = f.mul(total, f.load(lu, places[k, k]))
            f.store(values[k], x, k)
        added: dict[int, Reg] = {}
        for i, j in plan.passive_entries:
            term = f.mul(f.load(lu, places["passive", (i, j)]), values[j])
            added[i] = f.add(added[i], term) if i in added else term
        for i, value in added.items():
            f.put(f.add(f.get(counts[i], self.module.real), value), counts[i])

    def _passive(self, counts: dict[int, Reg]) -> None:
        """x = (b + sum of df/dy x) / d for states on which nothing depends."""
        f, plan = self.f, self.plan
        states = self._head_states()
        inverse = f.load(f.arg("lu"), plan.inverse_place)
        for i in plan.passive:
            total = f.add(f.load(f.arg("b"), i), f.load(f.arg("more"), i))
            total = f.add(total, f.get(counts[i], self.module.real))
            for (row, k), place in plan.passive_places.items():
                if row == i:
                    x = f.load(f.arg("x"), states[k])
                    total = f.add(total, f.mul(f.load(f.arg("lu"), place), x))
            f.store(f.mul(total, inverse), f.arg("x"), i)
