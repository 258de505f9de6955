"""A lattice with the equations of every cell written out.

Slow for many cells; the obvious form, which the compact one is compared with.
"""

from __future__ import annotations

from dataclasses import replace

from adckit.network.cells import CellSystem
from adckit.network.expr import ZERO, Expr, Symbol, as_expr, substitute
from adckit.network.lattice import CELL, inner, outer
from adckit.network.system import OdeSystem

__all__ = ["expanded"]


def expanded(system: OdeSystem) -> OdeSystem:
    """The same system without a lattice; states and outputs keep their order."""
    cells = system.cells
    if cells is None:
        return system
    rates = list(system.rates)
    totals: dict[str, Expr] = dict.fromkeys(cells.totals, ZERO)
    profiles: list[Expr] = []
    for place in range(cells.lattice.count):
        words = _words(cells, place)
        own = substitute(list(cells.rates), words)
        added = substitute(list(cells.to_shared), words)
        if place % cells.lattice.cells == 0:
            own = _sums(own, substitute(list(cells.first_rates), words))
            added = _sums(added, substitute(list(cells.first_to_shared), words))
        rates[: len(added)] = _sums(rates[: len(added)], added)
        rates += own
        here = substitute(list(cells.totals.values()), words)
        for name, value in zip(totals, here, strict=True):
            totals[name] = totals[name] + value
        profiles += substitute(list(cells.profiles), words)
    observed = (*substitute(list(system.observed), totals), *profiles)
    starts = [_values(cells.initial, cells), _values(cells.scale, cells)]
    return replace(
        system,
        rates=tuple(rates),
        observed=observed,
        initial=(*system.initial, *starts[0]),
        scale=(*system.scale, *starts[1]),
        cells=None,
    )


def _values(roots: tuple[Expr, ...], cells: CellSystem) -> list[Expr]:
    places = range(cells.lattice.count)
    written = [substitute(list(roots), _words(cells, place)) for place in places]
    return [value for cell in written for value in cell]


def _sums(a: list[Expr], b: list[Expr]) -> list[Expr]:
    return [x + y for x, y in zip(a, b, strict=True)]


def _words(cells: CellSystem, place: int) -> dict[str, Expr]:
    """What the symbols of one cell mean, in the full names of the states."""
    lattice, width, names = cells.lattice, len(cells.states), cells.names
    line, cell = divmod(place, lattice.cells)
    words = {name: as_expr(v[line]) for name, v in lattice.tables.items()}
    words[CELL.name] = as_expr(float(cell))
    back = -width if cell else 0
    ahead = width if cell < lattice.cells - 1 else 0
    for i, name in enumerate(cells.states, place * width):
        state = Symbol(name)
        words[name] = Symbol(names[i])
        words[inner(state).name] = Symbol(names[i + back])
        words[outer(state).name] = Symbol(names[i + ahead])
    return words
