"""Puts the report and the pictures into a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adckit.io.runs import Run, write_text
from adckit.report.collecting import collect_figures
from adckit.report.draughtsman import Draughtsman
from adckit.report.html import render_report
from adckit.studies.case import Case

__all__ = ["write_report"]


def write_report(
    folder: Path, run: Run, cases: Sequence[Case], draughtsman: Draughtsman
) -> None:
    """Write `report.html` and the pictures.

    Raises RunError when a file cannot be written.
    """
    figures = collect_figures(cases)
    draughtsman.begin(figures, folder)
    write_text(folder / "report.html", render_report(run, cases, figures, folder))
    draughtsman.finish()
