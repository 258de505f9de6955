"""A case: one system, its doses, its output times and the spread of its subjects.

Every tool gets its equations from the same expressions, so no tool can be fast by
solving something else.  Parameters that do not vary are folded into constants for the
tools that compile, as a careful user would write them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adckit import DoseRecord, Network, Prepared, prepare
from adckit.network.dosing import ActionKind, schedule
from adckit.network.expr import Expr, as_expr, substitute, symbols_in
from adckit.network.system import OdeSystem

__all__ = ["Case", "Segment", "Tolerance"]


@dataclass(frozen=True)
class Tolerance:
    """What a solver is asked for: rtol, and the absolute tolerance of each state."""

    relative: float
    absolute: np.ndarray
    """(state,)"""
    label: str
    """How the absolute tolerance was chosen, e.g. `rtol x 0.001`."""

    @property
    def smallest(self) -> float:
        """The one number for a solver that takes only one."""
        return float(self.absolute.min())


@dataclass(frozen=True)
class Segment:
    """A stretch of time without a dose inside; times in days."""

    start: float
    end: float
    bolus: np.ndarray
    """(state,): added at the start"""
    inputs: np.ndarray
    """(input,): held during the segment"""
    times: np.ndarray
    """Outputs after the start, up to and including the end"""

    @property
    def knots(self) -> np.ndarray:
        """Start, output times and end, each once."""
        last = len(self.times) and self.times[-1] == self.end
        ends = [] if last else [self.end]
        return np.concatenate([[self.start], self.times, ends])


@dataclass(frozen=True)
class Case:
    """One benchmark.  Outputs are the observables of the network."""

    name: str
    title: str
    network: Network
    times: np.ndarray
    """(time,), days, starting at 0"""
    spread: Mapping[str, float]
    """Parameter → standard deviation of its logarithm between subjects"""
    doses: tuple[DoseRecord, ...] = ()
    floors: tuple[float, ...] = (1.0, 1e-3)
    """Absolute over relative tolerance, for tools that take one number for all states;
    each is tried and the best counts"""
    same_question: str = ""
    """Name of a case that answers the same question with more states"""

    @cached_property
    def prepared(self) -> Prepared:
        return prepare(self.network)

    @property
    def system(self) -> OdeSystem:
        return self.prepared.system

    @property
    def varied(self) -> tuple[str, ...]:
        """Parameters that differ between subjects, in the order of the tables."""
        return tuple(self.spread)

    @cached_property
    def typical(self) -> dict[str, float]:
        """Every parameter, in internal units."""
        return {p.name: p.internal for p in self.network.parameters}

    def population(self, subjects: int, seed: int = 1) -> np.ndarray:
        """Log-normal subjects, (subject, varied parameter), internal units."""
        normal = np.random.default_rng(seed).normal(size=(subjects, len(self.spread)))
        centre = np.array([self.typical[name] for name in self.varied])
        return np.asarray(centre * np.exp(normal * np.array([*self.spread.values()])))

    def full_table(self, table: np.ndarray) -> np.ndarray:
        """All parameters of the subjects in `table`, (subject, parameter)."""
        row = [self.typical[name] for name in self.system.parameters]
        full = np.tile(np.array(row), (len(table), 1))
        for column, name in enumerate(self.varied):
            full[:, self.system.parameters.index(name)] = table[:, column]
        return full

    def folded(self, roots: Sequence[Expr]) -> list[Expr]:
        """`roots` with the parameters that do not vary as constants."""
        fixed = {
            name: as_expr(value)
            for name, value in self.typical.items()
            if name not in self.spread
        }
        return substitute(list(roots), fixed)

    @cached_property
    def _typical_row(self) -> np.ndarray:
        return self.full_table(self.population(1))

    @cached_property
    def initial(self) -> np.ndarray:
        """State before the first dose, (state,): the same for every subject."""
        self._refuse_spread(self.system.initial, "the initial state")
        return np.asarray(self.system.initial_state(self._typical_row)[0])

    @cached_property
    def scale(self) -> np.ndarray:
        """Negligible amount of each state of the typical subject, (state,)."""
        return np.asarray(self.system.state_scale(self._typical_row)[0])

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The doses as stretches of constant input; an output precedes a dose."""
        amounts = [amount for port in self.system.doses for _, amount in port]
        self._refuse_spread(amounts, "a dose")
        vectors = self.system.dose_vectors(self._typical_row)[0]
        end = float(self.times[-1])
        actions = schedule(self.doses, until=end).actions
        starts = sorted({0.0, *(a.time for a in actions if a.time < end)})
        inputs = np.zeros(len(self.system.inputs))
        made = []
        for start, stop in zip(starts, [*starts[1:], end], strict=True):
            bolus = np.zeros(len(self.system.states))
            inputs = inputs.copy()
            for action in (a for a in actions if a.time == start):
                port = self.system.ports.index(action.port)
                if action.kind is ActionKind.BOLUS:
                    bolus += action.value * vectors[port]
                else:
                    inputs[port] = action.value
            inside = self.times[(self.times > start) & (self.times <= stop)]
            made.append(Segment(start, stop, bolus, inputs, inside))
        return tuple(made)

    def _refuse_spread(self, roots: Sequence[Expr], what: str) -> None:
        """Tools set parameters only, so all else must be equal for all subjects."""
        used = sorted(symbols_in(roots) & self.spread.keys())
        if used:
            raise ValueError(f"case '{self.name}': {what} depends on varied {used[0]}")

    def tolerance(self, relative: float, floor: float | None) -> Tolerance:
        """A tolerance; floor None takes each state's negligible amount as floor."""
        if floor is None:
            absolute = np.maximum(relative * self.scale, 1e-30)
            return Tolerance(relative, absolute, "per state")
        absolute = np.full(len(self.system.states), relative * floor)
        return Tolerance(relative, absolute, f"rtol x {floor:g}")
