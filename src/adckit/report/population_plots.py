"""Pictures of a study of many subjects: ribbons over time, and histograms.

A ribbon shows the 5th to 95th percentile, the darker part inside it the middle half,
the line the median; thin lines are single subjects, the dashed one is the typical
subject of the model.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from adckit.report.panels import COLOURS, Level
from adckit.report.pictures import DOTS_PER_INCH, FAINT, INK, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLUMNS",
    "Histogram",
    "RibbonPanel",
    "canvas",
    "draw_histograms",
    "draw_ribbons",
    "logarithmic_axis",
    "plain_axes",
    "png",
]

Floats = NDArray[np.float64]

_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.7,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
}
_DECADES = 1e4  # that a logarithmic axis spans
_BINS = 40
COLUMNS = 2


@dataclass(frozen=True)
class RibbonPanel:
    """One output over time."""

    title: str
    times: Floats
    percentiles: Mapping[int, Floats]
    """5, 25, 50, 75, 95 → (time,)"""
    subjects: Sequence[Floats]
    """(time,) each"""
    typical: Floats
    """(time,)"""
    colour: int
    logarithmic: bool = False
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True)
class Histogram:
    """One number of every subject."""

    title: str
    values: Floats
    """(subject,)"""
    typical: float | None
    colour: int
    logarithmic: bool = False


def draw_ribbons(panels: Sequence[RibbonPanel], heading: str, note: str) -> Figure:
    """Percentiles over time, single subjects and the typical one."""
    figure, grid = canvas(len(panels), heading, note)
    for i, panel in enumerate(panels):
        axes = figure.add_subplot(grid[i // COLUMNS, i % COLUMNS])
        _ribbon(axes, panel)
        if i + COLUMNS >= len(panels):
            axes.set_xlabel("days")
    return figure


def draw_histograms(histograms: Sequence[Histogram], heading: str, note: str) -> Figure:
    """How numbers are spread over the subjects."""
    figure, grid = canvas(len(histograms), heading, note)
    for i, histogram in enumerate(histograms):
        axes = figure.add_subplot(grid[i // COLUMNS, i % COLUMNS])
        _bars(axes, histogram)
    return figure


def png(figure: Figure) -> bytes:
    """The picture as the content of a PNG file, the same for the same figure."""
    place = io.BytesIO()
    figure.savefig(place, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return place.getvalue()


def canvas(count: int, heading: str, note: str) -> tuple[Figure, Any]:
    """An empty page with a heading, a footnote and room for so many panels."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = math.ceil(count / COLUMNS)
    height = 2.6 * rows + 1.1
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(10.0, height), facecolor="white")
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            rows,
            COLUMNS,
            left=0.065,
            right=0.975,
            bottom=0.75 / height,
            top=1 - 0.72 / height,
            hspace=0.42,
            wspace=0.2,
        )
        top, low = 1 - 0.3 / height, 0.12 / height
        figure.text(0.02, top, heading, fontsize=12, fontweight="bold")
        figure.text(0.02, low, note, fontsize=8, color=FAINT)
    return figure, grid


def plain_axes(axes: Axes, title: str) -> None:
    """Give axes their title, and take away what is no data."""
    axes.set_title(title, loc="left", fontsize=9.5, color=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_edgecolor(FAINT)
    axes.tick_params(length=3, color=FAINT, labelcolor=INK, labelsize=9)
    axes.set_axisbelow(True)


def logarithmic_axis(axes: Axes, low: Floats, high: Floats) -> None:
    """A logarithmic scale that holds a band, but no more than its last decades."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    top = float(np.nanmax(high))
    known = low[low > top / _DECADES]
    axes.set_ylim(float(known.min(initial=top)) / 1.5, top * 1.8)


def _ribbon(axes: Axes, panel: RibbonPanel) -> None:
    colour = COLOURS[panel.colour % len(COLOURS)]
    share = panel.percentiles
    plain_axes(axes, panel.title)
    if panel.logarithmic:
        logarithmic_axis(axes, share[5], share[95])
    axes.set_xlim(float(panel.times[0]), float(panel.times[-1]))
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    for curve in panel.subjects:
        axes.plot(panel.times, curve, color=colour, linewidth=0.4, alpha=0.35)
    for low, high, depth in ((5, 95, 0.16), (25, 75, 0.28)):
        axes.fill_between(
            panel.times, share[low], share[high], color=colour, alpha=depth, linewidth=0
        )
    axes.plot(panel.times, share[50], color=colour, linewidth=1.7)
    axes.plot(
        panel.times, panel.typical, color=INK, linewidth=0.9, linestyle=(0, (4, 2))
    )
    for level in panel.levels:
        axes.axhline(level.value, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(
            level.label,
            (0.99, level.value),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="right",
            fontsize=7.5,
            color=FAINT,
        )


def _bars(axes: Axes, histogram: Histogram) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    colour = COLOURS[histogram.colour % len(COLOURS)]
    values = histogram.values
    plain_axes(axes, histogram.title)
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.hist(values, bins=_edges(histogram).tolist(), color=colour, alpha=0.55)
    if histogram.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    for percentile, style in ((5, (0, (1, 2))), (50, "-"), (95, (0, (1, 2)))):
        place = float(np.percentile(values, percentile))
        axes.axvline(place, color=colour, linewidth=1.3, linestyle=style)
    if histogram.typical is not None:
        axes.axvline(histogram.typical, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _edges(histogram: Histogram) -> Floats:
    """Bins over all but the last half percent on each side."""
    low, high = (float(x) for x in np.percentile(histogram.values, [0.5, 99.5]))
    if low == high:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    if histogram.logarithmic and low > 0:
        return np.geomspace(low, high, _BINS + 1)
    return np.linspace(low, high, _BINS + 1)
