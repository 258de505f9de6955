"""Chunks of a study on disk: Parquet files that are there whole or not at all.

    subjects/part-000000.parquet   one row per subject
    curves/part-000000.parquet     one row per subject and time
    manifest.jsonl                 one line per finished chunk, with its files' SHA-256

A file is written under another name, flushed to the disk and renamed; only then the
chunk's line is added.  So after a crash, a kill or a full disk every line stands for
files that are whole, and what has no line is computed again.  The same numbers give the
same bytes: one thread, one row group, one codec, no dates.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from adckit.errors import RunError
from adckit.io.interrupts import heard
from adckit.studies.campaign import Chunk
from adckit.studies.drawing import Column

__all__ = ["CURVES", "MANIFEST", "SUBJECTS", "ChunkStore", "file_hash", "write_chunk"]

SUBJECTS, CURVES = "subjects", "curves"
"""Folders of the two tables."""
MANIFEST = "manifest.jsonl"

_PART = ".part"
_LEAST_ROWS = 2048  # DuckDB makes no smaller row group


@dataclass(frozen=True)
class _Entry:
    """One line of the manifest."""

    chunk: int
    first: int
    count: int
    failed: int
    files: Mapping[str, str]
    """File, relative to the folder → SHA-256."""

    def line(self) -> str:
        return json.dumps(asdict(self), sort_keys=True) + "\n"


class ChunkStore:
    """The chunks of one run folder.

    Opening it drops whatever a process that ended too soon has left behind.

    Raises RunError when the folder cannot be used.
    """

    def __init__(self, folder: Path, units: Mapping[str, str], chunks: int) -> None:
        self.folder, self.units, self.chunks = folder, dict(units), chunks
        self.entries: dict[int, _Entry] = {}
        with self._clear_errors():
            for name in (SUBJECTS, CURVES):
                (folder / name).mkdir(exist_ok=True)
                for left in (folder / name).glob(f"*{_PART}"):
                    left.unlink()
            self.entries = {e.chunk: e for e in _whole_entries(folder)}
            self._tidy_manifest()

    def has(self, number: int) -> bool:
        """Whether a chunk is there, whole."""
        return number in self.entries

    def failures(self, number: int) -> int:
        """How many subjects of a chunk failed."""
        return self.entries[number].failed

    @property
    def complete(self) -> bool:
        """Whether every chunk is there."""
        return len(self.entries) == self.chunks

    def put(self, chunk: Chunk) -> None:
        """Write a chunk.

        Raises RunError when it cannot be written, also for a full disk.
        """
        with self._clear_errors():
            files = {}
            for name, table in ((SUBJECTS, chunk.subjects), (CURVES, chunk.curves)):
                if len(table["subject"]):
                    file = f"{name}/part-{chunk.number:06d}.parquet"
                    units = {n: self.units[n] for n in table if n in self.units}
                    files[file] = write_chunk(self.folder / file, table, units)
            entry = _Entry(chunk.number, chunk.first, len(chunk), chunk.failed, files)
            with (self.folder / MANIFEST).open("ab") as manifest:
                manifest.write(entry.line().encode())
                _flush(manifest)
            self.entries[chunk.number] = entry

    def _tidy_manifest(self) -> None:
        """Put the manifest in the order of chunks, without torn or stale lines."""
        path = self.folder / MANIFEST
        text = "".join(self.entries[n].line() for n in sorted(self.entries))
        if path.exists() and path.read_bytes() == text.encode():
            return
        part = path.with_suffix(_PART)
        try:
            with part.open("wb") as file:
                file.write(text.encode())
                _flush(file)
            _rename(part, path)
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """What the disk and DuckDB raise, as a RunError that says what to do."""
        import duckdb

        try:
            yield
        except (OSError, duckdb.Error) as error:
            kept = f"{len(self.entries)} of {self.chunks} chunks are done and kept"
            if _is_full(error):
                raise RunError(
                    f"The disk of '{self.folder}' is full. {kept}. Free some space, "
                    f"then: adckit resume {self.folder}"
                ) from None
            reason = str(error).splitlines()[0]
            raise RunError(
                f"Cannot write into '{self.folder}': {reason}. {kept}. When that is "
                f"mended: adckit resume {self.folder}"
            ) from None


def write_chunk(
    path: Path, table: Mapping[str, Column], units: Mapping[str, str]
) -> str:
    """Write columns of one length as a Parquet file; its SHA-256.

    NaN is written as missing.  The units of the columns are in the file's metadata
    under `units`, as JSON.

    Raises OSError or duckdb.Error, and leaves no file, when it cannot be written.
    """
    import duckdb

    columns = ", ".join(
        f"CASE WHEN isnan({_name(n)}) THEN NULL ELSE {_name(n)} END AS {_name(n)}"
        if column.dtype.kind == "f"
        else _name(n)
        for n, column in table.items()
    )
    rows = max(_LEAST_ROWS, max(len(column) for column in table.values()))
    part = path.with_suffix(_PART)
    options = (
        f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {rows}, "
        f"KV_METADATA {{units: {_text(json.dumps(dict(units)))}}}"
    )
    try:
        with heard(), duckdb.connect(config={"threads": 1}) as connection:
            connection.execute("SET preserve_insertion_order = true")
            connection.register("source", dict(table))
            connection.execute(
                f"COPY (SELECT {columns} FROM source) TO {_text(str(part))} ({options})"
            )
        with part.open("rb+") as file:
            _flush(file)
        digest = file_hash(part)
        _rename(part, path)
    finally:
        part.unlink(missing_ok=True)
    return digest


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _whole_entries(folder: Path) -> Iterator[_Entry]:
    """The lines of the manifest whose files are there and whole."""
    path = folder / MANIFEST
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in text.splitlines(keepends=True):
        try:
            entry = _Entry(**json.loads(line))
        except (ValueError, TypeError):
            continue  # the line that was being written when the process ended
        files = [(folder / name, digest) for name, digest in entry.files.items()]
        if all(p.is_file() and file_hash(p) == digest for p, digest in files):
            yield entry


def _flush(file: IO[bytes]) -> None:
    """Make sure that what was written is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def _rename(part: Path, path: Path) -> None:
    """Give a finished file its name, for good."""
    os.replace(part, path)
    if os.name == "posix":  # elsewhere a folder cannot be opened, nor need it be
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _is_full(error: Exception) -> bool:
    number = getattr(error, "errno", None)
    return (
        number in (errno.ENOSPC, errno.EDQUOT) or "no space left" in str(error).lower()
    )


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
