"""The retry ladder: who is tried again, with what, and what is written down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.engines.models import decay, parameter

from adckit.engines import cpu
from adckit.engines.base import Actions, Engine, Problem, Solution
from adckit.engines.ladder import only, with_retries
from adckit.network.dosing import DoseRecord
from adckit.network.expr import ONE, Symbol
from adckit.network.network import Network
from adckit.network.parts import Observable, Port, Reaction, Species
from adckit.results import SubjectStatus
from adckit.simulation import simulate
from adckit.status import RETRIES, Status

SYSTEM = decay()
COUNT = 6


def problem() -> Problem:
    rates = np.linspace(0.1, 0.6, COUNT)[:, np.newaxis]
    actions = [[(1.0, 0, 0, float(s))] * s for s in range(COUNT)]
    return Problem(
        SYSTEM,
        parameters=rates,
        initial=np.tile([10.0, 0.0], (COUNT, 1)),
        actions=Actions.of(actions),
        times=np.array([0.0, 1.0, 4.0]),
        absolute=np.full((COUNT, 2), 1e-9),
    )


class Stubborn:
    """The real engine, but some subjects fail until they are tried with enough care."""

    def __init__(self, needs: dict[float, int], status: Status) -> None:
        self.needs, self.status = needs, status
        self.seen: list[Problem] = []

    def __call__(self, given: Problem) -> Solution:
        self.seen.append(given)
        solution = cpu.solve(given)
        care = int(given.first_step < 1e-4) + int(given.rtol < 1e-7)
        for i, rate in enumerate(given.parameters[:, 0]):
            if self.needs.get(round(float(rate), 3), 0) > care:
                solution.status[i] = self.status
                solution.stopped[i] = 0.5
        return solution.masked()


def test_each_subject_leaves_the_ladder_at_the_rung_that_solves_it() -> None:
    engine = Stubborn({0.2: 1, 0.4: 2, 0.5: 3}, Status.STEP_TOO_SMALL)
    solution = with_retries(engine)(problem())
    assert solution.tries is not None
    assert solution.tries.tolist() == [1, 2, 1, 3, 4, 1]
    assert (solution.status == Status.OK).all()
    plain = cpu.solve(problem())
    # Later rungs are more accurate than the first try, which may err by 1e-6 a step.
    assert solution.values == pytest.approx(plain.values, rel=1e-5, abs=1e-5)
    assert solution.final == pytest.approx(plain.final, rel=1e-5, abs=1e-5)
    untouched = solution.tries == 1
    assert np.array_equal(solution.values[untouched], plain.values[untouched])


def test_the_rungs_are_the_ones_that_are_stated() -> None:
    engine = Stubborn({0.5: 3}, Status.NOT_FINITE)
    with_retries(engine)(problem())
    usual, gentle, strict = engine.seen
    assert gentle.first_step == usual.first_step / 1000
    assert gentle.rtol == usual.rtol
    assert strict.rtol == pytest.approx(usual.rtol / 100)
    assert strict.absolute == pytest.approx(usual.absolute[[4]] / 100)
    assert strict.parameters.tolist() == [[pytest.approx(0.5)]]
    assert len(RETRIES) == 4


def test_who_fails_to_the_end_keeps_the_first_account() -> None:
    def never(given: Problem) -> Solution:
        solution = cpu.solve(given)
        solution.status[:] = Status.TOO_MANY_STEPS
        return solution.masked()

    engine = Stubborn({0.3: 9}, Status.STEP_TOO_SMALL)
    solution = with_retries(engine, last=never)(problem())
    assert solution.status[2] == Status.STEP_TOO_SMALL
    assert solution.stopped[2] == 0.5
    assert np.isnan(solution.values[2]).all()
    assert solution.tries is not None
    assert solution.tries[2] == 4


@pytest.mark.parametrize("status", [Status.INVALID_INPUT, Status.INTERRUPTED])
def test_bad_input_and_ctrl_c_are_not_retried(status: Status) -> None:
    engine = Stubborn({0.3: 9}, status)
    solution = with_retries(engine)(problem())
    assert len(engine.seen) == 1
    assert solution.status[2] == status


def test_a_problem_for_some_subjects_is_theirs(engine: Engine) -> None:
    whole, part = engine(problem()), engine(only(problem(), np.array([4, 1])))
    assert np.array_equal(part.values, whole.values[[4, 1]])
    assert only(problem(), np.array([3])).actions.subject(0) == [(1.0, 0, 0, 3.0)] * 3


def test_results_say_who_was_retried() -> None:
    hard = Stubborn({0.5: 2}, Status.STEP_TOO_SMALL)
    result = simulate(
        network(),
        [DoseRecord(0.0, 5.0, "dose")],
        {"k": [0.1, 0.5]},
        [0.0, 1.0],
        engine=with_retries(hard),
    )
    accounts = result.accounts()
    assert [a.retried for a in accounts] == ["", "tighter tolerance"]
    assert [a.reason for a in accounts] == ["solved", "solved"]


def test_a_subject_that_loses_amounts_is_suspicious() -> None:
    good = SubjectStatus("1", Status.OK, 1.0, 10, 0, 1e-9)
    bad = replace(good, imbalance=2e-5)
    assert not good.suspicious
    assert bad.suspicious
    assert bad.reason == "solved, but 2e-05 of an amount is unaccounted for"
    assert not replace(good, imbalance=float("nan")).suspicious


def network() -> Network:
    """The network behind `decay`."""
    return Network("decay").add(
        parameter("k", 0.5),
        Species("y", content={"drug": 1}),
        Species("lost", content={"drug": 1}, ledger=True),
        Reaction("loss", Symbol("k") * Symbol("y"), {"y": -1, "lost": 1}),
        Observable("y_seen", Symbol("y"), "nmol"),
        Port("dose", {"y": ONE}),
    )
