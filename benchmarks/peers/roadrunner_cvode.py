"""libRoadRunner: SBML compiled by LLVM, integrated by CVODE.

Doses are given between calls of `simulate`: as fast as events, and a solver that stops
at a dose cannot step over it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.case import Case, Tolerance
from benchmarks.peers.antimony import input_name, output_name, sbml_text, state_name
from benchmarks.peers.base import Run, Solver, Tool, missing_modules

__all__ = ["RoadRunnerCvode"]


class RoadRunnerCvode(Tool):
    """CVODE's BDF with a dense matrix."""

    name = "libRoadRunner"
    method = "CVODE BDF"
    per_state = True

    def skipped(self, case: Case) -> str:
        return missing_modules("roadrunner", "antimony")

    def version(self) -> str:
        return f"libroadrunner {version('libroadrunner')}"

    def load(self, case: Case) -> Solver:
        import roadrunner

        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_CRITICAL)
        model = roadrunner.RoadRunner(sbml_text(case, events=False))
        model.timeCourseSelections = [
            output_name(i) for i in range(len(case.system.outputs))
        ]
        model.integrator.setValue("stiff", True)
        model.integrator.setValue("maximum_num_steps", 1_000_000)
        parameters = [f"p{i}" for i in range(len(case.varied))]

        def prepare(table: np.ndarray) -> Run:
            def run(tolerance: Tolerance) -> np.ndarray:
                _tolerate(model, tolerance)
                out = np.empty((len(table), len(case.times), len(case.system.outputs)))
                with _silence():
                    for row, curves in zip(table, out, strict=True):
                        model.resetToOrigin()
                        for name, value in zip(parameters, row, strict=True):
                            model.setValue(name, value)
                        try:
                            _curves(model, case, curves)
                        except RuntimeError:
                            curves[:] = np.nan
                return out

            return run

        prepare(case.population(1))(case.tolerance(1e-2, case.floors[0]))
        return prepare


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the solver's own warnings off the screen: printing them takes time."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _tolerate(model: Any, tolerance: Tolerance) -> None:
    model.integrator.relative_tolerance = tolerance.relative
    if np.ptp(tolerance.absolute):
        model.integrator.setValue("absolute_tolerance", tolerance.absolute.tolist())
    else:
        model.integrator.setValue("absolute_tolerance", tolerance.smallest)


def _curves(model: Any, case: Case, out: np.ndarray) -> None:
    """Fill (time, output) of one subject, segment after segment."""
    row = 0
    for segment in case.segments:
        for i in np.flatnonzero(segment.bolus).tolist():
            amount = model.getValue(state_name(i)) + segment.bolus[i]
            model.setValue(state_name(i), amount)
        for i, value in enumerate(segment.inputs.tolist()):
            model.setValue(input_name(i), value)
        found = model.simulate(times=segment.knots.tolist())
        if row == 0:
            out[0] = np.asarray(found)[0]
            row = 1
        count = len(segment.times)
        out[row : row + count] = np.asarray(found)[1 : count + 1]
        row += count
