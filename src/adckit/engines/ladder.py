"""The retry ladder: subjects that an engine gives up are tried again, each on its own.

    0  for the explicit method: Rodas5P, which is not counted as a retry
    1  a first step, at the start and after every dose, a thousandth of the usual one
    2  that, and tolerances a hundredth of those asked for
    3  the reference engine

A subject leaves the ladder at the first rung that solves it.  One that no rung solves
keeps the account of the first try.  Bad input and Ctrl-C are not retried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from adckit.engines.base import Actions, Engine, Problem, Solution
from adckit.engines.choice import STIFF
from adckit.status import Status

__all__ = ["only", "with_retries"]

_FIRST_STEP = 1e-3
_TOLERANCE = 1e-2
_FINEST = 1e-13  # what double precision can do
_ACCOUNT = ("values", "status", "stopped", "steps", "rejected", "final")
_FINAL = (Status.OK, Status.INVALID_INPUT, Status.INTERRUPTED)

Rung = tuple[Callable[[Problem], Problem], Engine]


def _reference(problem: Problem) -> Solution:
    # Loaded when needed: SciPy's solvers take longer to load than a subject to solve.
    from adckit.engines import reference

    return reference.solve(problem)


def with_retries(engine: Engine, last: Engine = _reference) -> Engine:
    """The engine with the ladder under it; `last` is the engine of the last rung."""

    def gentle(problem: Problem) -> Problem:
        return replace(problem, first_step=problem.first_step * _FIRST_STEP)

    def strict(problem: Problem) -> Problem:
        return replace(
            gentle(problem),
            rtol=max(problem.rtol * _TOLERANCE, _FINEST),
            absolute=problem.absolute * _TOLERANCE,
        )

    rungs: tuple[Rung, ...] = (
        (gentle, engine),
        (strict, engine),
        (lambda problem: problem, last),
    )

    def solve(problem: Problem) -> Solution:
        solution = engine(problem)
        if problem.method != STIFF:
            problem = replace(problem, method=STIFF)
            _solve_again(solution, problem, engine)
        tries = np.ones(problem.subjects, dtype=np.int64)
        for changed, solver in rungs:
            failed = _failed(solution)
            if not len(failed):
                break
            tries[failed] += 1
            again = solver(changed(only(problem, failed)))
            _take_over(solution, again, failed)
        return replace(solution, tries=tries)

    return solve


def _failed(solution: Solution) -> np.ndarray:
    """Positions of the subjects that are worth another try."""
    return np.flatnonzero(~np.isin(solution.status, _FINAL))


def _solve_again(solution: Solution, problem: Problem, engine: Engine) -> None:
    """Put another account, good or bad, in the place of every failed one."""
    failed = _failed(solution)
    if len(failed):
        again = engine(only(problem, failed))
        for name in _ACCOUNT:
            getattr(solution, name)[failed] = getattr(again, name)


def only(problem: Problem, subjects: np.ndarray) -> Problem:
    """The same problem for some of its subjects, given by position."""
    actions = problem.actions
    rows = [
        np.arange(actions.offsets[s], actions.offsets[s + 1], dtype=np.int64)
        for s in subjects
    ]
    kept = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return replace(
        problem,
        parameters=problem.parameters[subjects],
        initial=problem.initial[subjects],
        absolute=problem.absolute[subjects],
        actions=Actions(
            offsets,
            actions.time[kept],
            actions.kind[kept],
            actions.index[kept],
            actions.value[kept],
        ),
    )


def _take_over(solution: Solution, again: Solution, failed: np.ndarray) -> None:
    """Put what was solved at last, or interrupted, in the place of what failed."""
    done = np.isin(again.status, (Status.OK, Status.INTERRUPTED))
    target = failed[done]
    for name in _ACCOUNT:
        getattr(solution, name)[target] = getattr(again, name)[done]
