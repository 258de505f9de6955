"""@factor and @solve for one group of states (`groups.py`).

    W x = b        W = d I - J, lower triangular in groups

What the groups before contribute, J x of theirs, is added to b; the rest is the LU of
the group's own block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from adckit.codegen.algebra import Elimination, pivots_before, plan_elimination
from adckit.codegen.emitter import Function, Module, Reg
from adckit.codegen.writing import FACTOR_ARGUMENTS, write_elimination
from adckit.network.expr import Expr

__all__ = ["GroupAlgebra"]

Entry = tuple[int, int]


@dataclass(frozen=True)
class GroupAlgebra:
    """W of the states from `first` up to `end`; entries are counted from `first`."""

    first: int
    end: int
    own: Mapping[Entry, Expr]
    """J of the group by its own states."""
    before: Mapping[Entry, Expr]
    """J of the group by states before it; their columns are negative."""

    @classmethod
    def of(cls, jacobian: Mapping[Entry, Expr], first: int, end: int) -> GroupAlgebra:
        """The rows of a group; nothing in them may depend on states after it."""
        rows = {
            (i - first, j - first): value
            for (i, j), value in jacobian.items()
            if first <= i < end
        }
        own = {entry: value for entry, value in rows.items() if entry[1] >= 0}
        before = {entry: value for entry, value in rows.items() if entry[1] < 0}
        return cls(first, end, own, before)

    @cached_property
    def plan(self) -> Elimination:
        return plan_elimination(self.end - self.first, self.own)

    @cached_property
    def places(self) -> dict[Entry, int]:
        """Where each entry is stored, in the order in which `solve` reads.

        A diagonal entry is the inverse of its pivot.  Entries that elimination leaves
        as they are in J share a place where they are the same expression: the moments
        of a payload distribution all move by the same rates.  Reading less is what
        makes `solve` quick.
        """
        plan, rows = self.plan, pivots_before(self.plan)
        forward = [(i, k) for i in plan.order for k in rows[i]]
        backward = [(k, j) for k in reversed(plan.order) for j in (*plan.right[k], k)]
        changed = {
            (i, j) for k in plan.order for i in plan.below[k] for j in plan.right[k]
        }
        kept = {(k, j) for k in plan.order for j in plan.right[k]} - changed
        found: dict[object, int] = {}
        places: dict[Entry, int] = {}
        for entry, value in self.before.items():
            places[entry] = found.setdefault(("before", value), len(found))
        for entry in forward + backward:
            content = self.own[entry] if entry in kept else entry
            places[entry] = found.setdefault(content, len(found))
        return places

    @property
    def size(self) -> int:
        """Places that the factors take."""
        return len(set(self.places.values()))

    def write_factor(
        self,
        module: Module,
        name: str,
        rates: Sequence[Expr],
        write: Callable[[Function, list[Expr]], list[Reg]],
    ) -> None:
        """LU of W and J of the groups before; dy/dt of the group.

        The rates have most of their powers and quotients in common with J, so those of
        the same point are computed along with it.
        """
        f = module.function(name, FACTOR_ARGUMENTS)
        f.attributes = " noinline"
        lu = f.arg("lu")
        values = iter(write(f, [*rates, *self.before.values(), *self.own.values()]))
        for i in range(self.first, self.end):
            f.store(next(values), f.arg("out"), i)
        for entry in self.before:
            f.store(next(values), lu, self.places[entry])
        diagonal = f.load(f.arg("diagonal"))
        work = {entry: f.neg(next(values)) for entry in self.own}
        for k in range(self.end - self.first):
            held = work.get((k, k))
            work[k, k] = f.add(diagonal, held) if held else diagonal
        write_elimination(f, self.plan, work, lu, self.places)
        f.done()

    def write_solve(self, module: Module, name: str) -> None:
        """x of the group from LU, b + more, and x of the groups before."""
        f = module.function(
            name, "ptr noalias %lu, ptr noalias %b, ptr noalias %more, ptr noalias %x"
        )
        f.attributes = " noinline"
        sums = _Sums(f, self)
        values = sums.values
        for i in range(self.end - self.first):
            place = self.first + i
            values[i] = f.add(f.load(f.arg("b"), place), f.load(f.arg("more"), place))
        for (i, places), columns in _alike(self.before, self.places).items():
            product = f.mul(f.load(f.arg("lu"), places), sums.of(columns))
            values[i] = f.add(values[i], product)
        plan, rows = self.plan, pivots_before(self.plan)
        # By rows: a row's sum stays in a register, where by columns it would be stored.
        for i in plan.order:
            for k in rows[i]:
                entry = f.load(f.arg("lu"), self.places[i, k])
                values[i] = f.sub(values[i], f.mul(entry, values[k]))
        for k in reversed(plan.order):
            right = [(k, j) for j in plan.right[k]]
            for (_, place), columns in _alike(right, self.places).items():
                product = f.mul(f.load(f.arg("lu"), place), sums.of(columns))
                values[k] = f.sub(values[k], product)
            inverse = f.load(f.arg("lu"), self.places[k, k])
            values[k] = f.mul(values[k], inverse)
            f.store(values[k], f.arg("x"), self.first + k)
        f.done()


def _alike(
    entries: Mapping[Entry, Expr] | Sequence[Entry], places: Mapping[Entry, int]
) -> dict[tuple[int, int], tuple[int, ...]]:
    """(row, place) → columns: a row's entries that are equal need one product."""
    found: dict[tuple[int, int], tuple[int, ...]] = {}
    for i, j in entries:
        key = (i, places[i, j])
        found[key] = (*found.get(key, ()), j)
    return found


class _Sums:
    """Sums of x over columns, such as all that makes up the volume of a tumour."""

    def __init__(self, f: Function, group: GroupAlgebra) -> None:
        self.f, self.first = f, group.first
        self.values: dict[int, Reg] = {}
        """x of each state of the group, once it is known."""
        self._sums: dict[tuple[int, ...], Reg] = {}

    def of(self, columns: tuple[int, ...]) -> Reg:
        if len(columns) == 1:
            return self._value(columns[0])
        if columns not in self._sums:
            rest, last = self.of(columns[:-1]), self._value(columns[-1])
            self._sums[columns] = self.f.add(rest, last)
        return self._sums[columns]

    def _value(self, column: int) -> Reg:
        if column < 0 and column not in self.values:
            place = self.first + column
            self.values[column] = self.f.load(self.f.arg("x"), place)
        return self.values[column]
