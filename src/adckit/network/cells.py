"""The equations of one cell of a lattice, which all its cells share.

Symbols are those of a system (states, parameters, inputs, time), and besides: a state
of the lattice means "in this cell", `x@inner` and `x@outer` its neighbours, and
`cell_number` and the tables of the lattice say where the cell is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adckit.errors import Issue, ModelError
from adckit.network.expr import (
    ZERO,
    Expr,
    Symbol,
    derivatives,
    evaluate,
    symbols_in,
)
from adckit.network.lattice import (
    CELL,
    HAS_INNER,
    Lattice,
    has_outer,
    inner,
    outer,
    own,
    shifted,
)
from adckit.network.network import Network
from adckit.network.parts import Reaction

__all__ = ["CellSystem", "build_cells", "partials"]

Entries = dict[tuple[int, int], Expr]
"""Partial derivatives that are not identically zero, by (row, column)."""


@dataclass(frozen=True)
class CellSystem:
    """Rates of one cell, and what cells do to the states outside the lattice."""

    lattice: Lattice
    states: tuple[str, ...]
    """Of one cell."""
    shared: tuple[str, ...]
    """States outside the lattice, as in the system."""
    rates: tuple[Expr, ...]
    """dx/dt of each state of a cell."""
    to_shared: tuple[Expr, ...]
    """What one cell adds to the rate of each state outside the lattice."""
    first_rates: tuple[Expr, ...]
    """dx/dt of each state, more of it, in the first cell of a line."""
    first_to_shared: tuple[Expr, ...]
    initial: tuple[Expr, ...]
    scale: tuple[Expr, ...]
    totals: Mapping[str, Expr]
    """Symbol → what is summed over all cells."""
    profiles: tuple[Expr, ...]
    """Outputs that have one value in every cell."""

    @property
    def names(self) -> list[str]:
        """Every state of the lattice, cell by cell."""
        labels = self.lattice.labels
        return [f"{name}[{label}]" for label in labels for name in self.states]

    @cached_property
    def jacobian(self) -> Entries:
        """Rates of a cell by its own states."""
        return partials(self.rates, self.states)

    @cached_property
    def to_inner(self) -> Entries:
        """Rates of a cell by the states of its inner neighbour."""
        return partials(self.rates, [inner(Symbol(x)).name for x in self.states])

    @cached_property
    def from_inner(self) -> Entries:
        """Rates of the inner neighbour by the states of this cell."""
        outward = partials(self.rates, [outer(Symbol(x)).name for x in self.states])
        return {place: shifted(slope, self.states) for place, slope in outward.items()}

    @cached_property
    def by_shared(self) -> Entries:
        """Rates of a cell by the states outside the lattice."""
        return partials(self.rates, self.shared)

    @cached_property
    def shared_by_cell(self) -> Entries:
        """What a cell adds outside the lattice, by its own states."""
        return partials(self.to_shared, self.states)

    @cached_property
    def shared_by_shared(self) -> Entries:
        """What a cell adds outside the lattice, by the states there."""
        return partials(self.to_shared, self.shared)

    def everywhere(
        self, roots: Iterable[Expr], parameters: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Values without states, (subject, cell of any line, root)."""
        lattice, roots = self.lattice, list(roots)
        columns = {name: value[:, None] for name, value in parameters.items()}
        numbers = np.tile(np.arange(float(lattice.cells)), lattice.lines)
        columns[CELL.name] = numbers[None]
        for name, values in lattice.tables.items():
            columns[name] = np.repeat(np.array(values), lattice.cells)[None]
        subjects = len(next(iter(parameters.values()))) if parameters else 1
        table = np.empty((subjects, lattice.count, len(roots)))
        for column, value in enumerate(evaluate(roots, columns)):
            table[:, :, column] = value
        return table


def partials(rates: Iterable[Expr], states: Iterable[str]) -> Entries:
    """Partial derivatives that are not identically zero, by (rate, state)."""
    rates = list(rates)
    uses = [symbols_in([rate]) for rate in rates]
    entries: Entries = {}
    for column, state in enumerate(states):
        rows = [i for i, names in enumerate(uses) if state in names]
        slopes = derivatives([rates[i] for i in rows], Symbol(state))
        for i, slope in zip(rows, slopes, strict=True):
            if slope is not ZERO:
                entries[i, column] = slope
    return entries


def build_cells(
    network: Network,
    write: Callable[[Expr], Expr],
    totals: Mapping[str, Expr],
    profiles: Iterable[Expr],
    scale: Mapping[str, Expr],
) -> CellSystem:
    """The cells of a network; `write` writes rules out, as for the system itself.

    Raises ModelError for a reaction that reaches too far.
    """
    lattice = network.lattices[0]
    states = [s.name for s in network.species if s.lattice]
    shared = [s.name for s in network.species if not s.lattice]
    rates, names = _Rates(lattice, states, shared), lattice_names(network)
    issues = []
    for reaction in network.reactions:
        rate = write(reaction.rate)
        if on_lattice(names, reaction, rate):
            try:
                rates.add(reaction, rate)
            except ValueError as error:
                issues.append(Issue(f"reaction '{reaction.name}'", f"{error}"))
    if issues:
        raise ModelError(f"Lattice of network '{network.name}':", issues)
    on_cells = [s for s in network.species if s.lattice]
    return CellSystem(
        lattice,
        tuple(states),
        tuple(shared),
        tuple(rates.cell[name] for name in states),
        tuple(rates.cell[name] for name in shared),
        tuple(rates.first[name] for name in states),
        tuple(rates.first[name] for name in shared),
        tuple(write(s.initial) for s in on_cells),
        tuple(scale[s.name] for s in on_cells),
        dict(totals),
        tuple(profiles),
    )


def on_lattice(names: set[str], reaction: Reaction, rate: Expr) -> bool:
    """Whether a reaction happens in the cells; `rate` is without rules.

    `names` are those of `lattice_names`.
    """
    return bool(names & (symbols_in([rate]) | {own(name) for name in reaction.changes}))


def lattice_names(network: Network) -> set[str]:
    """Every name that only has a meaning in a cell."""
    names: set[str] = set()
    for lattice in network.lattices:
        names |= set(lattice.symbols)
    for species in network.species:
        if species.lattice:
            here = species.symbol
            names |= {here.name, inner(here).name, outer(here).name}
    return names


class _Rates:
    """Rates in the making, by species."""

    def __init__(self, lattice: Lattice, states: list[str], shared: list[str]) -> None:
        self.lattice, self.states = lattice, states
        self.cell: dict[str, Expr] = dict.fromkeys((*states, *shared), ZERO)
        self.first: dict[str, Expr] = dict.fromkeys((*states, *shared), ZERO)

    def add(self, reaction: Reaction, rate: Expr) -> None:
        if reaction.place == "faces":
            self._add_faces(reaction, rate)
            return
        rates = self.first if reaction.place == "first" else self.cell
        for name, change in reaction.changes.items():
            rates[name] = rates[name] + rate * change

    def _add_faces(self, reaction: Reaction, rate: Expr) -> None:
        """A face belongs to the cell on its inner side; the last cell has none."""
        outward = rate * has_outer(self.lattice)
        inward = shifted(rate, self.states) * HAS_INNER
        for name, change in reaction.changes.items():
            if own(name) not in self.states:
                raise ValueError(f"changes '{name}', which is not on the lattice")
            arriving = name != own(name)
            flux = inward if arriving else outward
            self.cell[own(name)] = self.cell[own(name)] + flux * change
