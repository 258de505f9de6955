"""Published observations, each with its role.

    calibrated   a parameter of the library was set with it; `sets` names which
    predicted    no parameter has seen it

A file per product: studies, each with the regimen, subjects and body size that it had,
and its findings; rankings, which have an order and no numbers; and what was published
but is not simulated, with the reason.  Nothing that was recalled without its source is
an observation here.

Measures:

    exposure     `quantity` of the analyte `of` after the first dose
    laboratory   of a laboratory value: its lowest percent of the start, the day of
                 that or of its highest value, or its percent on `day`
    toxicity     share of subjects with `grade` or more of `of` by the study's last day
    dlt          share of subjects with a DLT as the study's protocol defines it
    response     share with a confirmed response by RECIST
    progression  median time to progression
    mtd          maximum tolerated dose of the study's protocol
    parameter    a parameter, or the half-life of a first-order rate
    profile      points in `file`, which is not part of the library
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from adckit.errors import CardError, RegimenError, UnitError, UnknownNameError
from adckit.library.evidence_cards import (
    EvidenceCard,
    FindingCard,
    RankingCard,
    StudyCard,
)
from adckit.library.opening import open_inline
from adckit.library.populations import list_populations
from adckit.library.reading import Node, Problems, read_card
from adckit.library.shelf import list_parts, shown_path
from adckit.network.regimen import parse_regimen
from adckit.parameters import Source, Spread
from adckit.units import parse_unit

__all__ = [
    "Contradiction",
    "Evidence",
    "Finding",
    "Prediction",
    "PublishedStudy",
    "Ranking",
    "Silent",
    "list_evidence",
    "load_contradictions",
    "load_evidence",
    "load_evidence_file",
    "load_predictions",
]

_ROOT = Path(str(resources.files("adckit.library"))) / "evidence"
_LISTS = ("contradictions", "fits", "predictions")
"""Files of the folder that are no evidence of a product."""
_PLATFORM = "platform"
"""The file of what compares products with each other."""


@dataclass(frozen=True)
class Finding:
    """One number of a study."""

    measure: str
    of: str
    quantity: str
    value: float | None
    """In `unit`; for a rate the share of subjects with the event."""
    unit: str
    role: str
    evidence: str
    """Identifier of the observation, shared by the numbers of one table."""
    source: Source
    spread: Spread | None = None
    n: int | None = None
    events: int | None = None
    grade: int | None = None
    day: float | None = None
    file: str | None = None
    prediction: str | None = None
    """The planned prediction that it belongs to, `P1` and on."""
    condition: str = ""
    note: str = ""
    explanation: str = ""
    """Why the model misses it, where it does."""
    sets: tuple[str, ...] = ()
    """Parameters that were set with it."""
    same_data: tuple[str, ...] = ()
    """Other observations of the same subjects."""


@dataclass(frozen=True)
class PublishedStudy:
    """Subjects who were treated alike, and what was seen."""

    name: str
    product: str
    title: str
    findings: tuple[Finding, ...]
    regimen: str | None = None
    protocol: str | None = None
    days: float | None = None
    subjects: int | None = None
    population: str | None = None
    body_weight: float | None = None
    """Median of these subjects, kg; by default that of the population."""
    lloq: float | None = None
    """Lower limit of quantification, in the unit of the simulated concentration."""
    residual_cv: float = 0.0
    """Relative SD of one measured concentration around the subject's own curve."""
    settings: Mapping[str, str] | None = None
    assumed: str = ""
    """What of its design is not in the source."""


@dataclass(frozen=True)
class Ranking:
    """An order that was observed, without numbers."""

    name: str
    statement: str
    method: str
    expected: tuple[str, ...]
    role: str
    evidence: str
    source: Source
    prediction: str | None = None
    note: str = ""
    explanation: str = ""


@dataclass(frozen=True)
class Silent:
    """Something published that the model is not compared with."""

    what: str
    published: str
    why: str
    evidence: str
    source: Source
    prediction: str | None = None


@dataclass(frozen=True)
class Prediction:
    """What was set aside to be predicted."""

    name: str
    what: str
    observed: str


@dataclass(frozen=True)
class Contradiction:
    """What sources disagree on."""

    what: str
    set: str | None
    """The parameter set with the alternatives."""
    why: str
    """Why there is none, or how its options go together."""


