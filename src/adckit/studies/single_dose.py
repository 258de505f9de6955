"""The first dose on its own, followed until little of it is left.

Clearance, half-life and AUC to infinity are defined for a single dose.  Under repeated
doses they would have to be corrected for what earlier doses left behind, so they are
taken from a run of their own: the first dose of the regimen, and nothing after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from adckit.engines.base import Engine
from adckit.network.dosing import ActionKind, DoseRecord, Schedule
from adckit.planning import CARRIER, rising
from adckit.prepared import Prepared
from adckit.results import Result
from adckit.simulation import simulate
from adckit.units import parse_unit

__all__ = [
    "GivenDose",
    "first_dose",
    "given_doses",
    "single_dose_run",
    "subject_table",
]

_FOLLOWED = 182.0
"""Days after the dose: nine half-lives of an antibody that lasts three weeks."""
_SAME_TIME = 1e-9


@dataclass(frozen=True)
class GivenDose:
    """A dose as the solver sees it, lag and bioavailability applied."""

    start: float
    """Days."""
    amount: float
    """In the port's unit."""
    duration: float
    """Days; 0 for a bolus."""
    port: str
    beside: tuple[GivenDose, ...] = ()
    """Doses that go with it: naked antibody given as a carrier."""


def given_doses(schedule: Schedule) -> tuple[GivenDose, ...] | None:
    """The doses of a schedule in order of time.

    None where doses cannot be told apart: resets, steady states, infusions that overlap
    or are still running at the end.
    """
    doses = []
    running: dict[str, tuple[float, float]] = {}
    for action in schedule.actions:
        if action.kind in (ActionKind.RESET, ActionKind.STEADY):
            return None
        if action.kind is ActionKind.BOLUS:
            doses.append(GivenDose(action.time, action.value, 0.0, action.port))
            continue
        began, rate = running.pop(action.port, (action.time, 0.0))
        if rate:
            length = action.time - began
            doses.append(GivenDose(began, rate * length, length, action.port))
        if action.value:
            if rate:
                return None
            running[action.port] = (action.time, action.value)
    if running:
        return None
    return tuple(sorted(doses, key=lambda dose: dose.start))


def first_dose(doses: Sequence[GivenDose] | None) -> GivenDose | None:
    """The first dose above zero; None where there is none, or not one alone."""
    given = [dose for dose in doses or () if dose.amount > 0]
    if not given:
        return None
    together = [d for d in given if d.start - given[0].start < _SAME_TIME]
    carriers = tuple(dose for dose in together if dose.port == CARRIER)
    main = [dose for dose in together if dose.port != CARRIER]
    if not main and len(carriers) == 1:
        return carriers[0]
    return replace(main[0], beside=carriers) if len(main) == 1 else None


def single_dose_run(
    ready: Prepared,
    doses: Sequence[GivenDose | None],
    like: Result,
    *,
    engine: str | Engine = "cpu",
) -> Result:
    """Every subject of `like` with its first dose alone, given on day 0.

    `doses` holds one dose per subject of `like`; None is no treatment.
    """
    records = {
        subject: [] if dose is None else [_record(d) for d in (dose, *dose.beside)]
        for subject, dose in zip(like.subjects, doses, strict=True)
    }
    return simulate(
        ready,
        records,
        {"subject": np.array(like.subjects), **subject_table(like)},
        _times([dose.duration for dose in doses if dose is not None]),
        engine,
        rtol=like.provenance["rtol"],
    )


def subject_table(result: Result) -> dict[str, NDArray[np.float64]]:
    """The parameters in which a subject of `result` differs from the typical one.

    In the parameters' own units, as `simulate` takes them; (subject,) each.
    """
    table = {}
    for i, parameter in enumerate(result.network.parameters):
        values = result.parameters[:, i]
        if (values != parameter.internal).any():
            table[parameter.name] = values / parse_unit(parameter.unit).factor
    return table


def _record(dose: GivenDose) -> DoseRecord:
    return DoseRecord(0.0, dose.amount, dose.port, duration=dose.duration)


def _times(durations: Sequence[float]) -> NDArray[np.float64]:
    """Days: every infusion in twelve parts, then ever longer steps from its end on."""
    later = np.geomspace(0.005, _FOLLOWED, 160)
    parts = [np.array([0.0])]
    for duration in sorted(set(durations)) or [0.0]:
        parts += [np.linspace(0.0, duration, 13), duration + later]
    return rising(np.concatenate(parts))
