"""A user's own subjects: a CSV or Parquet table with one row each.

A column is named as the model parameter that it gives, in that parameter's own unit; a
column `subject` (or `ID`) names the subjects, which are numbered without it.  A
parameter without a column is as in the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from adckit.errors import CardError, Issue, nearest_names
from adckit.io.interrupts import heard
from adckit.network.network import Network
from adckit.parameters import Parameter
from adckit.studies.drawing import Column, Floats
from adckit.studies.population import SubjectTable

__all__ = ["read_subjects"]

_NAMES = ("subject", "id")
_MOST = 5  # rows that one message names


def read_subjects(path: str | Path, network: Network) -> SubjectTable:
    """The subjects of a table, checked against a model.

    Raises CardError with every problem: unknown columns, what is no number, what is
    missing, what is outside a parameter's limits, names that are there twice.
    """
    file = Path(path)
    columns = _read(file)
    issues: list[Issue] = []
    known = {p.name: p for p in network.parameters}
    names: Column | None = None
    parameters: dict[str, Floats] = {}
    for name, column in columns.items():
        if name.lower() in _NAMES:
            names = np.array([str(value) for value in column.tolist()])
            issues += _same_names(file, names)
        elif name not in known:
            issues.append(Issue(f"{file.name}:1", _unknown(name, known)))
        else:
            values = _numbers(column)
            issues += _problems(file, known[name], values)
            parameters[name] = values
    count = len(next(iter(columns.values()), ()))
    if not count:
        issues.append(Issue(file.name, "The table has no row. Give one per subject."))
    if issues:
        raise CardError(f"'{file}' cannot be used as a table of subjects:", issues)
    if names is None:
        names = np.arange(1, count + 1, dtype=np.int64)
    units = {name: known[name].unit for name in parameters}
    return SubjectTable(names, parameters, units, f"the table {file.name}")


def _read(path: Path) -> dict[str, Column]:
    import duckdb

    text = str(path).replace("'", "''")
    reader = "read_parquet" if path.suffix.lower() == ".parquet" else "read_csv"
    options = "" if reader == "read_parquet" else ", header = true, auto_detect = true"
    if not path.is_file():
        raise CardError(f"There is no table '{path}'.", [])
    try:
        with heard(), duckdb.connect() as connection:
            found = connection.execute(f"SELECT * FROM {reader}('{text}'{options})")
            return dict(found.fetchnumpy())
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise CardError(f"The table '{path}' cannot be read: {reason}", []) from None


def _unknown(name: str, known: Sequence[str] | dict[str, Parameter]) -> str:
    near = nearest_names(name, known)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"Column '{name}' is no parameter of the model.{hint}"


def _numbers(column: Column) -> Floats:
    """A column as numbers; NaN where a value is missing or is none."""
    masked = np.ma.asarray(column)
    if masked.dtype.kind in "fiub":
        return np.ma.filled(masked.astype(np.float64), np.nan)
    return np.array([_number(value) for value in masked.tolist()])


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def _problems(path: Path, parameter: Parameter, values: Floats) -> list[Issue]:
    """Rows whose value cannot be used; row 1 is the one below the header."""
    low, high = parameter.bounds
    unit = f" {parameter.unit}" if parameter.unit not in ("", "1") else ""
    with np.errstate(invalid="ignore"):
        outside = (values < low) | (values > high)
    return [
        *_rows(path, parameter.name, ~np.isfinite(values), "is missing or no number"),
        *_rows(
            path,
            parameter.name,
            outside,
            f"is outside its limits, {low:g} to {high:g}{unit}",
        ),
    ]


def _rows(path: Path, name: str, bad: np.ndarray, what: str) -> list[Issue]:
    rows = np.flatnonzero(bad) + 1
    found = [
        Issue(f"{path.name}, row {row}", f"{name} {what}.") for row in rows[:_MOST]
    ]
    if len(rows) > _MOST:
        more = f"{name} {what} in {len(rows) - _MOST} more rows."
        found.append(Issue(path.name, more))
    return found


def _same_names(path: Path, names: Column) -> list[Issue]:
    seen: set[str] = set()
    twice: list[str] = []
    for name in names.tolist():
        if name in seen and name not in twice:
            twice.append(name)
        seen.add(name)
    return [
        Issue(path.name, f"The subject '{name}' is there twice. Give each one row.")
        for name in twice[:_MOST]
    ]
