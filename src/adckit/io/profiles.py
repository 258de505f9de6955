"""Profiles of Krogh cylinders as a table: what is in every ring at every time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adckit.io.tables import Column
from adckit.studies.case import Case
from adckit.studies.tissue import Tissue, tissue_of

__all__ = ["profile_table", "profile_units"]


def profile_table(cases: Sequence[Case]) -> dict[str, Column]:
    """product, time, spacing, weight, ring, radius, then a column per profile.

    One row per case, time, spacing and ring, the last changing fastest; spacings and
    rings are counted from 1, `radius` is the middle of the ring and `weight` the share
    of the tissue with that spacing.  Empty where no case kept profiles.
    """
    held = [(case.label, tissue_of(case.result)) for case in cases]
    tissues = [(label, tissue) for label, tissue in held if tissue is not None]
    names = list(dict.fromkeys(name for _, t in tissues for name in t.profiles))
    blocks = [_rows(label, tissue, names) for label, tissue in tissues]
    if not blocks:
        return {}
    return {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}


def profile_units(cases: Sequence[Case]) -> dict[str, str]:
    """Column of the table of profiles → its unit."""
    units = {"time": "day", "weight": "1", "radius": "um"}
    for case in reversed(cases):
        tissue = tissue_of(case.result)
        units |= tissue.units if tissue is not None else {}
    return units


def _rows(label: str, tissue: Tissue, names: Sequence[str]) -> dict[str, Column]:
    lines, rings, times = len(tissue.weights), tissue.rings, len(tissue.times)
    count = times * lines * rings
    spacings = np.repeat(np.arange(lines), rings)
    columns: dict[str, Column] = {
        "product": np.full(count, label),
        "time": np.repeat(tissue.times, lines * rings),
        "spacing": np.tile(spacings + 1, times),
        "weight": np.tile(tissue.weights[spacings], times),
        "ring": np.tile(np.arange(rings) + 1, times * lines),
        "radius": np.tile(tissue.middles.ravel(), times),
    }
    for name in names:
        values = tissue.profiles.get(name)
        column = np.full(count, np.nan) if values is None else values.ravel()
        columns[name] = np.ascontiguousarray(column)
    return columns
