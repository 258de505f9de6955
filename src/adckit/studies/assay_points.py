"""Measured points of an assay, from a table of the user's, to be drawn beside it.

A CSV file with the columns `cell_line`, `conc`, `conc_unit`, `response` (in % of the
control); other columns are left alone.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adckit.errors import AdckitError, CardError, Issue
from adckit.library.shelf import same_name
from adckit.studies.concentrations import unit_per_nanomolar

__all__ = ["read_points"]

Floats = NDArray[np.float64]

_COLUMNS = ("cell_line", "conc", "conc_unit", "response")


def read_points(
    path: Path, lines: tuple[str, ...], molar_mass: float
) -> Mapping[str, tuple[Floats, Floats]]:
    """Line → concentrations in nM and responses as shares of the control.

    Raises CardError with every line of the file that cannot be read, and AdckitError
    for a file without points of these cell lines.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows, names = list(reader), reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is no CSV file in UTF-8"
        raise AdckitError(f"Cannot read the points '{path}': {reason}.") from None
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise AdckitError(
            f"'{path}' has no column {' and '.join(missing)}. It needs the columns "
            f"{', '.join(_COLUMNS)}."
        )
    issues: list[Issue] = []
    found: dict[str, list[tuple[float, float]]] = {}
    for number, row in enumerate(rows, 2):
        line = next((x for x in lines if same_name(row["cell_line"] or "", x)), None)
        if line is None:
            continue
        try:
            point = _point(row, molar_mass)
        except (ValueError, AdckitError) as error:
            issues.append(Issue(f"{path}:{number}", str(error)))
            continue
        found.setdefault(line, []).append(point)
    if issues:
        raise CardError(f"The points '{path}' cannot be used.", issues)
    if not found:
        there = ", ".join(dict.fromkeys(row["cell_line"] or "?" for row in rows))
        raise AdckitError(
            f"'{path}' has no points of {' or '.join(lines)}; it has {there}."
        )
    return {line: _sorted(points) for line, points in found.items()}


def _point(row: Mapping[str, str], molar_mass: float) -> tuple[float, float]:
    values = []
    for name in ("conc", "response"):
        try:
            values.append(float(row[name] or "nan"))
        except ValueError:
            values.append(math.nan)
        if not math.isfinite(values[-1]):
            raise ValueError(f"'{row[name]}' in column {name} is no number.")
    per_nanomolar = unit_per_nanomolar(row["conc_unit"] or "", molar_mass)
    return values[0] / per_nanomolar, values[1] / 100


def _sorted(points: list[tuple[float, float]]) -> tuple[Floats, Floats]:
    table = np.array(sorted(points))
    return table[:, 0], table[:, 1]
