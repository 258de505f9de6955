"""The parameters of organs that a drug can harm, and the names of those organs.

Part of the table in `vocabulary`.  Organs that carry the antigen have the same
parameters under their own name, such as `skin_receptors_per_cell`.
"""

from __future__ import annotations

from collections.abc import Iterator

from adckit.mechanisms.specification import ParameterSpec
from adckit.mechanisms.specification import parameter_spec as _spec

__all__ = ["ON_TARGET_ORGANS", "ORGANS", "ORGAN_PARAMETERS"]

ON_TARGET_ORGANS = ("skin", "normal-tissue")
"""Organs whose cells carry the antigen; they take drug out of plasma."""

ORGANS = (*ON_TARGET_ORGANS, "liver", "platelets", "neutrophils", "neuropathy")
"""Every organ of toxicity, in the order in which they are added to a model."""

_LIVER = (
    _spec(
        "hepatotoxic_fraction",
        "",
        "payload that the liver holds on to, per payload that is eliminated",
    ),
    _spec(
        "hepatic_half_life",
        "day",
        "half-life of that payload in the liver",
        positive=True,
    ),
    _spec(
        "half_effect_hepatic_payload",
        "umol",
        "payload in the liver that doubles the release of transaminases",
        positive=True,
    ),
    *(
        spec
        for name, enzyme in (("alt", "ALT"), ("ast", "AST"))
        for spec in (
            _spec(
                f"{name}_baseline",
                "",
                f"{enzyme} without drug, times the upper limit of normal",
                positive=True,
            ),
            _spec(
                f"{name}_steepness",
                "",
                f"power of hepatic payload on the release of {enzyme}",
                lowest=1,
            ),
            _spec(
                f"{name}_half_life",
                "day",
                f"half-life of {enzyme} in plasma",
                positive=True,
            ),
        )
    ),
)


def _blood(cell: str) -> Iterator[ParameterSpec]:
    """Parameters of one line of blood cells."""
    plural = f"{cell}s"
    yield _spec(f"{cell}_baseline", "1e9/L", f"{plural} without drug", positive=True)
    yield _spec(
        f"{cell}_transit_time",
        "day",
        f"mean time from progenitor to {cell} in blood",
        positive=True,
    )
    yield _spec(
        f"{cell}_feedback", "", f"power by which a lack of {plural} speeds up renewal"
    )
    yield _spec(
        f"{cell}_slope",
        "1/nM",
        f"share of the renewal of {plural} that is lost per conjugate in plasma",
    )
    yield _spec(
        f"{cell}_loss_slope",
        "1/nM",
        f"relative rise of the loss of {plural} per conjugate in plasma",
    )
    yield _spec(
        f"{cell}_depletable_share",
        "",
        f"share of the progenitors of {plural} that treatment can use up",
        highest=1,
    )
    yield _spec(
        f"{cell}_depletion_rate", "1/day", "loss of those progenitors at full effect"
    )
    yield _spec(f"{cell}_restoration_rate", "1/day", "return of those progenitors")


_NEUROPATHY = (
    _spec(
        "neuropathy_potency",
        "1/umol",
        "hazard of neuropathy of any grade per eliminated payload",
    ),
    _spec(
        "neuropathy_background",
        "1/day",
        "hazard of neuropathy of any grade without the drug",
    ),
    _spec(
        "neuropathy_moderate_share",
        "",
        "hazard of grade 2 or more relative to that of any grade",
        highest=1,
    ),
    _spec(
        "neuropathy_severe_share",
        "",
        "hazard of grade 3 or more relative to that of any grade",
        highest=1,
    ),
    _spec(
        "nerve_repair_half_life", "day", "half-life of reversible injury", positive=True
    ),
)


def _on_target(organ: str) -> Iterator[ParameterSpec]:
    """Parameters of one organ whose cells carry the antigen."""
    yield _spec(
        f"{organ}_interstitial_volume",
        "L",
        "volume in which antibody around the cells is dissolved",
        positive=True,
    )
    yield _spec(
        f"{organ}_partition",
        "",
        "antibody around the cells relative to plasma, at rest",
        positive=True,
        highest=1,
    )
    yield _spec(
        f"{organ}_antibody_exchange", "L/day", "exchange of antibody with plasma"
    )
    yield _spec(f"{organ}_payload_exchange", "L/day", "exchange of payload with plasma")
    yield _spec(f"{organ}_cells", "cells", "cells with the antigen", positive=True)
    yield _spec(
        f"{organ}_cell_volume", "pL/cell", "volume of one such cell", positive=True
    )
    yield _spec(
        f"{organ}_receptors_per_cell", "receptors/cell", "surface antigen per cell"
    )
    yield _spec(
        f"{organ}_turnover_time", "day", "life of a cell without drug", positive=True
    )
    yield _spec(f"{organ}_maximum_kill_rate", "1/day", "kill rate at full effect")
    yield _spec(
        f"{organ}_half_kill_occupancy",
        "",
        "tubulin occupancy of half the maximum kill",
        positive=True,
        highest=1,
    )
    yield _spec(f"{organ}_kill_hill", "", "Hill coefficient of kill", lowest=1)


ORGAN_PARAMETERS: tuple[ParameterSpec, ...] = (
    *_LIVER,
    *_blood("platelet"),
    *_blood("neutrophil"),
    *_NEUROPATHY,
    *(
        spec
        for organ in ON_TARGET_ORGANS
        for spec in _on_target(organ.replace("-", "_"))
    ),
)
"""Every parameter of the organs."""
