"""Designs by name, from the settings of a protocol file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from adckit.errors import CardError, Issue, UnknownNameError, nearest_names
from adckit.studies.designs.accelerated import AcceleratedTitration
from adckit.studies.designs.base import Design, Limits
from adckit.studies.designs.bayes_stopping import BayesianStopping
from adckit.studies.designs.boin import Boin
from adckit.studies.designs.crm import Crm
from adckit.studies.designs.keyboard import Keyboard
from adckit.studies.designs.simon import TwoStage, simon_designs
from adckit.studies.designs.three_plus_three import ThreePlusThree

__all__ = [
    "ESCALATIONS",
    "PHASE_TWO",
    "PhaseTwoDesign",
    "make_escalation",
    "make_phase_two",
]

PhaseTwoDesign = TwoStage | BayesianStopping

ESCALATIONS: Mapping[str, type[Any]] = {
    "3+3": ThreePlusThree,
    "accelerated": AcceleratedTitration,
    "crm": Crm,
    "boin": Boin,
    "mtpi-2": Keyboard,
    "keyboard": Keyboard,
}
"""Name in a protocol → escalation design."""

_FIXED: Mapping[str, Mapping[str, object]] = {
    "mtpi-2": {"partial_keys": True},
    "keyboard": {"partial_keys": False},
}
"""What a name says by itself."""


@dataclasses.dataclass(frozen=True)
class _Simon:
    """What is searched for, in the words of a protocol."""

    p0: float
    p1: float
    alpha: float = 0.05
    beta: float = 0.20


PHASE_TWO: Mapping[str, tuple[type[Any], Callable[[Any], PhaseTwoDesign]]] = {
    "simon-optimal": (_Simon, lambda s: simon_designs(s.p0, s.p1, s.alpha, s.beta)[0]),
    "simon-minimax": (_Simon, lambda s: simon_designs(s.p0, s.p1, s.alpha, s.beta)[1]),
    "two-stage": (TwoStage, lambda design: design),
    "bayesian": (BayesianStopping, lambda design: design),
}
"""Name in a protocol → its settings, and the design that they make."""


def make_escalation(name: str, settings: Mapping[str, object]) -> Design:
    """The escalation design of that name.

    `settings` are the fields of the design and of its `Limits`, side by side.  Raises
    UnknownNameError for the name, and CardError with every setting that is wrong;
    `where` of each issue is then the setting.
    """
    if name not in ESCALATIONS:
        raise UnknownNameError("design", name, ESCALATIONS)
    kind = ESCALATIONS[name]
    own = [field.name for field in dataclasses.fields(kind)]
    given = dict(settings)
    if "limits" in own:
        own.remove("limits")
        shared = [field.name for field in dataclasses.fields(Limits)]
        nested = {key: given.pop(key) for key in shared if key in given}
        _check_names(name, given, [*own, *shared])
        given["limits"] = nested
    else:
        _check_names(name, given, own)
    design: Design = _validated(name, kind, {**given, **_FIXED.get(name, {})})
    return design


def make_phase_two(name: str, settings: Mapping[str, object]) -> PhaseTwoDesign:
    """The phase II design of that name; errors are those of `make_escalation`."""
    if name not in PHASE_TWO:
        raise UnknownNameError("design", name, PHASE_TWO)
    kind, make = PHASE_TWO[name]
    _check_names(name, settings, [field.name for field in dataclasses.fields(kind)])
    return make(_validated(name, kind, settings))


def _check_names(name: str, given: Mapping[str, object], known: list[str]) -> None:
    issues = []
    for key in given:
        if key not in known:
            near = nearest_names(key, known)
            hint = f"Did you mean {' or '.join(near)}?" if near else _listed(known)
            issues.append(Issue(key, f"Unknown setting '{key}'. {hint}"))
    if issues:
        raise CardError(f"The design '{name}' cannot be used:", issues)


def _listed(known: list[str]) -> str:
    return f"Known: {', '.join(known)}." if known else "It has no settings."


def _validated(name: str, kind: type[Any], given: Mapping[str, object]) -> Any:
    try:
        return TypeAdapter(kind).validate_python(dict(given))
    except ValidationError as error:
        issues = []
        for detail in error.errors(include_url=False):
            path = [str(step) for step in detail["loc"] if step != "limits"]
            what = detail["msg"].removeprefix("Value error, ")
            key = path[0] if path else name
            if detail["type"] == "missing":
                what = f"The setting '{key}' is missing"
            issues.append(Issue(key, f"{what}."))
        raise CardError(f"The design '{name}' cannot be used:", issues) from None
