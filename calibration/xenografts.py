"""Kill constants of HER2 xenografts in mice, from growth curves of a published model.

    python -m calibration.xenografts

No digitised growth curves of T-DM1 in mice are public.  What is, is the model of Singh
& Shah 2017 with a doubling time and a kill constant for each of 11 tumours, fitted by
its authors to their curves.  That model (`mechanisms.legacy`) draws the curves again,
for single doses that were studied, and the kill constants of this library are fitted to
them, each with the default physical model and mouse set TDM1-M1:

    K1 occupancy      maximum_kill_rate; half_kill_occupancy for KPL-4 alone, whose
                      doses span 50-fold, and 0.01 for all others
    K2 concentration  the same numbers: 41.5 uM of tubulin at 1 % holds 424 nM
    K3 linear         kill_constant

Residuals are logarithms of volume every 3.5 days to day 28, as far as the published
volume is below 1000 mm3: mice are taken out of studies soon after.  KPL-4 is fitted
once more with mouse set TDM1-M2 and a transit rate of its own (the published model
kills without delay), so that its largest error in any week is smallest.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize

from adckit.mechanisms.legacy import MOUSE_KPL4, singh_2017
from adckit.network.dosing import DoseRecord
from adckit.prepared import Prepared, prepare
from adckit.simulation import simulate

Floats = NDArray[np.float64]

PRODUCT = "trastuzumab-emtansine"
DAYS = np.arange(0.0, 28.1, 3.5)
LARGEST = 1000.0  # mm3
_ONE_CELL = 1e-6  # mm3
_MOLAR_MASS = 148.5  # kDa, of the published model
_ANTIGEN = {"3+": 1.0, "2+": 0.5, "1+": 0.1}
"""Class of HER2 → antigen relative to 1e6 per cell."""


@dataclass(frozen=True)
class Tumour:
    """One mouse model as published."""

    card: str
    antigen: str
    doubling_time: float  # days
    kill_constant: float  # 1/nM/day
    doses: tuple[float, ...]  # mg/kg, single


TUMOURS = (
    Tumour("kpl4-xenograft", "3+", 8.21, 1.96e-3, (0.3, 1, 3, 15)),
    Tumour("bt474-xenograft", "3+", 11.2, 9.0e-4, (0.3, 1, 3, 5)),
    Tumour("n87-xenograft", "3+", 14.3, 6.38e-4, (1, 3, 5, 10)),
    Tumour("maxf1162-xenograft", "3+", 10.2, 5.58e-4, (1, 3, 10)),
    Tumour("calu3-xenograft", "3+", 8.99, 4.86e-4, (1, 3, 7)),
    Tumour("fo5-xenograft", "3+", 4.5, 2.38e-4, (1, 3, 10, 30)),
    Tumour("st313-xenograft", "2+", 10.5, 1.93e-4, (3, 10, 30)),
    Tumour("hbcx34-xenograft", "2+", 11.4, 1.80e-4, (3, 10, 30)),
    Tumour("maxf449-xenograft", "1+", 13.8, 1.57e-4, (3, 10, 30)),
    Tumour("hbcx10-xenograft", "1+", 6.84, 1.43e-4, (3, 10, 30)),
    Tumour("bt474eei-xenograft", "3+", 21.0, 6.83e-5, (3, 10, 18)),
)


def published(tumour: Tumour) -> Floats:
    """Volumes of the published model, (dose, time), mm3."""
    model = prepare(singh_2017(MOUSE_KPL4))
    antigen = MOUSE_KPL4["antigen_concentration"].value * _ANTIGEN[tumour.antigen]
    weight = MOUSE_KPL4["body_weight"].value
    table = {
        "doubling_time": [tumour.doubling_time],
        "kill_constant": [tumour.kill_constant],
        "antigen_concentration": [antigen],
    }
    curves = []
    for dose in tumour.doses:
        given = [DoseRecord(0.0, dose * weight * 1e3 / _MOLAR_MASS, port="central")]
        result = simulate(model, given, table, DAYS, rtol=1e-8)
        curves.append(result.curve("tumour_volume")[0])
    return np.array(curves)


def ours(model: Prepared, tumour: Tumour, changes: Mapping[str, float]) -> Floats:
    """Volumes of the model of this library, (dose, time), mm3."""
    table = {name: [value] for name, value in changes.items()}
    return np.array(
        [
            simulate(model, f"{dose:g} mg/kg once", table, DAYS, rtol=1e-8).curve(
                "tumour_volume"
            )[0]
            for dose in tumour.doses
        ]
    )


def fit_tumour(
    tumour: Tumour,
    start: Mapping[str, float],
    settings: Mapping[str, str],
    *,
    smallest_largest: bool = False,
) -> tuple[dict[str, float], Floats]:
    """The constants, and the logarithms of volume over the published one."""
    model = prepare(
        PRODUCT, {"host": "mouse", "tumour": tumour.card, "kill_hill": "1", **settings}
    )
    reference = published(tumour)
    used = (reference <= LARGEST) & (DAYS > 0)
    if smallest_largest:
        used &= DAYS % 7 == 0

    def named(point: Sequence[float] | Floats) -> dict[str, float]:
        return dict(zip(start, np.exp(point).tolist(), strict=True))

    def residuals(point: Floats) -> Floats:
        found = ours(model, tumour, named(point))
        return np.asarray(np.log(np.maximum(found, _ONE_CELL) / reference)[used])

    first = np.log(list(start.values()))
    best = least_squares(residuals, first, diff_step=1e-3).x
    if smallest_largest:
        best = minimize(
            lambda point: float(np.abs(residuals(point)).max()),
            best,
            method="Nelder-Mead",
        ).x
    return named(best), residuals(best)


def main() -> None:
    """Print every constant, and how far its curves are from the published ones."""
    for tumour in TUMOURS:
        start = {"maximum_kill_rate": 0.1}
        if tumour.card == "kpl4-xenograft":
            start["half_kill_occupancy"] = 0.003
        fits = [
            ({"kill": "occupancy"}, start, False),
            ({"kill": "linear"}, {"kill_constant": 5e-5}, False),
        ]
        if tumour.card == "kpl4-xenograft":
            other = {"kill": "occupancy", "mouse_pk": "TDM1-M2"}
            fits.append((other, {**start, "transit_rate": 6.25}, True))
        for settings, begin, largest in fits:
            values, left = fit_tumour(tumour, begin, settings, smallest_largest=largest)
            numbers = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
            sys.stdout.write(
                f"{tumour.card:20} {' '.join(settings.values()):20} {numbers}   rms "
                f"{np.sqrt(np.mean(left**2)):.2f}, largest "
                f"{np.expm1(np.abs(left).max()):.0%}\n"
            )


if __name__ == "__main__":
    main()
