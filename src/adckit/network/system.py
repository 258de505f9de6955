"""From a network to a system of ordinary differential equations.

The system holds expressions of four kinds of symbols only: states, parameters, inputs
and time.  Rules are written out; everything is in internal units.  States on a lattice
come after all others, cell by cell; their equations are written once (`cells`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from adckit.errors import Issue, ModelError
from adckit.network.cells import (
    CellSystem,
    build_cells,
    lattice_names,
    on_lattice,
    partials,
)
from adckit.network.checks import check
from adckit.network.expr import (
    TIME,
    ZERO,
    Expr,
    Symbol,
    as_expr,
    derivatives,
    evaluate,
    substitute,
    symbols_in,
)
from adckit.network.lattice import own
from adckit.network.moieties import content_matrix
from adckit.network.network import Network
from adckit.network.parts import Observable
from adckit.units import parse_unit

__all__ = ["OdeSystem", "build_system", "input_names"]

NEGLIGIBLE = {"nmol": 1e-3, "mg": 1e-6}
"""Concentration (per L) below which accuracy does not matter: 1 pM, and 1 ng/L."""


@dataclass(frozen=True)
class OdeSystem:
    """dy/dt = f(t, y, p, u), with outputs g(t, y, p, u)."""

    name: str
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    """Infusion rate of each port, then level and slope of each time-varying input."""
    outputs: tuple[str, ...]
    output_units: tuple[str, ...]
    ports: tuple[str, ...]
    rates: tuple[Expr, ...]
    """dy/dt of each state that is not on a lattice, less what cells add to it."""
    observed: tuple[Expr, ...]
    """Value of each output, in its own unit; profiles are in `cells`."""
    initial: tuple[Expr, ...]
    """Of each state not on a lattice, before the first dose, from parameters."""
    doses: tuple[tuple[tuple[int, Expr], ...], ...]
    """Per port: (state, amount per unit of dose)."""
    triggers: tuple[Expr, ...]
    assignments: tuple[tuple[tuple[int, Expr], ...], ...]
    """Per event: (state, new value)."""
    scale: tuple[Expr, ...]
    """Per state: the amount below which accuracy does not matter."""
    content: np.ndarray
    """(moiety, state): what is conserved."""
    moieties: tuple[str, ...]
    cells: CellSystem | None = None
    """The lattice, if there is one."""

    @cached_property
    def jacobian(self) -> dict[tuple[int, int], Expr]:
        """Entries of df/dy that are not identically zero, by (row, column).

        Of the states that are not on a lattice among themselves.
        """
        return partials(self.rates, self.states[: len(self.rates)])

    @cached_property
    def counting(self) -> tuple[int, ...]:
        """States on which no rate depends."""
        used = {column for _, column in self.jacobian}
        names = set[str]()
        if self.cells is not None:
            cells = self.cells
            names = symbols_in((*cells.rates, *cells.to_shared))
            names |= symbols_in((*cells.first_rates, *cells.first_to_shared))
        outside = enumerate(self.states[: len(self.rates)])
        return tuple(i for i, name in outside if i not in used and name not in names)

    @cached_property
    def time_slopes(self) -> tuple[Expr, ...]:
        """The partial derivative of f with respect to time."""
        return tuple(derivatives(list(self.rates), TIME))

    def initial_state(self, parameters: np.ndarray) -> np.ndarray:
        """State before the first dose, (subject, state), from (subject, parameter)."""
        cells = self.cells.initial if self.cells else ()
        return self._of_states(self.initial, cells, parameters)

    def state_scale(self, parameters: np.ndarray) -> np.ndarray:
        """Negligible amount of each state, (subject, state)."""
        cells = self.cells.scale if self.cells else ()
        return self._of_states(self.scale, cells, parameters)

    def dose_vectors(self, parameters: np.ndarray) -> np.ndarray:
        """State added by one unit of dose, (subject, port, state)."""
        added = np.zeros((len(parameters), len(self.ports), len(self.states)))
        for port, targets in enumerate(self.doses):
            values = self._evaluate([amount for _, amount in targets], parameters)
            for column, (state, _) in enumerate(targets):
                added[:, port, state] = values[:, column]
        return added

    def _of_states(
        self, outside: tuple[Expr, ...], cell: tuple[Expr, ...], parameters: np.ndarray
    ) -> np.ndarray:
        table = self._evaluate(list(outside), parameters)
        if self.cells is None:
            return table
        columns = {n: parameters[:, i] for i, n in enumerate(self.parameters)}
        inside = self.cells.everywhere(cell, columns)
        return np.hstack([table, inside.reshape(len(parameters), -1)])

    def _evaluate(self, roots: list[Expr], parameters: np.ndarray) -> np.ndarray:
        columns = {n: parameters[:, i] for i, n in enumerate(self.parameters)}
        table = np.empty((len(parameters), len(roots)))
        for column, value in enumerate(evaluate(roots, columns)):
            table[:, column] = value
        return table


def input_names(network: Network) -> tuple[str, ...]:
    """Names of the piecewise-constant inputs of the system, in order."""
    rates = [port.rate_name for port in network.ports]
    courses = [
        f"{i.name}_{part}" for i in network.inputs for part in ("level", "slope")
    ]
    return (*rates, *courses)


def build_system(network: Network) -> OdeSystem:
    """Check a network and write it out as a system of equations.

    States that hold nothing conserved and that no output depends on are left out, such
    as the moments of a payload distribution that nobody looks at.

    Raises ModelError with every inconsistency.
    """
    check(network)
    network = without_idle_species(network)
    inlined = _inlined(network)

    def write(expression: Expr) -> Expr:
        return substitute([expression], inlined)[0]

    outside = tuple(s for s in network.species if not s.lattice)
    index = {s.name: i for i, s in enumerate(outside)}
    names = [s.name for s in network.species]
    scale = dict(zip(names, _scales(network, inlined), strict=True))
    outputs = _Outputs(network, write)
    cells = None
    if network.lattices:
        cells = build_cells(network, write, outputs.totals, outputs.profiles, scale)
    rates = _rates_outside(network, write, index)
    return OdeSystem(
        name=network.name,
        states=(*index, *(cells.names if cells else ())),
        parameters=tuple(p.name for p in network.parameters),
        inputs=input_names(network),
        outputs=tuple(outputs.names),
        output_units=tuple(outputs.units),
        ports=tuple(p.name for p in network.ports),
        rates=tuple(substitute(list(rates.values()), inlined)),
        observed=tuple(outputs.observed),
        initial=tuple(write(s.initial) for s in outside),
        doses=tuple(
            tuple((index[name], write(a)) for name, a in port.amounts.items())
            for port in network.ports
        ),
        triggers=tuple(write(e.trigger) for e in network.events),
        assignments=tuple(
            tuple((index[name], write(v)) for name, v in e.assignments.items())
            for e in network.events
        ),
        scale=tuple(scale[name] for name in index),
        content=_content(network, cells),
        moieties=tuple(network.moieties()),
        cells=cells,
    )


def _rates_outside(
    network: Network, write: Callable[[Expr], Expr], index: Mapping[str, int]
) -> dict[str, Expr]:
    """Right-hand sides of the states that are not on a lattice, with doses.

    Raises ModelError where they look into the lattice.
    """
    cells = lattice_names(network)
    rates: dict[str, Expr] = dict.fromkeys(index, ZERO)
    for reaction in network.reactions:
        if cells and on_lattice(cells, reaction, write(reaction.rate)):
            continue
        for name, change in reaction.changes.items():
            rates[name] = rates[name] + reaction.rate * change
    for port in network.ports:
        for name, amount in port.amounts.items():
            rates[name] = rates[name] + amount * Symbol(port.rate_name)
    looking = [write(e.trigger) for e in network.events]
    looking += [write(v) for e in network.events for v in e.assignments.values()]
    seen = sorted(symbols_in(looking) & cells)
    if seen:
        what = f"uses '{seen[0]}', which has a value in every cell of the lattice"
        headline = f"Network '{network.name}' is inconsistent:"
        raise ModelError(headline, [Issue("an event", what)])
    return rates


def _content(network: Network, cells: CellSystem | None) -> np.ndarray:
    content = content_matrix(network)
    if cells is None:
        return content
    inside = np.array([s.lattice for s in network.species])
    repeated = np.tile(content[:, inside], cells.lattice.count)
    return np.hstack([content[:, ~inside], repeated])


class _Outputs:
    """What is observed, sums over the lattice and values in its cells apart."""

    def __init__(self, network: Network, write: Callable[[Expr], Expr]) -> None:
        self.totals: dict[str, Expr] = {
            rule.name: write(rule.expression) for rule in network.rules if rule.total
        }
        self.profiles: list[Expr] = []
        self.observed: list[Expr] = []
        self.names: list[str] = []
        self.units: list[str] = []
        in_cells = lattice_names(network)
        named: list[Observable] = []
        for o in network.observables:
            value = write(o.expression) / parse_unit(o.unit).factor
            if o.profile:
                self.profiles.append(value)
                named.append(o)
                continue
            if in_cells & symbols_in([value]):
                self.totals[f"{o.name}@total"] = value
                value = Symbol(f"{o.name}@total")
            self.observed.append(value)
            self.names.append(o.name)
            self.units.append(o.unit)
        for lattice in network.lattices:
            for label in lattice.labels if named else ():
                self.names += [f"{o.name}[{label}]" for o in named]
                self.units += [o.unit for o in named]


def without_idle_species(network: Network) -> Network:
    """The network without species that neither outputs nor balances need."""
    if not network.observables:
        return network
    rules = {r.name: r.expression for r in network.rules}
    rates: dict[str, list[Expr]] = {s.name: [] for s in network.species}
    for reaction in network.reactions:
        for name in reaction.changes:
            rates[own(name)].append(reaction.rate)
    volumes = {c.name: [c.volume] for c in network.compartments}
    reasons = {**rates, **{name: [value] for name, value in rules.items()}}
    needed = {s.name for s in network.species if s.content}
    pending = [o.expression for o in network.observables]
    pending += [e.trigger for e in network.events]
    pending += [v for e in network.events for v in e.assignments.values()]
    pending += [v for volume in volumes.values() for v in volume]
    pending += [rate for name in needed for rate in rates[name]]
    while pending:
        fresh = ({own(n) for n in symbols_in(pending)} & reasons.keys()) - needed
        needed |= fresh
        pending = [value for name in fresh for value in reasons[name]]
    idle = {s.name for s in network.species if s.name not in needed}
    if not idle:
        return network
    return _without(network, idle)


def _without(network: Network, idle: set[str]) -> Network:
    """The network without some species, and without what only concerned them."""

    def left(changes: Mapping[str, Any]) -> dict[str, Any]:
        return {n: value for n, value in changes.items() if own(n) not in idle}

    reactions = (replace(r, changes=left(r.changes)) for r in network.reactions)
    events = (replace(e, assignments=left(e.assignments)) for e in network.events)
    return replace(
        network,
        species=tuple(s for s in network.species if s.name not in idle),
        reactions=tuple(r for r in reactions if r.changes),
        events=tuple(events),
        ports=tuple(replace(p, amounts=left(p.amounts)) for p in network.ports),
    )


def _inlined(network: Network) -> dict[str, Expr]:
    """What each rule and time-varying input stands for."""
    values: dict[str, Expr] = {
        i.name: Symbol(f"{i.name}_level") + Symbol(f"{i.name}_slope") * TIME
        for i in network.inputs
    }
    pending = {r.name: r.expression for r in network.rules if not r.total}
    while pending:  # the check made sure that this ends
        for name, expression in list(pending.items()):
            if not symbols_in([expression]) & pending.keys():
                values[name] = substitute([expression], values)[0]
                del pending[name]
    return values


def _scales(network: Network, inlined: dict[str, Expr]) -> tuple[Expr, ...]:
    """The amount of each state below which accuracy does not matter.

    A species says so itself, or it is the amount that a negligible concentration
    would be in its compartment at the start; anything else is judged by a millionth
    of its initial value.
    """
    start = {
        **{s.name: s.initial for s in network.species},
        TIME.name: ZERO,
        **dict.fromkeys(input_names(network), ZERO),
    }
    volumes = {c.name: c.volume for c in network.compartments}
    scales = []
    for s in network.species:
        if s.scale is not None:
            scale = s.scale
        elif s.compartment is not None and s.unit in NEGLIGIBLE:
            scale = volumes[s.compartment] * NEGLIGIBLE[s.unit]
        elif s.initial is not ZERO:
            scale = s.initial * 1e-6
        else:
            scale = as_expr(NEGLIGIBLE.get(s.unit, 1e-6))
        at_start = substitute(substitute([scale], inlined), start)
        scales.append(substitute(substitute(at_start, inlined), start)[0])
    return tuple(scales)
