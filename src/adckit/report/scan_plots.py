"""Pictures of a scan: a heat map for two axes, a line for one.

On a map the star is the design that was varied, the line around it joins points where
the quantity is as the design's, and hatched fields are grid points that failed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from adckit.report.collecting import shown_unit
from adckit.report.panels import COLOURS
from adckit.report.pictures import FAINT, INK, RULE
from adckit.studies.drawing import Floats
from adckit.studies.scan_axes import Axis
from adckit.studies.scan_result import ScanResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_scan"]

_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.7,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "hatch.color": FAINT,
    "hatch.linewidth": 0.7,
}
_WIDE = 50.0
"""Highest over lowest above which colours, or a line's axis, are logarithmic."""
_FEW_DECADES = 2.5
"""Below which a logarithmic axis has ticks at 2 and 5 too."""
_COLUMNS = 2
_FLAT = 1e-9
_LITTLE = 1e-2
"""Share of the values by which a line may differ and still be drawn as level."""


def draw_scan(result: ScanResult) -> Figure | None:
    """A panel per quantity; None for more than two axes, which have no picture."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if len(result.axes) > 2:
        return None
    columns = min(_COLUMNS, len(result.quantities))
    rows = math.ceil(len(result.quantities) / columns)
    width, height = 5.6 * columns, 3.7 * rows + 1.0
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), facecolor="white")
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            rows,
            columns,
            left=0.8 / width,
            right=1 - (0.75 if len(result.axes) == 2 else 0.25) / width,
            bottom=1.0 / height,
            top=1 - 1.0 / height,
            hspace=0.45,
            wspace=0.34,
        )
        for i, name in enumerate(result.quantities):
            axes = figure.add_subplot(grid[i // columns, i % columns])
            if len(result.axes) == 2:
                _map(figure, axes, result, name)
            else:
                _line(axes, result, name, i)
        figure.text(
            0.15 / width,
            1 - 0.32 / height,
            f"{result.model}, {result.regimen}",
            fontsize=12,
            fontweight="bold",
        )
        figure.text(0.15 / width, 0.15 / height, _note(result), fontsize=8, color=FAINT)
    return figure


def _note(result: ScanResult) -> str:
    notes = [f"{result.days:g} days"]
    if all(axis.design is not None for axis in result.axes):
        notes.append("star: the design that is varied")
        if len(result.axes) == 2 and all(axis.numeric for axis in result.axes):
            notes.append("white line: as much as the design")
    if result.failed:
        notes.append(f"hatched: {result.failed} points that failed, without a number")
    return "; ".join(notes) + "."


def _title(result: ScanResult, name: str) -> str:
    i = result.quantities.index(name)
    unit = shown_unit(result.units[i])
    label = result.labels[i]
    shown = f"  [{unit}]" if unit not in ("", "1") else ""
    return label[:1].upper() + label[1:] + shown


def _axis_label(axis: Axis) -> str:
    unit = shown_unit(axis.unit)
    return f"{axis.label}  [{unit}]" if unit not in ("", "1") else axis.label


def _in_row(axis: Axis, *, map_: bool) -> bool:
    """Whether values stand side by side, whatever they are: names, and lists on maps,
    whose fields would have very unequal sizes."""
    return not axis.numeric or (map_ and axis.listed)


def _positions(axis: Axis, *, map_: bool = False) -> Floats:
    """Where the values of an axis are drawn."""
    if _in_row(axis, map_=map_):
        return np.arange(len(axis.values), dtype=float)
    return np.array(axis.values, dtype=float)


def _edges(axis: Axis, *, map_: bool = False) -> Floats:
    """Borders between the values of an axis, (value + 1,)."""
    places = _positions(axis, map_=map_)
    logarithmic = axis.logarithmic and not _in_row(axis, map_=map_)
    if len(places) == 1:
        half = 0.5 * (abs(float(places[0])) or 1.0)
        return np.array([float(places[0]) - half, float(places[0]) + half])
    if logarithmic:
        places = np.log(places)
    middle = (places[:-1] + places[1:]) / 2
    first, last = 2 * places[0] - middle[0], 2 * places[-1] - middle[-1]
    edges = np.concatenate([[first], middle, [last]])
    return np.asarray(np.exp(edges) if logarithmic else edges)


def _design_place(axis: Axis, *, map_: bool = False) -> float | None:
    """Where the design lies on an axis; None outside it."""
    if axis.design is None:
        return None
    if not axis.numeric:
        names = [str(value).lower() for value in axis.values]
        known = str(axis.design).lower()
        return float(names.index(known)) if known in names else None
    design, edges = float(axis.design), _edges(axis, map_=map_)
    if _in_row(axis, map_=map_):
        values = np.array(axis.values, dtype=float)
        if not values[0] <= design <= values[-1]:
            return None
        return float(np.interp(design, values, np.arange(len(values))))
    return design if edges[0] <= design <= edges[-1] else None


def _dress(axes: Axes, axis: Axis, side: str, *, map_: bool = False) -> None:
    """Scale, ticks and label of one side of a panel."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    which = axes.xaxis if side == "x" else axes.yaxis
    if _in_row(axis, map_=map_):
        names = [v if isinstance(v, str) else _short(v) for v in axis.values]
        which.set_ticks(_positions(axis, map_=map_).tolist(), names)
    elif axis.logarithmic:
        (axes.set_xscale if side == "x" else axes.set_yscale)("log")
        decades = math.log10(float(axis.values[-1]) / float(axis.values[0]))
        if decades < _FEW_DECADES:
            which.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        which.set_minor_formatter(NullFormatter())
        which.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    (axes.set_xlabel if side == "x" else axes.set_ylabel)(_axis_label(axis))
    axes.tick_params(length=3, color=FAINT, labelcolor=INK, labelsize=9)


