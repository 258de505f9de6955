"""What a scan shows: one number per grid point, from the curves of its subject.

uptake        area under payload in tumour cells per cell volume (`tumour_payload`),
              over the whole run, nM d; and the peak of conjugate in the tumour
              after the first dose, % of that dose per g of tumour (1 g/mL)
penetration   evenness of antibody from the vessel to the far edge, %, when antibody
              in the tumour is at its peak; a Krogh cylinder has it
kill          share of viable tumour cells that is gone at their lowest, % of those
              at the start; and the best change of tumour diameter, %
OUTPUT:auc    area (linear up, logarithmic down), and likewise `cmax`, `cmin`,
              `tmax`, `mean`, `last` and `at=DAY` of any output
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from adckit.errors import AdckitError, UnknownNameError
from adckit.network.expr import ZERO, Expr, Symbol
from adckit.network.network import Network
from adckit.network.parts import Observable
from adckit.planning import CARRIER
from adckit.results import Result
from adckit.studies.drawing import Floats
from adckit.studies.profiles import area_between
from adckit.studies.reductions import is_concentration
from adckit.studies.single_dose import given_doses
from adckit.units import convert

__all__ = [
    "NAMED",
    "REDUCTIONS",
    "Quantity",
    "quantities",
    "with_viable_cells",
]

VIABLE = "viable_tumour_volume"
"""Output that a scan adds to models with a tumour: viable cells, as a volume."""
_VIABLE_STATE = "viable_tumour"
_GRAMS_PER_LITRE = 1000.0  # of tumour, at the density of water


@dataclass(frozen=True)
class Quantity:
    """One number of every subject."""

    name: str
    """Column of the table."""
    unit: str
    label: str
    outputs: tuple[str, ...]
    """Those that it is made of."""
    reduce: Callable[[Result], Floats]
    """From curves to (subject,)."""


def with_viable_cells(network: Network) -> Network:
    """The network with the volume of viable tumour as an output, if it has a tumour."""
    viable = [
        s.name
        for s in network.species
        if s.name == _VIABLE_STATE or s.name.startswith(f"{_VIABLE_STATE}_")
    ]
    if not viable or VIABLE in {o.name for o in network.observables}:
        return network
    total: Expr = ZERO
    for name in viable:
        total = total + Symbol(name)
    return network.add(Observable(VIABLE, total, "mm3", "viable tumour"))


def quantities(texts: Sequence[str], network: Network) -> list[Quantity]:
    """What `--show` asks for; texts may hold several names, with commas.

    Raises AdckitError for what the model does not have, UnknownNameError for what no
    model has.
    """
    asked = [name.strip() for text in texts for name in text.split(",")]
    if not asked or not all(asked):
        raise AdckitError(
            f"--show names nothing to show. Give {', '.join(NAMED)}, or an output and "
            "what to make of it, such as conjugate:auc."
        )
    units = {o.name: o.unit for o in network.observables}
    labels = {o.name: (o.label or o.name).split(":")[0] for o in network.observables}
    found: dict[str, Quantity] = {}
    for text in asked:
        if text.lower() in NAMED:
            made = NAMED[text.lower()](units)
        else:
            made = [_reduction(text, units, labels)]
        found.update({quantity.name: quantity for quantity in made})
    return list(found.values())


def _need(name: str, outputs: Sequence[str], units: dict[str, str], why: str) -> None:
    lacking = [output for output in outputs if output not in units]
    if lacking:
        raise AdckitError(
            f"--show {name} needs the output '{lacking[0]}', which this model does not "
            f"have: {why}"
        )


def _uptake(units: dict[str, str]) -> list[Quantity]:
    needed = ("tumour_payload", "tumour_conjugate")
    _need("uptake", needed, units, "it has no tumour cells that take up drug.")
    payload, conjugate = needed
    return [
        Quantity(
            "uptake",
            "nM d",
            "payload in tumour cells, AUC",
            (payload,),
            lambda result: _auc(result, payload),
        ),
        Quantity(
            "percent_id_per_g",
            "%/g",
            "peak conjugate in the tumour, of the first dose",
            (conjugate,),
            _injected_dose,
        ),
    ]


def _penetration(units: dict[str, str]) -> list[Quantity]:
    why = "a well-mixed tumour is as even as can be. Add --set delivery=krogh."
    _need("penetration", ("penetration", "tumour_conjugate"), units, why)
    return [
        Quantity(
            "penetration",
            units["penetration"],
            "evenness of tumour antibody, at its peak",
            ("penetration", "tumour_conjugate"),
            lambda result: _at_peak(result, "penetration", "tumour_conjugate"),
        )
    ]


def _kill(units: dict[str, str]) -> list[Quantity]:
    _need("kill", (VIABLE, "tumor"), units, "it has no tumour.")
    return [
        Quantity(
            "cells_killed",
            "%",
            "viable tumour cells killed, at nadir",
            (VIABLE,),
            _killed,
        ),
        Quantity(
            "best_change",
            "%",
            "best change of tumour diameter",
            ("tumor",),
            lambda result: result.curve("tumor").min(axis=1),
        ),
    ]


NAMED: dict[str, Callable[[dict[str, str]], list[Quantity]]] = {
    "uptake": _uptake,
    "penetration": _penetration,
    "kill": _kill,
}
"""Name for `--show` → what makes its quantities."""


def _auc(result: Result, output: str) -> Floats:
    curve, time = result.curve(output), result.times
    if not is_concentration(result.unit(output)):
        width = np.diff(time)
        return np.asarray(((curve[:, :-1] + curve[:, 1:]) / 2 * width).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        area, _ = area_between(time[:-1], curve[:, :-1], time[1:], curve[:, 1:])
    return np.asarray(area.sum(axis=1))


def _injected_dose(result: Result) -> Floats:
    """% of the first dose per g of tumour, at the peak before the second dose."""
    curve = result.curve("tumour_conjugate")  # (subject, time), nM
    found = np.full(len(curve), np.nan)
    for row, schedule in enumerate(result.schedules):
        doses = [d for d in given_doses(schedule) or () if d.port != CARRIER]
        if not doses or doses[0].amount <= 0:
            continue
        later = [d.start for d in doses if d.start > doses[0].start]
        first = result.times <= (later[0] if later else np.inf)
        peak = float(np.max(curve[row, first]))
        found[row] = 100 * peak / _GRAMS_PER_LITRE / doses[0].amount
    return found


def _at_peak(result: Result, output: str, of: str) -> Floats:
    top = np.argmax(np.nan_to_num(result.curve(of)), axis=1)
    return np.asarray(result.curve(output)[np.arange(len(top)), top])


def _killed(result: Result) -> Floats:
    viable = result.curve(VIABLE)
    start = viable[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(100 * (1 - viable.min(axis=1) / start))


def _at(result: Result, output: str, day: float) -> Floats:
    """A curve's value on a day, on the straight line between its points."""
    if not result.times[0] <= day <= result.times[-1]:
        raise AdckitError(
            f"--show {output}:at={day:g} is outside the simulation, which ends on day "
            f"{result.times[-1]:g}. Ask for an earlier day, or give more --days."
        )
    rows = [np.interp(day, result.times, row) for row in result.curve(output)]
    return np.array(rows)


