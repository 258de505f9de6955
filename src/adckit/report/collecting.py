"""From simulations to the panels that are drawn of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from adckit.report.panels import Figures, Level, Mark, Panel, Rings, Series
from adckit.report.rings import collect_rings
from adckit.results import Result
from adckit.studies.case import Case
from adckit.studies.endpoints import PARTIAL_RESPONSE, PROGRESSION
from adckit.studies.published import spread_range
from adckit.studies.single_dose import given_doses
from adckit.studies.summary import SummaryRow
from adckit.studies.tissue import tissue_of

__all__ = ["collect_figures", "dose_days", "shown_unit"]


@dataclass(frozen=True)
class _Plan:
    """Which outputs a panel shows, and how."""

    key: str
    title: str
    outputs: tuple[tuple[str, str], ...]
    """Output and what the plot calls it."""
    logarithmic: bool = False
    factor: float = 1.0
    unit: str | None = None
    levels: tuple[Level, ...] = ()


_PLANS = (
    _Plan(
        "plasma",
        "Antibody in plasma",
        (
            ("conjugate", "conjugate"),
            ("total_antibody", "total antibody"),
            ("concentration", "concentration"),
        ),
        logarithmic=True,
    ),
    _Plan(
        "payload",
        "Payload in plasma",
        (("conjugated_payload", "conjugated"), ("free_payload", "free")),
        logarithmic=True,
    ),
    _Plan("dar", "Mean payloads per antibody", (("mean_dar", "mean DAR"),)),
    _Plan(
        "tumour",
        "Tumour diameter, change since the start",
        (("tumor", "diameter"),),
        levels=(
            Level(PARTIAL_RESPONSE, "partial response"),
            Level(PROGRESSION, "progression"),
        ),
    ),
    _Plan(
        "volume",
        "Tumour volume",
        (("tumour_volume", "volume"),),
        factor=1e-3,
        unit="cm3",
    ),
    _Plan("cells", "Payload in tumour cells", (("tumour_payload", "payload"),)),
    _Plan(
        "occupancy",
        "Tubulin that holds payload",
        (("occupancy", "occupied"),),
        factor=100.0,
        unit="%",
    ),
)

_POPULATIONS = (
    ("populations", "Tumour volume by population", "tumour_volume"),
    ("neighbours", "Payload in cells by population", "tumour_payload"),
)
"""Panel, its title, and the start of the outputs that it shows."""

_UNITS = {
    "ug": "µg",
    "um": "µm",
    "mm3": "mm³",
    "cm3": "cm³",
    "m2": "m²",
    " d/": "·d/",
    " h/": "·h/",
}


def shown_unit(unit: str) -> str:
    """A unit as it is printed: with µ, powers and a product sign."""
    for plain, printed in _UNITS.items():
        unit = unit.replace(plain, printed)
    if unit.endswith((" d", " h")):
        unit = f"{unit[:-2]}·{unit[-1]}"
    return "" if unit == "1" else unit


def collect_figures(cases: Sequence[Case]) -> Figures:
    """The panels of all cases; outputs that no case has make no panel."""
    plans = (*_PLANS, *_population_plans(cases))
    panels = [_panel(plan, cases) for plan in plans]
    return Figures(
        products=tuple(
            (case.label, case.result.provenance["regimen"], i)
            for i, case in enumerate(cases)
        ),
        panels=tuple(panel for panel in panels if panel is not None),
        doses=tuple(dose_days(cases[0].result)),
        footnote=_footnote(cases),
        rings=tuple(_rings_of(cases)),
    )


def _rings_of(cases: Sequence[Case]) -> Iterator[Rings]:
    """Krogh cylinders whose profiles were kept."""
    for case in cases:
        tissue = tissue_of(case.result)
        if tissue is not None:
            doses, regimen = dose_days(case.result), case.result.provenance["regimen"]
            yield collect_rings(case.label, regimen, tuple(doses), tissue)


def _population_plans(cases: Sequence[Case]) -> Iterator[_Plan]:
    """Panels of the populations of tumour cells, where a model tells any apart."""
    populations = {
        population.name: population.label
        for case in cases
        if case.ready.product is not None
        for population in case.ready.product.blueprint.populations
    }
    for key, title, stem in _POPULATIONS:
        outputs = tuple((f"{stem}_{n}", label) for n, label in populations.items())
        volume = stem == "tumour_volume"
        factor, unit = (1e-3, "cm3") if volume else (1.0, None)
        yield _Plan(key, title, outputs, logarithmic=volume, factor=factor, unit=unit)


def _footnote(cases: Sequence[Case]) -> str:
    failed = [
        f"{case.result.failed} of {len(case.result.subjects)} subjects of {case.label}"
        for case in cases
        if case.result.failed
    ]
    return f"Failed, and in no curve: {', '.join(failed)}." if failed else ""


def dose_days(result: Result) -> list[float]:
    """Days on which the first subject is given a dose."""
    schedule = result.schedules[0]
    doses = given_doses(schedule)
    if doses is None:
        return list(schedule.times)
    return sorted({dose.start for dose in doses if dose.amount > 0})


def _panel(plan: _Plan, cases: Sequence[Case]) -> Panel | None:
    several = len(cases) > 1
    series, marks, unit = [], [], plan.unit
    for i, case in enumerate(cases):
        present = [pair for pair in plan.outputs if pair[0] in case.result.outputs]
        for j, (output, label) in enumerate(present):
            colour = i if several else j
            made = _series(case, output, label, colour, plan.factor)
            if made is None:
                continue
            if several and j > 0:
                made = _dashed(made)
            series.append(made)
            marks += _marks(case, output, colour, plan.factor)
            unit = unit or case.result.unit(output)
    if not series:
        return None
    return Panel(
        plan.key,
        plan.title,
        shown_unit(unit or ""),
        plan.logarithmic,
        tuple(series),
        tuple(marks),
        plan.levels,
    )


def _series(
    case: Case, output: str, label: str, colour: int, factor: float
) -> Series | None:
    """One output over time; None where every subject failed."""
    result = case.result
    curves = result.curve(output) * factor
    curves = curves[np.isfinite(curves).any(axis=1)]
    if not len(curves):
        return None
    if len(curves) == 1:
        return Series(label, case.label, result.times, curves[0], colour)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a time where all are missing
        low, middle, high = np.nanpercentile(curves, [5, 50, 95], axis=0)
    return Series(
        f"{label}, median", case.label, result.times, middle, colour, False, low, high
    )


def _dashed(series: Series) -> Series:
    return Series(
        series.label,
        series.product,
        series.times,
        series.values,
        series.colour,
        True,
        series.low,
        series.high,
    )


def _marks(case: Case, output: str, colour: int, factor: float) -> list[Mark]:
    """Published concentrations, where the curve has the quantity that they are of."""
    first = case.result.subjects[0]
    found = []
    for row in case.rows:
        if row.analyte != output or row.subject != first or not row.value:
            continue
        place = _place(case.result, row)
        if place is None or row.published is None:
            continue
        time, value = place
        scale = value * factor / row.value  # to the unit of the panel
        low = high = row.published
        if row.spread is not None:
            low, high = spread_range(row.published, row.spread)
        label = f"published {row.quantity}"
        found.append(
            Mark(label, time, row.published * scale, low * scale, high * scale, colour)
        )
    return found


def _place(result: Result, row: SummaryRow) -> tuple[float, float] | None:
    """Time and value of the simulated quantity on the curve of the first subject."""
    days = dose_days(result)
    curve = result.curve(row.analyte)[0]
    if not days or not np.isfinite(curve).all():
        return None
    following = days[1] if len(days) > 1 else float(result.times[-1])
    inside = np.flatnonzero((result.times >= days[0]) & (result.times <= following))
    if row.quantity == "cmax":
        top = inside[int(np.argmax(curve[inside]))]
        return float(result.times[top]), float(curve[top])
    if row.quantity == "ctrough":
        return float(result.times[inside[-1]]), float(curve[inside[-1]])
    return None
