"""Whether a study that is computed again gives what its folder holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from adckit.io.chunks import CURVES, SUBJECTS
from adckit.io.comparing import Comparison, compare_columns
from adckit.io.tables import read_table
from adckit.studies.campaign import Chunk

__all__ = ["ComparingStore"]

_EFFORT = ("reason", "retried", "suspicious", "steps", "rejected", "imbalance")
"""Columns on how a subject was solved, which another version may do otherwise."""


class ComparingStore:
    """A store that keeps nothing and compares everything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.comparison = Comparison(True, 0.0)

    def has(self, number: int) -> bool:
        """Nothing is taken for granted."""
        return False

    def failures(self, number: int) -> int:
        """Never asked, because nothing is there."""
        return 0

    def put(self, chunk: Chunk) -> None:
        """Compare a chunk with the one in the folder.

        Raises RunError when the folder does not have it.
        """
        for name, table in ((SUBJECTS, chunk.subjects), (CURVES, chunk.curves)):
            if not len(table["subject"]):
                continue
            old = read_table(self.folder / name / f"part-{chunk.number:06d}.parquet")
            new = {n: c for n, c in table.items() if n not in _EFFORT}
            old = {n: c for n, c in old.items() if n not in _EFFORT}
            found = compare_columns(old, new)
            if not found.identical:
                largest = max(found, self.comparison, key=lambda c: c.largest)
                self.comparison = replace(largest, identical=False)
