"""From a name or a file to a Product.

A conjugate's card names its parts.  All cards are read and checked (`gathering`,
`checking`), then laid over each other (`resolving`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, cast

from adckit.errors import CardError, UnknownNameError
from adckit.library.antigen import check_antigen, check_grades, check_populations
from adckit.library.cards import (
    CellLineCard,
    CompartmentsCard,
    ConjugateCard,
    LinkerCard,
    ObservationCard,
    PartCard,
    PayloadCard,
    ProgrammeCard,
)
from adckit.library.checking import check_content, check_form, drug_load
from adckit.library.culture import (
    Culture,
    antigen_problem,
    mixed,
    open_cultures,
    published_assays,
)
from adckit.library.gathering import DISH, card_kind, open_host, open_parts
from adckit.library.opening import Opened, kind_of_file, open_file
from adckit.library.organ_choice import chosen_organs, open_organs, organ_uses
from adckit.library.product import (
    Observation,
    OrganUse,
    Product,
    Programme,
    PublishedAssay,
)
from adckit.library.reading import Problems
from adckit.library.resolving import (
    Draft,
    check_complete,
    check_hosts,
    make_blueprint,
    payload_species,
    resolve,
    set_hosts,
    set_options,
)
from adckit.library.settings import (
    CELLS,
    MIX,
    ORGANS,
    part_settings,
    sort_settings,
)
from adckit.library.shelf import (
    PARTS,
    aliases_of,
    find,
    is_path,
    known_names,
    list_parts,
    neutral_card,
)
from adckit.mechanisms.blueprint import Blueprint, PayloadSpecies
from adckit.mechanisms.vocabulary import PARAMETERS
from adckit.parameters import Parameter, Source

__all__ = ["check_part", "load_product"]

_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
_ProductCard: TypeAlias = ConjugateCard | CompartmentsCard


@dataclass(frozen=True)
class _Gathered:
    """Everything that a product is made of, checked but not yet one model."""

    opened: Opened
    card: _ProductCard
    cards: tuple[PartCard, ...]
    """Weakest first, the product's own last."""
    names: Mapping[str, str]
    """Part → name."""
    species: tuple[PayloadSpecies, ...] = ()
    all_species: tuple[str, ...] = ()
    """Every species of the payload, in use with this linker or not."""
    organs: tuple[str, ...] = ()
    cultures: tuple[Culture, ...] = ()
    """Cell lines beside the one that takes the place of the tumour."""
    shares: str | None = None
    """Their shares of the cells, as a setting gives them."""


def load_product(
    name_or_path: str | Path, *, settings: Mapping[str, str] = _NO_SETTINGS
) -> Product:
    """The product of that name or alias, or the one that a user's file describes.

    `settings` change it: a part (`linker`: `SMCC`), a named parameter set (`tubulin`:
    `legacy`), a model choice (`kill`: `linear`), the mean load (`dar`: `4`), the organs
    whose toxicity is followed (`organs`: `card`, or `liver, platelets`; none by
    default), or a parameter (`clearance`: `0.3 L/day`).  `cells`: `SK-BR-3` puts it on
    a cell line in a dish, `cells_2` to `cells_4` add lines and `mix` gives shares.

    Raises UnknownNameError for a name that is not in the library, and CardError with
    every problem of the cards and the settings together.
    """
    problems = Problems()
    wanted, rest = part_settings(settings)
    kind, opened = _open_product(name_or_path, problems)
    gathered = None
    if opened is not None:
        gather = _gather_conjugate if kind == "conjugate" else _gather_plain
        gathered = gather(opened, wanted, problems)
    if gathered is not None:
        product = _build(gathered, rest, problems)
        if product is not None and not problems:
            return product.with_digest()
    else:  # what can be said of the settings while the product is not known
        known = {key: value for key, value in rest.items() if key in PARAMETERS}
        sort_settings(known, (), {}, problems)
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    raise CardError(f"'{name_or_path}' cannot be used: {count}.", problems)


def check_part(kind: str, name: str, species: Sequence[str] = ()) -> PartCard:
    """One card of the library, checked on its own.

    `species` are payload species that its parameters may be about.

    Raises UnknownNameError for an unknown name, CardError with every problem.
    """
    problems = Problems()
    opened = open_file(kind, find(kind, name), problems)
    if opened is not None:
        own = tuple(opened.node.node("species").entries)
        check_content(opened.node, (*species, *own), {}, problems)
        check_antigen(opened.node, problems)
        card = check_form(kind, opened.node, problems)
        if card is not None and not problems:
            return card
    raise CardError(f"The {kind} '{name}' cannot be used.", problems)


