"""Pictures of a comparison as SVG text: forest plot, dose against toxicity, profiles.

They are written into the page itself, so that one file holds all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from adckit.report.words import number_text

__all__ = ["dose_toxicity", "forest", "profile"]

_LINE = 20
_LABELS, _PLOT, _NUMBERS = 400, 380, 150
_LEAST, _MOST = 0.1, 10.0
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10)
_WIDE, _HIGH, _EDGE = 460, 240, 44


def forest(rows: Sequence[Mapping[str, Any]]) -> str:
    """Model over published for each row, with the model's interval.

    The grey bar is the published spread or exact interval.  Rows whose published value
    is zero have no ratio, and so have rows without an answer; they are left out.
    """
    shown = [row for row in rows if row["observed"] and row["rule"]]
    height = _LINE * (len(shown) + 2)
    width = _LABELS + _PLOT + _NUMBERS
    parts = [
        f'<svg class="forest" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="Ratio of model to published value, by row">'
    ]
    for tick in _TICKS:
        x = _x(tick)
        kind = "one" if tick == 1 else "two" if tick in (0.5, 2) else "grid"
        parts.append(
            f'<line class="{kind}" x1="{x}" x2="{x}" y1="14" y2="{height - 22}"/>'
        )
        parts.append(f'<text class="tick" x="{x}" y="{height - 6}">{tick:g}</text>')
    for line, row in enumerate(shown):
        parts += _forest_row(row, 24 + line * _LINE)
    parts.append("</svg>")
    return "\n".join(parts)


def _forest_row(row: Mapping[str, Any], y: int) -> list[str]:
    observed = row["observed"]
    words = f"{row['title']}: {row['label']}"
    if len(words) > 62:
        words = f"{words[:61]}\N{HORIZONTAL ELLIPSIS}"
    verdict = {True: "pass", False: "fail", None: "none"}[row["passed"]]
    parts = [
        f'<text class="name" x="{_LABELS - 12}" y="{y + 4}">{escape(words)}</text>'
    ]
    low, high = row["observed_interval"]
    if low is not None and high is not None:
        left, right = _x(low / observed), _x(high / observed)
        parts.append(
            f'<rect class="seen" x="{left}" y="{y - 5}" width="{right - left:.1f}" '
            'height="10"/>'
        )
    low, high = row["model_interval"]
    if low is not None:
        left = _x(low / observed)
        right = _x(_MOST if high is None else high / observed)
        parts.append(
            f'<line class="model {row["role"]}" x1="{left}" x2="{right}" y1="{y}" '
            f'y2="{y}"/>'
        )
    if row["ratio"] is not None:
        x = _x(row["ratio"])
        shape = (
            f'<circle class="{row["role"]} {verdict}" cx="{x}" cy="{y}" r="4.5"/>'
            if row["role"] == "predicted"
            else f'<rect class="{row["role"]} {verdict}" x="{x - 4}" y="{y - 4}" '
            'width="8" height="8"/>'
        )
        parts.append(shape)
    number = number_text(row["ratio"]) if row["reached"] else "not reached"
    parts.append(
        f'<text class="number" x="{_LABELS + _PLOT + 12}" y="{y + 4}">{number} '
        f'<tspan class="{verdict}">{verdict}</tspan></text>'
    )
    return parts


def _x(ratio: float) -> float:
    """Place of a ratio; beyond the axis it is at its end."""
    inside = min(max(ratio, _LEAST), _MOST)
    share = math.log(inside / _LEAST) / math.log(_MOST / _LEAST)
    return round(_LABELS + share * _PLOT, 1)


def dose_toxicity(label: str, found: Mapping[str, Any], published: float | None) -> str:
    """P(DLT) against dose, with the band of the draws."""
    doses = found["doses"]
    top = max(doses)

    def place(dose: float, share: float) -> str:
        x = _EDGE + dose / top * (_WIDE - _EDGE - 12)
        y = _HIGH - _EDGE - share * (_HIGH - _EDGE - 24)
        return f"{x:.1f},{y:.1f}"

    upper = [place(d, p) for d, p in zip(doses, found["high"], strict=True)]
    lower = [place(d, p) for d, p in zip(doses, found["low"], strict=True)]
    line = [place(d, p) for d, p in zip(doses, found["probability"], strict=True)]
    parts = [_frame(label), _y_ticks(place)]
    parts.append(f'<polygon class="band" points="{" ".join([*upper, *lower[::-1]])}"/>')
    parts.append(f'<polyline class="curve" points="{" ".join(line)}"/>')
    for dose in doses:
        x = place(dose, 0).split(",")[0]
        parts.append(f'<text class="tick" x="{x}" y="{_HIGH - 26}">{dose:g}</text>')
    if published is not None:
        x = place(published, 0).split(",")[0]
        parts.append(
            f'<line class="mtd" x1="{x}" x2="{x}" y1="24" y2="{_HIGH - _EDGE}"/>'
        )
    parts.append("</svg>")
    return "\n".join(parts)


def profile(found: Mapping[str, Any]) -> str:
    """Digitised points over the model's mean and band, concentration logarithmic."""
    days = found["times"]
    values = [v for v in (*found["high"], *found["model"]) if v > 0]
    top, bottom = max(values), max(min(found["model"]), max(values) * 1e-5)
    last = days[-1]

    def place(day: float, value: float) -> str:
        share = math.log(max(value, bottom) / bottom) / math.log(top / bottom)
        x = _EDGE + day / last * (_WIDE - _EDGE - 12)
        y = _HIGH - _EDGE - share * (_HIGH - _EDGE - 24)
        return f"{x:.1f},{y:.1f}"

    upper = [place(d, v) for d, v in zip(days, found["high"], strict=True)]
    lower = [place(d, v) for d, v in zip(days, found["low"], strict=True)]
    line = [place(d, v) for d, v in zip(days, found["model"], strict=True)]
    parts = [_frame(found["label"])]
    parts.append(f'<polygon class="band" points="{" ".join([*upper, *lower[::-1]])}"/>')
    parts.append(f'<polyline class="curve" points="{" ".join(line)}"/>')
    for points in found["points"].values():
        for day, value in zip(*points, strict=True):
            x, y = place(day, value).split(",")
            parts.append(f'<circle class="point" cx="{x}" cy="{y}" r="3"/>')
    for power in range(math.ceil(math.log10(bottom)), math.floor(math.log10(top)) + 1):
        y = place(0, 10.0**power).split(",")[1]
        parts.append(
            f'<text class="ytick" x="{_EDGE - 6}" y="{y}">{10.0**power:g}</text>'
        )
    for day in range(0, math.ceil(last) + 1, 7):
        x = place(day, bottom).split(",")[0]
        parts.append(f'<text class="tick" x="{x}" y="{_HIGH - 26}">{day}</text>')
    parts.append("</svg>")
    return "\n".join(parts)


def _frame(label: str) -> str:
    return (
        f'<svg class="panel" viewBox="0 0 {_WIDE} {_HIGH}" role="img" '
        f'aria-label="{escape(label)}">'
        f'<line class="axis" x1="{_EDGE}" x2="{_WIDE - 8}" y1="{_HIGH - _EDGE}" '
        f'y2="{_HIGH - _EDGE}"/>'
    )


def _y_ticks(place: Any) -> str:
    ticks = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = place(0, share).split(",")[1]
        ticks.append(
            f'<text class="ytick" x="{_EDGE - 6}" y="{y}">{100 * share:g} %</text>'
        )
    return "\n".join(ticks)
