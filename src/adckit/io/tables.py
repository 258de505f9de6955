"""Tables on disk: Parquet, written and read through DuckDB.

A file is written under another name and then renamed, so that it is there whole or not
at all.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adckit.errors import RunError
from adckit.io.interrupts import heard
from adckit.studies.case import Case

__all__ = [
    "curve_table",
    "curve_units",
    "read_table",
    "read_units",
    "status_table",
    "write_table",
]

Column = NDArray[Any]


def curve_table(cases: Sequence[Case]) -> dict[str, Column]:
    """The curves of all cases: product, subject, time, then one column per output.

    One row per case, subject and time; NaN where a subject failed or a case has no such
    output.
    """
    outputs = _outputs(cases)
    blocks: dict[str, list[Column]] = {
        name: [] for name in ("product", "subject", "time", *outputs)
    }
    for case in cases:
        result = case.result
        subjects, times, _ = result.values.shape
        blocks["product"].append(np.full(subjects * times, case.label))
        blocks["subject"].append(np.repeat(np.array(result.subjects), times))
        blocks["time"].append(np.tile(result.times, subjects))
        for name in outputs:
            column = np.full(subjects * times, np.nan)
            if name in result.outputs:
                column = result.curve(name).ravel()
            blocks[name].append(column)
    return {name: np.concatenate(parts) for name, parts in blocks.items()}


def curve_units(cases: Sequence[Case]) -> dict[str, str]:
    """Column of the curve table → its unit."""
    units = {"time": "day"}
    for case in reversed(cases):
        units |= dict(zip(case.result.outputs, case.result.units, strict=True))
    return units


def _outputs(cases: Sequence[Case]) -> list[str]:
    """Every output once, in the order of the first case that has it."""
    return list(dict.fromkeys(name for case in cases for name in case.result.outputs))


def status_table(cases: Sequence[Case]) -> dict[str, Column]:
    """What became of each subject: one row per case and subject."""
    rows = [
        (case.label, account) for case in cases for account in case.result.accounts()
    ]
    return {
        "product": np.array([label for label, _ in rows]),
        "subject": np.array([account.subject for _, account in rows]),
        "status": np.array([account.status.name.lower() for _, account in rows]),
        "reason": np.array([account.reason for _, account in rows]),
        "stopped": np.array([account.stopped for _, account in rows]),
        "steps": np.array([account.steps for _, account in rows]),
        "rejected": np.array([account.rejected for _, account in rows]),
        "imbalance": np.array([account.imbalance for _, account in rows]),
    }


def write_table(
    path: Path, table: Mapping[str, Column], units: Mapping[str, str]
) -> None:
    """Write columns of one length as Parquet; NaN is written as missing.

    The units of the columns go into the file's metadata under `units`, as JSON.

    Raises RunError when the file cannot be written.
    """
    import duckdb

    columns = ", ".join(
        f"CASE WHEN isnan({_name(n)}) THEN NULL ELSE {_name(n)} END AS {_name(n)}"
        if column.dtype.kind == "f"
        else _name(n)
        for n, column in table.items()
    )
    metadata = f"KV_METADATA {{units: {_text(json.dumps(dict(units)))}}}"
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        with heard(), duckdb.connect() as connection:
            connection.register("source", dict(table))
            connection.execute(
                f"COPY (SELECT {columns} FROM source) TO {_text(part)} "
                f"(FORMAT parquet, COMPRESSION zstd, {metadata})"
            )
        os.chmod(part, 0o644)
        os.replace(part, path)
    except (duckdb.Error, OSError) as error:
        Path(part).unlink(missing_ok=True)
        raise RunError(f"Cannot write '{path}': {error}") from None


def read_table(path: Path) -> dict[str, Column]:
    """The columns of a Parquet file; missing numbers are NaN.

    Raises RunError when the file cannot be read.
    """
    import duckdb

    try:
        with heard(), duckdb.connect() as connection:
            found = connection.execute(
                f"SELECT * FROM read_parquet({_text(str(path))})"
            ).fetchnumpy()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"Cannot read '{path}': {reason}") from None
    return {
        name: np.ma.filled(np.ma.asarray(column), np.nan)
        if column.dtype.kind == "f"
        else np.asarray(column)
        for name, column in found.items()
    }


def read_units(path: Path) -> dict[str, str]:
    """Column → unit, as `write_table` noted them.

    Raises RunError when the file cannot be read.
    """
    import duckdb

    query = (
        f"SELECT value FROM parquet_kv_metadata({_text(str(path))}) WHERE key = 'units'"
    )
    try:
        with heard(), duckdb.connect() as connection:
            found = connection.execute(query).fetchone()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"Cannot read '{path}': {reason}") from None
    units: dict[str, str] = json.loads(found[0]) if found else {}
    return units


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
