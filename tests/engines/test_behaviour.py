"""One behaviour suite for every engine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adckit.engines.base import ActionKind, Engine
from adckit.network.expr import TIME, Symbol
from adckit.network.parts import Event, Input
from adckit.status import Status
from tests.engines.models import decay, free_form, problem

ADD, INPUT, STATE = (int(k) for k in ActionKind)


def test_decay_and_its_ledger(engine: Engine) -> None:
    times = [0.5, 1.0, 5.0, 20.0]
    case = problem(decay(), times, [[(0.0, ADD, 0, 100.0)]], values=[0.5], rtol=1e-10)
    solution = engine(case)
    expected = 100 * np.exp(-0.5 * np.array(times))
    assert solution.status[0] == Status.OK
    np.testing.assert_allclose(solution.values[0, :, 0], expected, rtol=1e-8)
    total = solution.values[0].sum(axis=1)
    np.testing.assert_allclose(total, 100.0, rtol=1e-12)  # linear invariants are exact


def test_observation_comes_before_the_dose(engine: Engine) -> None:
    rows = [[(0.0, ADD, 0, 10.0), (1.0, ADD, 0, 10.0)]]
    case = problem(decay(), [0.0, 1.0, 1.5], rows, values=[0.5], rtol=1e-10)
    seen = engine(case).values[0, :, 0]
    assert seen[0] == 0.0
    trough = 10 * math.exp(-0.5)
    assert seen[1] == pytest.approx(trough, rel=1e-8)
    assert seen[2] == pytest.approx((trough + 10) * math.exp(-0.25), rel=1e-8)


def test_infusion_ends_exactly(engine: Engine) -> None:
    length, rate = 0.1, 250.0
    rows = [[(0.0, INPUT, 0, rate), (length, INPUT, 0, 0.0)]]
    times = [length, 2.0]
    case = problem(decay(), times, rows, values=[0.5], rtol=1e-10)
    seen = engine(case).values[0, :, 0]
    end = rate / 0.5 * -math.expm1(-0.5 * length)
    assert seen == pytest.approx([end, end * math.exp(-0.5 * 1.9)], rel=1e-8)


def test_actions_of_one_time_keep_their_order(engine: Engine) -> None:
    rows = [[(1.0, ADD, 0, 5.0), (1.0, STATE, 0, 2.0), (1.0, ADD, 0, 1.0)]]
    case = problem(decay(), [1.0, 2.0], rows, values=[0.5], rtol=1e-10)
    seen = engine(case).values[0, :, 0]
    assert seen == pytest.approx([0.0, 3 * math.exp(-0.5)], rel=1e-8)


def test_actions_at_the_end_count_in_the_final_state(engine: Engine) -> None:
    rows = [[(0.0, ADD, 0, 1.0), (2.0, ADD, 0, 7.0)]]
    solution = engine(problem(decay(), [1.0, 2.0], rows, values=[0.5], rtol=1e-10))
    assert solution.final[0, 0] == pytest.approx(7 + math.exp(-1), rel=1e-8)


def test_actions_before_the_start_happen_at_it(engine: Engine) -> None:
    rows = [[(-3.0, ADD, 0, 4.0)]]
    seen = engine(problem(decay(), [0.0, 1.0], rows, values=[0.5], rtol=1e-10)).values
    assert seen[0, :, 0] == pytest.approx([0.0, 4 * math.exp(-0.5)], rel=1e-8)


def test_subjects_have_their_own_parameters_and_actions(engine: Engine) -> None:
    rates = np.linspace(0.1, 2.0, 21)
    rows = [[(0.1 * i, ADD, 0, 1.0 + i)] for i in range(len(rates))]
    case = problem(decay(), [3.0], rows, parameters=rates[:, None], rtol=1e-10)
    expected = [(1 + i) * math.exp(-k * (3 - 0.1 * i)) for i, k in enumerate(rates)]
    assert engine(case).values[:, 0, 0] == pytest.approx(expected, rel=1e-8)


def test_time_in_the_rates(engine: Engine) -> None:
    rates = {"y": 3 * (TIME / Symbol("day")) ** 2 - Symbol("y") * 0}
    from tests.engines.models import parameter

    system = free_form("cubic", rates, {"y": 1.0}, [parameter("day", 1.0, "day")])
    values = [1.0, 1.0]
    seen = engine(problem(system, [1.0, 2.0, 10.0], values=values)).values[0, :, 0]
    assert seen == pytest.approx([2.0, 9.0, 1001.0], rel=1e-6)


def test_input_course_is_followed(engine: Engine) -> None:
    system = free_form(
        "driven", {"y": Symbol("u")}, {"y": 0.0}, (), (), [Input("u", "")]
    )
    level, slope = 0, 1
    rows = [
        [(0.0, INPUT, slope, 2.0), (3.0, INPUT, slope, 0.0), (3.0, INPUT, level, 6.0)]
    ]
    seen = engine(problem(system, [1.0, 3.0, 5.0], rows, values=[1.0])).values[0, :, 0]
    assert seen == pytest.approx([1.0, 9.0, 21.0], rel=1e-7)


def test_event_fires_where_the_trigger_reaches_zero(engine: Engine) -> None:
    y = Symbol("y")
    event = Event("refill", y - 0.5, {"y": y + 1.0})
    system = free_form("sawtooth", {"y": -y}, {"y": 1.0}, events=[event])
    period = math.log(3.0)  # from 1.5 down to 0.5
    first = math.log(2.0)
    times = [0.5, first + 0.5, first + period + 0.25]
    case = problem(system, times, values=[1.0], rtol=1e-9)
    expected = [math.exp(-0.5), 1.5 * math.exp(-0.5), 1.5 * math.exp(-0.25)]
    assert engine(case).values[0, :, 0] == pytest.approx(expected, rel=1e-6)


def test_first_of_two_events_wins(engine: Engine) -> None:
    y, z = Symbol("y"), Symbol("z")
    events = [
        Event("late", y - 0.3, {"z": z + 100.0}),
        Event("early", y - 0.6, {"y": y * 0 + 2.0, "z": z + 1.0}),
    ]
    system = free_form("two", {"y": -y, "z": y * 0}, {"y": 1.0, "z": 0.0}, (), events)
    final = engine(problem(system, [0.0, 1.5], values=[1.0])).final[0]
    assert final[1] == pytest.approx(1.0)  # early fired once, late never
    assert final[0] == pytest.approx(2 * math.exp(-(1.5 + math.log(0.6))), rel=1e-6)


def test_runaway_growth_is_a_status_with_its_time(engine: Engine) -> None:
    y = Symbol("y")
    system = free_form("runaway", {"y": y * y}, {"y": 1.0})
    solution = engine(problem(system, [0.5, 2.0], values=[1.0]))
    assert solution.status[0] in (Status.STEP_TOO_SMALL, Status.NOT_FINITE)
    assert solution.stopped[0] == pytest.approx(1.0, abs=1e-3)  # y = 1/(1 - t)
    assert np.isnan(solution.values).all()
    assert np.isnan(solution.final).all()


def test_a_failure_leaves_the_neighbours_alone(engine: Engine) -> None:
    from tests.engines.models import parameter

    y = Symbol("y")
    system = free_form(
        "mixed", {"y": Symbol("a") * y * y - y}, {"y": 1.0}, [parameter("a", 0.0, "")]
    )
    growth = np.array([0.0, 5.0, 0.0, np.nan, 0.0, 0.0, 0.0, 0.0, 0.0, 7.0, 0.0])
    table = np.column_stack([np.ones_like(growth), growth])
    solution = engine(problem(system, [3.0], parameters=table, rtol=1e-10))
    good = growth == 0
    assert (solution.status[good] == Status.OK).all()
    assert solution.status[3] == Status.INVALID_INPUT
    assert solution.values[good, 0, 0] == pytest.approx(math.exp(-3), rel=1e-8)
    assert np.isnan(solution.values[~good]).all()


def test_robertson(engine: Engine) -> None:
    """Stiff chemistry; values at t = 40 from Hairer & Wanner, Solving ODEs II."""
    a, b, c = Symbol("a"), Symbol("b"), Symbol("c")
    first, second, third = 0.04 * a, 1e4 * b * c, 3e7 * b * b
    rates = {"a": second - first, "b": first - second - third, "c": third}
    start = {"a": 1.0, "b": 0.0, "c": 0.0}
    system = free_form("robertson", rates, start)
    case = problem(system, [40.0], values=[1.0], rtol=1e-9)
    seen = engine(case).values[0, 0]
    assert seen == pytest.approx([0.7158270688, 9.185534765e-6, 0.2841637457], rel=1e-7)


def test_nothing_happens_without_rates(engine: Engine) -> None:
    system = free_form("still", {"y": Symbol("y") * 0}, {"y": 2.0})
    assert (engine(problem(system, [0.0, 3650.0], values=[1.0])).values == 2.0).all()


def test_one_observation_at_the_start(engine: Engine) -> None:
    case = problem(decay(), [0.0], [[(0.0, ADD, 0, 3.0)]], values=[0.5])
    solution = engine(case)
    assert solution.status[0] == Status.OK
    assert solution.values[0, 0, 0] == 0.0
    assert solution.final[0, 0] == 3.0
