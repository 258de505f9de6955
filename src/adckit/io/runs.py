"""The run folder: everything about one simulation, and how to repeat it.

    run.json         the request, the hashes of what answered it, versions, command
    summary.json     the rows of the table
    curves.parquet   product, subject, time, one column per output; units in metadata
    status.parquet   what became of every subject
    uncertainty.parquet, tornado.json   where they were asked for
    profiles.parquet what is in every ring of a Krogh cylinder, with one subject only
    report.html      and pictures, by `adckit.report`

A folder belongs to one run.  Writing the same run again replaces its files one by one,
each whole or not at all; any other folder that holds something is left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adckit.errors import RunError
from adckit.io.profiles import profile_table, profile_units
from adckit.io.request import Request
from adckit.io.tables import curve_table, curve_units, status_table, write_table
from adckit.studies.case import Case
from adckit.studies.summary import SummaryRow

__all__ = [
    "Run",
    "check_folder",
    "describe_run",
    "differences",
    "holds_run",
    "identity",
    "load_run",
    "new_folder",
    "open_folder",
    "read_run",
    "summary_rows",
    "write_bytes",
    "write_results",
    "write_text",
]

FORMAT = 1
"""Version of the layout of `run.json`."""

DEFAULT_PARENT = "adckit-runs"
"""Where runs go, in the current folder, when no folder is given."""


@dataclass(frozen=True)
class Run:
    """What `run.json` says."""

    identity: str
    request: Request
    models: tuple[Mapping[str, Any], ...]
    """Provenance of each model, with its label; see `Result.provenance`."""
    command: str
    versions: Mapping[str, str]


def describe_run(request: Request, cases: Sequence[Case], command: str) -> Run:
    """The run that these cases are the answer of."""
    models = []
    for case in cases:
        provenance = dict(case.result.provenance)
        versions = provenance.pop("versions")
        models.append({"label": case.label, **provenance})
    versions = {**versions, "platform": platform.platform()}
    return Run(identity(request, models), request, tuple(models), command, versions)


def identity(request: Request, models: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of all that decides the numbers: the request, the cards, the equations.

    Where the files of the request lie does not count, nor what the command looked like.
    """
    moved = {path: os.path.basename(path) for path in request.files}
    asked = {
        **request.to_json(),
        "model": moved.get(request.model, request.model),
        "compare": [moved.get(name, name) for name in request.compare],
        "settings": {k: moved.get(v, v) for k, v in request.settings.items()},
        "files": sorted(request.files.values()),
    }
    if request.doses is not None:
        asked["doses"] = {**asked["doses"], "path": ""}
    hashes = [
        [m["card_digest"], m["model_hash"], m["parameter_hash"], m["regimen"]]
        for m in models
    ]
    text = json.dumps([FORMAT, asked, hashes], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_folder(path: Path) -> None:
    """Make sure that a folder may take a run, as far as can be said beforehand.

    Raises RunError when it holds files but no run.
    """
    if path.exists() and not path.is_dir():
        raise RunError(f"'{path}' is a file. Give a folder that is new or empty.")
    held = _names_in(path) if path.exists() else []
    if held and "run.json" not in held:
        raise RunError(
            f"The folder '{path}' holds {held[0]} and no run. Nothing was written; "
            "give a folder that is new or empty."
        )


def _names_in(path: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        raise RunError(f"Cannot use the folder '{path}': {error.strerror}.") from None


def open_folder(path: Path, run: Run) -> Path:
    """The folder for a run, made if it is not there.

    Raises RunError when it holds anything but this very run.
    """
    check_folder(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"Cannot use the folder '{path}': {error.strerror}.") from None
    if not _names_in(path):
        return path
    if read_run(path).identity != run.identity:
        raise RunError(
            f"The folder '{path}' holds another run: {read_run(path).command}. "
            "Nothing was written; give a folder that is new or empty, or remove it."
        )
    return path


def new_folder(name: str, parent: Path | None = None) -> Path:
    """A new folder `<name>-<n>` with the next number that is free.

    Raises RunError when it cannot be made.
    """
    parent = parent or Path(DEFAULT_PARENT)
    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("-.")
    number = 1
    while True:
        path = parent / f"{plain or 'run'}-{number}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise RunError(
                f"Cannot make the folder '{path}': {error.strerror}."
            ) from None
        else:
            return path


def write_results(folder: Path, run: Run, cases: Sequence[Case]) -> None:
    """Write the run, its table, its curves, profiles and the status of its subjects.

    Raises RunError when a file cannot be written.
    """
    content = {
        "format": FORMAT,
        "identity": run.identity,
        "command": run.command,
        "request": run.request.to_json(),
        "models": [dict(model) for model in run.models],
        "versions": dict(run.versions),
    }
    write_text(folder / "run.json", json.dumps(content, indent=1) + "\n")
    rows = json.dumps(summary_rows(cases), indent=1, allow_nan=False)
    write_text(folder / "summary.json", rows + "\n")
    write_table(folder / "curves.parquet", curve_table(cases), curve_units(cases))
    units = {"stopped": "day", "imbalance": ""}
    write_table(folder / "status.parquet", status_table(cases), units)
    profiles = profile_table(cases)
    if profiles:
        write_table(folder / "profiles.parquet", profiles, profile_units(cases))


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all.

    Raises RunError when it cannot be written.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises RunError when it cannot be written.
    """
    part = None
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(part, 0o644)
        os.replace(part, path)
    except OSError as error:
        if part is not None:
            Path(part).unlink(missing_ok=True)
        raise RunError(f"Cannot write '{path}': {error.strerror}.") from None


def summary_rows(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """The rows of `summary.json`."""
    return [_row(case, row) for case in cases for row in case.rows]


def _row(case: Case, row: SummaryRow) -> dict[str, Any]:
    return {
        "product": case.label,
        "subject": row.subject,
        "analyte": row.analyte,
        "quantity": row.quantity,
        "value": row.value,
        "unit": row.unit,
        "published": row.published,
        "published_spread": None if row.spread is None else str(row.spread),
        "published_n": row.n,
        "published_role": row.role or None,
        "ratio": row.ratio,
        "within_spread": row.within,
        "source": row.source or None,
        "condition": row.condition or None,
        "note": row.note or None,
    }


def holds_run(folder: Path, form: str) -> bool:
    """Whether a folder holds a run of this form."""
    try:
        content = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == form


def load_run(path: Path) -> Any:
    """The content of a `run.json`, of whatever form.

    Raises RunError when there is none, or it is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(
            f"Cannot read '{path}': {error.strerror}. Give the folder of a run, "
            "such as `adckit simulate` prints."
        ) from None
    except ValueError as error:
        raise RunError(f"'{path}' is not JSON: {error}.") from None


def read_run(folder: Path) -> Run:
    """The run that a folder holds.

    Raises RunError when there is none, or one that cannot be read.
    """
    path = folder / "run.json"
    content = load_run(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RunError(f"'{path}' is not a run of a form that this version reads.")
    try:
        return Run(
            content["identity"],
            Request.from_json(content["request"]),
            tuple(content["models"]),
            content["command"],
            content["versions"],
        )
    except KeyError as error:
        raise RunError(f"'{path}' lacks {error}.") from None


_HASHES = {
    "card_digest": "the card",
    "parameter_hash": "the set of parameter values",
    "model_hash": "the set of equations",
    "regimen": "the regimen",
}


def differences(old: Run, new: Run) -> tuple[list[str], list[str]]:
    """What makes a repetition another run, and what may: (fatal, harmless)."""
    fatal = [
        f"{before['label']}: {words} differs ({_brief(before[key])} then, "
        f"{_brief(after[key])} now)"
        for before, after in zip(old.models, new.models, strict=True)
        for key, words in _HASHES.items()
        if before.get(key) != after.get(key)
    ]
    harmless = [
        f"{name} was {old.versions.get(name, 'absent')}, is {version}"
        for name, version in new.versions.items()
        if old.versions.get(name) != version
    ]
    return fatal, harmless


def _brief(value: object) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 else text
