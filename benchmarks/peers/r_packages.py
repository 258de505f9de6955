"""mrgsolve and rxode2, where R has them: an R process that stays open and is told what
to solve, so that its start does not count.

Doses are records of the tool's own dosing table: one row for each state that a bolus or
an infusion enters.  Curves come back through a file of doubles.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from adckit.codegen.lower import Value, lower, slots
from adckit.network.expr import TIME, ZERO, Expr, substitute
from benchmarks.case import Case, Tolerance
from benchmarks.peers.base import Run, Solver, Tool
from benchmarks.writers import RXODE, C, Target, statements

__all__ = ["Mrgsolve", "Rxode2"]

_READY = "solved"


class _RPackage(Tool):
    """What the two have in common."""

    method = "LSODA"
    script: str
    """R: defines `prepare(table)` and `solve(rtol, atol)`, which returns a data frame
    with the outputs of all subjects, subject after subject"""

    def skipped(self, case: Case) -> str:
        if shutil.which("Rscript") is None:
            return "R not installed"
        return "" if _r_version(self.name) else f"R has no {self.name}"

    def version(self) -> str:
        return f"{self.name} {_r_version(self.name)}"

    def model(self, case: Case) -> str:
        """The case in the tool's own language."""
        raise NotImplementedError

    def load(self, case: Case) -> Solver:
        folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        (folder / "model.txt").write_text(self.model(case))
        np.savetxt(folder / "times.csv", case.times)
        rows = [f"{t!r},{s},{a!r},{r!r}" for t, s, a, r in _dose_rows(case)]
        (folder / "doses.csv").write_text("\n".join(["time,cmt,amt,rate", *rows]))
        session = _Session(folder, self.script)
        shape = (len(case.times), len(case.system.outputs))

        def prepare(table: np.ndarray) -> Run:
            names = ",".join(["ID", *(f"p{i}" for i in range(table.shape[1]))])
            numbered = np.column_stack([np.arange(1, len(table) + 1), table])
            path = folder / f"subjects{len(table)}.csv"
            np.savetxt(path, numbered, delimiter=",", header=names, comments="")
            session.do(f"subjects{len(table)} <- prepare('{path.name}')")

            def run(tolerance: Tolerance) -> np.ndarray:
                numbers = f"{tolerance.relative!r}, {tolerance.smallest!r}"
                session.do(f"hand_over(solve(subjects{len(table)}, {numbers}))")
                return np.fromfile(folder / "out.bin").reshape(len(table), *shape)

            return run

        prepare(case.population(1))(case.tolerance(1e-2, case.floors[0]))
        return prepare


_COMMON = """
options(warn = -1)
times <- scan("times.csv", quiet = TRUE)
doses <- read.csv("doses.csv")
hand_over <- function(found) {
  seen <- grep("^o[0-9]+$", names(found))
  writeBin(as.double(t(as.matrix(found[, seen]))), "out.bin")
}
"""


