"""From dose records to what a solver does, and when.

A `DoseRecord` says what NONMEM's PREDPP reads in one event record; `schedule` turns a
list of them into `Action`s in the order in which a solver carries them out.

Order at one time.  An observation comes first, so it sees the state before the dose.
Then come resets, steady states, bolus doses and infusion rates.  Infusion ends and
starts at one time are a single RATE action that holds the new total.

What the records mean:

- `duration` or `rate` makes an infusion; neither makes a bolus.  Bioavailability scales
  the rate when the duration is given, and the duration when the rate is given.
- `additional` repeats the dose every `interval`; only the first is at steady state or
  resets.  `lag` delays each of them.
- evid 3 puts every state back to its initial value and cancels all that was written
  before it: running infusions, pending additional doses and lagged doses.  evid 4 is
  evid 3 and then the dose.  evid 2 marks a time and does nothing.
- A record that stands before a reset or steady_state 1 at the same time is cancelled.
- steady_state 1 replaces the state by the periodic state of the dose given every
  `interval` for ever, and cancels as evid 3 does.  steady_state 2 adds that state to
  the present one and cancels nothing: superposition, right for linear kinetics.
- With a lag all doses of the train are late: the state at the record's time is the one
  that lies interval - lag after a dose, and the dose itself comes at time + lag.  Doses
  of the train that were due earlier but are still on their way come as well, as do
  infusions that still run because they are longer than the interval.
- amount 0, rate > 0, interval 0 is a constant infusion at steady state.  It ends at the
  record's time (plus the lag), as in PREDPP, so what follows it is written as a dose.
  Bioavailability does not change its rate.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from adckit.errors import RegimenError
from adckit.units import parse_unit

__all__ = [
    "Action",
    "ActionKind",
    "DoseRecord",
    "Schedule",
    "SteadyStateDose",
    "amount_in_port",
    "schedule",
]

SAME_TIME = 1e-10
"""Events closer than this, in days (9 us), happen at one time: a solver cannot step
over the difference that rounding makes between 0.1 + 0.2 and 0.3."""


@dataclass(frozen=True)
class DoseRecord:
    """One dose or reset, as a dosing table has it.

    Raises RegimenError, with every problem, for a record that makes no sense.
    """

    time: float
    """Days since the start of the simulation."""
    amount: float = 0.0
    """Amount in the port's own unit (nmol unless the model says otherwise)."""
    port: str = ""
    """Where the dose goes in; a reset has no port."""
    duration: float | None = None
    """Infusion time in days; 0 and None are a bolus."""
    rate: float | None = None
    """Infusion rate in the port's unit per day, instead of a duration."""
    evid: int = 1
    interval: float = 0.0
    """Days from one dose to the next, for `additional` and `steady_state`."""
    additional: int = 0
    steady_state: int = 0
    lag: float = 0.0
    bioavailability: float = 1.0

    def __post_init__(self) -> None:
        problems = [*_number_problems(self)] or [*_meaning_problems(self)]
        if problems:
            raise RegimenError(
                f"The dose record at day {self.time:g}: {'; '.join(problems)}."
            )

    @property
    def constant_infusion(self) -> bool:
        """Whether this is an infusion that has run for ever."""
        no_train = self.interval == 0 and self.amount == 0
        return self.steady_state > 0 and no_train and bool(self.rate)


def _number_problems(record: DoseRecord) -> Iterable[str]:
    for name in ("time", "amount", "duration", "rate", "interval", "lag"):
        value = getattr(record, name)
        if value is not None and not (math.isfinite(value) and value >= 0):
            yield f"{name} is {value}, it must be a number of at least 0"
    if not (math.isfinite(record.bioavailability) and record.bioavailability >= 0):
        yield "bioavailability must be a number of at least 0"
    if record.evid not in (1, 2, 3, 4):
        yield f"evid is {record.evid}, it must be 1, 2, 3 or 4"
    if record.steady_state not in (0, 1, 2):
        yield f"steady_state is {record.steady_state}, it must be 0, 1 or 2"
    if not (record.additional >= 0 and float(record.additional).is_integer()):
        yield f"additional is {record.additional}, it must be a count"


