"""From cells that are left at each concentration to IC50, GR50 and their kin.

    viability   y = N / N_control
    4-PL        y(c) = bottom + (top - bottom) / [1 + (c/c50)^h]
    IC50        c50 of the fit: half of the effect that is reached, between top and
                bottom; the concentration of 50 % is given apart
    GR          2^[log2(N/N0) / log2(N_control/N0)] - 1
    GR50        concentration of GR 0.5;  GRmax is GR at the highest concentration
    AUC         mean viability over the logarithm of the concentrations, 1 = no effect

The top is at most the control.  The bottom is a parameter of the fit: cells that live
on at the end of a short assay are no resistance, and without a bottom they would be
taken for potency.  GR (Hafner 2016, doi:10.1038/nmeth.3853) does not depend on how
often the control divides meanwhile: 1 is growth as in the control, 0 none, -1 no cell
left.

A concentration that lies beyond those tested is not given but bounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DoseResponse", "Sigmoid", "dose_response", "fit_sigmoid", "growth_rates"]

Floats = NDArray[np.float64]

_NO_EFFECT = 0.1
"""Fall of the response below which there is nothing to fit."""
_STEEPEST = 20.0
_MIDDLE = 0.5
_FEWEST = 5
"""Points that four parameters need at least."""


@dataclass(frozen=True)
class Sigmoid:
    """A 4-PL curve that falls from `top` to `bottom`."""

    top: float
    bottom: float
    middle: float
    """Concentration half-way, nM."""
    slope: float
    residual: float
    """Root mean square of what the fit leaves."""

    def __call__(self, concentrations: Floats) -> Floats:
        """The response at concentrations in nM, (concentration,)."""
        with np.errstate(over="ignore"):
            raised = (np.asarray(concentrations) / self.middle) ** self.slope
        return np.asarray(self.bottom + (self.top - self.bottom) / (1 + raised))

    def reaches(self, level: float) -> float | None:
        """The concentration at which the curve passes a level, nM; None if never."""
        if not self.bottom < level < self.top:
            return None
        above = (self.top - self.bottom) / (level - self.bottom) - 1
        return float(self.middle * above ** (1 / self.slope))


@dataclass(frozen=True)
class DoseResponse:
    """What a row of wells says; concentrations in nM, None where nothing was reached.

    A concentration above `highest` is an extrapolation and is None as well.
    """

    highest: float
    """Highest concentration tested, nM."""
    ic50: float | None
    ic50_absolute: float | None
    """Concentration of half the cells of the control."""
    plateau: float
    """Viability that the fit ends at, or the lowest seen where nothing is fitted."""
    slope: float | None
    gr50: float | None
    gr_max: float
    auc: float
    fit: Sigmoid | None


def dose_response(
    concentrations: Floats, viability: Floats, growth: Floats
) -> DoseResponse:
    """The figures of one row of wells.

    Shapes (concentration,): concentrations in nM, rising, above 0; viability and GR
    relative to the control.  Wells that failed hold NaN and are left out.
    """
    seen = np.isfinite(viability) & np.isfinite(growth)
    tested, cells, rates = concentrations[seen], viability[seen], growth[seen]
    if not len(tested):
        return DoseResponse(
            math.nan, None, None, math.nan, None, None, math.nan, math.nan, None
        )
    highest = float(tested[-1])
    fit, growing = fit_sigmoid(tested, cells), fit_sigmoid(tested, rates)

    def within(found: float | None) -> float | None:
        return found if found is not None and found <= highest else None

    return DoseResponse(
        highest,
        within(fit.middle) if fit is not None else None,
        within(fit.reaches(_MIDDLE)) if fit is not None else None,
        fit.bottom if fit is not None else float(cells.min()),
        fit.slope if fit is not None else None,
        within(growing.reaches(_MIDDLE)) if growing is not None else None,
        float(rates[-1]),
        _area(tested, cells),
        fit,
    )


def growth_rates(start: Floats, control: float, cells: Floats) -> Floats:
    """GR of each well, (concentration,), from cells at the start, (concentration,).

    NaN where the control does not grow, since there is no growth to compare with.
    """
    doublings = math.log2(control / float(start[0])) if control > 0 else 0.0
    if doublings <= 0:
        return np.full(len(cells), np.nan)
    with np.errstate(divide="ignore"):
        return np.asarray(2 ** (np.log2(cells / start) / doublings) - 1)


def fit_sigmoid(concentrations: Floats, response: Floats) -> Sigmoid | None:
    """The least-squares 4-PL curve; None without enough points or without an effect."""
    from scipy.optimize import least_squares

    fall = float(response.max() - response.min())
    if len(response) < _FEWEST or fall < _NO_EFFECT:
        return None
    logs = np.log(concentrations)

    def residuals(x: Floats) -> Floats:
        raised = np.exp(np.clip(math.exp(x[3]) * (logs - x[2]), -700, 700))
        return np.asarray(x[1] + (x[0] - x[1]) / (1 + raised) - response)

    low, high = float(response.min()), float(response.max())
    half = int(np.argmin(np.abs(response - (low + high) / 2)))
    reach = math.log(10.0)
    lower = [high - 0.2 * fall, low - fall, logs[0] - reach, math.log(0.1)]
    upper = [max(high, 1.0), high, logs[-1] + 2 * reach, math.log(_STEEPEST)]
    start = [high - 0.01 * fall, low, logs[half], math.log(1.5)]
    found = least_squares(
        residuals, start, bounds=(lower, upper), method="dogbox", xtol=1e-12, ftol=1e-12
    )
    top, bottom, middle, slope = (float(value) for value in found.x)
    size = math.sqrt(2 * float(found.cost) / len(response))
    return Sigmoid(top, bottom, math.exp(middle), math.exp(slope), size)


def _area(concentrations: Floats, viability: Floats) -> float:
    if len(concentrations) == 1:
        return float(viability[0])
    logs = np.log(concentrations)
    return float(np.trapezoid(viability, logs) / (logs[-1] - logs[0]))
