"""Tables for the terminal: no wider than it, plain where it is a file or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from adckit.errors import RunError
from adckit.report.collecting import shown_unit
from adckit.report.rings import tissue_heading, tissue_rows
from adckit.report.words import (
    analyte_text,
    number_text,
    published_text,
    quantity_text,
    scaled_text,
    value_with_spread,
)
from adckit.studies.case import Case
from adckit.studies.summary import SummaryRow
from adckit.studies.tissue import tissue_of

__all__ = [
    "announce_changes",
    "console",
    "plain_table",
    "print_case",
    "print_failures",
    "working",
]

_WIDEST = 100
_SHOWN_SUBJECTS = 3
_SHOWN_FAILURES = 10


class _Screen(Console):
    """A console whose reader may leave: what is still to do is done all the same."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def console(*, errors: bool = False) -> Console:
    """The terminal, or a plain page of 100 columns where there is none."""
    stream = sys.stderr if errors else sys.stdout
    made = _Screen(file=stream, markup=False, emoji=False, highlight=False)
    made.width = min(made.width, _WIDEST) if made.is_terminal else _WIDEST
    return made


def working(words: str) -> AbstractContextManager[Any]:
    """A sign on the terminal that something is going on."""
    screen = console(errors=True)
    return screen.status(words) if screen.is_terminal else nullcontext()


def plain_table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()
) -> Table:
    """A table without a frame; the columns in `numbers` are set to the right."""
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
        show_header=any(headers),
    )
    for i, header in enumerate(headers):
        table.add_column(header, justify="right" if i in numbers else "left")
    for row in rows:
        table.add_row(*row)
    return table


def print_case(screen: Console, case: Case) -> None:
    """The table of one product: simulated and published side by side."""
    result = case.result
    count = len(result.subjects)
    people = "one typical subject" if count == 1 else f"{count} subjects"
    screen.print(case.label, style="bold")
    regimen = result.provenance["regimen"]
    screen.print(f"{regimen}; {result.times[-1]:g} days, {people}", style="dim")
    scaled = scaled_text(case.ready.product)
    if scaled:
        names = ", ".join(scaled)
        screen.print(f"scaled by body weight from another host: {names}", style="dim")
    for subject in result.subjects[:_SHOWN_SUBJECTS]:
        rows = [row for row in case.rows if row.subject == subject]
        if count > 1:
            screen.print(f"\nsubject {subject}", style="bold")
        _print_rows(screen, rows)
    if count > _SHOWN_SUBJECTS:
        screen.print(f"\n{count - _SHOWN_SUBJECTS} more subjects are in summary.json.")
    _print_tissue(screen, case)
    _print_elsewhere(screen, case)


def _print_tissue(screen: Console, case: Case) -> None:
    """How deep drug goes into a tumour in rings, and why."""
    tissue = tissue_of(case.result)
    if tissue is None:
        return
    screen.print(f"\n{tissue_heading(tissue)}", style="bold")
    rows = [
        [f"  {row.name}", row.value, row.unit, row.meaning]
        for row in tissue_rows(tissue)
    ]
    screen.print(plain_table(["", "", "", ""], rows, numbers=(1,)))
    screen.print(Padding(tissue.verdict, (0, 0, 0, 2)), style="dim")


def _print_rows(screen: Console, rows: Sequence[SummaryRow]) -> None:
    table = plain_table(
        ["", "simulated", "unit", "published", "ratio", "in spread", ""],
        (),
        numbers=(1, 3, 4),
    )
    for analyte, members in groupby(rows, key=lambda row: row.analyte):
        table.add_row(analyte_text(analyte), style="bold")
        for row in members:
            fitted = "*" if row.role == "calibrated" else " "
            published = published_text(row)
            table.add_row(
                f"  {quantity_text(row.quantity)}",
                number_text(row.value),
                shown_unit(row.unit),
                f"{published}{fitted}" if published else "",
                "" if row.ratio is None else f"{row.ratio:.2f}",
                {None: "", True: "yes", False: "no"}[row.within],
                row.note if row.value is None else "",
            )
    screen.print(table)
    if any(row.role == "calibrated" for row in rows):
        screen.print("* parameters were fitted to this value", style="dim")


def _print_elsewhere(screen: Console, case: Case) -> None:
    if not case.elsewhere:
        return
    screen.print("\nPublished for other regimens or hosts, not compared:", style="dim")
    rows = [
        [
            f"  {analyte_text(seen.analyte)}",
            quantity_text(seen.quantity),
            value_with_spread(seen.value, seen.spread),
            shown_unit(seen.unit),
            seen.regimen,
        ]
        for seen in case.elsewhere
    ]
    screen.print(plain_table(["", "", "", "", ""], rows, numbers=(2,)), style="dim")


def print_failures(screen: Console, cases: Sequence[Case]) -> None:
    """Subjects without numbers, each with its day and reason."""
    for case in cases:
        if not case.result.failed:
            continue
        count = f"{case.result.failed} of {len(case.result.subjects)}"
        screen.print(f"{case.label}: {count} subjects failed; they have no numbers.")
        failed = [a for a in case.result.accounts() if a.status]
        for account in failed[:_SHOWN_FAILURES]:
            screen.print(
                f"  subject {account.subject}: day {account.stopped:.4g}: "
                f"{account.reason}"
            )
        if len(failed) > _SHOWN_FAILURES:
            more = len(failed) - _SHOWN_FAILURES
            screen.print(f"  and {more} more, in status.parquet")


def announce_changes(
    screen: Console,
    folder: Path,
    fatal: Sequence[str],
    harmless: Sequence[str],
    *,
    force: bool,
) -> None:
    """Say what makes a repetition differ from the run in `folder`.

    Raises RunError where it would be another run, unless `force`.
    """
    for line in harmless:
        screen.print(f"Note: {line}")
    if fatal and not force:
        raise RunError(
            f"'{folder}' cannot be repeated as it was:\n  "
            + "\n  ".join(fatal)
            + "\nUse the version of adckit that wrote it, or --force to compare anyway."
        )
    for line in fatal:
        screen.print(f"Warning: {line}")
