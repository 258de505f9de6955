"""Puts the report and the pictures into a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adckit.io.runs import Run, write_text
from adckit.report.collecting import collect_figures
from adckit.report.draughtsman import Draughtsman
from adckit.report.html import render_report
from adckit.report.panels import Figures
from adckit.studies.case import Case

__all__ = ["begin_pictures", "write_report"]


def begin_pictures(
    folder: Path, cases: Sequence[Case], draughtsman: Draughtsman
) -> Figures:
    """Have the pictures drawn meanwhile; `write_report` waits for them."""
    figures = collect_figures(cases)
    draughtsman.begin(figures, folder)
    return figures


def write_report(
    folder: Path,
    run: Run,
    cases: Sequence[Case],
    figures: Figures,
    draughtsman: Draughtsman,
    section: Any = "",
) -> None:
    """Write `report.html`, and wait until the pictures are drawn.

    `section` is a part of its own, see `uncertainty_report`.

    Raises RunError when a file cannot be written.
    """
    page = render_report(run, cases, figures, folder, section)
    write_text(folder / "report.html", page)
    draughtsman.finish()
