"""A comparison as plain data: the content of `evidence.json`.

Numbers have six digits, and what is not finite is null; a time that is never reached
has `reached: false`.  The file depends on the library, the seed and the effort alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from adckit.library import Product
from adckit.library.evidence import Evidence, load_contradictions
from adckit.parameters import Status
from adckit.studies.evidence import Comparison
from adckit.studies.evidence_alternatives import Alternative
from adckit.studies.evidence_rows import INTERVAL, Coverage, EvidenceRow, RankRow
from adckit.studies.evidence_trials import MtdForecast

__all__ = ["SCHEMA", "comparison_data"]

SCHEMA = 2
_DIGITS = 6


def comparison_data(
    comparison: Comparison, alternatives: Sequence[Alternative] = ()
) -> dict[str, Any]:
    """Everything of a comparison, ready for JSON."""
    return {
        "schema": SCHEMA,
        "settings": dict(comparison.settings),
        "effort": {
            "draws": comparison.effort.draws,
            "subjects": comparison.effort.subjects,
            "central": comparison.effort.central,
            "seed": comparison.effort.seed,
            "interval": INTERVAL,
        },
        "coverage": {
            "all": _coverage(comparison.coverage),
            **{
                r: _coverage(comparison.coverage_of(r))
                for r in ("calibrated", "predicted")
            },
        },
        "predictions": [
            {
                "name": one.prediction.name,
                "what": one.prediction.what,
                "observed": one.prediction.observed,
                "verdict": one.verdict,
                "passed": one.passed,
                "rows": one.rows,
                "reason": one.reason,
            }
            for one in comparison.outcomes
        ],
        "products": [_product(comparison, one) for one in comparison.evidence],
        "rankings": [_ranking(one) for one in comparison.rankings],
        "dose_toxicity": {
            name: _forecast(one) for name, one in sorted(comparison.mtds.items())
        },
        "contradictions": [
            {"what": one.what, "set": one.set, "why": one.why}
            for one in load_contradictions()
        ],
        "alternatives": [_alternative(one) for one in alternatives],
    }


def _product(comparison: Comparison, evidence: Evidence) -> dict[str, Any]:
    model = comparison.products.get(evidence.product or "")
    name = evidence.product or evidence.name
    return {
        "name": name,
        "known": evidence.known,
        "missing": list(evidence.missing),
        "parameters": {} if model is None else _statuses(model),
        "sets": {} if model is None else {k: list(v) for k, v in model.options.items()},
        "chosen": {} if model is None else dict(model.choices),
        "rows": [_row(one) for one in comparison.rows if one.product == name],
        "not_simulated": [
            {
                "what": one.what,
                "published": one.published,
                "why": one.why,
                "evidence": one.evidence,
                "source": str(one.source),
                "prediction": one.prediction,
            }
            for product, one in comparison.silent
            if product == name
        ],
    }


def _statuses(model: Product) -> dict[str, int]:
    found = Counter(p.status for p in model.blueprint.parameters.values())
    return {str(status): found[status] for status in Status}


def _row(row: EvidenceRow) -> dict[str, Any]:
    return {
        "study": row.study,
        "title": row.title,
        "measure": row.measure,
        "label": row.label,
        "condition": row.condition,
        "unit": row.unit,
        "n": row.n,
        "observed": _number(row.observed),
        "observed_interval": [_number(row.observed_low), _number(row.observed_high)],
        "model": _number(row.model),
        "reached": row.model is None or math.isfinite(row.model),
        "model_interval": [_number(row.model_low), _number(row.model_high)],
        "ratio": _number(row.ratio),
        "passed": row.passed,
        "covered": row.covered,
        "few": row.few,
        "rule": row.rule,
        "role": row.role,
        "prediction": row.prediction,
        "evidence": row.evidence,
        "source": row.source,
        "assumed": row.assumed,
        "note": row.note,
        "explanation": "" if row.passed else row.explanation,
        "failed_subjects": row.failed_subjects,
    }


def _ranking(row: RankRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "statement": row.statement,
        "expected": list(row.expected),
        "found": list(row.found),
        "passed": row.passed,
        "agreement": _number(row.agreement),
        "role": row.role,
        "prediction": row.prediction,
        "evidence": row.evidence,
        "source": row.source,
        "note": row.note,
        "explanation": "" if row.passed else row.explanation,
    }


def _forecast(forecast: MtdForecast) -> dict[str, Any]:
    low, high = np.quantile(forecast.probability[1:], [0.05, 0.95], axis=0)
    return {
        "doses": [_number(dose) for dose in forecast.doses],
        "probability": [_number(p) for p in forecast.probability[0]],
        "low": [_number(p) for p in low],
        "high": [_number(p) for p in high],
        "selected": [_number(p) for p in forecast.selected[0]],
    }


def _alternative(found: Alternative) -> dict[str, Any]:
    return {
        "product": found.product,
        "set": found.set,
        "option": found.option,
        "default": found.default,
        "passed": list(found.passed),
        "judged": found.judged,
        "refused": found.refused,
        "moves": [
            {
                "title": move.after.title,
                "label": move.after.label,
                "condition": move.after.condition,
                "default": _number(move.before.model),
                "model": _number(move.after.model),
                "verdict": move.verdict,
            }
            for move in found.moves
        ],
    }


def _coverage(found: Coverage) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "covered": found.covered,
        "share": _number(found.share),
    }


def _number(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")
