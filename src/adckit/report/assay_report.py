"""The report of an assay: one file that opens offline, and its pictures."""

from __future__ import annotations

import base64
import io
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adckit.io.assay_runs import AssayRun
from adckit.io.runs import write_bytes, write_text
from adckit.parameters import Parameter, Status
from adckit.report.assay_plots import Points, dose_response_plot, time_courses
from adckit.report.assay_tables import assay_tables, headline
from adckit.report.collecting import shown_unit
from adckit.report.words import parameter_text
from adckit.status import Status as Outcome
from adckit.studies.assay import Assay

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_assay_report"]

_DPI = 130
_ABOUT_CELLS = re.compile(
    r"(doubling_time|receptors_per_cell|cell_volume|maximum_kill_rate|kill_hill"
    r"|half_kill_\w+?|kill_constant|transit_rate|pinocytosis_rate|share)(_\w+)?"
    r"|medium_volume|seeded_cells|confluent_cells|deconjugation_rate\w*"
    r"|\w+_(influx|efflux)_rate"
)
"""Parameters that the report prints with their origin."""


def write_assay_report(
    folder: Path, run: AssayRun, assay: Assay, points: Points
) -> None:
    """Write `report.html` and its pictures.

    Raises RunError when a file cannot be written.
    """
    figures = {
        "dose-response.png": (
            "Cells at the end by concentration",
            dose_response_plot(assay, points),
        ),
    }
    several = len(assay.lines) > 1
    for line in assay.lines[:-1] if several else assay.lines:  # the last is the sum
        name = (
            f"time-courses-{_plain(line.line)}.png" if several else "time-courses.png"
        )
        caption = f"{line.line}: some of the wells over time"
        figures[name] = caption, time_courses(assay, line)
    pictures = {}
    for name, (caption, figure) in figures.items():
        content = _png(figure)
        write_bytes(folder / name, content)
        pictures[caption] = base64.b64encode(content).decode()
    write_text(folder / "report.html", _render(folder, run, assay, pictures))


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)


def _png(figure: Figure) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, dpi=_DPI, metadata={"Software": None})
    return target.getvalue()


def _render(folder: Path, run: AssayRun, assay: Assay, pictures: dict[str, str]) -> str:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.undefined = jinja2.StrictUndefined
    result, product = assay.result, assay.ready.product
    lines = " and ".join(line.line for line in assay.lines)
    failed = [one for one in result.accounts() if one.status != Outcome.OK]
    return environment.from_string(_page("assay.html.j2")).render(
        style=_page("report.css"),
        title=f"{product.name if product else result.network.name} on {lines}",
        headline=headline(assay),
        parts=product.parts if product else {},
        tables=assay_tables(assay),
        pictures=pictures,
        parameters=[_parameter(one) for one in _about_cells(assay)],
        failures=[f"{one.subject}: {one.reason}" for one in failed],
        notes=result.network.notes,
        run=run,
        folder=str(folder),
    )


def _about_cells(assay: Assay) -> list[Parameter]:
    every = assay.ready.network.parameters
    return sorted(
        (one for one in every if _ABOUT_CELLS.fullmatch(one.name)),
        key=lambda one: one.name,
    )


def _parameter(one: Parameter) -> dict[str, Any]:
    fitted = f" to {one.fitted_to}" if one.fitted_to else ""
    return {
        "name": parameter_text(one.name),
        "value": f"{one.value:g} {shown_unit(one.unit)}".strip(),
        "status": f"{one.status}{fitted}",
        "assumed": one.status is Status.ASSUMED,
        "source": ". ".join(filter(None, [str(one.source), one.note])),
    }


def _page(name: str) -> str:
    return (resources.files("adckit.report") / "page" / name).read_text("utf-8")
