"""Antigen that differs from cell to cell, as cards and settings state it.

    antigen_classes    2 to 8 populations of cells, each with a name, its share of the
                       cells and its receptors per cell; a doubling time, a half-kill
                       occupancy and an efflux factor of its own where it has them
    antigen_staining   the same by grades of staining: shares of the cells that are 3+,
                       2+, 1+ and 0; the target's `staining_receptors` says how many
                       receptors a cell of each grade has

Both stand in a tumour's section `for_target`, or in any other.  `receptors_per_cell` of
the same section is the number at which those of the classes hold: where another card,
a setting or a patient has a different one, all classes go with it.

A setting such as `share_negative` leaves the other classes in their proportions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from adckit.library.cards import GRADES, SectionCard, ValueCard
from adckit.library.checking import hint, is_number, parameter_problem, sections
from adckit.library.reading import Node, Problems
from adckit.library.settings import Settings
from adckit.library.shelf import same_name
from adckit.mechanisms.blueprint import Blueprint, CellPopulation
from adckit.mechanisms.populations import SUM_OF_SHARES
from adckit.mechanisms.vocabulary import POPULATION_PARAMETERS
from adckit.parameters import Parameter, Source, Status

__all__ = [
    "check_antigen",
    "check_grades",
    "check_populations",
    "classes_of",
    "population_of",
    "reference_number",
    "shared_out",
]

_REFERENCE = "reference_receptors_per_cell"
_FEWEST, _MOST = 2, 8
_STEMS = tuple(spec.name for spec in POPULATION_PARAMETERS)
_DEFINITION = Source("definition: the number at which those of the classes were given")


_WAYS = ("classes", "staining")


def check_antigen(card: Node, problems: Problems) -> None:
    """Report what is wrong with classes and staining in any section of a card."""
    for section in sections(card):
        _check_section(section, problems)
    receptors = card.node("staining_receptors")
    _check_grades(receptors, problems)
    for entry in receptors.entries.values():
        _check_value("receptors_per_cell", entry, problems)


def check_grades(
    cards: Mapping[str, Node], parts: Mapping[str, str], problems: Problems
) -> None:
    """Report grades of staining for which the target gives no number of receptors.

    `cards` are those of the parts in use, whose names are `parts`.
    """
    known = (
        cards["target"].node("staining_receptors").entries if "target" in cards else {}
    )
    for card in cards.values():
        cases = (
            section
            for part, name in parts.items()
            for case, section in card.node(f"for_{part}").entries.items()
            if same_name(case, name)
        )
        for section in (card, *cases):
            shares = section.node("antigen_staining").node("shares")
            for grade, entry in shares.entries.items():
                if grade in GRADES and entry.value and grade not in known:
                    what = f"Target '{parts.get('target')}' gives no receptors per "
                    what += f"cell for {grade}. Add them to its `staining_receptors`, "
                    problems.add(entry.where, f"{what}or write `antigen_classes`.")


def _check_section(section: Node, problems: Problems) -> None:
    classes, staining = (section.node(f"antigen_{way}") for way in _WAYS)
    if classes.value is not None and staining.value is not None:
        what = "Give `antigen_classes` or `antigen_staining`; both say the same."
        problems.add(staining.where, what)
    if isinstance(classes.value, tuple):
        _check_classes(classes, problems)
    shares = staining.node("shares")
    _check_grades(shares, problems)
    if shares.entries:
        _check_sum(shares, shares.entries.values(), problems)


def _check_classes(classes: Node, problems: Problems) -> None:
    number = len(classes.items)
    if not _FEWEST <= number <= _MOST:
        what = f"There are {number} classes. Give {_FEWEST} to {_MOST}"
        alone = ", or `receptors_per_cell` alone where all cells are alike"
        problems.add(classes.where, f"{what}{alone if number < _FEWEST else ''}.")
    seen: set[str] = set()
    for item in classes.items:
        name = item.node("name")
        if name.text in seen:
            problems.add(
                name.where, f"There are two classes '{name.text}'. Rename one."
            )
        elif name.text and not (name.text.isidentifier() and name.text.isascii()):
            what = f"'{name.text}' cannot be part of a name. Use letters and digits."
            problems.add(name.where, what)
        seen.add(name.text or "")
        for stem in _STEMS:
            _check_value(stem, item.node(stem), problems)
    _check_sum(
        classes, [i.node("share").node("value") for i in classes.items], problems
    )


def _check_value(stem: str, entry: Node, problems: Problems) -> None:
    value, unit = entry.node("value").value, entry.node("unit").value
    if not is_number(value) or isinstance(unit, tuple | dict) or unit is None:
        return  # the form check says what is wrong with them
    found = parameter_problem(f"{stem}_", value, str(unit), ())
    if found is not None:
        key, sentence = found
        problems.add(entry.place((key,)), sentence.replace(f"'{stem}_'", f"'{stem}'"))


def _check_grades(grades: Node, problems: Problems) -> None:
    for grade, entry in grades.entries.items():
        if grade not in GRADES:
            what = f"'{grade}' is no grade of staining. {hint(grade, GRADES)}"
            problems.add(entry.where, what)


def _check_sum(place: Node, shares: Iterable[Node], problems: Problems) -> None:
    values = [float(s.value) for s in shares if is_number(s.value)]
    if any(value < 0 for value in values):
        problems.add(place.where, "A share is below 0. Give 0 or more.")
    total = math.fsum(values)
    if abs(total - 1) > SUM_OF_SHARES:
        what = f"The shares sum to {total:.6g}. Give shares of the cells that sum to 1."
        problems.add(place.where, what)


def classes_of(
    section: SectionCard, receptors: Mapping[str, ValueCard]
) -> dict[CellPopulation, dict[str, ValueCard]]:
    """Populations that a section states, with their parameters by start of name.

    `receptors` are the target's numbers by grade of staining.
    """
    if section.antigen_staining is None:
        return {
            CellPopulation(card.name, card.label or f"{card.name} cells"): card.values()
            for card in section.antigen_classes
        }
    staining, found = section.antigen_staining, {}
    for grade, name in GRADES.items():
        share = staining.shares.get(grade, 0.0)
        if share and grade in receptors:
            values = staining.model_dump(exclude={"shares"}) | {"unit": "1"}
            found[CellPopulation(name, f"cells that stain {grade}")] = {
                "share": ValueCard(value=share, **values),
                "receptors_per_cell": receptors[grade],
            }
    return found


def population_of(name: str) -> tuple[str, str] | None:
    """Start of name and population of a parameter that belongs to a population."""
    for stem in _STEMS:
        if name.startswith(f"{stem}_"):
            return stem, name.removeprefix(f"{stem}_")
    return None


def reference_number(
    parameters: Mapping[str, Parameter], populations: Sequence[CellPopulation]
) -> tuple[Parameter, ...]:
    """`receptors_per_cell`, and the number at which those of the classes hold.

    Where no card gives the first, it is the mean of the classes; nothing where no
    cell has antigen.
    """
    known = parameters.get("receptors_per_cell")
    if known is None or not known.value:
        held = [(parameters[p.share], parameters[p.receptors]) for p in populations]
        mean = math.fsum(share.value * number.internal for share, number in held)
        mean /= _per_cell()
        if not mean:
            return ()
        source = Source("Mean of the classes of antigen")
        known = _number("receptors_per_cell", mean, source)
    reference = _number(_REFERENCE, known.internal / _per_cell(), _DEFINITION)
    return known, reference


def _number(name: str, value: float, source: Source) -> Parameter:
    unit, bounds = "receptors/cell", (0.0, math.inf)
    return Parameter(name, value, unit, source, Status.ASSUMED, bounds=bounds)


def _per_cell() -> float:
    """One receptor per cell in internal units."""
    return _number("one", 1.0, _DEFINITION).internal


def shared_out(
    parameters: Mapping[str, Parameter],
    populations: Sequence[CellPopulation],
    changed: Sequence[Parameter],
    problems: Problems,
) -> dict[str, Parameter]:
    """The shares after some were set: the others keep their proportions."""
    names = [population.share for population in populations]
    shares = {name: parameters[name] for name in names if name in parameters}
    fixed = {p.name: p for p in changed if p.name in shares}
    if not fixed:
        return shares
    taken = math.fsum(p.internal for p in fixed.values())
    rest = {name: p for name, p in shares.items() if name not in fixed}
    left = math.fsum(p.internal for p in rest.values())
    if taken > 1 + SUM_OF_SHARES or (not left and abs(taken - 1) > SUM_OF_SHARES):
        where = ", ".join(f"'{name}'" for name in fixed)
        what = f"The shares sum to {taken:.6g}. Give shares of the cells that sum to 1."
        problems.add(f"setting {where}", what)
        return shares
    scale = max(1 - taken, 0.0) / left if left else 0.0
    return {**{n: p.with_value(p.value * scale) for n, p in rest.items()}, **fixed}


def check_populations(
    blueprint: Blueprint, settings: Settings, where: str, problems: Problems
) -> None:
    """Report what is said of populations that the tumour does not have."""
    known = [population.name for population in blueprint.populations]
    if settings.variants.get("antigen") == "classes" and not known:
        what = "All cells of this tumour are alike. State `antigen_classes` or "
        what += "`antigen_staining` in a card, or leave it out."
        problems.add("setting 'antigen'", what)
    chosen = {parameter.name for parameter in settings.parameters}
    uniform = blueprint.variant("antigen") == "uniform"
    for name in blueprint.parameters:
        found = population_of(name)
        if found is None:
            continue
        place = f"setting '{name}'" if name in chosen else where
        what = f"'{name}' is about cells that the tumour does not have: '{found[1]}'."
        if found[1] not in known:
            nearest = hint(found[1], known) or "All its cells are alike."
            problems.add(place, f"{what} {nearest}")
        elif uniform and name in chosen:
            what = "All cells are alike with `antigen: uniform`."
            problems.add(place, f"{what} Set `antigen` to `classes` as well.")
