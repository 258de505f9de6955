"""The report of a study of tumours in mice: a page that opens offline, a picture."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from adckit.io.runs import write_bytes, write_text
from adckit.io.study_runs import StudyRun
from adckit.report.collecting import shown_unit
from adckit.report.population_plots import png
from adckit.report.study_plots import GrowthCurve, draw_growth
from adckit.report.words import number_text, parameter_text, scaled_text
from adckit.studies.tumour_growth import LARGEST, PALPABLE, SUSTAINED, Measures
from adckit.studies.xenograft import BETWEEN_ANIMALS, ArmOutcome, StudyOutcome

__all__ = ["HEADERS", "explanation", "table_rows", "write_study_report"]

PICTURE = "xenograft.png"
HEADERS = (
    "arm",
    "n",
    "start",
    "volume",
    "T/C %",
    "TGI %",
    "days",
    "delay",
    "log kill",
    "best %",
    "PR",
    "CR",
    "TFS",
    "cured",
)
"""Columns of the table; `explanation` says what they are."""


def explanation(outcome: StudyOutcome) -> list[str]:
    """What the columns of the table are, a line each."""
    day, size = f"day {outcome.day:g}", f"{outcome.size:g} mm3"
    group = any(one.group is not None for one in outcome.arms)
    whose = "means of the group" if group else "the typical animal"
    return [
        f"start, volume: mm3 at the start and on {day} ({whose})",
        f"T/C: volume over the control's on {day}; TGI: growth inhibited until {day}, "
        "100 % (1 - growth / growth of the control)",
        f"days: median until {size}; delay: T - C in days; log kill: delay / (3.32 x "
        "doubling time of the control)",
        "best: largest shrinkage, median",
        f"PR, CR: at most half of the start, below {PALPABLE:g} mm3, for "
        f"{SUSTAINED:g} days; TFS: below {PALPABLE:g} mm3 at the end; cured: not one "
        "cell is left",
    ]


def _cells(
    one: ArmOutcome, found: Measures, *, control: bool, free: float
) -> list[str]:
    """The cells of one arm, in the order of `HEADERS`.

    `control` marks the arm that the others are compared with, and `free` is the day on
    which that one came to the size that growth delay goes by.
    """
    end = one.growth.times[-1]
    count = str(found.animals) if one.group is not None else "typical"
    over, inhibition, kill = found.over_control, found.inhibition, found.log_kill
    return [
        one.arm.name,
        count + (f" ({found.failed} failed)" if found.failed else ""),
        number_text(found.start),
        number_text(found.volume),
        "" if over is None or control else f"{over:.0f}",
        "" if inhibition is None or control else f"{inhibition:.0f}",
        _days(found.days_to_size, end),
        "" if control else _delay(found.delay, end, free),
        "" if kill is None or control else f"{kill:.2f}",
        f"{found.best_change:.0f}",
        str(found.partial),
        str(found.complete),
        str(found.tumour_free),
        str(found.cured),
    ]


def _days(days: float, end: float) -> str:
    return f"{days:.1f}" if math.isfinite(days) else f"> {end:g}"


def _delay(delay: float | None, end: float, free: float) -> str:
    """T - C; at least so many days where the treated did not reach the size."""
    if delay is None:
        return number_text(None)
    return f"{delay:.1f}" if math.isfinite(delay) else f"> {end - free:.1f}"


def write_study_report(folder: Path, run: StudyRun, outcome: StudyOutcome) -> None:
    """Write `report.html` and the picture.

    Raises RunError when a file cannot be written.
    """
    picture = png(
        draw_growth(
            [_curve(one) for one in outcome.arms],
            run.request.title,
            _note(outcome),
            largest=LARGEST,
            palpable=PALPABLE,
            size=outcome.size,
        )
    )
    write_bytes(folder / PICTURE, picture)
    write_text(folder / "report.html", _page(folder, run, outcome, picture))


def _curve(one: ArmOutcome) -> GrowthCurve:
    result = one.typical.result
    band = one.growth.solved if one.group is not None else None
    low = high = None
    if band is not None and len(band):
        low, high = np.percentile(band, [5, 95], axis=0)
    name, given = one.arm.name, one.arm.given
    label = given if name in given else name if one.arm.control else f"{name}: {given}"
    return GrowthCurve(
        label,
        result.times,
        result.curve("tumour_volume")[0],
        one.growth.times,
        low,
        high,
        sorted({dose.time for dose in one.arm.doses}),
        one.arm.control,
    )


def _note(outcome: StudyOutcome) -> str:
    note = "Line: typical animal. Triangles: doses."
    if any(one.group is not None for one in outcome.arms):
        note = "Band: 5th to 95th percentile of the group. " + note
    lost = outcome.failed
    return note + (f" {lost} animals failed and are in no curve." if lost else "")


def _page(folder: Path, run: StudyRun, outcome: StudyOutcome, picture: bytes) -> str:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.undefined = jinja2.StrictUndefined
    template = environment.from_string(_text("xenograft.html.j2"))
    return template.render(
        title=run.request.title,
        style=_text("report.css"),
        picture=base64.b64encode(picture).decode(),
        name=PICTURE,
        headers=HEADERS,
        rows=table_rows(outcome),
        alone=[] if not _groups(outcome) else table_rows(outcome, typical=True),
        lines=explanation(outcome),
        arms=[_arm(one) for one in outcome.arms],
        varied=[parameter_text(name) for name in BETWEEN_ANIMALS],
        groups=_groups(outcome),
        scaled=_scaled(outcome),
        seed=run.request.seed,
        failed=outcome.failed,
        run=run,
        folder=str(folder),
    )


def _groups(outcome: StudyOutcome) -> bool:
    return any(one.group is not None for one in outcome.arms)


def table_rows(outcome: StudyOutcome, *, typical: bool = False) -> list[list[str]]:
    """The cells of all arms; of the typical animals where that is asked for."""
    found = outcome.typical if typical else outcome.measures
    beside = None if outcome.control is None else found[outcome.control]
    free = math.inf if beside is None else beside.days_to_size
    return [
        _cells(one, mine, control=i == outcome.control, free=free)
        for i, (one, mine) in enumerate(zip(outcome.arms, found, strict=True))
    ]


def _arm(one: ArmOutcome) -> dict[str, Any]:
    product = one.arm.ready.product
    assert product is not None
    rows = {(row.analyte, row.quantity): row for row in one.typical.rows}

    def shown(analyte: str, quantity: str) -> str:
        row = rows.get((analyte, quantity))
        if one.arm.control or row is None or row.value is None or not row.value:
            return number_text(None)
        return f"{number_text(row.value)} {shown_unit(row.unit)}"

    return {
        "name": one.arm.name,
        "given": one.arm.given,
        "product": product.name,
        "host": product.parts["host"],
        "tumour": product.parts.get("tumour", ""),
        "cmax": shown("conjugate", "cmax"),
        "auc": shown("conjugate", "auc_inf"),
        "half_life": shown("conjugate", "half_life"),
    }


def _scaled(outcome: StudyOutcome) -> Mapping[str, str]:
    """Parameters of any arm that were scaled from another host, with the formula."""
    found: dict[str, str] = {}
    for one in outcome.arms:
        found |= scaled_text(one.arm.ready.product)
    return found


def _text(name: str) -> str:
    return (resources.files("adckit.report") / "page" / name).read_text("utf-8")
