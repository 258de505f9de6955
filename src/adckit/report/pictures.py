"""Pictures of panels, for papers, slides and the top of a README.

Run as a module it draws what it is sent; see `writing`.
"""

from __future__ import annotations

import io
import math
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adckit.report.panels import COLOURS, Figures, Panel, Series, ring_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PICTURES", "draw", "draw_panel", "picture"]

PICTURES = {
    "overview.png": ("plasma", "payload", "dar", "tumour"),
    "tumour.png": ("volume", "cells", "occupancy"),
    "populations.png": ("populations", "neighbours"),
}
"""File → the panels that it shows."""

DOTS_PER_INCH = 150
_COMPRESSION = 2  # of PNG: half the time of the usual 6 for a tenth more bytes
INK, FAINT, RULE = "#222222", "#767676", "#e3e3e3"
_LINE_HEIGHT = 0.062  # of the height of a panel
_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "font.family": "sans-serif",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "axes.titley": 1.0,  # else the place of every title is looked for
}


def draw(figures: Figures, folder: Path) -> list[Path]:
    """Draw all pictures that the panels allow; each file appears whole."""
    pictures = _pictures(figures)
    for name, drawn in pictures.items():
        _save(drawn(), folder / name)
    return [folder / name for name in pictures]


def _pictures(figures: Figures) -> dict[str, Callable[[], Figure]]:
    """File → what draws it."""
    found: dict[str, Callable[[], Figure]] = {}
    for name, keys in PICTURES.items():
        panels = [panel for key in keys if (panel := figures.panel(key)) is not None]
        if panels:
            found[name] = partial(picture, figures, panels)
    for i, rings in enumerate(figures.rings):
        from adckit.report.heat_maps import heat_map_picture  # rare: most have none

        found[ring_picture(i)] = partial(heat_map_picture, rings)
    return found


