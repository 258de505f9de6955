"""One line of the comparison of model and publication, and the rules it is judged by.

    exposure      within 2-fold of the published value, and inside the published spread
                  where there is one
    rate          inside the exact binomial 95 % interval of the stated number
    MTD           within one dose level
    others        as an exposure: no rule of their own was laid down
    ranking       the same order; counted apart

The interval of the model holds 90 % of what a study of the published size may find:
what is not known of the parameters, how subjects differ, and how few they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from adckit.library.evidence import Finding, PublishedStudy
from adckit.studies.published import spread_range

__all__ = [
    "INTERVAL",
    "Coverage",
    "EvidenceRow",
    "RankRow",
    "base_row",
    "binomial_interval",
    "coverage",
    "judge_rate",
    "judge_value",
    "mean_interval",
    "rate_interval",
    "value_interval",
]

Floats = NDArray[np.float64]

INTERVAL = 0.9
"""Share of the model's outcomes that its interval holds."""
_FOLD = 2.0
_FEW = 4
"""Subjects up to which an observation's interval spans most of the scale."""


@dataclass(frozen=True)
class EvidenceRow:
    """A published number and the model's."""

    product: str
    study: str
    title: str
    measure: str
    of: str
    quantity: str
    unit: str
    observed: float
    observed_low: float | None
    observed_high: float | None
    """Published spread, or exact 95 % interval of a rate."""
    n: int | None
    model: float | None
    """With the library's values; None where nothing was computed."""
    model_low: float | None
    model_high: float | None
    passed: bool | None
    rule: str
    role: str
    evidence: str
    source: str
    prediction: str | None = None
    condition: str = ""
    note: str = ""
    explanation: str = ""
    assumed: str = ""
    failed_subjects: int = 0

    @property
    def ratio(self) -> float | None:
        """Model over published."""
        if self.model is None or not self.observed or not math.isfinite(self.model):
            return None
        return self.model / self.observed

    @property
    def covered(self) -> bool | None:
        """Whether the model's interval holds the published value.

        None without one: a profile has the range of its ratios instead.
        """
        if self.measure == "profile":
            return None
        if self.model_low is None or self.model_high is None:
            return None
        return bool(self.model_low <= self.observed <= self.model_high)

    @property
    def few(self) -> bool:
        """Whether so few subjects were seen that nearly any model would agree."""
        return self.n is not None and self.n <= _FEW

    @property
    def spent(self) -> bool:
        """A planned prediction that a parameter was fitted to."""
        return self.prediction is not None and self.role == "calibrated"

    @property
    def label(self) -> str:
        """What was measured, in a few words."""
        words = [self.of.replace("_", " "), self.quantity.replace("_", " ")]
        plain = " ".join(word for word in words if word)
        return {
            "dlt": "dose-limiting toxicity",
            "response": "response",
            "progression": "time to progression",
            "mtd": "maximum tolerated dose",
            "profile": f"profile of {plain}",
            "toxicity": f"{self.of} {self.quantity}",
        }.get(self.measure, plain)


@dataclass(frozen=True)
class RankRow:
    """A published order and the model's."""

    name: str
    statement: str
    expected: tuple[str, ...]
    found: tuple[str, ...]
    passed: bool | None
    agreement: float | None
    """Share of the draws that have the published order."""
    role: str
    evidence: str
    source: str
    prediction: str | None = None
    note: str = ""
    explanation: str = ""


@dataclass(frozen=True)
class Coverage:
    """How often the model's interval holds the published number."""

    rows: int
    covered: int

    @property
    def share(self) -> float:
        return self.covered / self.rows if self.rows else math.nan

    def __str__(self) -> str:
        return f"{self.covered} of {self.rows} ({100 * self.share:.0f} %)"


def coverage(rows: Iterable[EvidenceRow]) -> Coverage:
    """Over all rows that have an interval."""
    held = [row.covered for row in rows if row.covered is not None]
    return Coverage(len(held), sum(held))


