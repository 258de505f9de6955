"""Sensitivity of SK-BR-3 cells to T-DM1, from a digitised viability curve.

The points are not part of the product: `--data` names the folder that holds them.
Viability of Lewis Phillips 2008 at eight concentrations; 48 h of exposure are assumed,
as whoever digitised it did.  Each point is fitted to 8 %, about what a reading of such
a figure allows.  Number of receptors, division, well and delay of death are those of
the cards, so that the fit holds for them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adckit.network.dosing import DoseRecord
from adckit.parameters import Parameter
from adckit.prepared import prepare
from adckit.simulation import simulate
from calibration.fitting import Fact, Found, Free, fit

Floats = NDArray[np.float64]

NAME = "skbr3"
PRODUCT = "trastuzumab-emtansine"
SETTINGS = {"cells": "SK-BR-3"}
SUMMARY = "viability of SK-BR-3 cells after 48 h with T-DM1, eight concentrations"
FILE = "yuezheli__ADC-archives/embedded_tdm1_invitro_viability.csv"
_CARD = "cell_lines/SK-BR-3.yaml/parameters"
_RATE, _HALF, _HILL = "maximum_kill_rate", "half_kill_occupancy", "kill_hill"
FREE = (
    Free(_RATE, 1, "1/day", 2, cards=(f"{_CARD}/{_RATE}/value",)),
    Free(_HALF, 0.0026, "1", 2, cards=(f"{_CARD}/{_HALF}/value",)),
    Free(_HILL, 2, "1", 2, prior=2, log_sd=0.35, cards=(f"{_CARD}/{_HILL}/value",)),
)
"""Prior: the Hill coefficient assumed in tumours; the points alone leave it open."""

_HOURS = 48
_LOG_SD = 0.08


def run(data: Path) -> Found:
    """The fit."""
    with (data / FILE).open(encoding="utf-8", newline="") as file:
        lines = [r for r in csv.DictReader(file) if r["cell_line"] == "SK-BR-3"]
    levels = [float(line["conc"]) for line in lines]  # ug/mL
    facts = [
        Fact(
            f"viability at {level:g} ug/mL, %",
            float(line["response"]),
            _LOG_SD,
            "TD-INV-01",
        )
        for level, line in zip(levels, lines, strict=True)
    ]
    model = prepare(PRODUCT, SETTINGS)
    value = {
        name: model.network.get(Parameter, name).internal
        for name in ("conjugate_molar_mass", "medium_volume")
    }
    nanomoles = (
        np.array(levels) / value["conjugate_molar_mass"] * value["medium_volume"]
    )
    wells = np.array([0.0, *nanomoles])

    def compute(table: Mapping[str, Floats]) -> Floats:
        variants = len(next(iter(table.values())))
        names = [str(i) for i in range(variants * len(wells))]
        doses = {
            name: [DoseRecord(0.0, amount, "medium")] if amount else []
            for name, amount in zip(names, np.tile(wells, variants), strict=True)
        }
        columns = {name: np.repeat(v, len(wells)) for name, v in table.items()}
        subjects = {"subject": names, **columns}
        result = simulate(model, doses, subjects, [_HOURS / 24], rtol=1e-9)
        cells = result.curve("cells")[:, 0].reshape(variants, len(wells))
        return np.asarray(100 * cells[:, 1:] / cells[:, :1])

    return fit(FREE, facts, compute)
