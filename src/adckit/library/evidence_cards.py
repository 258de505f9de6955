"""The form of a file of observations; what its keys mean is said in `evidence`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adckit.library.cards import Number, SourceCard, SpreadCard, Text

__all__ = ["EvidenceCard", "FindingCard", "RankingCard", "StudyCard"]

Measure = Literal[
    "exposure",
    "laboratory",
    "toxicity",
    "dlt",
    "response",
    "progression",
    "mtd",
    "parameter",
    "profile",
]
Count = Annotated[int, Field(strict=True, ge=0)]
Role = Literal["calibrated", "predicted"]
Identifier = Annotated[str, Field(pattern=re.compile(r"^[A-Z]{2}-[A-Z0-9]+-\d+$"))]

_QUANTITIES = {
    "exposure": ("cmax", "ctrough", "auc_inf", "clearance", "half_life"),
    "laboratory": ("lowest_percent", "lowest_day", "highest_day", "percent"),
    "parameter": ("half_life", "value"),
}
_RATES = ("toxicity", "dlt", "response")


class _Card(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Observed(_Card):
    """What every observation states, whatever it is about."""

    role: Role
    evidence: Identifier
    source: SourceCard
    prediction: Annotated[str, Field(pattern=r"^P\d+$")] | None = None
    condition: Text | None = None
    note: Text | None = None
    explanation: Text | None = None
    sets: tuple[Text, ...] = ()
    same_data: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _one_role(self) -> _Observed:
        if self.role == "predicted" and self.sets:
            raise ValueError("a predicted observation sets no parameter")
        return self


class FindingCard(_Observed):
    """One number of a study."""

    measure: Measure
    of: Text | None = None
    quantity: Text | None = None
    grade: Annotated[int, Field(strict=True, ge=1, le=4)] | None = None
    day: Number | None = None
    value: Number | None = None
    unit: str = ""
    spread: SpreadCard | None = None
    n: Annotated[int, Field(strict=True, ge=1)] | None = None
    events: Count | None = None
    file: Text | None = None

    @model_validator(mode="after")
    def _complete(self) -> FindingCard:
        known = _QUANTITIES.get(self.measure)
        if known and self.quantity not in known:
            raise ValueError(f"quantity is one of {', '.join(known)}")
        if self.measure in _RATES:
            if self.events is None or self.n is None or self.events > self.n:
                raise ValueError(
                    "a rate needs `events` and `n`, the events not above n"
                )
        elif self.measure == "profile":
            if self.file is None:
                raise ValueError("a profile needs `file`")
        elif self.value is None:
            raise ValueError("give the published `value`")
        if self.measure in (*_QUANTITIES, "toxicity") and self.of is None:
            raise ValueError("say in `of` what was measured")
        if self.measure == "toxicity" and self.grade is None:
            raise ValueError("say in `grade` from which grade on a toxicity counts")
        return self


class StudyCard(_Card):
    """Subjects who were treated alike, and what was seen."""

    title: Text
    regimen: Text | None = None
    protocol: Text | None = None
    days: Annotated[Number, Field(gt=0)] | None = None
    subjects: Annotated[int, Field(strict=True, ge=1)] | None = None
    population: Text | None = None
    body_weight: Annotated[Number, Field(gt=0)] | None = None
    lloq: Annotated[Number, Field(gt=0)] | None = None
    residual_cv: Annotated[Number, Field(ge=0, lt=2)] = 0.0
    settings: dict[str, str] = {}
    assumed: Text | None = None
    findings: tuple[FindingCard, ...] = Field(min_length=1)


class SilentCard(_Card):
    """Something published that the model is not compared with, and why."""

    what: Text
    published: Text
    evidence: Identifier
    source: SourceCard
    why: Text
    prediction: Annotated[str, Field(pattern=r"^P\d+$")] | None = None


class RankingCard(_Observed):
    """An order that was observed, without numbers to compare."""

    statement: Text
    method: Text
    expected: tuple[Text, ...] = ()


class PredictionCard(_Card):
    """What was set aside to be predicted."""

    what: Text
    observed: Text


class ContradictionCard(_Card):
    """What sources disagree on: a parameter set, or why there is none."""

    what: Text
    set: Text | None = None
    why: Text | None = None

    @model_validator(mode="after")
    def _answered(self) -> ContradictionCard:
        if self.set is None and self.why is None:
            raise ValueError("name a `set`, or say in `why` there is none")
        return self


class EvidenceCard(_Card):
    """All observations of one product, or of the platform."""

    product: Text | None = None
    sources: dict[str, SourceCard] = {}
    known: Text | None = None
    missing: tuple[Text, ...] = ()
    studies: dict[str, StudyCard] = {}
    rankings: dict[str, RankingCard] = {}
    not_simulated: tuple[SilentCard, ...] = ()
    predictions: dict[str, PredictionCard] = {}
    contradictions: tuple[ContradictionCard, ...] = ()
