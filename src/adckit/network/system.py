"""From a network to a system of ordinary differential equations.

The system holds expressions of four kinds of symbols only: states, parameters, inputs
and time.  Rules are written out; everything is in internal units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

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
from adckit.network.moieties import content_matrix
from adckit.network.network import Network
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
    """dy/dt of each state."""
    observed: tuple[Expr, ...]
    """Value of each output, in its own unit."""
    initial: tuple[Expr, ...]
    """State before the first dose; expressions of parameters."""
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

    @cached_property
    def jacobian(self) -> dict[tuple[int, int], Expr]:
        """Entries of df/dy that are not identically zero, by (row, column)."""
        entries: dict[tuple[int, int], Expr] = {}
        uses = [symbols_in([rate]) for rate in self.rates]
        for column, state in enumerate(self.states):
            rows = [i for i, names in enumerate(uses) if state in names]
            slopes = derivatives([self.rates[i] for i in rows], Symbol(state))
            for i, slope in zip(rows, slopes, strict=True):
                if slope is not ZERO:
                    entries[i, column] = slope
        return entries

    @cached_property
    def time_slopes(self) -> tuple[Expr, ...]:
        """The partial derivative of f with respect to time."""
        return tuple(derivatives(list(self.rates), TIME))

    def initial_state(self, parameters: np.ndarray) -> np.ndarray:
        """State before the first dose, (subject, state), from (subject, parameter)."""
        return self._evaluate(list(self.initial), parameters)

    def state_scale(self, parameters: np.ndarray) -> np.ndarray:
        """Negligible amount of each state, (subject, state)."""
        return self._evaluate(list(self.scale), parameters)

    def dose_vectors(self, parameters: np.ndarray) -> np.ndarray:
        """State added by one unit of dose, (subject, port, state)."""
        added = np.zeros((len(parameters), len(self.ports), len(self.states)))
        for port, targets in enumerate(self.doses):
            values = self._evaluate([amount for _, amount in targets], parameters)
            for column, (state, _) in enumerate(targets):
                added[:, port, state] = values[:, column]
        return added

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

    index = {s.name: i for i, s in enumerate(network.species)}
    rates = network.derivatives()
    for port in network.ports:
        for name, amount in port.amounts.items():
            rates[name] = rates[name] + amount * Symbol(port.rate_name)
    return OdeSystem(
        name=network.name,
        states=tuple(index),
        parameters=tuple(p.name for p in network.parameters),
        inputs=input_names(network),
        outputs=tuple(o.name for o in network.observables),
        output_units=tuple(o.unit for o in network.observables),
        ports=tuple(p.name for p in network.ports),
        rates=tuple(substitute(list(rates.values()), inlined)),
        observed=tuple(
            write(o.expression) / parse_unit(o.unit).factor for o in network.observables
        ),
        initial=tuple(write(s.initial) for s in network.species),
        doses=tuple(
            tuple((index[name], write(a)) for name, a in port.amounts.items())
            for port in network.ports
        ),
        triggers=tuple(write(e.trigger) for e in network.events),
        assignments=tuple(
            tuple((index[name], write(v)) for name, v in e.assignments.items())
            for e in network.events
        ),
        scale=_scales(network, inlined),
        content=content_matrix(network),
        moieties=tuple(network.moieties()),
    )


def without_idle_species(network: Network) -> Network:
    """The network without species that neither outputs nor balances need."""
    if not network.observables:
        return network
    rules = {r.name: r.expression for r in network.rules}
    rates: dict[str, list[Expr]] = {s.name: [] for s in network.species}
    for reaction in network.reactions:
        for name in reaction.changes:
            rates[name].append(reaction.rate)
    volumes = {c.name: [c.volume] for c in network.compartments}
    reasons = {**rates, **{name: [value] for name, value in rules.items()}}
    needed = {s.name for s in network.species if s.content}
    pending = [o.expression for o in network.observables]
    pending += [e.trigger for e in network.events]
    pending += [v for e in network.events for v in e.assignments.values()]
    pending += [v for volume in volumes.values() for v in volume]
    pending += [rate for name in needed for rate in rates[name]]
    while pending:
        fresh = (symbols_in(pending) & reasons.keys()) - needed
        needed |= fresh
        pending = [value for name in fresh for value in reasons[name]]
    idle = {s.name for s in network.species if s.name not in needed}
    if not idle:
        return network
    return _without(network, idle)


def _without(network: Network, idle: set[str]) -> Network:
    """The network without some species, and without what only concerned them."""

    def left(changes: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in changes.items() if name not in idle}

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
    pending = {r.name: r.expression for r in network.rules}
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
