"""SciPy: solve_ivp with LSODA, functions in Python, the analytic Jacobian given."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from adckit.codegen.python import python_function
from benchmarks.case import Case, Segment, Tolerance
from benchmarks.peers.base import Run, Solver, Tool

__all__ = ["ScipyLsoda"]


class ScipyLsoda(Tool):
    """LSODA with everything but its linear algebra in Python."""

    name = "SciPy"
    method = "LSODA"
    per_state = True
    slow = True

    def skipped(self, case: Case) -> str:
        return ""

    def version(self) -> str:
        return f"scipy {version('scipy')}"

    def load(self, case: Case) -> Solver:
        model = _Model(case)

        def prepare(table: np.ndarray) -> Run:
            def run(tolerance: Tolerance) -> np.ndarray:
                return np.array([model.solve(row.tolist(), tolerance) for row in table])

            return run

        return prepare


class _Model:
    """A case as Python functions of (time, state, parameter, input)."""

    def __init__(self, case: Case) -> None:
        self.case = case
        system = case.system
        names = (system.states, case.varied, system.inputs)
        self.rates = python_function(case.folded(system.rates), *names)
        self.observe = python_function(case.folded(system.observed), *names)
        self.entries = tuple(np.array(list(system.jacobian)).T)
        slopes = case.folded(list(system.jacobian.values()))
        self.slopes = python_function(slopes, *names)

    def solve(self, subject: list[float], tolerance: Tolerance) -> np.ndarray:
        """(time, output) of one subject."""
        case = self.case
        rows: list[list[float]] = []
        state = case.initial
        if case.times[0] == 0:
            inputs = [0.0] * len(case.system.inputs)
            rows.append(self.observe(0.0, state.tolist(), subject, inputs))
        for segment in case.segments:
            found = self._segment(segment, state + segment.bolus, subject, tolerance)
            if found is None:
                return np.full((len(case.times), len(case.system.outputs)), np.nan)
            inputs = segment.inputs.tolist()
            rows += [
                self.observe(t, y.tolist(), subject, inputs)
                for t, y in zip(segment.times, found[1:], strict=False)
            ]
            state = found[-1]
        return np.array(rows)

    def _segment(
        self,
        segment: Segment,
        state: np.ndarray,
        subject: list[float],
        tolerance: Tolerance,
    ) -> np.ndarray | None:
        """States at the knots of a segment; None if the solver gave up."""
        from scipy.integrate import solve_ivp

        inputs = segment.inputs.tolist()
        size = len(state)

        def rates(t: float, y: np.ndarray) -> list[float]:
            return self.rates(t, y.tolist(), subject, inputs)

        def jacobian(t: float, y: np.ndarray) -> np.ndarray:
            matrix = np.zeros((size, size))
            matrix[self.entries] = self.slopes(t, y.tolist(), subject, inputs)
            return matrix

        found = solve_ivp(
            rates,
            (segment.start, segment.end),
            state,
            method="LSODA",
            t_eval=segment.knots,
            jac=jacobian,
            rtol=tolerance.relative,
            atol=tolerance.absolute,
        )
        return np.asarray(found.y.T) if found.success else None
