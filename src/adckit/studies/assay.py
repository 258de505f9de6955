"""Cells in a dish with drug for some hours: how many are left at each concentration.

Each concentration is a subject of one simulation, the control without drug the first.
What is counted at the end is

    total       all cells, viable and dying
    metabolic   viable cells + delta x dying cells, as assays of ATP or dye reduction
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.errors import AdckitError, UnknownNameError
from adckit.library.product import PublishedAssay
from adckit.network.dosing import DoseRecord
from adckit.parameters import Parameter
from adckit.prepared import Model, Prepared, prepare
from adckit.results import Result
from adckit.simulation import DEFAULT_RTOL, simulate
from adckit.studies.concentrations import (
    DEFAULT,
    Concentrations,
    read_concentrations,
)
from adckit.studies.dose_response import DoseResponse, dose_response, growth_rates

__all__ = ["READOUTS", "Assay", "LineResponse", "Protocol", "molar_mass", "run_assay"]

Floats = NDArray[np.float64]

READOUTS = ("total", "metabolic")
_PORT = "medium"
_MOST_TIMES = 241


@dataclass(frozen=True)
class Protocol:
    """What is done in the laboratory.

    Raises AdckitError for what makes no sense.
    """

    hours: float = 72.0
    """From the addition of drug to the count."""
    washout: float | None = None
    """Hours after which the drug is washed away."""
    doses: str = DEFAULT
    """Concentrations; see `concentrations`."""
    readout: str = "total"
    dying_signal: float = 0.5
    """Signal of a dying cell relative to a viable one, for the metabolic readout."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.hours) and self.hours > 0):
            raise AdckitError(f"{self.hours:g} hours are no assay; give more than 0.")
        washed = self.washout
        if washed is not None and not 0 < washed < self.hours:
            raise AdckitError(
                f"A washout after {washed:g} h is not within the {self.hours:g} h of "
                "the assay. Give an earlier one, or leave it out."
            )
        if self.readout not in READOUTS:
            raise UnknownNameError("readout", self.readout, READOUTS)
        if not 0 <= self.dying_signal <= 1:
            raise AdckitError(
                f"The signal of a dying cell is {self.dying_signal:g}; give 0 to 1, "
                "relative to a viable one."
            )

    @property
    def days(self) -> float:
        """The length in days."""
        return self.hours / 24


@dataclass(frozen=True)
class LineResponse:
    """What became of one line."""

    line: str
    cells: Floats
    """(well, time): the signal, in cells; the control first"""
    viability: Floats
    """(concentration,), at the end, relative to the control"""
    growth: Floats
    """(concentration,), GR"""
    response: DoseResponse
    ending: str = ""
    """Of the outputs that are about this line."""
    published: tuple[PublishedAssay, ...] = ()


@dataclass(frozen=True)
class Assay:
    """An assay with its wells and what was made of them."""

    protocol: Protocol
    ready: Prepared
    concentrations: Concentrations
    result: Result
    """Subjects: `control`, then one per concentration, in its unit."""
    lines: tuple[LineResponse, ...]

    @property
    def molar_mass(self) -> float:
        """Of the product, mg/nmol."""
        return molar_mass(self.ready)


