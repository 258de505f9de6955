"""The run folder of an assay: what was asked for, every well, and how to repeat it.

run.json         the request, hashes of what answered it, versions, command
summary.json     IC50, GR50 and their kin of each line, beside published figures
doses.csv        a row per line and concentration: viability, GR, signal
doses.parquet    the same
curves.parquet   subject (well), time, one column per output; units in metadata
status.parquet   what became of every well
report.html      and pictures, by `adckit.report`
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from adckit.errors import RunError
from adckit.io.request import Request
from adckit.io.runs import check_folder, holds_run, load_run, write_text
from adckit.io.tables import Column, write_table
from adckit.studies.assay import Assay, LineResponse, Protocol, run_assay
from adckit.studies.dose_response import DoseResponse

__all__ = [
    "AssayRequest",
    "AssayRun",
    "begin_assay",
    "carry_out_assay",
    "describe_assay",
    "dose_table",
    "is_assay_run",
    "read_assay_run",
    "well_curves",
    "write_assay",
]

FORMAT = "assay 1"
"""Version of the layout of `run.json`."""


@dataclass(frozen=True)
class AssayRequest:
    """An assay as the command line asks for it."""

    base: Request
    """Product and settings; the cells are a setting."""
    protocol: Protocol

    def materialised(self, folder: Path) -> AssayRequest:
        """The same request with its files written anew below `folder`."""
        return replace(self, base=self.base.materialised(folder))


@dataclass(frozen=True)
class AssayRun:
    """What `run.json` says."""

    identity: str
    request: AssayRequest
    model: Mapping[str, Any]
    """Provenance of the model; see `Result.provenance`."""
    command: str
    versions: Mapping[str, str]


def carry_out_assay(request: AssayRequest) -> Assay:
    """Do what was asked for.  Raises AdckitError for a request that makes no sense."""
    base = request.base
    return run_assay(
        base.model,
        None,
        request.protocol,
        settings=base.settings,
        engine=base.engine,
        rtol=base.rtol,
    )


def describe_assay(request: AssayRequest, assay: Assay, command: str) -> AssayRun:
    """The run that this assay is the answer of."""
    model = dict(assay.result.provenance)
    versions = {**model.pop("versions"), "platform": platform.platform()}
    asked = {
        "files": sorted(request.base.files.values()),
        "protocol": asdict(request.protocol),
        "engine": [request.base.engine, request.base.rtol],
    }
    hashes = [model[key] for key in ("card_digest", "model_hash", "parameter_hash")]
    text = json.dumps([FORMAT, asked, hashes], sort_keys=True)
    mark = hashlib.sha256(text.encode()).hexdigest()
    return AssayRun(mark, request, model, command, versions)


def is_assay_run(folder: Path) -> bool:
    """Whether a folder holds an assay."""
    return holds_run(folder, FORMAT)


def begin_assay(folder: Path, run: AssayRun) -> None:
    """Make sure that a folder is empty or holds this very run.

    Raises RunError when it holds anything else, or cannot be made.
    """
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"Cannot use the folder '{folder}': {error.strerror}.") from None
    if not (folder / "run.json").exists():
        return
    if not is_assay_run(folder) or read_assay_run(folder).identity != run.identity:
        raise RunError(
            f"The folder '{folder}' holds another run. Nothing was written; give a "
            "folder that is new or empty, or remove it."
        )


def read_assay_run(folder: Path) -> AssayRun:
    """The assay that a folder holds.

    Raises RunError when there is none, or one that cannot be read.
    """
    path = folder / "run.json"
    content = load_run(path)
    try:
        if content["format"] != FORMAT:
            raise KeyError("format")
        asked = content["request"]
        request = AssayRequest(
            Request.from_json(asked["base"]), Protocol(**asked["protocol"])
        )
        return AssayRun(
            content["identity"],
            request,
            content["model"],
            content["command"],
            content["versions"],
        )
    except (KeyError, TypeError) as error:
        raise RunError(
            f"'{path}' is not an assay that this version reads ({error})."
        ) from None


def write_assay(folder: Path, run: AssayRun, assay: Assay) -> None:
    """Write the run, its tables and the status of its wells.

    Raises RunError when a file cannot be written.
    """
    request = run.request
    content = {
        "format": FORMAT,
        "identity": run.identity,
        "command": run.command,
        "request": {
            "base": request.base.to_json(),
            "protocol": asdict(request.protocol),
        },
        "model": dict(run.model),
        "versions": dict(run.versions),
    }
    write_text(folder / "run.json", json.dumps(content, indent=1) + "\n")
    rows = [_summary(line) for line in assay.lines]
    text = json.dumps(rows, indent=1, allow_nan=False)
    write_text(folder / "summary.json", text + "\n")
    table = dose_table(assay)
    write_text(folder / "doses.csv", _csv(table))
    units = {"concentration": assay.concentrations.unit, "concentration_nM": "nM"}
    write_table(folder / "doses.parquet", table, units)
    result = assay.result
    named = dict(zip(result.outputs, result.units, strict=True))
    write_table(folder / "curves.parquet", well_curves(assay), {"time": "day", **named})
    status = {"stopped": "day", "imbalance": ""}
    write_table(folder / "status.parquet", _status(assay), status)


def dose_table(assay: Assay) -> dict[str, Column]:
    """A row per line and concentration; NaN where a well failed."""
    tested = assay.concentrations
    count, lines = len(tested.values), len(assay.lines)
    return {
        "line": np.repeat([line.line for line in assay.lines], count),
        "concentration": np.tile(tested.values, lines),
        "concentration_nM": np.tile(tested.nanomolar, lines),
        "viability": np.concatenate([line.viability for line in assay.lines]),
        "gr": np.concatenate([line.growth for line in assay.lines]),
        "signal": np.concatenate([line.cells[1:, -1] for line in assay.lines]),
    }


def well_curves(assay: Assay) -> dict[str, Column]:
    """Every output of every well over time."""
    columns = {n: np.asarray(c) for n, c in assay.result.columns().items()}
    return {**columns, "subject": columns["subject"].astype(str)}


def _status(assay: Assay) -> dict[str, Column]:
    accounts = assay.result.accounts()
    return {
        "subject": np.array([one.subject for one in accounts]),
        "status": np.array([one.status.name.lower() for one in accounts]),
        "reason": np.array([one.reason for one in accounts]),
        "stopped": np.array([one.stopped for one in accounts]),
        "imbalance": np.array([one.imbalance for one in accounts]),
    }


def _csv(table: Mapping[str, Column]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow(["" if _missing(cell) else cell for cell in row])
    return target.getvalue()


def _missing(cell: object) -> bool:
    return isinstance(cell, float) and math.isnan(cell)


def _summary(line: LineResponse) -> dict[str, Any]:
    found: DoseResponse = line.response
    values = {
        "highest_nM": found.highest,
        "ic50_nM": found.ic50,
        "ic50_absolute_nM": found.ic50_absolute,
        "plateau": found.plateau,
        "slope": found.slope,
        "gr50_nM": found.gr50,
        "gr_max": found.gr_max,
        "auc": found.auc,
        "fit_residual": found.fit.residual if found.fit is not None else None,
    }
    published = [
        {
            "quantity": seen.quantity,
            "value": seen.value,
            "unit": seen.unit,
            "hours": seen.hours,
            "role": seen.role,
            "condition": seen.condition or None,
            "source": str(seen.source),
        }
        for seen in line.published
    ]
    finite = {
        name: None if value is None or not math.isfinite(value) else value
        for name, value in values.items()
    }
    return {"line": line.line, **finite, "published": published}
