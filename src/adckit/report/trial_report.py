"""The report of a trial: one file that opens offline, pictures, and `summary.json`."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adckit.io.runs import write_bytes, write_text
from adckit.io.trial_runs import TrialRun, TrialStore
from adckit.report.trial_plots import (
    mtd_plot,
    spider,
    survival_plot,
    swimmer,
    waterfall,
)
from adckit.report.trial_summary import TrialSummary
from adckit.report.trial_tables import Table, trial_tables
from adckit.studies.response import Response, SubjectResponse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_trial_report"]

_DPI = 130


def write_trial_report(
    folder: Path,
    run: TrialRun,
    store: TrialStore,
    found: TrialSummary,
    *,
    report: bool = True,
) -> None:
    """Write `summary.json`, and the report with its pictures.

    Raises RunError when a file cannot be written.
    """
    text = json.dumps(found.to_json(store), indent=1, allow_nan=False)
    write_text(folder / "summary.json", text + "\n")
    if not report:
        return
    pictures = {}
    for name, (caption, figure) in _figures(store, found).items():
        content = _png(figure)
        write_bytes(folder / name, content)
        pictures[caption] = base64.b64encode(content).decode()
    tables = trial_tables(store.protocol, found)
    write_text(
        folder / "report.html", _render(folder, run, store, found, tables, pictures)
    )


def _figures(store: TrialStore, found: TrialSummary) -> dict[str, tuple[str, Figure]]:
    """File → caption and picture."""
    figures: dict[str, tuple[str, Figure]] = {}
    protocol = store.protocol
    if found.escalation is not None:
        labels = [arm.name for arm in protocol.arms]
        card = protocol.card.published
        level = None
        if card is not None and card.mtd in protocol.doses:
            level = protocol.doses.index(card.mtd)
        drawn = mtd_plot(
            labels,
            {protocol.name: found.escalation.selected},
            {protocol.name: found.escalation.none},
            published=level,
        )
        figures["mtd.png"] = ("How often each dose level is called the MTD", drawn)
    if found.responses:
        curves = {one.arm: one.pfs for one in found.responses}
        drawn = survival_plot(curves, "without progression")
        caption = "Time to progression, subjects of all trials, with 95 % limits"
        figures["survival.png"] = (caption, drawn)
    for arm, responses, days, sums in _first_trial(store):
        plain = re.sub(r"[^A-Za-z0-9-]+", "-", arm).strip("-")
        figures[f"waterfall-{plain}.png"] = (
            f"{arm}, first trial: best change of the sum of diameters",
            waterfall(responses),
        )
        figures[f"spider-{plain}.png"] = (
            f"{arm}, first trial: change over time",
            spider(days, sums, responses),
        )
        figures[f"swimmer-{plain}.png"] = (
            f"{arm}, first trial: time to progression or last scan; a triangle is the "
            "first scan with a response, an arrow an end without progression",
            swimmer(responses),
        )
    return figures


def _first_trial(
    store: TrialStore,
) -> Iterator[tuple[str, list[SubjectResponse], np.ndarray, np.ndarray]]:
    """Arm, responses, days of scans, and sums (subject, visit) of the first trial."""
    tail = "WHERE replicate = 0 ORDER BY subject"
    rows = list(store.rows("responses", tail))
    scans = list(store.rows("scans", tail + ", subject_day"))
    arms = [{arm.name} for arm in store.protocol.arms]
    names = [arm.name for arm in store.protocol.arms]
    if store.protocol.design is not None:
        arms, names = [set(names)], ["all dose levels"]
    for name, members in zip(names, arms, strict=True):
        responses = [_response(row) for row in rows if row["arm"] in members]
        mine = [row for row in scans if row["arm"] in members]
        if not responses:
            continue
        days = np.unique([row["subject_day"] for row in mine])
        sums = np.array([_number(row["sum"]) for row in mine])
        sums = sums.reshape(len(responses), len(days))
        ends = np.array([r.pfs if r.progressed else np.inf for r in responses])
        sums[days > ends[:, np.newaxis]] = np.nan  # scans end with the progression
        yield name, responses, days, sums


def _response(row: dict[str, object]) -> SubjectResponse:
    return SubjectResponse(
        Response(str(row["best"])),
        _number(row["best_change"]),
        _number(row["pfs"]),
        bool(row["progressed"]),
        None if row["response_day"] is None else _number(row["response_day"]),
        None if row["duration"] is None else _number(row["duration"]),
    )


def _number(value: object) -> float:
    return float("nan") if value is None else float(str(value))


def _png(figure: Figure) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, dpi=_DPI, metadata={"Software": None})
    return target.getvalue()


def _render(
    folder: Path,
    run: TrialRun,
    store: TrialStore,
    found: TrialSummary,
    tables: list[Table],
    pictures: dict[str, str],
) -> str:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.undefined = jinja2.StrictUndefined
    protocol = store.protocol
    return environment.from_string(_page("trial.html.j2")).render(
        style=_page("report.css"),
        title=protocol.card.title,
        card=protocol.card,
        kind=protocol.kind,
        design=protocol.design.name if protocol.design is not None else "",
        window=f"{protocol.window:g}",
        follow_up=f"{protocol.follow_up:g}",
        found=found,
        tables=tables,
        pictures=pictures,
        subjects=run.subjects.splitlines(),
        text=run.request.text,
        run=run,
        folder=str(folder),
    )


def _page(name: str) -> str:
    return (resources.files("adckit.report") / "page" / name).read_text("utf-8")
