"""The table that a simulation is judged by, each published value beside its own.

Cmax, Ctrough and AUCtau are of the first cycle of the regimen, clearance, half-life and
AUC to infinity of the first dose alone (see `single_dose`).  A number that cannot be
computed is None, and the row's note says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.engines.base import Engine
from adckit.library import Observation, Product
from adckit.network.regimen import Regimen, parse_regimen
from adckit.parameters import Spread
from adckit.prepared import Prepared
from adckit.results import Result
from adckit.status import Status
from adckit.studies.endpoints import TumourResponse, tumour_responses
from adckit.studies.exposure import Exposure, exposure
from adckit.studies.published import Matches, in_unit, match, spread_range
from adckit.studies.single_dose import (
    GivenDose,
    first_dose,
    given_doses,
    single_dose_run,
)
from adckit.units import Dimension, parse_unit

__all__ = ["ANALYTES", "DAR_DAYS", "SummaryRow", "published_elsewhere", "summarise"]

ANALYTES: Mapping[str, str] = {
    "conjugate": "conjugate_molar_mass",
    "total_antibody": "antibody_molar_mass",
    "conjugated_payload": "payload_molar_mass",
    "free_payload": "payload_molar_mass",
    "concentration": "antibody_molar_mass",
}
"""Analyte → the parameter that is its molar mass."""

DAR_DAYS = (1.0, 7.0, 14.0, 21.0)
"""Days after the first dose on which the mean DAR is given."""

_FOLLOWED_TO = 1e-3
"""Share of Cmax to which a profile is followed: the reach of an ELISA."""
_NOT_DOSED = ("free_payload",)
"""Analytes without a dose of their own, hence without a clearance."""
_NO_DOSE = "the dosing has no first dose that stands alone"


@dataclass(frozen=True)
class SummaryRow:
    """One number of the table and what was published of it."""

    analyte: str
    quantity: str
    value: float | None
    unit: str
    published: float | None = None
    spread: Spread | None = None
    n: int | None = None
    """Subjects behind the published value."""
    source: str = ""
    note: str = ""
    role: str = ""
    """`calibrated` where parameters were fitted to the published value, `predicted`
    where they were not; empty without a published value."""
    subject: str = "1"

    @property
    def ratio(self) -> float | None:
        """Simulated over published."""
        if self.value is None or not self.published:
            return None
        return self.value / self.published

    @property
    def within(self) -> bool | None:
        """Whether the value lies in the published spread; None without one."""
        if self.value is None or self.published is None or self.spread is None:
            return None
        low, high = spread_range(self.published, self.spread)
        return low <= self.value <= high


def summarise(
    ready: Prepared, result: Result, *, engine: str | Engine = "cpu"
) -> list[SummaryRow]:
    """The rows of every subject of `result`, which `ready` was simulated to.

    `engine` also simulates the first dose alone.
    """
    schedules = result.schedules
    given = [given_doses(schedule) for schedule in schedules]
    if len(given) == 1:
        given *= len(result.subjects)
    first = [first_dose(doses) for doses in given]
    alone = single_dose_run(ready, first, result, engine=engine)
    regimen = _regimen(result)
    matches = match(ready.product, regimen)
    tumours: list[TumourResponse | None] = [None] * len(result.subjects)
    if "tumor" in result.outputs:
        tumours = tumour_responses(result)
    rows: list[SummaryRow] = []
    for i, tumour in enumerate(tumours):
        cycle = _cycle(regimen, given[i])
        profiles = _Profiles(ready, result, alone, i, given[i], first[i], cycle)
        rows += _Table(profiles, matches, ready.product).rows(tumour)
    return rows


def published_elsewhere(ready: Prepared, result: Result) -> tuple[Observation, ...]:
    """Published values that `summarise` does not set beside a row: seen under other
    regimens, in other hosts, or a second value of the same quantity."""
    return match(ready.product, _regimen(result)).elsewhere


def _regimen(result: Result) -> Regimen | None:
    """The regimen of a result; None where a table gave the doses."""
    text = result.provenance["regimen"]
    return None if text == "dose records" else parse_regimen(text)


def _cycle(
    regimen: Regimen | None, doses: tuple[GivenDose, ...] | None
) -> tuple[float, float | None]:
    """First and last day of the first cycle; its end is None for a dose given once."""
    if not doses:
        return 0.0, None
    start = doses[0].start
    if regimen is not None and np.isfinite(regimen.segments[0].cycle):
        return start, start + regimen.segments[0].cycle
    later = [dose.start for dose in doses if dose.start > start]
    return start, later[0] if later else None


@dataclass(frozen=True)
class _Profiles:
    """One subject's curves, under its regimen and after its first dose alone."""

    ready: Prepared
    result: Result
    alone: Result
    subject: int
    doses: tuple[GivenDose, ...] | None
    first: GivenDose | None
    cycle: tuple[float, float | None]

    def failure(self, result: Result) -> str:
        """Why this subject has no numbers in a result; empty where it has."""
        status = Status(int(result.status[self.subject]))
        if status is Status.OK:
            return ""
        return f"failed on day {result.stopped[self.subject]:.3g}: {status.reason}"

    def parameter(self, name: str) -> float | None:
        """A parameter of the subject in internal units; None if it has no such."""
        names = [parameter.name for parameter in self.result.network.parameters]
        if name not in names:
            return None
        return float(self.result.parameters[self.subject, names.index(name)])

    def molar_mass(self, analyte: str) -> float | None:
        """mg/nmol"""
        return self.parameter(ANALYTES[analyte])

    def body(self) -> dict[str, float]:
        """Body weight in kg and body surface in m2, as far as the model has them."""
        sizes = {"kg": "body_weight", "m2": "body_surface_area"}
        found = {unit: self.parameter(name) for unit, name in sizes.items()}
        return {unit: size for unit, size in found.items() if size}

    def in_first_cycle(self, analyte: str) -> list[Exposure]:
        """The exposure after every dose of the first cycle."""
        start, end = self.cycle
        last = np.inf if end is None else end
        starts = [d.start for d in self.doses or () if start <= d.start < last - 1e-9]
        starts = sorted(set(starts)) or [start]
        curve = self.result.curve(analyte)[self.subject]
        return [
            exposure(
                self.result.times,
                curve,
                dose_time=begin,
                next_dose=following,
                infusion=self.infusion(analyte),
            )
            for begin, following in zip(starts, [*starts[1:], end], strict=True)
        ]

    def after_first_dose(self, analyte: str) -> Exposure:
        """The exposure after the first dose alone."""
        curve = self.alone.curve(analyte)[self.subject]
        limit = _FOLLOWED_TO * float(np.max(curve, initial=0.0))
        return exposure(
            self.alone.times,
            curve,
            dose=self.dose(analyte),
            infusion=self.infusion(analyte),
            lloq=limit or None,
        )

    def infusion(self, analyte: str) -> float | None:
        """Days of infusion of an analyte that is dosed into plasma."""
        if self.first is None or analyte in _NOT_DOSED:
            return None
        return self.first.duration if self.first.port == "central" else None

    def dose(self, analyte: str) -> float | None:
        """The first dose in the amount whose concentration is measured."""
        if self.first is None or analyte in _NOT_DOSED:
            return None
        amount = self.first.amount
        load = self.ready.product.blueprint.load if self.ready.product else None
        if analyte == "conjugated_payload":
            return amount * load.mean if load is not None else None
        port = next(p for p in self.result.network.ports if p.name == self.first.port)
        given = parse_unit(port.unit).dimension
        seen = parse_unit(self.result.unit(analyte)).dimension * _VOLUME
        mass = self.molar_mass(analyte)
        if given == seen:
            return amount
        if mass is None:
            return None
        return amount * mass if given == _SUBSTANCE else amount / mass


