"""Runs a network with a few doses and returns its curves by name, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from adckit.engines.base import ActionKind, Actions, Engine, Problem
from adckit.network.network import Network
from adckit.network.parts import Observable
from adckit.network.system import OdeSystem, build_system
from adckit.parameters import Parameter
from adckit.status import Status

TIGHT = 1e-10
"""Relative tolerance for laws that are exact: leaves room for 1e-8 after many steps."""


@dataclass(frozen=True)
class Dose:
    """A bolus, or an infusion of `duration` days, in the unit of its port."""

    amount: float
    time: float = 0.0
    duration: float = 0.0
    port: str = "central"


@dataclass(frozen=True)
class Run:
    """One subject's curves; `state` and `output` map name to (time,)."""

    times: np.ndarray
    system: OdeSystem
    state: dict[str, np.ndarray]
    output: dict[str, np.ndarray]
    dosed: np.ndarray
    """(time, moiety): brought in so far by boluses"""

    def content(self) -> np.ndarray:
        """What all states hold of each moiety, (time, moiety)."""
        table = np.stack([self.state[name] for name in self.system.states], axis=1)
        held: np.ndarray = table @ self.system.content.T
        return held


def run(
    network: Network,
    doses: Sequence[Dose],
    times: Sequence[float],
    engine: Engine,
    rtol: float = TIGHT,
    changed: Mapping[str, float] | None = None,
) -> Run:
    """Simulate one subject; `changed` replaces parameters, in internal units.

    States are watched through observables of their own.  An action at the time of an
    observation comes after it.
    """
    system = build_system(_watched(network))
    values = {p.name: p.internal for p in network.parameters} | dict(changed or {})
    parameters = np.array([[values[name] for name in system.parameters]])
    vectors = system.dose_vectors(parameters)[0]
    rows: list[tuple[float, int, int, float]] = []
    grid = np.asarray(times, dtype=float)
    dosed = np.zeros((len(grid), len(system.moieties)))
    for dose in doses:
        port = system.ports.index(dose.port)
        if dose.duration:
            rate = dose.amount / dose.duration
            rows.append((dose.time, ActionKind.SET_INPUT, port, rate))
            rows.append((dose.time + dose.duration, ActionKind.SET_INPUT, port, 0.0))
            continue
        added = vectors[port] * dose.amount
        rows += [
            (dose.time, ActionKind.ADD, int(index), float(added[index]))
            for index in np.flatnonzero(added)
        ]
        dosed += np.outer(grid > dose.time, system.content @ added)
    solution = engine(
        Problem(
            system=system,
            parameters=parameters,
            initial=system.initial_state(parameters),
            actions=Actions.of([rows]),
            times=grid,
            absolute=np.maximum(system.state_scale(parameters) * rtol, 1e-30),
            rtol=rtol,
        )
    )
    assert solution.status[0] == Status.OK, (solution.status, solution.stopped)
    curves = dict(zip(system.outputs, solution.values[0].T, strict=True))
    state = {name: curves.pop(f"state_{name}") for name in system.states}
    return Run(grid, system, state, curves, dosed)


def _watched(network: Network) -> Network:
    """The network with one more observable for each state."""
    watch = (
        Observable(f"state_{s.name}", s.symbol, s.unit, profile=s.lattice)
        for s in network.species
    )
    return network.add(*watch)


def internal(network: Network, name: str) -> float:
    """Value of one parameter of a network in internal units."""
    return network.get(Parameter, name).internal
