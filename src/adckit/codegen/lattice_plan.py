"""Both eliminations of a system with a lattice, and where their factors are kept.

    lu    head | passive rows of the head | 1/d | carried to each first cell | cells

The head is what is outside the lattice and the first cell of every line.  Passive
states, on which nothing depends, follow from all others and have no column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from adckit.codegen.algebra import Elimination, pivots_before, plan_elimination
from adckit.codegen.cell_algebra import CellElimination, Entry, plan_cells
from adckit.codegen.emitter import Function, Reg
from adckit.codegen.lattice import LatticeModel, as_reg
from adckit.network.expr import Expr

__all__ = ["LatticePlan"]

Entries = Mapping[Entry, Expr]


@dataclass(frozen=True)
class LatticePlan:
    """Both eliminations, and where their factors are."""

    model: LatticeModel

    @cached_property
    def passive(self) -> tuple[int, ...]:
        """States outside on which nothing depends."""
        return self.model.system.counting

    @cached_property
    def tail(self) -> CellElimination:
        return plan_cells(self.model.cells, self.passive)

    @cached_property
    def active(self) -> dict[int, int]:
        """State outside that others depend on → its index in the head."""
        left = (i for i in range(self.model.outside) if i not in self.passive)
        return {state: i for i, state in enumerate(left)}

    def in_head(self, index: int, line: int) -> int:
        """Index in the head of an entry of a line's first cell; see cell_algebra."""
        width = self.model.width
        if index >= 2 * width:
            return self.active[index - 2 * width]
        return len(self.active) + line * width + index

    @property
    def lines(self) -> int:
        return self.model.cells.lattice.lines

    @cached_property
    def head_size(self) -> int:
        return len(self.active) + self.lines * self.model.width

    @cached_property
    def from_first(self) -> dict[str, Entries]:
        """Partial derivatives of first cells: those of any cell, and their own."""
        cells, more = self.model.cells, self.model.first
        both = {
            "cell_by_cell": (cells.jacobian, more["cell_by_cell"]),
            "cell_by_shared": (cells.by_shared, more["cell_by_shared"]),
            "shared_by_cell": (cells.shared_by_cell, more["shared_by_cell"]),
            "shared_by_shared": (cells.shared_by_shared, more["shared_by_shared"]),
        }
        return {name: _sum(*parts) for name, parts in both.items()}

    @cached_property
    def border(self) -> tuple[Entry, ...]:
        """Entries among the states outside that cells beyond the first change."""
        direct = set(self.model.cells.shared_by_shared)
        return tuple(sorted(direct | set(self.tail.border)))

    @cached_property
    def head(self) -> Elimination:
        return plan_elimination(self.head_size, self._head_pattern())

    def _head_pattern(self) -> set[Entry]:
        width, active = self.model.width, self.active
        outside = {*self.model.system.jacobian, *self.border}
        outside |= set(self.from_first["shared_by_shared"])
        found = {(active[i], active[j]) for i, j in outside if i in active}
        for line in range(self.lines):
            entries = set(self.tail.carried) | set(self.from_first["cell_by_cell"])
            by_shared = self.from_first["cell_by_shared"]
            entries |= {(i, 2 * width + j) for i, j in by_shared}
            by_cell = self.from_first["shared_by_cell"]
            entries |= {(2 * width + i, j) for i, j in by_cell if i in active}
            found |= {
                (self.in_head(i, line), self.in_head(j, line)) for i, j in entries
            }
        return found

    @cached_property
    def passive_pattern(self) -> tuple[Entry, ...]:
        """(passive state, index in the head) of derivatives that are not zero."""
        active, first = self.active, self.from_first
        outside = {
            *self.model.system.jacobian,
            *self.border,
            *first["shared_by_shared"],
        }
        found = {(i, active[j]) for i, j in outside if i not in active}
        for line in range(self.lines):
            for i, j in first["shared_by_cell"]:
                if i not in active:
                    found.add((i, self.in_head(j, line)))
        return tuple(sorted(found))

    # -- places ----------------------------------------------------------------------

    @cached_property
    def head_places(self) -> dict[Entry, int]:
        """In the order in which `solve` reads; a diagonal entry is an inverse."""
        plan = self.head
        before = pivots_before(plan)
        order = [(i, k) for i in plan.order for k in before[i]]
        order += [(k, j) for k in reversed(plan.order) for j in (*plan.right[k], k)]
        return {entry: place for place, entry in enumerate(order)}

    @cached_property
    def passive_places(self) -> dict[Entry, int]:
        first = len(self.head_places)
        return {entry: first + i for i, entry in enumerate(self.passive_pattern)}

    @property
    def inverse_place(self) -> int:
        """Where 1/d is."""
        return len(self.head_places) + len(self.passive_pattern)

    @property
    def carried_place(self) -> int:
        """Where the entries begin that are carried to the first cells."""
        return self.inverse_place + 1

    @property
    def tail_place(self) -> int:
        """Where the factors of cells begin."""
        return self.carried_place + self.lines * len(self.tail.carried)

    @cached_property
    def cell_places(self) -> dict[object, int]:
        """Entry → place among the factors of a cell.

        Entries that are the same expression, and stay so, share a place: the moments
        of a payload distribution all move by the same rates.  Reading less is what
        makes `solve` quick.
        """
        tail, before = self.tail, self.tail.before
        changed, kept = tail.changed, self.cell_entries
        forward = [(i, k) for i in tail.order for k in before.get(i, [])]
        beyond = sorted(i for i in before if i >= self.model.width)
        forward += [(i, k) for i in beyond for k in before[i]]
        backward = [(k, j) for k in reversed(tail.order) for j in (*tail.right[k], k)]
        found: dict[object, int] = {}
        places: dict[object, int] = {}
        lower = set(forward)
        for entry in [*forward, *backward]:
            alone = entry in changed or entry in lower or entry[0] == entry[1]
            content: object = entry if alone else kept[entry]
            places[entry] = found.setdefault(content, len(found))
        for entry, value in self.passive_entries.items():
            key = ("passive", value)
            places["passive", entry] = found.setdefault(key, len(found))
        return places

    @property
    def cell_size(self) -> int:
        return max(self.cell_places.values(), default=-1) + 1

    @property
    def size(self) -> int:
        return self.tail_place + self.model.cells.lattice.count * self.cell_size

    @cached_property
    def cell_entries(self) -> dict[Entry, Expr]:
        """-W of a cell, but for d on its diagonal; indices as in cell_algebra."""
        cells, width = self.model.cells, self.model.width
        entries = dict(cells.jacobian)
        entries |= {(i, width + j): v for (i, j), v in cells.to_inner.items()}
        entries |= {(width + i, j): v for (i, j), v in cells.from_inner.items()}
        entries |= {(i, 2 * width + j): v for (i, j), v in cells.by_shared.items()}
        return entries | {
            (2 * width + i, j): v
            for (i, j), v in cells.shared_by_cell.items()
            if i in self.active
        }

    @property
    def passive_entries(self) -> dict[Entry, Expr]:
        """Rates of passive states by the states of a cell."""
        entries = self.model.cells.shared_by_cell
        return {(i, j): v for (i, j), v in entries.items() if i not in self.active}

    def cell_factors(self, f: Function, number: Reg | int) -> Reg:
        """Address of the factors of a cell."""
        first = f.whole("mul", as_reg(number), self.cell_size)
        return f.at(f.arg("lu"), f.whole("add", first, self.tail_place))


def _sum(a: Entries, b: Entries) -> dict[Entry, Expr]:
    total = dict(a)
    for entry, value in b.items():
        total[entry] = total[entry] + value if entry in total else value
    return total
