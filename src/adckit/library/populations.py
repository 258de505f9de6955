"""Populations: who the subjects of a simulation are.

A card of the folder `populations`, or a file of the same form:

    summary        in one line
    host           the host it is about; without one it suits every model
    products       the products it is the default of
    covariates     name → `shares` of categories, `normal`, `lognormal`, `cases` of
                   another covariate (`by`), or a `formula`; `low` and `high` cut a
                   distribution off; `relative: true` is a factor on the model's value.
                   A covariate with the name of a model parameter sets that parameter,
                   and so does one that names it as its `parameter`; a model that has
                   the latter needs no effects of this covariate, and they are left out.
    kinds          kinds of spread of the library's parameters that are taken as
                   variability between subjects: cv, sd, gsd; a range never is
    variability    parameter → `spread` in place of the library's, or `none`
    correlations   of two covariates or parameters
    effects        named sets of covariate effects on parameters, the default first
    lesions        the lesions of one subject: how many (shares of 1, 2, 3 ...), in
                   which organs, how far their parameters vary around the subject's,
                   and how soon new ones are seen; without it a subject has one

Everything has a status and a source, as all numbers of the library.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from adckit.errors import AdckitError, CardError, UnknownNameError
from adckit.library.cards import SpreadCard
from adckit.library.checking import hint
from adckit.library.opening import open_inline
from adckit.library.population_cards import (
    CovariateCard,
    DistributionCard,
    EffectSetCard,
    LesionsCard,
    LogNormalCard,
    PopulationCard,
)
from adckit.library.reading import Node, Problems, read_card
from adckit.library.shelf import is_path, same_name, shown_path
from adckit.mechanisms.vocabulary import PAYLOAD_SPECIES, specification
from adckit.parameters import Source, Spread, Status
from adckit.units import parse_unit

__all__ = [
    "NO_EFFECTS",
    "Correlation",
    "Covariate",
    "Distribution",
    "Effect",
    "LesionSpread",
    "Population",
    "Variation",
    "default_population",
    "list_populations",
    "load_population",
]

NO_EFFECTS = "none"
"""Name of the set without effects, which every population has."""

_ROOT = Path(str(resources.files("adckit.library"))) / "populations"
_ANY_HUMAN = "adult-solid-tumour"
_ANY_MODEL = "model-spreads"
_Z95 = 1.6448536269514722  # standard normal quantile of 0.95


@dataclass(frozen=True)
class Distribution:
    """A normal distribution of the value, or of its logarithm, cut off at limits."""

    logarithmic: bool
    centre: float
    """Mean, or median of a lognormal distribution."""
    width: float
    """SD, or SD of the natural logarithm."""
    low: float = -math.inf
    high: float = math.inf

    def __str__(self) -> str:
        if self.logarithmic:
            text = (
                f"lognormal, median {self.centre:.4g}, GSD {math.exp(self.width):.3g}"
            )
        else:
            text = f"normal, mean {self.centre:.4g}, SD {self.width:.3g}"
        bounded = not self.logarithmic or self.low > 0
        low = f", from {self.low:g}" if bounded and math.isfinite(self.low) else ""
        high = f", up to {self.high:g}" if math.isfinite(self.high) else ""
        return f"{text}{low}{high}"


@dataclass(frozen=True)
class Covariate:
    """Something that subjects differ in."""

    name: str
    unit: str
    status: Status
    source: Source
    shares: Mapping[str, float] = field(default_factory=dict)
    """Category → share of the subjects."""
    by: str | None = None
    cases: Mapping[str, Distribution] = field(default_factory=dict)
    """Category of `by` → distribution; `""` where there is but one."""
    formula: str | None = None
    relative: bool = False
    """Whether it is a factor on the model's own value."""
    note: str | None = None
    parameter: str | None = None
    """The parameter that it sets where a model has it; its own name where None."""


@dataclass(frozen=True)
class Variation:
    """How far a parameter varies; None is not at all."""

    spread: Spread | None
    status: Status
    source: Source