def _short(value: float) -> str:
    if value and not 1e-3 <= abs(value) < 1e5:
        digits, _, power = f"{value:.2e}".partition("e")
        return f"{float(digits):g}e{int(power)}"
    return f"{value:g}"


def _map(figure: Figure, axes: Axes, result: ScanResult, name: str) -> None:
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.ticker import FuncFormatter

    across, up = result.axes
    grid = result.quantity(name).T  # (up, across)
    low, high = _limits(grid)
    norm = LogNorm(low, high) if _wide(grid) else Normalize(low, high)
    axes.set_title(_title(result, name), loc="left", fontsize=9.5)
    axes.set_facecolor("#f4f4f4")
    mesh = axes.pcolormesh(
        _edges(across, map_=True),
        _edges(up, map_=True),
        np.ma.masked_invalid(grid),
        norm=norm,
    )
    _dress(axes, across, "x", map_=True)
    _dress(axes, up, "y", map_=True)
    _hatch(axes, across, up, ~np.isfinite(grid))
    bar = figure.colorbar(mesh, ax=axes, pad=0.02, fraction=0.05)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2, labelsize=8)
    bar.formatter = FuncFormatter(lambda value, _: _short(value))
    bar.update_ticks()
    x, y = _design_place(across, map_=True), _design_place(up, map_=True)
    if x is None or y is None:
        return
    _contour(axes, result, name, grid)
    axes.plot(x, y, marker="*", markersize=13, color="white", markeredgecolor="black")


def _limits(grid: Floats) -> tuple[float, float]:
    known = grid[np.isfinite(grid)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if high - low <= _FLAT * max(abs(low), abs(high)):
        return low - (0.5 * abs(low) or 0.5), high + (0.5 * abs(high) or 0.5)
    return low, high


def _wide(grid: Floats) -> bool:
    known = grid[np.isfinite(grid)]
    return bool(known.size and known.min() > 0 and known.max() > _WIDE * known.min())


def _contour(axes: Axes, result: ScanResult, name: str, grid: Floats) -> None:
    """The line of points where the quantity is as the design's."""
    from matplotlib.patheffects import withStroke

    across, up = result.axes
    level = float(result.design[result.quantities.index(name)])
    low, high = _limits(grid)
    inside = low + _FLAT * (high - low) < level < high - _FLAT * (high - low)
    if min(grid.shape) < 2 or not inside or not (across.numeric and up.numeric):
        return
    lines = axes.contour(
        _positions(across, map_=True),
        _positions(up, map_=True),
        np.ma.masked_invalid(grid),
        levels=[level],
        colors="white",
        linewidths=1.3,
        linestyles="solid",
    )
    lines.set_path_effects([withStroke(linewidth=2.6, foreground=INK)])


def _steady(axes: Axes, values: Floats) -> None:
    """An axis on which what hardly changes looks as if it hardly changed."""
    axes.ticklabel_format(axis="y", useOffset=False)
    known = values[np.isfinite(values)]
    if not known.size:
        return
    middle, width = float(known.mean()), float(np.ptp(known))
    if width < _LITTLE * abs(middle):
        axes.set_ylim(middle - 0.1 * abs(middle), middle + 0.1 * abs(middle))


def _hatch(axes: Axes, across: Axis, up: Axis, lost: np.ndarray) -> None:
    from matplotlib.patches import Rectangle

    x, y = _edges(across, map_=True), _edges(up, map_=True)
    for row, column in np.argwhere(lost):
        size = x[column + 1] - x[column], y[row + 1] - y[row]
        axes.add_patch(
            Rectangle((x[column], y[row]), *size, fill=False, hatch="////", linewidth=0)
        )


def _line(axes: Axes, result: ScanResult, name: str, number: int) -> None:
    axis = result.axes[0]
    places, values = _positions(axis), result.quantity(name)
    colour = COLOURS[number % len(COLOURS)]
    axes.set_title(_title(result, name), loc="left", fontsize=9.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    _dress(axes, axis, "x")
    if axis.numeric:
        axes.plot(places, values, color=colour, marker="o", markersize=3.5)
        if _wide(values):
            axes.set_yscale("log")
        else:
            _steady(axes, values)
    else:
        axes.bar(places, np.nan_to_num(values), width=0.55, color=colour, alpha=0.7)
        axes.axhline(0, color=FAINT, linewidth=0.7)
    edges = _edges(axis)
    for i in np.flatnonzero(~np.isfinite(values)):
        axes.axvspan(
            edges[i], edges[i + 1], fill=False, hatch="////", edgecolor=FAINT, lw=0
        )
    place = _design_place(axis)
    if place is not None:
        own = float(result.design[result.quantities.index(name)])
        axes.plot(
            place, own, marker="*", markersize=13, color="white", markeredgecolor=INK
        )
