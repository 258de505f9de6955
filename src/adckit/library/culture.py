"""Cell lines: what they must have to stand in a dish, and what is published of them.

The first line of a dish takes the place of the tumour among the parts of a product.
Other lines become populations beside it, with their own number of antigens, division
and sensitivity; what lines share (volume of a cell, delay of death, traffic of the
antigen) is that of the first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adckit.errors import UnitError, nearest_names
from adckit.library.cards import AssayCard, CellLineCard, ValueCard
from adckit.library.checking import check_content, check_form
from adckit.library.opening import open_file, open_reference
from adckit.library.product import PublishedAssay
from adckit.library.reading import Problems
from adckit.library.settings import CELLS, MIX, MORE_CELLS, USER
from adckit.library.shelf import find, known_names, list_parts, same_name
from adckit.mechanisms.blueprint import Blueprint, CellPopulation
from adckit.mechanisms.vocabulary import POPULATION_PARAMETERS
from adckit.parameters import Parameter, Source, Status
from adckit.units import parse_unit

__all__ = [
    "Culture",
    "antigen_problem",
    "cell_line",
    "lines_with",
    "mixed",
    "open_cultures",
    "published_assays",
]

_SHARES = re.compile(r"\s*[\d.]+\s*%?\s*(,\s*[\d.]+\s*%?\s*)*")


@dataclass(frozen=True)
class Culture:
    """A line beside the first one in a dish."""

    name: str
    setting: str
    """The setting that put it there, as messages name it."""
    card: CellLineCard


def cell_line(name: str) -> CellLineCard | None:
    """The card of a line of the library, by its name; None where there is none."""
    known = (line for line in list_parts("cell_line") if same_name(line, name))
    line = next(known, None)
    return None if line is None else _card(line)


def antigen_problem(blueprint: Blueprint, parts: Mapping[str, str]) -> str | None:
    """Why these cells cannot meet this antibody, or None.

    An unknown number of antigens is not a number of none.
    """
    if "receptors_per_cell" in blueprint.parameters:
        return None
    return _no_antigen(parts["tumour"], parts["target"], "receptors_per_cell")


def _no_antigen(line: str, target: str, parameter: str) -> str:
    known = ", ".join(lines_with(target)) or "none"
    return (
        f"Cell line '{line}' has no number of {target} per cell, and none is assumed. "
        f"Give one, 0 for a line without it, as in --set '{parameter}=1e5 "
        f"receptors/cell'. Lines that have one: {known}."
    )


def open_cultures(
    wanted: Mapping[str, str], folder: Path | None, problems: Problems
) -> tuple[Culture, ...]:
    """The lines beside the first one, as settings name them."""
    keys = [key for key in (*MORE_CELLS, MIX) if key in wanted]
    if keys and CELLS not in wanted:
        what = f"is about more than one line. Give the first as {CELLS}=LINE."
        problems.add(f"setting '{keys[0]}'", what)
        return ()
    found: list[Culture] = []
    for key in MORE_CELLS:
        if key not in wanted:
            continue
        where = f"setting '{key}'"
        opened = open_reference("cell_line", wanted[key], where, folder, problems)
        if opened is None:
            continue
        check_content(opened.node, (), {}, problems)
        card = check_form("cell_line", opened.node, problems)
        if isinstance(card, CellLineCard):
            found.append(Culture(opened.name, where, card))
    return tuple(found)


def mixed(
    blueprint: Blueprint,
    cultures: Sequence[Culture],
    shares: str | None,
    parts: Mapping[str, str],
    problems: Problems,
) -> Blueprint:
    """The blueprint with a population for each line, where there are several."""
    if not cultures:
        if shares is not None:
            what = f"is about more than one line. Give another as {MORE_CELLS[0]}."
            problems.add(f"setting '{MIX}'", what)
        return blueprint
    lines = [parts["tumour"], *(culture.name for culture in cultures)]
    for line in dict.fromkeys(x for x in lines if lines.count(x) > 1):
        what = f"Line '{line}' is there twice. Name each line once."
        problems.add(f"setting '{MORE_CELLS[0]}'", what)
    kinds = [CellPopulation(_identifier(line), line) for line in lines]
    known: dict[str, Parameter] = {}
    given = _shares(shares, len(lines), problems)
    for kind, share in zip(kinds, given, strict=True):
        source = Source("share of the cells at the start, set by the user")
        known[kind.share] = Parameter(kind.share, share, "1", source, Status.ASSUMED)
    first = blueprint.parameters.get("receptors_per_cell")
    if first is not None:
        known[kinds[0].receptors] = replace(first, name=kinds[0].receptors)
    for kind, culture in zip(kinds[1:], cultures, strict=True):
        values = _values(culture, parts["target"])
        known |= _own(kind, values)
        _check_shared(culture, values, blueprint, lines[0], problems)
        if not {kind.receptors} & {*known, *blueprint.parameters}:
            what = _no_antigen(culture.name, parts["target"], kind.receptors)
            problems.add(culture.setting, what)
    parameters = {**known, **blueprint.parameters}  # what the user set stays
    return replace(blueprint, parameters=parameters, populations=tuple(kinds))


def _values(culture: Culture, target: str) -> dict[str, ValueCard]:
    """What a line's card says in the company of a target."""
    values = dict(culture.card.parameters)
    for antigen, section in culture.card.for_target.items():
        if same_name(antigen, target):
            values |= section.parameters
    return values


