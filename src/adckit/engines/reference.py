"""The reference engine: SciPy, one subject after the other, slow and obvious.

It exists to be right.  Between two actions a subject is one initial value problem for
LSODA with the analytic Jacobian; its tolerance is a hundredth of what was asked for, so
that a difference from another engine is that engine's error.  A lattice is written out
cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.integrate import LSODA, DenseOutput
from scipy.optimize import brentq

from adckit.codegen.python import python_function
from adckit.engines.base import ActionKind, Problem, Progress, Solution
from adckit.network.expanded import expanded
from adckit.status import Status

__all__ = ["solve"]

_STRICTER = 1e-2
_FINEST = 1e-13  # LSODA cannot do better in double precision


def solve(problem: Problem, *, progress: Progress | None = None) -> Solution:
    """Solve every subject; see adckit.engines.base for shapes and units."""
    problem = replace(problem, system=expanded(problem.system))
    n, system = problem.subjects, problem.system
    model = _Model(problem)
    values = np.full((n, len(problem.times), len(system.outputs)), np.nan)
    final = np.full((n, len(system.states)), np.nan)
    status = np.zeros(n, dtype=np.int64)
    stopped = np.full(n, problem.start)
    steps = np.zeros(n, dtype=np.int64)
    usable = problem.usable()
    for s in range(n):
        if not usable[s]:
            status[s] = Status.INVALID_INPUT
            continue
        run = _Run(model, problem, s, values[s])
        status[s], stopped[s] = run.outcome, run.time
        steps[s], final[s] = run.steps, run.state
        if progress:
            progress(s + 1, n)
    none = np.zeros(n, dtype=np.int64)
    account = Solution(values, status, stopped, steps, none, final, "reference")
    return account.masked()


class _Model:
    """The system as Python functions."""

    def __init__(self, problem: Problem) -> None:
        system = problem.system
        self.size = len(system.states)
        self.entries = list(system.jacobian)

        def function(roots: Sequence[Any]) -> Callable[..., list[float]]:
            return python_function(
                roots, system.states, system.parameters, system.inputs
            )

        self.rates = function(system.rates)
        self.slopes = function(list(system.jacobian.values()))
        self.observe = function(system.observed)
        self.triggers = function(system.triggers)
        self.assign = [function([v for _, v in a]) for a in system.assignments]


class _Run:
    """One subject from start to end; the fields are the result."""

    def __init__(
        self, model: _Model, problem: Problem, number: int, out: np.ndarray
    ) -> None:
        self.model, self.problem, self.out = model, problem, out
        self.parameters = problem.parameters[number].tolist()
        self.inputs = [0.0] * len(problem.system.inputs)
        self.state = problem.initial[number].copy()
        self.absolute = np.maximum(problem.absolute[number] * _STRICTER, 1e-300)
        self.time, self.steps, self.row = problem.start, 0, 0
        self.outcome = Status.OK
        self._observe_until(self.time, lambda t: self.state)
        for when, rows in _grouped(problem.actions.subject(number), problem):
            if not self._advance(when):
                return
            for kind, index, value in rows:
                self._act(kind, index, value)
        self._advance(problem.end)

    def _act(self, kind: int, index: int, value: float) -> None:
        if kind == ActionKind.SET_INPUT:
            self.inputs[index] = value
        elif kind == ActionKind.SET_STATE:
            self.state[index] = value
        else:
            self.state[index] += value

    def _rates(self, t: float, y: np.ndarray) -> np.ndarray:
        return np.array(self.model.rates(t, y.tolist(), self.parameters, self.inputs))

    def _jacobian(self, t: float, y: np.ndarray) -> np.ndarray:
        matrix = np.zeros((self.model.size, self.model.size))
        values = self.model.slopes(t, y.tolist(), self.parameters, self.inputs)
        for (i, j), value in zip(self.model.entries, values, strict=True):
            matrix[i, j] = value
        return matrix

    def _advance(self, end: float) -> bool:
        """Integrate to `end`, through events; False when the solver gave up."""
        while self.time < end:
            solver = LSODA(
                self._rates,
                self.time,
                self.state,
                end,
                jac=self._jacobian,
                rtol=max(self.problem.rtol * _STRICTER, _FINEST),
                atol=self.absolute,
            )
            if not self._follow(solver):
                return False
        return True

    def _follow(self, solver: LSODA) -> bool:
        """Step until the end or the first event; False when the solver gave up."""
        triggers = self._triggers(self.time, self.state)
        while solver.status == "running":
            before = solver.t
            solver.step()
            self.steps += 1
            self.outcome = self._judged(solver, before)
            if self.outcome is not Status.OK:
                return False
            at = solver.dense_output()
            hits = self._hits(triggers, at, before, solver.t)
            reached, event = min(hits, default=(solver.t, -1))
            self._observe_until(reached, at)
            self.time, self.state = reached, np.array(at(reached))
            if event >= 0:
                self._apply(event)
                return True
            triggers = self._triggers(self.time, self.state)
        return True

    def _judged(self, solver: LSODA, before: float) -> Status:
        if not np.isfinite(solver.y).all():
            return Status.NOT_FINITE
        if solver.status == "failed" or solver.t <= before:
            return Status.STEP_TOO_SMALL
        if self.steps > self.problem.max_steps:
            return Status.TOO_MANY_STEPS
        return Status.OK

    def _triggers(self, t: float, y: np.ndarray) -> list[float]:
        return self.model.triggers(t, y.tolist(), self.parameters, self.inputs)

    def _hits(
        self, before: list[float], at: DenseOutput, start: float, end: float
    ) -> list[tuple[float, int]]:
        """Time and number of each event whose trigger falls to 0 in a step."""

        def value(t: float, k: int) -> float:
            return self._triggers(t, np.asarray(at(t)))[k]

        after = self._triggers(end, np.asarray(at(end)))
        return [
            (float(brentq(value, start, end, args=(k,), xtol=1e-14)), k)
            for k, (a, b) in enumerate(zip(before, after, strict=True))
            if a > 0 >= b
        ]

    def _apply(self, event: int) -> None:
        args = (self.time, self.state.tolist(), self.parameters, self.inputs)
        values = self.model.assign[event](*args)
        targets = self.problem.system.assignments[event]
        for (i, _), value in zip(targets, values, strict=True):
            self.state[i] = value

    def _observe_until(self, t: float, at: Callable[[float], Any]) -> None:
        times = self.problem.times
        while self.row < len(times) and times[self.row] <= t:
            when = float(times[self.row])
            y = np.asarray(at(when)).tolist()
            observed = self.model.observe(when, y, self.parameters, self.inputs)
            self.out[self.row] = observed
            self.row += 1


def _grouped(
    rows: list[tuple[float, int, int, float]], problem: Problem
) -> list[tuple[float, list[tuple[int, int, float]]]]:
    """Actions up to the end, by time; what lies before the start happens at it."""
    groups: dict[float, list[tuple[int, int, float]]] = {}
    for time, kind, index, value in rows:
        when = max(time, problem.start)
        if when <= problem.end:
            groups.setdefault(when, []).append((kind, index, value))
    return list(groups.items())