class _Table:
    """The rows of one subject."""

    def __init__(
        self, profiles: _Profiles, matches: Matches, product: Product | None
    ) -> None:
        self.profiles, self.matches = profiles, matches
        self.observations = product.observations if product is not None else ()
        self.result = profiles.result
        self.name = self.result.subjects[profiles.subject]

    def rows(self, tumour: TumourResponse | None) -> list[SummaryRow]:
        found: list[SummaryRow] = []
        for analyte in ANALYTES:
            if analyte in self.result.outputs:
                found += self.exposure_rows(analyte)
        if "mean_dar" in self.result.outputs:
            found += self.dar_rows()
        if "tumor" in self.result.outputs:
            found += self.tumour_rows(tumour)
        return found

    def exposure_rows(self, analyte: str) -> Iterator[SummaryRow]:
        output = parse_unit(self.result.unit(analyte))
        concentration, volume = output.dimension, _VOLUME
        area = concentration * _TIME
        for quantity, (value, note) in self.quantities(analyte).items():
            if quantity in ("cmax", "cmax_last", "ctrough"):
                dimension, factor = concentration, output.factor
            elif quantity in ("auc_inf", "auc_tau"):
                dimension, factor = area, output.factor
            elif quantity == "clearance":
                dimension, factor = volume / _TIME, 1.0
            else:
                dimension, factor = _TIME, 1.0
            internal = None if value is None else value * factor
            yield self.row(analyte, quantity, internal, dimension, note)

    def quantities(self, analyte: str) -> dict[str, tuple[float | None, str]]:
        """Quantity → value in the output's unit, litres and days, and a note."""
        found = self.cycle_quantities(analyte)
        failure = self.profiles.failure(self.profiles.alone)
        if failure or self.profiles.first is None:
            alone, reason = Exposure(), failure or _NO_DOSE
        else:
            alone, reason = self.profiles.after_first_dose(analyte), ""
        notes = reason or "; ".join(alone.notes)
        found["auc_inf"] = alone.auc_inf, notes
        if analyte not in _NOT_DOSED:
            found["clearance"] = alone.clearance, notes
        found["half_life"] = alone.half_life, notes
        return found

    def cycle_quantities(self, analyte: str) -> dict[str, tuple[float | None, str]]:
        quantities = ["cmax", "ctrough", "auc_tau"]
        if analyte in _NOT_DOSED and self.last_cycle() is not None:
            quantities.insert(1, "cmax_last")
        failure = self.profiles.failure(self.result)
        if failure:
            return {quantity: (None, failure) for quantity in quantities}
        parts = self.profiles.in_first_cycle(analyte)
        areas = [part.auc_tau for part in parts]
        whole = [area for area in areas if area is not None]
        why = "" if parts[0].ctrough is not None else _no_interval(parts[0])
        days = self.cycle_note() if len(parts) > 1 else ""
        found: dict[str, tuple[float | None, str]] = {
            "cmax": (max((p.cmax for p in parts if p.cmax is not None), default=None), days),
            "ctrough": (parts[0].ctrough, why or self.trough_note(len(parts))),
            "auc_tau": (sum(whole) if len(whole) == len(areas) else None, why or days),
        }
        last = self.last_cycle()
        if "cmax_last" in quantities and last is not None:
            curve = self.result.curve(analyte)[self.profiles.subject]
            highest = float(curve[self.result.times >= last].max())
            found["cmax_last"] = highest, f"from the last dose, on day {last:g}"
        return {quantity: found[quantity] for quantity in quantities}

    def last_cycle(self) -> float | None:
        """Day of the last dose; None when there is but one."""
        doses = self.profiles.doses
        return doses[-1].start if doses is not None and len(doses) > 1 else None

    def cycle_note(self) -> str:
        start, end = self.profiles.cycle
        return f"first cycle, day {start:g} to {end:g}"

    def trough_note(self, parts: int) -> str:
        doses = self.profiles.doses or ()
        return f"before the dose on day {doses[1].start:g}" if parts > 1 else ""

    def dar_rows(self) -> Iterator[SummaryRow]:
        failure = self.profiles.failure(self.result)
        curve = self.result.curve("mean_dar")[self.profiles.subject]
        start = self.profiles.cycle[0]
        for day in DAR_DAYS:
            value, note = None, failure
            if not failure and start + day > self.result.times[-1]:
                note = f"the simulation ends on day {self.result.times[-1]:g}"
            elif not failure:
                value = float(np.interp(start + day, self.result.times, curve))
            yield self.row("mean_dar", f"day_{day:g}", value, Dimension(), note)

    def tumour_rows(self, tumour: TumourResponse | None) -> Iterator[SummaryRow]:
        none = Dimension()
        if tumour is None:
            failure = self.profiles.failure(self.result)
            yield self.row("tumor", "best_change", None, none, failure)
            return
        note = ""
        if tumour.best_change >= 0:
            note = "never smaller than at the start"
        share = tumour.best_change / 100
        yield self.row("tumor", "best_change", share, none, note)
        yield self.row("tumor", "nadir_day", tumour.nadir_day, _TIME, "")
        regrowth = "" if tumour.regrowth_day is not None else "no progression seen"
        yield self.row("tumor", "regrowth_day", tumour.regrowth_day, _TIME, regrowth)
        end = f"on day {self.result.times[-1]:g}"
        yield self.row("tumor", "end_change", tumour.end_change / 100, none, end)

    def row(
        self,
        analyte: str,
        quantity: str,
        internal: float | None,
        dimension: Dimension,
        note: str,
    ) -> SummaryRow:
        """A row in the unit of the observations, the published value beside it."""
        unit = self.unit(analyte, quantity)
        value = internal
        if internal is not None:
            value = self.expressed(analyte, internal, dimension, unit)
        notes = [note] if note else []
        if internal is not None and analyte.endswith("_payload"):
            notes += self.molar(internal, dimension, unit)
        seen = self.matches.beside.get((analyte, quantity))
        if seen is None:
            text = "; ".join(notes)
            return SummaryRow(analyte, quantity, value, unit, None, note=text, subject=self.name)
        notes.append(f"published: {seen.condition}, {seen.regimen}")
        notes += [seen.note] if seen.note else []
        return SummaryRow(
            analyte,
            quantity,
            value,
            unit,
            seen.value,
            seen.spread,
            seen.n,
            str(seen.source),
            "; ".join(notes),
            seen.role,
            self.name,
        )

    def expressed(
        self, analyte: str, internal: float, dimension: Dimension, unit: str
    ) -> float:
        mass = self.profiles.molar_mass(analyte) if analyte in ANALYTES else None
        body = self.profiles.body()
        return in_unit(internal, dimension, unit, molar_mass=mass, body=body)

    def molar(self, internal: float, dimension: Dimension, unit: str) -> list[str]:
        """A payload concentration in nM where the row has it as a mass."""
        molar = parse_unit("nM").dimension
        if dimension != molar or parse_unit(unit).dimension == molar:
            return []
        return [f"{internal:.3g} nM"]
