"""Checks of a card: its form, and what its parameters may be.

Every check adds to a list of problems with `file:line`; none stops at the first.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeGuard

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from adckit.errors import ModelError, RegimenError, UnitError, nearest_names
from adckit.library.cards import CARD_MODELS, LoadCard, PartCard
from adckit.library.reading import Node, Problems
from adckit.library.shelf import PARTS, list_parts, same_name
from adckit.mechanisms.blueprint import VARIANTS
from adckit.mechanisms.organ_parameters import ORGANS
from adckit.mechanisms.vocabulary import (
    PARAMETERS,
    PAYLOAD_SPECIES,
    specification,
)
from adckit.mechanisms.vocabulary import problems as value_problems
from adckit.molecules.load import DrugLoad, load_problems
from adckit.network.regimen import parse_regimen
from adckit.parameters import Parameter, Source, Status
from adckit.units import parse_unit

__all__ = [
    "check_content",
    "check_fields",
    "check_form",
    "drug_load",
    "hint",
    "is_number",
    "parameter_names",
    "parameter_problem",
    "sections",
    "variant_problem",
]


_ROUTES: Mapping[tuple[int | str, ...], str] = {
    ("released",): "A linker needs a route by which payload leaves it outside cells. "
    "Name the form of the payload that comes free there, such as `released: thiol`; a "
    "linker that is stable in blood has it too, with a deconjugation rate of 0.",
    ("catabolite",): "A linker needs a route by which payload leaves it in cells. Name "
    "the form of the payload that digestion of the antibody leaves, such as "
    "`catabolite: lysine adduct`.",
}
"""Key of a linker that is missing → what it is for."""


def check_form(kind: str, node: Node, problems: Problems) -> PartCard | None:
    """The card as a record, or None when its form is wrong."""
    card = check_fields(CARD_MODELS[kind], node, problems)
    return card if isinstance(card, PartCard) else None


def check_fields(
    model: type[BaseModel], node: Node, problems: Problems
) -> BaseModel | None:
    """The tree as a record of this form, or None when it has another."""
    try:
        return model.model_validate(node.plain())
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            problems.add(node.place(detail["loc"]), _sentence(model, detail))
            if model is CARD_MODELS["linker"] and detail["loc"] in _ROUTES:
                problems.add(node.place(detail["loc"]), _ROUTES[detail["loc"]])
        return None


def check_content(
    node: Node, species: Sequence[str], parts: Mapping[str, str], problems: Problems
) -> None:
    """What the form does not say: names, dimensions, limits, distributions.

    Works on the tree, so that a card whose form is wrong in one place is checked in
    all others.  `species` are the payload species that parameters may be about, and
    `parts` the parts in use, whose names `for_host` and the like may hold besides the
    library's.
    """
    for section in sections(node):
        for choice, option in section.node("model").entries.items():
            problem = variant_problem(choice, option.text or "")
            if option.text and problem:
                problems.add(option.where, problem)
        for name, entry in section.node("parameters").entries.items():
            _check_parameter(name, entry, species, problems)
        _check_load(section.node("load"), problems)
    for molecule in node.node("species").entries.values():
        like = molecule.node("like")
        if like.text and like.text not in node.node("species").entries:
            known = node.node("species").entries
            what = f"Unknown species '{like.text}'. {hint(like.text, known)}"
            problems.add(like.where, what)
    _check_regimen(node.node("regimen").node("text"), problems)
    for seen in node.node("observations").items:
        _check_unit(seen.node("unit"), problems)
        _check_regimen(seen.node("regimen"), problems)
    for organ, entry in node.node("organs").entries.items():
        if organ not in ORGANS:
            what = f"Unknown organ '{organ}'. {hint(organ, ORGANS)}"
            problems.add(entry.where, what)
    _check_company(node, parts, problems)


def parameter_problem(
    name: str, value: float, unit: str, species: Sequence[str]
) -> tuple[str, str] | None:
    """What is wrong with a parameter: the key at fault and a sentence, or None."""
    spec = specification(name, tuple(species))
    if spec is None:
        known = parameter_names(species)
        return "", _unknown_parameter(name, known)
    parameter = Parameter(name, value, unit, Source("being checked"), Status.ASSUMED)
    try:
        found = value_problems(parameter, spec)
    except UnitError as error:
        return "unit", str(error)
    if not found:
        return None
    units = {parse_unit(option).dimension for option in spec.units}
    key = "value" if parameter.dimension in units else "unit"
    return key, f"'{name}' ({spec.meaning}): {found[0]}."


def parameter_names(species: Sequence[str]) -> tuple[str, ...]:
    """Every parameter that a card may give."""
    own = (f"{one}_{spec.name}" for one in species for spec in PAYLOAD_SPECIES)
    return (*PARAMETERS, *own)


def variant_problem(choice: str, option: str) -> str | None:
    """What is wrong with a model choice, or None."""
    if choice not in VARIANTS:
        return f"Unknown model choice '{choice}'. {hint(choice, VARIANTS)}"
    if option not in VARIANTS[choice]:
        options = ", ".join(VARIANTS[choice])
        near = nearest_names(option, VARIANTS[choice], count=1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        return f"'{choice}' cannot be '{option}'. It is one of {options}.{meant}"
    return None


def drug_load(card: LoadCard) -> DrugLoad:
    """The distribution of payloads.  Raises ModelError when it is none."""
    if card.fractions is not None:
        return DrugLoad(card.fractions)
    return DrugLoad.binomial(card.sites or 0, card.mean or 0.0)


def hint(name: str, known: Iterable[str]) -> str:
    """The nearest names, or all where there are few, or nothing."""
    names = tuple(known)
    near = nearest_names(name, names)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 20 else ""


def sections(node: Node) -> Iterator[Node]:
    """Every part of a card that may hold parameters and choices."""
    yield node
    for part in PARTS:
        yield from node.node(f"for_{part}").entries.values()
    for choices in node.node("parameter_sets").entries.values():
        yield from choices.entries.values()


def _check_parameter(
    name: str, entry: Node, species: Sequence[str], problems: Problems
) -> None:
    value, unit = entry.node("value").value, entry.node("unit").value
    if not is_number(value) or isinstance(unit, tuple | dict) or unit is None:
        if specification(name, tuple(species)) is None:
            known = parameter_names(species)
            problems.add(entry.where, _unknown_parameter(name, known))
        return  # the form check says what is wrong with them
    found = parameter_problem(name, float(value), str(unit), species)
    if found:
        key, sentence = found
        problems.add(entry.place((key,)), sentence)


def is_number(value: object) -> TypeGuard[float]:
    """Whether a scalar is a finite number; YAML's true is none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value)


