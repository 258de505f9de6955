"""The folder of a scan: what was asked for, the grid, and how to repeat it.

run.json        the request, the hashes of what answered it, versions, command
scan.parquet    one row per grid point: axes, quantities, status, reason
scan.csv        the same, to read
report.html, scan.png   by `adckit.report`
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adckit.errors import RunError
from adckit.io.request import Request
from adckit.io.runs import check_folder, holds_run, load_run, write_text
from adckit.io.tables import read_table, write_table
from adckit.library.shelf import is_path
from adckit.studies.scan import Report, scan
from adckit.studies.scan_result import ScanResult

__all__ = [
    "ScanRequest",
    "ScanRun",
    "compare_scan",
    "describe_scan",
    "is_scan_run",
    "open_scan_folder",
    "read_scan_run",
    "run_scan",
    "write_scan",
]

FORMAT = "scan 1"
"""Version of the layout of `run.json`."""
_HASHES = ("card_digest", "model_hash", "parameter_hash", "regimen")


@dataclass(frozen=True)
class ScanRequest:
    """A scan as the command line asks for it."""

    base: Request
    """The design that is varied."""
    over: tuple[str, ...]
    show: tuple[str, ...]
    points: int


@dataclass(frozen=True)
class ScanRun:
    """What `run.json` says."""

    identity: str
    request: ScanRequest
    model: Mapping[str, Any]
    """Provenance of the design."""
    command: str
    versions: Mapping[str, str]


def run_scan(
    request: ScanRequest, *, threads: int | None = None, report: Report | None = None
) -> ScanResult:
    """Carry out a request.  Raises AdckitError for one that makes no sense."""
    base = request.base
    return scan(
        base.model,
        request.over,
        request.show,
        points=request.points,
        regimen=base.regimen,
        days=base.days,
        settings=base.settings,
        engine=base.engine,
        rtol=base.rtol,
        threads=threads,
        report=report,
    )


def describe_scan(request: ScanRequest, result: ScanResult, command: str) -> ScanRun:
    """The run that this result is the answer of."""
    model = dict(result.provenance)
    versions = {**model.pop("versions"), "platform": platform.platform()}
    return ScanRun(_identity(request, model), request, model, command, versions)


def _identity(request: ScanRequest, model: Mapping[str, Any]) -> str:
    """SHA-256 of all that decides the numbers; where files lie does not count."""
    base = request.base
    moved = {path: os.path.basename(path) for path in base.files}
    asked = {
        **base.to_json(),
        "model": moved.get(base.model, base.model),
        "settings": {k: moved.get(v, v) for k, v in base.settings.items()},
        "files": sorted(base.files.values()),
    }
    grid = [list(request.over), list(request.show), request.points]
    grid.append(_cards_on_axes(request.over))
    hashes = [model[name] for name in _HASHES]
    text = json.dumps([FORMAT, asked, grid, hashes], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _cards_on_axes(over: Sequence[str]) -> list[str]:
    """The text of every card file that an axis names."""
    words = [
        word.strip() for text in over for word in text.partition("=")[2].split(",")
    ]
    paths = [Path(word) for word in words if is_path(word) and Path(word).is_file()]
    return [path.read_text(encoding="utf-8", errors="replace") for path in paths]


def is_scan_run(folder: Path) -> bool:
    """Whether a folder holds a scan."""
    return holds_run(folder, FORMAT)


def read_scan_run(folder: Path) -> ScanRun:
    """The scan that a folder holds.

    Raises RunError when there is none, or one that cannot be read.
    """
    path = folder / "run.json"
    content = load_run(path)
    try:
        if content.pop("format") != FORMAT:
            raise KeyError("format")
        request = content.pop("request")
        asked = ScanRequest(
            Request.from_json(request["base"]),
            tuple(request["over"]),
            tuple(request["show"]),
            request["points"],
        )
        return ScanRun(request=asked, **content)
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"'{path}' is not a scan that this version reads ({error})."
        ) from None


def open_scan_folder(path: Path, run: ScanRun) -> Path:
    """The folder for a scan, made if it is not there.

    Raises RunError when it holds anything but this very scan.
    """
    if is_scan_run(path):
        old = read_scan_run(path)
        if old.identity != run.identity:
            raise RunError(
                f"The folder '{path}' holds another run: {old.command}. Nothing was "
                "written; give a folder that is new or empty, or remove it."
            )
        return path
    check_folder(path)
    if (path / "run.json").exists():
        raise RunError(
            f"The folder '{path}' holds another run. Nothing was written; give a "
            "folder that is new or empty, or remove it."
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"Cannot use the folder '{path}': {error.strerror}.") from None
    return path


def write_scan(folder: Path, run: ScanRun, result: ScanResult) -> None:
    """Write the run and its grid.  Raises RunError when a file cannot be written."""
    content = {"format": FORMAT, **asdict(run)}
    write_text(folder / "run.json", json.dumps(content, indent=1) + "\n")
    columns = result.columns()
    write_table(folder / "scan.parquet", columns, result.column_units())
    write_text(folder / "scan.csv", _csv(columns, result.column_units()))


def _csv(columns: Mapping[str, np.ndarray], units: Mapping[str, str]) -> str:
    """The table with the unit behind each name; empty where there is no number."""
    place = io.StringIO()
    writer = csv.writer(place, lineterminator="\n")
    writer.writerow(
        f"{name} [{units[name]}]" if units.get(name) else name for name in columns
    )
    for row in zip(*columns.values(), strict=True):
        writer.writerow("" if _missing(value) else value for value in row)
    return place.getvalue()


def _missing(value: object) -> bool:
    return isinstance(value, float) and np.isnan(value)


def compare_scan(folder: Path, result: ScanResult) -> tuple[float, int, int]:
    """Largest relative difference to the scan in a folder, and how it spread.

    Returns it with the number of numbers, and how many of them are on one side alone.

    Raises RunError when the table cannot be read or has another form.
    """
    old, new = read_table(folder / "scan.parquet"), result.columns()
    if list(old) != list(new) or len(old["status"]) != len(new["status"]):
        raise RunError(f"The table in '{folder}' has another form than the new one.")
    largest, count, lost = 0.0, 0, 0
    for name in result.quantities:
        before, after = old[name].astype(float), new[name].astype(float)
        both = np.isfinite(before) & np.isfinite(after)
        lost += int(np.count_nonzero(np.isfinite(before) != np.isfinite(after)))
        count += len(before)
        size = np.maximum(np.abs(before[both]), np.abs(after[both]))
        gap = np.abs(before[both] - after[both]) / np.where(size > 0, size, 1.0)
        largest = max(largest, float(gap.max(initial=0.0)))
    return largest, count, lost
