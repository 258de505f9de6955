"""The tables of an assay as rows of text, for the terminal and for the report."""

from __future__ import annotations

import math

from adckit.library.product import PublishedAssay
from adckit.report.trial_tables import Table
from adckit.report.words import number_text
from adckit.studies.assay import Assay, LineResponse
from adckit.studies.concentrations import unit_per_nanomolar

__all__ = ["assay_tables", "concentration_text", "headline"]

_CALIBRATED = "* parameters were fitted to this value: it is no prediction"


def headline(assay: Assay) -> str:
    """What was done, in one line."""
    plan = assay.protocol
    washed = f", washed after {plan.washout:g} h" if plan.washout is not None else ""
    if plan.readout == "total":
        counted = "all cells"
    else:
        counted = f"viable + {plan.dying_signal:g} x dying cells"
    tested = assay.concentrations
    low, high = (concentration_text(float(x)) for x in tested.values[[0, -1]])
    return (
        f"{plan.hours:g} h{washed}; {len(tested.values)} concentrations from {low} to "
        f"{high} {tested.unit}; read: {counted}"
    )


def assay_tables(assay: Assay) -> list[Table]:
    """Figures of each line beside what is published, and every concentration."""
    return [*(_figures(assay, line) for line in assay.lines), _wells(assay)]


def _figures(assay: Assay, line: LineResponse) -> Table:
    found, unit = line.response, assay.concentrations.unit
    top = concentration_text(assay.concentrations.shown(found.highest))
    above = f"> {top}" if math.isfinite(found.highest) else "failed"

    def level(nanomolar: float | None) -> str:
        if nanomolar is None:
            return above
        return concentration_text(assay.concentrations.shown(nanomolar))

    plateau = "viability at the plateau" if found.fit else "lowest viability"
    rows = [
        ("IC50, half of the effect reached", level(found.ic50), unit, "ic50"),
        ("concentration of 50 %", level(found.ic50_absolute), unit, ""),
        (plateau, _percent(found.plateau), "%", "plateau"),
        ("slope of the curve", number_text(found.slope), "", ""),
        ("GR50", level(found.gr50), unit, ""),
        ("GRmax", _growth(found.gr_max), "", ""),
        ("AUC (1: no effect)", number_text(found.auc), "", ""),
    ]
    simulated = {"ic50": found.ic50, "plateau": found.plateau}
    cells = []
    for name, value, shown, quantity in rows:
        seen = next((p for p in line.published if p.quantity == quantity), None)
        beside = _published(assay, seen, simulated.get(quantity))
        cells.append((name, value, shown, *beside))
    notes = [_CALIBRATED] if any(p.role == "calibrated" for p in line.published) else []
    notes += [_note(assay, seen) for seen in line.published]
    if found.fit is None:
        notes.append("No curve was fitted: there is no effect, or too few points.")
    headers = ("", "simulated", "unit", "published", "ratio")
    return Table(line.line, headers, tuple(cells), tuple(notes), words=(2,))


def _published(
    assay: Assay, seen: PublishedAssay | None, simulated: float | None
) -> tuple[str, str]:
    """The published value in the unit of the table, and simulated over published."""
    if seen is None:
        return "", ""
    mark = "*" if seen.role == "calibrated" else ""
    if seen.quantity == "plateau":
        value = f"{seen.value:g}{mark}"
        ratio = simulated / (seen.value / 100) if simulated is not None else None
        return value, _ratio(ratio)
    per_nanomolar = unit_per_nanomolar(seen.unit, assay.molar_mass)
    nanomolar = seen.value / per_nanomolar
    shown = concentration_text(assay.concentrations.shown(nanomolar))
    bound = "> " if seen.bound else ""
    ratio = None
    if simulated is not None and not seen.bound:
        ratio = simulated / nanomolar
    return f"{bound}{shown}{mark}", _ratio(ratio)


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _note(assay: Assay, seen: PublishedAssay) -> str:
    hours = "" if seen.hours is None else f", {seen.hours:g} h"
    if seen.hours is not None and seen.hours != assay.protocol.hours:
        hours += f" (here {assay.protocol.hours:g} h)"
    condition = f"; {seen.condition}" if seen.condition else ""
    what = "IC50" if seen.quantity == "ic50" else "plateau"
    return f"published {what}{hours}{condition}: {seen.source}"


def _wells(assay: Assay) -> Table:
    tested = assay.concentrations
    headers: tuple[str, ...] = (f"concentration, {tested.unit}", "nM")
    for line in assay.lines:
        headers = (*headers, f"{line.line}, % of control", "GR")
    rows = []
    for i, value in enumerate(tested.values):
        row = [concentration_text(float(x)) for x in (value, tested.nanomolar[i])]
        for line in assay.lines:
            row += [_percent(line.viability[i]), _growth(line.growth[i])]
        rows.append(tuple(row))
    return Table("Every concentration", headers, tuple(rows))


def _growth(rate: float) -> str:
    return f"{rate:.2f}" if math.isfinite(rate) else number_text(None)


def _percent(share: float) -> str:
    return number_text(100 * float(share))


def concentration_text(value: float) -> str:
    """A concentration to three digits, without zeros that say nothing."""
    return f"{value:.3g}" if 1e-4 <= value < 1e4 else f"{value:.2e}"
