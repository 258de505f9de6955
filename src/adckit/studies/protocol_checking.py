"""Checks of a trial protocol; every problem has the line it is in.

The form is checked by the models of `protocol_cards`, everything else on the tree, so
that a protocol whose form is wrong in one place is checked in all others.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from adckit.errors import AdckitError, CardError, RegimenError, UnitError
from adckit.library.checking import hint
from adckit.library.loader import load_product
from adckit.library.populations import load_population
from adckit.library.product import Product
from adckit.library.reading import Node, Problems
from adckit.network.regimen import parse_regimen
from adckit.studies.designs import (
    Design,
    PhaseTwoDesign,
    make_escalation,
    make_phase_two,
)
from adckit.studies.first_in_human import per_body_unit
from adckit.studies.protocol_cards import PROTOCOL_FORMS, ProtocolCard
from adckit.units import convert, parse_quantity

__all__ = [
    "LABORATORY",
    "SYMPTOMS",
    "arm_rule",
    "check_content",
    "check_form",
    "escalation_design",
]

LABORATORY: Mapping[str, tuple[str, ...]] = {
    "liver": ("alt", "ast"),
    "platelets": ("platelets",),
    "neutrophils": ("neutrophils",),
}
"""Organ → the laboratory values that a model with it has."""

SYMPTOMS: Mapping[str, tuple[str, ...]] = {
    "neuropathy": ("neuropathy",),
    "skin": ("skin",),
    "normal-tissue": ("normal_tissue",),
}
"""Organ → the symptoms that a model with it has."""


def check_form(node: Node, problems: Problems) -> ProtocolCard | None:
    """The protocol as a record, or None when its form is wrong."""
    kind = node.node("kind").value
    if not isinstance(kind, str) or kind not in PROTOCOL_FORMS:
        given = "is missing" if kind is None else f"is '{kind}'"
        what = (
            f"The kind of protocol {given}. Write one of {', '.join(PROTOCOL_FORMS)}."
        )
        problems.add(node.node("kind").where, what)
        return None
    form = PROTOCOL_FORMS[kind]
    try:
        return form.model_validate(node.plain())
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            problems.add(node.place(detail["loc"]), _sentence(form, detail))
        return None


def check_content(node: Node, problems: Problems) -> None:
    """What the form does not say: names, levels, times, designs, regimens."""
    _check_levels(node.node("dose").node("levels"), problems)
    _check_times(node, problems)
    _check_regimens(node, problems)
    _check_first_dose(node, problems)
    _check_rules(node, problems)
    _check_population(node.node("population"), problems)
    _check_design(node, problems)
    _check_sizes(node, problems)
    product = _product(node, problems)
    if product is not None:
        _check_monitored(node, product, problems)


def escalation_design(given: Mapping[str, object], levels: Sequence[float]) -> Design:
    """The design of an escalation; a curve over doses takes the protocol's own.

    Raises UnknownNameError and CardError as `make_escalation` does.
    """
    settings = dict(given)
    name = str(settings.pop("name", ""))
    if settings.get("model") == "logistic2":
        settings.setdefault("doses", list(levels))
    return make_escalation(name, settings)


def arm_rule(given: Mapping[str, object]) -> PhaseTwoDesign:
    """The rule for an arm; errors are those of `make_phase_two`."""
    settings = dict(given)
    return make_phase_two(str(settings.pop("name", "")), settings)


def _check_levels(levels: Node, problems: Problems) -> None:
    before: float | None = None
    for position, item in enumerate(levels.items, start=1):
        value = item.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            before = None
            continue
        if before is not None and value <= before:
            what = (
                f"Dose level {position} ({value:g}) is not above level {position - 1} "
                f"({before:g}). Write the levels from the lowest to the highest."
            )
            problems.add(item.where, what)
        before = value


def _check_times(node: Node, problems: Problems) -> None:
    window = _days(node.node("dlt").node("window"))
    follow_up = _days(node.node("follow_up"))
    if window is not None and follow_up is not None and window > follow_up:
        what = (
            f"The DLT window of {window:g} days is longer than the follow-up of "
            f"{follow_up:g} days. Follow each subject to the end of its window."
        )
        problems.add(node.node("dlt").node("window").where, what)
    scans = _days(node.node("assessments").node("every"))
    length = follow_up if follow_up is not None else window
    if scans is not None and length is not None and scans > length:
        what = (
            f"The first scan, after {scans:g} days, lies beyond the follow-up of "
            f"{length:g} days. Add `follow_up:` or make it longer."
        )
        problems.add(node.node("assessments").node("every").where, what)


def _days(node: Node) -> float | None:
    if node.text is None:
        return None
    try:
        number, unit = parse_quantity(node.text)
        return convert(number, unit, "day")
    except UnitError:
        return None  # the form says what is wrong with it


def _check_regimens(node: Node, problems: Problems) -> None:
    unit, schedule = node.node("dose").node("unit").text, node.node("schedule")
    changed = bool(node.node("modifications").value or node.node("reductions").value)
    if schedule.text and unit:
        _check_regimen(schedule, f"1 {unit} {schedule.text}", problems)
        if changed:
            _check_carrier(schedule, f"1 {unit} {schedule.text}", problems)
    for arm in node.node("arms").entries.values():
        regimen = arm.node("regimen")
        if regimen.text:
            _check_regimen(regimen, regimen.text, problems)
            if changed:
                _check_carrier(regimen, regimen.text, problems)


def _check_regimen(node: Node, text: str, problems: Problems) -> None:
    try:
        parse_regimen(text)
    except RegimenError as error:
        problems.add(node.where, f"'{node.text}': {str(error).splitlines()[0]}")


def _check_carrier(node: Node, text: str, problems: Problems) -> None:
    """A dose that is held or reduced has no rule for what is given with it."""
    try:
        segments = parse_regimen(text).segments
    except RegimenError:
        return  # reported already
    if any(segment.carrier is not None for segment in segments):
        problems.add(
            node.where,
            f"'{node.text}' gives a carrier, and `modifications:` change its doses; it "
            "is not said what becomes of the carrier then. Leave one of them out.",
        )


def _check_first_dose(node: Node, problems: Problems) -> None:
    """Doses of animals are carried over to the unit of the dose levels."""
    block, unit = node.node("first_in_human"), node.node("dose").node("unit")
    if not block.entries or not unit.text:
        return
    kind = per_body_unit(unit.text)
    if kind is None:
        what = (
            f"A first dose in humans cannot be found in '{unit.text}'. Write the dose "
            "levels in mg/kg or mg/m2, or leave `first_in_human:` out."
        )
        problems.add(unit.where, what)
        return
    own = block.node("active").node("unit")
    if own.text and per_body_unit(own.text) not in (None, kind):
        what = (
            f"The active dose is in {own.text}, the dose levels are in {unit.text}. "
            "Write both per body weight or both per surface."
        )
        problems.add(own.where, what)


def _check_sizes(node: Node, problems: Problems) -> None:
    """Something has to end every arm."""
    arms, ruled = node.node("arms").entries, bool(node.node("design").entries)
    if node.node("kind").value == "phase2" and not ruled:
        what = "A phase II protocol needs a `design:` that judges the responses."
        problems.add(node.node("kind").where, what)
    for name, arm in arms.items():
        if not ruled and "subjects" not in arm.entries:
            what = (
                f"The arm '{name}' has neither `subjects:` nor a `design:` that ends "
                "it. Say how many subjects it has."
            )
            problems.add(arm.where, what)


def _check_rules(node: Node, problems: Problems) -> None:
    """Each rule looks at one thing."""
    for rule in _rules(node):
        given = [key for key in ("laboratory", "symptom") if key in rule.entries]
        if len(given) != 1:
            what = (
                "A rule is about one thing: write either `laboratory:` or `symptom:`."
            )
            problems.add(rule.where, what)


def _rules(node: Node) -> tuple[Node, ...]:
    rules = node.node("dlt").node("rules").items
    return (*rules, *node.node("modifications").items)


def _check_population(population: Node, problems: Problems) -> None:
    if not population.text:
        return
    try:
        load_population(population.text)
    except AdckitError as error:
        problems.add(population.where, str(error))


def _check_design(node: Node, problems: Problems) -> None:
    given, levels = node.node("design"), node.node("dose").node("levels")
    settings = given.plain()
    if isinstance(settings, dict) and given.entries:
        name = given.node("name")
        if not name.text:
            what = "The design needs a name. Write `name: 3+3`, or another."
            problems.add(given.where, what)
        elif node.node("kind").value == "escalation":
            values = [v for v in (i.value for i in levels.items) if _number(v)]
            doses = [float(str(v)) for v in values]
            _try_design(given, lambda: escalation_design(settings, doses), problems)
            _check_length(given, len(levels.items), problems)
        else:
            _try_design(given, lambda: arm_rule(settings), problems)
    harm, rule = node.node("harm"), node.node("harm").plain()
    if isinstance(rule, dict) and harm.entries:
        _try_design(harm, lambda: arm_rule({"name": "bayesian", **rule}), problems)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _try_design(
    given: Node,
    make: typing.Callable[[], Design | PhaseTwoDesign],
    problems: Problems,
) -> None:
    try:
        make()
    except CardError as error:
        for issue in error.issues:
            problems.add(given.place((issue.where,)), f"{issue.where}: {issue.what}")
    except AdckitError as error:
        problems.add(given.node("name").where, str(error))


def _check_length(given: Node, levels: int, problems: Problems) -> None:
    """Settings that have one value per level."""
    for key in ("skeleton", "doses"):
        count = len(given.node(key).items)
        if count and count != levels:
            what = f"'{key}' has {count} values for {levels} dose levels."
            problems.add(given.node(key).where, what)
    start = given.node("start").value
    if isinstance(start, int) and start > levels:
        what = f"The trial cannot start at level {start}: there are {levels}."
        problems.add(given.node("start").where, what)


def _product(node: Node, problems: Problems) -> Product | None:
    """The product, or None when it cannot be used; arms are tried as well."""
    name = node.node("product")
    if not name.text:
        return None
    shared = _texts(node.node("settings"))
    organs = node.node("organs").text or "card"
    product = _load(name.text, {**shared, "organs": organs}, name, problems)
    for arm in node.node("arms").entries.values():
        own = _texts(arm.node("settings"))
        tumour = arm.node("tumour")
        if tumour.text:
            own["tumour"] = tumour.text
        if own and product is not None:
            place = tumour if tumour.text else arm
            _load(name.text, {**shared, **own}, place, problems)
    return product


def _texts(node: Node) -> dict[str, str]:
    entries = node.entries.items()
    return {key: entry.text for key, entry in entries if entry.text is not None}


def _load(
    name: str, settings: Mapping[str, str], place: Node, problems: Problems
) -> Product | None:
    try:
        return load_product(name, settings=settings)
    except CardError as error:
        for issue in error.issues:
            problems.add(place.where, str(issue))
    except AdckitError as error:
        problems.add(place.where, str(error))
    return None


def _check_monitored(node: Node, product: Product, problems: Problems) -> None:
    """Rules on values and symptoms that the model lacks."""
    organs = product.blueprint.organs
    for rule in _rules(node):
        for key, table in (("laboratory", LABORATORY), ("symptom", SYMPTOMS)):
            wanted = rule.node(key)
            has = [name for organ in organs for name in table.get(organ, ())]
            if not wanted.text or wanted.text.lower() in has:
                continue
            what = f"The model of {product.name} has no {key} value '{wanted.text}'"
            if key == "symptom":
                what = f"The model of {product.name} has no symptom '{wanted.text}'"
            problems.add(wanted.where, f"{what}. {_remedy(wanted.text, has, table)}")


def _remedy(
    wanted: str, has: Sequence[str], table: Mapping[str, tuple[str, ...]]
) -> str:
    organ = next((o for o, names in table.items() if wanted.lower() in names), None)
    if organ is not None:
        return f"Add `{organ}` to `organs:`, or leave the rule out."
    known = ", ".join(has) if has else "none"
    return f"It has {known}. {hint(wanted, has) if len(has) > 1 else ''}".rstrip()


def _sentence(form: type[BaseModel], detail: ErrorDetails) -> str:
    """A form error in words."""
    path, kind = detail["loc"], detail["type"]
    key = next((str(step) for step in reversed(path) if isinstance(step, str)), "card")
    if kind == "extra_forbidden":
        return f"Unknown key '{key}'. {hint(key, _keys_at(form, path[:-1]))}".rstrip()
    if kind == "missing":
        return f"The key '{key}' is missing. Add `{key}: ...`."
    message = detail["msg"].removeprefix("Value error, ")
    if isinstance(detail["input"], dict | list | tuple):
        return f"'{key}': {message}."
    return f"'{key}' is {detail['input']!r}: {message[0].lower()}{message[1:]}."


def _keys_at(form: type[BaseModel], path: Sequence[str | int]) -> tuple[str, ...]:
    """Keys that the form allows at a place."""
    current: object = form
    for step in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(step))
            current = None if field is None else _inner(field.annotation)
    return tuple(getattr(current, "model_fields", {}))


def _inner(annotation: object) -> object:
    """What an optional, a list or a dictionary holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    held = [a for a in typing.get_args(annotation) if a is not types.NoneType]
    return next((found for a in held if (found := _inner(a)) is not None), None)