def _unknown_parameter(name: str, known: Iterable[str]) -> str:
    return f"Unknown parameter '{name}'. {hint(name, known)}".rstrip()


def _check_load(load: Node, problems: Problems) -> None:
    fractions = load.node("fractions")
    values = [item.value for item in fractions.items]
    if values and all(is_number(value) for value in values):
        for problem in load_problems(tuple(float(v) for v in values if is_number(v))):
            problems.add(fractions.where, problem)
    sites, mean = load.node("sites").value, load.node("mean").value
    if isinstance(sites, int) and is_number(mean):
        try:
            DrugLoad.binomial(sites, mean)
        except ModelError as error:
            for issue in error.issues:
                problems.add(load.node("mean").where, issue.what)


def _check_unit(unit: Node, problems: Problems) -> None:
    if not unit.text:
        return
    try:
        parse_unit(unit.text)
    except UnitError as error:
        problems.add(unit.where, str(error))


def _check_regimen(regimen: Node, problems: Problems) -> None:
    if not regimen.text:
        return
    try:
        parse_regimen(regimen.text)
    except RegimenError as error:
        message = str(error).splitlines()[0]
        problems.add(regimen.where, f"The regimen '{regimen.text}': {message}")


def _check_company(node: Node, parts: Mapping[str, str], problems: Problems) -> None:
    """A misspelt name under `for_host` would be ignored in silence."""
    for part in PARTS:
        known = (*list_parts(part), *([parts[part]] if part in parts else []))
        for name, entry in node.node(f"for_{part}").entries.items():
            unknown = not any(same_name(name, other) for other in known)
            near = nearest_names(name, known)
            if unknown and near:
                problems.add(
                    entry.where,
                    f"Unknown {part} '{name}'. Did you mean {' or '.join(near)}?",
                )


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> str:
    """A form error in words."""
    path, kind = detail["loc"], detail["type"]
    key = str(path[-1]) if path else "card"
    if kind == "extra_forbidden":
        return f"Unknown key '{key}'. {hint(key, _keys_at(model, path[:-1]))}".rstrip()
    if kind == "missing":
        return f"The key '{key}' is missing. Add `{key}: ...`."
    if kind == "model_type" and "parameters" in path:
        return (
            f"'{key}' is only {detail['input']!r}. Write a value with its origin: "
            "{value: ..., unit: ..., status: assumed, source: {citation: ...}}."
        )
    message = detail["msg"].removeprefix("Value error, ")
    if kind == "value_error":
        return f"'{key}': {message}."
    if isinstance(detail["input"], dict | list):
        return f"'{key}': {message}."
    return f"'{key}' is {detail['input']!r}: {message[0].lower()}{message[1:]}."


def _keys_at(model: type[BaseModel], path: Sequence[str | int]) -> tuple[str, ...]:
    """Keys that the form allows at a place."""
    current: object = model
    for step in path:
        current = _inner(current, step)
    fields = getattr(current, "model_fields", {})
    extra = ("based_on", "origin") if isinstance(current, type) and not path else ()
    return (*fields, *extra)


def _inner(annotation: object, step: str | int) -> object:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(step))
        return _bare(field.annotation) if field is not None else None
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is dict:
        return _bare(arguments[1])
    return _bare(arguments[0]) if arguments else None


def _bare(annotation: object) -> object:
    """The annotation without `| None`."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        kept = [a for a in typing.get_args(annotation) if a is not type(None)]
        return kept[0]
    return annotation
