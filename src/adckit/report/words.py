"""How names and numbers of a run are written for people, in tables of any kind."""

from __future__ import annotations

import math

from adckit.library import Product
from adckit.parameters import Spread
from adckit.studies.summary import SummaryRow

__all__ = [
    "analyte_text",
    "number_text",
    "parameter_text",
    "published_text",
    "quantity_text",
    "scaled_text",
    "value_with_spread",
]

_ANALYTES = {
    "conjugate": "Conjugate",
    "total_antibody": "Total antibody",
    "conjugated_payload": "Conjugated payload",
    "free_payload": "Free payload",
    "concentration": "Drug",
    "mean_dar": "Mean DAR",
    "tumor": "Tumour",
}
_QUANTITIES = {
    "cmax": "Cmax",
    "cmax_last": "Cmax, last dose",
    "ctrough": "Ctrough",
    "auc_tau": "AUC first cycle",
    "auc_inf": "AUC to infinity",
    "clearance": "Clearance",
    "half_life": "Half-life",
    "concentration": "Concentration",
    "best_change": "Best change",
    "nadir_day": "Nadir",
    "regrowth_day": "Progression",
    "end_change": "Change at the end",
}


def analyte_text(analyte: str) -> str:
    return _ANALYTES.get(analyte, analyte)


def quantity_text(quantity: str) -> str:
    if quantity.startswith("day_"):
        return f"Day {quantity[4:]}"
    return _QUANTITIES.get(quantity, quantity)


def parameter_text(name: str) -> str:
    return name.replace("_", " ")


def scaled_text(product: Product | None) -> dict[str, str]:
    """Parameters that were scaled from another host, each with its formula."""
    if product is None:
        return {}
    known = product.blueprint.parameters
    return {parameter_text(n): str(known[n].source) for n in product.scaled}


def number_text(value: float | None, digits: int = 3) -> str:
    """A number with as many significant digits; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "\N{EN DASH}"
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.{digits - 1}e}"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def published_text(row: SummaryRow) -> str:
    """The published value with its spread: `74.4 ± 10.1`, `23 (10 to 42)`."""
    if row.published is None:
        return ""
    return value_with_spread(row.published, row.spread)


def value_with_spread(value: float, spread: Spread | None) -> str:
    if spread is None:
        return f"{value:g}"
    text = str(spread)
    return (
        f"{value:g} ± {text[3:]}" if text.startswith("SD ") else f"{value:g} ({text})"
    )
