"""The table that a simulation is judged by, each published value beside its own.

Cmax, Ctrough and AUCtau are of the first cycle of the regimen, clearance, half-life and
AUC to infinity of the first dose alone (see `single_dose`).  A number that cannot be
computed is None, and the row's note says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adckit.engines.base import Engine
from adckit.errors import UnitError
from adckit.library import Observation, Product
from adckit.network.regimen import Regimen, parse_regimen
from adckit.parameters import Spread
from adckit.prepared import Prepared
from adckit.results import Result
from adckit.studies.endpoints import TumourResponse, tumour_responses
from adckit.studies.exposure import Exposure
from adckit.studies.published import Matches, in_unit, match, spread_range
from adckit.studies.single_dose import (
    GivenDose,
    first_dose,
    given_doses,
    single_dose_run,
)
from adckit.studies.subject_profiles import ANALYTES, NOT_DOSED, Profiles
from adckit.units import Dimension, parse_unit

__all__ = ["DAR_DAYS", "SummaryRow", "published_elsewhere", "summarise"]

DAR_DAYS = (1.0, 7.0, 14.0, 21.0)
"""Days after the first dose on which the mean DAR is given."""

_CONCENTRATIONS = ("cmax", "cmax_last", "ctrough", "concentration")
_AREAS = ("auc_inf", "auc_tau")
_DEFAULT_UNITS = {"clearance": "L/day", "half_life": "day"}
_NOT_SHOWN = "Vss"
"""Notes on a quantity that the table does not have."""
_NO_DOSE = "no dose is given"
_NO_FIRST_DOSE = "no dose stands alone"

Found = tuple[float | None, str]
"""A value, and a note on it or the reason why there is none."""


@dataclass(frozen=True)
class SummaryRow:
    """One number of the table and what was published of it."""

    analyte: str
    """A name of `subject_profiles.ANALYTES`, `mean_dar` or `tumor`."""
    quantity: str
    value: float | None
    unit: str
    published: float | None = None
    spread: Spread | None = None
    n: int | None = None
    """Subjects behind the published value."""
    source: str = ""
    note: str = ""
    condition: str = ""
    """In whom, and under which regimen, it was seen."""
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

    `engine` simulates the first dose alone.
    """
    given = [given_doses(schedule) for schedule in result.schedules]
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
        profiles = Profiles(ready, result, alone, i, given[i], first[i], cycle)
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
    start = doses[0].start if doses else 0.0
    segments = regimen.segments if regimen is not None else ()
    if segments and np.isfinite(segments[0].cycle):
        return start, start + segments[0].cycle
    later = [dose.start for dose in doses or () if dose.start > start]
    return start, later[0] if later else None


