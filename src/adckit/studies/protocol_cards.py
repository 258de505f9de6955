"""The form of a trial protocol: which keys it has and what they hold.

escalation   dose levels, a schedule, and a design that chooses among them
expansion    cohorts at one dose, with stopping rules for harm and for response
phase2       arms of one dose, such as tumour types, each with a two-stage rule
schedules    arms of a fixed size, to compare regimens
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import (
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from adckit.errors import UnitError
from adckit.studies.first_in_human import KG_PER_M2, RODENTS, per_body_unit
from adckit.units import convert, parse_quantity

__all__ = [
    "PROTOCOL_FORMS",
    "ActiveCard",
    "ArmCard",
    "ArmsCard",
    "AssessmentsCard",
    "DltCard",
    "EscalationCard",
    "FirstInHumanCard",
    "ModificationCard",
    "ProtocolCard",
    "PublishedCard",
    "RuleCard",
    "ToleratedCard",
]


def _days(value: object) -> object:
    """A length of time in words, as days."""
    return _quantity(value, "day", "21 days or 3 weeks")


def _share(value: object) -> object:
    """A percentage in words, as a share."""
    return _quantity(value, "1", "8 %")


def _quantity(value: object, unit: str, example: str) -> object:
    if not isinstance(value, str):
        raise ValueError(f"write a number and its unit, such as {example}")
    try:
        number, given = parse_quantity(value)
        return convert(number, given, unit)
    except UnitError as error:
        raise ValueError(str(error).rstrip(".")) from None


def _rodent(value: object) -> object:
    return _one_of(value, "a rodent", RODENTS)


def _non_rodent(value: object) -> object:
    others = [name for name in KG_PER_M2 if name not in (*RODENTS, "human")]
    return _one_of(value, "a non-rodent", others)


def _one_of(value: object, what: str, known: Sequence[str]) -> object:
    if value not in known:
        raise ValueError(f"write {what}: {', '.join(known)}")
    return value


def _per_body(value: object) -> object:
    """A unit of dose per body weight or surface."""
    if not isinstance(value, str) or per_body_unit(value) is None:
        raise ValueError("write mg/kg or mg/m2")
    return value


def _exposure(value: object) -> object:
    """An amount above 0 in words, kept as it is: any unit will do."""
    example = "write a number above 0 and its unit, such as 12 ug/mL"
    if not isinstance(value, str):
        raise ValueError(example)
    try:
        number, _ = parse_quantity(value)
    except UnitError as error:
        raise ValueError(str(error).rstrip(".")) from None
    if not 0 < number < math.inf:
        raise ValueError(example)
    return value


Text = Annotated[str, Field(min_length=1, strict=True)]
Days = Annotated[float, AllowInfNan(False), BeforeValidator(_days), Field(gt=0)]
Share = Annotated[float, AllowInfNan(False), BeforeValidator(_share), Field(ge=0, lt=1)]
Positive = Annotated[float, AllowInfNan(False), Field(strict=True, gt=0)]
DoseUnit = Annotated[str, BeforeValidator(_per_body)]
Exposure = Annotated[str, BeforeValidator(_exposure)]
Grade = Annotated[int, Field(strict=True, ge=1, le=5)]


class _Card(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleCard(_Card):
    """A toxicity: a laboratory value or a symptom, of a CTCAE grade or worse."""

    laboratory: Text | None = None
    symptom: Text | None = None
    grade: Grade

    @property
    def name(self) -> str:
        """What is looked at."""
        return self.laboratory or self.symptom or ""


class DltCard(_Card):
    """What a dose-limiting toxicity is."""

    window: Days
    rules: tuple[RuleCard, ...] = Field(min_length=1)
    definition: Text | None = None
    """The same in words."""


class ModificationCard(RuleCard):
    """What happens to the dose when a toxicity is seen before it."""

    action: Literal["hold", "reduce", "stop"]
    resume_grade: Annotated[int, Field(strict=True, ge=0, le=4)] | None = None
    """Grade at which a held dose may be given."""


class AssessmentsCard(_Card):
    """Scans."""

    every: Days
    error: Share = 0.0
    """Relative standard deviation of a measured diameter."""
    confirm: bool = True
    most_lesions: Annotated[int, Field(strict=True, ge=1, le=5)] = 5
    """Target lesions of a subject at most."""


class BackfillCard(_Card):
    """More subjects at levels that have been cleared."""

    per_cohort: Annotated[int, Field(strict=True, ge=1)]
    most_at_dose: Annotated[int, Field(strict=True, ge=1)]


class EnrolmentCard(_Card):
    """How subjects arrive."""

    per_month: Positive
    """Arrivals in 30 days while the trial is open."""
    random: bool = True
    """Exponential times between arrivals; else equal ones."""
    apart: Days | None = None
    """Least time from one subject of a cohort to the next."""


class PublishedCard(_Card):
    """What the real trial found, to hold a simulation against."""

    mtd: Positive | None = None
    """In the unit of the dose; without one no MTD was reached."""
    subjects: int | None = None
    findings: Text
    citation: Text
    doi: Text | None = None
    pmid: int | None = None
    evidence: Text | None = None
    role: Literal["calibrated", "predicted"]
    assumed: Text | None = None
    """What of this protocol is not in the source."""


class ProtocolCard(_Card):
    """What every protocol may hold."""

    kind: str
    title: Text
    summary: Text | None = None
    product: Text
    settings: dict[str, str] = {}
    """Changes to the product, as `--set` takes them."""
    organs: Text = "card"
    """Organs whose toxicity is followed: those of the product's card, or names."""
    population: Text | None = None
    dlt: DltCard
    follow_up: Days | None = None
    """How long each subject is followed; the DLT window by default."""
    modifications: tuple[ModificationCard, ...] = ()
    reductions: tuple[Positive, ...] = ()
    """Lower doses, in the unit of the dose, in the order in which they are used."""
    assessments: AssessmentsCard | None = None
    enrolment: EnrolmentCard | None = None
    published: PublishedCard | None = None


