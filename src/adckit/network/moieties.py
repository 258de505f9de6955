"""Conserved moieties, found from the stoichiometry alone.

Row vectors w with w S = 0, S being the matrix of changes (species x reactions), are
quantities that no reaction changes, whatever the rates.  The elimination is exact
(rational numbers), so "conserved" means exactly that.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from adckit.network.lattice import own
from adckit.network.network import Network

__all__ = ["conserved_moieties", "content_matrix", "stoichiometry"]


def stoichiometry(network: Network) -> list[list[Fraction]]:
    """The matrix S of changes, (species, reaction), exact."""
    index = {s.name: i for i, s in enumerate(network.species)}
    matrix = [[Fraction(0)] * len(network.reactions) for _ in index]
    for column, reaction in enumerate(network.reactions):
        for name, change in reaction.changes.items():
            matrix[index[own(name)]][column] += Fraction(change).limit_denominator(
                10**6
            )
    return matrix


def content_matrix(network: Network) -> np.ndarray:
    """What each species holds of each moiety, (moiety, species)."""
    moieties = network.moieties()
    content = np.zeros((len(moieties), len(network.species)))
    for column, species in enumerate(network.species):
        for name, amount in species.content.items():
            content[moieties.index(name), column] = amount
    return content


def conserved_moieties(network: Network) -> list[dict[str, Fraction]]:
    """A basis of all conserved sums: each maps species name → weight.

    The basis is in reduced row echelon form over the species in reverse order, so
    that each vector holds one species that no other vector holds.
    """
    names = [s.name for s in network.species]
    columns = list(map(list, zip(*stoichiometry(network), strict=True)))
    rows, pivots = _echelon(columns, len(names))
    free = [j for j in range(len(names)) if j not in pivots]
    basis = []
    for j in free:
        vector = {names[j]: Fraction(1)}
        for row, pivot in zip(rows, pivots, strict=True):
            if row[j]:
                vector[names[pivot]] = -row[j]
        basis.append(vector)
    return basis


def _echelon(
    rows: list[list[Fraction]], width: int
) -> tuple[list[list[Fraction]], list[int]]:
    """Reduced row echelon form and its pivot columns."""
    rows = [row for row in rows if any(row)]
    pivots: list[int] = []
    done: list[list[Fraction]] = []
    for column in range(width):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        scale = pivot[column]
        pivot = [value / scale for value in pivot]
        rows = [r for r in (_reduce(r, pivot, column) for r in rows) if any(r)]
        done = [_reduce(r, pivot, column) for r in done]
        done.append(pivot)
        pivots.append(column)
    return done, pivots


def _reduce(row: list[Fraction], pivot: list[Fraction], column: int) -> list[Fraction]:
    factor = row[column]
    if not factor:
        return row
    return [a - factor * b if b else a for a, b in zip(row, pivot, strict=True)]
