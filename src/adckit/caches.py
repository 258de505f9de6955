"""What later runs need not compute again: compiled models, cards and units, as files.

A file is named by the hash of everything that decides its content and carries its own
checksum; one that does not match counts as not there.  Files appear by rename and are
only ever replaced by the same content, so that two processes do not disturb each other.

The folder stays below `LARGEST`: what was not used for the longest time goes first.  A
cache that cannot be read or written costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

__all__ = [
    "LARGEST",
    "cache_folder",
    "cache_key",
    "cached",
    "clear",
    "keep",
    "kept_files",
]

LARGEST = 512 * 2**20
"""Bytes that all files together may take."""
KINDS = (".o", ".rate", ".card", ".unit")
_ROOM = 0.8  # of the largest size is left full, so that not every file makes room
_WORTH_A_LOOK = 2**16  # bytes; smaller files do not make the folder full
_ABANDONED = 3600.0  # seconds after which a half-written file has no writer any more
_UNFINISHED = ".part"


def cache_folder() -> Path:
    """Where everything is kept: $ADCKIT_CACHE, or the user's cache folder."""
    chosen = os.environ.get("ADCKIT_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        root = str(Path.home() / "Library" / "Caches")
    else:
        root = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return Path(root) / "adckit"


def cache_key(*parts: str) -> str:
    """The name of a file whose content `parts` decide."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def cached(name: str) -> bytes | None:
    """The content of a file, such as `1f3a….o`; None if there is none to trust."""
    path = cache_folder() / name
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, rest = content[:32], content[32:]
    if hashlib.sha256(rest).digest() != checksum:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # so that what is used stays
    return rest


def keep(name: str, content: bytes) -> None:
    """Keep the content of a file; a cache that cannot be written is no failure."""
    with contextlib.suppress(OSError):
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        if len(content) > _WORTH_A_LOOK:
            _make_room(len(content))
        handle, unfinished = tempfile.mkstemp(dir=folder, suffix=_UNFINISHED)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            os.replace(unfinished, folder / name)
        except OSError:
            os.unlink(unfinished)
            raise


def kept_files() -> list[tuple[Path, int, float]]:
    """Path, size and time of last use of every file, the longest unused first.

    A file that another process removes meanwhile is left out.
    """
    found = []
    with contextlib.suppress(OSError), os.scandir(cache_folder()) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.name.endswith((*KINDS, _UNFINISHED)):
                    state = entry.stat()
                    row = (Path(entry.path), state.st_size, state.st_mtime)
                    found.append(row)
    return sorted(found, key=lambda row: (row[2], row[0]))


def clear() -> int:
    """Remove everything that is kept; the number of files."""
    files = kept_files()
    for path, _, _ in files:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    return len(files)


def _make_room(wanted: int) -> None:
    """Remove files until `wanted` bytes fit; a process that has one open keeps it."""
    files = kept_files()
    left = sum(size for _, size, _ in files) + wanted
    full = left > LARGEST
    for path, size, used in files:
        unfinished = path.suffix == _UNFINISHED
        abandoned = unfinished and time.time() - used > _ABANDONED
        if abandoned or (full and not unfinished and left > _ROOM * LARGEST):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
                left -= size
