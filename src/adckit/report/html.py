"""The report: one file that opens offline, with the table and curves to explore.

Style, script and data are inside the file; it asks for nothing from anywhere.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from adckit.io.runs import Run
from adckit.library import Observation
from adckit.report.collecting import shown_unit
from adckit.report.panels import Figures, Floats, Mark, Panel, Series, thinned
from adckit.report.rings_page import ring_data, tissue_sections
from adckit.report.words import (
    analyte_text,
    number_text,
    parameter_text,
    published_text,
    quantity_text,
    scaled_text,
    value_with_spread,
)
from adckit.status import Status
from adckit.studies.assumptions import Influence
from adckit.studies.case import Case
from adckit.studies.summary import SummaryRow

__all__ = ["render_report"]

POINTS = 600
"""Most points of a curve that go into the file."""
_SHOWN_SUBJECTS = 20
"""Subjects whose rows are in the table of the report."""
_SHOWN_INFLUENCES = 10
_SHOWN_FAILURES = 50
_DIGITS = 5
_PARTS = ("antibody", "target", "linker", "payload", "tumour", "host")


def render_report(
    run: Run,
    cases: Sequence[Case],
    figures: Figures,
    folder: Path,
    section: Any = "",
) -> str:
    """The report as HTML text; `folder` is named in the way to repeat the run.

    `section` is a part of its own, as markup.
    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.undefined = jinja2.StrictUndefined
    failures = [
        {
            "product": case.label,
            "subject": account.subject,
            "stopped": f"{account.stopped:.4g}",
            "reason": account.reason,
        }
        for case in cases
        if case.result.failed
        for account in case.result.accounts()
        if account.status is not Status.OK
    ]
    more = len(failures) - _SHOWN_FAILURES
    return environment.from_string(_page("report.html.j2")).render(
        title=" against ".join(case.label for case in cases),
        style=_raw(_page("report.css")),
        script=_raw(_page("chart.js")),
        data=_raw(_json(_chart_data(figures))),
        tissues=tissue_sections(cases, figures.rings),
        ring_data=_raw(_json([ring_data(rings) for rings in figures.rings])),
        ring_script=_raw(_page("rings.js") if figures.rings else ""),
        cases=[_case(case) for case in cases],
        panels=figures.panels,
        marks=any(panel.marks for panel in figures.panels),
        failures=failures[:_SHOWN_FAILURES],
        failure_count=f"{more} more are in status.parquet." if more > 0 else "",
        models=run.models,
        versions=run.versions,
        command=run.command,
        identity=run.identity,
        folder=str(folder),
        section=section,
    )


def _page(name: str) -> str:
    return (resources.files("adckit.report") / "page" / name).read_text("utf-8")


