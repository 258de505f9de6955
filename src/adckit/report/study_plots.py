"""Growth curves of a study of tumours in mice: all arms in one plot.

The line of an arm is the typical animal, the band the 5th to 95th percentile of its
group, and the triangles on the line are its doses.  The same curves stand beside it on
a logarithmic axis, where growth of a constant rate is a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from adckit.report.panels import COLOURS
from adckit.report.pictures import FAINT, INK, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["GrowthCurve", "draw_growth"]

Floats = NDArray[np.float64]

_LOWEST = 1.0  # mm3 that the logarithmic axis goes down to at most
_ROOM = 1.15


@dataclass(frozen=True)
class GrowthCurve:
    """One arm."""

    label: str
    times: Floats
    """(time,), days"""
    volumes: Floats
    """(time,), mm3, of the typical animal"""
    days: Floats
    """(day,), whole days of the band"""
    low: Floats | None
    """(day,): 5th percentile of the group"""
    high: Floats | None
    doses: Sequence[float]
    """Days"""
    control: bool


def draw_growth(
    curves: Sequence[GrowthCurve],
    heading: str,
    note: str,
    *,
    largest: float,
    palpable: float,
    size: float,
) -> Figure:
    """Volumes over time of all arms, linear and logarithmic.

    `largest`, `palpable` and `size` are in mm3: where controls are taken out, below
    what a tumour is not felt, and by which growth delay is measured.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 5.4), facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        1, 2, left=0.065, right=0.985, bottom=0.255, top=0.845, wspace=0.17
    )
    linear = figure.add_subplot(grid[0, 0])
    logarithmic = figure.add_subplot(grid[0, 1])
    top = _top(curves, largest)
    for axes, title in (
        (linear, "Tumour volume  [mm³]"),
        (logarithmic, "The same, logarithmic  [mm³]"),
    ):
        _frame(axes, title)
        for curve, colour in zip(curves, _colours(curves), strict=True):
            _draw(axes, curve, colour)
            _doses(axes, curve, colour)
    linear.set_ylim(0, top)
    logarithmic.set_yscale("log")
    logarithmic.set_ylim(_bottom(curves, palpable), top * 3)
    _level(linear, size, f"{size:g} mm³")
    _level(logarithmic, palpable, "felt above this")
    handles, labels = linear.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0.055, 0.055),
        ncols=min(len(labels), 4),
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
    )
    figure.text(0.02, 0.935, heading, fontsize=12, fontweight="bold", color=INK)
    figure.text(0.02, 0.02, note, fontsize=8, color=FAINT)
    return figure


def _top(curves: Sequence[GrowthCurve], largest: float) -> float:
    """The axis ends where mice are taken out, or above the highest curve below that."""
    every = [c.volumes if c.high is None else c.high for c in curves]
    highest = max(float(np.nanmax(values)) for values in every)
    return min(highest, largest) * _ROOM


def _bottom(curves: Sequence[GrowthCurve], palpable: float) -> float:
    """Below the lowest curve, and below what is felt where a curve comes near that."""
    lowest = min(float(np.nanmin(curve.volumes)) for curve in curves)
    return max(
        _LOWEST, min(lowest, palpable) / 2 if lowest < 4 * palpable else lowest / 2
    )


def _colours(curves: Sequence[GrowthCurve]) -> list[str]:
    """Grey for controls, the palette for all others in their order."""
    treated = [curve for curve in curves if not curve.control]
    place = {id(curve): i for i, curve in enumerate(treated)}
    return [
        FAINT if curve.control else COLOURS[place[id(curve)] % len(COLOURS)]
        for curve in curves
    ]


def _frame(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9.5, color=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_edgecolor(FAINT)
    axes.tick_params(length=3, color=FAINT, labelcolor=INK, labelsize=9)
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel("days since the first dose", fontsize=9, color=INK)


def _draw(axes: Axes, curve: GrowthCurve, colour: str) -> None:
    if curve.low is not None and curve.high is not None:
        axes.fill_between(
            curve.days, curve.low, curve.high, color=colour, alpha=0.13, linewidth=0
        )
    style = (0, (5, 2)) if curve.control else "-"
    axes.plot(
        curve.times,
        curve.volumes,
        color=colour,
        linewidth=1.8,
        linestyle=style,
        label=curve.label,
        zorder=3 if curve.control else 2,  # an arm without effect must not hide it
    )
    axes.set_xlim(float(curve.days[0]), float(curve.days[-1]))


def _doses(axes: Axes, curve: GrowthCurve, colour: str) -> None:
    """A triangle on the curve for every dose."""
    axes.plot(
        list(curve.doses),
        np.interp(curve.doses, curve.times, curve.volumes),
        linestyle="none",
        marker="v",
        markersize=5,
        color=colour,
        markeredgecolor="white",
        markeredgewidth=0.6,
        zorder=4,
    )


def _level(axes: Axes, value: float, label: str) -> None:
    low, high = axes.get_ylim()
    if not (low < value < high):
        return
    axes.axhline(value, color=FAINT, linewidth=0.8, linestyle=(0, (2, 3)))
    axes.annotate(
        label,
        (0.01, value),
        xycoords=("axes fraction", "data"),
        xytext=(0, 2),
        textcoords="offset points",
        fontsize=7.5,
        color=FAINT,
    )
