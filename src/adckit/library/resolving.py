"""Cards laid over each other, weakest first, until one value per parameter is left.

Order: neutral values, host, payload, linker, antibody, target, tumour, the product
itself; in each card its own values and then those `for_host`, `for_linker` ... that
hold in this company.  Chosen options of parameter sets come after all cards; then
disposition that no card gives for this host is scaled from another (`allometry`); a
payload species takes what it lacks from the one it is like; what the user sets is last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from adckit.errors import ModelError
from adckit.library.allometry import Lent, scale
from adckit.library.antigen import (
    classes_of,
    population_of,
    reference_number,
    shared_out,
)
from adckit.library.cards import (
    ChoiceCard,
    HostCard,
    LinkerCard,
    PartCard,
    PayloadCard,
    TargetCard,
    ValueCard,
)
from adckit.library.cards import SectionCard as Section
from adckit.library.checking import check_form, drug_load, hint
from adckit.library.opening import open_file
from adckit.library.reading import Node, Problems
from adckit.library.settings import Settings, with_mean_load
from adckit.library.shelf import PARTS, find, same_name
from adckit.mechanisms.assemble import assemble
from adckit.mechanisms.blueprint import (
    VARIANTS,
    Blueprint,
    CellPopulation,
    PayloadSpecies,
)
from adckit.mechanisms.vocabulary import PAYLOAD_SPECIES, specification
from adckit.molecules.load import DrugLoad
from adckit.parameters import Parameter

__all__ = [
    "Draft",
    "check_complete",
    "check_hosts",
    "make_blueprint",
    "payload_species",
    "resolve",
    "set_hosts",
    "set_options",
]


@dataclass
class Draft:
    """A blueprint in the making."""

    load: DrugLoad | None = None
    variants: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    populations: tuple[CellPopulation, ...] = ()
    staining: Mapping[str, ValueCard] = field(default_factory=dict)
    """Grade of staining → receptors per cell, from the target."""
    scaled: dict[str, str] = field(default_factory=dict)
    """Parameter → host that it was scaled from; see `allometry`."""

    def apply(self, section: Section, species: Sequence[str]) -> None:
        """Lay a section over what is there."""
        self.variants.update(section.model)
        for name, value in section.parameters.items():
            self._set(name, value, species)
        self._tell_apart(classes_of(section, self.staining))
        if isinstance(section, ChoiceCard) and section.load is not None:
            self.load = drug_load(section.load)

    def _set(self, name: str, value: ValueCard, species: Sequence[str] = ()) -> None:
        spec = specification(name, tuple(species))
        if spec is not None:
            bounds = (spec.lowest, spec.highest)
            self.parameters[name] = value.parameter(name, bounds)

    def _tell_apart(
        self, classes: Mapping[CellPopulation, Mapping[str, ValueCard]]
    ) -> None:
        """Put these populations in the place of all others."""
        if not classes:
            return
        for name in [n for n in self.parameters if population_of(n)]:
            del self.parameters[name]
        self.populations = tuple(classes)
        for population, values in classes.items():
            for stem, value in values.items():
                self._set(f"{stem}_{population.name}", value)
        for number in reference_number(self.parameters, self.populations):
            self.parameters[number.name] = number


def resolve(
    cards: Sequence[PartCard],
    draft: Draft,
    parts: Mapping[str, str],
    all_species: Sequence[str],
    settings: Settings,
    problems: Problems,
) -> Draft:
    """Lay `cards`, weakest first, and then `settings` over `draft`."""
    _lay(cards, draft, parts, all_species)
    _apply_options(cards, draft, all_species, settings)
    weight = [p for p in settings.parameters if p.name == "body_weight"]
    draft.parameters.update({parameter.name: parameter for parameter in weight})
    _scale_from_another_host(cards, draft, parts, all_species)
    _copy_like_species(cards, draft)
    draft.variants.update(settings.variants)
    changed, before = settings.parameters, dict(draft.parameters)
    for parameter in changed:
        draft.parameters[parameter.name] = parameter
    draft.parameters |= shared_out(before, draft.populations, changed, problems)
    if settings.mean_load is not None:
        draft.load = with_mean_load(draft.load, settings.mean_load, problems)
    return draft


def _lay(
    cards: Sequence[PartCard],
    draft: Draft,
    parts: Mapping[str, str],
    all_species: Sequence[str],
) -> None:
    for target in (card for card in cards if isinstance(card, TargetCard)):
        draft.staining = target.staining_receptors
    for card in cards:
        draft.apply(card, all_species)
        for section in _in_company(card, parts):
            draft.apply(section, all_species)


def _scale_from_another_host(
    cards: Sequence[PartCard],
    draft: Draft,
    parts: Mapping[str, str],
    all_species: Sequence[str],
) -> None:
    """Disposition that no card gives for this host; see `allometry`."""
    hosts = [card for card in cards if isinstance(card, HostCard)]
    if not hosts or "body_weight" not in draft.parameters:
        return
    here = hosts[-1]  # the neutral values, which have a host's form, come before it

    def lend(name: str) -> Lent | None:
        card = _host(name)
        if same_name(name, parts["host"]) or card is None:
            return None
        other = Draft()
        company = {**parts, "host": name}
        _lay([card if c is here else c for c in cards], other, company, all_species)
        return Lent(name, other.parameters, other.variants)

    draft.scaled.update(
        scale(draft.parameters, draft.variants, here, all_species, lend)
    )


@cache
def _host(name: str) -> HostCard | None:
    """The card of a host of the library."""
    problems = Problems()
    opened = open_file("host", find("host", name), problems)
    card = check_form("host", opened.node, problems) if opened is not None else None
    return card if isinstance(card, HostCard) else None


def _apply_options(
    cards: Sequence[PartCard],
    draft: Draft,
    all_species: Sequence[str],
    settings: Settings,
) -> None:
    for name, option in settings.options.items():
        for card in cards:
            choice = card.parameter_sets.get(name, {}).get(option)
            if choice is not None:
                draft.apply(choice, all_species)
        if option in VARIANTS.get(name, ()):
            draft.variants[name] = option


def _copy_like_species(cards: Sequence[PartCard], draft: Draft) -> None:
    """Fill what a payload species lacks from the species it is said to be like."""
    payloads = (card for card in cards if isinstance(card, PayloadCard))
    for name, species in (pair for card in payloads for pair in card.species.items()):
        for spec in PAYLOAD_SPECIES:
            own, model = f"{name}_{spec.name}", f"{species.like}_{spec.name}"
            if own in draft.parameters or model not in draft.parameters:
                continue
            known = draft.parameters[model]
            reason = f"No value found for {name}; taken as for {species.like}"
            source = replace(
                known.source, citation=f"{reason}: {known.source.citation}"
            )
            copy = known.with_value(known.value, source=source)
            draft.parameters[own] = replace(copy, name=own, spread=known.spread)


def check_hosts(
    cards: Sequence[PartCard], settings: Settings, host: str, problems: Problems
) -> None:
    """Report options that hold for another host than this one."""
    for name, option in settings.options.items():
        for card in cards:
            choice = card.parameter_sets.get(name, {}).get(option)
            only = choice.only_host if choice is not None else None
            if only is not None and not same_name(only, host):
                problems.add(
                    f"setting '{name}'",
                    f"'{option}' has values of the host '{only}', and the host is "
                    f"'{host}'. Choose host={only}, or leave '{name}' out.",
                )


def set_options(cards: Sequence[PartCard]) -> dict[str, tuple[str, ...]]:
    """Named parameter sets of all cards with their options, the default first."""
    found: dict[str, tuple[str, ...]] = {}
    for card in cards:
        for name, choices in card.parameter_sets.items():
            known = found.get(name, ())
            found[name] = (*known, *(o for o in choices if o not in known))
    return found


def set_hosts(cards: Sequence[PartCard]) -> dict[str, str]:
    """Named parameter sets with options that hold in one host alone, and that host."""
    return {
        name: choice.only_host
        for card in cards
        for name, choices in card.parameter_sets.items()
        for choice in choices.values()
        if choice.only_host is not None
    }


def payload_species(
    payload: PayloadCard,
    linker: LinkerCard,
    parts: Mapping[str, str],
    place: Node,
    problems: Problems,
) -> tuple[PayloadSpecies, ...]:
    """The two forms of the payload that this linker gives.

    `place` is the linker's card, where a form that the payload lacks is reported.
    """
    found: list[PayloadSpecies] = []
    for arises in ("released", "catabolite"):
        form = getattr(linker, arises)
        name = next((n for n, s in payload.species.items() if s.form == form), None)
        if name is None:
            forms = [species.form for species in payload.species.values()]
            problems.add(
                place.place((arises,)),
                f"Linker '{parts['linker']}' gives the form '{form}', which payload "
                f"'{parts['payload']}' does not have. {hint(form, forms)}",
            )
        elif name in {species.name for species in found}:
            problems.add(
                place.place((arises,)),
                f"'{form}' is both released and catabolite. Give the payload two "
                "species, one for each, so that their origin can be told apart.",
            )
        else:
            found.append(PayloadSpecies(name, payload.species[name].label, arises))
    return tuple(found)


def check_complete(
    blueprint: Blueprint, cards: Sequence[PartCard], where: str, problems: Problems
) -> None:
    """Report everything that keeps the blueprint from becoming a network.

    Only the mechanisms know what they need, so the network is built, and left.
    """
    try:
        assemble(blueprint)
    except ModelError as error:
        for issue in error.issues:
            quoted = issue.where.partition("'")[2].rstrip("'")
            given = "" if quoted in blueprint.parameters else _given_for(quoted, cards)
            known = f". It is known for {given}" if given else ""
            if "'target_clearance: included'" in issue.what:
                known += _sets_without_uptake(cards)
            problems.add(where, f"{issue.where} {issue.what}{known}.")


def _sets_without_uptake(cards: Sequence[PartCard]) -> str:
    """Options of parameter sets whose clearance leaves the antigen's uptake out."""
    sets = [
        f"{name}={option}"
        for card in cards
        for name, choices in card.parameter_sets.items()
        for option, choice in choices.items()
        if choice.model.get("target_clearance") == "excluded"
    ]
    return f". A set without it: {', '.join(sets)}" if sets else ""


