"""The form of a population's card: which keys it has and what they hold.

What the keys mean is said in `populations`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adckit.library.cards import Number, SourceCard, SpreadCard, Text
from adckit.parameters import Status

__all__ = ["PopulationCard"]

Unit = Annotated[str, BeforeValidator(lambda value: str(value))]
Formula = Literal["du-bois", "mosteller"]


class _Card(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Sourced(_Card):
    status: Status
    source: SourceCard
    note: Text | None = None


class NormalCard(_Card):
    """A normal distribution."""

    mean: Number
    sd: Number = Field(gt=0)


class LogNormalCard(_Card):
    """A lognormal distribution by its median, or by mean and SD of the values."""

    median: Number | None = Field(None, gt=0)
    mean: Number | None = Field(None, gt=0)
    sd: Number | None = Field(None, gt=0)
    cv: Number | None = Field(None, gt=0)
    gsd: Number | None = Field(None, gt=1)
    p95: Number | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one_form(self) -> LogNormalCard:
        widths = [self.cv, self.gsd, self.p95]
        given = sum(width is not None for width in widths)
        by_median = self.median is not None and given == 1 and self.sd is None
        by_mean = self.mean is not None and self.sd is not None and given == 0
        if by_median == by_mean or (self.median and self.mean):
            raise ValueError("give median and one of cv, gsd, p95, or give mean and sd")
        if self.median and self.p95 and self.p95 <= self.median:
            raise ValueError("p95, the 95th percentile, is not above the median")
        return self


class DistributionCard(_Card):
    """A distribution, cut off at `low` and `high` where these are given."""

    normal: NormalCard | None = None
    lognormal: LogNormalCard | None = None
    low: Number | None = None
    high: Number | None = None

    @model_validator(mode="after")
    def _one(self) -> DistributionCard:
        if (self.normal is None) == (self.lognormal is None):
            raise ValueError("give either normal or lognormal")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low is not below high")
        return self


class CovariateCard(_Sourced):
    """One covariate, by exactly one of the keys up to `formula`."""

    shares: dict[str, Number] | None = None
    normal: NormalCard | None = None
    lognormal: LogNormalCard | None = None
    by: Text | None = None
    cases: dict[str, DistributionCard] | None = None
    formula: Formula | None = None
    low: Number | None = None
    high: Number | None = None
    unit: Unit = ""
    relative: bool = False
    parameter: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> CovariateCard:
        ways = (self.shares, self.normal, self.lognormal, self.cases, self.formula)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give one of shares, normal, lognormal, cases, formula")
        if (self.by is None) != (self.cases is None):
            raise ValueError("`by` names the covariate that has the `cases`; give both")
        if self.shares is not None:
            _check_shares(self.shares.values())
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low is not below high")
        return self


def _check_shares(shares: Iterable[float]) -> None:
    each = list(shares)
    if not all(share > 0 for share in each) or abs(sum(each) - 1) >= 1e-9:
        raise ValueError("shares must be above 0 and sum to 1")


class VariedCard(_Sourced):
    """How far a parameter varies between subjects, in place of the library's."""

    spread: SpreadCard | Literal["none"]


class CorrelationCard(_Sourced):
    """Correlation of two normal scores, or covariance of two logarithms."""

    between: tuple[Text, Text]
    correlation: Number | None = Field(None, gt=-1, lt=1)
    covariance: Number | None = None

    @model_validator(mode="after")
    def _one(self) -> CorrelationCard:
        if (self.correlation is None) == (self.covariance is None):
            raise ValueError("give either correlation or covariance")
        if self.between[0] == self.between[1]:
            raise ValueError("`between` names the same thing twice")
        return self


class EffectCard(_Sourced):
    """`parameter` times (covariate / reference)^power, or
    exp(slope (covariate - reference))."""

    parameter: Text
    covariate: Text
    reference: Number
    power: Number | None = None
    slope: Number | None = None

    @model_validator(mode="after")
    def _one(self) -> EffectCard:
        if (self.power is None) == (self.slope is None):
            raise ValueError("give either power or slope")
        if self.power is not None and self.reference <= 0:
            raise ValueError("the reference of a power must be above 0")
        return self


class EffectSetCard(_Card):
    """Effects that belong together, because they were estimated together."""

    summary: Text
    effects: tuple[EffectCard, ...] = Field(min_length=1)


class LesionNumberCard(_Sourced):
    """How many lesions subjects have: shares of those with 1, 2, 3 ..."""

    shares: tuple[Number, ...] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _whole(self) -> LesionNumberCard:
        _check_shares(self.shares)
        return self


class LesionOrgansCard(_Sourced):
    """Where lesions are."""

    shares: dict[str, Number] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> LesionOrgansCard:
        _check_shares(self.shares.values())
        return self


class LesionSpreadCard(_Sourced):
    """How far a parameter varies between the lesions of one subject."""

    spread: SpreadCard

    @model_validator(mode="after")
    def _relative(self) -> LesionSpreadCard:
        if self.spread.gsd is None and self.spread.cv is None:
            raise ValueError("give the spread of lesions as cv or gsd")
        return self


class NewLesionsCard(_Sourced):
    """How soon new lesions are seen."""

    rate: Number = Field(ge=0)
    """Per day, while the lesions that are there are as large as at the start."""


class LesionsCard(_Card):
    """The lesions of one subject."""

    number: LesionNumberCard
    organs: LesionOrgansCard
    variability: dict[str, LesionSpreadCard] = {}
    new: NewLesionsCard | None = None


class PopulationCard(_Card):
    """Who the subjects are."""

    summary: Text
    host: Text | None = None
    products: tuple[Text, ...] = ()
    sources: dict[str, SourceCard] = {}
    covariates: dict[str, CovariateCard] = {}
    kinds: tuple[Literal["cv", "sd", "gsd"], ...] = ("cv", "sd", "gsd")
    variability: dict[str, VariedCard] = {}
    correlations: tuple[CorrelationCard, ...] = ()
    effects: dict[str, EffectSetCard] = {}
    lesions: LesionsCard | None = None
