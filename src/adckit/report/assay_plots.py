"""Pictures of an assay: dose-response, cells over time, drug in cells and medium.

Each function gives a Matplotlib figure, ready for `savefig`.  Matplotlib is loaded when
the first picture is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from adckit.report.assay_tables import concentration_text
from adckit.report.panels import COLOURS
from adckit.studies.assay import Assay, LineResponse
from adckit.studies.concentrations import unit_per_nanomolar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["dose_response_plot", "time_courses"]

Floats = NDArray[np.float64]
Points = Mapping[str, tuple[Floats, Floats]]

_INK, _FAINT, _RULE = "#222222", "#767676", "#e3e3e3"
_SHOWN = 5
"""Concentrations whose time courses are drawn, besides the control."""


def dose_response_plot(assay: Assay, points: Points) -> Figure:
    """Viability by concentration: wells, fitted curve, published figures, points."""
    figure, (axes,) = _figure(1, (7.2, 4.4))
    tested = assay.concentrations
    axes.set_xscale("log")
    top = 112.0
    for place, line in enumerate(assay.lines):
        colour = COLOURS[place % len(COLOURS)]
        label = f"{line.line}, simulated"
        shown = 100 * line.viability
        axes.plot(tested.values, shown, "o", color=colour, markersize=4.5, label=label)
        if line.response.fit is not None:
            fine = np.geomspace(tested.values[0], tested.values[-1], 300)
            curve = 100 * line.response.fit(fine / tested.per_nanomolar)
            axes.plot(
                fine,
                curve,
                color=colour,
                linewidth=1.4,
                label="4-PL fits" if place == 0 else None,
            )
        if line.line in points:
            levels, seen = points[line.line]
            axes.plot(
                levels * tested.per_nanomolar,
                100 * seen,
                "s",
                color=_INK,
                markerfacecolor="white",
                markersize=5,
                label=f"{line.line}, measured",
            )
            top = max(top, 108 * float(np.max(seen)))
        _published(axes, assay, line)
    axes.axhline(100, color=_FAINT, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.set_ylim(0, top)
    axes.set_xlabel(f"concentration, {_printed(tested.unit)}")
    axes.set_ylabel("cells, % of control")
    axes.legend(frameon=False, fontsize=8, loc="lower left")
    return figure


def _published(axes: Axes, assay: Assay, line: LineResponse) -> None:
    """Published IC50 as a diamond half-way to the plateau, the plateau as a line."""
    tested, response = assay.concentrations, line.response
    seen = {one.quantity: one for one in line.published}
    bottom = 100 * response.plateau if response.fit is not None else 0.0
    bottom = min(max(bottom, 0.0), 100.0)
    if "plateau" in seen:
        bottom = seen["plateau"].value
        axes.axhline(bottom, color=_INK, linewidth=1.0, linestyle=(0, (1, 2)))
        axes.annotate(
            "published plateau",
            (0.01, bottom),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=7.5,
            color=_INK,
        )
    if "ic50" in seen:
        one = seen["ic50"]
        per_nanomolar = unit_per_nanomolar(one.unit, assay.molar_mass)
        level = tested.shown(one.value / per_nanomolar)
        half = (100 + bottom) / 2
        label = "published IC50" + (", a lower bound" if one.bound else "")
        label += " (fitted to)" if one.role == "calibrated" and not one.bound else ""
        marker = ">" if one.bound else "D"
        axes.plot([level], [half], marker, color=_INK, markersize=6, label=label)


def time_courses(assay: Assay, line: LineResponse) -> Figure:
    """Cells of a line, their occupancy and payload, and the medium, by hour."""
    result = assay.result
    wells = _chosen(len(assay.concentrations.values))
    panels = [
        (f"{line.line}, relative to the start", _relative(line.cells), False),
        ("tubulin occupied, %", 100 * _curve(assay, f"occupancy{line.ending}"), False),
        ("payload in cells, nM", _curve(assay, f"tumour_payload{line.ending}"), True),
        ("conjugate in the medium, nM", _curve(assay, "conjugate_nM"), True),
    ]
    figure, axes = _figure(4, (9.2, 6.4))
    hours = 24 * result.times
    for place, (title, curves, logarithmic) in zip(axes, panels, strict=True):
        place.set_title(title, loc="left", fontsize=9.5)
        for order, well in enumerate(wells):
            values = curves[well]
            if logarithmic:
                values = np.where(values > 0, values, np.nan)
            colour = _INK if well == 0 else COLOURS[(order - 1) % len(COLOURS)]
            place.plot(
                hours, values, color=colour, linewidth=1.4, label=_name(assay, well)
            )
        if logarithmic:
            _decades(place)
        else:
            place.set_ylim(bottom=0)
        place.set_xlim(0, float(hours[-1]))
        if assay.protocol.washout is not None:
            place.axvline(
                assay.protocol.washout, color=_FAINT, linewidth=0.8, linestyle=":"
            )
    for place in axes[2:]:
        place.set_xlabel("hours")
    axes[0].legend(frameon=False, fontsize=7.5)
    return figure


def _curve(assay: Assay, output: str) -> Floats:
    """One output of every well; empty where the model has no such output."""
    if output not in assay.result.outputs:
        shape = assay.result.values.shape[:2]
        return np.full(shape, np.nan)
    return assay.result.curve(output)


def _relative(cells: Floats) -> Floats:
    return np.asarray(cells / cells[:, :1])


def _chosen(count: int) -> list[int]:
    """The control, and some wells from the lowest to the highest concentration."""
    places = np.unique(np.linspace(1, count, min(_SHOWN, count)).round().astype(int))
    return [0, *places.tolist()]


def _name(assay: Assay, well: int) -> str:
    if well == 0:
        return "control"
    tested = assay.concentrations
    return (
        f"{concentration_text(float(tested.values[well - 1]))} {_printed(tested.unit)}"
    )


def _decades(axes: Axes) -> None:
    """A logarithmic axis of six decades at most, below the largest value drawn."""
    drawn = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]
    values = np.concatenate(drawn) if drawn else np.array([])
    values = values[np.isfinite(values)]
    if not len(values):
        return
    axes.set_yscale("log")
    top = float(values.max())
    axes.set_ylim(max(float(values.min()), top / 1e6) / 1.5, top * 2)


def _figure(count: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    rows = 1 if count == 1 else 2
    columns = -(-count // rows)
    made = []
    for i in range(count):
        axes = figure.add_subplot(rows, columns, i + 1)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color=_RULE, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.tick_params(labelsize=8)
        made.append(axes)
    return figure, made


def _printed(unit: str) -> str:
    return unit.replace("ug", "µg").replace("uM", "µM")
