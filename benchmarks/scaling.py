"""adckit alone: threads, lanes, population sizes, the whole of `simulate`.

Everything is timed at the loosest tolerance that achieves an error of 1e-6, in turns.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from adckit import simulate
from adckit.codegen.machine import widest_lanes
from adckit.engines import cpu
from benchmarks.case import Case
from benchmarks.options import Options
from benchmarks.peers.adckit_cpu import problem_of, subject_table, tightened
from benchmarks.precision import Trial

__all__ = ["Scaling", "one_core", "rtol_for", "scale"]

TARGET = 1e-6
_CHUNK = 20_000
"""Subjects whose curves are in memory at one time; larger populations take turns."""
_ENOUGH = 2.0
"""Seconds after which a population is timed once only."""


@dataclass(frozen=True)
class Scaling:
    """Subjects per second, one number per round."""

    rtol: float
    subjects: int
    """Population of the first two"""
    threads: Mapping[int, list[float]]
    """Threads → rates with the widest lanes"""
    lanes: Mapping[int, list[float]]
    """Lanes → rates on one thread"""
    sizes: Mapping[int, list[float]]
    """Population → rates on all cores"""
    whole: Mapping[int, list[float]]
    """Population → rates of `simulate` on all cores, planning of doses included"""


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and threads it starts, on one core where that can be done."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def rtol_for(trial: Trial, error: float = TARGET) -> float:
    """The loosest tolerance that achieves an error, or the tightest there is."""
    good = [p.tolerance.relative for p in trial.points if p.error <= error]
    every = [p.tolerance.relative for p in trial.points]
    return max(good) if good else min(every, default=error)


def scale(case: Case, rtol: float, options: Options) -> Scaling:
    """All of it; call it outside `one_core`."""
    cores = os.cpu_count() or 1
    count = _population_for(case, rtol, options)
    problem = tightened(problem_of(case, case.population(count)), rtol)

    def solve(threads: int, lanes: int | None = None) -> Callable[[], object]:
        return partial(cpu.solve, problem, threads=threads, lanes=lanes)

    widths = [w for w in (1, 2, 4, 8) if w <= widest_lanes()]
    by_threads = {n: solve(n) for n in sorted({1, min(2, cores), cores})}
    by_lanes = {w: solve(1, w) for w in widths}
    for job in [*by_threads.values(), *by_lanes.values()]:
        job()  # compiles
    return Scaling(
        rtol=rtol,
        subjects=count,
        threads=_in_turns(by_threads, dict.fromkeys(by_threads, count), options.rounds),
        lanes=_in_turns(by_lanes, dict.fromkeys(by_lanes, count), options.rounds),
        sizes=_sizes(partial(_engine, case, rtol), options),
        whole=_sizes(
            partial(_simulate, case, rtol),
            options,
            most=_CHUNK,
        ),
    )


def _population_for(case: Case, rtol: float, options: Options) -> int:
    """As many subjects as one thread does in the time of a few timings."""
    trial = tightened(problem_of(case, case.population(64)), rtol)
    cpu.solve(trial, threads=1)
    begin = time.perf_counter()
    cpu.solve(trial, threads=1)
    each = (time.perf_counter() - begin) / 64
    return int(np.clip(4 * options.seconds / each, 64, options.largest_sample))


def _in_turns(
    jobs: Mapping[int, Callable[[], object]], sizes: Mapping[int, int], rounds: int
) -> dict[int, list[float]]:
    rates: dict[int, list[float]] = {key: [] for key in jobs}
    for _ in range(rounds):
        for key, job in jobs.items():
            begin = time.perf_counter()
            job()
            rates[key].append(sizes[key] / (time.perf_counter() - begin))
    return rates


def _sizes(
    make: Callable[[int], Callable[[], object]],
    options: Options,
    most: int | None = None,
) -> dict[int, list[float]]:
    rates: dict[int, list[float]] = {}
    for size in options.sizes:
        if most is not None and size > most:
            continue
        job = make(size)
        begin = time.perf_counter()
        job()
        once = time.perf_counter() - begin
        if once > _ENOUGH:
            rates[size] = [size / once]
            continue
        rates |= _in_turns({size: job}, {size: size}, options.rounds)
    return rates


def _engine(case: Case, rtol: float, size: int) -> Callable[[], object]:
    """The engine on a population; beyond a chunk its curves are not kept."""
    chunk = min(size, _CHUNK)
    problem = tightened(problem_of(case, case.population(chunk)), rtol)

    def run() -> None:
        for _ in range(-(-size // chunk)):
            cpu.solve(problem)

    return run


def _simulate(case: Case, rtol: float, size: int) -> Callable[[], object]:
    subjects = subject_table(case, case.population(size))
    return partial(
        simulate,
        case.prepared,
        list(case.doses),
        subjects=subjects,
        times=case.times,
        rtol=rtol,
    )
