"""The continual reassessment method (CRM).

The next cohort goes to the level whose estimated P(DLT) is nearest to the target.
Never more than one level above the highest given, unless `skip`.  The trial stops
when its subjects are in, when a level has as many as it was to have, or when the lowest
level is too toxic with probability `certainty`.  With `overdose` a level is open only
while P(P(DLT) > threshold) is below that limit (Babb, Rogatko and Zacks, Stat Med
1998;17:1103-1120).

The curves are in `curves`.  The estimate of a one-parameter curve is that at the
posterior mean of the parameter (`plug-in`), as in Cheung, Dose Finding by the
Continual Reassessment Method, 2011, chapter 3; that of the two-parameter one is the
posterior mean of P(DLT).  With late outcomes weighted it is the TITE-CRM.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np

from adckit.studies.designs.base import (
    Cohort,
    Decision,
    History,
    Limits,
    Problem,
    Row,
    check_settings,
    cleared,
    limit_problems,
    settled,
)
from adckit.studies.designs.curves import (
    Curve,
    Logistic2Prior,
    Posterior,
    logistic2_curve,
    one_parameter,
)

__all__ = ["Crm", "Overdose"]

Model = Literal["power", "logistic", "logistic2"]


@dataclass(frozen=True)
class Overdose:
    """A level is closed while P(P(DLT) > threshold) is `limit` or more."""

    threshold: float = 0.33
    limit: float = 0.25


@dataclass(frozen=True)
class Crm:
    """CRM with a power, a one- or a two-parameter logistic curve."""

    target: float = 0.25
    model: Model = "power"
    skeleton: tuple[float, ...] = ()
    """Prior guess of P(DLT) at each level; `power` and `logistic` need it."""
    prior_sd: float = math.sqrt(1.34)
    """Standard deviation of the parameter's normal prior."""
    intercept: float = 3.0
    """Of the one-parameter logistic curve."""
    doses: tuple[float, ...] = ()
    """The doses themselves; `logistic2` needs them."""
    reference_dose: float | None = None
    """Where the intercept of `logistic2` holds; by default the highest dose."""
    prior: Logistic2Prior = field(default_factory=Logistic2Prior)
    estimate: Literal["plug-in", "mean"] | None = None
    skip: bool = False
    """Whether untried levels may be passed over."""
    certainty: float = 0.95
    overdose: Overdose | None = None
    limits: Limits = field(default_factory=Limits)

    name = "crm"

    def __post_init__(self) -> None:
        check_settings(self.name, self._problems())

    def _problems(self) -> Iterator[Problem]:
        yield from limit_problems(self.limits)
        if not 0 < self.target < 1:
            yield "target", f"A DLT rate of {self.target:g} is not between 0 and 1"
        if not 0 < self.certainty < 1:
            yield "certainty", f"{self.certainty:g} is not between 0 and 1"
        if self.model == "logistic2":
            yield from self._two_parameter_problems()
        else:
            yield from _skeleton_problems(self.model, self.skeleton)
            if not self.prior_sd > 0:
                yield "prior_sd", "A standard deviation is above 0"

    def _two_parameter_problems(self) -> Iterator[Problem]:
        if not self.doses:
            yield "doses", "The model logistic2 needs the doses"
        elif min(self.doses) <= 0 or _falls(self.doses):
            yield "doses", "The doses must be above 0 and rise"
        if self.reference_dose is not None and self.reference_dose <= 0:
            yield "reference_dose", "It must be above 0"
        if self.estimate == "plug-in":
            yield "estimate", "A plug-in estimate needs a one-parameter model"
        if not min(self.prior.intercept_sd, self.prior.log_slope_sd) > 0:
            yield "prior", "The standard deviations must be above 0"
        if not -1 < self.prior.correlation < 1:
            yield "prior", "The correlation must lie between -1 and 1"

    @property
    def levels(self) -> int:
        """Number of levels that the curve is made for."""
        return len(self.doses if self.model == "logistic2" else self.skeleton)

    def posterior(self, history: History) -> Posterior:
        """The curves after what the history has seen."""
        if history.levels != self.levels:
            raise ValueError(
                f"the design has {self.levels} levels, the history {history.levels}"
            )
        levels = range(history.levels)
        known = [history.treated(d) - len(history.waiting(d)) for d in levels]
        dlts = [history.dlts(d) for d in levels]
        pending = tuple((d, share) for d in levels for share in history.waiting(d))
        return _curve(self).posterior(np.array(known), np.array(dlts), pending)

    def estimates(self, history: History) -> np.ndarray:
        """Estimated P(DLT) per level, (dose,)."""
        posterior = self.posterior(history)
        default = "mean" if self.model == "logistic2" else "plug-in"
        kind = self.estimate or default
        return posterior.mean if kind == "mean" else posterior.plug_in

    def __call__(self, history: History) -> Decision:
        if history.last is None:
            first = min(self.limits.start - 1, history.levels - 1)
            return Decision.treat(first, self.limits.cohort_size, "Begin")
        if self.limits.late_onset == "wait":
            return settled(self._decide, history)
        return self._decide(history)

    def table(self, most: int = 6) -> list[Row]:
        """The step after the first cohorts at the first level, and the estimates."""
        rows: list[Row] = []
        for treated in range(1, most + 1):
            for dlts in range(treated + 1):
                start = min(self.limits.start, self.levels) - 1
                row: Row = {"treated": treated, "dlts": dlts}
                cohort = History(self.levels, (Cohort(start, treated, dlts),))
                decision = self._decide(cohort)
                row["next_level"] = None if decision.dose is None else decision.dose + 1
                for level, value in enumerate(self.estimates(cohort), start=1):
                    row[f"p{level}"] = float(value)
                rows.append(row)
        return rows

    def _decide(self, history: History) -> Decision:
        estimates = self.estimates(history)
        posterior = self.posterior(history)
        if posterior.above(self.target)[0] > self.certainty:
            return Decision.stop(None, "The lowest level is too toxic")
        allowed = history.levels if self.skip else min(history.highest + 2, self.levels)
        if self.overdose is not None:
            over = posterior.above(self.overdose.threshold) >= self.overdose.limit
            if over[0]:
                return Decision.stop(None, "Every level is likely to be an overdose")
            allowed = min(allowed, int(np.argmax(over)) if over.any() else allowed)
        best = int(np.argmin(np.abs(estimates[:allowed] - self.target)))
        size = self.limits.room(history)
        full = self.limits.most_at_dose
        enough = full is not None and history.treated(best) >= full
        if size < 1 or enough:
            why = f"{full} subjects at this level" if enough else "All subjects are in"
            if history.pending:
                return Decision.wait(f"{why}; pending outcomes left: {history.pending}")
            given = [d for d in range(allowed) if history.treated(d)]
            nearest = min(given, key=lambda d: abs(estimates[d] - self.target))
            return Decision.stop(nearest, why)
        tolerable = cleared(history, best, lambda d: estimates[d] <= self.target)
        reason = f"P(DLT) at level {best + 1} is {estimates[best]:.3f}"
        return Decision.treat(best, size, reason, tolerable)


@lru_cache(maxsize=16)
def _curve(design: Crm) -> Curve:
    if design.model == "logistic2":
        reference = design.reference_dose or design.doses[-1]
        relative = tuple(dose / reference for dose in design.doses)
        return logistic2_curve(relative, design.prior)
    intercept = design.intercept if design.model == "logistic" else None
    return one_parameter(design.skeleton, design.prior_sd, intercept)


def _skeleton_problems(model: str, skeleton: tuple[float, ...]) -> Iterator[Problem]:
    if not skeleton:
        yield "skeleton", f"The model {model} needs a prior P(DLT) for each level"
    elif min(skeleton) <= 0 or max(skeleton) >= 1 or _falls(skeleton):
        yield "skeleton", "The probabilities must rise, between 0 and 1"


def _falls(values: tuple[float, ...]) -> bool:
    return any(b <= a for a, b in pairwise(values))