class DoseCard(_Card):
    """The dose levels, lowest first."""

    unit: Text
    levels: tuple[Positive, ...] = Field(min_length=1)


class ToleratedCard(_Card):
    """What a species tolerated."""

    species: Text
    dose: Positive
    unit: DoseUnit
    source: Text


class RodentCard(ToleratedCard):
    """The dose that is severely toxic to 10 % of rodents."""

    species: Annotated[str, BeforeValidator(_rodent)]


class NonRodentCard(ToleratedCard):
    """The highest dose that is not severely toxic to non-rodents."""

    species: Annotated[str, BeforeValidator(_non_rodent)]


class ActiveCard(_Card):
    """The exposure at which the drug acts, and that of one dose in humans."""

    dose: Positive
    unit: DoseUnit
    exposure: Exposure
    """Of `dose`, simulated or measured."""
    target: Exposure
    source: Text
    """Where the target comes from."""

    @model_validator(mode="after")
    def _same_kind(self) -> Self:
        (_, given), (number, unit) = map(parse_quantity, (self.exposure, self.target))
        try:
            convert(number, unit, given)
        except UnitError as error:
            raise ValueError(f"the target: {str(error).rstrip('.')}") from None
        return self


class FirstInHumanCard(_Card):
    """What the first dose in humans is chosen from."""

    per: Literal["surface", "weight"] = "surface"
    """What of a dose is equal in man and animal: mg/m2 or mg/kg."""
    std10: RodentCard | None = None
    hnstd: NonRodentCard | None = None
    active: ActiveCard | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.std10 is None and self.hnstd is None and self.active is None:
            raise ValueError("it needs one of std10, hnstd and active")
        return self


class EscalationCard(ProtocolCard):
    """A dose escalation."""

    dose: DoseCard
    schedule: Text
    """The regimen without its dose: `q3w x6 over 30 min`."""
    design: dict[str, object]
    """`name`, and the settings of that design."""
    backfill: BackfillCard | None = None
    first_in_human: FirstInHumanCard | None = None


class ArmCard(_Card):
    """Subjects who are all given one regimen."""

    regimen: Text
    subjects: Annotated[int, Field(strict=True, ge=1)] | None = None
    tumour: Text | None = None
    settings: dict[str, str] = {}


class ArmsCard(ProtocolCard):
    """Arms beside each other."""

    arms: dict[str, ArmCard] = Field(min_length=1)
    design: dict[str, object] | None = None
    """Rule for the responses of each arm: `name`, and its settings."""
    harm: dict[str, object] | None = None
    """Rule for the DLTs of each arm: the settings of a Bayesian stopping rule."""


PROTOCOL_FORMS: dict[str, type[ProtocolCard]] = {
    "escalation": EscalationCard,
    "expansion": ArmsCard,
    "phase2": ArmsCard,
    "schedules": ArmsCard,
}
"""Kind of protocol → its form."""