def make_blueprint(
    name: str, draft: Draft, species: Sequence[PayloadSpecies], unused: Sequence[str]
) -> Blueprint:
    """The finished blueprint; values of payload species not in use are left out.

    Raises UnknownNameError for a model choice that does not exist.
    """
    parameters = {
        key: value
        for key, value in draft.parameters.items()
        if not any(key.startswith(f"{other}_") for other in unused)
    }
    variants = {
        choice: option
        for choice, option in draft.variants.items()
        if option != VARIANTS[choice][0]
    }
    return Blueprint(
        name,
        parameters,
        draft.load,
        tuple(species),
        variants,
        populations=draft.populations,
    )


def _in_company(card: PartCard, parts: Mapping[str, str]) -> Iterator[Section]:
    """The conditional sections of a card that hold for these parts."""
    for part in PARTS:
        cases: Mapping[str, Section] = getattr(card, f"for_{part}")
        for name, section in cases.items():
            if part in parts and same_name(name, parts[part]):
                yield section


def _given_for(name: str, cards: Sequence[PartCard]) -> str:
    """In whose company a card gives the parameter, in words."""
    found = []
    for card in cards:
        for part in PARTS:
            cases: Mapping[str, Section] = getattr(card, f"for_{part}")
            found += [
                f"{part} {case}"
                for case, section in cases.items()
                if name in section.parameters
            ]
    return ", ".join(found)
