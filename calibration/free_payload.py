"""Free DM1 after T-DM1, from the digitised points of Krop 2010.

The points are not part of the product: `--data` names the folder that holds them.
Points of the first day decide the clearance, because later ones are near the limit of
quantification; they are fitted to 10 %, the later ones to 50 %.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adckit.prepared import prepare
from adckit.simulation import simulate
from calibration.fitting import Fact, Found, Free, fit

Floats = NDArray[np.float64]

NAME = "free-payload"
PRODUCT = "trastuzumab-emtansine"
SUMMARY = "free DM1 after T-DM1 3.6 mg/kg, to day 7, the first day counting most"
FILE = "yuezheli__ADC-archives/embedded_krop2010_tdm1_3.6mgkg.csv"
_CARD = "payloads/DM1.yaml/for_host/human/parameters"


def _free(name: str, start: float, unit: str, prior: float | None = None) -> Free:
    """A parameter; its prior is worth 50 %."""
    sd = None if prior is None else 0.5
    place = f"{_CARD}/{name}/value"
    return Free(name, start, unit, 2, prior=prior, log_sd=sd, cards=(place,))


FREE = (
    _free("DM1_clearance", 200, "L/day"),
    _free("DM1_distribution_clearance", 43, "L/day", 43),
    _free("DM1_central_volume", 2.1, "L", 2.1),
    _free("DM1_peripheral_volume", 487, "L", 487),
)
"""Priors: the values of the fit of all points with the set TDM1-H2."""


def run(data: Path) -> Found:
    """The fit."""
    with (data / FILE).open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["analyte"] == "DM1_free"]
    days = np.array([float(line["time_h"]) / 24 for line in lines])
    facts = [
        Fact(
            f"free DM1 on day {day:.2f}, ng/mL",
            float(line["conc"]),
            0.1 if day < 1.1 else 0.5,
            "TD-PK-21",
        )
        for day, line in zip(days, lines, strict=True)
    ]
    model = prepare(PRODUCT, {"delivery": "none", "kill": "none"})
    output = model.system.outputs.index("free_DM1")
    assert model.product is not None
    mass = model.product.blueprint.parameters["payload_molar_mass"].value

    def compute(table: Mapping[str, Floats]) -> Floats:
        result = simulate(model, "3.6 mg/kg once over 90 min", table, days, rtol=1e-8)
        curve = result.values[:, :, output]
        per_nanomolar = mass / 1000 if result.units[output] == "nM" else 1.0
        return curve * per_nanomolar

    return fit(FREE, facts, compute)
