"""The reference engine: SciPy, one subject after the other, slow and obvious.

It exists to be right.  Between two actions a subject is one initial value problem for
LSODA with the analytic Jacobian; its tolerance is a hundredth of what was asked for, so
that a difference from another engine is that engine's error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from adckit.codegen.python import python_function
from adckit.engines.base import ActionKind, Problem, Solution
from adckit.status import Status

__all__ = ["solve"]

_STRICTER = 1e-2
_FINEST = 1e-13  # LSODA cannot do better in double precision


def solve(problem: Problem) -> Solution:
    """Solve every subject; see adckit.engines.base for shapes and units."""
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

    def _rates(self, t: float, y: np.ndarray) -> list[float]:
        return self.model.rates(t, y.tolist(), self.parameters, self.inputs)

    def _jacobian(self, t: float, y: np.ndarray) -> np.ndarray:
        matrix = np.zeros((self.model.size, self.model.size))
        values = self.model.slopes(t, y.tolist(), self.parameters, self.inputs)
        for (i, j), value in zip(self.model.entries, values, strict=True):
            matrix[i, j] = value
        return matrix

    def _events(self) -> list[Callable[..., float]]:
        def make(k: int) -> Callable[..., float]:
            def event(t: float, y: np.ndarray) -> float:
                args = (t, y.tolist(), self.parameters, self.inputs)
                return self.model.triggers(*args)[k]

            event.terminal, event.direction = True, -1.0  # type: ignore[attr-defined]
            return event

        return [make(k) for k in range(len(self.model.assign))]

    def _advance(self, end: float) -> bool:
        """Integrate to `end`, through events; False when the solver gave up."""
        while self.time < end:
            result = solve_ivp(
                self._rates,
                (self.time, end),
                self.state,
                method="LSODA",
                jac=self._jacobian,
                rtol=max(self.problem.rtol * _STRICTER, _FINEST),
                atol=self.absolute,
                dense_output=True,
                events=self._events() or None,
            )
            self.steps += len(result.t) - 1
            reached = float(result.t[-1])
            if result.status < 0 or not np.isfinite(result.y[:, -1]).all():
                finite = np.isfinite(result.y[:, -1]).all()
                self.outcome = Status.STEP_TOO_SMALL if finite else Status.NOT_FINITE
                self.time = reached
                return False
            self._observe_until(reached, result.sol)
            self.time, self.state = reached, result.y[:, -1].copy()
            if result.status == 1:
                self._apply_event(result.t_events)
        return True

    def _apply_event(self, hits: list[np.ndarray]) -> None:
        for k, times in enumerate(hits):
            if len(times):
                args = (self.time, self.state.tolist(), self.parameters, self.inputs)
                targets = self.problem.system.assignments[k]
                for (i, _), v in zip(targets, self.model.assign[k](*args), strict=True):
                    self.state[i] = v

    def _observe_until(self, t: float, at: Callable[[float], np.ndarray]) -> None:
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
