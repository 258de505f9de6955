"""The simulations behind a comparison, study by study, and the rows they give.

A row is `calibrated` when a parameter was set with it.  Where settings choose a
parameter set that was fitted to a row which the default has not seen, that row is shown
as calibrated, with the parameter that used it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adckit.errors import AdckitError
from adckit.library import Product, list_products
from adckit.library.evidence import (
    Evidence,
    Finding,
    PublishedStudy,
    list_evidence,
    load_evidence,
)
from adckit.parameters import Status
from adckit.studies.evidence_ensemble import (
    Effort,
    Ensemble,
    Modelled,
    Simulated,
    make_model,
)
from adckit.studies.evidence_measures import (
    exposure_values,
    laboratory_values,
    outputs_of,
    progression_days,
    responses,
    toxicity_shares,
)
from adckit.studies.evidence_profiles import Overlay, overlay
from adckit.studies.evidence_rows import (
    EvidenceRow,
    base_row,
    judge_rate,
    judge_value,
    mean_interval,
    rate_interval,
    value_interval,
)
from adckit.studies.evidence_trials import (
    MtdForecast,
    dlt_shares,
    forecast_mtd,
    outputs_of_rules,
)
from adckit.studies.protocol import load_protocol
from adckit.studies.response import SubjectResponse
from adckit.units import convert

__all__ = ["PLATFORM", "Counter", "Report", "Run", "fitted_with", "is_escalation"]

Floats = NDArray[np.float64]
Report = Callable[[int, int, str], None]
"""Called with (steps done, of how many, what is next)."""

PLATFORM = "platform"
"""The evidence that compares products with each other."""

_IDENTIFIER = re.compile(r"\b[A-Z]{2}-[A-Z0-9]+-\d+\b")
_USUAL_DAYS = 21.0
_SAME_DOSE = 1e-6
_LAST_PROTOCOLS = {"mln2704": "mln2704-q4w"}
"""Escalations without a published tolerated dose, which rankings need all the same."""


def fitted_with(product: Product) -> dict[str, tuple[str, ...]]:
    """Observation → the fitted parameters whose cards say that it set them."""
    found: dict[str, list[str]] = {}
    for name, parameter in product.blueprint.parameters.items():
        if parameter.status is not Status.FITTED:
            continue
        texts = [parameter.source.evidence, parameter.source.citation]
        texts.append(parameter.fitted_to)
        for identifier in _IDENTIFIER.findall(" ".join(text or "" for text in texts)):
            found.setdefault(identifier, []).append(name)
    return {key: tuple(dict.fromkeys(names)) for key, names in found.items()}


def is_escalation(study: PublishedStudy) -> bool:
    """Whether a study is the search for a tolerated dose."""
    return any(finding.measure == "mtd" for finding in study.findings)


class Counter:
    """Tells the caller how far a comparison is."""

    def __init__(self, steps: int, report: Report | None) -> None:
        self.steps, self.report, self.done = steps, report, -1

    def next(self, words: str) -> None:
        """Say what comes next; all before it is done."""
        self.done = min(self.done + 1, self.steps)
        if self.report is not None:
            self.report(self.done, self.steps, words)

    def finish(self) -> None:
        """Say that all is done."""
        if self.report is not None:
            self.report(self.steps, self.steps, "done")


class Run:
    """The simulations of one comparison; models and tolerated doses are kept."""

    def __init__(
        self,
        effort: Effort,
        settings: Mapping[str, Mapping[str, str]],
        data: Path | None,
        counter: Counter,
    ) -> None:
        self.effort, self.settings, self.data = effort, settings, data
        self.counter = counter
        self.models: dict[str, Modelled] = {}
        self.mtds: dict[str, MtdForecast] = {}
        self.overlays: list[Overlay] = []

    def rows(self, evidence: Evidence) -> Iterator[EvidenceRow]:
        """The rows of one product; none for the platform."""
        if evidence.product is None:
            return
        model = self.model(evidence.product)
        used = fitted_with(model.product)
        for study in evidence.studies:
            for finding, row in self._study(model, study):
                yield _with_role_in_use(row, finding, used)

    def model(self, product: str) -> Modelled:
        """A product under the settings of this run."""
        if product not in self.models:
            own = self.settings.get(product)
            self.models[product] = make_model(product, self.effort, own)
        return self.models[product]

    def complete_mtds(self) -> None:
        """Tolerated doses of every product, for the rankings that compare them."""
        for name in list_products():
            studies = load_evidence(name).studies if name in list_evidence() else ()
            wanted = [one.protocol for one in studies if is_escalation(one)]
            for protocol in (*wanted, _LAST_PROTOCOLS.get(name)):
                if protocol is not None and protocol not in self.mtds:
                    self._forecast(self.model(name), protocol, None)

    def _study(
        self, model: Modelled, study: PublishedStudy
    ) -> Iterator[tuple[Finding, EvidenceRow]]:
        if is_escalation(study):
            assert study.protocol is not None
            forecast = self._forecast(model, study.protocol, study.title)
            for finding in study.findings:
                yield finding, _mtd_row(study, finding, forecast)
            return
        self.counter.next(study.title)
        simulated = self._simulated(model, study)
        cached = lru_cache(maxsize=2)(
            lambda central: self._responses(simulated, central)
        )
        for finding in study.findings:
            row = self._row(model, study, finding, simulated, cached)
            yield finding, row

    def _forecast(self, model: Modelled, name: str, title: str | None) -> MtdForecast:
        protocol = load_protocol(name)

        def step(level: str) -> None:
            if title is not None:
                self.counter.next(f"{title}: {level}")

        self.mtds[name] = forecast_mtd(model, protocol, step)
        return self.mtds[name]

    def _simulated(self, model: Modelled, study: PublishedStudy) -> Simulated | None:
        outputs = [name for finding in study.findings for name in outputs_of(finding)]
        days = study.days or _USUAL_DAYS
        if any(finding.measure == "dlt" for finding in study.findings):
            assert study.protocol is not None
            protocol = load_protocol(study.protocol)
            outputs += outputs_of_rules(protocol)
            days = max(days, protocol.window)
        known = model.ready.system.outputs
        kept = [name for name in dict.fromkeys(outputs) if name in known]
        if not kept or study.regimen is None:
            return None
        return model.simulated(
            study.regimen,
            days,
            kept,
            population=study.population,
            body_weight=study.body_weight,
        )

    def _row(
        self,
        model: Modelled,
        study: PublishedStudy,
        finding: Finding,
        simulated: Simulated | None,
        scanned: Callable[[bool], list[list[SubjectResponse]]],
    ) -> EvidenceRow:
        if finding.measure == "parameter":
            return _parameter_row(model, study, finding)
        curves = simulated.central.curves if simulated is not None else {}
        lacking = [name for name in outputs_of(finding) if name not in curves]
        if simulated is None or lacking:
            why = f"This model has no {', '.join(lacking) or 'such output'}."
            return base_row(study, finding, note=why)
        if finding.measure == "profile":
            return self._profile_row(study, finding, simulated)

        def read(ensemble: Ensemble, central: bool) -> Floats:
            if finding.measure == "progression":
                days = [progression_days(one) for one in scanned(central)]
                return np.array([convert(day, "day", finding.unit) for day in days])
            if finding.measure == "response":
                return np.array(
                    [np.mean([r.responded for r in d]) for d in scanned(central)]
                )
            if finding.measure == "dlt":
                protocol = load_protocol(study.protocol or "")
                return dlt_shares(ensemble, protocol, self.effort.seed)
            if finding.measure == "toxicity":
                return toxicity_shares(ensemble, finding)
            if finding.measure == "laboratory":
                return laboratory_values(ensemble, finding)
            return exposure_values(model, ensemble, finding, study)

        central, drawn = read(simulated.central, True), read(simulated.drawn, False)
        return _numeric_row(study, finding, central, drawn)

    def _responses(
        self, simulated: Simulated | None, central: bool
    ) -> list[list[SubjectResponse]]:
        assert simulated is not None
        chosen = simulated.central if central else simulated.drawn
        return responses(chosen, self.effort.seed)

    def _profile_row(
        self, study: PublishedStudy, finding: Finding, simulated: Simulated
    ) -> EvidenceRow:
        if self.data is None:
            why = "The digitised points are not part of the library; give --data."
            return base_row(study, finding, note=why)
        found = overlay(study, finding, simulated, self.data)
        self.overlays.append(found)
        return base_row(
            study, finding, found.ratio, found.ratios, found.within, found.rule
        )


def _numeric_row(
    study: PublishedStudy, finding: Finding, central: Floats, drawn: Floats
) -> EvidenceRow:
    """A row of values (draw,) or (draw, subject)."""
    lost = int(np.count_nonzero(np.isnan(central)) + np.count_nonzero(np.isnan(drawn)))
    model = float(np.nanmean(central))
    if finding.events is not None:
        assert finding.n is not None
        passed, rule = judge_rate(model, finding)
        interval = rate_interval(drawn, finding.n)
    else:
        passed, rule = judge_value(model, finding)
        means = drawn.ndim == 2
        interval = mean_interval(drawn, finding.n) if means else value_interval(drawn)
    row = base_row(study, finding, model, interval, passed, rule)
    return replace(row, failed_subjects=lost)


def _parameter_row(
    model: Modelled, study: PublishedStudy, finding: Finding
) -> EvidenceRow:
    parameter = model.product.blueprint.parameters[finding.of]

    def published(value: float) -> float:
        if finding.quantity == "half_life":
            return convert(np.log(2) / value, f"1/({parameter.unit})", finding.unit)
        return convert(value, parameter.unit, finding.unit)

    central = published(parameter.value)
    draws = model.draws.get(finding.of, np.array([parameter.value]))
    interval = value_interval(np.array([published(value) for value in draws]))
    passed, rule = judge_value(central, finding)
    return base_row(study, finding, central, interval, passed, rule)


def _mtd_row(
    study: PublishedStudy, finding: Finding, forecast: MtdForecast
) -> EvidenceRow:
    assert finding.value is not None
    published = _level(forecast.doses, finding.value, study)
    low, high = forecast.interval(0.9)
    return base_row(
        study,
        finding,
        forecast.dose(forecast.level),
        (forecast.dose(low), forecast.dose(high)),
        abs(forecast.level - published) <= 1,
        "within one dose level",
    )


def _level(doses: Sequence[float], dose: float, study: PublishedStudy) -> int:
    for level, one in enumerate(doses):
        if abs(one - dose) <= _SAME_DOSE * dose:
            return level
    raise AdckitError(
        f"The study '{study.name}' has a tolerated dose of {dose:g}, which is no level "
        f"of its protocol '{study.protocol}'. Add the level there."
    )


def _with_role_in_use(
    row: EvidenceRow, finding: Finding, used: Mapping[str, tuple[str, ...]]
) -> EvidenceRow:
    """A predicted row that a parameter of this model was fitted to is calibrated."""
    if row.role == "calibrated":
        return row
    same = (finding.evidence, *finding.same_data)
    parameters = [name for key in same for name in used.get(key, ())]
    if not parameters:
        return row
    names = ", ".join(dict.fromkeys(parameters))
    why = f"In this model {names} was fitted to these data."
    return replace(row, role="calibrated", note=f"{row.note} {why}".strip())