@dataclass(frozen=True)
class Correlation:
    """How two quantities go together."""

    between: tuple[str, str]
    correlation: float | None
    """Of the normal scores."""
    covariance: float | None
    """Of the natural logarithms."""
    status: Status
    source: Source

    def __str__(self) -> str:
        if self.correlation is not None:
            return f"correlation {self.correlation:g}"
        return f"covariance of logarithms {self.covariance:g}"


@dataclass(frozen=True)
class Effect:
    """What a covariate does to a parameter."""

    parameter: str
    covariate: str
    reference: float
    power: float | None
    slope: float | None
    status: Status
    source: Source
    note: str | None = None

    def __str__(self) -> str:
        if self.power is not None:
            ratio = f"({self.covariate} / {self.reference:g})"
            return f"{self.parameter} x {ratio}^{self.power:g}"
        difference = f"({self.covariate} - {self.reference:g})"
        return f"{self.parameter} x exp({self.slope:g} {difference})"


@dataclass(frozen=True)
class LesionSpread:
    """The lesions of one subject."""

    number: tuple[float, ...]
    """Shares of subjects with 1, 2, 3 ... lesions."""
    organs: Mapping[str, float]
    """Organ → share of the lesions."""
    widths: Mapping[str, float]
    """Parameter → SD of its logarithm among the lesions of one subject."""
    new_rate: float
    """New lesions per day, while the others are as large as at the start."""
    text: tuple[str, ...]
    """All of it in words, line by line, without sources."""
    stated: tuple[tuple[Status, Source], ...]
    """Status and source of each line."""


@dataclass(frozen=True)
class Population:
    """Who the subjects are; see the module for what the parts mean."""

    name: str
    summary: str
    host: str | None
    products: tuple[str, ...]
    covariates: tuple[Covariate, ...]
    kinds: tuple[str, ...]
    variability: Mapping[str, Variation]
    correlations: tuple[Correlation, ...]
    effects: Mapping[str, tuple[Effect, ...]]
    """Set → its effects, the default first; always with the empty set `none`."""
    digest: str
    """SHA-256 of the card's content."""
    lesions: LesionSpread | None = None
    """None where every subject has one."""

    def effect_set(self, name: str | None) -> tuple[Effect, ...]:
        """A set of effects; the default one for None.

        Raises UnknownNameError.
        """
        chosen = next(iter(self.effects)) if name is None else name
        if chosen not in self.effects:
            raise UnknownNameError("set of covariate effects", chosen, self.effects)
        return self.effects[chosen]


@cache
def list_populations() -> tuple[str, ...]:
    """Names of the populations in the library."""
    return tuple(sorted(path.stem for path in _ROOT.glob("*.yaml")))


def default_population(product: str | None, host: str | None) -> str:
    """The population of the library that suits a product and its host best."""
    if host is None or not same_name(host, "human"):
        return _ANY_MODEL
    for name in list_populations():
        if product is not None and product in load_population(name).products:
            return name
    return _ANY_HUMAN


