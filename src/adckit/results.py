"""What a simulation gives back: curves, a status per subject, their provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from adckit.errors import SimulationError, UnknownNameError
from adckit.network.dose_plan import DosePlan
from adckit.network.network import Network
from adckit.network.parts import Observable
from adckit.status import RETRIES, Status

if TYPE_CHECKING:
    import pandas
    import polars
    import xarray

__all__ = ["SUSPICIOUS", "Result", "SubjectStatus"]

SUSPICIOUS = 1e-6
"""Relative error of a conserved moiety above which a subject is suspicious."""


@dataclass(frozen=True)
class SubjectStatus:
    """What became of one subject."""

    subject: str
    status: Status
    stopped: float
    """Time reached, days"""
    steps: int
    rejected: int
    imbalance: float
    """Largest relative error of a conserved moiety; NaN where it has no meaning"""
    tries: int = 1
    """Times that the subject was solved; see adckit.engines.ladder"""

    @property
    def reason(self) -> str:
        if self.status is Status.OK and self.suspicious:
            return f"solved, but {self.imbalance:.1g} of an amount is unaccounted for"
        return self.status.reason

    @property
    def retried(self) -> str:
        """How the last try differed from the first; empty where there was but one."""
        return RETRIES[self.tries - 1]

    @property
    def suspicious(self) -> bool:
        """Whether more is lost or gained than a correct solution can lose or gain."""
        return self.imbalance > SUSPICIOUS


@dataclass(frozen=True)
class Result:
    """Curves of every subject.  Failed subjects hold NaN, never a number."""

    values: np.ndarray
    """(subject, time, output), each output in its own unit"""
    times: np.ndarray
    """(time,), days"""
    outputs: tuple[str, ...]
    units: tuple[str, ...]
    subjects: tuple[str, ...]
    status: np.ndarray
    """(subject,), see adckit.status.Status"""
    stopped: np.ndarray
    """(subject,): time reached, days"""
    steps: np.ndarray
    rejected: np.ndarray
    imbalance: np.ndarray
    """(subject,): largest relative error of a conserved moiety"""
    final: np.ndarray
    """(subject, state), internal units"""
    parameters: np.ndarray
    """(subject, parameter), internal units"""
    network: Network
    schedules: DosePlan
    """The doses of each subject"""
    provenance: Mapping[str, Any]
    """Everything needed to repeat the simulation"""
    tries: np.ndarray | None = None
    """(subject,): times that it was solved; None where nothing was retried"""
    profiles: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Output of every cell of a lattice → (subject, time, line, cell)"""

    @property
    def failed(self) -> int:
        """How many subjects failed."""
        return int(np.count_nonzero(self.status != Status.OK))

    def accounts(self) -> list[SubjectStatus]:
        """One row per subject."""
        rows = zip(
            self.subjects,
            self.status,
            self.stopped,
            self.steps,
            self.rejected,
            self.imbalance,
            np.ones_like(self.status) if self.tries is None else self.tries,
            strict=True,
        )
        return [
            SubjectStatus(
                name, Status(int(s)), float(t), int(n), int(r), float(b), int(again)
            )
            for name, s, t, n, r, b, again in rows
        ]

    def index(self, output: str) -> int:
        """Position of an output.  Raises UnknownNameError."""
        if output not in self.outputs:
            raise UnknownNameError("output", output, self.outputs)
        return self.outputs.index(output)

    def unit(self, output: str) -> str:
        """Unit of an output."""
        return self.units[self.index(output)]

    def curve(self, output: str) -> np.ndarray:
        """One output of all subjects, (subject, time)."""
        return np.asarray(self.values[:, :, self.index(output)])

    def label(self, output: str) -> str:
        """An output in words."""
        return self.network.get(Observable, output).label or output

    def require_success(self) -> Result:
        """This result, or SimulationError naming the subjects that failed."""
        bad = [a for a in self.accounts() if a.status is not Status.OK]
        if bad:
            lines = [f"  {a.subject}: day {a.stopped:g}, {a.reason}" for a in bad[:10]]
            more = [f"  and {len(bad) - 10} more"] if len(bad) > 10 else []
            count = f"{len(bad)} of {len(self.subjects)} subjects failed:"
            raise SimulationError("\n".join([count, *lines, *more]))
        return self

    def to_xarray(self) -> xarray.Dataset:
        """A dataset with one variable per output, dims (subject, time)."""
        import xarray

        data = {
            name: (
                ("subject", "time"),
                self.values[:, :, i],
                {"units": self.units[i], "long_name": self.label(name)},
            )
            for i, name in enumerate(self.outputs)
        }
        status = [Status(int(s)).name.lower() for s in self.status]
        coords = {
            "subject": list(self.subjects),
            "time": ("time", self.times, {"units": "day"}),
            "status": ("subject", status),
        }
        return xarray.Dataset(data, coords, {"model": self.network.name})

    def columns(self) -> dict[str, Any]:
        """A long table as columns: subject, time, then one column per output."""
        n, t = len(self.subjects), len(self.times)
        table: dict[str, Any] = {
            "subject": np.repeat(np.array(self.subjects, dtype=object), t),
            "time": np.tile(self.times, n),
        }
        for i, name in enumerate(self.outputs):
            table[name] = self.values[:, :, i].ravel()
        return table

    def to_pandas(self) -> pandas.DataFrame:
        """A long table, one row per subject and time."""
        import pandas

        return pandas.DataFrame(self.columns())

    def to_polars(self) -> polars.DataFrame:
        """A long table, one row per subject and time."""
        import polars

        return polars.DataFrame(self.columns())
