"""One process per run folder: a lock that the operating system lets go of.

The lock is on an open file, so that it ends with the process, however that ends.  The
file stays, because removing it would let two processes lock two files of one name.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from adckit.errors import RunError

__all__ = ["LOCK", "locked"]

LOCK = ".lock"
"""The file; while a process works in the folder it names that process."""

_AT = 1024  # the locked byte, behind the text: Windows forbids reading a locked one


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Have a run folder for this process alone.

    Raises RunError, naming the process, while another one works in it.
    """
    path = folder / LOCK
    try:
        file = path.open("a+b")
    except OSError as error:
        raise RunError(f"Cannot use the folder '{folder}': {error.strerror}.") from None
    with file:
        if not _take(file):
            file.seek(0)
            holder = file.read(200).decode(errors="replace").strip()
            raise RunError(
                f"The folder '{folder}' is in use by {holder or 'another process'}. "
                "Wait for it, or stop it; what it has written is kept."
            )
        _write(file, f"process {os.getpid()} on {socket.gethostname()}")
        try:
            yield
        finally:
            _write(file, "")
            _give_back(file)


def _write(file: BinaryIO, text: str) -> None:
    try:
        file.truncate(0)
        file.write(text.encode())
        file.flush()
    except OSError:  # a full disk: the lock holds without its text
        return


if sys.platform == "win32":
    import msvcrt

    def _take(file: BinaryIO) -> bool:
        file.seek(_AT)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _give_back(file: BinaryIO) -> None:
        file.seek(_AT)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _give_back(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
