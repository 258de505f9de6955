"""What needs a process of its own: time to the first result, and peak memory.

    python -m benchmarks.child first CASE
    python -m benchmarks.child memory CASE SUBJECTS

Prints one line of JSON.  `measure` runs it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

__all__ = ["first_results", "peak_memory"]

_ROOT = Path(__file__).resolve().parents[1]


def first_results(case: str) -> dict[str, dict[str, float]]:
    """Seconds to the first result: with an empty cache of kernels, then with it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "ADCKIT_CACHE": folder}
        return {name: _child(["first", case], environment) for name in ("cold", "warm")}


def peak_memory(case: str, subjects: int) -> dict[str, float]:
    """MB before and at the peak of one `simulate`, and the size of its result."""
    return _child(["memory", case, str(subjects)], dict(os.environ))


def _child(arguments: list[str], environment: dict[str, str]) -> dict[str, float]:
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", *arguments],
        cwd=_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**found, "process": time.perf_counter() - begin}


def _first(name: str) -> dict[str, float]:
    begin = time.perf_counter()
    from benchmarks.cases import CASES

    imported = time.perf_counter()
    case = CASES[name]()
    prepared = case.prepared
    ready = time.perf_counter()
    _simulate_some(case, prepared, 1)
    first = time.perf_counter()
    _simulate_some(case, prepared, 1)
    return {
        "import": imported - begin,
        "equations": ready - imported,
        "first": first - ready,
        "second": time.perf_counter() - first,
    }


def _simulate_some(case: Any, prepared: Any, subjects: int) -> int:
    from adckit import simulate
    from benchmarks.peers.adckit_cpu import subject_table

    table = subject_table(case, case.population(subjects))
    found = simulate(prepared, list(case.doses), subjects=table, times=case.times)
    return int(found.values.nbytes)


def _memory(name: str, subjects: int) -> dict[str, float]:
    import resource

    from benchmarks.cases import CASES

    def peak() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used / 1e6 if sys.platform == "darwin" else used / 1e3

    case = CASES[name]()
    _simulate_some(case, case.prepared, 1)
    before = peak()
    size = _simulate_some(case, case.prepared, subjects)
    return {"before": before, "peak": peak(), "result": size / 1e6}


def _main(what: str, case: str, *rest: str) -> None:
    found = _first(case) if what == "first" else _memory(case, int(rest[0]))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