def _own(kind: CellPopulation, values: Mapping[str, ValueCard]) -> dict[str, Parameter]:
    """The parameters by which a line may differ from the first one."""
    found = {}
    for spec in POPULATION_PARAMETERS:
        if spec.name in values:
            name, bounds = f"{spec.name}_{kind.name}", (spec.lowest, spec.highest)
            found[name] = values[spec.name].parameter(name, bounds)
    return found


def _check_shared(
    culture: Culture,
    values: Mapping[str, ValueCard],
    blueprint: Blueprint,
    first: str,
    problems: Problems,
) -> None:
    """What lines share must be the same in their cards, or set for all."""
    own = {spec.name for spec in POPULATION_PARAMETERS}
    for name, card in values.items():
        shared = blueprint.parameters.get(name)
        if name in own or shared is None or shared.source == USER:
            continue
        other = card.parameter(name, shared.bounds)
        if not math.isclose(other.internal, shared.internal, rel_tol=1e-9):
            problems.add(
                culture.setting,
                f"Lines of one dish share '{name}', which is {shared.value:g} "
                f"{shared.unit} for '{first}' and {other.value:g} {other.unit} for "
                f"'{culture.name}'. Set one for both, as in --set "
                f"'{name}={shared.value:g} {shared.unit}'.",
            )


def _identifier(line: str) -> str:
    """A line's name as part of a state's name."""
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in line)
    return f"line_{plain}" if plain[:1].isdigit() else plain


def _shares(text: str | None, count: int, problems: Problems) -> list[float]:
    """Shares of the lines, in their order; the last is the rest where it is left out.

    Equal shares without a text.
    """
    equal = [1 / count] * count
    if text is None:
        return equal
    where, parts = f"setting '{MIX}'", text.split(",")
    if _SHARES.fullmatch(text) is None or len(parts) not in (count - 1, count):
        example = ", ".join(f"{100 // count}%" for _ in range(count - 1))
        what = f"'{text}' does not share {count} lines. Write {example}; "
        problems.add(where, f"{what}the last line has the rest.")
        return equal
    percent = [float(part.replace("%", "")) for part in parts]
    if len(percent) < count:
        percent.append(100 - math.fsum(percent))
    if min(percent) <= 0 or abs(math.fsum(percent) - 100) > 1e-6:
        what = f"'{text}' leaves a line without cells, or is not 100 % in sum."
        problems.add(where, f"{what} Give percentages above 0.")
        return equal
    return [value / 100 for value in percent]


def lines_with(target: str) -> tuple[str, ...]:
    """Lines of the library whose number of a target per cell is known."""
    return tuple(
        name
        for name in list_parts("cell_line")
        for antigen, section in _card(name).for_target.items()
        if same_name(antigen, target) and "receptors_per_cell" in section.parameters
    )


def published_assays(
    card: CellLineCard, names: Sequence[str], problems: Problems
) -> tuple[PublishedAssay, ...]:
    """What a line's card says of a product, by any of its names.

    Figures of other products are left; a name that is almost one of the library's, and
    a figure in an impossible unit, are problems.
    """
    found = []
    library = known_names("conjugate")
    for number, seen in enumerate(card.assays, 1):
        where = f"assays, entry {number}"
        wanted = "%" if seen.quantity == "plateau" else "nM | ug/mL"
        units = [parse_unit(unit.strip()).dimension for unit in wanted.split("|")]
        try:
            if parse_unit(seen.unit).dimension not in units:
                what = f"'{seen.unit}' is no unit of '{seen.quantity}'. Write {wanted}."
                problems.add(where, what.replace(" | ", " or "))
        except UnitError as error:
            problems.add(where, str(error))
        if any(same_name(seen.product, name) for name in names):
            found.append(_published(seen))
        elif not any(same_name(seen.product, name) for name in library):
            near = nearest_names(seen.product, library)
            if near:
                what = f"Unknown product '{seen.product}'. Did you mean {near[0]}?"
                problems.add(where, what)
    return tuple(found)


def _published(seen: AssayCard) -> PublishedAssay:
    return PublishedAssay(
        seen.quantity,
        seen.value,
        seen.unit,
        seen.role,
        seen.source.source(seen.evidence),
        seen.bound,
        seen.hours,
        seen.condition or "",
        seen.note or "",
    )


def _card(name: str) -> CellLineCard:
    problems = Problems()
    opened = open_file("cell_line", find("cell_line", name), problems)
    assert opened is not None
    card = check_form("cell_line", opened.node, problems)
    assert isinstance(card, CellLineCard), problems
    return card
