"""Elimination along a line of alike cells, written once for all of them.

W = d I - df/dy is block tridiagonal along a line, with a border: what is outside the
lattice.  Cells are eliminated from the outer end inwards.  Eliminating one changes the
matrix of its inner neighbour and of the border, always in the same places: these
entries are carried from cell to cell.

    rows and columns    0 .. m-1 this cell,  m .. 2m-1 its inner neighbour,
                        2m ..    states outside the lattice

The first cells of the lines and the states outside are left to `plan_elimination`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adckit.network.cells import CellSystem

__all__ = ["CellElimination", "plan_cells"]

Entry = tuple[int, int]
Ahead = dict[int, tuple[int, ...]]
"""Pivot → indices that are not eliminated yet, in the order of the pivots."""


@dataclass(frozen=True)
class CellElimination:
    """How to eliminate one cell; indices as in the module's docstring."""

    order: tuple[int, ...]
    """The states of the cell, in the order in which they are taken."""
    below: Ahead
    """Pivot → rows that it changes."""
    right: Ahead
    """Pivot → columns of its row that are not eliminated yet."""
    carried: tuple[Entry, ...]
    """Entries of the inner cell that change, in the indices of that cell."""
    border: tuple[Entry, ...]
    """Entries (row, column) among the states outside that change."""

    @property
    def before(self) -> dict[int, list[int]]:
        """Row → pivots that change it, in order."""
        rows: dict[int, list[int]] = {}
        for k in self.order:
            for i in self.below[k]:
                rows.setdefault(i, []).append(k)
        return rows

    @property
    def changed(self) -> set[Entry]:
        """Entries that are not what they were in W."""
        updates = {
            (i, j) for k in self.order for i in self.below[k] for j in self.right[k]
        }
        return updates | set(self.carried)


def plan_cells(cells: CellSystem, passive: Iterable[int]) -> CellElimination:
    """The elimination of the cells of a lattice.

    `passive` are states outside on which nothing depends: their rows are left alone,
    and they are computed from the solution.
    """
    width = len(cells.states)
    pattern = {(i, i) for i in range(width)} | set(cells.jacobian)
    pattern |= {(i, width + j) for i, j in cells.to_inner}
    pattern |= {(width + i, j) for i, j in cells.from_inner}
    pattern |= {(i, 2 * width + j) for i, j in cells.by_shared}
    silent = set(passive)
    pattern |= {(2 * width + i, j) for i, j in cells.shared_by_cell if i not in silent}
    carried: set[Entry] = set()
    while True:  # what is carried grows until it reproduces itself
        below, right, left = _eliminate(width, pattern | carried)
        inward = {(_inward(i, width), _inward(j, width)) for i, j in left}
        outside = {(i, j) for i, j in inward if min(i, j) >= 2 * width}
        if inward - outside <= carried:
            break
        carried |= inward - outside
    border = sorted((i - 2 * width, j - 2 * width) for i, j in outside)
    kept = tuple(sorted(carried))
    return CellElimination(tuple(below), below, right, kept, tuple(border))


def _inward(index: int, width: int) -> int:
    """An index of this cell's system as the inner neighbour calls it."""
    return index - width if width <= index < 2 * width else index


def _eliminate(width: int, pattern: set[Entry]) -> tuple[Ahead, Ahead, set[Entry]]:
    """Rows below and columns right of each pivot, and the entries left over."""
    rows: dict[int, set[int]] = {}
    columns: dict[int, set[int]] = {}
    for i, j in pattern:
        rows.setdefault(i, set()).add(j)
        columns.setdefault(j, set()).add(i)
    waiting = set(range(width))
    below: Ahead = {}
    right: Ahead = {}
    while waiting:
        k = min(waiting, key=lambda k: ((len(rows[k]) - 1) * (len(columns[k]) - 1), k))
        waiting.remove(k)
        below[k] = tuple(sorted(columns[k] - {k}))
        right[k] = tuple(sorted(rows[k] - {k}))
        for i in below[k]:
            rows[i].discard(k)
            rows[i].update(right[k])
        for j in right[k]:
            columns[j].discard(k)
            columns[j].update(below[k])
    left = {(i, j) for i in rows if i >= width for j in rows[i] if j >= width}
    return below, right, left
