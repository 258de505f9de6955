"""Checks of a card: its form, and what its parameters may be.

Every check adds to a list of problems with `file:line`; none stops at the first.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from adckit.errors import AdckitError, RegimenError, UnitError, nearest_names
from adckit.library.cards import (
    CARD_MODELS,
    ChoiceCard,
    CompartmentsCard,
    ConjugateCard,
    LoadCard,
    PartCard,
)
from adckit.library.reading import Node, Problems
from adckit.library.shelf import PARTS, list_parts, same_name
from adckit.mechanisms.blueprint import VARIANTS
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
    "check_card",
    "check_form",
    "drug_load",
    "hint",
    "parameter_names",
    "parameter_problem",
    "variant_problem",
]


def check_form(kind: str, node: Node, problems: Problems) -> PartCard | None:
    """The card as a record, or None when its form is wrong."""
    model = CARD_MODELS[kind]
    try:
        return model.model_validate(node.plain())
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            problems.add(node.place(detail["loc"]), _sentence(model, detail))
        return None


def check_card(
    card: PartCard,
    node: Node,
    species: Sequence[str],
    parts: Mapping[str, str],
    problems: Problems,
) -> None:
    """What the form does not say: names, dimensions, limits, distributions.

    `species` are the payload species that parameters may be about, and `parts` the
    parts in use, whose names `for_host` and the like may hold besides the library's.
    """
    for at, section in card.sections().items():
        for choice, option in section.model.items():
            problem = variant_problem(choice, option)
            if problem:
                problems.add(node.place((*at, "model", choice)), problem)
        for name, value in section.parameters.items():
            found = parameter_problem(name, value.value, value.unit, species)
            if found:
                key, sentence = found
                place = node.place((*at, "parameters", name, key))
                problems.add(place, sentence)
        if isinstance(section, ChoiceCard) and section.load is not None:
            _check_load(section.load, node, (*at, "load"), problems)
    if isinstance(card, ConjugateCard | CompartmentsCard) and card.regimen is not None:
        _check_regimen(card.regimen.text, node, ("regimen", "text"), problems)
    if isinstance(card, ConjugateCard):
        _check_load(card.load, node, ("load",), problems)
        for index, seen in enumerate(card.observations):
            _check_unit(seen.unit, node, ("observations", index, "unit"), problems)
            path = ("observations", index, "regimen")
            _check_regimen(seen.regimen, node, path, problems)
    _check_company(card, node, parts, problems)


def parameter_problem(
    name: str, value: float, unit: str, species: Sequence[str]
) -> tuple[str, str] | None:
    """What is wrong with a parameter: the key at fault and a sentence, or None."""
    spec = specification(name, tuple(species))
    if spec is None:
        known = parameter_names(species)
        return "", f"Unknown parameter '{name}'. {hint(name, known)}".rstrip()
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
        return f"'{choice}' cannot be '{option}'. It is one of {options}."
    return None


def drug_load(card: LoadCard) -> DrugLoad:
    """The distribution of payloads.  Raises ModelError when it is none."""
    if card.fractions is not None:
        return DrugLoad(card.fractions)
    return DrugLoad.binomial(card.sites or 0, card.mean or 0.0)


def hint(name: str, known: typing.Iterable[str]) -> str:
    """The nearest names, or all where there are few, or nothing."""
    names = tuple(known)
    near = nearest_names(name, names)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"Known: {', '.join(names)}." if 0 < len(names) <= 20 else ""


def _check_load(
    card: LoadCard, node: Node, path: tuple[str, ...], problems: Problems
) -> None:
    if card.fractions is not None:
        for problem in load_problems(card.fractions):
            problems.add(node.place((*path, "fractions")), problem)
        return
    try:
        drug_load(card)
    except AdckitError as error:
        problems.add(node.place(path), " ".join(str(error).split()))


def _check_unit(
    unit: str, node: Node, path: Sequence[str | int], problems: Problems
) -> None:
    try:
        parse_unit(unit)
    except UnitError as error:
        problems.add(node.place(path), str(error))


def _check_regimen(
    text: str, node: Node, path: Sequence[str | int], problems: Problems
) -> None:
    try:
        parse_regimen(text)
    except RegimenError as error:
        message = str(error).splitlines()[0]
        problems.add(node.place(path), f"The regimen '{text}': {message}")


def _check_company(
    card: PartCard, node: Node, parts: Mapping[str, str], problems: Problems
) -> None:
    """A misspelt name under `for_host` would be ignored in silence."""
    for part in PARTS:
        known = (*list_parts(part), *([parts[part]] if part in parts else []))
        for name in getattr(card, f"for_{part}"):
            unknown = not any(same_name(name, other) for other in known)
            near = nearest_names(name, known)
            if unknown and near:
                problems.add(
                    node.place((f"for_{part}", name)),
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
    extra = ("based_on",) if isinstance(current, type) and not path else ()
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
