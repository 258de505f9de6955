"""Heat maps of Krogh cylinders: time across, distance from the capillary upwards."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from adckit.report.panels import Floats, HeatMap, Rings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["heat_map_picture"]

_LEFT_OUT = "free_antibody_in_ring"
"""In the report only: it looks as all antibody does, and lower."""
_COLUMNS_OF_TIME = 600
_STYLE: dict[Any, Any] = {"font.size": 9.0, "font.family": "sans-serif"}
_INK, _FAINT = "#222222", "#767676"


def heat_map_picture(rings: Rings) -> Figure:
    """A map per quantity, two in a row; with several spacings a row for each."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    maps = [m for m in rings.maps if m.key != _LEFT_OUT]
    lines = len(rings.weights)
    columns = 2 if lines == 1 else len(maps)
    rows = math.ceil(len(maps) / columns) if lines == 1 else lines
    width, height = (5.4 if lines == 1 else 4.0) * columns, 2.75 * rows + 1.15
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), facecolor="white")
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            rows,
            columns,
            left=(0.65 if lines == 1 else 0.8) / width,
            right=1 - 0.5 / width,
            bottom=0.78 / height,
            top=1 - 1.0 / height,
            hspace=0.42,
            wspace=0.16 if lines == 1 else 0.26,
        )
        for place, (line, heat) in enumerate(
            (line, heat) for line in range(lines) for heat in maps
        ):
            row, column = divmod(place, columns)
            axes = figure.add_subplot(grid[row, column])
            _draw(figure, axes, rings, heat, line)
            if row == rows - 1:
                axes.set_xlabel("days", color=_INK)
            if column == 0:
                above = f"{rings.spacing(line)}\n" if lines > 1 else ""
                axes.set_ylabel(f"{above}µm from the capillary", color=_INK)
        top = 1 - 0.3 / height
        figure.text(
            0.02, top, rings.product, fontsize=12, fontweight="bold", color=_INK
        )
        figure.text(0.02, top - 0.22 / height, rings.regimen, fontsize=9, color=_FAINT)
        note = "▲ dose    colours end where the scale does: darkest is that or less"
        figure.text(0.02, 0.12 / height, note, fontsize=8, color=_FAINT)
    return figure


def _draw(figure: Figure, axes: Axes, rings: Rings, heat: HeatMap, line: int) -> None:
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.ticker import FuncFormatter, NullLocator

    depth, end = float(rings.distances[line, -1]), float(rings.times[-1])
    scale = LogNorm if heat.logarithmic else Normalize
    image = axes.imshow(
        _even_in_time(rings.times, heat.values[:, line]).T,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(float(rings.times[0]), end, 0.0, depth),
        cmap="magma" if heat.key == "kill_in_ring" else "viridis",
        norm=scale(heat.low, heat.high, clip=True),
    )
    bar = figure.colorbar(image, ax=axes, pad=0.02, fraction=0.05)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2, labelsize=8, color=_FAINT)
    bar.formatter = FuncFormatter(lambda value, _: f"{value:g}")
    bar.update_ticks()
    bar.ax.yaxis.set_minor_locator(NullLocator())
    axes.plot(
        [day for day in rings.doses if day <= end],
        [0.0 for day in rings.doses if day <= end],
        marker=6,  # a caret that points up to the axis
        color=_INK,
        markersize=4,
        linestyle="",
        transform=axes.get_xaxis_transform(),
        clip_on=False,
    )
    axes.set_xlim(float(rings.times[0]), end)
    axes.tick_params(length=3, color=_FAINT)
    for side in axes.spines.values():
        side.set_visible(False)
    unit = f"  [{heat.unit}]" if heat.unit else ""
    axes.set_title(f"{heat.title}{unit}", loc="left", fontsize=9.5, color=_INK)


def _even_in_time(times: Floats, values: Floats) -> Floats:
    """Values at evenly spaced times, (time, ring)."""
    wanted = np.linspace(times[0], times[-1], _COLUMNS_OF_TIME)
    after = np.clip(np.searchsorted(times, wanted), 1, len(times) - 1)
    step = times[after] - times[after - 1]
    share = ((wanted - times[after - 1]) / step)[:, None]
    return np.asarray(values[after - 1] * (1 - share) + values[after] * share)
