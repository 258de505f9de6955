"""Krogh cylinders in the report: numbers, a few profiles, and data for its slider.

Profiles are packed as 16-bit integers of a linear or logarithmic scale, at most 120
times by 60 rings: 0.02 % of the value on a logarithmic scale of six decades.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from adckit.report.panels import Floats, HeatMap, Rings, ring_picture
from adckit.report.rings import tissue_heading, tissue_rows
from adckit.report.words import number_text
from adckit.studies.case import Case
from adckit.studies.tissue import Tissue, tissue_of

__all__ = ["ring_data", "tissue_sections", "unpacked"]

TIMES, RINGS = 120, 60
"""Most times and rings that go into the file."""
_STEPS = 65534
_PLACES = 5
"""Distances in the table, from the capillary to the far end."""


def tissue_sections(
    cases: Sequence[Case], drawn: Sequence[Rings]
) -> list[dict[str, Any]]:
    """What the template shows of each Krogh cylinder."""
    tissues = [tissue_of(case.result) for case in cases]
    known = [tissue for tissue in tissues if tissue is not None]
    return [
        {
            "product": rings.product,
            "heading": tissue_heading(tissue),
            "verdict": tissue.verdict,
            "rows": tissue_rows(tissue),
            "picture": ring_picture(i),
            "spacings": len(tissue.weights),
            "places": _places(tissue),
            "some": list(_some(rings, tissue)),
        }
        for i, (rings, tissue) in enumerate(zip(drawn, known, strict=True))
    ]


def _chosen_rings(tissue: Tissue) -> list[int]:
    steps = np.linspace(0, tissue.rings - 1, _PLACES)
    return [int(ring) for ring in steps.round()]


def _places(tissue: Tissue) -> list[str]:
    """Distances, or shares of the way where cylinders differ."""
    chosen = _chosen_rings(tissue)
    if len(tissue.weights) > 1:
        return [f"{100 * (ring + 0.5) / tissue.rings:.0f} % out" for ring in chosen]
    distances = tissue.middles[0] - tissue.capillary
    return [f"{distances[ring]:.3g} µm" for ring in chosen]


def _some(rings: Rings, tissue: Tissue) -> Iterator[dict[str, Any]]:
    """Profiles on the days of Cmax, of most antibody and of the trough."""
    days = {supply.day for supply in (tissue.peak, tissue.trough) if supply is not None}
    if tissue.penetration_day is not None:
        days.add(tissue.penetration_day)
    rows = np.searchsorted(tissue.times, np.array(sorted(days)))
    for heat in rings.maps:
        for line in range(len(tissue.weights)):
            for row in rows:
                values = heat.values[row, line, _chosen_rings(tissue)]
                yield {
                    "title": heat.title,
                    "unit": heat.unit,
                    "spacing": _depth(rings, line),
                    "day": f"{tissue.times[row]:.3g}",
                    "cells": [number_text(float(value)) for value in values],
                }


def _depth(rings: Rings, line: int) -> str:
    return f"{rings.distances[line, -1]:.0f} µm deep, {rings.spacing(line)}"


def ring_data(rings: Rings) -> dict[str, Any]:
    """What the slider needs, short enough for a page."""
    kept = np.unique(
        np.linspace(0, len(rings.times) - 1, min(TIMES, len(rings.times)))
        .round()
        .astype(int)
    )
    group = -(-(rings.distances.shape[1] - 1) // RINGS)
    count = (rings.distances.shape[1] - 1) // group
    held = next(m for m in rings.maps if m.key == "antibody_in_ring").values[kept]
    end = rings.doses[1] if len(rings.doses) > 1 else np.inf
    first = held[rings.times[kept] <= end, :, 0].sum(axis=1)
    return {
        "product": rings.product,
        "times": [float(f"{day:.5g}") for day in rings.times[kept]],
        "start": int(np.argmax(first)),
        "rings": count,
        "spacings": [
            {"depth": float(f"{edges[-1]:.5g}"), "label": _depth(rings, line)}
            for line, edges in enumerate(rings.distances)
        ],
        "maps": [_packed(heat, heat.values[kept], count, group) for heat in rings.maps],
    }


def _packed(heat: HeatMap, values: Floats, count: int, group: int) -> dict[str, Any]:
    times, lines, _ = values.shape
    values = values.reshape(times, lines, count, group).mean(axis=3)
    top = max(heat.high, float(values.max(initial=0.0)))
    low = heat.low if heat.logarithmic else min(0.0, float(values.min(initial=0.0)))
    with np.errstate(divide="ignore"):
        if heat.logarithmic:
            share = np.log(np.maximum(values, 0.0) / low) / np.log(top / low)
        else:
            share = (values - low) / (top - low)
    codes = np.where(share < 0, 0, 1 + np.round(_STEPS * np.clip(share, 0, 1)))
    return {
        "key": heat.key,
        "title": heat.title,
        "unit": heat.unit,
        "log": heat.logarithmic,
        "range": [low, top],
        "packed": base64.b64encode(codes.astype("<u2").tobytes()).decode(),
    }


def unpacked(packed: dict[str, Any]) -> Floats:
    """The values of a packed profile in one row, as the page's script reads them."""
    codes = np.frombuffer(base64.b64decode(packed["packed"]), "<u2").astype(float)
    low, high = packed["range"]
    share = (codes - 1) / _STEPS
    values = (
        low * (high / low) ** share if packed["log"] else low + share * (high - low)
    )
    return np.where(codes == 0, 0.0 if packed["log"] else low, values)