def base_row(
    study: PublishedStudy,
    finding: Finding,
    model: float | None = None,
    interval: tuple[float, float] | None = None,
    passed: bool | None = None,
    rule: str = "",
    *,
    note: str = "",
) -> EvidenceRow:
    """The row of a finding; without a `model` it stands there unanswered."""
    low, high = _observed_interval(finding)
    quantity, unit, observed = finding.quantity, finding.unit, finding.value
    if finding.measure == "toxicity":
        quantity = f"grade {finding.grade} or more"
    if finding.measure == "profile":
        observed = 1.0  # the model is given as a ratio to the points
    return EvidenceRow(
        product=study.product,
        study=study.name,
        title=study.title,
        measure=finding.measure,
        of=finding.of,
        quantity=quantity,
        unit=unit,
        observed=math.nan if observed is None else observed,
        observed_low=low,
        observed_high=high,
        n=finding.n,
        model=model,
        model_low=None if interval is None else interval[0],
        model_high=None if interval is None else interval[1],
        passed=passed,
        rule=rule,
        role=finding.role,
        evidence=finding.evidence,
        source=str(finding.source),
        prediction=finding.prediction,
        condition=finding.condition,
        note=" ".join(text for text in (finding.note, note) if text),
        explanation=finding.explanation,
        assumed=study.assumed,
    )


def _observed_interval(finding: Finding) -> tuple[float | None, float | None]:
    if finding.events is not None and finding.n:
        return binomial_interval(finding.events, finding.n)
    if finding.spread is not None and finding.value is not None:
        return spread_range(finding.value, finding.spread)
    return None, None


def judge_value(model: float, finding: Finding) -> tuple[bool, str]:
    """Whether a mean passes, and by which rule."""
    assert finding.value is not None
    close = finding.value / _FOLD <= model <= finding.value * _FOLD
    if finding.spread is None:
        return bool(close), "within 2-fold"
    low, high = spread_range(finding.value, finding.spread)
    return bool(
        close and low <= model <= high
    ), "within 2-fold and the published spread"


def judge_rate(share: float, finding: Finding) -> tuple[bool, str]:
    """Whether a rate passes, and by which rule."""
    assert finding.events is not None
    assert finding.n is not None
    low, high = binomial_interval(finding.events, finding.n)
    return bool(low <= share <= high), "inside the exact 95 % interval"


def binomial_interval(events: int, n: int, share: float = 0.95) -> tuple[float, float]:
    """Exact interval of a rate (Clopper and Pearson, Biometrika 1934;26:404)."""
    tail = (1 - share) / 2
    low = 0.0 if events == 0 else float(stats.beta.ppf(tail, events, n - events + 1))
    high = (
        1.0 if events == n else float(stats.beta.ppf(1 - tail, events + 1, n - events))
    )
    return low, high


def mean_interval(values: Floats, n: int | None) -> tuple[float, float]:
    """Where the mean of `n` subjects may lie, from values (draw, subject).

    The subjects of a draw make as many studies of size n as they fill; a study larger
    than the draw has the draw's mean.
    """
    size = values.shape[1] if n is None else min(n, values.shape[1])
    groups = values.shape[1] // size
    cut = values[:, : groups * size].reshape(len(values), groups, size)
    means = np.nanmean(cut, axis=2).ravel()
    return _ends(means[np.isfinite(means)])


def rate_interval(shares: Floats, n: int) -> tuple[float, float]:
    """Where the rate in `n` subjects may lie, from the true rate of every draw."""
    levels = (np.arange(20) + 0.5) / 20
    known = shares[np.isfinite(shares)]
    counts = stats.binom.ppf(levels[np.newaxis], n, np.clip(known, 0, 1)[:, np.newaxis])
    return _ends(np.maximum(counts, 0).ravel() / n)


def value_interval(values: Floats) -> tuple[float, float]:
    """Where a value may lie, from that of every draw; infinite ones are its end."""
    return _ends(values[~np.isnan(values)])


def _ends(values: Floats) -> tuple[float, float]:
    tail = (1 - INTERVAL) / 2
    if not values.size:
        return math.nan, math.nan
    # Between two values infinity minus infinity is none; take the nearest value.
    if np.isfinite(values).all():
        low, high = np.quantile(values, [tail, 1 - tail])
    else:
        low, high = np.quantile(values, [tail, 1 - tail], method="nearest")
    return float(low), float(high)
