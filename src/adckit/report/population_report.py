"""The report of a study of many subjects: one file that opens offline, and pictures."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from adckit.errors import RunError
from adckit.io.chunks import write_chunk
from adckit.io.population_results import (
    PERCENTILES,
    Failure,
    PopulationResults,
    Quantity,
    Ribbon,
)
from adckit.io.population_runs import PopulationRun
from adckit.io.runs import write_bytes, write_text
from adckit.report.collecting import shown_unit
from adckit.report.panels import Level
from adckit.report.population_plots import (
    Histogram,
    RibbonPanel,
    draw_histograms,
    draw_ribbons,
    png,
)
from adckit.report.words import analyte_text, number_text, parameter_text
from adckit.studies.campaign import Campaign
from adckit.studies.endpoints import PARTIAL_RESPONSE, PROGRESSION
from adckit.studies.memory_plan import SAMPLE
from adckit.studies.reductions import is_concentration

__all__ = [
    "PopulationSummary",
    "heading",
    "quantity_words",
    "summarise_population",
    "write_summary",
]

_SPAGHETTI = 40
_WIDE = 20.0  # 95th over 5th percentile above which a logarithmic axis is clearer
_FAILURES = 50
_EXPOSURE = (
    "conjugate_auc_cycle_1",
    "conjugate_cmax",
    "total_antibody_ctrough_cycle_1",
    "free_payload_cmax",
    "free_payload_auc",
    "concentration_auc",
    "concentration_cmax",
    "tumor_best_change",
)
"""Quantities of which a histogram is drawn, as far as the model has them."""
_LEVELS = (
    Level(PARTIAL_RESPONSE, "partial response"),
    Level(PROGRESSION, "progression"),
)
_WORDS = {
    "cmax": "Cmax",
    "tmax": "Tmax",
    "ctrough": "Ctrough",
    "auc": "AUC",
    "mean": "mean",
    "best_change": "best change",
    "nadir_day": "day of nadir",
    "response_day": "day of response",
    "regrowth_day": "day of progression",
    "end_change": "change at the end",
}


@dataclass(frozen=True)
class PopulationSummary:
    """A study, finished and summed up."""

    counts: dict[str, int]
    outcomes: tuple[Quantity, ...]
    """What came out."""
    inputs: tuple[Quantity, ...]
    """What the subjects are."""
    ribbons: tuple[Ribbon, ...]
    failures: tuple[Failure, ...]


def summarise_population(campaign: Campaign, folder: Path) -> PopulationSummary:
    """Read what the chunks hold."""
    results = PopulationResults(folder, campaign.units())
    reduced = campaign.reducer.column_units()
    quantities = results.quantities()
    return PopulationSummary(
        results.counts(),
        tuple(q for q in quantities if q.name in reduced),
        tuple(q for q in quantities if q.name not in reduced),
        tuple(results.ribbons(campaign.outputs, campaign.plan.kept)),
        tuple(results.failures(_FAILURES)),
    )


def write_summary(
    folder: Path,
    run: PopulationRun,
    campaign: Campaign,
    found: PopulationSummary,
    *,
    report: bool = True,
    section: Any = "",
) -> None:
    """Write `summary.json`, `percentiles.parquet`, and the report with its pictures.

    `section` is a part of the report of its own, see `uncertainty_report`.

    Raises RunError when a file cannot be written.
    """
    rows = [q.to_json() for q in (*found.outcomes, *found.inputs)]
    content = {"counts": found.counts, "quantities": rows}
    text = json.dumps(content, indent=1, allow_nan=False)
    write_text(folder / "summary.json", text + "\n")
    _write_percentiles(folder / "percentiles.parquet", campaign, found.ribbons)
    if not report:
        return
    results = PopulationResults(folder, campaign.units())
    pictures = _pictures(campaign, found, results)
    for name, picture in pictures.items():
        write_bytes(folder / name, picture)
    page = _render(folder, run, campaign, found, pictures, section)
    write_text(folder / "report.html", page)


def quantity_words(name: str) -> str:
    """`conjugate_auc_cycle_1` as `Conjugate AUC, cycle 1`."""
    for output in ("mean_dar", "tumor", *_ANALYTES):
        if name.startswith(f"{output}_"):
            rest = name.removeprefix(f"{output}_")
            break
    else:
        return parameter_text(name)
    what, _, cycle = rest.partition("_cycle_")
    if what.startswith("days_above_"):
        words = f"days above {what.removeprefix('days_above_')}"
    elif what.startswith("day_"):
        words = f"day {what.removeprefix('day_')}"
    else:
        words = _WORDS.get(what, parameter_text(what))
    return f"{analyte_text(output)} {words}" + (f", cycle {cycle}" if cycle else "")


_ANALYTES = (
    "conjugate",
    "total_antibody",
    "conjugated_payload",
    "free_payload",
    "concentration",
)


def _write_percentiles(
    path: Path, campaign: Campaign, ribbons: Sequence[Ribbon]
) -> None:
    import duckdb

    units = campaign.units()
    table: dict[str, Any] = {
        "output": np.repeat(
            [r.output for r in ribbons], [len(r.times) for r in ribbons]
        ),
        "time": np.concatenate([r.times for r in ribbons]),
    }
    for p in PERCENTILES:
        table[f"p{p}"] = np.concatenate([r.percentiles[p] for r in ribbons])
    known = {r.output: units[r.output] for r in ribbons}
    try:
        write_chunk(path, table, {"time": "day", **known})
    except (OSError, duckdb.Error) as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"Cannot write '{path}': {reason}") from None


def heading(campaign: Campaign) -> str:
    """What stands above the pictures of a study."""
    plan = campaign.plan
    return (
        f"{campaign.ready.network.name}, {campaign.dosing}, {plan.subjects:,} subjects"
    )


def _basis(campaign: Campaign) -> str:
    """Whose curves the percentiles over time are of."""
    plan = campaign.plan
    if plan.kept == plan.subjects:
        return f"percentiles over time are of all {plan.subjects:,} subjects"
    return (
        f"percentiles over time are of an evenly spread sample of {plan.kept:,} of the "
        f"{plan.subjects:,} subjects (at most {SAMPLE:,} with --keep summary)"
    )


def _pictures(
    campaign: Campaign, found: PopulationSummary, results: PopulationResults
) -> dict[str, bytes]:
    typical = campaign.typical
    panels = []
    chosen = results.sample(_SPAGHETTI)
    for i, ribbon in enumerate(found.ribbons):
        if not np.isfinite(ribbon.percentiles[50]).any():
            continue
        unit = typical.unit(ribbon.output)
        shown = f"  [{shown_unit(unit)}]" if unit not in ("", "1") else ""
        panels.append(
            RibbonPanel(
                typical.label(ribbon.output) + shown,
                ribbon.times,
                ribbon.percentiles,
                results.curves(ribbon.output, chosen)[1],
                typical.curve(ribbon.output)[0],
                i,
                is_concentration(unit),
                _LEVELS if ribbon.output == "tumor" else (),
            )
        )
    alone = campaign.reducer.reduce(typical.values)
    known = {q.name: q for q in found.outcomes}
    histograms = [
        Histogram(
            f"{quantity_words(name)}  [{shown_unit(known[name].unit)}]",
            results.column(name),
            float(alone[name][0]) if math.isfinite(alone[name][0]) else None,
            i,
            known[name].p5 > 0 and known[name].p95 > _WIDE * known[name].p5,
        )
        for i, name in enumerate(n for n in _EXPOSURE if n in known)
    ]
    pictures = {}
    ribbon_note = (
        f"Line: median. Dark: middle half. Light: 5th to 95th percentile; "
        f"{_basis(campaign)}. Thin: {len(chosen)} single subjects. "
        "Dashed: typical subject."
    )
    bar_note = "Line: median. Dotted: 5th and 95th percentile. Dashed: typical subject."
    if panels:
        figure = draw_ribbons(panels, heading(campaign), ribbon_note)
        pictures["population.png"] = png(figure)
    if histograms:
        figure = draw_histograms(histograms, heading(campaign), bar_note)
        pictures["exposure.png"] = png(figure)
    return pictures


def _render(
    folder: Path,
    run: PopulationRun,
    campaign: Campaign,
    found: PopulationSummary,
    pictures: dict[str, bytes],
    section: Any,
) -> str:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.undefined = jinja2.StrictUndefined
    template = environment.from_string(_page("population.html.j2"))
    product = campaign.ready.product
    return template.render(
        title=heading(campaign),
        style=_page("report.css"),
        name=campaign.ready.network.name,
        lead=product.summary if product is not None else "",
        regimen=campaign.dosing,
        days=f"{campaign.times[-1]:g}",
        plan=str(campaign.plan),
        basis=_basis(campaign),
        counts=found.counts,
        failures=found.failures,
        most=_FAILURES,
        outcomes=[_row(q) for q in found.outcomes],
        inputs=[_row(q) for q in found.inputs],
        pictures={
            name: base64.b64encode(content).decode()
            for name, content in pictures.items()
        },
        subjects=run.subjects.splitlines(),
        run=run,
        folder=str(folder),
        section=section,
    )


def _page(name: str) -> str:
    return (resources.files("adckit.report") / "page" / name).read_text("utf-8")


def _row(quantity: Quantity) -> dict[str, str]:
    cv = quantity.cv
    shown = {
        "name": quantity_words(quantity.name),
        "unit": shown_unit(quantity.unit),
        "n": f"{quantity.n:,}",
        "cv": "" if cv is None else f"{100 * cv:.0f}",
    }
    for field in ("mean", "p5", "median", "p95", "minimum", "maximum"):
        shown[field] = number_text(getattr(quantity, field))
    return shown
