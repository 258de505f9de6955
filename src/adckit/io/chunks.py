"""Chunks of a study on disk: Parquet files that are there whole or not at all.

    subjects/part-000000.parquet   one row per subject
    curves/part-000000.parquet     one row per subject and time
    manifest.jsonl                 one line per finished chunk, with SHA-256 of its files

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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adckit.errors import RunError
from adckit.studies.campaign import Chunk
from adckit.studies.drawing import Column

__all__ = ["CURVES", "MANIFEST", "SUBJECTS", "ChunkStore", "file_hash", "write_chunk"]

SUBJECTS, CURVES = "subjects", "curves"
"""Folders of the two tables."""
MANIFEST = "manifest.jsonl"

_PART = ".part"
_LEAST_ROWS = 2048  # DuckDB knows no smaller row group


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
        return json.dumps(self.__dict__, sort_keys=True) + "\n"


class ChunkStore:
    """The chunks of one run folder.

    Opening it drops whatever a process that ended too soon has left behind.

    Raises RunError when the folder cannot be used.
    """

    def __init__(self, folder: Path, units: Mapping[str, str], chunks: int) -> None:
        self.folder, self.units, self.chunks = folder, dict(units), chunks
        with _clear_errors(folder, self._progress):
            for name in (SUBJECTS, CURVES):
                (folder / name).mkdir(exist_ok=True)
                for left in (folder / name).glob(f"*{_PART}"):
                    left.unlink()
            self.entries = {e.chunk: e for e in _whole_entries(folder)}
            self._rewrite_manifest()

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
        with _clear_errors(self.folder, self._progress):
            files = {}
            for name, table in ((SUBJECTS, chunk.subjects), (CURVES, chunk.curves)):
                if len(table["subject"]):
                    file = f"{name}/part-{chunk.number:06d}.parquet"
                    units = {n: self.units[n] for n in table if n in self.units}
                    files[file] = write_chunk(self.folder / file, table, units)
            entry = _Entry(chunk.number, chunk.first, len(chunk), chunk.failed, files)
            _append(self.folder / MANIFEST, entry.line())
            self.entries[chunk.number] = entry

    def _rewrite_manifest(self) -> None:
        """Put the manifest in the order of chunks, without torn or stale lines."""
        path = self.folder / MANIFEST
        text = "".join(self.entries[n].line() for n in sorted(self.entries))
        if path.exists() and path.read_bytes() == text.encode():
            return
        part = path.with_suffix(_PART)
        try:
            with part.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        _flush_folder(self.folder)

    def _progress(self) -> str:
        done = len(getattr(self, "entries", ()))
        return f"{done} of {self.chunks} chunks are done and whole"


class _clear_errors:  # noqa: N801 - reads as a statement
    """Turns what the disk and DuckDB raise into a RunError that says what to do."""

    def __init__(self, folder: Path, progress: object) -> None:
        self.folder, self.progress = folder, progress
