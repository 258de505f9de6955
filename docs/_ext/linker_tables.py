"""What a linker changes: parameters of the library, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence

from markdown import cell, table

from adckit.library import Product, list_parts, load_product
from adckit.parameters import Parameter
from adckit.prepared import prepare
from adckit.simulation import simulate
from adckit.studies.summary import summarise

__all__ = ["linker_outcomes", "linkers"]

_SHOWN = (
    ("conjugate", "auc_tau", "AUC of conjugate, first cycle"),
    ("conjugate", "half_life", "half-life of conjugate"),
    ("total_antibody", "auc_tau", "AUC of all antibody, first cycle"),
    ("free_payload", "cmax", "Cmax of released payload, first cycle"),
)
"""Analyte, quantity of the summary, words."""
_DAR_DAY = 7.0


def linkers(product: str, *organs: str) -> str:
    """Every parameter of a product that depends on its linker, side by side."""
    names = list_parts("linker")
    found = [_with(product, linker, organs) for linker in names]
    rows = [["released", *(_form(one, "released") for one in found)]]
    rows.append(["catabolite", *(_form(one, "catabolite") for one in found)])
    every = dict.fromkeys(name for one in found for name in one.blueprint.parameters)
    species = {s.name for one in found for s in one.blueprint.species}
    for name in every:
        values = [one.blueprint.parameters.get(name) for one in found]
        own = name.startswith(tuple(f"{one}_" for one in species))
        if own or len({_text(value) for value in values}) == 1:
            continue
        rows.append([f"`{name}`", *(_text(value) for value in values)])
    for suffix in ("influx_rate", "efflux_rate"):
        pairs = [(one, _species(one, "catabolite")) for one in found]
        values = [one.blueprint.parameters.get(f"{s}_{suffix}") for one, s in pairs]
        rows.append([f"catabolite: `{suffix}`", *(_text(value) for value in values)])
    return table(["", *names], rows)


def linker_outcomes(product: str, *regimen: str) -> str:
    """What the linkers make of one product under one regimen."""
    names, columns = list_parts("linker"), []
    units: list[str] = []
    for linker in names:
        ready = prepare(product, {"linker": linker})
        result = simulate(ready, " ".join(regimen) or None)
        rows = {(r.analyte, r.quantity): r for r in summarise(ready, result)}
        chosen = [rows[analyte, quantity] for analyte, quantity, _ in _SHOWN]
        dar = result.curve("mean_dar")[0, result.times >= _DAR_DAY][0]
        best = result.curve("tumor")[0].min()
        peak = result.curve("tumour_payload")[0].max()
        values = [r.value for r in chosen if r.value is not None]
        columns.append([*values, dar, peak, best])
        units = [*(r.unit for r in chosen), "", "nM", "%"]
    words = [*(text for _, _, text in _SHOWN), f"mean DAR on day {_DAR_DAY:g}"]
    words += ["payload in tumour cells, peak", "best change of tumour diameter"]
    rows_shown = [
        [f"{word}{f', {cell(unit)}' if unit else ''}", *(f"{x:.3g}" for x in row)]
        for word, unit, row in zip(
            words, units, zip(*columns, strict=True), strict=True
        )
    ]
    return table(["", *names], rows_shown)


def _with(product: str, linker: str, organs: Sequence[str]) -> Product:
    settings = {"linker": linker, "organs": ", ".join(organs) or "none"}
    return load_product(product, settings=settings)


def _species(product: Product, arises: str) -> str:
    return next(s.name for s in product.blueprint.species if s.arises == arises)


def _form(product: Product, arises: str) -> str:
    species = product.blueprint.species
    return cell(next(s.label for s in species if s.arises == arises))


def _text(value: Parameter | None) -> str:
    if value is None:
        return "-"
    unit = "" if value.unit in ("", "1") else f" {cell(value.unit)}"
    return f"{value.value:g}{unit} ({value.status})"
