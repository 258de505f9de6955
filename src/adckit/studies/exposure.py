"""Exposure after a dose, by noncompartmental analysis.

The rules, as the common software has them:

- The profile runs from the dose to the next one, or to its last value.  A value at the
  time of a dose is the one before that dose.
- AUC and AUMC: linear trapezoids while the concentration rises or either end is zero,
  logarithmic ones while it falls.
- After a bolus the value at the dose is extrapolated back along the logarithm of the
  first two values after it; where these do not fall, the first value stands for it.  A
  value at the time of a bolus that is not below the next one was taken after the dose,
  and stays.  Cmax is an observed value, never the extrapolated one.
- Where a profile that is not after a bolus has no value at the dose, it starts at zero.
- lambda_z: logarithmic regression on the last 3, 4, ... values, up to all values above
  zero that lie after Tmax and after the end of the infusion.  The regression with the
  best adjusted R2 is taken; among those within 1e-4 of it, the one with most values.
- AUCinf = AUClast + Clast / lambda_z with the observed Clast.
- CL = dose / AUCinf and Vss = CL * MRT; MRT = AUMCinf / AUCinf, less half the infusion
  time.  At steady state CL = dose / AUCtau, and
  MRT = (AUMCtau + tau * (AUCinf - AUCtau)) / AUCtau, less half the infusion time.
- With a limit of quantification, lower values are zero up to Tmax and are left out
  after it.

What cannot be computed is None, and `notes` says why.  Of an analyte that is not dosed,
such as free payload, CL and Vss are apparent ones: leave `dose` out to do without them.

Gabrielsson and Weiner, Pharmacokinetic and Pharmacodynamic Data Analysis, chapter 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adckit.studies.profiles import (
    SAME_TIME,
    Design,
    Profiles,
    area_between,
    sum_profiles,
)

__all__ = ["Exposure", "exposure", "exposures"]

_MUCH_EXTRAPOLATED = 20.0
"""Percent of AUCinf beyond the last value above which a note is made."""
_CHUNK = 2048
"""Subjects worked on together: some tens of MB for profiles of a few hundred values."""
_CARRIED_OVER = 0.05
"""Share of Cmax before the dose above which single-dose formulas do not hold."""


@dataclass(frozen=True)
class Exposure:
    """Exposure of one subject to one analyte after one dose.

    Times in days from the dose; the other units follow from those of the concentration
    (C) and the dose.  None is "cannot be computed", and `notes` says why.
    """

    c0: float | None = None
    """Concentration right after a bolus, extrapolated back."""
    cmax: float | None = None
    tmax: float | None = None
    ctrough: float | None = None
    """Concentration at the end of the dosing interval."""
    auc_last: float | None = None
    """C*day, to the last value above zero (or the limit of quantification)."""
    auc_tau: float | None = None
    """C*day, over the dosing interval."""
    auc_inf: float | None = None
    """C*day; extrapolated after the last value."""
    extrapolated_percent: float | None = None
    """Share of `auc_inf` after the last value."""
    lambda_z: float | None = None
    """1/day."""
    half_life: float | None = None
    """Days."""
    r2_adjusted: float | None = None
    points: int | None = None
    """Number of values in the regression for `lambda_z`."""
    clearance: float | None = None
    """Dose/C/day: L/day for nmol and nM, or mg and mg/L."""
    vss: float | None = None
    """Dose/C."""
    mrt: float | None = None
    """Days."""
    notes: tuple[str, ...] = ()


def exposure(
    time: ArrayLike,
    concentration: ArrayLike,
    *,
    dose: float | None = None,
    dose_time: float = 0.0,
    next_dose: float | None = None,
    tau: float | None = None,
    infusion: float | None = None,
    steady_state: bool = False,
    lloq: float | None = None,
) -> Exposure:
    """The exposure of one profile.

    Args:
        time: days, rising, shape (time,).
        concentration: shape (time,).
        dose: what CL is computed from, in the concentration's unit times volume.
        dose_time: day of the dose.
        next_dose: day of the next dose; values after it are left out.
        tau: dosing interval in days; by default up to `next_dose`.
        infusion: duration in days, 0 for a bolus, None where the analyte is not given
            into the sampled compartment.
        steady_state: whether CL and MRT follow from one interval at steady state.
        lloq: lower limit of quantification.

    Raises ValueError for shapes that do not fit and times that do not rise.
    """
    row = np.asarray(concentration, dtype=np.float64)
    return exposures(
        time,
        row[np.newaxis],
        dose=dose,
        dose_time=dose_time,
        next_dose=next_dose,
        tau=tau,
        infusion=infusion,
        steady_state=steady_state,
        lloq=lloq,
    )[0]


def exposures(
    time: ArrayLike,
    concentration: ArrayLike,
    *,
    dose: ArrayLike | None = None,
    dose_time: float = 0.0,
    next_dose: float | None = None,
    tau: float | None = None,
    infusion: float | None = None,
    steady_state: bool = False,
    lloq: float | None = None,
) -> tuple[Exposure, ...]:
    """The exposure of every subject; the arguments are those of `exposure`.

    `concentration` has the shape (subject, time); `dose` is one number or has the shape
    (subject,).
    """
    times = np.asarray(time, dtype=np.float64)
    rows = np.asarray(concentration, dtype=np.float64)
    if times.ndim != 1 or rows.ndim != 2 or rows.shape[1] != times.size:
        raise ValueError("time must be (time,) and concentration (subject, time)")
    if not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise ValueError("times must be finite and rise")
    if next_dose is not None and tau is None:
        tau = next_dose - dose_time
    if steady_state and tau is None:
        raise ValueError("at steady state the dosing interval is needed: give tau")
    window = times >= dose_time - SAME_TIME
    if next_dose is not None:
        window &= times <= next_dose + SAME_TIME
    if np.count_nonzero(window) < 2:
        return (Exposure(notes=("fewer than two values after the dose",)),) * len(rows)
    since_dose = times[window] - dose_time
    since_dose[np.abs(since_dose) < SAME_TIME] = 0.0
    design = Design(tau, infusion, steady_state, lloq)
    doses: list[float | None] = [None] * len(rows)
    if dose is not None:
        doses = np.broadcast_to(np.asarray(dose, float), len(rows)).tolist()
    results: list[Exposure] = []
    for first in range(0, len(rows), _CHUNK):
        profiles = sum_profiles(
            since_dose, rows[first : first + _CHUNK, window], design
        )
        results += [
            _Summary(profiles, row, design, doses[first + row]).exposure()
            for row in range(len(profiles.value))
        ]
    return tuple(results)


class _Summary:
    """One subject's exposure, put together from the profiles."""

    def __init__(
        self, profiles: Profiles, row: int, design: Design, dose: float | None
    ) -> None:
        self.profiles, self.row, self.design, self.dose = profiles, row, design, dose
        self.value = profiles.value[row]
        self.notes: list[str] = []

    def exposure(self) -> Exposure:
        profiles, row = self.profiles, self.row
        if not profiles.complete[row]:
            return Exposure(notes=("the profile has missing values",))
        above = np.flatnonzero(profiles.used[row] & (self.value > 0))
        if above.size == 0:
            return self.nothing_measured()
        if not profiles.started:
            self.notes.append("AUC: there is no value at the dose")
        last = int(above[-1])
        rate = self.elimination()
        trough, auc_tau, aumc_tau = self.interval(rate)
        auc_last = float(profiles.auc[row, last]) if profiles.started else None
        rest = float(self.value[last]) / rate if rate else None
        auc_inf = None if auc_last is None or rest is None else auc_last + rest
        share = None if auc_inf is None or rest is None else 100 * rest / auc_inf
        if share is not None and share > _MUCH_EXTRAPOLATED:
            self.notes.append(f"{share:.0f} % of AUCinf is extrapolated")
        mrt = self.residence(last, rate, auc_inf, auc_tau, aumc_tau)
        clearance = self.clearance(auc_tau if self.design.steady_state else auc_inf)
        vss = self.volume(clearance, mrt)
        top = int(profiles.top[row])
        first = float(profiles.first[row])
        return Exposure(
            c0=None if math.isnan(first) else first,
            cmax=float(self.value[top]),
            tmax=float(profiles.time[top]),
            ctrough=trough,
            auc_last=auc_last,
            auc_tau=auc_tau,
            auc_inf=auc_inf,
            extrapolated_percent=share,
            lambda_z=rate,
            half_life=math.log(2) / rate if rate else None,
            r2_adjusted=float(profiles.r2_adjusted[row]) if rate else None,
            points=int(profiles.points[row]) if rate else None,
            clearance=clearance,
            vss=vss,
            mrt=mrt,
            notes=tuple(self.notes),
        )

    def nothing_measured(self) -> Exposure:
        if self.design.lloq is not None:
            return Exposure(notes=("every value is below the limit of quantification",))
        tau = self.design.tau
        covered = tau is not None and self.profiles.time[-1] >= tau
        return Exposure(
            cmax=0.0,
            ctrough=0.0 if covered else None,
            auc_last=0.0,
            auc_tau=0.0 if covered else None,
            notes=("no value is above zero",),
        )

    def elimination(self) -> float | None:
        rate = float(self.profiles.slope[self.row])
        if math.isnan(rate):
            self.notes.append(
                "lambda_z: fewer than three falling values after the maximum"
            )
            return None
        return rate

    def interval(
        self, rate: float | None
    ) -> tuple[float | None, float | None, float | None]:
        """Ctrough, AUCtau and AUMCtau."""
        tau, profiles, row = self.design.tau, self.profiles, self.row
        if tau is None:
            return None, None, None
        if profiles.time[-1] < tau - SAME_TIME:
            self.notes.append("Ctrough, AUCtau: the profile ends before the interval")
            return None, None, None
        used = np.flatnonzero(profiles.used[row])
        left = int(used[profiles.time[used] <= tau + SAME_TIME][-1])
        auc, aumc = float(profiles.auc[row, left]), float(profiles.aumc[row, left])
        time, value = float(profiles.time[left]), float(self.value[left])
        trough: float | None = value
        if time < tau - SAME_TIME:
            right = used[profiles.time[used] > tau]
            if right.size:
                trough = end = self.between(left, int(right[0]), tau)
            elif rate is None:
                self.notes.append("Ctrough, AUCtau: the interval ends below the limit")
                return None, None, None
            else:
                self.notes.append("Ctrough: below the limit of quantification")
                trough, end = None, value * math.exp(-rate * (tau - time))
            more = area_between(
                *(np.asarray(number) for number in (time, value, tau, end))
            )
            auc, aumc = auc + float(more[0]), aumc + float(more[1])
        return (trough, auc, aumc) if profiles.started else (trough, None, None)

    def between(self, left: int, right: int, time: float) -> float:
        """C at a time between two values: logarithmic where it falls."""
        time0, time1 = self.profiles.time[left], self.profiles.time[right]
        value0, value1 = self.value[left], self.value[right]
        share = (time - time0) / (time1 - time0)
        if 0 < value1 < value0:
            return float(value0 * (value1 / value0) ** share)
        return float(value0 + share * (value1 - value0))

    def residence(
        self,
        last: int,
        rate: float | None,
        auc_inf: float | None,
        auc_tau: float | None,
        aumc_tau: float | None,
    ) -> float | None:
        """Mean residence time in days."""
        if auc_inf is None or rate is None or self.carried_over():
            return None
        half_infusion = (self.design.infusion or 0.0) / 2
        if self.design.steady_state:
            if auc_tau is None or aumc_tau is None or self.design.tau is None:
                return None
            moment = aumc_tau + self.design.tau * (auc_inf - auc_tau)
            return moment / auc_tau - half_infusion
        time, value = float(self.profiles.time[last]), float(self.value[last])
        moment = float(self.profiles.aumc[self.row, last])
        moment += value * (time / rate + 1 / rate**2)
        return moment / auc_inf - half_infusion

    def carried_over(self) -> bool:
        """Whether an earlier dose spoils what holds for a single dose."""
        if self.design.steady_state:
            return False
        highest = float(self.value[self.profiles.top[self.row]])
        before = float(self.profiles.before[self.row])
        after_bolus = before == float(self.profiles.first[self.row])
        return not after_bolus and before > _CARRIED_OVER * highest

    def clearance(self, auc: float | None) -> float | None:
        if self.carried_over():
            self.notes.append(
                "CL, Vss, MRT: an earlier dose is still there; use steady_state, or a "
                "profile after a first dose"
            )
            return None
        if self.dose is None or auc is None:
            return None
        if not self.dose > 0:
            self.notes.append("CL, Vss: the dose is zero")
            return None
        return self.dose / auc

    def volume(self, clearance: float | None, mrt: float | None) -> float | None:
        """Vss, which needs to know when the dose went in."""
        if clearance is None or mrt is None:
            return None
        if self.design.infusion is None:
            self.notes.append("Vss: the infusion time is not known; 0 is a bolus")
            return None
        return clearance * mrt