def load_population(name_or_path: str | Path) -> Population:
    """The population of that name, or the one in a file.

    Raises UnknownNameError for a name that is not in the library, CardError with every
    problem of the card.
    """
    path = _file(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise AdckitError(f"Cannot read the population '{path}': {reason}.") from None
    return _load(path.stem, text, shown_path(path))


def _file(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, Path) or is_path(name_or_path):
        return Path(name_or_path)
    for name in list_populations():
        if same_name(name, name_or_path):
            return _ROOT / f"{name}.yaml"
    raise UnknownNameError("population", name_or_path, list_populations())


@cache
def _load(name: str, text: str, label: str) -> Population:
    problems = Problems()
    node = read_card(text, label, problems)
    population = None
    if node is not None:
        if "based_on" in node.entries:
            what = "A population is not based on another. Copy what it shares."
            problems.add(node.node("based_on").where, what)
            node = node.without("based_on")
        complete = open_inline("population", node, name, None, problems).node
        card = _form(complete, problems)
        if card is not None:
            _check(card, complete, problems)
            population = _population(name, card)
    if population is None or problems:
        raise CardError(f"The population '{name}' cannot be used.", problems)
    return population


def _form(node: Node, problems: Problems) -> PopulationCard | None:
    try:
        return PopulationCard.model_validate(node.plain())
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path = detail["loc"]
            last = next((str(p) for p in reversed(path) if isinstance(p, str)), "card")
            reason = detail["msg"].removeprefix("Value error, ")
            problems.add(node.place(path), f"'{last}': {reason}.")
        return None


def _check(card: PopulationCard, node: Node, problems: Problems) -> None:
    """Report names that mean nothing, units that do not exist."""
    for name, covariate in card.covariates.items():
        place = node.node("covariates").node(name)
        try:
            parse_unit(covariate.unit)
        except AdckitError as error:
            problems.add(place.place(("unit",)), str(error))
        if covariate.relative and not _is_parameter(name):
            what = f"'{name}' is relative to the model, but no parameter of it."
            problems.add(place.where, what)
        if covariate.parameter and not _is_parameter(covariate.parameter):
            what = f"Unknown parameter '{covariate.parameter}'."
            problems.add(place.place(("parameter",)), what)
        _check_cases(name, card.covariates, place, problems)
        if covariate.formula:
            for other in ("body_weight", "height"):
                if other not in card.covariates:
                    what = (
                        f"The formula {covariate.formula} needs the covariate {other}."
                    )
                    problems.add(place.place(("formula",)), what)
    for name in card.variability:
        if not _is_parameter(name):
            what = f"Unknown parameter '{name}'."
            problems.add(node.node("variability").node(name).where, what)
    for name in card.lesions.variability if card.lesions else ():
        if not _is_parameter(name):
            what = f"Unknown parameter '{name}'."
            problems.add(node.place(("lesions", "variability", name)), what)
    known = [*card.covariates, *card.variability]
    for i, link in enumerate(card.correlations):
        for name in link.between:
            if name not in known and not _is_parameter(name):
                what = f"Unknown name '{name}'. {hint(name, known)}".rstrip()
                problems.add(node.place(("correlations", i, "between")), what)
    for label, group in card.effects.items():
        _check_effects(label, group, card, node, problems)


def _check_cases(
    name: str,
    covariates: Mapping[str, CovariateCard],
    place: Node,
    problems: Problems,
) -> None:
    covariate = covariates[name]
    if covariate.by is None or covariate.cases is None:
        return
    other = covariates.get(covariate.by)
    if other is None or other.shares is None:
        what = f"'{covariate.by}' is no covariate with `shares`."
        problems.add(place.place(("by",)), what)
    elif set(other.shares) != set(covariate.cases):
        what = f"The cases must be those of {covariate.by}: {', '.join(other.shares)}."
        problems.add(place.place(("cases",)), what)


def _check_effects(
    label: str,
    group: EffectSetCard,
    card: PopulationCard,
    node: Node,
    problems: Problems,
) -> None:
    for i, effect in enumerate(group.effects):
        where = node.place(("effects", label, "effects", i))
        if not _is_parameter(effect.parameter):
            problems.add(where, f"Unknown parameter '{effect.parameter}'.")
        covariate = card.covariates.get(effect.covariate)
        if covariate is None or covariate.shares is not None:
            what = f"'{effect.covariate}' is no covariate that has a number."
            problems.add(where, f"{what} {hint(effect.covariate, card.covariates)}")


def _is_parameter(name: str) -> bool:
    """Whether some model has a parameter of that name."""
    ends = any(name.endswith(f"_{spec.name}") for spec in PAYLOAD_SPECIES)
    return ends or specification(name) is not None


def _population(name: str, card: PopulationCard) -> Population:
    effects = {
        label: tuple(
            Effect(
                e.parameter,
                e.covariate,
                e.reference,
                e.power,
                e.slope,
                e.status,
                e.source.source(),
                e.note,
            )
            for e in group.effects
        )
        for label, group in card.effects.items()
    }
    content = json.dumps(card.model_dump(mode="json"), sort_keys=True)
    return Population(
        name=name,
        summary=card.summary,
        host=card.host,
        products=card.products,
        covariates=tuple(_covariate(n, c) for n, c in card.covariates.items()),
        kinds=card.kinds,
        variability={
            n: Variation(
                None if isinstance(v.spread, str) else v.spread.spread(),
                v.status,
                v.source.source(),
            )
            for n, v in card.variability.items()
        },
        correlations=tuple(
            Correlation(
                link.between,
                link.correlation,
                link.covariance,
                link.status,
                link.source.source(),
            )
            for link in card.correlations
        ),
        effects={**effects, NO_EFFECTS: ()},
        digest=hashlib.sha256(content.encode()).hexdigest(),
        lesions=None if card.lesions is None else _lesions(card.lesions),
    )


def _lesions(card: LesionsCard) -> LesionSpread:
    widths = {name: _width(v.spread) for name, v in card.variability.items()}
    numbers = [f"{100 * s:g} % {n}" for n, s in enumerate(card.number.shares, start=1)]
    organs = [f"{100 * s:g} % {name}" for name, s in card.organs.shares.items()]
    lines = [
        (f"lesions of a subject: {', '.join(numbers)}", card.number),
        (f"organs of lesions: {', '.join(organs)}", card.organs),
    ]
    lines += [
        (f"{name} of lesions: the subject's times GSD {math.exp(widths[name]):.3g}", v)
        for name, v in card.variability.items()
    ]
    if card.new is not None:
        text = f"new lesions: {card.new.rate:g} per day, times size over first size"
        lines.append((text, card.new))
    return LesionSpread(
        card.number.shares,
        card.organs.shares,
        widths,
        card.new.rate if card.new else 0.0,
        tuple(text for text, _ in lines),
        tuple((v.status, v.source.source()) for _, v in lines),
    )


def _width(spread: SpreadCard) -> float:
    """SD of the logarithm."""
    if spread.gsd is not None:
        return math.log(spread.gsd)
    assert spread.cv is not None  # the form has checked that there is one of the two
    return math.sqrt(math.log1p(spread.cv**2))


def _covariate(name: str, card: CovariateCard) -> Covariate:
    cases: dict[str, Distribution] = {}
    if card.cases is not None:
        cases = {case: _distribution(form) for case, form in card.cases.items()}
    elif card.normal is not None or card.lognormal is not None:
        cases = {"": _distribution(card)}
    return Covariate(
        name,
        card.unit,
        card.status,
        card.source.source(),
        card.shares or {},
        card.by,
        cases,
        card.formula,
        card.relative,
        card.note,
        card.parameter,
    )


def _distribution(card: CovariateCard | DistributionCard) -> Distribution:
    low = -math.inf if card.low is None else card.low
    high = math.inf if card.high is None else card.high
    if card.lognormal is not None:
        return Distribution(True, *_lognormal(card.lognormal), low, high)
    assert card.normal is not None  # the form has checked that there is one of the two
    return Distribution(False, card.normal.mean, card.normal.sd, low, high)


def _lognormal(card: LogNormalCard) -> tuple[float, float]:
    """Median, and SD of the natural logarithm."""
    if card.mean is not None and card.sd is not None:
        variance = math.log1p((card.sd / card.mean) ** 2)
        return card.mean / math.exp(variance / 2), math.sqrt(variance)
    assert card.median is not None
    if card.cv is not None:
        return card.median, math.sqrt(math.log1p(card.cv**2))
    if card.gsd is not None:
        return card.median, math.log(card.gsd)
    assert card.p95 is not None
    return card.median, math.log(card.p95 / card.median) / _Z95