def _raw(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # our own files and escaped JSON, not user input


def _json(content: object) -> str:
    """JSON that can stand inside a script element."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _chart_data(figures: Figures) -> dict[str, Any]:
    several = len(figures.products) > 1
    return {
        "doses": [_rounded(day) for day in figures.doses],
        "panels": [_panel(panel, several) for panel in figures.panels],
    }


def _panel(panel: Panel, several: bool) -> dict[str, Any]:
    return {
        "title": panel.title,
        "unit": panel.unit,
        "log": panel.logarithmic,
        "series": [_series(series, several) for series in panel.series],
        "marks": [_mark(mark) for mark in panel.marks],
        "levels": [{"value": x.value, "label": x.label} for x in panel.levels],
    }


def _series(series: Series, several: bool) -> dict[str, Any]:
    times, values = thinned(series.times, series.values, POINTS)
    label = f"{series.product}: {series.label}" if several else series.label
    found: dict[str, Any] = {
        "label": label,
        "colour": series.colour,
        "dashed": series.dashed,
        "t": _numbers(times),
        "v": _numbers(values),
    }
    if series.low is not None and series.high is not None:
        at = np.searchsorted(series.times, times)
        found["low"] = _numbers(series.low[at])
        found["high"] = _numbers(series.high[at])
    return found


def _mark(mark: Mark) -> dict[str, Any]:
    ends = {"value": mark.value, "low": mark.low, "high": mark.high, "t": mark.time}
    numbers = {name: _rounded(value) for name, value in ends.items()}
    return {"label": mark.label, "colour": mark.colour, **numbers}


def _numbers(values: Floats) -> list[float | None]:
    return [_rounded(float(value)) for value in values]


def _rounded(value: float) -> float | None:
    """A value short enough for a plot; None where there is none."""
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def _case(case: Case) -> dict[str, Any]:
    """What the template shows of one product."""
    product, result = case.ready.product, case.result
    parts = product.parts if product is not None else {}
    rows = [r for r in case.rows if r.subject in result.subjects[:_SHOWN_SUBJECTS]]
    count = len(result.subjects)
    assumed = None if case.influences is None else len(case.influences)
    return {
        "label": case.label,
        "summary": product.summary if product is not None else "",
        "programme": product.programme if product is not None else None,
        "regimen": result.provenance["regimen"],
        "days": f"{result.times[-1]:g}",
        "subjects": "one typical subject" if count == 1 else f"{count} subjects",
        "parts": [(name, parts[name]) for name in _PARTS if name in parts],
        "changes": ", ".join(
            f"{name} = {value}" for name, value in result.provenance["settings"].items()
        ),
        "scaled": scaled_text(product),
        "agreement": _agreement([r for r in rows if r.subject == result.subjects[0]]),
        "shown": min(count, _SHOWN_SUBJECTS),
        "hidden": max(0, count - _SHOWN_SUBJECTS),
        "groups": list(_groups(rows, several=count > 1)),
        "elsewhere": [_observation(seen) for seen in case.elsewhere],
        "headlines": [
            name[0].upper() + name[1:] for name in _headlines(case.influences or ())
        ],
        "influences": _influences(case.influences),
        "assumed": assumed,
        "no_influences": (
            "the typical subject failed."
            if result.failed
            else "it is done with the cpu engine only."
        ),
    }


def _agreement(rows: Sequence[SummaryRow]) -> str:
    """In one sentence, how the published values compare."""
    judged = [row for row in rows if row.within is not None]
    if not judged:
        return ""
    inside = sum(bool(row.within) for row in judged)
    fitted = sum(row.role == "calibrated" for row in judged)
    spread = "published value" if len(judged) == 1 else "published values"
    text = f"{inside} of {len(judged)} {spread} with a spread contain the simulated one"
    return (
        f"{text}; parameters were fitted to {fitted} of them." if fitted else f"{text}."
    )


def _groups(rows: Sequence[SummaryRow], several: bool) -> list[dict[str, Any]]:
    """The rows under their analytes, and under their subjects where several."""
    groups = []
    for (subject, analyte), members in groupby(
        rows, key=lambda row: (row.subject, row.analyte)
    ):
        name = analyte_text(analyte)
        groups.append(
            {
                "name": f"Subject {subject}: {name.lower()}" if several else name,
                "rows": [_row(row) for row in members],
            }
        )
    return groups


def _row(row: SummaryRow) -> dict[str, Any]:
    within = {None: "", True: "yes", False: "no"}[row.within]
    return {
        "quantity": quantity_text(row.quantity),
        "value": number_text(row.value),
        "unit": shown_unit(row.unit),
        "published": published_text(row),
        "fitted": row.role == "calibrated",
        "ratio": "" if row.ratio is None else f"{row.ratio:.2f}",
        "within": within,
        "note": _sentence(row.note),
        "source": row.source,
        "condition": _sentence(row.condition).rstrip("."),
    }


def _sentence(text: str) -> str:
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _observation(seen: Observation) -> dict[str, Any]:
    return {
        "analyte": analyte_text(seen.analyte),
        "quantity": quantity_text(seen.quantity),
        "published": value_with_spread(seen.value, seen.spread),
        "unit": shown_unit(seen.unit),
        "regimen": seen.regimen,
        "condition": _sentence(seen.condition),
        "source": str(seen.source),
    }


def _headlines(influences: Sequence[Influence]) -> list[str]:
    return list(dict.fromkeys(name for i in influences for name in i.effects))


def _influences(
    influences: Sequence[Influence] | None,
) -> list[dict[str, Any]] | None:
    if influences is None:
        return None
    names = _headlines(influences)
    top = max((i.largest for i in influences), default=0.0) or 1.0
    return [
        {
            "name": parameter_text(i.parameter.name),
            "value": f"{i.parameter.value:g}",
            "unit": shown_unit(i.parameter.unit),
            "effects": [_effect(name, i.effects, top) for name in names],
            "source": str(i.parameter.source),
            "note": i.parameter.note or "",
        }
        for i in influences[:_SHOWN_INFLUENCES]
    ]


def _effect(
    name: str, effects: Mapping[str, tuple[float, float]], top: float
) -> dict[str, Any]:
    """The change at the lower and at the higher value, and the width of its bar."""
    if name not in effects:
        return {"text": "failed", "width": 0}
    unit = " points" if name.endswith("change") else " %"
    low, high = effects[name]
    size = max(abs(low), abs(high))
    text = f"{low:+.1f} / {high:+.1f}{unit}".replace("-", "\N{MINUS SIGN}")
    text = text if size >= 0.05 else "none"
    return {"text": text, "width": round(100 * size / top)}
