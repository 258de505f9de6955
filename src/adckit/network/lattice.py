"""A part of a model that is there many times, cell by cell along a line.

A lattice has `lines` x `cells` cells; cell 0 of each line is its first.  A species of
the lattice is one state in every cell, and its symbol means "in this cell".  Neighbours
on a line are `inner(x)` (one cell nearer to the first) and `outer(x)`.  `CELL` is the
number of the cell, and each entry of `tables` a number that differs between the lines.

What happens where:

    reaction in every cell    its rate or its changes name a species of the lattice
    reaction at the faces     between a cell and its outer neighbour (`place="faces"`)
    reaction in first cells   exchange with what is not on the lattice (`place="first"`)

A reaction in every cell may change species outside the lattice; these changes add up.
The equations of a cell are written once, whatever the number of cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from adckit.network.expr import Expr, Symbol, select, substitute, symbols_in

__all__ = ["CELL", "HAS_INNER", "Lattice", "has_outer", "inner", "outer", "shifted"]

CELL = Symbol("cell_number")
"""0 for the first cell of a line."""

HAS_INNER = select(CELL - 0.5, 1, 0)
"""1 but in the first cell of a line."""

_INNER, _OUTER = "@inner", "@outer"


@dataclass(frozen=True)
class Lattice:
    """How many cells there are, and what differs between the lines."""

    name: str
    cells: int
    """Cells of each line, at least 2."""
    lines: int = 1
    tables: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Symbol → its value on each line, a number without unit."""

    @property
    def count(self) -> int:
        """Cells of all lines."""
        return self.lines * self.cells

    @property
    def labels(self) -> list[str]:
        """Names of the cells, line by line: the cell, after its line if several."""
        several = self.lines > 1
        return [
            f"{line},{cell}" if several else f"{cell}"
            for line in range(self.lines)
            for cell in range(self.cells)
        ]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names that say where a cell is."""
        return (CELL.name, *self.tables)


def inner(state: Symbol) -> Symbol:
    """A species in the neighbour that is nearer to the first cell."""
    return Symbol(state.name + _INNER)


def outer(state: Symbol) -> Symbol:
    """A species in the neighbour that is farther from the first cell."""
    return Symbol(state.name + _OUTER)


def has_outer(lattice: Lattice) -> Expr:
    """1 but in the last cell of a line."""
    return select(lattice.cells - 1.5 - CELL, 1, 0)


def own(name: str) -> str:
    """The species that a name of this cell or of a neighbour speaks of."""
    return name.removesuffix(_INNER).removesuffix(_OUTER)


def shifted(expression: Expr, states: Iterable[str]) -> Expr:
    """What the inner neighbour's expression is, in the words of this cell.

    Raises ValueError where that would need the neighbour of a neighbour.
    """
    used = symbols_in([expression])
    words: dict[str, Expr] = {CELL.name: CELL - 1}
    for name in states:
        if name + _INNER in used:
            raise ValueError(f"'{name}' reaches beyond the nearest neighbour")
        words[name] = Symbol(name + _INNER)
        words[name + _OUTER] = Symbol(name)
    return substitute([expression], words)[0]
