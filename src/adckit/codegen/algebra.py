"""Sparse LU as a fixed list of operations.

The pattern of the matrix is known when code is made, so the elimination is too: an
order that keeps fill small (Markowitz), then the list of updates.  There is no pivoting
for size: W = I/(h gamma) - J is dominated by its diagonal as the step shrinks, and a
step that divides by zero is refused and repeated smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Elimination", "pivots_before", "plan_elimination"]


@dataclass(frozen=True)
class Elimination:
    """How to factorise and solve; rows and columns are original indices."""

    order: tuple[int, ...]
    """Pivots in the order in which they are taken."""
    fill: int
    """Entries of L and U that the matrix does not have."""
    below: Mapping[int, tuple[int, ...]]
    """Pivot → rows that it changes."""
    right: Mapping[int, tuple[int, ...]]
    """Pivot → columns of its row that are not eliminated yet."""


def plan_elimination(size: int, pattern: Iterable[tuple[int, int]]) -> Elimination:
    """The elimination of a matrix with this pattern and a full diagonal."""
    rows: list[set[int]] = [{i} for i in range(size)]
    columns: list[set[int]] = [{i} for i in range(size)]
    for i, j in pattern:
        rows[i].add(j)
        columns[j].add(i)
    entries = sum(map(len, rows))
    left = set(range(size))
    below: dict[int, tuple[int, ...]] = {}
    right: dict[int, tuple[int, ...]] = {}
    while left:
        pivot = min(left, key=lambda k: ((len(rows[k]) - 1) * (len(columns[k]) - 1), k))
        left.remove(pivot)
        below[pivot] = tuple(sorted(columns[pivot] - {pivot}))
        right[pivot] = tuple(sorted(rows[pivot] - {pivot}))
        for i in below[pivot]:
            rows[i].discard(pivot)
            rows[i].update(right[pivot])
        for j in right[pivot]:
            columns[j].discard(pivot)
            columns[j].update(below[pivot])
    found = sum(map(len, below.values())) + sum(map(len, right.values())) + size
    return Elimination(tuple(below), found - entries, below, right)


def pivots_before(plan: Elimination) -> dict[int, list[int]]:
    """Row → pivots that change it, in order."""
    before: dict[int, list[int]] = {k: [] for k in plan.order}
    for k in plan.order:
        for i in plan.below[k]:
            before[i].append(k)
    return before
