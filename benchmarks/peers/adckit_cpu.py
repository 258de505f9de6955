"""adckit's own engine, on one thread with the widest lanes unless told otherwise.

What is timed is `cpu.solve`: from a prepared problem to an array of outputs, as for the
other tools.  `simulate`, which also plans the doses, is timed in `scaling`.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, partial

import numpy as np

from adckit import simulate
from adckit.engines import cpu
from adckit.engines.base import Problem, Solution
from adckit.engines.choice import chosen_method
from adckit.engines.compiling import compile_system
from adckit.engines.ladder import with_retries
from benchmarks.case import Case, Tolerance
from benchmarks.peers.base import Run, Solver, Tool

__all__ = ["AdckitCpu", "problem_of", "subject_table", "tightened"]

_RTOL = 1e-6


class AdckitCpu(Tool):
    """The compiled engine; `lanes` None is the widest register."""

    name = "adckit"
    method = "own choice"
    per_state = True
    tuned_by_default = True

    def __init__(
        self, lanes: int | None = None, threads: int = 1, choice: str = "auto"
    ) -> None:
        self.lanes, self.threads, self.choice = lanes, threads, choice

    def skipped(self, case: Case) -> str:
        return ""

    def version(self) -> str:
        from adckit import __version__

        return f"adckit {__version__}"

    def load(self, case: Case) -> Solver:
        def prepare(table: np.ndarray) -> Run:
            problem = problem_of(case, table)

            def run(tolerance: Tolerance) -> np.ndarray:
                wanted = tightened(problem, tolerance.relative)
                wanted = replace(wanted, method=method(tolerance.relative))
                return engine(wanted).values

            return run

        method = cache(partial(self._method, case))
        engine = with_retries(
            partial(cpu.solve, lanes=self.lanes, threads=self.threads)
        )
        with tempfile.TemporaryDirectory() as empty, _kernel_cache(empty):
            compile_system(case.system, lanes=self.lanes)
        for tolerance in (1e-2, 1e-9):  # either method
            prepare(case.population(1))(case.tolerance(tolerance, None))
        return prepare

    def _method(self, case: Case, rtol: float) -> str:
        """What `simulate` would take."""
        if self.choice != "auto":
            return self.choice
        typical = np.array([case.typical[name] for name in case.system.parameters])
        return chosen_method(case.system, typical, rtol)


@contextlib.contextmanager
def _kernel_cache(folder: str) -> Iterator[None]:
    """Another cache for a moment, so that loading is timed without one."""
    before = os.environ.get("ADCKIT_CACHE")
    os.environ["ADCKIT_CACHE"] = folder
    try:
        yield
    finally:
        del os.environ["ADCKIT_CACHE"]
        if before is not None:
            os.environ["ADCKIT_CACHE"] = before


def subject_table(case: Case, table: np.ndarray) -> Mapping[str, np.ndarray]:
    """Columns for `simulate`, each in its parameter's own unit."""
    factor = {p.name: p.internal / p.value for p in case.network.parameters if p.value}
    return {name: table[:, i] / factor[name] for i, name in enumerate(case.varied)}


def problem_of(case: Case, table: np.ndarray) -> Problem:
    """What `simulate` gives its engine for these subjects, for Rodas5P."""
    kept: list[Problem] = []

    def keep(problem: Problem) -> Solution:
        kept.append(problem)
        n, system = problem.subjects, problem.system
        none = np.zeros(n, dtype=np.int64)
        return Solution(
            values=np.zeros((n, len(problem.times), len(system.outputs))),
            status=none,
            stopped=np.zeros(n),
            steps=none,
            rejected=none,
            final=np.zeros((n, len(system.states))),
            engine="none",
        )

    simulate(
        case.prepared,
        list(case.doses),
        subjects=subject_table(case, table),
        times=case.times,
        engine=keep,
        rtol=_RTOL,
        max_steps=1_000_000,
        method="rodas5p",
    )
    return kept[0]


def tightened(problem: Problem, rtol: float) -> Problem:
    """The same problem with another tolerance."""
    absolute = np.maximum(problem.absolute * (rtol / problem.rtol), 1e-30)
    return replace(problem, rtol=rtol, absolute=absolute)