def run_assay(
    model: Model | Prepared,
    cells: str | None = None,
    protocol: Protocol | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    engine: str = "cpu",
    rtol: float = DEFAULT_RTOL,
) -> Assay:
    """Put a product on cells.

    Arguments:
        model: a library name such as `"T-DM1"`, a card file, or a model of cells in a
            dish that is prepared already; then without `cells` and `settings`.
        cells: a cell line of the library, or its card file.
        protocol: 72 h without washout by default.
        settings: changes to the model, as `--set` takes them.

    Raises AdckitError for what makes no sense: a line whose number of antigens is not
    known, a protocol that cannot be.
    """
    plan = protocol or Protocol()
    if isinstance(model, Prepared):
        ready = _as_prepared(model, cells, plan, settings)
    else:
        ready = _prepared(model, cells, plan, settings or {})
    values = {p.name: p.internal for p in ready.network.parameters}
    if "medium_volume" not in values:
        raise AdckitError(
            f"'{ready.network.name}' has no culture medium. Say which cells it is put "
            "on, as in cells='SK-BR-3'."
        )
    tested = read_concentrations(plan.doses, molar_mass(ready))
    names = ("control", *(f"{value:.6g}" for value in tested.values))
    doses: dict[str, list[DoseRecord]] = {"control": []}
    for name, level in zip(names[1:], tested.nanomolar, strict=True):
        doses[name] = [DoseRecord(0.0, level * values["medium_volume"], _PORT)]
    result = simulate(
        ready,
        doses,
        {"subject": list(names)},
        _times(plan),
        engine,
        settings=settings,
        rtol=rtol,
    )
    return Assay(plan, ready, tested, result, _responses(plan, ready, tested, result))


def _prepared(
    model: Model, cells: str | None, plan: Protocol, settings: Mapping[str, str]
) -> Prepared:
    changes = dict(settings)
    if cells is not None:
        changes["cells"] = cells
    if "washout_time" in changes:
        raise AdckitError("The washout is part of the protocol; give it there alone.")
    if plan.washout is not None:
        changes["washout_time"] = f"{plan.washout!r} h"
    return prepare(model, changes)


def _as_prepared(
    ready: Prepared,
    cells: str | None,
    plan: Protocol,
    settings: Mapping[str, str] | None,
) -> Prepared:
    """A model that is prepared already, if the protocol is one for it."""
    if cells is not None or settings:
        raise AdckitError(
            "This model is prepared already: give cells and settings to `prepare`."
        )
    known = {p.name: p.internal for p in ready.network.parameters}
    washed = known.get("washout_time")
    wanted = None if plan.washout is None else plan.washout / 24
    if (washed is None) != (wanted is None) or not math.isclose(
        washed or 0.0, wanted or 0.0
    ):
        raise AdckitError(
            "The washout of the protocol is not that of the model. Prepare the model "
            "with washout_time, such as '4 h', and give the same to the protocol."
        )
    return ready


def molar_mass(ready: Prepared) -> float:
    """Molar mass of a product, mg/nmol."""
    return ready.network.get(Parameter, "conjugate_molar_mass").internal


def _times(plan: Protocol) -> Floats:
    """Every half an hour, or as many as are drawn, and the washout."""
    count = min(_MOST_TIMES, max(2, round(2 * plan.hours) + 1))
    grid = np.linspace(0.0, plan.days, count)
    if plan.washout is None:
        return grid
    return np.unique(np.append(grid, plan.washout / 24))


def _responses(
    plan: Protocol, ready: Prepared, tested: Concentrations, result: Result
) -> tuple[LineResponse, ...]:
    """Every line, and all cells together where there are several."""
    product = ready.product
    line = product.parts["cells"] if product else ready.network.name
    kinds = product.blueprint.populations if product else ()
    if not kinds or f"cells_{kinds[0].name}" not in result.outputs:
        seen = product.assays if product else ()
        return (_response(line, "", plan, tested, result, seen),)
    each = [_response(k.label, f"_{k.name}", plan, tested, result) for k in kinds]
    return (*each, _response("all cells", "", plan, tested, result))


def _response(
    line: str,
    ending: str,
    plan: Protocol,
    tested: Concentrations,
    result: Result,
    published: tuple[PublishedAssay, ...] = (),
) -> LineResponse:
    """What became of the cells whose outputs have this ending."""
    weight = 1.0 if plan.readout == "total" else plan.dying_signal
    viable, dying = (
        result.curve(f"{name}_cells{ending}") for name in ("viable", "dying")
    )
    cells = viable + weight * dying
    control = float(cells[0, -1])
    viability = cells[1:, -1] / control
    growth = growth_rates(cells[1:, 0], control, cells[1:, -1])
    response = dose_response(tested.nanomolar, viability, growth)
    return LineResponse(line, cells, viability, growth, response, ending, published)
