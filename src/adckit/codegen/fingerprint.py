"""What decides the code of a system, as one hash: its equations, and who writes them.

A model that was compiled before is found by this, without writing its code again.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import adckit.codegen
import adckit.network
from adckit.caches import cache_key
from adckit.network.expr import Const, Expr, Op, Symbol, postorder
from adckit.network.system import OdeSystem

__all__ = ["fingerprint"]


def fingerprint(system: OdeSystem) -> str:
    """A hash that two systems share only if they get the same code."""
    groups: list[tuple[Expr, ...]] = [
        system.rates,
        system.observed,
        system.initial,
        system.triggers,
        *(tuple(value for _, value in event) for event in system.assignments),
    ]
    names: list[object] = [
        system.states,
        system.parameters,
        system.inputs,
        [[state for state, _ in event] for event in system.assignments],
    ]
    cells = system.cells
    if cells is not None:
        groups += [
            cells.rates,
            cells.to_shared,
            cells.first_rates,
            cells.first_to_shared,
            tuple(cells.totals.values()),
            cells.profiles,
        ]
        lattice = cells.lattice
        names += [cells.states, cells.shared, list(cells.totals)]
        names += [lattice.cells, lattice.lines, sorted(lattice.tables.items())]
    number: dict[Expr, int] = {}
    lines = []
    for node in postorder([root for group in groups for root in group]):
        lines.append(_line(node, number))
        number[node] = len(number)
    roots = [[number[root] for root in group] for group in groups]
    return cache_key(_writers(), repr(names), repr(roots), "\n".join(lines))


def _line(node: Expr, number: dict[Expr, int]) -> str:
    """A node in terms of those before it."""
    if isinstance(node, Op):
        return " ".join([node.name, *(str(number[a]) for a in node.args)])
    if isinstance(node, Const):
        return f"= {node.value.hex()}"
    assert isinstance(node, Symbol)
    return f": {node.name}"


@cache
def _writers() -> str:
    """A hash of the modules that turn equations into code."""
    digest = hashlib.sha256()
    for package in (adckit.network, adckit.codegen):
        for folder in package.__path__:
            for path in sorted(Path(folder).glob("*.py")):
                digest.update(path.read_bytes())
    return digest.hexdigest()
