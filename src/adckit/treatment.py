"""From dosing schedules to the actions of an engine, steady states included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adckit.engines.base import ActionKind, Actions, Engine, Problem
from adckit.network.dose_plan import DosePlan
from adckit.network.dosing import Action, Schedule, SteadyStateDose
from adckit.network.dosing import ActionKind as Dosing
from adckit.network.system import OdeSystem
from adckit.status import Status

__all__ = ["Course", "Treatment", "treat"]

Row = tuple[float, int, int, float]

_PERIODS = 300
"""Periods after which a search for a steady state gives up."""
_MEMORY = 8  # earlier periods that the acceleration uses
_WINDOW = 7.0  # days; any length shows whether a constant infusion is at rest


@dataclass(frozen=True)
class Course:
    """A time course given from outside: linear between its points, flat beyond."""

    times: np.ndarray
    """(point,), days, rising"""
    values: np.ndarray
    """(point,), internal units"""


@dataclass(frozen=True)
class Treatment:
    """What an engine does to every subject."""

    actions: Actions
    dosed: np.ndarray
    """(subject, moiety): brought in by doses; NaN where a state was set outright"""
    status: np.ndarray
    """(subject,): not OK where no steady state was found"""


def treat(
    problem: Problem, plan: DosePlan, engine: Engine, courses: Mapping[str, Course]
) -> Treatment:
    """The actions of every subject; `problem` has everything else."""
    doses = problem.system.dose_vectors(problem.parameters)  # (subject, port, state)
    shared = _course_rows(problem.system, courses)
    alike = np.all(doses == doses[:1])
    if len(plan.templates) == 1 and alike and not _sets_states(plan.templates[0]):
        return _same_for_all(problem, plan, shared, doses[0])
    steady = _SteadyStates(problem, engine, doses)
    rows: list[list[Row]] = []
    dosed = np.zeros((problem.subjects, len(problem.system.moieties)))
    status = np.zeros(problem.subjects, dtype=np.int64)
    for s, schedule in enumerate(plan):
        mine = list(shared)
        for action in schedule.actions:
            found = _action_rows(problem, s, action, doses[s], steady)
            if found is None:
                status[s] = Status.NO_STEADY_STATE
                break
            mine += found
        rows.append(mine)
        dosed[s] = _delivered(problem, schedule, doses[s])
    return Treatment(Actions.of(rows), dosed, status)


def _sets_states(schedule: Schedule) -> bool:
    """Whether a schedule needs states that differ from subject to subject."""
    return any(a.kind in (Dosing.RESET, Dosing.STEADY) for a in schedule.actions)


def _same_for_all(
    problem: Problem, plan: DosePlan, shared: list[Row], doses: np.ndarray
) -> Treatment:
    """One schedule, larger or smaller: its rows are made once, and scaled."""
    schedule, ports = plan.templates[0], problem.system.ports
    given: list[Row] = []
    for action in schedule.actions:
        port = ports.index(action.port)
        if action.kind is Dosing.RATE:
            given.append((action.time, int(ActionKind.SET_INPUT), port, action.value))
        else:
            given += _bolus_rows(action.time, action.value * doses[port])
    marked = [(row, False) for row in shared] + [(row, True) for row in given]
    marked.sort(key=lambda pair: pair[0][0])
    one = Actions.of([[row for row, _ in marked]])
    is_dose = np.array([dose for _, dose in marked], dtype=bool)
    factor = np.where(is_dose, plan.factor[:, None], 1.0)
    count, rows = problem.subjects, len(marked)
    actions = Actions(
        np.arange(count + 1, dtype=np.int64) * rows,
        np.tile(one.time, count),
        np.tile(one.kind, count),
        np.tile(one.index, count),
        (one.value * factor).ravel(),
    )
    dosed = plan.factor[:, None] * _delivered(problem, schedule, doses)
    return Treatment(actions, dosed, np.zeros(count, dtype=np.int64))


def _action_rows(
    problem: Problem,
    subject: int,
    action: Action,
    doses: np.ndarray,
    steady: _SteadyStates,
) -> list[Row] | None:
    """What one action of a schedule is for an engine; None without a steady state."""
    if action.kind is Dosing.RESET:
        return _reset_rows(problem, subject, action.time)
    if action.steady is not None:
        state = steady.find(subject, action.steady)
        if state is None:
            return None
        return _steady_rows(problem, subject, action.time, action.steady, state)
    port = problem.system.ports.index(action.port)
    if action.kind is Dosing.RATE:
        return [(action.time, int(ActionKind.SET_INPUT), port, action.value)]
    return _bolus_rows(action.time, action.value * doses[port])


def _bolus_rows(time: float, added: np.ndarray) -> list[Row]:
    kind = int(ActionKind.ADD)
    return [(time, kind, int(i), float(added[i])) for i in np.flatnonzero(added)]


def _course_rows(system: OdeSystem, courses: Mapping[str, Course]) -> list[Row]:
    """Level and slope of every time course, wherever they change."""
    rows: list[Row] = []
    kind = int(ActionKind.SET_INPUT)
    for name, course in courses.items():
        level = system.inputs.index(f"{name}_level")
        slope = system.inputs.index(f"{name}_slope")
        times, values = course.times, course.values
        steps = np.append(np.diff(values) / np.diff(times), 0.0)
        rows += [(-np.inf, kind, level, float(values[0]))]
        for t, v, rise in zip(times, values, steps, strict=True):
            rows.append((float(t), kind, level, float(v - rise * t)))
            rows.append((float(t), kind, slope, float(rise)))
    return rows


def _reset_rows(problem: Problem, subject: int, time: float) -> list[Row]:
    state = problem.initial[subject]
    rows: list[Row] = [
        (time, int(ActionKind.SET_STATE), i, float(v)) for i, v in enumerate(state)
    ]
    ports = range(len(problem.system.ports))
    return rows + [(time, int(ActionKind.SET_INPUT), p, 0.0) for p in ports]


def _steady_rows(
    problem: Problem,
    subject: int,
    time: float,
    dose: SteadyStateDose,
    state: np.ndarray,
) -> list[Row]:
    if not dose.add:
        kind = int(ActionKind.SET_STATE)
        return [(time, kind, i, float(v)) for i, v in enumerate(state)]
    extra = state - problem.initial[subject]
    kind = int(ActionKind.ADD)
    return [(time, kind, i, float(v)) for i, v in enumerate(extra) if v]


def _delivered(problem: Problem, schedule: Schedule, doses: np.ndarray) -> np.ndarray:
    """Moieties that boluses and infusions bring in up to the end, (moiety,)."""
    system = problem.system
    outright = {Dosing.RESET, Dosing.STEADY}
    if any(a.kind in outright for a in schedule.actions):
        return np.full(len(system.moieties), np.nan)
    amounts = np.zeros(len(system.ports))
    running = np.zeros(len(system.ports))
    since = np.full(len(system.ports), problem.start)
    for action in schedule.actions:
        if action.time > problem.end:
            break
        port = system.ports.index(action.port)
        if action.kind is Dosing.BOLUS:
            amounts[port] += action.value
        else:
            amounts[port] += running[port] * (action.time - since[port])
            running[port], since[port] = action.value, action.time
    amounts += running * (problem.end - since)
    return np.asarray(system.content @ (amounts @ doses))


class _SteadyStates:
    """Periodic states, one search per subject and train of doses."""

    def __init__(self, problem: Problem, engine: Engine, doses: np.ndarray) -> None:
        self.problem, self.engine, self.doses = problem, engine, doses
        self.found: dict[tuple[Any, ...], np.ndarray | None] = {}
        self.counting = list(problem.system.counting)

    def find(self, subject: int, dose: SteadyStateDose) -> np.ndarray | None:
        """The state just before a dose of the train; None if there is none."""
        key = (subject, replace(dose, add=False))
        if key not in self.found:
            self.found[key] = self._search(subject, dose)
        return self.found[key]

    def _search(self, subject: int, dose: SteadyStateDose) -> np.ndarray | None:
        """Anderson acceleration of "run one period"; exact for linear systems after
        as many periods as there are time constants."""
        start = self.problem.initial[subject].copy()
        scale = self.problem.absolute[subject] + self.problem.rtol * 1e-30
        states: list[np.ndarray] = []
        images: list[np.ndarray] = []
        state = start
        for _ in range(_PERIODS):
            image = self._one_period(subject, state, dose)
            if image is None:
                return None
            size = scale + self.problem.rtol * np.maximum(abs(state), abs(image))
            if np.all(abs(image - state) <= size):
                return image
            states, images = [*states, state][-_MEMORY:], [*images, image][-_MEMORY:]
            state = _accelerated(states, images, size)
            floor = np.minimum(image, 0.0)
            state = np.maximum(state, floor)
        return None

    def _one_period(
        self, subject: int, state: np.ndarray, dose: SteadyStateDose
    ) -> np.ndarray | None:
        port = self.problem.system.ports.index(dose.port)
        rows: list[Row] = []
        time = 0.0
        for length, bolus, rate in dose.period():
            rows.append((time, int(ActionKind.SET_INPUT), port, rate))
            rows += _bolus_rows(time, bolus * self.doses[subject, port])
            time += length if np.isfinite(length) else _WINDOW
        one = slice(subject, subject + 1)
        solution = self.engine(
            replace(
                self.problem,
                parameters=self.problem.parameters[one],
                initial=state[None],
                absolute=self.problem.absolute[one],
                actions=Actions.of([rows]),
                times=np.array([time]),
                start=0.0,
            )
        )
        if solution.status[0] != Status.OK:
            return None
        image: np.ndarray = solution.final[0].copy()
        image[self.counting] = self.problem.initial[subject][self.counting]
        return image


def _accelerated(
    states: list[np.ndarray], images: list[np.ndarray], size: np.ndarray
) -> np.ndarray:
    """The combination of earlier images whose residual is smallest."""
    if len(states) == 1:
        return images[-1]
    residuals = np.array([(g - x) / size for x, g in zip(states, images, strict=True)])
    steps = np.diff(residuals, axis=0)
    weights = np.linalg.lstsq(steps.T, residuals[-1], rcond=1e-12)[0]
    return np.asarray(images[-1] - weights @ np.diff(np.array(images), axis=0))
