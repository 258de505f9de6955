"""A second process that draws.

Loading the drawing library takes as long as a simulation, so another process does it
meanwhile and is sent the figures when they are known.  Where no second process can be
had, this one draws.  Nothing heavy is imported here: the process is to start first.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adckit.report.panels import Figures

__all__ = ["Draughtsman"]

_PATIENCE = 120.0
"""Seconds after which the second process is given up."""


class Draughtsman:
    """A process that is ready to draw; a context manager that leaves none behind."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: tuple[Figures, Path] | None = None

    def __enter__(self) -> Draughtsman:
        if sys.executable:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "adckit.report.pictures"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                )
            except OSError:
                self._process = None
        return self

    def begin(self, figures: Figures, folder: Path) -> None:
        """Start to draw the figures into a folder."""
        self._waiting = figures, folder
        if self._process is None or self._process.stdin is None:
            return
        try:
            pickle.dump((figures, str(folder.absolute())), self._process.stdin)
            self._process.stdin.close()
        except OSError:
            self._stop()

    def finish(self) -> None:
        """Wait until all is drawn.

        Raises RunError when a picture cannot be written.
        """
        if self._waiting is None:
            return
        drawn = False
        if self._process is not None:
            try:
                drawn = self._process.wait(_PATIENCE) == 0
            except subprocess.TimeoutExpired:
                self._stop()
        if not drawn:
            from adckit.errors import RunError
            from adckit.report.pictures import draw

            figures, folder = self._waiting
            try:
                draw(figures, folder)
            except OSError as error:
                raise RunError(
                    f"Cannot draw into '{folder}': {error.strerror}."
                ) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
