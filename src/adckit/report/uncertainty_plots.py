"""Pictures of what is not known: two bands over time, and tornado plots.

The coloured band is where the typical subject may lie, because parameters are not known
exactly; the grey one is how subjects differ; the dotted lines hold both at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from adckit.report.panels import COLOURS
from adckit.report.pictures import FAINT, INK, RULE
from adckit.report.population_plots import (
    COLUMNS,
    canvas,
    logarithmic_axis,
    plain_axes,
)
from adckit.studies.uncertainty_bands import Band

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BandPanel", "TornadoBar", "TornadoPanel", "draw_bands", "draw_tornado"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BandPanel:
    """One output over time."""

    title: str
    times: Floats
    typical: Floats
    """(time,): with the library's values"""
    parameters: Band
    subjects: Band
    both: Band
    colour: int
    logarithmic: bool = False


@dataclass(frozen=True)
class TornadoBar:
    """What a headline does between two values of a parameter."""

    label: str
    low: float
    high: float
    ends: tuple[str, str]
    """The parameter at either end, in words."""


@dataclass(frozen=True)
class TornadoPanel:
    """One headline and the parameters that decide it, the first one most."""

    title: str
    base: float
    bars: tuple[TornadoBar, ...]


def draw_bands(panels: Sequence[BandPanel], heading: str, note: str) -> Figure:
    """Both bands of every output."""
    figure, grid = canvas(len(panels), heading, note)
    for i, panel in enumerate(panels):
        axes = figure.add_subplot(grid[i // COLUMNS, i % COLUMNS])
        _bands(axes, panel)
        if i + COLUMNS >= len(panels):
            axes.set_xlabel("days")
    return figure


def _bands(axes: Axes, panel: BandPanel) -> None:
    colour = COLOURS[panel.colour % len(COLOURS)]
    plain_axes(axes, panel.title)
    both = panel.both
    if panel.logarithmic:
        logarithmic_axis(axes, both.low, both.high)
    axes.set_xlim(float(panel.times[0]), float(panel.times[-1]))
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    for band, filled, depth in (
        (panel.subjects, FAINT, 0.3),
        (panel.parameters, colour, 0.45),
    ):
        axes.fill_between(
            panel.times, band.low, band.high, color=filled, alpha=depth, linewidth=0
        )
    for edge in (both.low, both.high):
        axes.plot(panel.times, edge, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.plot(panel.times, panel.typical, color=INK, linewidth=1.2)


def draw_tornado(panels: Sequence[TornadoPanel], heading: str, note: str) -> Figure:
    """One plot per headline, side by side in rows."""
    figure, grid = canvas(len(panels), heading, note)
    grid.update(left=0.19, right=0.955, wspace=0.75)
    for i, panel in enumerate(panels):
        _tornado(figure.add_subplot(grid[i // COLUMNS, i % COLUMNS]), panel)
    return figure


def _tornado(axes: Axes, panel: TornadoPanel) -> None:
    plain_axes(axes, panel.title)
    axes.grid(axis="x", color=RULE, linewidth=0.7)
    places = np.arange(len(panel.bars))[::-1]
    for place, bar in zip(places, panel.bars, strict=True):
        for end, colour in ((bar.low, COLOURS[0]), (bar.high, COLOURS[1])):
            axes.barh(
                place, end - panel.base, left=panel.base, height=0.62, color=colour
            )
        left_low = bar.low <= bar.high
        words = bar.ends if left_low else bar.ends[::-1]
        ends = sorted((bar.low, bar.high))
        for value, text, side, shift in (
            (ends[0], words[0], "right", -3),
            (ends[1], words[1], "left", 3),
        ):
            axes.annotate(
                text,
                (value, place),
                xytext=(shift, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=6.5,
                color=FAINT,
            )
    axes.axvline(panel.base, color=INK, linewidth=0.9)
    axes.margins(x=0.2)
    axes.set_yticks(places, [bar.label for bar in panel.bars], fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
