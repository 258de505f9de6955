"""The page of a comparison: one file with tables and pictures, which opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from adckit.library.evidence import load_evidence
from adckit.report.evidence_pictures import dose_toxicity, forest, profile
from adckit.report.words import number_text
from adckit.studies.evidence import Comparison
from adckit.studies.evidence_alternatives import Alternative
from adckit.studies.evidence_json import comparison_data
from adckit.studies.evidence_profiles import Overlay

__all__ = [
    "band_text",
    "lead_text",
    "model_text",
    "observed_text",
    "render_evidence",
    "table_rows",
    "turned_text",
    "verdict_text",
]


def render_evidence(
    comparison: Comparison, alternatives: Sequence[Alternative] = ()
) -> str:
    """The page as HTML text."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.undefined = jinja2.StrictUndefined
    data = comparison_data(comparison, alternatives)
    effort = data["effort"]
    return environment.from_string(_page("evidence.html.j2")).render(
        title="Predicted against published",
        style=_raw(_page("report.css")),
        lead=lead_text(data),
        data=data,
        products=[_product(one, data, comparison) for one in data["products"]],
        alternatives=[(one, turned_text(one)) for one in alternatives],
        effort=(
            f"{effort['central']} subjects with the library's values; "
            f"{effort['draws']} draws of the parameters with {effort['subjects']} "
            f"subjects each; seed {effort['seed']}."
        ),
    )


def turned_text(found: Alternative) -> str:
    """The rows whose verdict an alternative changes, or why it cannot be had."""
    if found.refused:
        return f"Cannot be had: {found.refused}"
    return "; ".join(
        f"{move.after.title}, {move.after.label}: {move.verdict}"
        for move in found.turned
    )


def lead_text(data: Mapping[str, Any]) -> str:
    """How good it is, in two sentences."""
    verdicts = [one["verdict"] for one in data["predictions"]]
    found = data["coverage"]["all"]
    share = 100 * (found["share"] or 0)
    settings = ", ".join(f"{k}={v}" for k, v in data["settings"].items())
    return (
        f"{verdicts.count('pass')} of {len(verdicts)} planned predictions hold, "
        f"{verdicts.count('partly')} hold in part. The model's 90 % interval covers "
        f"the published value in {found['covered']} of {found['rows']} rows "
        f"({share:.0f} %)." + (f" Settings: {settings}." if settings else "")
    )


def observed_text(row: Mapping[str, Any]) -> str:
    """The published value with its interval and unit."""
    if row["observed"] is None or row["measure"] == "profile":
        return ""
    if _is_rate(row):
        low, high = (100 * end for end in row["observed_interval"])
        return f"{100 * row['observed']:.3g} % ({low:.0f} to {high:.0f})"
    low, high = row["observed_interval"]
    spread = "" if low is None else f" ({number_text(low)} to {number_text(high)})"
    return f"{number_text(row['observed'])}{spread} {row['unit']}".strip()


def model_text(row: Mapping[str, Any]) -> str:
    """The model's value."""
    if not row["reached"]:
        return "not reached"
    if row["model"] is None:
        return ""
    if _is_rate(row):
        return f"{100 * row['model']:.3g} %"
    return number_text(row["model"])


def band_text(row: Mapping[str, Any]) -> str:
    """The model's interval."""
    low, high = row["model_interval"]
    if low is None and high is None:
        return ""
    if _is_rate(row):
        return f"{100 * low:.0f} to {100 * high:.0f} %"
    end = "not reached" if high is None else number_text(high)
    return f"{number_text(low)} to {end}"


def verdict_text(row: Mapping[str, Any]) -> str:
    """`pass`, `fail`, or nothing where no rule applies."""
    return {True: "pass", False: "fail", None: ""}[row["passed"]]


def _is_rate(row: Mapping[str, Any]) -> bool:
    return row["measure"] in ("toxicity", "dlt", "response")


def _product(
    product: Mapping[str, Any], data: Mapping[str, Any], comparison: Comparison
) -> dict[str, Any]:
    rows = [
        {
            **row,
            "seen": observed_text(row),
            "shown": model_text(row),
            "band": band_text(row),
            "times": "" if row["ratio"] is None else f"{row['ratio']:.2f}",
            "verdict": verdict_text(row),
        }
        for row in product["rows"]
    ]
    panels = _curves(product["name"], data)
    for one in comparison.overlays:
        if one.product == product["name"]:
            points = _points(one)
            panels.append((points["label"], profile(points)))
    return {
        **product,
        "rows": rows,
        "forest": _raw(forest(product["rows"])),
        "panels": [{"label": label, "picture": _raw(svg)} for label, svg in panels],
    }


def _curves(name: str, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Dose against toxicity of the product's escalations, each with its label."""
    panels = []
    for study in load_evidence(name).studies:
        found = data["dose_toxicity"].get(study.protocol or "")
        mtds = [f.value for f in study.findings if f.measure == "mtd"]
        if found is not None and mtds:
            unit = next(f.unit for f in study.findings if f.measure == "mtd")
            label = f"{study.title}: P(DLT) by dose, {unit}; dashed: published MTD"
            panels.append((label, dose_toxicity(label, found, mtds[0])))
    return panels


def _points(overlay: Overlay) -> dict[str, Any]:
    return {
        "label": f"{overlay.title}: {overlay.unit} by day; dots: digitised points",
        "times": overlay.times.tolist(),
        "model": overlay.model.tolist(),
        "low": overlay.low.tolist(),
        "high": overlay.high.tolist(),
        "points": {
            name: (days.tolist(), values.tolist())
            for name, (days, values) in overlay.points.items()
        },
    }


def _page(name: str) -> str:
    return (resources.files("adckit.report") / "page" / name).read_text("utf-8")


def _raw(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # our own files and escaped SVG, not user input


def table_rows(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The rows of a product as text, for tables of any kind."""
    return [
        [
            row["study"],
            row["label"],
            observed_text(row),
            "" if row["n"] is None else f"{row['n']}{'*' if row['few'] else ''}",
            model_text(row),
            band_text(row),
            "" if row["ratio"] is None else f"{row['ratio']:.2f}",
            verdict_text(row),
            " ".join(text for text in (row["role"], row["prediction"]) if text),
        ]
        for row in rows
    ]
