"""A scan: one or more properties of a design are varied, and a number shown for each.

    scan("T-DM1", {"affinity": "0.01..100 nM", "antigen": "1e4..2e6"}, ["kill"])

Every grid point is a typical subject.  The grid runs in chunks whose curves are reduced
to the numbers shown before the next one begins, so memory does not grow with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from adckit.engines.base import Engine
from adckit.errors import AdckitError
from adckit.network.regimen import Regimen
from adckit.planning import chosen_regimen
from adckit.prepared import Model, Prepared, prepare
from adckit.results import Result
from adckit.simulation import DEFAULT_RTOL, simulate
from adckit.status import Status
from adckit.studies.campaign import study_engine
from adckit.studies.drawing import Floats
from adckit.studies.scan_axes import (
    DEFAULT_POINTS,
    MOST_POINTS,
    Axis,
    read_axis,
    resolve_axis,
)
from adckit.studies.scan_grid import Batch, Design, batches, design_of, regimens
from adckit.studies.scan_quantities import Quantity, quantities, with_viable_cells
from adckit.studies.scan_result import ScanResult

__all__ = ["DEFAULT_SHOWN", "Over", "Report", "scan"]

Over = Mapping[str, str | Iterable[float | str]] | Sequence[str]
"""Axes: name → values, or texts such as `affinity=0.01..100 nM`."""

DEFAULT_SHOWN = ("uptake", "kill")
MOST_GRID = 250_000
"""Grid points of one scan."""
_CHUNK_BYTES = 64_000_000
"""Of the curves of one chunk."""
_SMALLEST_CHUNK, _LARGEST_CHUNK = 64, 4096

Report = Callable[[int, int, int], None]
"""Called now and then with (points done, of these failed, points)."""


def scan(
    model: Model,
    over: Over,
    show: str | Sequence[str] = DEFAULT_SHOWN,
    *,
    points: int = DEFAULT_POINTS,
    regimen: str | Regimen | None = None,
    days: float | None = None,
    settings: Mapping[str, str] | None = None,
    engine: str | Engine = "cpu",
    rtol: float = DEFAULT_RTOL,
    threads: int | None = None,
    report: Report | None = None,
) -> ScanResult:
    """Vary properties of a design over a grid.

    Args:
        model: a library name, a card file, or a Network.
        over: the axes; see `Over` and `studies.scan_axes`.
        show: what is wanted of every grid point; see `studies.scan_quantities`.
        points: values of a range that does not say how many.
        regimen, days, settings, engine, rtol: as `simulate` takes them.
        threads: processors to use; all by default.
        report: called now and then with (points done, of these failed, points).

    Returns numbers with dims (axis 1, axis 2, ..., quantity) and a status per grid
    point: a point that failed holds NaN and a reason, never a number.

    Raises AdckitError for axes, quantities and settings that make no sense, with all
    problems of the axes together.
    """
    base = prepare(model, settings)
    given = chosen_regimen(base, regimen)
    if not isinstance(given, Regimen):
        raise AdckitError("A scan is given a regimen, not dose records.")
    design = Design(model, dict(settings or {}), given)
    axes = _axes(over, base, design, points)
    texts = [show] if isinstance(show, str) else list(show)
    shown = quantities(texts, with_viable_cells(base.network))
    _check_names(axes, shown)
    doses = regimens(design, axes)
    typical = simulate(design_of(base, shown), given, days=days, rtol=rtol)
    run = _Run(axes, shown, given, doses, typical, engine, rtol, threads, report)
    for batch in batches(design, base, axes, shown):
        run.add(batch)
    return run.result(base, dict(settings or {}))


def _axes(over: Over, base: Prepared, design: Design, points: int) -> list[Axis]:
    """The axes, checked each on its own and against each other."""
    if not 2 <= points <= MOST_POINTS:
        raise AdckitError(
            f"{points} points make no axis. Give from 2 to {MOST_POINTS:,}."
        )
    texts = _texts(over)
    if not texts:
        raise AdckitError(
            "Nothing is varied. Give an axis, such as --over 'affinity=0.01..100 nM'."
        )
    axes: list[Axis] = []
    faults: list[str] = []
    for text in texts:
        try:
            asked = read_axis(text)
            axis = resolve_axis(asked, base, design.regimen, design.settings, points)
        except AdckitError as error:
            faults.append(str(error))
            continue
        same = next((a for a in axes if axis.key == a.key), None)
        if same is not None:
            faults.append(
                f"'{same.name}' and '{axis.name}' are both the axis '{axis.key}'. "
                "Keep one of them."
            )
        axes.append(axis)
    if len(faults) == 1:
        raise AdckitError(faults[0])
    if faults:
        raise AdckitError("The axes cannot be used:\n  " + "\n  ".join(faults))
    size = math.prod(len(axis.values) for axis in axes)
    if size > MOST_GRID:
        raise AdckitError(
            f"These are {size:,} grid points; {MOST_GRID:,} are the most. Give fewer "
            "--points or fewer axes."
        )
    return axes


def _check_names(axes: Sequence[Axis], shown: Sequence[Quantity]) -> None:
    """Raises AdckitError for an axis and a quantity of one name."""
    names = {quantity.name for quantity in shown}
    twice = [axis.name for axis in axes if axis.name in names]
    if twice:
        raise AdckitError(
            f"'{twice[0]}' is an axis and a quantity shown, and they would be one "
            "column. Call the axis by the full name of its parameter."
        )


def _texts(over: Over) -> list[str]:
    if isinstance(over, str):
        return [over]
    if not isinstance(over, Mapping):
        return list(over)
    return [
        f"{name}={values}"
        if isinstance(values, str)
        else f"{name}={','.join(str(value) for value in values)}"
        for name, values in over.items()
    ]


class _Run:
    """The grid while it is being filled."""

    def __init__(
        self,
        axes: Sequence[Axis],
        shown: Sequence[Quantity],
        regimen: Regimen,
        doses: list[Regimen] | None,
        typical: Result,
        engine: str | Engine,
        rtol: float,
        threads: int | None,
        report: Report | None,
    ) -> None:
        self.axes, self.shown, self.regimen, self.doses = axes, shown, regimen, doses
        self.typical, self.rtol, self.threads = typical, rtol, threads
        self.engine, self.report = engine, report
        self.shape = tuple(len(axis.values) for axis in axes)
        self.size = math.prod(self.shape)
        self.values = np.full((self.size, len(shown)), np.nan)
        self.status = np.full(self.size, int(Status.INTERRUPTED))
        self.stopped = np.zeros(self.size)
        self.done = self.failed = 0

    def add(self, batch: Batch) -> None:
        """Simulate the points of a batch, chunk by chunk."""
        outputs = len(batch.ready.system.outputs)
        each = 8 * len(self.typical.times) * max(1, outputs)
        chunk = max(_SMALLEST_CHUNK, min(_LARGEST_CHUNK, _CHUNK_BYTES // each))
        for first in range(0, len(batch.points), chunk):
            rows = slice(first, first + chunk)
            self._chunk(batch, rows)

    def _chunk(self, batch: Batch, rows: slice) -> None:
        points = batch.points[rows]
        names = [str(point) for point in points]
        table = {name: column[rows] for name, column in batch.parameters.items()}
        doses: Regimen | dict[str, Regimen] = self.regimen
        if self.doses is not None:
            each = (self.doses[int(point)] for point in points)
            doses = dict(zip(names, each, strict=True))
        result = simulate(
            batch.ready,
            doses,
            {"subject": names, **table},
            self.typical.times,
            self._solver(len(points)),
            rtol=self.rtol,
        )
        for column, quantity in enumerate(self.shown):
            self.values[points, column] = quantity.reduce(result)
        lost = result.status != Status.OK
        self.values[points[lost]] = np.nan
        self.status[points] = result.status
        self.stopped[points] = result.stopped
        self.done += len(points)
        self.failed += int(np.count_nonzero(lost))
        self._tell(0)

    def _solver(self, size: int) -> str | Engine:
        if self.engine != "cpu":
            return self.engine
        return study_engine(self.threads, size, self._tell)

    def _tell(self, more: int) -> None:
        if self.report is not None:
            self.report(self.done + more, self.failed, self.size)

    def result(self, base: Prepared, settings: Mapping[str, str]) -> ScanResult:
        design: Floats = np.array(
            [float(q.reduce(self.typical)[0]) for q in self.shown]
        )
        provenance = {
            **self.typical.provenance,
            "model": base.network.name,
            "model_hash": base.fingerprint,
            "card_digest": base.product.digest if base.product else None,
            "settings": dict(settings),
        }
        return ScanResult(
            model=base.network.name,
            axes=tuple(self.axes),
            quantities=tuple(q.name for q in self.shown),
            units=tuple(q.unit for q in self.shown),
            labels=tuple(q.label for q in self.shown),
            values=self.values.reshape(*self.shape, len(self.shown)),
            status=self.status.reshape(self.shape),
            stopped=self.stopped.reshape(self.shape),
            design=design,
            regimen=str(self.regimen),
            days=float(self.typical.times[-1]),
            provenance=provenance,
        )
