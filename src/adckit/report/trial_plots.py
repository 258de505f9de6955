"""Pictures of trials: waterfall, spider, swimmer, Kaplan-Meier, MTD distribution.

Each function gives a Matplotlib figure, ready for `savefig`.  Matplotlib is loaded when
the first picture is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from adckit.errors import AdckitError
from adckit.report.panels import COLOURS
from adckit.studies.response import Response, SubjectResponse
from adckit.studies.survival import SurvivalCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["mtd_plot", "spider", "survival_plot", "swimmer", "waterfall"]

RESPONSE_COLOURS: Mapping[Response, str] = {
    Response.COMPLETE: "#0072B2",
    Response.PARTIAL: "#56B4E9",
    Response.STABLE: "#E69F00",
    Response.PROGRESSIVE: "#D55E00",
    Response.NOT_EVALUABLE: "#9a9a9a",
}
_INK, _FAINT, _RULE = "#222222", "#767676", "#d9d9d9"
_WIDTH, _HEIGHT = 6.4, 3.8
_SHRUNK, _GROWN = -30.0, 20.0
_DAYS_PER_MONTH = 365.25 / 12
_TICKS = 6
_INSIDE = 4
"""Curves up to which their names fit into the picture."""


def waterfall(responses: Sequence[SubjectResponse], title: str = "") -> Figure:
    """Best change of the sum of diameters, one bar per subject, worst first.

    A subject without a scan after the baseline has no bar; how many there are is said.
    """
    seen = [one for one in responses if np.isfinite(one.best_change)]
    seen.sort(key=lambda one: -one.best_change)
    figure, axes = _figure(title)
    heights = [one.best_change for one in seen]
    colours = [RESPONSE_COLOURS[one.best] for one in seen]
    axes.bar(range(len(seen)), heights, width=0.85, color=colours)
    for level in (_GROWN, _SHRUNK):
        axes.axhline(level, color=_FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.set_ylabel("best change of sum of diameters, %")
    axes.set_xlabel(_without(len(responses) - len(seen)))
    axes.set_xticks([])
    _response_legend(axes, [one.best for one in seen])
    return figure


def spider(
    days: ArrayLike,
    sums: ArrayLike,
    responses: Sequence[SubjectResponse],
    title: str = "",
) -> Figure:
    """Change of the sum of diameters over time, one line per subject.

    Args:
        days: of the scans, (visit,).
        sums: sums of diameters, (subject, visit), mm; NaN where not scanned.
        responses: one per subject, for the colours.
    """
    times, values = np.asarray(days, float), np.asarray(sums, float)
    if values.shape != (len(responses), times.size):
        raise AdckitError("A spider plot needs one sum per subject and scan.")
    figure, axes = _figure(title)
    for row, one in zip(values, responses, strict=True):
        change = 100 * (row / row[0] - 1) if row[0] > 0 else np.full_like(row, np.nan)
        axes.plot(
            times,
            change,
            color=RESPONSE_COLOURS[one.best],
            linewidth=0.9,
            alpha=0.8,
            marker="o",
            markersize=2,
        )
    for level in (_GROWN, _SHRUNK):
        axes.axhline(level, color=_FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.set_xlabel("days")
    axes.set_ylabel("change of sum of diameters, %")
    _response_legend(axes, [one.best for one in responses])
    return figure


def swimmer(responses: Sequence[SubjectResponse], title: str = "") -> Figure:
    """Time to progression or last scan, one lane per subject, longest on top."""
    lanes = sorted(responses, key=lambda one: one.pfs)
    figure, axes = _figure(title, height=max(_HEIGHT, 1.2 + 0.11 * len(lanes)))
    heights = range(len(lanes))
    months = [one.pfs / _DAYS_PER_MONTH for one in lanes]
    colours = [RESPONSE_COLOURS[one.best] for one in lanes]
    axes.barh(heights, months, height=0.75, color=colours, alpha=0.85)
    _marks(axes, lanes)
    axes.set_yticks([])
    axes.set_xlabel("months from the first dose")
    axes.set_ylabel("subjects")
    _response_legend(axes, [one.best for one in lanes])
    return figure


def survival_plot(
    curves: Mapping[str, SurvivalCurve], what: str, title: str = ""
) -> Figure:
    """Kaplan-Meier curves with 95 % limits, censorings and numbers at risk.

    `what` names the event in the label of the axis, such as "without progression".
    """
    if not curves:
        raise AdckitError("A survival plot needs at least one curve.")
    figure, axes = _figure(title, height=_HEIGHT + 0.2 * len(curves))
    end = max(float(curve.times[-1]) for curve in curves.values())
    ticks = np.linspace(0, end, _TICKS)
    for position, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[position % len(COLOURS)]
        _survival(axes, name, curve, colour)
    axes.set_ylim(0, 1.03)
    axes.set_xlim(0, end * 1.02)
    axes.set_xticks(ticks, [f"{tick / _DAYS_PER_MONTH:.1f}" for tick in ticks])
    axes.set_xlabel("months")
    axes.set_ylabel(f"share {what}")
    _numbers_at_risk(axes, curves, ticks)
    if len(curves) > _INSIDE:
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
        figure.set_figwidth(_WIDTH * 1.35)
    else:
        axes.legend(frameon=False, fontsize=8)
    return figure


def mtd_plot(
    doses: Sequence[str],
    selected: Mapping[str, ArrayLike],
    none: Mapping[str, float],
    *,
    published: int | None = None,
    title: str = "",
) -> Figure:
    """How often each dose level is called the MTD.

    Args:
        doses: labels of the levels, (dose,).
        selected: name of a design or trial → share per level, (dose,).
        none: the same name → share of trials without an MTD.
        published: level of the real trial's MTD, marked in the picture.
    """
    figure, axes = _figure(title)
    width = 0.8 / max(len(selected), 1)
    places = np.arange(len(doses) + 1, dtype=float)
    for position, (name, shares) in enumerate(selected.items()):
        values = 100 * np.append([none[name]], np.asarray(shares, float))
        left = places - 0.4 + (position + 0.5) * width
        colour = COLOURS[position % len(COLOURS)]
        axes.bar(left, values, width=0.92 * width, color=colour, label=name)
    if published is not None:
        axes.axvspan(published + 0.55, published + 1.45, color=_RULE, zorder=0)
        axes.text(
            published + 1,
            axes.get_ylim()[1],
            "published",
            ha="center",
            va="bottom",
            fontsize=8,
            color=_FAINT,
        )
    axes.set_xticks(places, ["none", *doses], rotation=30, ha="right")
    axes.set_ylabel("called the MTD, % of trials")
    if len(selected) > 1:
        axes.legend(frameon=False, fontsize=8)
    return figure


def _figure(title: str, height: float = _HEIGHT) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    if title:
        axes.set_title(title, fontsize=10, loc="left")
    return figure, axes


def _without(count: int) -> str:
    word = "subject" if count == 1 else "subjects"
    return f"{count} {word} without a scan after the baseline" if count else "subjects"


def _response_legend(axes: Axes, shown: Sequence[Response]) -> None:
    from matplotlib.patches import Patch

    present = [response for response in Response if response in shown]
    patches = [Patch(color=RESPONSE_COLOURS[r], label=r.value) for r in present]
    if patches:
        axes.legend(handles=patches, frameon=False, fontsize=8)


def _marks(axes: Axes, lanes: Sequence[SubjectResponse]) -> None:
    """Where responses begin, and who is still without progression."""
    for height, one in enumerate(lanes):
        if one.response_day is not None:
            day = one.response_day / _DAYS_PER_MONTH
            axes.plot(day, height, marker="^", color="white", markersize=3.5)
        if not one.progressed:
            day = one.pfs / _DAYS_PER_MONTH
            axes.plot(day, height, marker=">", color=_INK, markersize=3.5)


def _survival(axes: Axes, name: str, curve: SurvivalCurve, colour: str) -> None:
    times = np.concatenate([[0.0], curve.times])
    share = np.concatenate([[1.0], curve.survival])
    median = curve.median
    word = "not reached" if median is None else f"{median / _DAYS_PER_MONTH:.1f}"
    axes.step(times, share, where="post", color=colour, label=f"{name}, median {word}")
    axes.fill_between(
        curve.times,
        curve.lower,
        curve.upper,
        step="post",
        color=colour,
        alpha=0.15,
        linewidth=0,
    )
    heights = [curve.at(float(day)) for day in curve.censored]
    axes.plot(curve.censored, heights, "|", color=colour, markersize=6)


def _numbers_at_risk(
    axes: Axes, curves: Mapping[str, SurvivalCurve], ticks: np.ndarray
) -> None:
    for row, curve in enumerate(curves.values()):
        for tick in ticks:
            count = curve.subjects if tick == 0 else curve.risk_at(float(tick))
            axes.annotate(
                str(count),
                (tick, 0),
                xytext=(0, -38 - 11 * row),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color=COLOURS[row % len(COLOURS)],
            )
