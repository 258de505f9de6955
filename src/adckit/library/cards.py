"""The form of a card: which keys it has and what they hold.

These models check shapes, required keys and closed lists of words.  What a parameter
may be (its name, dimension and limits) is in `adckit.mechanisms.vocabulary` and is
checked by `checking`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from adckit.parameters import Parameter, Source, Spread, SpreadKind, Status

__all__ = [
    "CARD_MODELS",
    "GRADES",
    "AntibodyCard",
    "AntigenClassCard",
    "AssayCard",
    "CellLineCard",
    "ChoiceCard",
    "CompartmentsCard",
    "ConjugateCard",
    "HostCard",
    "LinkerCard",
    "LoadCard",
    "ObservationCard",
    "OrganCard",
    "OrganUseCard",
    "PartCard",
    "PayloadCard",
    "ProgrammeCard",
    "SectionCard",
    "StainingCard",
    "TargetCard",
    "TumourCard",
    "ValueCard",
]


def _text_of_number(value: object) -> object:
    """A PMID is a number to YAML, and a name to us."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


Text = Annotated[str, Field(min_length=1, strict=True)]
Name = Annotated[str, Field(min_length=1), BeforeValidator(_text_of_number)]
Number = Annotated[float, AllowInfNan(False), Field(strict=True)]