def _curve_part(
    function: Callable[[Floats], Floats],
) -> Callable[[Result, str], Floats]:
    return lambda result, output: np.asarray(function(result.curve(output)))


REDUCTIONS: dict[str, tuple[str, Callable[[Result, str], Floats]]] = {
    "auc": ("AUC", _auc),
    "cmax": ("Cmax", _curve_part(lambda curve: curve.max(axis=1))),
    "cmin": ("lowest value", _curve_part(lambda curve: curve.min(axis=1))),
    "last": ("value at the end", _curve_part(lambda curve: curve[:, -1])),
    "mean": (
        "mean over time",
        lambda result, output: (
            _auc(result, output) / (result.times[-1] - result.times[0])
        ),
    ),
    "tmax": (
        "day of the highest value",
        lambda result, output: np.where(
            np.isnan(result.curve(output)).any(axis=1),
            np.nan,
            result.times[np.argmax(np.nan_to_num(result.curve(output)), axis=1)],
        ),
    ),
}
"""Name → its words, and how an output becomes one number."""


def _reduction(text: str, units: dict[str, str], labels: dict[str, str]) -> Quantity:
    output, colon, how = (part.strip() for part in text.partition(":"))
    if output not in units:
        kind = "output" if colon else "quantity"
        raise UnknownNameError(kind, output, units if colon else (*NAMED, *units))
    if not colon:
        raise AdckitError(
            f"--show {output} is a curve, not one number. Write {output}:cmax, or "
            f"another of {', '.join(REDUCTIONS)}, at=DAY."
        )
    name, label, unit = f"{output}_{how}", labels[output], units[output]
    if how.partition("=")[0].strip() == "at":
        day = _day(how.partition("=")[2], text)
        at = f"{label}, on day {day:g}"
        name = f"{output}_day_{day:g}"
        return Quantity(name, unit, at, (output,), lambda r: _at(r, output, day))
    if how not in REDUCTIONS:
        raise UnknownNameError(f"value of '{output}'", how, (*REDUCTIONS, "at=DAY"))
    words, function = REDUCTIONS[how]
    unit = {"auc": _times_day(unit), "tmax": "day"}.get(how, unit)
    return Quantity(
        name, unit, f"{label}, {words}", (output,), lambda r: function(r, output)
    )


def _day(text: str, whole: str) -> float:
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*(\w*)\s*", text)
    if match is None:
        raise AdckitError(
            f"--show {whole} does not say which day. Write at=21, or at=12 h."
        )
    return convert(float(match[1]), match[2] or "day", "day")


def _times_day(unit: str) -> str:
    top, slash, bottom = unit.partition("/")
    return f"{top if top not in ('', '1') else ''} d{slash}{bottom}".strip()
