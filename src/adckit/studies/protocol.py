"""Trial protocols: a file that a clinical pharmacologist can read, checked.

`load_protocol` reads a protocol of the library or a file, and reports every problem at
once, each with its line.  `protocol_text` gives the text of one, to start from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from adckit.errors import AdckitError, CardError, UnknownNameError
from adckit.library.reading import Problems, read_card
from adckit.library.shelf import is_path, same_name
from adckit.studies.designs import Design, PhaseTwoDesign
from adckit.studies.protocol_cards import (
    ArmsCard,
    EscalationCard,
    ModificationCard,
    ProtocolCard,
    RuleCard,
)
from adckit.studies.protocol_checking import (
    arm_rule,
    check_content,
    check_form,
    escalation_design,
)
from adckit.studies.response import Scans

__all__ = [
    "TEMPLATES",
    "Arm",
    "TrialProtocol",
    "list_protocols",
    "load_protocol",
    "protocol_text",
]

TEMPLATES = ("phase1", "expansion", "phase2", "schedules")
"""Protocols of the library that are meant to be copied and changed."""

_ROOT = Path(str(resources.files("adckit.library"))) / "protocols"
_DEFAULT_PER_MONTH = 4.0


@dataclass(frozen=True)
class Arm:
    """Subjects who begin with the same regimen."""

    name: str
    regimen: str
    """In the words of `parse_regimen`."""
    settings: Mapping[str, str]
    """Changes to the product, the protocol's own included."""
    subjects: int | None = None
    """How many at most; None where a design decides."""
    tumour: str | None = None
    response_rule: PhaseTwoDesign | None = None
    harm_rule: PhaseTwoDesign | None = None


@dataclass(frozen=True)
class TrialProtocol:
    """A protocol that can be run."""

    name: str
    card: ProtocolCard
    """Everything as it was written."""
    arms: tuple[Arm, ...]
    """One per dose level, lowest first, in an escalation."""
    design: Design | None
    """Of an escalation."""
    doses: tuple[float, ...] = ()
    """Dose levels of an escalation, rising."""
    unit: str = ""
    digest: str = ""
    """SHA-256 of the text."""

    @property
    def kind(self) -> str:
        """`escalation`, `expansion`, `phase2` or `schedules`."""
        return self.card.kind

    @property
    def window(self) -> float:
        """The DLT window, days."""
        return self.card.dlt.window

    @property
    def follow_up(self) -> float:
        """Days for which each subject is followed."""
        return self.card.follow_up or self.window

    @property
    def rules(self) -> tuple[RuleCard, ...]:
        """What a dose-limiting toxicity is; any one is enough."""
        return self.card.dlt.rules

    @property
    def modifications(self) -> tuple[ModificationCard, ...]:
        """Dose holds and reductions."""
        return self.card.modifications

    @property
    def scans(self) -> Scans | None:
        """When scans are made, up to the end of follow-up."""
        plan = self.card.assessments
        if plan is None:
            return None
        return Scans(
            plan.every,
            self.follow_up,
            plan.error,
            plan.confirm,
            most_lesions=plan.most_lesions,
        )

    @property
    def days_between_arrivals(self) -> float:
        """Mean time from one subject to the next, days."""
        plan = self.card.enrolment
        return 30.0 / (plan.per_month if plan else _DEFAULT_PER_MONTH)


@cache
def list_protocols() -> tuple[str, ...]:
    """Names of the protocols in the library, templates first."""
    names = sorted(path.stem for path in _ROOT.glob("*.yaml"))
    return (*TEMPLATES, *(name for name in names if name not in TEMPLATES))


def protocol_text(name: str) -> str:
    """The text of a protocol of the library.  Raises UnknownNameError."""
    return _file(name).read_text(encoding="utf-8")


def load_protocol(name_or_path: str | Path) -> TrialProtocol:
    """The protocol of that name, or the one in a file.

    Raises UnknownNameError for a name that is not in the library, and CardError with
    every problem of the file, each with its line.
    """
    path = _file(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise AdckitError(f"Cannot read the protocol '{path}': {reason}.") from None
    return read_protocol(text, path.stem, path.name)


def read_protocol(text: str, name: str, label: str) -> TrialProtocol:
    """The protocol in a text; `label` names it in messages.  Raises CardError."""
    problems = Problems()
    node = read_card(text, label, problems)
    card = None
    if node is not None:
        card = check_form(node, problems)
        check_content(node, problems)
    if card is None or problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        issues = sorted(problems, key=lambda issue: _line(issue.where))
        raise CardError(f"The protocol '{name}' cannot be used: {count}.", issues)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if isinstance(card, EscalationCard):
        return _escalation(name, card, digest)
    assert isinstance(card, ArmsCard)
    return TrialProtocol(name, card, _arms(card), None, digest=digest)


def _file(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, Path) or is_path(name_or_path):
        return Path(name_or_path)
    for name in list_protocols():
        if same_name(name, name_or_path):
            return _ROOT / f"{name}.yaml"
    raise UnknownNameError("protocol", name_or_path, list_protocols())


def _line(where: str) -> int:
    line = where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0


def _escalation(name: str, card: EscalationCard, digest: str) -> TrialProtocol:
    settings = {**card.settings, "organs": card.organs}
    arms = tuple(
        Arm(
            f"{dose:g} {card.dose.unit}",
            f"{dose:g} {card.dose.unit} {card.schedule}",
            settings,
        )
        for dose in card.dose.levels
    )
    design = escalation_design(card.design, card.dose.levels)
    return TrialProtocol(
        name, card, arms, design, card.dose.levels, card.dose.unit, digest
    )


def _arms(card: ArmsCard) -> tuple[Arm, ...]:
    respond = arm_rule(card.design) if card.design else None
    harm = arm_rule({"name": "bayesian", **card.harm}) if card.harm else None
    arms = []
    for name, arm in card.arms.items():
        settings = {**card.settings, "organs": card.organs, **arm.settings}
        if arm.tumour is not None:
            settings["tumour"] = arm.tumour
        arms.append(
            Arm(name, arm.regimen, settings, arm.subjects, arm.tumour, respond, harm)
        )
    return tuple(arms)
