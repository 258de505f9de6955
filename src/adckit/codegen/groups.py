"""States in groups, so that a step can go through them one group after the other.

A group depends on itself and on groups before it.  So all stages of a step can be
taken in one group before the next is looked at, with the same arithmetic as in all
states at once: W is block triangular.  What a group needs, its stages, factors and
constants, stays in the nearest cache, where those of all states together would be
fetched from the next one stage after stage.

The moments of a payload distribution are such followers: each order moves with rates
that the antibody, the tumour and the receptors set, and nothing depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from adckit.network.system import OdeSystem

__all__ = ["Grouped", "components", "grouped"]

LARGEST = 40
"""States of a group, unless they all depend on one another."""


@dataclass(frozen=True)
class Grouped:
    """A system whose states are in the order of their groups."""

    system: OdeSystem
    order: tuple[int, ...]
    """Number that each state has in the system as it was."""
    ends: tuple[int, ...]
    """Where each group ends."""

    @classmethod
    def whole(cls, system: OdeSystem) -> Grouped:
        """One group, in the order that is there."""
        size = len(system.states)
        return cls(system, tuple(range(size)), (size,))


def grouped(system: OdeSystem) -> Grouped:
    """Put the states of a system in groups; one with a lattice stays whole."""
    size = len(system.states)
    if system.cells is not None or size <= LARGEST:
        return Grouped.whole(system)
    groups: list[list[int]] = [[]]
    for component in components(size, system.jacobian):
        if groups[-1] and len(groups[-1]) + len(component) > LARGEST:
            groups.append([])
        groups[-1] += component
    order = [state for group in groups for state in sorted(group)]
    ends: list[int] = []
    for group in groups:
        ends.append((ends[-1] if ends else 0) + len(group))
    return Grouped(_reordered(system, order), tuple(order), tuple(ends))


def components(size: int, entries: Iterable[tuple[int, int]]) -> list[list[int]]:
    """States that depend on one another, each set after those that it depends on.

    `entries` are (state, state that it depends on).  Tarjan's algorithm (SIAM J Comput
    1972;1:146), with a stack of its own in place of recursion.
    """
    needs: list[list[int]] = [[] for _ in range(size)]
    for i, j in entries:
        needs[i].append(j)
    found: list[list[int]] = []
    number: dict[int, int] = {}
    lowest: dict[int, int] = {}
    open_states: list[int] = []
    is_open = [False] * size
    for root in range(size):
        path = [] if root in number else [(root, iter(needs[root]))]
        while path:
            state, left = path[-1]
            if state not in number:
                number[state] = lowest[state] = len(number)
                open_states.append(state)
                is_open[state] = True
            for other in left:
                if other not in number:
                    path.append((other, iter(needs[other])))
                    break
                if is_open[other]:
                    lowest[state] = min(lowest[state], lowest[other])
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[state])
                if lowest[state] == number[state]:
                    first = open_states.index(state)
                    found.append(open_states[first:])
                    for member in open_states[first:]:
                        is_open[member] = False
                    del open_states[first:]
    return found


def _reordered(system: OdeSystem, order: Sequence[int]) -> OdeSystem:
    """The same system with its states in another order."""
    place = {state: i for i, state in enumerate(order)}
    return replace(
        system,
        states=tuple(system.states[i] for i in order),
        rates=tuple(system.rates[i] for i in order),
        initial=tuple(system.initial[i] for i in order),
        scale=tuple(system.scale[i] for i in order),
        doses=tuple(
            tuple((place[i], amount) for i, amount in port) for port in system.doses
        ),
        assignments=tuple(
            tuple((place[i], value) for i, value in event)
            for event in system.assignments
        ),
        content=system.content[:, list(order)],
    )
