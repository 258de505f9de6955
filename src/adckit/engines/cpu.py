"""The CPU engine: the system compiled for this processor, many subjects per register.

Every thread runs the same compiled integrator on its own working memory and takes the
next subject from a shared counter.  The interpreter's lock is released while it runs,
so Ctrl-C is heard: subjects that are done keep their numbers, the others are reported
as interrupted.
"""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from adckit.codegen.dop853 import dop853
from adckit.codegen.layout import JOB
from adckit.codegen.machine import widest_lanes
from adckit.codegen.rodas import RODAS5P
from adckit.engines.base import ActionKind, Actions, Problem, Progress, Solution
from adckit.engines.choice import EXPLICIT, patience
from adckit.engines.compiling import Kernel, compile_system
from adckit.network.system import OdeSystem
from adckit.status import Status

__all__ = ["solve"]

_WAIT = 0.1  # seconds between looks at the progress


class _Kernels:
    """Kernels already compiled by this process, by identity of the system."""

    @staticmethod
    @lru_cache(maxsize=32)
    def of(key: _ByIdentity, method: str, lanes: int | None) -> Kernel:
        table = dop853() if method == EXPLICIT else RODAS5P
        return compile_system(key.system, method=table, lanes=lanes)


@dataclass(frozen=True, eq=False)
class _ByIdentity:
    system: OdeSystem

    def __hash__(self) -> int:
        return id(self.system)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and self.system is other.system


def solve(
    problem: Problem,
    *,
    lanes: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Solve every subject; see adckit.engines.base for shapes and units.

    `lanes` narrows the vectors, `threads` defaults to all processors.
    """
    width = lanes or _lanes(problem)
    kernel = _Kernels.of(_ByIdentity(problem.system), problem.method, width)
    run = _Run(kernel, problem)
    run.go(threads or os.cpu_count() or 1, progress)
    return run.solution()


def _lanes(problem: Problem) -> int | None:
    """Narrow registers where few subjects would carry thousands of states each.

    The numbers are the same to the bit for 2 lanes and more; one lane rounds otherwise.
    """
    if problem.system.cells is None:
        return None
    enough = [n for n in (2, 4) if n >= problem.subjects and n < widest_lanes()]
    return enough[0] if enough else None


class _Run:
    """One call of `solve`: the arrays that the threads share."""

    def __init__(self, kernel: Kernel, problem: Problem) -> None:
        self.kernel, self.problem = kernel, problem
        n, system, order = problem.subjects, problem.system, kernel.order
        actions = problem.actions
        usable = problem.usable()
        waiting = np.where(usable, Status.INTERRUPTED, Status.INVALID_INPUT)
        self.arrays = {
            "parameters": _floats(problem.parameters),
            "initial": _floats(problem.initial[:, order]),
            "absolute": _floats(problem.absolute[:, order]),
            "offsets": _integers(actions.offsets),
            "action_time": _floats(actions.time),
            "action_kind": _integers(actions.kind),
            "action_index": _integers(_places(actions, order)),
            "action_value": _floats(actions.value),
            "times": _floats(problem.times),
            # empty: threads touch these pages; `masked` sees to subjects that failed
            "out": np.empty((n, len(problem.times), len(system.outputs))),
            "status": waiting.astype(np.int64),
            "stopped": np.full(n, problem.start),
            "steps": np.zeros(n, dtype=np.int64),
            "rejected": np.zeros(n, dtype=np.int64),
            "final": np.empty((n, len(system.states))),
            "next": np.zeros(1, dtype=np.int64),
            "finished": np.zeros(1, dtype=np.int64),
            "halt": np.zeros(1, dtype=np.int64),
        }
        self.numbers = {
            "last": n,
            "time_count": len(problem.times),
            "max_steps": problem.max_steps,
            "max_limited": 2 * patience(problem.rtol),
            "rtol": problem.rtol,
            "start": problem.start,
            "end": problem.end,
            "first_step": problem.first_step,
        }

    def job(self) -> np.ndarray:
        """The table that the compiled code reads."""
        table = np.zeros(len(JOB), dtype=np.int64)
        for i, (name, kind) in enumerate(JOB.items()):
            if kind == "ptr":
                table[i] = self.arrays[name].ctypes.data
            elif kind == "i64":
                table[i] = self.numbers[name]
            else:
                table[i] = struct.unpack("<q", struct.pack("<d", self.numbers[name]))[0]
        return table

    def go(self, threads: int, progress: Progress | None) -> None:
        """Run to the end, or until Ctrl-C."""
        pointer = ctypes.c_void_p
        integrate = self.kernel.compiled.function("integrate", pointer, pointer)
        job = self.job()

        def work() -> None:
            memory = self.kernel.workspace()
            integrate(job.ctypes.data, memory.ctypes.data)

        blocks = -(-self.problem.subjects // self.kernel.lanes)
        team = [threading.Thread(target=work) for _ in range(min(threads, blocks))]
        for member in team:
            member.start()
        try:
            for member in team:
                while member.is_alive():
                    member.join(_WAIT)
                    self._report(progress)
            self._report(progress)
        except KeyboardInterrupt:  # what is done is kept, the rest says so
            self._halt(team)
        except BaseException:
            self._halt(team)
            raise

    def _report(self, progress: Progress | None) -> None:
        if progress:
            progress(int(self.arrays["finished"][0]), self.problem.subjects)

    def _halt(self, team: list[threading.Thread]) -> None:
        self.arrays["halt"][0] = 1
        for member in team:
            member.join()

    def solution(self) -> Solution:
        a = self.arrays
        final = np.empty_like(a["final"])
        final[:, self.kernel.order] = a["final"]
        return Solution(
            values=a["out"],
            status=a["status"],
            stopped=a["stopped"],
            steps=a["steps"],
            rejected=a["rejected"],
            final=final,
            engine="cpu",
        ).masked()


def _places(actions: Actions, order: np.ndarray) -> np.ndarray:
    """Where in working memory each action has its state, or which input it sets."""
    place = np.argsort(order)
    is_state = actions.kind != ActionKind.SET_INPUT
    places = actions.index.copy()
    places[is_state] = place[actions.index[is_state]]
    return places


def _floats(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float64)


def _integers(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.int64)
