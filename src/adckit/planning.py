"""When things happen: how long to simulate, which doses, at which times to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adckit.errors import AdckitError, RegimenError
from adckit.network.dose_plan import DosePlan
from adckit.network.dosing import DoseRecord, Schedule, schedule
from adckit.network.regimen import Regimen, parse_regimen
from adckit.prepared import Prepared
from adckit.units import parse_unit

__all__ = [
    "CARRIER",
    "DEFAULT_INFUSION",
    "Dosing",
    "checked_times",
    "chosen_regimen",
    "default_times",
    "length",
    "rising",
    "schedules_for",
]

Dosing = (
    str
    | Regimen
    | Sequence[DoseRecord]
    | Mapping[str, Regimen]
    | Mapping[str, Sequence[DoseRecord]]
)
"""A protocol's words, or dose records (for all subjects, or by subject)."""

CARRIER = "carrier"
"""Port that takes naked antibody."""
DEFAULT_INFUSION = 1.5 / 24
"""Days; antibodies are infused over 90 minutes unless the regimen says otherwise."""

_CYCLES = 6
"""Cycles simulated of a regimen that goes on until the end."""
_AFTER = 21.0
"""Days simulated after the last of given dose records."""
_TEMPLATES_LOOKED_AT = 50
"""Schedules whose doses the default times follow; more would only crowd the grid."""
_SINGLE = 42.0
"""Days simulated after a single dose."""


def chosen_regimen(ready: Prepared, regimen: Dosing | None) -> Dosing:
    if regimen is None:
        regimen = ready.product.regimen if ready.product else None
    if regimen is None:
        raise RegimenError(
            f"'{ready.network.name}' has no regimen of its own; "
            "give one, such as '3.6 mg/kg q3w x6' or '100 mg once'."
        )
    return parse_regimen(regimen) if isinstance(regimen, str) else regimen


def length(days: float | None, times: ArrayLike | None, doses: Dosing) -> float:
    """Days to simulate."""
    if times is not None:
        grid = checked_times(times)
        return float(grid[-1])
    if days is not None:
        if not (np.isfinite(days) and days > 0):
            raise AdckitError(f"days is {days}; give a number of days above 0.")
        return float(days)
    if isinstance(doses, Regimen):
        return _protocol_length(doses)
    if isinstance(doses, Mapping) and (protocols := _protocols(doses)):
        return max(_protocol_length(regimen) for regimen in protocols.values())
    records = _all_records(doses)
    last = max((r.time + r.additional * r.interval for r in records), default=0.0)
    return last + _AFTER


def _protocol_length(regimen: Regimen) -> float:
    """Days that a protocol takes; six cycles of one without an end."""
    total = 0.0
    for segment in regimen.segments:
        if np.isfinite(segment.length):
            days = segment.length
        elif np.isfinite(segment.cycle):
            days = _CYCLES * segment.cycle
        else:
            days = _SINGLE
        begins = total if segment.from_day is None else segment.from_day - 1
        total = max(total, begins) + days
    return total or _SINGLE


def _all_records(doses: Dosing) -> list[DoseRecord]:
    if isinstance(doses, Mapping):
        return [
            record
            for records in doses.values()
            if not isinstance(records, Regimen)
            for record in records
        ]
    assert not isinstance(doses, str | Regimen)
    return list(doses)


def checked_times(times: ArrayLike) -> np.ndarray:
    grid = np.atleast_1d(np.asarray(times, dtype=float))
    if grid.ndim != 1 or not len(grid):
        raise AdckitError("times must be a list of days, such as [0, 1, 7, 21].")
    if not np.isfinite(grid).all() or (np.diff(grid) <= 0).any() or grid[0] < 0:
        raise AdckitError(
            "times must be finite, rising and not negative, in days; "
            f"got {np.array2string(grid, threshold=8)}."
        )
    return grid


def schedules_for(
    ready: Prepared,
    doses: Dosing,
    names: tuple[str, ...],
    parameters: np.ndarray,
    until: float,
) -> DosePlan:
    """The schedule of every subject.

    Schedules reach beyond the end, to the next dose at least: a solver that nears the
    end takes the same steps as one that goes on, so the times asked for change nothing.
    """
    if isinstance(doses, Regimen):
        return _protocol_plan(ready, doses, parameters, until)
    assert not isinstance(doses, str)
    if isinstance(doses, Mapping):
        missing = [name for name in names if name not in doses]
        if missing:
            raise RegimenError(
                f"Subject '{missing[0]}' has no dose records; "
                "give an empty list to a subject without treatment."
            )
        protocols = _protocols(doses)
        if protocols:
            mine = [protocols[name] for name in names]
            return _protocols_plan(ready, mine, parameters, until)
        given = (doses[name] for name in names)
        written = [_written(each) for each in given if not isinstance(each, Regimen)]
        return DosePlan.each(written)
    return DosePlan.shared(_written(doses), np.ones(len(names)))


def _written(records: Sequence[DoseRecord]) -> Schedule:
    return schedule(list(records), until=np.inf, allow_overlap=True)


def _protocols(doses: Mapping[str, Any]) -> dict[str, Regimen]:
    """The regimens by subject; empty where there are dose records."""
    found = {n: each for n, each in doses.items() if isinstance(each, Regimen)}
    if found and len(found) != len(doses):
        raise RegimenError(
            "Some subjects have a regimen and others dose records. Give all of them "
            "regimens, or all of them records."
        )
    return found


