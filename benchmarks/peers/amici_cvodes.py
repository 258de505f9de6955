"""AMICI: SBML turned into C++, integrated by CVODES with a sparse matrix.

Doses are events of the model, as its users write them.  Needs a C++ compiler and a
minute or more for each model.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Case, Tolerance
from benchmarks.peers.antimony import output_name, sbml_text
from benchmarks.peers.base import Run, Solver, Tool, missing_modules

__all__ = ["AmiciCvodes"]


class AmiciCvodes(Tool):
    """CVODES' BDF with KLU and the analytic Jacobian."""

    name = "AMICI"
    method = "CVODES BDF"
    slow = True

    def skipped(self, case: Case) -> str:
        return missing_modules("amici", "antimony")

    def version(self) -> str:
        return f"amici {version('amici')}"

    def load(self, case: Case) -> Solver:
        import amici.sim.sundials as sundials

        model = _built(case)
        model.set_timepoints(case.times.tolist())
        solver = model.create_solver()
        solver.set_max_steps(1_000_000)
        solver.set_return_data_reporting_mode(
            sundials.RDataReporting.observables_likelihood
        )
        order = list(model.get_free_parameter_ids())
        places = [order.index(f"p{i}") for i in range(len(case.varied))]
        shape = (len(case.times), len(case.system.outputs))

        def prepare(table: np.ndarray) -> Run:
            rows = np.tile(np.array(model.get_free_parameters()), (len(table), 1))
            rows[:, places] = table

            def run(tolerance: Tolerance) -> np.ndarray:
                solver.set_relative_tolerance(tolerance.relative)
                solver.set_absolute_tolerance(tolerance.smallest)
                out = np.full((len(table), *shape), np.nan)
                for row, curves in zip(rows.tolist(), out, strict=True):
                    model.set_free_parameters(row)
                    found = sundials.run_simulation(model, solver)
                    if found["status"] == sundials.AMICI_SUCCESS:
                        curves[:] = found["y"]
                return out

            return run

        prepare(case.population(1))(case.tolerance(1e-2, case.floors[0]))
        return prepare


def _built(case: Case) -> Any:
    """The case as an extension module, made in a folder of its own."""
    from amici.importers.sbml import SbmlImporter
    from amici.importers.utils import MeasurementChannel

    swig = Path(sys.executable).parent / "swig"
    if swig.exists():  # the release that built the package, not the system's
        os.environ.setdefault("SWIG", str(swig))
    channels = [
        MeasurementChannel(id_=f"seen_{i}", formula=output_name(i))
        for i in range(len(case.system.outputs))
    ]
    return SbmlImporter(sbml_text(case, events=True), from_file=False).sbml2amici(
        f"benchmark_{case.name.replace('-', '_')}",
        tempfile.mkdtemp(prefix="amici-"),
        observation_model=channels,
        compute_conservation_laws=False,
        generate_sensitivity_code=False,
    )
