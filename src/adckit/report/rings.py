"""From Krogh cylinders to what is drawn and told of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adckit.mechanisms.krogh_outputs import PROFILES
from adckit.report.panels import Floats, HeatMap, Rings
from adckit.report.words import number_text
from adckit.studies.tissue import Tissue

__all__ = ["TissueRow", "collect_rings", "tissue_heading", "tissue_rows"]

_TITLES = dict(
    zip(
        PROFILES,
        (
            "Free antibody between cells",
            "Antibody in tissue",
            "Payload in cells",
            "Surface antigen taken",
            "Killing of viable cells",
        ),
        strict=True,
    )
)
_DECADES = 3.0
"""Most that logarithmic colours or axes span."""
_WIDE = 5.0
"""Highest over median value above which a scale is logarithmic."""


def collect_rings(
    label: str, regimen: str, doses: tuple[float, ...], tissue: Tissue
) -> Rings:
    """The heat maps of one product."""
    maps = tuple(_heat_map(tissue, n, v) for n, v in tissue.profiles.items())
    distances = tissue.edges - tissue.capillary
    return Rings(label, regimen, doses, tissue.times, distances, tissue.weights, maps)


def _heat_map(tissue: Tissue, name: str, values: Floats) -> HeatMap:
    unit = tissue.units[name]
    high = 100.0 if unit == "%" else float(values.max(initial=0.0)) or 1.0
    present = values[values > high / 10**_DECADES]
    typical = float(np.median(present)) if present.size else high
    logarithmic = unit not in ("%", "1/day") and high > _WIDE * typical
    low = high / 10**_DECADES if logarithmic else 0.0
    return HeatMap(name, _TITLES[name], unit, logarithmic, low, high, values)


@dataclass(frozen=True)
class TissueRow:
    """One number of the inside of a tumour."""

    name: str
    value: str
    unit: str
    meaning: str


def tissue_heading(tissue: Tissue) -> str:
    """Such as `Inside the tumour (Krogh cylinder, 60 rings)`."""
    several = len(tissue.weights) > 1
    count = f"{len(tissue.weights)} spacings of " if several else ""
    kind = "cylinders" if several else "cylinder"
    return f"Inside the tumour (Krogh {kind}, {count}{tissue.rings} rings)"


def tissue_rows(tissue: Tissue) -> list[TissueRow]:
    """The numbers that say how deep drug goes, and why."""
    return list(_rows(tissue))


def _rows(tissue: Tissue) -> Iterator[TissueRow]:
    yield TissueRow(
        "Damköhler number",
        number_text(tissue.damkoehler),
        "",
        "binding against diffusion",
    )
    for when, supply in (("Cmax", tissue.peak), ("trough", tissue.trough)):
        if supply is None:
            continue
        at = f"at {when} (day {supply.day:.3g})"
        meaning = "uptake against diffusion"
        yield TissueRow(f"Thiele modulus {at}", number_text(supply.thiele), "", meaning)
        meaning = "uptake against supply"
        yield TissueRow(f"Phi {at}", number_text(supply.phi), "", meaning)
    if tissue.penetration is not None:
        at = f"at most antibody (day {tissue.penetration_day:.3g})"
        yield TissueRow(
            f"Penetration {at}",
            number_text(tissue.penetration),
            "%",
            "share of the tissue that antibody reaches",
        )
    if tissue.payload_far is not None:
        yield TissueRow(
            "Payload in the farthest cells, first cycle",
            number_text(tissue.payload_far),
            "%",
            "of that in cells at the capillary",
        )