class _Table:
    """The rows of one subject."""

    def __init__(
        self, profiles: Profiles, matches: Matches, product: Product | None
    ) -> None:
        self.profiles, self.matches = profiles, matches
        self.observations = product.observations if product is not None else ()
        self.result = profiles.result
        self.name = self.result.subjects[profiles.subject]
        self.end = float(self.result.times[-1])

    def rows(self, tumour: TumourResponse | None) -> list[SummaryRow]:
        """Exposure by analyte, then the DAR, then the tumour."""
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
        day, litre = parse_unit("day").dimension, parse_unit("L").dimension
        values = {**self.cycle_values(analyte), **self.first_dose_values(analyte)}
        for quantity, (value, note) in values.items():
            dimension, factor = day, 1.0
            if quantity in _CONCENTRATIONS:
                dimension, factor = output.dimension, output.factor
            elif quantity in _AREAS:
                dimension, factor = output.dimension * day, output.factor
            elif quantity == "clearance":
                dimension = litre / day
            internal = None if value is None else value * factor
            yield self.row(analyte, quantity, internal, dimension, note)

    def cycle_values(self, analyte: str) -> dict[str, Found]:
        """What the first cycle of the regimen shows, in the output's unit and days."""
        seen = self.observed_days(analyte)
        last = self.last_dose() if analyte in NOT_DOSED else None
        failure = self.profiles.failure(self.result)
        if failure:
            names = ["cmax", "ctrough", "auc_tau", *(["cmax_last"] if last else [])]
            return dict.fromkeys([*names, *seen], (None, failure))
        parts = self.profiles.in_first_cycle(analyte)
        areas = [part.auc_tau for part in parts]
        known = [area for area in areas if area is not None]
        start, end = self.profiles.cycle
        cycle = f"first cycle, day {start:g} to {end:g}" if len(parts) > 1 else ""
        trough = ""
        if parts[0].ctrough is None:
            once = "given once: no interval" if self.profiles.doses else _NO_DOSE
            trough = "; ".join(parts[0].notes) if end else once
        elif len(parts) > 1:
            doses = self.profiles.doses or ()
            trough = f"before the dose on day {doses[1].start:g}"
        highest = max(
            (part.cmax for part in parts if part.cmax is not None), default=None
        )
        whole = sum(known) if len(known) == len(areas) else None
        values: dict[str, Found] = {"cmax": (highest, cycle)}
        if last is not None:
            curve = self.result.curve(analyte)[self.profiles.subject]
            peak = float(curve[self.result.times >= last].max())
            values["cmax_last"] = peak, f"after the last dose, on day {last:g}"
        values["ctrough"] = parts[0].ctrough, trough
        values["auc_tau"] = whole, cycle if whole is not None else trough
        return {**values, **seen}

    def first_dose_values(self, analyte: str) -> dict[str, Found]:
        """What the first dose alone shows, in the output's unit, litres and days."""
        failure = self.profiles.failure(self.profiles.alone)
        if failure or self.profiles.first is None:
            no_dose = _NO_DOSE if self.profiles.doses == () else _NO_FIRST_DOSE
            alone, note = Exposure(), failure or no_dose
        else:
            alone = self.profiles.after_first_dose(analyte)
            note = "; ".join(n for n in alone.notes if not n.startswith(_NOT_SHOWN))
        values: dict[str, Found] = {"auc_inf": (alone.auc_inf, note)}
        if analyte not in NOT_DOSED:
            values["clearance"] = alone.clearance, note
        values["half_life"] = alone.half_life, note
        return values

    def observed_days(self, analyte: str) -> dict[str, Found]:
        """The concentration on the day of a published one."""
        seen = self.matches.beside.get((analyte, "concentration"))
        if seen is None or seen.day is None:
            return {}
        day = self.profiles.cycle[0] + seen.day
        if self.profiles.failure(self.result) or day > self.end:
            return {"concentration": (None, f"the simulation ends on day {self.end:g}")}
        return {"concentration": (self.value_on(analyte, day), f"on day {seen.day:g}")}

    def value_on(self, output: str, day: float) -> float:
        curve = self.result.curve(output)[self.profiles.subject]
        return float(np.interp(day, self.result.times, curve))

    def last_dose(self) -> float | None:
        """Day of the last dose; None when there is but one."""
        doses = self.profiles.doses
        return doses[-1].start if doses is not None and len(doses) > 1 else None

    def dar_rows(self) -> Iterator[SummaryRow]:
        failure = self.profiles.failure(self.result)
        start = self.profiles.cycle[0]
        for day in DAR_DAYS:
            value, note = None, failure
            if not failure and start + day > self.end:
                note = f"the simulation ends on day {self.end:g}"
            elif not failure:
                value = self.value_on("mean_dar", start + day)
            yield self.row("mean_dar", f"day_{day:g}", value, Dimension(), note)

    def tumour_rows(self, tumour: TumourResponse | None) -> Iterator[SummaryRow]:
        none, day = Dimension(), parse_unit("day").dimension
        if tumour is None:
            failure = self.profiles.failure(self.result)
            yield self.row("tumor", "best_change", None, none, failure)
            return
        shrunk = tumour.best_change < 0
        best = "" if shrunk else "never smaller than at the start"
        regrown = "" if tumour.regrowth_day is not None else "no progression"
        end = f"on day {self.end:g}"
        yield self.row("tumor", "best_change", tumour.best_change / 100, none, best)
        yield self.row("tumor", "nadir_day", tumour.nadir_day, day, "")
        yield self.row("tumor", "regrowth_day", tumour.regrowth_day, day, regrown)
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
        unit = self.unit(analyte, quantity, dimension)
        value = None
        notes = [note] if note else []
        if internal is not None:
            value = self.expressed(analyte, internal, dimension, unit)
            notes += _molar_note(analyte, internal, dimension, unit)
        seen = self.matches.beside.get((analyte, quantity))
        if seen is None:
            text = "; ".join(notes)
            return SummaryRow(
                analyte, quantity, value, unit, note=text, subject=self.name
            )
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
            f"{seen.condition}; {seen.regimen}",
            seen.role,
            self.name,
        )

    def unit(self, analyte: str, quantity: str, dimension: Dimension) -> str:
        """The unit of the published values where there are some, else the usual one."""
        for unit in self.units(analyte, quantity):
            try:
                self.expressed(analyte, 1.0, dimension, unit)
            except UnitError:
                continue
            return unit
        return str(dimension)

    def units(self, analyte: str, quantity: str) -> Iterator[str]:
        """Units to try, the best first."""
        seen = self.matches.beside.get((analyte, quantity))
        if seen is not None:
            yield seen.unit
        for family in (_CONCENTRATIONS, _AREAS):
            if quantity in family:
                yield from (
                    o.unit
                    for o in self.observations
                    if o.analyte == analyte and o.quantity in family
                )
        if quantity in _DEFAULT_UNITS:
            yield from (o.unit for o in self.observations if o.quantity == quantity)
            yield _DEFAULT_UNITS[quantity]
        elif quantity in _AREAS:
            top, _, bottom = self.concentration_unit(analyte).partition("/")
            yield f"{top} d/{bottom}" if bottom else f"{top} d"
        elif quantity in _CONCENTRATIONS:
            yield self.result.unit(analyte)
        elif quantity.endswith("change"):
            yield "%"
        yield "day" if quantity.endswith("day") else ""

    def concentration_unit(self, analyte: str) -> str:
        dimension = parse_unit(self.result.unit(analyte)).dimension
        return self.unit(analyte, "cmax", dimension)

    def expressed(
        self, analyte: str, internal: float, dimension: Dimension, unit: str
    ) -> float:
        mass = self.profiles.molar_mass(analyte) if analyte in ANALYTES else None
        body = self.profiles.body()
        return in_unit(internal, dimension, unit, molar_mass=mass, body=body)


def _molar_note(
    analyte: str, internal: float, dimension: Dimension, unit: str
) -> list[str]:
    """A payload concentration in nM where its row has a mass."""
    molar = parse_unit("nM").dimension
    is_mass = dimension == molar and parse_unit(unit).dimension != molar
    return [f"{internal:.3g} nM"] if is_mass and analyte.endswith("_payload") else []
