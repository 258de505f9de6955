"""The folder of a study of tumours in mice, and how to repeat it.

run.json         the study, the hashes of what answered it, versions, command
summary.json     one row per arm: what was given and the measures
curves.parquet   product (the arm, or the arm's animals), subject, time, outputs
status.parquet   what became of every animal
report.html      and xenograft.png, by `adckit.report`
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adckit.errors import RunError
from adckit.io.runs import check_folder, holds_run, load_run, new_folder, write_text
from adckit.io.study_request import StudyRequest
from adckit.io.tables import curve_table, curve_units, status_table, write_table
from adckit.studies.tumour_growth import Measures
from adckit.studies.xenograft import StudyOutcome

__all__ = [
    "StudyRun",
    "changes",
    "describe_study",
    "is_study_run",
    "read_study_run",
    "study_folder",
    "study_rows",
    "write_study",
]

FORMAT = "xenograft 1"
"""Version of the layout of `run.json`."""
_HASHES = {
    "card_digest": "the card",
    "parameter_hash": "the set of parameter values",
    "model_hash": "the set of equations",
}


@dataclass(frozen=True)
class StudyRun:
    """What `run.json` says."""

    identity: str
    request: StudyRequest
    models: tuple[Mapping[str, Any], ...]
    """Provenance of the model of each arm."""
    command: str
    versions: Mapping[str, str]


def describe_study(
    request: StudyRequest, outcome: StudyOutcome, command: str
) -> StudyRun:
    """The run that an outcome is the answer of."""
    models = []
    for one in outcome.arms:
        provenance = dict(one.typical.result.provenance)
        versions = provenance.pop("versions")
        models.append({"label": one.arm.name, **provenance})
    versions = {**versions, "platform": platform.platform()}
    return StudyRun(
        _identity(request, models), request, tuple(models), command, versions
    )


def _identity(request: StudyRequest, models: list[dict[str, Any]]) -> str:
    """SHA-256 of all that decides the numbers; not of where files lie."""
    asked = request.to_json()
    for arm, one in zip(asked["arms"], request.arms, strict=True):
        moved = {path: os.path.basename(path) for path in one.base.files}
        arm["base"]["model"] = moved.get(one.base.model, one.base.model)
        arm["base"]["settings"] = {
            key: moved.get(value, value) for key, value in one.base.settings.items()
        }
        arm["base"]["files"] = sorted(one.base.files.values())
    hashes = [[model[key] for key in _HASHES] for model in models]
    text = json.dumps([FORMAT, asked, hashes], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def study_folder(path: Path | None, run: StudyRun) -> Path:
    """The folder for a study: a new one, or the one asked for.

    Raises RunError when that holds anything but this very study.
    """
    if path is None:
        return new_folder(run.request.title)
    check_folder(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"Cannot use the folder '{path}': {error.strerror}.") from None
    if (path / "run.json").exists():
        known = is_study_run(path) and read_study_run(path)
        if not known or known.identity != run.identity:
            raise RunError(
                f"The folder '{path}' holds another run. Nothing was written; give a "
                "folder that is new or empty, or remove it."
            )
    return path


def write_study(folder: Path, run: StudyRun, outcome: StudyOutcome) -> None:
    """Write the study, its table, its curves and the status of its animals.

    Raises RunError when a file cannot be written.
    """
    content = {"format": FORMAT, **asdict(run)}
    write_text(folder / "run.json", json.dumps(content, indent=1) + "\n")
    rows = {
        "day_of_evaluation": outcome.day,
        "size_mm3": outcome.size,
        "control": None
        if outcome.control is None
        else run.request.arms[outcome.control].name,
        "arms": study_rows(outcome),
    }
    text = json.dumps(rows, indent=1, allow_nan=False)
    write_text(folder / "summary.json", text + "\n")
    cases = outcome.cases
    write_table(folder / "curves.parquet", curve_table(cases), curve_units(cases))
    units = {"stopped": "day", "imbalance": ""}
    write_table(folder / "status.parquet", status_table(cases), units)


def study_rows(outcome: StudyOutcome) -> list[dict[str, Any]]:
    """The rows of `summary.json`; a size that is never reached is null."""
    rows = []
    every = zip(outcome.arms, outcome.measures, outcome.typical, strict=True)
    for one, group, typical in every:
        exposure = {
            f"{row.analyte}_{row.quantity}_{row.unit}": row.value
            for row in one.typical.rows
            if (row.analyte, row.quantity) in _EXPOSURE and not one.arm.control
        }
        rows.append(
            {
                "arm": one.arm.name,
                "given": one.arm.given,
                "group": _plain(group) if one.group is not None else None,
                "typical": _plain(typical),
                "exposure": exposure,
            }
        )
    return rows


_EXPOSURE = (
    ("conjugate", "cmax"),
    ("conjugate", "auc_inf"),
    ("conjugate", "half_life"),
    ("total_antibody", "auc_inf"),
)


def _plain(measures: Measures) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in asdict(measures).items()
    }


def is_study_run(folder: Path) -> bool:
    """Whether a folder holds a study of tumours in mice."""
    return holds_run(folder, FORMAT)


def read_study_run(folder: Path) -> StudyRun:
    """The study that a folder holds.

    Raises RunError when there is none, or one that cannot be read.
    """
    path = folder / "run.json"
    content = load_run(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RunError(f"'{path}' is no study of a form that this version reads.")
    try:
        return StudyRun(
            content["identity"],
            StudyRequest.from_json(content["request"]),
            tuple(content["models"]),
            content["command"],
            content["versions"],
        )
    except KeyError as error:
        raise RunError(f"'{path}' lacks {error}.") from None


def changes(old: StudyRun, new: StudyRun) -> tuple[list[str], list[str]]:
    """What makes a repetition another study, and what may: (fatal, harmless)."""
    fatal = [
        f"{before['label']}: {words} differs"
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