def _meaning_problems(record: DoseRecord) -> Iterable[str]:
    doses = record.evid in (1, 4)
    given = (record.amount, record.rate, record.duration, record.interval)
    if not doses and any([*given, record.additional, record.steady_state]):
        yield f"evid {record.evid} gives no dose; leave the dose out or use evid 1 or 4"
    if doses and not record.port:
        yield "a dose needs a port"
    if record.rate and record.duration:
        yield "give a rate or a duration, not both"
    if record.rate and record.amount == 0 and not record.constant_infusion:
        yield (
            "a rate without an amount is a constant infusion, which needs "
            "steady_state 1 or 2 and interval 0"
        )
    if record.constant_infusion:
        if record.additional:
            yield "a constant infusion at steady state has no additional doses"
    elif record.interval == 0 and (record.steady_state or record.additional):
        yield "steady_state and additional need an interval"


@dataclass(frozen=True)
class SteadyStateDose:
    """The train of equal doses whose periodic state a solver has to find.

    The state wanted is the one at the moment of the action, before any dose due then.
    """

    port: str
    amount: float
    """Amount of each dose after bioavailability; 0 for a constant infusion."""
    duration: float
    """Days; 0 for a bolus, infinite for a constant infusion."""
    rate: float
    """Infusion rate of each dose; 0 for a bolus."""
    interval: float
    """Days from dose to dose; 0 for a constant infusion."""
    until_next: float
    """Days from the action to the next dose of the train, less than `interval`."""
    add: bool
    """Whether the state is added to the present one instead of replacing it."""

    def period(self) -> tuple[tuple[float, float, float], ...]:
        """One interval of the train as pieces (days, bolus at its start, rate).

        The pieces begin at the moment of the action.  Running through them once brings
        the periodic state back to itself.
        """
        if self.interval == 0:
            return ((math.inf, 0.0, self.rate),)
        full = math.floor((self.duration + SAME_TIME) / self.interval)
        rest = max(self.duration - full * self.interval, 0.0)
        end = math.fmod(self.until_next + rest, self.interval)
        cuts = sorted({0.0, self.until_next, end})
        pieces = []
        for start, stop in zip(cuts, [*cuts[1:], self.interval], strict=True):
            if stop - start < SAME_TIME:
                continue
            middle = (start + stop) / 2
            since_dose = math.fmod(
                middle - self.until_next + self.interval, self.interval
            )
            running = full + (since_dose < rest)
            bolus = self.amount if self.rate == 0 and start == self.until_next else 0.0
            pieces.append((stop - start, bolus, running * self.rate))
        return tuple(pieces)


class ActionKind(IntEnum):
    """What a solver does; the number is the order at one time."""

    RESET = 0
    """Put every state back to its initial value; no infusion runs."""
    STEADY = 1
    """Set the state to, or add, the periodic state of `steady`."""
    BOLUS = 2
    """Add `value` to the port."""
    RATE = 3
    """Set the total infusion rate into the port to `value`."""


@dataclass(frozen=True)
class Action:
    """One thing that a solver does at one time."""

    time: float
    kind: ActionKind
    port: str = ""
    value: float = 0.0
    """Amount (BOLUS) or amount per day (RATE), in the port's unit."""
    steady: SteadyStateDose | None = None

    def scaled(self, factor: float) -> Action:
        """The same action with its dose times `factor`."""
        steady = self.steady
        if steady is not None:
            amount, rate = steady.amount * factor, steady.rate * factor
            steady = replace(steady, amount=amount, rate=rate)
        return replace(self, value=self.value * factor, steady=steady)


@dataclass(frozen=True)
class Schedule:
    """Everything that happens to one subject, in the order in which it happens."""

    actions: tuple[Action, ...]
    until: float

    @property
    def times(self) -> tuple[float, ...]:
        """The times at which a solver must stop, each once, in order."""
        return tuple(sorted({action.time for action in self.actions}))

    def scaled(self, factor: float) -> Schedule:
        """The same schedule with every dose times `factor`."""
        if factor == 1:
            return self
        return Schedule(tuple(a.scaled(factor) for a in self.actions), self.until)

    def up_to(self, day: float) -> Schedule:
        """What happens up to and including a day."""
        return Schedule(tuple(a for a in self.actions if a.time <= day), day)


