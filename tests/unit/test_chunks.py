"""Chunks on disk: whole or absent, the same bytes for the same numbers, one process."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from adckit.errors import RunError
from adckit.io.chunks import MANIFEST, ChunkStore, file_hash, write_chunk
from adckit.io.interrupts import heard
from adckit.io.locks import LOCK, locked
from adckit.studies.campaign import Chunk

UNITS = {"time": "day", "x": "nM"}


def chunk(number: int, rows: int = 50) -> Chunk:
    first = number * rows + 1
    names = np.arange(first, first + rows)
    subjects = {
        "subject": names,
        "status": np.array(["ok"] * rows),
        "x_auc": np.where(names % 7 == 0, np.nan, names / 3),
    }
    curves = {
        "subject": np.repeat(names, 2),
        "time": np.tile([0.0, 1.0], rows),
        "x": np.sin(np.arange(2.0 * rows)) + number,
    }
    return Chunk(number, first, subjects, curves, failed=number)


def content(folder: Path) -> dict[str, str]:
    """Every file and its hash, but for the lock."""
    return {
        str(path.relative_to(folder)): file_hash(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LOCK
    }


def filled(folder: Path, numbers: range = range(3)) -> ChunkStore:
    folder.mkdir(exist_ok=True)
    store = ChunkStore(folder, UNITS, 3)
    for number in numbers:
        if not store.has(number):
            store.put(chunk(number))
    return store


def test_what_was_put_can_be_read(tmp_path: Path) -> None:
    store = filled(tmp_path)
    assert store.complete
    assert store.failures(2) == 2
    rows = (
        duckdb.connect()
        .execute(
            f"SELECT count(*), count(x_auc), max(subject) FROM "
            f"read_parquet('{tmp_path}/subjects/part-*.parquet')"
        )
        .fetchone()
    )
    assert rows == (150, 150 - 21, 150)
    units = (
        duckdb.connect()
        .execute(
            "SELECT value FROM parquet_kv_metadata("
            f"'{tmp_path}/curves/part-000000.parquet')"
        )
        .fetchone()
    )
    assert units == (b'{"time": "day", "x": "nM"}',)


def test_the_same_numbers_are_the_same_bytes(tmp_path: Path) -> None:
    filled(tmp_path / "one")
    filled(tmp_path / "two")
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    filled(tmp_path)
    before = content(tmp_path)
    assert filled(tmp_path).complete
    assert content(tmp_path) == before


DAMAGES = {
    "a torn last line": lambda f: (f / MANIFEST).write_bytes(
        (f / MANIFEST).read_bytes()[:-40]
    ),
    "a line of noise": lambda f: (f / MANIFEST).write_bytes(
        (f / MANIFEST).read_bytes() + b'{"chunk": 9}\n\xff\xfe'
    ),
    "no manifest": lambda f: (f / MANIFEST).unlink(),
    "a lost file": lambda f: (f / "curves/part-000001.parquet").unlink(),
    "a cut file": lambda f: os.truncate(f / "curves/part-000001.parquet", 100),
    "a changed byte": lambda f: (f / "subjects/part-000000.parquet").write_bytes(
        b"\0" + (f / "subjects/part-000000.parquet").read_bytes()[1:]
    ),
    "half a file": lambda f: (f / "curves/part-000002.part").write_bytes(b"PAR1"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_made_again(tmp_path: Path, damage: str) -> None:
    filled(tmp_path)
    before = content(tmp_path)
    DAMAGES[damage](tmp_path)
    again = filled(tmp_path)
    assert again.complete
    # The line of a chunk that was made again stands at the end until the next opening.
    filled(tmp_path)
    assert content(tmp_path) == before


@pytest.mark.parametrize("calls", range(5))
def test_a_full_disk_leaves_whole_chunks_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """The disk is full at one after the other of the places where it is flushed."""
    filled(tmp_path, range(1))
    left = [calls]
    fsync = os.fsync

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    store = ChunkStore(tmp_path, UNITS, 3)
    with pytest.raises(RunError) as caught:
        store.put(chunk(1))
    assert f"The disk of '{tmp_path}' is full. 1 of 3 chunks are done" in str(
        caught.value
    )
    assert f"adckit resume {tmp_path}" in str(caught.value)
    assert not list(tmp_path.rglob("*.part"))
    monkeypatch.undo()
    assert ChunkStore(tmp_path, UNITS, 3).has(0)
    filled(tmp_path)
    filled(tmp_path.parent / "whole")
    assert content(tmp_path) == content(tmp_path.parent / "whole")


def fill(store: ChunkStore) -> None:
    """Put all chunks that are missing."""
    for number in range(3):
        if not store.has(number):
            store.put(chunk(number, rows=4000))


def test_a_disk_that_really_is_full(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(tmp_path)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(
            "mounting a small disk needs rights that this machine does not give"
        )
    try:
        ballast = tmp_path / "ballast"
        ballast.write_bytes(b"\0" * 200_000)
        store = ChunkStore(tmp_path, UNITS, 3)
        message = r"is full\. . of 3 chunks are done and kept"
        with pytest.raises(RunError, match=message):
            fill(store)
        assert not list(tmp_path.rglob("*.part"))
        ballast.unlink()
        fill(ChunkStore(tmp_path, UNITS, 3))
        assert ChunkStore(tmp_path, UNITS, 3).complete
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "subjects").write_text("in the way")
    with pytest.raises(RunError, match="Cannot write into"):
        ChunkStore(tmp_path, UNITS, 1)


def test_a_chunk_without_kept_curves_has_no_curve_file(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, UNITS, 1)
    made = chunk(0)
    store.put(Chunk(0, 1, made.subjects, {n: c[:0] for n, c in made.curves.items()}, 0))
    assert not list((tmp_path / "curves").iterdir())
    assert ChunkStore(tmp_path, UNITS, 1).complete


def test_one_row_group_whatever_the_size(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_chunk(path, {"subject": np.arange(300_000)}, {})
    groups = (
        duckdb.connect()
        .execute(f"SELECT count(DISTINCT row_group_id) FROM parquet_metadata('{path}')")
        .fetchone()
    )
    assert groups == (1,)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Query interrupted"),
        duckdb.Error("INTERRUPT Error: Interrupted!"),
        duckdb.InvalidInputException("KeyboardInterrupt: "),
    ],
)
def test_ctrl_c_inside_duckdb_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(duckdb, "connect", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ChunkStore(tmp_path, UNITS, 3).put(chunk(0))
    assert not list(tmp_path.rglob("*.part"))


def test_other_errors_of_duckdb_are_not_taken_for_ctrl_c() -> None:
    with pytest.raises(RuntimeError, match="something else"), heard():
        raise RuntimeError("something else")


HOLDER = """
import sys, time
from pathlib import Path
from adckit.io.locks import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            pytest.raises(RunError, match=f"in use by process {holder.pid} on "),
            locked(tmp_path),
        ):
            pass
        holder.kill()  # the lock ends with the process, however that ends
        holder.wait()
    with locked(tmp_path):
        assert str(os.getpid()) in (tmp_path / LOCK).read_text()
    assert (tmp_path / LOCK).read_text() == ""