def picture(figures: Figures, panels: Sequence[Panel]) -> Figure:
    """Panels in two columns, or three in a row, under the names of the products."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = 3 if len(panels) == 3 else min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    with matplotlib.rc_context(_STYLE):
        height, width = 2.75 * rows + 1.05, (4.2 if columns == 3 else 5.0) * columns
        figure = Figure(figsize=(width, height), facecolor="white")
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            rows,
            columns,
            left=0.55 / width,
            right=1 - 0.95 / width,
            bottom=0.72 / height,
            top=1 - 0.95 / height,
            hspace=0.36,
            wspace=0.42 if columns == 2 else 0.22,
        )
        for i, panel in enumerate(panels):
            axes = figure.add_subplot(grid[i // columns, i % columns])
            last = i + columns >= len(panels)
            draw_panel(axes, panel, figures.doses, time_label=last)
        _headline(figure, figures, panels)
    return figure


def _headline(figure: Figure, figures: Figures, panels: Sequence[Panel]) -> None:
    """The products in their colours with their regimens, and what is not drawn."""
    height = figure.get_figheight()
    left = 0.02
    for name, regimen, colour in figures.products:
        ink = INK if len(figures.products) == 1 else COLOURS[colour % len(COLOURS)]
        place = 1 - 0.3 / height
        title = figure.text(
            left, place, name, fontsize=12, fontweight="bold", color=ink
        )
        below = figure.text(
            left, place - 0.22 / height, regimen, fontsize=9, color=FAINT
        )
        width = max(text.get_window_extent().width for text in (title, below))
        left += width / figure.bbox.width + 0.03
    notes = ["▲ dose"] if figures.doses else []
    if any(panel.marks for panel in panels):
        notes.append("○ published value, with its spread")
    notes += [figures.footnote] if figures.footnote else []
    figure.text(0.02, 0.12 / height, "    ".join(notes), fontsize=8, color=FAINT)


def draw_panel(
    axes: Axes, panel: Panel, doses: Sequence[float], *, time_label: bool = True
) -> None:
    """Draw one panel: curves with their names beside them, doses as ticks below."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    low, high = panel.limits()
    end = max(float(s.times[-1]) for s in panel.series)
    if panel.logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylim(low, high)
    axes.set_xlim(-0.012 * end, end)
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for series in panel.series:
        _curve(axes, series)
    _marks(axes, panel)
    for level in panel.levels:
        axes.axhline(level.value, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(
            level.label,
            (0.01, level.value),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            fontsize=7.5,
            color=FAINT,
        )
    bottom = axes.get_xaxis_transform()
    inside = [day for day in doses if day <= end]
    axes.plot(
        inside,
        [0.0] * len(inside),
        marker=6,  # a caret that points up to the axis
        color=INK,
        markersize=4,
        linestyle="",
        transform=bottom,
        clip_on=False,
        zorder=5,
    )
    unit = f"  [{panel.unit}]" if panel.unit else ""
    axes.set_title(f"{panel.title}{unit}", loc="left", fontsize=9.5)
    _names(axes, panel)
    axes.tick_params(length=3)
    if time_label:
        axes.set_xlabel("days")


def _curve(axes: Axes, series: Series) -> None:
    colour = COLOURS[series.colour % len(COLOURS)]
    if series.low is not None and series.high is not None:
        axes.fill_between(
            series.times, series.low, series.high, color=colour, alpha=0.15, linewidth=0
        )
    axes.plot(
        series.times,
        series.values,
        color=colour,
        linewidth=1.5,
        linestyle=(0, (4, 1.6)) if series.dashed else "-",
        solid_joinstyle="round",
    )


def _marks(axes: Axes, panel: Panel) -> None:
    for mark in panel.marks:
        colour = COLOURS[mark.colour % len(COLOURS)]
        spread = [[mark.value - mark.low], [mark.high - mark.value]]
        axes.errorbar(
            [mark.time],
            [mark.value],
            yerr=spread if mark.low < mark.high else None,
            fmt="o",
            color=colour,
            markerfacecolor="white",
            markeredgewidth=1.3,
            markersize=5,
            elinewidth=1.1,
            capsize=2.5,
            zorder=6,
            clip_on=False,
        )


def _names(axes: Axes, panel: Panel) -> None:
    """The name of every curve at its right end, moved apart where they would touch.

    Where a product has one curve, the panel's title and the colour name it already.
    """
    if len({series.label for series in panel.series}) == 1:
        return
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = []
    low, high = panel.limits()
    for series in panel.series:
        finite = series.values[np.isfinite(series.values)]
        value = min(max(float(finite[-1]), low), high) if finite.size else low
        height = float(to_axes.transform((float(series.times[-1]), value))[1])
        wanted.append((height, series))
    wanted.sort(key=lambda pair: pair[0])
    floor = 0.0
    for height, series in wanted:
        floor = max(height, floor)
        axes.annotate(
            series.label,
            (1.0, floor),
            xycoords="axes fraction",
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=COLOURS[series.colour % len(COLOURS)],
            annotation_clip=False,
        )
        floor += _LINE_HEIGHT * 1.3


def _save(figure: Figure, path: Path) -> None:
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        figure.savefig(
            file,
            format="png",
            dpi=DOTS_PER_INCH,
            pil_kwargs={"compress_level": _COMPRESSION},
        )
    os.chmod(part, 0o644)
    os.replace(part, path)


def main() -> None:
    """Draw the pickled figures of the standard input into the folder beside them."""
    _warm_up()
    content = sys.stdin.buffer.read()
    if content:  # empty when there is nothing to draw after all
        figures, folder = pickle.loads(content)
        _draw_at_once(_pictures(figures), Path(folder))
    sys.stdout.flush()
    os._exit(0)  # nothing is left to do, and tidying up takes a while


def _draw_at_once(pictures: dict[str, Callable[[], Figure]], folder: Path) -> None:
    """Draw every second picture in a copy of this process.

    Raises OSError where the copy could not.
    """
    names = list(pictures)
    copy = os.fork() if len(names) > 1 and sys.platform == "linux" else -1
    try:
        for name in names if copy < 0 else names[bool(copy) :: 2]:
            _save(pictures[name](), folder / name)
    except BaseException:
        if copy == 0:
            os._exit(1)
        raise
    if copy == 0:
        os._exit(0)
    if copy > 0 and os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) != 0:
        raise OSError("a picture could not be drawn")


def _warm_up() -> None:
    """Load fonts and all that drawing loads, while the figures are being made."""
    line = Series("", "", np.array([0.0, 1.0]), np.array([1.0, 9.0]), 0)
    panel = Panel("", "0", "", True, (line,))
    figure = picture(Figures((("0", "0", 0),), (panel,), (0.0,)), [panel])
    figure.savefig(io.BytesIO(), format="png", dpi=10)


if __name__ == "__main__":
    main()