@dataclass
class _Dose:
    """One bolus or infusion while the schedule is worked out."""

    port: str
    start: float
    end: float
    amount: float
    rate: float | None
    """The rate where the record gives it; None where amount / duration is the rate."""
    stop: float = math.inf
    """When a reset ends it."""


def schedule(
    records: Sequence[DoseRecord], *, until: float, allow_overlap: bool = False
) -> Schedule:
    """The actions of `records` up to and including the day `until`.

    Records of the same time keep their order.  Doses of zero amount do nothing.

    Raises RegimenError when infusions into one port overlap, unless `allow_overlap`.
    """
    doses: list[_Dose] = []
    actions: list[Action] = []
    for record in sorted(records, key=lambda record: record.time):
        if record.time > until or record.evid == 2:
            continue
        if record.evid in (3, 4):
            doses, actions = _cancelled(doses, actions, record.time)
            actions.append(Action(record.time, ActionKind.RESET))
        if record.steady_state == 1:
            doses, actions = _cancelled(doses, actions, record.time, keep_reset=True)
        if record.evid != 3:
            if record.steady_state:
                actions.append(_steady(record))
            doses += _doses(record, until)
    actions = _merge_times(doses, actions)
    if not allow_overlap:
        _refuse_overlap(doses)
    actions += _boluses(doses)
    for port in dict.fromkeys(dose.port for dose in doses):
        actions += _rates(port, [dose for dose in doses if dose.port == port])
    kept = [action for action in actions if action.time <= until]
    return Schedule(tuple(sorted(kept, key=lambda a: (a.time, a.kind))), until)


def _cancelled(
    doses: list[_Dose], actions: list[Action], time: float, keep_reset: bool = False
) -> tuple[list[_Dose], list[Action]]:
    """What is left of earlier records after everything is cancelled at `time`.

    A reset at that very time stays before a steady state if `keep_reset`: it also
    covers states that the doses never reach.
    """
    before = time - SAME_TIME
    kept = [dose for dose in doses if dose.start < before]
    for dose in kept:
        dose.stop = min(dose.stop, time)
    left = [
        action
        for action in actions
        if action.time < before or (keep_reset and action.kind is ActionKind.RESET)
    ]
    return kept, left


def _effective(record: DoseRecord) -> tuple[float, float, float | None]:
    """Amount and duration after bioavailability, and the rate if it is given."""
    if record.constant_infusion:
        return 0.0, math.inf, record.rate
    amount, rate = record.amount * record.bioavailability, record.rate or None
    duration = amount / rate if rate else record.duration or 0.0
    return (amount, 0.0, None) if duration < SAME_TIME else (amount, duration, rate)


def _doses(record: DoseRecord, until: float) -> list[_Dose]:
    """The doses of one record that a solver gives one by one, up to `until`."""
    amount, duration, rate = _effective(record)
    first = record.time + record.lag
    if record.constant_infusion:
        return [_Dose(record.port, record.time, first, 0.0, rate)]
    if amount == 0 or first > until:
        return _train_before(record) if amount else []
    repeats = record.additional
    if repeats and math.isfinite(until):
        repeats = min(repeats, math.ceil((until - first) / record.interval))
    starts = [first + k * record.interval for k in range(repeats + 1)]
    doses = [_Dose(record.port, t, t + duration, amount, rate) for t in starts]
    return _train_before(record) + doses


def _train_before(record: DoseRecord) -> list[_Dose]:
    """What a steady-state train still has under way at the time of its record."""
    if not record.steady_state:
        return []
    amount, duration, rate = _effective(record)
    next_dose = record.time + _until_next(record)
    waiting = round((record.lag - _until_next(record)) / record.interval)
    starts = [next_dose + k * record.interval for k in range(waiting)]
    doses = [_Dose(record.port, t, t + duration, amount, rate) for t in starts]
    for k in range(1, math.ceil(duration / record.interval) + 1):
        end = next_dose - k * record.interval + duration
        if end > record.time + SAME_TIME:
            # What it gave before this time is in the periodic state, so only the rate
            # that is left counts.
            given = rate or amount / duration
            doses.append(_Dose(record.port, record.time, end, 0.0, given))
    return doses


def _until_next(record: DoseRecord) -> float:
    """Days from a steady-state record to the next dose of its train."""
    left = math.fmod(record.lag, record.interval)
    return 0.0 if min(left, record.interval - left) < SAME_TIME else left