class _Session:
    """An R process in a folder; it ends with its input."""

    def __init__(self, folder: Path, script: str) -> None:
        self.process = subprocess.Popen(
            ["R", "--vanilla", "--no-echo"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        (folder / "session.R").write_text(_COMMON + script)
        self.do("source('session.R')")

    def do(self, command: str) -> None:
        """Carry out one command.  Raises RuntimeError with R's last words."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\ncat('\\n{_READY}\\n')\n")
        self.process.stdin.flush()
        said: list[str] = []
        for line in self.process.stdout:
            if line.strip() == _READY:
                return
            said.append(line.strip())
        raise RuntimeError(" ".join(said[-3:]) or "R ended")


@cache
def _r_version(package: str) -> str:
    """Version of an R package; empty if R has none."""
    question = (
        f"if (requireNamespace('{package}', quietly = TRUE)) "
        f"cat(as.character(packageVersion('{package}')))"
    )
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", question], capture_output=True, text=True
    )
    return done.stdout.strip()


def _dose_rows(case: Case) -> Iterator[tuple[float, str, float, float]]:
    """Time, state, amount and rate (0 for a bolus) of each dose into each state."""
    vectors = case.system.dose_vectors(case.full_table(case.population(1)))[0]
    for segment in case.segments:
        for i in np.flatnonzero(segment.bolus):
            yield segment.start, f"y{i}", float(segment.bolus[i]), 0.0
        into = segment.inputs[: len(vectors)] @ vectors
        for i in np.flatnonzero(into):
            amount = float(into[i]) * (segment.end - segment.start)
            yield segment.start, f"y{i}", amount, float(into[i])


def _written(
    case: Case, roots: Sequence[Expr], target: Target, prefix: str, time: str
) -> tuple[list[str], list[str]]:
    """Lines of shared values and the text of each expression, without doses."""
    system = case.system
    doseless = substitute(case.folded(roots), dict.fromkeys(system.inputs, ZERO))
    names = slots(y=system.states, p=case.varied, time=[TIME.name])

    def name(value: Value) -> str:
        return time if value.array == "time" else f"{value.array}{value.index}"

    return statements(lower(doseless, names), target, name, prefix)


class Mrgsolve(_RPackage):
    """C++ generated from R, LSODA in C++."""

    name = "mrgsolve"
    script = """
suppressPackageStartupMessages(library(mrgsolve))
model <- mread_file("model.txt", quiet = TRUE)
events <- as.ev(cbind(doses, evid = 1))
prepare <- function(path) read.csv(path)
solve <- function(subjects, rtol, atol) {
  mrgsim_ei(update(model, rtol = rtol, atol = atol, maxsteps = 1000000),
            events, subjects, end = -1, add = times, obsonly = TRUE, output = "df")
}
"""

    def model(self, case: Case) -> str:
        system = case.system
        shared, rates = _written(case, system.rates, C, "v", "SOLVERTIME")
        more, outputs = _written(case, system.observed, C, "w", "TIME")
        states = range(len(rates))
        typical = [case.typical[name] for name in case.varied]
        blocks = {
            "PARAM": [f"p{i} = {value!r}" for i, value in enumerate(typical)],
            "CMT": [f"y{i}" for i in states],
            "MAIN": [f"y{i}_0 = {float(case.initial[i])!r};" for i in states],
            "ODE": [
                *shared,
                *(f"dxdt_y{i} = {rate};" for i, rate in enumerate(rates)),
            ],
            "TABLE": [
                *more,
                *(f"capture o{i} = {text};" for i, text in enumerate(outputs)),
            ],
        }
        return "\n".join(
            line for name, body in blocks.items() for line in (f"${name}", *body)
        )


class Rxode2(_RPackage):
    """C generated from R, LSODA in C."""

    name = "rxode2"
    script = """
suppressPackageStartupMessages(library(rxode2))
model <- rxode2(paste(readLines("model.txt"), collapse = "\\n"))
events <- et(cbind(doses, evid = 1))
events <- add.sampling(events, times)
prepare <- function(path) read.csv(path)
solve <- function(subjects, rtol, atol) {
  rxSolve(model, params = subjects[, -1, drop = FALSE], events = events, rtol = rtol,
          atol = atol, maxsteps = 1000000, cores = 1, returnType = "data.frame")
}
"""

    def model(self, case: Case) -> str:
        roots = [*case.system.rates, *case.system.observed]
        lines, results = _written(case, roots, RXODE, "v", "t")
        rates, outputs = results[: len(case.initial)], results[len(case.initial) :]
        start = (f"y{i}(0) = {float(v)!r};" for i, v in enumerate(case.initial))
        slopes = (f"d/dt(y{i}) = {rate};" for i, rate in enumerate(rates))
        seen = (f"o{i} = {text};" for i, text in enumerate(outputs))
        return "\n".join([*start, *lines, *slopes, *seen])