def _protocols_plan(
    ready: Prepared, regimens: Sequence[Regimen], parameters: np.ndarray, until: float
) -> DosePlan:
    """Subjects with regimens of their own; those that share one are planned as one."""
    templates: list[Schedule] = []
    which = np.zeros(len(regimens), dtype=np.int64)
    factor = np.ones(len(regimens))
    for regimen in dict.fromkeys(regimens):
        rows = np.flatnonzero([each == regimen for each in regimens])
        plan = _protocol_plan(ready, regimen, parameters[rows], until)
        which[rows] = plan.which + len(templates)
        factor[rows] = plan.factor
        templates += plan.templates
    return DosePlan(tuple(templates), which, factor)


def _protocol_plan(
    ready: Prepared, regimen: Regimen, parameters: np.ndarray, end: float
) -> DosePlan:
    cycles = [s.cycle for s in regimen.segments if np.isfinite(s.cycle)]
    until = end + max(cycles, default=0.0) + 1
    known = [p.name for p in ready.network.parameters]
    if not ready.network.ports:
        raise RegimenError(f"'{ready.network.name}' has no port that takes a dose.")

    def column(name: str) -> np.ndarray:
        if name in known:
            return np.asarray(parameters[:, known.index(name)])
        return np.full(len(parameters), np.nan)

    body = np.stack([column(name) for name in _BODY], axis=1)
    has = np.array([name in known for name in _BODY])
    factor = _common_factor(regimen, ready.network.ports[0].unit, body, has)
    if factor is not None:
        return DosePlan.shared(_protocol(ready, regimen, _UNIT_BODY, until), factor)
    rows, which = np.unique(body, axis=0, return_inverse=True)
    nothing = Schedule((), until)  # for a body that is not a number: that subject fails
    schedules = tuple(
        nothing if np.isnan(row[has]).any() else _protocol(ready, regimen, row, until)
        for row in rows
    )
    return DosePlan(schedules, which.reshape(-1), np.ones(len(body)))


_BODY = (
    "body_weight",
    "body_surface_area",
    "conjugate_molar_mass",
    "antibody_molar_mass",
)
_UNIT_BODY = np.ones(len(_BODY))
"""What factors are relative to; a subject of the batch would make chunks differ."""


def _protocol(
    ready: Prepared, regimen: Regimen, body: np.ndarray, until: float
) -> Schedule:
    """The schedule of a subject with this body."""
    weight, surface, mass, naked = (None if np.isnan(x) else float(x) for x in body)
    port = ready.network.ports[0]
    carrier = any(p.name == CARRIER for p in ready.network.ports)
    records = regimen.records(
        body_weight_kg=weight,
        body_surface_m2=surface,
        molar_mass_mg_per_nmol=mass,
        port=port.name,
        port_unit=port.unit,
        until=until,
        default_duration=DEFAULT_INFUSION,
        carrier_port=CARRIER if carrier else None,
        antibody_mass_mg_per_nmol=naked,
    )
    return schedule(records, until=until, allow_overlap=regimen.allow_overlap)


def _common_factor(
    regimen: Regimen, port_unit: str, body: np.ndarray, has: np.ndarray
) -> np.ndarray | None:
    """Doses of each subject relative to those of a unit body, (subject,).

    None where one number cannot say it: with a highest dose or a carrier, when some
    doses of the regimen go by the body and others do not, or when the model has no such
    body.
    """
    needed = {"kg": has[0], "m2": has[1], "": True}
    caps = {
        "kg": np.inf if regimen.weight_cap is None else regimen.weight_cap,
        "m2": np.inf if regimen.surface_cap is None else regimen.surface_cap,
    }
    sizes = {
        "kg": np.minimum(body[:, 0], caps["kg"]),
        "m2": np.minimum(body[:, 1], caps["m2"]),
        "": np.ones(len(body)),
    }
    factor: np.ndarray | None = None
    for segment in regimen.segments:
        unit, _, scale = segment.unit.partition("/")
        mine = sizes[scale]
        if parse_unit(unit).dimension != parse_unit(port_unit).dimension:
            mine = mine / body[:, 2]
            if not has[2]:
                return None
        if not needed[scale]:
            return None
        bound = segment.highest is not None or segment.carrier is not None
        if bound or _differ(factor, mine):
            return None
        factor = mine
    return np.ones(len(body)) if factor is None else factor


def _differ(factor: np.ndarray | None, other: np.ndarray) -> bool:
    return factor is not None and not np.array_equal(factor, other, equal_nan=True)


def default_times(plan: DosePlan, until: float) -> np.ndarray:
    """A grid for curves: fine after each change of dosing, coarser later, in days."""
    after = np.concatenate([np.linspace(0, 1, 25), np.arange(1.25, 4, 0.25)])
    points = [np.linspace(0.0, until, max(2, min(2001, int(np.ceil(until)) + 1)))]
    some = plan.templates[:_TEMPLATES_LOOKED_AT]
    stops = {0.0} | {t for s in some for t in s.times if t < until}
    points += [t + after for t in sorted(stops)[:400]]
    grid = np.concatenate(points)
    grid = rising(np.round(grid[grid <= until], 9))
    return grid if len(grid) else np.array([0.0])


def rising(times: np.ndarray) -> np.ndarray:
    """Times in order, each once; `np.unique` loads masked arrays for it."""
    ordered = np.sort(times)
    return ordered[np.diff(ordered, prepend=-np.inf) > 0]
