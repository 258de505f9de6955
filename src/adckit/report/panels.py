"""What is drawn, as plain data: the same panels feed the pictures and the report.

This module and `pictures` import nothing heavy of adckit, so that a process that only
draws starts fast; `collecting` fills panels from simulations.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "COLOURS",
    "Figures",
    "HeatMap",
    "Level",
    "Mark",
    "Panel",
    "Rings",
    "Series",
    "ring_picture",
    "thinned",
]

Floats = NDArray[np.float64]

COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
)
"""Okabe and Ito's palette, which colour-blind readers can tell apart; without its
yellow, which is lost on white."""


@dataclass(frozen=True)
class Series:
    """One curve, and the range of the subjects around it."""

    label: str
    product: str
    times: Floats
    """(time,), days"""
    values: Floats
    """(time,); the median where there are several subjects"""
    colour: int
    """Position in `COLOURS`."""
    dashed: bool = False
    low: Floats | None = None
    """(time,): 5th percentile of the subjects"""
    high: Floats | None = None
    """(time,): 95th percentile"""


@dataclass(frozen=True)
class Mark:
    """A published value at its place in the plot; equal ends mean no spread."""

    label: str
    time: float
    value: float
    low: float
    high: float
    colour: int


@dataclass(frozen=True)
class Level:
    """A horizontal line that means something."""

    value: float
    label: str


@dataclass(frozen=True)
class Panel:
    """One plot over time in days."""

    key: str
    title: str
    unit: str
    logarithmic: bool
    series: tuple[Series, ...]
    marks: tuple[Mark, ...] = ()
    levels: tuple[Level, ...] = ()

    def limits(self) -> tuple[float, float]:
        """Lowest and highest value to show; a logarithmic axis spans five decades."""
        parts = [x for s in self.series for x in (s.values, s.low, s.high)]
        known = [part for part in parts if part is not None]
        ends = np.array([e for m in self.marks for e in (m.low, m.high)])
        values = np.concatenate([*known, ends, [level.value for level in self.levels]])
        values = values[np.isfinite(values)]
        if self.logarithmic:
            values = values[values > 0]
            top = float(values.max(initial=1e-300))
            shown = values[values >= top / 1e5]
            return float(shown.min(initial=top)) / 1.5, top * 1.8
        low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
        room = 0.06 * ((high - low) or 1.0)
        return (low - room if low < 0 else 0.0), high + room


@dataclass(frozen=True)
class HeatMap:
    """One quantity over time and distance from the capillary, for every spacing."""

    key: str
    title: str
    unit: str
    logarithmic: bool
    low: float
    high: float
    """Ends of the colours."""
    values: Floats
    """(time, spacing, ring)"""


@dataclass(frozen=True)
class Rings:
    """What is in the rings of one Krogh cylinder, or of several in parallel."""

    product: str
    regimen: str
    doses: tuple[float, ...]
    """Days on which it is given"""
    times: Floats
    """(time,), days"""
    distances: Floats
    """Edges of the rings from the wall of the capillary, (spacing, ring + 1), um"""
    weights: Floats
    """Share of the tissue with each spacing, (spacing,)"""
    maps: tuple[HeatMap, ...]

    def spacing(self, line: int) -> str:
        """A spacing in words; empty where there is but one."""
        if len(self.weights) == 1:
            return ""
        return f"{100 * self.weights[line]:.3g} % of the tissue"


@dataclass(frozen=True)
class Figures:
    """All panels of a run and what stands above them."""

    products: tuple[tuple[str, str, int], ...]
    """Name, regimen and colour of each; where there is one, colours mean analytes."""
    panels: tuple[Panel, ...]
    doses: tuple[float, ...]
    """Days on which the first product is given."""
    footnote: str = ""
    """Failed subjects, which are in no curve."""
    rings: tuple[Rings, ...] = ()
    """Of the products whose tumour is a Krogh cylinder."""

    def panel(self, key: str) -> Panel | None:
        """The panel of a name; None where the model has no such output."""
        return next((panel for panel in self.panels if panel.key == key), None)


def ring_picture(number: int) -> str:
    """File of the heat maps of one of the Krogh cylinders, counted from 0."""
    return "rings.png" if number == 0 else f"rings-{number + 1}.png"


def thinned(times: Floats, values: Floats, most: int) -> tuple[Floats, Floats]:
    """At most `most` points of a curve, with every peak and trough kept.

    The curve is cut into pieces of equal count; of each the lowest and the highest
    value stay, at their own times.
    """
    if len(times) <= most:
        return times, values
    edges = np.linspace(1, len(times) - 1, most // 2).astype(int)
    kept = {0, len(times) - 1}
    for first, last in pairwise(edges):
        piece = values[first:last]
        if last > first and np.isfinite(piece).any():
            kept |= {first + int(np.nanargmin(piece)), first + int(np.nanargmax(piece))}
    chosen = np.array(sorted(kept))
    return times[chosen], values[chosen]
