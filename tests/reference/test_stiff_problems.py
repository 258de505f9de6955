"""The stiff problems of the literature, at every tolerance that a user may ask for.

Published end values come from Mazzia F and Magherini C, "Test Set for Initial Value
Problem Solvers", release 2.4, 2008, University of Bari (computed there with RADAU or
PSIDE at 1e-18 or finer), and for Robertson at t = 40 from Hairer E and Wanner G,
"Solving Ordinary Differential Equations II", 2nd ed., Springer 1996.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.case import Case
from benchmarks.cases.stiff_references import (
    hires,
    orego,
    pollution,
    robertson,
    van_der_pol,
)
from benchmarks.peers.adckit_cpu import problem_of, tightened

from adckit.engines import cpu, reference
from adckit.engines.base import Problem
from adckit.status import Status

CASES: dict[str, Case] = {
    case.name: case
    for case in (hires(), orego(), pollution(), robertson(), van_der_pol())
}
PUBLISHED: dict[str, tuple[float, list[float]]] = {
    "robertson": (
        40.0,
        [0.7158270688, 9.185534765e-6, 0.2841637457],
    ),
    "hires": (
        321.8122,
        [
            0.7371312573325668e-3,
            0.1442485726316185e-3,
            0.5888729740967575e-4,
            0.1175651343283149e-2,
            0.2386356198831331e-2,
            0.6238968252742796e-2,
            0.2849998395185769e-2,
            0.2850001604814231e-2,
        ],
    ),
    "pollution": (
        60.0,
        [
            0.5646255480022769e-1,
            0.1342484130422339,
            0.4139734331099427e-8,
            0.5523140207484359e-2,
            0.2018977262302196e-6,
            0.1464541863493966e-6,
            0.7784249118997964e-1,
            0.3245075353396018,
            0.7494013383880406e-2,
            0.1622293157301561e-7,
            0.1135863833257075e-7,
            0.2230505975721359e-2,
            0.2087162882798630e-3,
            0.1396921016840158e-4,
            0.8964884856898295e-2,
            0.4352846369330103e-17,
            0.6899219696263405e-2,
            0.1007803037365946e-3,
            0.1772146513969984e-5,
            0.5682943292316392e-4,
        ],
    ),
    "orego": (
        360.0,
        [0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3],
    ),
    "van-der-pol": (
        2.0,
        [0.1706167732170483e1, -0.8928097010247975],
    ),
}
"""Time, and every state at it."""
_TOLERANCE = {"robertson": 2e-10}  # ten digits were printed


def typical(case: Case, times: np.ndarray) -> Problem:
    """One subject with the published constants."""
    row = [case.typical[name] for name in case.system.parameters]
    problem = problem_of(case, case.population(1))
    return replace(
        problem, parameters=np.array([row]), times=times, max_steps=10**6, start=0.0
    )


def solved(problem: Problem, rtol: float) -> np.ndarray:
    """(time, state); nothing is retried, so that no failure is silent."""
    solution = cpu.solve(tightened(problem, rtol))
    assert solution.status[0] == Status.OK
    return np.asarray(solution.values[0])


@pytest.mark.parametrize("name", CASES)
def test_the_finest_solution_is_the_published_one(name: str) -> None:
    time, published = PUBLISHED[name]
    found = solved(typical(CASES[name], np.array([0.0, time])), 1e-12)[-1]
    assert found == pytest.approx(
        published, rel=2e-10 if name == "robertson" else 2e-11
    )


@pytest.mark.parametrize("name", CASES)
def test_error_is_within_ten_times_the_tolerance(name: str) -> None:
    """Of every state, at every output, relative to the state's largest value."""
    problem = typical(CASES[name], CASES[name].times)
    exact = solved(problem, 1e-12)
    top = np.abs(exact).max(axis=0)
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        assert np.max(np.abs(solved(problem, rtol) - exact) / top) <= 10 * rtol


@pytest.mark.parametrize("name", CASES)
def test_the_reference_engine_sees_the_same_curves(name: str) -> None:
    """LSODA at 1e-8 a step: what it errs in the fronts adds up to 5e-6."""
    case = CASES[name]
    problem = typical(case, case.times)
    exact = solved(problem, 1e-12)
    other = reference.solve(tightened(problem, 1e-6)).values[0]
    assert np.max(np.abs(other - exact) / np.abs(exact).max(axis=0)) <= 1e-5