def _steady(record: DoseRecord) -> Action:
    amount, duration, rate = _effective(record)
    if rate is None:
        rate = amount / duration if duration else 0.0
    dose = SteadyStateDose(
        port=record.port,
        amount=amount,
        duration=duration,
        rate=rate,
        interval=record.interval,
        until_next=0.0 if record.constant_infusion else _until_next(record),
        add=record.steady_state == 2,
    )
    return Action(record.time, ActionKind.STEADY, record.port, steady=dose)


def _merge_times(doses: list[_Dose], actions: list[Action]) -> list[Action]:
    """Give times that differ by rounding alone one value, the earliest of them."""
    times = {time for dose in doses for time in (dose.start, dose.end, dose.stop)}
    times.update(action.time for action in actions)
    anchors: list[float] = []
    for time in sorted(times):
        if not anchors or time - anchors[-1] >= SAME_TIME:
            anchors.append(time)

    def merged(time: float) -> float:
        return anchors[bisect_right(anchors, time) - 1]

    for dose in doses:
        dose.start, dose.end = merged(dose.start), merged(dose.end)
        dose.stop = merged(dose.stop)
    return [replace(action, time=merged(action.time)) for action in actions]


def _refuse_overlap(doses: list[_Dose]) -> None:
    last: dict[str, _Dose] = {}
    for dose in sorted(doses, key=lambda dose: dose.start):
        if dose.end == dose.start:
            continue
        before = last.get(dose.port)
        if before and min(before.end, before.stop) > dose.start:
            raise RegimenError(
                f"Two infusions into '{dose.port}' overlap: one runs to day "
                f"{before.end:g}, the next begins on day {dose.start:g}. Shorten the "
                "infusion, lengthen the interval, or allow overlapping infusions."
            )
        if before is None or dose.end > before.end:
            last[dose.port] = dose


def _boluses(doses: list[_Dose]) -> list[Action]:
    return [
        Action(dose.start, ActionKind.BOLUS, dose.port, dose.amount)
        for dose in doses
        if dose.end == dose.start and dose.amount > 0
    ]


def _rates(port: str, doses: list[_Dose]) -> list[Action]:
    """The total infusion rate into one port, wherever it changes.

    Each total is the sum of the rates that hold then, never a running sum: it is
    exactly zero when nothing runs.
    """
    pieces = [
        (
            dose.start,
            min(dose.end, dose.stop),
            dose.amount / (dose.end - dose.start) if dose.rate is None else dose.rate,
        )
        for dose in sorted(doses, key=lambda dose: dose.start)
        if min(dose.end, dose.stop) > dose.start
    ]
    actions: list[Action] = []
    running: list[tuple[float, float]] = []  # (end, rate)
    begun, total = 0, 0.0
    for time in sorted({t for start, end, _ in pieces for t in (start, end)}):
        running = [piece for piece in running if piece[0] > time]
        while begun < len(pieces) and pieces[begun][0] <= time:
            running.append(pieces[begun][1:])
            begun += 1
        before, total = total, math.fsum(rate for _, rate in running)
        if total != before:
            actions.append(Action(time, ActionKind.RATE, port, total))
    return actions


def amount_in_port(
    value: float, unit: str, *, port_unit: str, molar_mass_mg_per_nmol: float | None
) -> float:
    """`value` in `unit` (a mass or an amount of substance) in the port's unit.

    Raises RegimenError when mass and substance meet without a molar mass.
    """
    source, target = parse_unit(unit), parse_unit(port_unit)
    internal = value * source.factor
    if source.dimension == target.dimension:
        return internal / target.factor
    kinds = {parse_unit(name).dimension: name for name in ("mg", "nmol")}
    if not {source.dimension, target.dimension} <= kinds.keys():
        raise RegimenError(
            f"A dose in {unit} cannot go into a port in {port_unit}: each must be a "
            "mass or an amount of substance. Write mg or nmol."
        )
    if molar_mass_mg_per_nmol is None:
        raise RegimenError(
            f"A dose in {unit} goes into a port in {port_unit}, but the molar mass is "
            f"not known. Give it, or write the dose in {port_unit}."
        )
    if kinds[source.dimension] == "mg":
        return internal / molar_mass_mg_per_nmol / target.factor
    return internal * molar_mass_mg_per_nmol / target.factor
