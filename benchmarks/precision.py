"""Work against precision: what a tool achieves, how long it takes, at equal error.

Every tool is run over a range of tolerances.  Its achieved error is the worst of the
reference subjects; its speed is timed on a population, tools and tolerances taking
turns, so that a busy moment of the machine hits all of them alike.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.case import Case, Tolerance
from benchmarks.options import Options
from benchmarks.peers.base import Run, Solver, Tool
from benchmarks.reference import Reference, errors

__all__ = ["Point", "Trial", "compare", "rate_at"]

DISAGREES = 1e-2
"""A tool whose best error is larger solves something else and is not timed."""
_WORTH = 1.3
"""A setting that another beats in error and by this factor in time is not timed."""


@dataclass
class Point:
    """One tolerance of one tool."""

    tolerance: Tolerance
    error: float
    """Worst of the reference subjects"""
    middle: float
    """Median of the reference subjects"""
    first: float
    """Seconds per subject in the run that gave the error"""
    subjects: int = 0
    """Subjects of each timed run"""
    seconds: list[float] = field(default_factory=list)
    """One per round"""

    def rates(self) -> np.ndarray:
        """Subjects per second, one per round."""
        return self.subjects / np.array(self.seconds)


@dataclass
class Trial:
    """One tool on one case."""

    tool: Tool
    skipped: str = ""
    load_seconds: float = float("nan")
    points: list[Point] = field(default_factory=list)
    note: str = ""
    solver: Solver | None = None

    def rates_at(self, error: float) -> np.ndarray:
        """Subjects per second at an achieved error, one per round; may be empty."""
        timed = [p for p in self.points if p.seconds]
        if not timed:
            return np.array([])
        rounds = min(len(p.seconds) for p in timed)
        found = [
            rate_at(error, [(p.error, p.rates()[r]) for p in timed])
            for r in range(rounds)
        ]
        return np.array([rate for rate in found if np.isfinite(rate)])


def rate_at(error: float, points: Sequence[tuple[float, float]]) -> float:
    """Subjects per second at an achieved error, from (error, rate) pairs.

    Between two settings the logarithms are interpolated; looser than all settings the
    fastest counts as it is; tighter than all there is no answer (NaN).
    """
    best: list[tuple[float, float]] = []  # rising error and rate: the frontier
    for e, rate in sorted(points):
        if np.isfinite(e) and (not best or rate > best[-1][1]):
            best.append((e, rate))
    if not best or error < best[0][0]:
        return float("nan")
    x, y = np.log([[max(e, 1e-16), rate] for e, rate in best]).T
    return float(np.exp(np.interp(np.log(error), x, y)))


def compare(
    case: Case,
    tools: Sequence[Tool],
    true: Reference,
    options: Options,
    left_out: Sequence[Tool] = (),
) -> list[Trial]:
    """Every tool on one case: errors first, then timing in turns.

    Tools that are `left_out` are there only to be named as such.
    """
    trials = [
        Trial(tool, "left out of a quick run; name it with --peer")
        if tool in left_out
        else _loaded(case, tool)
        for tool in tools
    ]
    for trial in trials:
        if trial.solver is not None:
            _measure_errors(case, trial, true, options)
    running = [t for t in trials if not t.skipped and t.solver is not None]
    _time_in_turns([_jobs(case, trial, options) for trial in running], options)
    for trial in trials:
        trial.solver = None  # lets go of compiled code
    return trials


def _loaded(case: Case, tool: Tool) -> Trial:
    reason = tool.skipped(case)
    if reason:
        return Trial(tool, reason)
    begin = time.perf_counter()
    try:
        solver = tool.load(case)
    except Exception as problem:  # a peer's failure is a line in the table
        return Trial(tool, f"does not load: {_first_line(problem)}")
    return Trial(tool, load_seconds=time.perf_counter() - begin, solver=solver)


def _first_line(problem: Exception) -> str:
    text = str(problem).strip() or type(problem).__name__
    return text.splitlines()[0][:120]


def _measure_errors(
    case: Case, trial: Trial, true: Reference, options: Options
) -> None:
    """Fill `points`; a tool that is out of time is told so in its note."""
    assert trial.solver is not None
    run = trial.solver(true.table)
    spent = 0.0
    for relative in options.tolerances:
        for tolerance in _tolerances(case, trial.tool, relative, options):
            if spent > options.budget:
                trial.note = f"stopped at rtol {relative:g}: out of time"
                return
            begin = time.perf_counter()
            try:
                values = run(tolerance)
            except Exception as problem:
                trial.note = f"fails at rtol {relative:g}: {_first_line(problem)}"
                continue
            seconds = time.perf_counter() - begin
            spent += seconds
            found = errors(values, true.values)
            if np.isfinite(found).all():
                each = seconds / max(len(found), trial.tool.batch)
                worst, middle = float(found.max()), float(np.median(found))
                trial.points.append(Point(tolerance, worst, middle, each))
    if min((p.error for p in trial.points), default=np.inf) > DISAGREES:
        trial.skipped = "does not reproduce the reference; not timed"


def _tolerances(
    case: Case, tool: Tool, relative: float, options: Options
) -> list[Tolerance]:
    """Absolute tolerances to try: per state where the tool can, and single numbers."""
    floors: list[float | None] = [None] if tool.per_state else []
    if not tool.tuned_by_default:
        floors += case.floors[:1] if options.quick else case.floors
    return [case.tolerance(relative, floor) for floor in floors]


Job = tuple[Point, Run]


def _time_in_turns(jobs: Sequence[Sequence[Job]], options: Options) -> None:
    """Rounds over tolerances over tools; a slow tool stops after a whole round."""
    spent = [0.0] * len(jobs)
    for _ in range(options.rounds):
        going = [k for k, seconds in enumerate(spent) if seconds < options.budget]
        for place in range(max((len(jobs[k]) for k in going), default=0)):
            for k in (k for k in going if place < len(jobs[k])):
                point, run = jobs[k][place]
                point.seconds.append(_seconds(run, point.tolerance))
                spent[k] += point.seconds[-1]


def _jobs(case: Case, trial: Trial, options: Options) -> list[Job]:
    """The settings worth timing, loosest first, each with its population."""
    assert trial.solver is not None
    jobs = []
    for point in trial.points:
        beaten = any(
            o.error <= point.error and o.first * _WORTH < point.first
            for o in trial.points
        )
        if not beaten:
            wanted = int(options.seconds / max(point.first, 1e-9))
            most = min(options.largest_sample, trial.tool.largest)
            count = int(np.clip(wanted, options.reference_subjects, most))
            point.subjects = -(-count // trial.tool.batch) * trial.tool.batch
            jobs.append((point, trial.solver(case.population(point.subjects))))
    return jobs


def _seconds(run: Run, tolerance: Tolerance) -> float:
    begin = time.perf_counter()
    run(tolerance)
    return time.perf_counter() - begin
