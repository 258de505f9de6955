"""How far a long run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from adckit.studies.campaign import Report

__all__ = ["watching"]

_EVERY = 10.0  # seconds between lines


@contextmanager
def watching(subjects: int) -> Iterator[Report]:
    """Something to tell (subjects done, of these failed) to."""
    from adckit.cli.printing import console

    screen = console(errors=True)
    if screen.is_terminal:
        with _bar(screen, subjects) as report:
            yield report
    else:
        yield _lines(screen, subjects)


@contextmanager
def _bar(screen: Console, subjects: int) -> Iterator[Report]:
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
        TextColumn("{task.fields[failed]} failed"),
        TextColumn("{task.fields[rate]}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("", total=subjects, failed=0, rate="-")

        def report(done: int, failed: int) -> None:
            speed = progress.tasks[0].speed
            rate = f"{speed:,.0f}" if speed else "-"
            progress.update(task, completed=done, failed=failed, rate=rate)

        yield report


def _lines(screen: Console, subjects: int) -> Report:
    """Prints how far it is, at most every ten seconds."""
    began = said = time.monotonic()
    already: int | None = None  # what an earlier process has done

    def report(done: int, failed: int) -> None:
        nonlocal said, already
        already = done if already is None else already
        now = time.monotonic()
        if now - said < _EVERY or done == subjects:
            return
        said = now
        rate = (done - already) / (now - began)
        left = f", {(subjects - done) / rate:,.0f} s left" if rate > 0 else ""
        screen.print(
            f"{done:,} of {subjects:,} subjects, {failed:,} failed, {rate:,.0f}/s{left}"
        )

    return report
