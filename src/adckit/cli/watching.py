"""How far a long run is: a bar on a terminal, a line now and then elsewhere.

Ctrl-C is remembered meanwhile.  Where it arrives while an object is being thrown away
the interpreter prints the exception and goes on, and the run would too.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from adckit.studies.campaign import Report

__all__ = ["watching"]

_EVERY = 10.0  # seconds between lines


@contextmanager
def watching(total: int, what: str = "subjects") -> Iterator[Report]:
    """Something to tell (done, subjects failed) to; `what` is what is counted.

    Telling raises KeyboardInterrupt if Ctrl-C was pressed since and was not heard.
    """
    from adckit.cli.printing import console

    screen = console(errors=True)
    with _remembering_interrupts() as check:
        if screen.is_terminal:
            with _bar(screen, total, what) as report:
                yield _checked(report, check)
        else:
            yield _checked(_lines(screen, total, what), check)


def _checked(report: Report, check: Callable[[], None]) -> Report:
    def checked(done: int, failed: int) -> None:
        check()
        report(done, failed)

    return checked


@contextmanager
def _remembering_interrupts() -> Iterator[Callable[[], None]]:
    """Something that raises KeyboardInterrupt once Ctrl-C was pressed."""
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread()
    ours = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:  # otherwise it is ignored, or somebody else's business
        signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _bar(screen: Console, total: int, what: str) -> Iterator[Report]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn(what),
        TextColumn("{task.fields[failed]} failed"),
        TextColumn("{task.fields[rate]}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("", total=total, failed=0, rate="-")

        def report(done: int, failed: int) -> None:
            speed = progress.tasks[0].speed
            rate = _rate(speed) if speed else "-"
            progress.update(task, completed=done, failed=failed, rate=rate)

        yield report


def _rate(speed: float) -> str:
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"


def _lines(screen: Console, total: int, what: str) -> Report:
    """Prints how far it is, at most every ten seconds."""
    began = said = time.monotonic()
    already: int | None = None  # what an earlier process has done

    def report(done: int, failed: int) -> None:
        nonlocal said, already
        already = done if already is None else already
        now = time.monotonic()
        if now - said < _EVERY or done == total:
            return
        said = now
        rate = (done - already) / (now - began)
        left = f", {(total - done) / rate:,.0f} s left" if rate > 0 else ""
        screen.print(
            f"{done:,} of {total:,} {what}, {failed:,} failed, {_rate(rate)}/s{left}"
        )

    return report
