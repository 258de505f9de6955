"""Dose records turned into what a solver does."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.errors import RegimenError
from adckit.network.dosing import (
    Action,
    ActionKind,
    DoseRecord,
    Schedule,
    amount_in_port,
    schedule,
)

K = 0.7
"""Elimination rate of the one-compartment model that runs the schedules, 1/day."""


def advance(amount: float, rate: float, days: float) -> float:
    left = math.exp(-K * days)
    return amount * left + rate / K * (1 - left)


def steady_amount(action: Action) -> float:
    """The periodic state from one run through the period: x = x e^(-kT) + gained."""
    assert action.steady is not None
    pieces = action.steady.period()
    if math.isinf(pieces[0][0]):
        return action.steady.rate / K
    gained = 0.0
    for days, bolus, rate in pieces:
        gained = advance(gained + bolus, rate, days)
    return gained / -math.expm1(-K * action.steady.interval)


def run(plan: Schedule, times: Sequence[float]) -> list[float]:
    """Amount in the compartment, observed before what happens at each time."""
    actions, values = list(plan.actions), []
    amount = rate = now = 0.0
    for time in times:
        while actions and actions[0].time < time:
            action = actions.pop(0)
            amount = advance(amount, rate, action.time - now)
            now = action.time
            if action.kind is ActionKind.RESET:
                amount, rate = 0.0, 0.0
            elif action.kind is ActionKind.STEADY:
                steady = steady_amount(action)
                amount = steady + (amount if action.steady.add else 0.0)
            elif action.kind is ActionKind.BOLUS:
                amount += action.value
            else:
                rate = action.value
        amount, now = advance(amount, rate, time - now), time
        values.append(amount)
    return values


def delivered(plan: Schedule) -> dict[str, float]:
    """Amount that went into each port."""
    total: dict[str, float] = defaultdict(float)
    rates: dict[str, tuple[float, float]] = {}
    for action in plan.actions:
        if action.kind is ActionKind.BOLUS:
            total[action.port] += action.value
        elif action.kind is ActionKind.RATE:
            since, rate = rates.get(action.port, (0.0, 0.0))
            total[action.port] += rate * (action.time - since)
            rates[action.port] = action.time, action.value
    return total


def rates(plan: Schedule) -> list[tuple[float, float]]:
    return [(a.time, a.value) for a in plan.actions if a.kind is ActionKind.RATE]


doses = st.builds(
    DoseRecord,
    time=st.integers(0, 50).map(lambda n: n / 10),
    amount=st.floats(0.01, 1e3),
    port=st.sampled_from(["plasma", "depot"]),
    duration=st.none() | st.floats(1e-3, 5),
    interval=st.integers(1, 30).map(lambda n: n / 10),
    additional=st.integers(0, 6),
    lag=st.sampled_from([0.0, 0.1, 0.25]),
    bioavailability=st.sampled_from([1.0, 0.6, 0.0]),
) | st.builds(
    DoseRecord,
    time=st.floats(0, 5),
    amount=st.floats(0.01, 1e3),
    port=st.just("plasma"),
    rate=st.floats(1, 1e4),
    bioavailability=st.sampled_from([1.0, 0.6]),
)


@given(st.lists(doses, max_size=6))
def test_everything_is_delivered_and_nothing_stays_on(
    records: list[DoseRecord],
) -> None:
    plan = schedule(records, until=math.inf, allow_overlap=True)
    expected: dict[str, float] = defaultdict(float)
    for record in records:
        each = record.amount * record.bioavailability
        expected[record.port] += each * (record.additional + 1)
    for port, amount in expected.items():
        # Times near 50 are known to 1e-14; an infusion of 1e-3 days to 1e-11 of itself.
        assert delivered(plan)[port] == pytest.approx(amount, rel=1e-9)
        last = [a for a in plan.actions if a.port == port and a.kind is ActionKind.RATE]
        assert not last or last[-1].value == 0.0
    assert list(plan.actions) == sorted(plan.actions, key=lambda a: (a.time, a.kind))


@given(st.lists(doses, max_size=4))
def test_additional_doses_are_written_out_doses(records: list[DoseRecord]) -> None:
    written = [
        DoseRecord(
            time=record.time + k * record.interval,
            amount=record.amount,
            port=record.port,
            duration=record.duration,
            rate=record.rate,
            lag=record.lag,
            bioavailability=record.bioavailability,
        )
        for record in records
        for k in range(record.additional + 1)
    ]
    one = schedule(records, until=40, allow_overlap=True)
    two = schedule(written, until=40, allow_overlap=True)
    times = [0.37 * i for i in range(60)]
    assert run(one, times) == pytest.approx(run(two, times), rel=1e-9, abs=1e-12)


def test_rate_is_the_sum_of_what_runs() -> None:
    records = [
        DoseRecord(0, 0.1, "plasma", duration=1),
        DoseRecord(0.5, 0.2, "plasma", duration=1),
        DoseRecord(0.5, 0.3, "depot", duration=1),
    ]
    plan = schedule(records, until=10, allow_overlap=True)
    plasma = [a for a in plan.actions if a.port == "plasma"]
    assert [(a.time, a.value) for a in plasma] == [
        (0, 0.1),
        (0.5, math.fsum([0.1, 0.2])),
        (1, 0.2),
        (1.5, 0.0),
    ]


def test_bioavailability_scales_the_rate_or_the_duration() -> None:
    timed = DoseRecord(1, 100, "plasma", duration=2, bioavailability=0.5)
    assert rates(schedule([timed], until=9)) == [(1, 25), (3, 0)]
    rated = DoseRecord(1, 100, "plasma", rate=50, bioavailability=0.5)
    assert rates(schedule([rated], until=9)) == [(1, 50), (2, 0)]


def test_an_infusion_too_short_to_resolve_is_a_bolus() -> None:
    short = DoseRecord(0, 5, "plasma", duration=1e-12, interval=1, steady_state=1)
    plan = schedule([short], until=9)
    bolus = DoseRecord(0, 5, "plasma", interval=1, steady_state=1)
    assert plan == schedule([bolus], until=9)


def test_back_to_back_infusions_leave_no_gap() -> None:
    """0.1 + 0.2 is not 0.3; a solver must not see the 4e-17 days between."""
    records = [DoseRecord(0.1 * i, 1, "plasma", duration=0.1) for i in range(10)]
    plan = schedule(records, until=9)
    gaps = [b - a for a, b in zip(plan.times, plan.times[1:], strict=False)]
    assert min(gaps) > 0.09
    assert delivered(plan)["plasma"] == pytest.approx(10, rel=1e-12)


def test_overlap_is_refused_unless_allowed() -> None:
    records = [
        DoseRecord(0, 1, "plasma", duration=3),
        DoseRecord(1, 1, "plasma"),
        DoseRecord(2, 1, "plasma", duration=1),
    ]
    with pytest.raises(RegimenError) as caught:
        schedule(records, until=9)
    assert str(caught.value) == (
        "Two infusions into 'plasma' overlap: one runs to day 3, the next begins on "
        "day 2. Shorten the infusion, lengthen the interval, or allow overlapping "
        "infusions."
    )
    assert rates(schedule(records, until=9, allow_overlap=True))[-1] == (3, 0)


def test_order_at_one_time() -> None:
    records = [
        DoseRecord(1, 5, "plasma", duration=1),
        DoseRecord(2, 7, "plasma"),
        DoseRecord(2, 3, "plasma", duration=1),
        DoseRecord(2, evid=2),
    ]
    plan = schedule(records, until=9)
    assert [(a.time, a.kind.name, a.value) for a in plan.actions] == [
        (1, "RATE", 5),
        (2, "BOLUS", 7),
        (2, "RATE", 3),
        (3, "RATE", 0),
    ]
    assert plan.times == (1, 2, 3)


def test_zero_dose_does_nothing() -> None:
    records = [
        DoseRecord(0, 0, "plasma", interval=7, additional=3),
        DoseRecord(0, 0, "plasma", duration=1),
    ]
    assert schedule(records, until=99).actions == ()


def test_nothing_after_the_end() -> None:
    record = DoseRecord(0, 1, "plasma", interval=7, additional=10**9)
    assert schedule([record], until=14).times == (0, 7, 14)
    assert schedule([DoseRecord(15, 1, "plasma")], until=14).actions == ()


def test_reset_cancels_all_that_came_before() -> None:
    records = [
        DoseRecord(0, 10, "plasma", duration=4),
        DoseRecord(0, 1, "depot", interval=1, additional=5),
        DoseRecord(1, 1, "depot", lag=1.5),
        DoseRecord(2, evid=3),
        DoseRecord(3, 2, "depot"),
    ]
    plan = schedule(records, until=9)
    assert [(a.time, a.kind.name, a.port, a.value) for a in plan.actions] == [
        (0, "BOLUS", "depot", 1),
        (0, "RATE", "plasma", 2.5),
        (1, "BOLUS", "depot", 1),
        (2, "RESET", "", 0),
        (2, "RATE", "plasma", 0),
        (3, "BOLUS", "depot", 2),
    ]


def test_reset_at_the_time_of_a_dose_follows_the_order_of_the_records() -> None:
    dose, reset = DoseRecord(1, 5, "plasma"), DoseRecord(1, evid=3)
    lost = schedule([dose, reset], until=9).actions
    assert [a.kind for a in lost] == [ActionKind.RESET]
    kept = schedule([reset, dose], until=9)
    assert kept == schedule([DoseRecord(1, 5, "plasma", evid=4)], until=9)
    assert [a.kind for a in kept.actions] == [ActionKind.RESET, ActionKind.BOLUS]


def test_reset_and_dose_resets_once() -> None:
    again = DoseRecord(1, 5, "plasma", evid=4, interval=1, additional=2)
    kinds = [a.kind.name for a in schedule([again], until=9).actions]
    assert kinds == ["RESET", "BOLUS", "BOLUS", "BOLUS"]


TRAINS = [
    {"amount": 10.0},
    {"amount": 10.0, "lag": 0.3},
    {"amount": 10.0, "lag": 2.0},
    {"amount": 10.0, "lag": 5.5, "bioavailability": 0.4},
    {"amount": 10.0, "duration": 0.5},
    {"amount": 10.0, "duration": 0.5, "lag": 1.8},
    {"amount": 10.0, "duration": 2.0},
    {"amount": 10.0, "duration": 2.0, "lag": 0.7},
    {"amount": 10.0, "duration": 5.3},
    {"amount": 10.0, "duration": 5.3, "lag": 1.1},
    {"amount": 10.0, "rate": 2.5, "lag": 4.1, "bioavailability": 0.8},
]


@pytest.mark.parametrize("dose", TRAINS)
@pytest.mark.parametrize("evid", [1, 4])
def test_steady_state_is_a_train_from_long_ago(
    dose: dict[str, float], evid: int
) -> None:
    interval, past = 2.0, 200.0
    train = [
        DoseRecord(past - interval * k, port="plasma", **dose)
        for k in range(100, -1, -1)
    ]
    steady = DoseRecord(
        past,
        port="plasma",
        evid=evid,
        interval=interval,
        steady_state=1,
        additional=3,
        **dose,
    )
    more = [DoseRecord(past + interval * k, port="plasma", **dose) for k in (1, 2, 3)]
    times = [past + 0.31 * i + 1e-3 for i in range(60)]
    one = run(schedule([steady], until=300, allow_overlap=True), times)
    two = run(schedule([*train, *more], until=300, allow_overlap=True), times)
    # What the 101st dose before the record would have left is e^(-140).
    assert one == pytest.approx(two, rel=1e-9)


@pytest.mark.parametrize("dose", TRAINS)
def test_the_period_of_a_train_has_its_length_and_amount(
    dose: dict[str, float],
) -> None:
    record = DoseRecord(0, port="plasma", interval=2, steady_state=1, **dose)
    action = schedule([record], until=9, allow_overlap=True).actions[0]
    assert action.steady is not None
    pieces = action.steady.period()
    total = sum(bolus + days * rate for days, bolus, rate in pieces)
    assert sum(days for days, _, _ in pieces) == pytest.approx(2, rel=1e-12)
    each = 10.0 * dose.get("bioavailability", 1.0)
    assert total == pytest.approx(each, rel=1e-9)


def test_the_period_has_no_piece_of_rounding_size() -> None:
    """An infusion of 0.2 days that begins 0.1 days on ends with a period of 0.3."""
    record = DoseRecord(
        0, 1, "plasma", duration=0.2, interval=0.3, lag=0.1, steady_state=1
    )
    (action, *_) = schedule([record], until=9).actions
    assert action.steady is not None
    (idle, running) = action.steady.period()
    assert idle == pytest.approx((0.1, 0, 0))
    assert running == pytest.approx((0.2, 0, 5))


def test_steady_state_2_adds_a_second_train() -> None:
    """Morning and evening doses of different size: superposition of two trains."""
    morning = DoseRecord(0, 30, "plasma", interval=1, steady_state=1, additional=9)
    evening = DoseRecord(
        0.5, 10, "plasma", interval=1, steady_state=2, additional=9, duration=0.1
    )
    trains = [
        DoseRecord(0, 30, "plasma", interval=1, additional=70),
        DoseRecord(0.5, 10, "plasma", interval=1, additional=70, duration=0.1),
    ]
    times = [0.6 + 0.17 * i for i in range(40)]
    one = run(schedule([morning, evening], until=99), times)
    two = run(schedule(trains, until=99), [60 + time for time in times])
    assert one == pytest.approx(two, rel=1e-9)


def test_steady_state_1_replaces_and_cancels() -> None:
    records = [
        DoseRecord(0, 10, "plasma", duration=4),
        DoseRecord(0, 5, "plasma", lag=3),
        DoseRecord(1, 8, "plasma", interval=2, steady_state=1),
    ]
    alone = schedule(records[2:], until=9)
    plan = schedule(records, until=9)
    assert run(plan, [1.5, 2.5, 6]) == run(alone, [1.5, 2.5, 6])
    assert [a.value for a in plan.actions if a.kind is ActionKind.RATE][-1] == 0


def test_constant_infusion_ends_at_its_record() -> None:
    infusion = DoseRecord(2, port="plasma", rate=7, steady_state=1)
    bolus = DoseRecord(2, 3, "plasma")
    plan = schedule([infusion, bolus], until=9)
    assert [a.kind.name for a in plan.actions] == ["STEADY", "BOLUS"]
    steady = 7 / K
    assert run(plan, [3]) == [pytest.approx((steady + 3) * math.exp(-K), rel=1e-12)]
    late = DoseRecord(2, port="plasma", rate=7, steady_state=1, lag=0.5)
    values = run(schedule([late], until=9), [2.5, 3])
    assert values == pytest.approx([steady, steady * math.exp(-K / 2)], rel=1e-12)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount": -1, "port": "plasma"}, "amount is -1, it must be a number"),
        ({"amount": math.nan, "port": "plasma"}, "amount is nan"),
        ({"amount": 1, "port": "plasma", "evid": 5}, "evid is 5"),
        ({"amount": 1, "port": "plasma", "steady_state": 3}, "steady_state is 3"),
        ({"amount": 1, "port": "plasma", "additional": -1}, "additional is -1"),
        ({"amount": 1, "port": "a", "additional": math.nan}, "additional is nan"),
        ({"amount": 1, "port": "a", "bioavailability": -1}, "bioavailability must be"),
        ({"amount": 1}, "a dose needs a port"),
        ({"amount": 1, "evid": 3}, "evid 3 gives no dose"),
        ({"amount": 1, "port": "a", "rate": 1, "duration": 1}, "not both"),
        ({"port": "a", "rate": 1}, "a rate without an amount is a constant infusion"),
        ({"amount": 1, "port": "a", "additional": 2}, "additional need an interval"),
        ({"amount": 1, "port": "a", "steady_state": 1}, "additional need an interval"),
        (
            {"port": "a", "rate": 1, "steady_state": 1, "additional": 1},
            "a constant infusion at steady state has no additional doses",
        ),
    ],
)
def test_records_that_make_no_sense(fields: dict[str, float], message: str) -> None:
    with pytest.raises(RegimenError) as caught:
        DoseRecord(1.5, **fields)
    assert str(caught.value).startswith("The dose record at day 1.5: ")
    assert message in str(caught.value)


def test_a_record_reports_all_its_problems() -> None:
    with pytest.raises(RegimenError, match=r"amount is -1.*; interval is -2"):
        DoseRecord(0, -1, "plasma", interval=-2)


def test_mass_and_substance() -> None:
    def convert(
        value: float, unit: str, port: str, molar: float | None = 0.15
    ) -> float:
        return amount_in_port(value, unit, port_unit=port, molar_mass_mg_per_nmol=molar)

    assert convert(3, "g", "mg", None) == pytest.approx(3000, rel=1e-15)
    assert convert(3, "mg", "nmol") == pytest.approx(20, rel=1e-15)
    assert convert(20, "nmol", "mg") == pytest.approx(3, rel=1e-15)
    with pytest.raises(RegimenError, match="the molar mass is not known"):
        convert(3, "mg", "nmol", None)
    with pytest.raises(RegimenError, match="must be a mass or an amount of substance"):
        convert(3, "mg/kg", "nmol")