@dataclass(frozen=True)
class Evidence:
    """All observations of one product, or of the platform."""

    name: str
    product: str | None
    known: str
    missing: tuple[str, ...]
    studies: tuple[PublishedStudy, ...]
    rankings: tuple[Ranking, ...]
    not_simulated: tuple[Silent, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all studies."""
        return tuple(f for study in self.studies for f in study.findings)


def list_evidence() -> tuple[str, ...]:
    """Names that `load_evidence` knows: products, and `platform`."""
    names = (path.stem for path in _ROOT.glob("*.yaml"))
    return tuple(sorted(n for n in names if n not in _LISTS))


def load_evidence(name: str) -> Evidence:
    """The observations of a product of the library, or those of `platform`.

    Raises UnknownNameError for another name, CardError with every problem of the file.
    """
    if name not in list_evidence():
        raise UnknownNameError("evidence", name, list_evidence())
    return load_evidence_file(_ROOT / f"{name}.yaml")


@cache
def load_evidence_file(path: Path) -> Evidence:
    """The observations in a file.  Raises CardError with every problem of it."""
    card = _card(path)
    return Evidence(
        path.stem,
        card.product,
        card.known or "",
        card.missing,
        tuple(_study(name, one, card) for name, one in card.studies.items()),
        tuple(_ranking(name, one) for name, one in card.rankings.items()),
        tuple(
            Silent(
                one.what,
                one.published,
                one.why,
                one.evidence,
                one.source.source(),
                one.prediction,
            )
            for one in card.not_simulated
        ),
    )


@cache
def load_contradictions() -> tuple[Contradiction, ...]:
    """What sources disagree on."""
    card = _card(_ROOT / "contradictions.yaml")
    return tuple(
        Contradiction(one.what, one.set, one.why or "") for one in card.contradictions
    )


@cache
def load_predictions() -> tuple[Prediction, ...]:
    """The planned predictions, in order."""
    card = _card(_ROOT / "predictions.yaml")
    return tuple(
        Prediction(name, one.what, one.observed)
        for name, one in card.predictions.items()
    )


def _card(path: Path) -> EvidenceCard:
    problems = Problems()
    label = shown_path(path)
    node = read_card(path.read_text(encoding="utf-8"), label, problems)
    card = None
    if node is not None:
        complete = open_inline("evidence", node, path.stem, None, problems).node
        try:
            card = EvidenceCard.model_validate(complete.plain())
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                where = complete.place(detail["loc"])
                problems.add(where, _sentence(detail["loc"], detail["msg"]))
        _check_content(complete, problems)
    if card is None or problems:
        raise CardError(f"The evidence '{path.stem}' cannot be used.", problems)
    return card


def _sentence(path: tuple[int | str, ...], message: str) -> str:
    last = next((str(p) for p in reversed(path) if isinstance(p, str)), "file")
    return f"'{last}': {message.removeprefix('Value error, ')}."


def _check_content(node: Node, problems: Problems) -> None:
    """What the form does not say: names, regimens and units."""
    product = node.node("product")
    if product.text and product.text not in list_parts("conjugate"):
        error = UnknownNameError("product", product.text, list_parts("conjugate"))
        problems.add(product.where, str(error))
    for study in node.node("studies").entries.values():
        regimen, population = study.node("regimen"), study.node("population")
        if regimen.text:
            try:
                parse_regimen(regimen.text)
            except RegimenError as error:
                problems.add(regimen.where, str(error))
        if population.text and population.text not in list_populations():
            unknown = UnknownNameError(
                "population", population.text, list_populations()
            )
            problems.add(population.where, str(unknown))
        if not regimen.text and not study.node("protocol").text:
            problems.add(study.where, "A study needs `regimen` or `protocol`.")
        for finding in study.node("findings").items:
            unit = finding.node("unit")
            if unit.text:
                try:
                    parse_unit(unit.text)
                except UnitError as error:
                    problems.add(unit.where, str(error))


def _study(name: str, card: StudyCard, whole: EvidenceCard) -> PublishedStudy:
    return PublishedStudy(
        name,
        whole.product or "",
        card.title,
        tuple(_finding(one, card) for one in card.findings),
        card.regimen,
        card.protocol,
        card.days,
        card.subjects,
        card.population,
        card.body_weight,
        card.lloq,
        card.residual_cv,
        card.settings,
        card.assumed or "",
    )


def _finding(card: FindingCard, study: StudyCard) -> Finding:
    value = card.value
    if card.events is not None and card.n:
        value = card.events / card.n
    return Finding(
        card.measure,
        card.of or "",
        card.quantity or "",
        value,
        card.unit,
        card.role,
        card.evidence,
        card.source.source(card.evidence),
        card.spread.spread() if card.spread else None,
        card.n or study.subjects,
        card.events,
        card.grade,
        card.day,
        card.file,
        card.prediction,
        card.condition or "",
        card.note or "",
        card.explanation or "",
        card.sets,
        card.same_data,
    )


def _ranking(name: str, card: RankingCard) -> Ranking:
    return Ranking(
        name,
        card.statement,
        card.method,
        card.expected,
        card.role,
        card.evidence,
        card.source.source(card.evidence),
        card.prediction,
        card.note or "",
        card.explanation or "",
    )