class _Card(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceCard(_Card):
    """Where a value comes from."""

    citation: Text
    doi: Name | None = None
    pmid: Name | None = None
    url: Text | None = None
    evidence: Text | None = None

    def source(self, evidence: str | None = None) -> Source:
        """The same as a `Source`; `evidence` names one observation of it."""
        return Source(
            self.citation, self.doi, self.pmid, self.url, evidence or self.evidence
        )


class SpreadCard(_Card):
    """How far a value varies: one of the four."""

    sd: Number | None = None
    cv: Number | None = None
    gsd: Number | None = None
    range: tuple[Number, Number] | None = None

    @model_validator(mode="after")
    def _one(self) -> SpreadCard:
        given = [name for name in SpreadKind if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give one of sd, cv, gsd, range")
        return self

    def spread(self) -> Spread:
        """The same as a `Spread`."""
        if self.range is not None:
            return Spread(SpreadKind.RANGE, *self.range)
        kind = next(name for name in SpreadKind if getattr(self, name) is not None)
        return Spread(kind, getattr(self, kind))


class _Sourced(_Card):
    status: Status
    source: SourceCard
    fitted_to: Text | None = None
    note: Text | None = None
    evidence: Text | None = None

    @model_validator(mode="after")
    def _fitted_to_what(self) -> _Sourced:
        if self.status is Status.FITTED and self.fitted_to is None:
            raise ValueError(
                "status is fitted, but to what? Add `fitted_to:` with the data"
            )
        return self


class ValueCard(_Sourced):
    """One parameter."""

    value: Number
    unit: Annotated[str, Field(strict=False), BeforeValidator(_text_of_number)]
    spread: SpreadCard | None = None

    def parameter(self, name: str, bounds: tuple[float, float]) -> Parameter:
        """The same as a `Parameter`."""
        return Parameter(
            name,
            self.value,
            self.unit,
            self.source.source(self.evidence),
            self.status,
            self.spread.spread() if self.spread else None,
            bounds,
            self.fitted_to,
            self.note,
        )


class LoadCard(_Sourced):
    """Payloads per antibody: fractions for n = 0 ... N, or binomial sites and mean."""

    fractions: tuple[Number, ...] | None = None
    sites: int | None = None
    mean: Number | None = None

    @model_validator(mode="after")
    def _one_form(self) -> LoadCard:
        binomial = self.sites is not None and self.mean is not None
        partly = self.sites is not None or self.mean is not None
        if (self.fractions is not None) == partly or partly != binomial:
            raise ValueError("give either `fractions`, or `sites` and `mean`")
        return self


GRADES = {"3+": "strong", "2+": "moderate", "1+": "weak", "0": "negative"}
"""Grade of staining → name of the population of cells that stain so."""


class AntigenClassCard(_Card):
    """Cells of a tumour that are told apart, by antigen or by their response."""

    name: Text
    label: Text | None = None
    share: ValueCard
    receptors_per_cell: ValueCard
    doubling_time: ValueCard | None = None
    half_kill_occupancy: ValueCard | None = None
    efflux_factor: ValueCard | None = None

    def values(self) -> dict[str, ValueCard]:
        """Its parameters, by the start of their name."""
        given = {stem: getattr(self, stem) for stem in type(self).model_fields}
        return {k: value for k, value in given.items() if isinstance(value, ValueCard)}


class StainingCard(_Sourced):
    """Shares of a tumour's cells by grade of staining: 0, 1+, 2+, 3+."""

    shares: dict[str, Number]


class SectionCard(_Card):
    """Parameters and model choices that hold together."""

    summary: Text | None = None
    model: dict[str, str] = {}
    parameters: dict[str, ValueCard] = {}
    antigen_classes: tuple[AntigenClassCard, ...] = ()
    antigen_staining: StainingCard | None = None


class ChoiceCard(SectionCard):
    """One option of a named parameter set."""

    load: LoadCard | None = None
    only_host: Text | None = None
    """The host that its values are about, where they are about one alone."""


class PartCard(SectionCard):
    """What every card may hold; `for_host` and the like apply in that company alone."""

    name: Text | None = None
    sources: dict[str, SourceCard] = {}
    for_host: dict[str, SectionCard] = {}
    for_payload: dict[str, SectionCard] = {}
    for_linker: dict[str, SectionCard] = {}
    for_antibody: dict[str, SectionCard] = {}
    for_target: dict[str, SectionCard] = {}
    for_tumour: dict[str, SectionCard] = {}
    parameter_sets: dict[str, dict[str, ChoiceCard]] = {}

    def sections(self) -> dict[tuple[str, ...], SectionCard]:
        """Every section by its path in the card, the card itself first."""
        found: dict[tuple[str, ...], SectionCard] = {(): self}
        for part in ("host", "payload", "linker", "antibody", "target", "tumour"):
            cases: dict[str, SectionCard] = getattr(self, f"for_{part}")
            for name, section in cases.items():
                found[(f"for_{part}", name)] = section
        for name, choices in self.parameter_sets.items():
            for option, choice in choices.items():
                found[("parameter_sets", name, option)] = choice
        return found


class AntibodyCard(PartCard):
    """An antibody; it knows the antigen that it binds."""

    target: Text


class LinkerCard(PartCard):
    """A linker, by the forms of payload it gives outside cells and in lysosomes."""

    released: Text
    catabolite: Text


class SpeciesCard(_Card):
    """One chemical form of a payload."""

    label: Text
    form: Text
    """What a linker calls it by, the same for every payload."""
    like: Text | None = None
    """The species whose values it takes where it has none of its own."""


class PayloadCard(PartCard):
    """A payload and the forms it is found in."""

    species: dict[str, SpeciesCard]


class TargetCard(PartCard):
    """An antigen and its traffic through the cell."""

    staining_receptors: dict[str, ValueCard] = {}
    """Grade of staining → receptors per cell."""


class TumourCard(PartCard):
    """A tumour: size, vessels, cells, growth, response; antigen by `for_target`."""


class AssayCard(_Card):
    """A published figure of cells in a dish to hold a simulation against."""

    product: Text
    quantity: Literal["ic50", "plateau"]
    value: Number
    unit: Annotated[str, Field(strict=False), BeforeValidator(_text_of_number)]
    bound: bool = False
    hours: Number | None = None
    condition: Text | None = None
    role: Literal["calibrated", "predicted"]
    source: SourceCard
    evidence: Text | None = None
    note: Text | None = None


class CellLineCard(PartCard):
    """Cells that grow in a dish; antigen by `for_target`, as in a tumour."""

    summary: Text
    assays: tuple[AssayCard, ...] = ()


ScaledName = Literal[
    "antibody_clearance",
    "antibody_central_volume",
    "antibody_distribution_clearance",
    "antibody_peripheral_volume",
    "antibody_deep_distribution_clearance",
    "antibody_deep_peripheral_volume",
    "payload_clearance",
    "payload_central_volume",
    "payload_distribution_clearance",
    "payload_peripheral_volume",
]


class HostCard(PartCard):
    """An animal or a human."""

    scaling: dict[ScaledName, ValueCard] = {}
    """Powers of body weight by which values of another host are scaled to this one."""


class OrganCard(PartCard):
    """What a drug does to one organ; by linker or antibody where that matters."""


class OrganUseCard(_Card):
    """Why a product's toxicity is followed in an organ."""

    why: Text
    source: SourceCard | None = None
    evidence: Text | None = None


class RegimenCard(_Sourced):
    """A regimen in the words of a protocol."""

    text: Text


class ProgrammeCard(_Card):
    """Who develops a product, and how far it was, on a day."""

    as_of: Text
    sponsor: Text
    licensee: Text | None = None
    rights: Text
    phase: Text
    tumour_types: tuple[Text, ...]
    ind_holder: Text
    sources: tuple[SourceCard, ...] = Field(min_length=1)
    note: Text | None = None


Analyte = Literal[
    "conjugate", "total_antibody", "conjugated_payload", "free_payload", "tumor"
]
Quantity = Literal[
    "cmax",
    "ctrough",
    "auc_inf",
    "auc_tau",
    "clearance",
    "half_life",
    "concentration",
    "best_change",
]


class ObservationCard(_Card):
    """A published figure to hold a simulation against."""

    analyte: Analyte
    quantity: Quantity
    value: Number
    unit: Annotated[str, Field(strict=False), BeforeValidator(_text_of_number)]
    spread: SpreadCard | None = None
    n: int | None = None
    day: Number | None = None
    condition: Text
    regimen: Text
    role: Literal["calibrated", "predicted"]
    source: SourceCard
    evidence: Text | None = None
    note: Text | None = None


class ConjugateCard(PartCard):
    """A conjugate: its parts, its load, and what is known of it."""

    kind: Literal["conjugate"] = "conjugate"
    summary: Text
    aliases: tuple[Text, ...] = ()
    antibody: Text
    linker: Text
    payload: Text
    target: Text | None = None
    tumour: Text
    tumours: tuple[Text, ...] = ()
    host: Text = "human"
    load: LoadCard
    regimen: RegimenCard | None = None
    programme: ProgrammeCard | None = None
    organs: dict[str, OrganUseCard] = {}
    observations: tuple[ObservationCard, ...] = ()


class CompartmentsCard(PartCard):
    """A plain one-, two- or three-compartment drug."""

    kind: Literal["compartments"] = "compartments"
    summary: Text
    aliases: tuple[Text, ...] = ()
    host: Text = "human"
    regimen: RegimenCard | None = None


CARD_MODELS: dict[str, type[PartCard]] = {
    "conjugate": ConjugateCard,
    "compartments": CompartmentsCard,
    "antibody": AntibodyCard,
    "linker": LinkerCard,
    "payload": PayloadCard,
    "target": TargetCard,
    "tumour": TumourCard,
    "cell_line": CellLineCard,
    "host": HostCard,
    "organ": OrganCard,
}
"""Kind of card → its form."""
