"""The report of a scan: one file that opens offline, and its picture."""

from __future__ import annotations

import base64
from importlib import resources
from pathlib import Path
from typing import Any

from adckit.io.runs import write_bytes, write_text
from adckit.io.scan_runs import ScanRun
from adckit.report.collecting import shown_unit
from adckit.report.population_plots import png
from adckit.report.scan_plots import draw_scan
from adckit.report.words import number_text
from adckit.studies.scan_result import ScanResult

__all__ = ["write_scan_report"]

PICTURE = "scan.png"
MOST_ROWS = 2000
"""Grid points in the table of the report; all are in the files."""


def write_scan_report(folder: Path, run: ScanRun, result: ScanResult) -> None:
    """Write the picture and `report.html`.

    Raises RunError when a file cannot be written.
    """
    figure = draw_scan(result)
    picture = None
    if figure is not None:
        content = png(figure)
        write_bytes(folder / PICTURE, content)
        picture = base64.b64encode(content).decode()
    write_text(folder / "report.html", _render(run, result, picture))


def _render(run: ScanRun, result: ScanResult, picture: str | None) -> str:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.undefined = jinja2.StrictUndefined
    template = environment.from_string(_page("scan.html.j2"))
    headers, rows = _table(result)
    return template.render(
        title=f"{result.model}, scan",
        style=_page("report.css"),
        name=result.model,
        regimen=result.regimen,
        days=f"{result.days:g}",
        axes=[(axis.label, axis.span, _design(axis.design)) for axis in result.axes],
        settings=", ".join(
            f"{key} {value}" for key, value in result.provenance["settings"].items()
        ),
        points=result.status.size,
        failed=result.failed,
        quantities=_quantities(result),
        picture=picture,
        contour=len(result.axes) == 2 and all(axis.numeric for axis in result.axes),
        headers=headers,
        rows=rows,
        most=MOST_ROWS,
        run=run,
    )


def _page(name: str) -> str:
    return (resources.files("adckit.report") / "page" / name).read_text("utf-8")


def _design(value: float | str | None) -> str:
    if value is None:
        return "\N{EN DASH}"
    return value if isinstance(value, str) else f"{value:.4g}"


def _quantities(result: ScanResult) -> list[dict[str, str]]:
    """The design and the extremes of each quantity."""
    rows = []
    for i, name in enumerate(result.quantities):
        row = {
            "label": result.labels[i],
            "unit": shown_unit(result.units[i]),
            "design": number_text(float(result.design[i])),
        }
        for words, lowest in (("lowest", True), ("highest", False)):
            found = result.extreme(name, lowest=lowest)
            row[words] = number_text(None if found is None else found[0])
            row[f"{words}_at"] = "" if found is None else result.place_text(found[1])
        rows.append(row)
    return rows


def _table(result: ScanResult) -> tuple[list[str], list[dict[str, Any]]]:
    """Headers, and a row per grid point, of the first ones."""
    columns, units = result.columns(), result.column_units()
    names = [*(axis.name for axis in result.axes), *result.quantities]
    headers = []
    for name in names:
        unit = shown_unit(units.get(name, ""))
        headers.append(f"{name} [{unit}]" if unit not in ("", "1") else name)
    rows = []
    for i in range(min(MOST_ROWS, result.status.size)):
        cells = [
            str(columns[n][i])
            if columns[n].dtype.kind == "U"
            else number_text(float(columns[n][i]))
            for n in names
        ]
        rows.append({"cells": cells, "reason": str(columns["reason"][i])})
    return headers, rows
