"""What `--uncertainty` found: on the terminal, in the folder and for its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from adckit.io.comparing import Comparison
    from adckit.studies.uncertain_answers import UncertainAnswers

__all__ = ["compare_unknown", "show_unknown"]

_LINES = 3


def show_unknown(
    screen: Console,
    folder: Path,
    found: UncertainAnswers | None,
    heading: str,
    report: bool,
) -> Any:
    """Print and write it; the part of the report, empty where there is none.

    Raises RunError when a file cannot be written.
    """
    if found is None:
        return ""
    from adckit.report.uncertainty_report import uncertainty_section, write_uncertainty

    _print_deciding(screen, found)
    write_uncertainty(folder, found, heading, report=report)
    return uncertainty_section(folder, found) if report else ""


def compare_unknown(folder: Path, found: UncertainAnswers | None) -> Comparison | None:
    """The bands of a folder against those of its repetition; None where none are.

    Raises RunError when they cannot be read.
    """
    if found is None:
        return None
    from adckit.io.comparing import compare_columns
    from adckit.io.tables import read_table
    from adckit.report.uncertainty_report import FILE, band_table

    return compare_columns(read_table(folder / FILE), band_table(found))


def _print_deciding(screen: Console, found: UncertainAnswers) -> None:
    """The parameters that decide each headline most."""
    from adckit.cli.printing import plain_table
    from adckit.report.collecting import shown_unit
    from adckit.report.words import number_text, parameter_text

    rows = []
    for headline, swings in found.swings.items():
        unit = shown_unit(found.units[headline])
        for i, swing in enumerate(swings[:_LINES]):
            if not swing.size:
                continue
            numbers = [number_text(x) for x in (swing.base, swing.low, swing.high)]
            name = parameter_text(swing.uncertainty.parameter.name)
            rows.append(["" if i else headline, name, *numbers, unit])
    if not rows:
        return
    screen.print("What decides, of what is not known", style="bold")
    heads = ["", "parameter", "", "at its 5 %", "at its 95 %", ""]
    screen.print(plain_table(heads, rows, numbers=(2, 3, 4)))
    screen.print()
