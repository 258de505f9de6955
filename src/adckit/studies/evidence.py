"""Predicted against published, for every product: the whole comparison.

Each study of the library's evidence is simulated as it was done; see `evidence_rows`
for the rules that a row is judged by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from adckit.errors import UnknownNameError
from adckit.library import Product, list_products, load_product
from adckit.library.evidence import (
    Evidence,
    Prediction,
    Silent,
    list_evidence,
    load_evidence,
    load_predictions,
)
from adckit.library.shelf import find
from adckit.studies.evidence_ensemble import Effort
from adckit.studies.evidence_profiles import Overlay
from adckit.studies.evidence_rankings import Known, rank
from adckit.studies.evidence_rows import Coverage, EvidenceRow, RankRow, coverage
from adckit.studies.evidence_run import PLATFORM, Counter, Report, Run, is_escalation
from adckit.studies.evidence_trials import MtdForecast
from adckit.studies.protocol import load_protocol

__all__ = ["Comparison", "Outcome", "compare", "evidence_name", "plan_steps"]


@dataclass(frozen=True)
class Outcome:
    """What became of a planned prediction."""

    prediction: Prediction
    verdict: str
    """`pass`, `partly`, `fail`, `spent` (a parameter was fitted to it) or `not
    simulated`."""
    passed: int
    rows: int
    reason: str


@dataclass(frozen=True)
class Comparison:
    """Everything that was compared, and how it came out."""

    evidence: tuple[Evidence, ...]
    rows: tuple[EvidenceRow, ...]
    rankings: tuple[RankRow, ...]
    silent: tuple[tuple[str, Silent], ...]
    """(product, what is not simulated)"""
    overlays: tuple[Overlay, ...]
    mtds: Mapping[str, MtdForecast]
    """Protocol → what its escalation may find."""
    settings: Mapping[str, str]
    effort: Effort
    products: Mapping[str, Product] = field(default_factory=dict)

    @property
    def coverage(self) -> Coverage:
        """Over all numeric rows."""
        return coverage(self.rows)

    def coverage_of(self, role: str) -> Coverage:
        """Over the rows of one role."""
        return coverage(row for row in self.rows if row.role == role)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """One per planned prediction that this comparison is about."""
        every = [self._outcome(one) for one in load_predictions()]
        return tuple(outcome for outcome in every if outcome is not None)

    def _outcome(self, planned: Prediction) -> Outcome | None:
        every: list[EvidenceRow | RankRow] = [*self.rows, *self.rankings]
        mine = [one for one in every if one.prediction == planned.name]
        silent = [one for _, one in self.silent if one.prediction == planned.name]
        if not mine and not silent:
            return None
        spent = [one for one in mine if one.role == "calibrated"]
        if spent:
            reason = next((one.note for one in spent if one.note), "")
            return Outcome(planned, "spent", 0, 0, reason)
        judged = [one for one in mine if one.passed is not None]
        missing = "; ".join(f"{one.what}: {one.why}" for one in silent)
        if not judged:
            notes = [one.explanation or one.note for one in mine]
            why = "; ".join(t for t in (missing, *dict.fromkeys(notes)) if t)
            return Outcome(planned, "not simulated", 0, 0, why)
        passed = sum(bool(one.passed) for one in judged)
        reasons = [one.explanation for one in judged if not one.passed]
        reasons += [f"Not simulated: {missing}"] if missing else []
        reason = " ".join(dict.fromkeys([r for r in reasons if r]))
        verdict = "fail"
        if passed:
            verdict = "pass" if passed == len(judged) and not missing else "partly"
        return Outcome(planned, verdict, passed, len(judged), reason)


def compare(
    name: str | None = None,
    settings: Mapping[str, str] | None = None,
    effort: Effort | None = None,
    *,
    data: Path | None = None,
    report: Report | None = None,
) -> Comparison:
    """Compare one product, or all of them, with what was published.

    Args:
        name: a product with evidence, or its alias; all and the platform by default.
        settings: changes as `--set` takes them, for the products that know them.
        data: folder with digitised profiles, for the rows that need them.

    Raises UnknownNameError for a name without evidence, and for a setting that no
    product knows.
    """
    chosen, changes = effort or Effort(), settings or {}
    names = [evidence_name(name)] if name else [*list_products(), PLATFORM]
    evidence = tuple(load_evidence(one) for one in names if one in list_evidence())
    products = [one.product for one in evidence if one.product] or list_products()
    own = _settings_by_product(products, changes)
    counter = Counter(plan_steps(evidence), report)
    run = Run(chosen, own, data, counter)
    rows = [row for one in evidence for row in run.rows(one)]
    ranked = []
    for one in evidence:
        if one.rankings:
            run.complete_mtds()
        shared = Known(chosen, own, run.mtds, counter.next)
        ranked += [rank(ranking, shared) for ranking in one.rankings]
    counter.finish()
    return Comparison(
        evidence,
        tuple(rows),
        tuple(ranked),
        tuple(
            (one.product or PLATFORM, silent)
            for one in evidence
            for silent in one.not_simulated
        ),
        tuple(run.overlays),
        run.mtds,
        dict(changes),
        chosen,
        {name: model.product for name, model in run.models.items()},
    )


def evidence_name(name: str) -> str:
    """The file of evidence for a product's name or alias.

    Raises UnknownNameError.
    """
    if name in list_evidence():
        return name
    try:
        found = find("conjugate", name).stem
    except UnknownNameError:
        found = ""
    if found not in list_evidence():
        raise UnknownNameError("evidence", name, list_evidence())
    return found


def plan_steps(evidence: Sequence[Evidence]) -> int:
    """How many simulations a comparison takes."""
    count = 0
    for one in evidence:
        for study in one.studies:
            protocol = study.protocol if is_escalation(study) else None
            count += 1 if protocol is None else len(load_protocol(protocol).arms)
        count += len(one.rankings)
    return count


def _settings_by_product(
    products: Iterable[str], settings: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """For each product the settings that it knows."""
    found: dict[str, dict[str, str]] = {}
    options: set[str] = set()
    for name in products:
        product = load_product(name, settings={"organs": "card"})
        known = {*product.options, *product.blueprint.parameters, *product.parts}
        options |= set(product.options)
        found[name] = {key: text for key, text in settings.items() if key in known}
    for key in settings:
        if not any(key in mine for mine in found.values()):
            raise UnknownNameError("setting", key, sorted(options))
    return found