def _open_product(
    name_or_path: str | Path, problems: Problems
) -> tuple[str, Opened | None]:
    """The product's kind, `conjugate` or `compartments`, and its card."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or is_path(text):
        kind = kind_of_file(Path(text))
        return kind, open_file(kind, Path(text), problems)
    for kind in ("conjugate", "compartments"):
        try:
            return kind, open_file(kind, find(kind, text), problems)
        except UnknownNameError:
            continue
    known = (*known_names("conjugate"), *list_parts("compartments"))
    raise UnknownNameError("product", text, known)


def _gather_conjugate(
    opened: Opened, wanted: Mapping[str, str], problems: Problems
) -> _Gathered | None:
    parts, node = open_parts(opened, wanted, problems)
    names = {kind: part.name for kind, part in parts.items()}
    payload = parts["payload"].node if "payload" in parts else node
    everything = tuple(payload.node("species").entries)
    cards = {}
    trees = {**{kind: part.node for kind, part in parts.items()}, "": node}
    for kind, tree in trees.items():
        check_content(tree, everything, names, problems)
        check_antigen(tree, problems)
        form = card_kind(kind, wanted) or "conjugate"
        card = check_form(form, tree, problems)
        if card is not None:
            cards[kind] = card
    check_grades(trees, names, problems)
    neutral = _neutral_values(problems)
    species: tuple[PayloadSpecies, ...] = ()
    if "payload" in cards and "linker" in cards:
        molecules = (
            cast(PayloadCard, cards["payload"]),
            cast(LinkerCard, cards["linker"]),
        )
        species = payload_species(*molecules, names, parts["linker"].node, problems)
    if neutral is None or any(kind not in cards for kind in (*PARTS, "")):
        return None
    product = cast(ConjugateCard, cards[""])
    organs = chosen_organs(wanted.get(ORGANS), product.organs, problems)
    of_organs = open_organs(organs, names, problems)
    every = (neutral, *(cards[kind] for kind in PARTS), *of_organs, product)
    cultures = open_cultures(wanted, opened.folder, problems)
    shares = wanted.get(MIX)
    return _Gathered(
        opened, product, every, names, species, everything, organs, cultures, shares
    )


def _neutral_values(problems: Problems) -> PartCard | None:
    """Values that switch a refinement off, under all cards."""
    opened = open_file("host", neutral_card(), problems)
    return check_form("host", opened.node, problems) if opened is not None else None


def _gather_plain(
    opened: Opened, wanted: Mapping[str, str], problems: Problems
) -> _Gathered | None:
    for part, name in wanted.items():
        if part != "host" and (part, name) != (ORGANS, "none"):
            problems.add(f"setting '{part}'", f"A plain drug has no {part}.")
    host = open_host(opened, wanted, problems)
    names = {"host": host.name} if host is not None else {}
    check_content(opened.node, (), names, problems)
    card = check_form("compartments", opened.node, problems)
    if host is None or card is None:
        return None
    check_content(host.node, (), names, problems)
    form = check_form("host", host.node, problems)
    if form is None:
        return None
    product = cast(CompartmentsCard, card)
    return _Gathered(opened, product, (form, card), names)


def _build(
    gathered: _Gathered, rest: Mapping[str, str], problems: Problems
) -> Product | None:
    card, cards, names = gathered.card, gathered.cards, gathered.names
    options = set_options(cards)
    used = tuple(species.name for species in gathered.species)
    changes = sort_settings(rest, used, options, problems)
    check_hosts(cards, changes, names["host"], problems)
    if problems:
        return None
    draft = Draft(drug_load(card.load) if isinstance(card, ConjugateCard) else None)
    draft = resolve(cards, draft, names, gathered.all_species, changes, problems)
    unused = [name for name in gathered.all_species if name not in used]
    blueprint = make_blueprint(gathered.opened.name, draft, gathered.species, unused)
    blueprint = blueprint.with_organs(*gathered.organs)
    check_populations(blueprint, changes, gathered.opened.node.where, problems)
    if names.get("host") == DISH:
        _check_dish(blueprint, names, problems)
        lines = gathered.cultures
        blueprint = mixed(blueprint, lines, gathered.shares, names, problems)
    assays = _assays(gathered, problems)
    if not problems:
        check_complete(blueprint, cards, gathered.opened.node.where, problems)
    observations = _observations(card)
    programme = _programme(card)
    organs = organ_uses(card) if isinstance(card, ConjugateCard) else {}
    return Product(
        name=gathered.opened.name,
        summary=card.summary,
        blueprint=blueprint,
        parts=_named_parts(names, gathered.cultures),
        aliases=aliases_of(gathered.opened.name) or card.aliases,
        tumours=_tumours(card, names),
        regimen=card.regimen.text if card.regimen else None,
        regimen_source=card.regimen.source.source(card.regimen.evidence)
        if card.regimen
        else None,
        programme=programme,
        organs=organs,
        observations=observations,
        assays=assays,
        choices={
            name: changes.options.get(name, known[0]) for name, known in options.items()
        },
        options=options,
        set_hosts=set_hosts(cards),
        scaled={n: h for n, h in draft.scaled.items() if n in blueprint.parameters},
        sources=_sources(blueprint.parameters, observations, programme, organs),
    )


def _check_dish(
    blueprint: Blueprint, names: Mapping[str, str], problems: Problems
) -> None:
    """What cells in a dish must have, and what they cannot have."""
    found = antigen_problem(blueprint, names)
    if found is not None:
        problems.add(f"setting '{CELLS}'", found)
    delivery = blueprint.variant("delivery")
    if delivery != "medium":
        what = f"is '{delivery}', but cells in a dish are in a medium. Leave it out."
        problems.add("model choice 'delivery'", what)


def _assays(gathered: _Gathered, problems: Problems) -> tuple[PublishedAssay, ...]:
    """What is published of the product on the cells in the dish, if they are alone."""
    name = gathered.opened.name
    names = (name, *(aliases_of(name) or gathered.card.aliases))
    found: tuple[PublishedAssay, ...] = ()
    for card in gathered.cards:
        if isinstance(card, CellLineCard):
            found = published_assays(card, names, problems)
    return () if gathered.cultures else found


def _named_parts(
    names: Mapping[str, str], cultures: Sequence[Culture]
) -> dict[str, str]:
    """The parts by what they are: in a dish the `tumour` is the cells."""
    named = dict(names)
    if named.get("host") == DISH:
        lines = (named.pop("tumour"), *(culture.name for culture in cultures))
        named[CELLS] = " + ".join(lines)
    return named


def _tumours(card: _ProductCard, names: Mapping[str, str]) -> tuple[str, ...]:
    if not isinstance(card, ConjugateCard) or names.get("host") == DISH:
        return ()
    return tuple(dict.fromkeys((names["tumour"], *card.tumours)))


def _observations(card: _ProductCard) -> tuple[Observation, ...]:
    cards: tuple[ObservationCard, ...] = getattr(card, "observations", ())
    return tuple(
        Observation(
            seen.analyte,
            seen.quantity,
            seen.value,
            seen.unit,
            seen.source.source(seen.evidence),
            seen.regimen,
            seen.condition,
            seen.role,
            seen.spread.spread() if seen.spread else None,
            seen.n,
            seen.day,
            seen.note,
        )
        for seen in cards
    )


def _programme(card: _ProductCard) -> Programme | None:
    block: ProgrammeCard | None = getattr(card, "programme", None)
    if block is None:
        return None
    return Programme(
        block.as_of,
        block.sponsor,
        block.rights,
        block.phase,
        block.tumour_types,
        block.ind_holder,
        tuple(source.source() for source in block.sources),
        block.licensee,
        block.note,
    )


def _sources(
    parameters: Mapping[str, Parameter],
    observations: Sequence[Observation],
    programme: Programme | None,
    organs: Mapping[str, OrganUse],
) -> tuple[Source, ...]:
    """Each source once, in the order of first use."""
    every = [parameter.source for parameter in parameters.values()]
    every += [seen.source for seen in observations]
    every += programme.sources if programme is not None else ()
    every += [use.source for use in organs.values() if use.source is not None]
    return tuple(dict.fromkeys(every))
