"""The first dose in humans of an escalation, beside the dose with which it begins."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from adckit.studies.designs import History
from adckit.studies.first_in_human import (
    AnimalDose,
    FirstDose,
    first_dose,
    per_body_unit,
)
from adckit.studies.protocol import TrialProtocol
from adckit.studies.protocol_cards import EscalationCard, FirstInHumanCard
from adckit.units import convert, parse_quantity

__all__ = ["StartOfTrial", "start_of_trial"]


@dataclass(frozen=True)
class StartOfTrial:
    """What a first dose in humans could be, and what it is in the protocol."""

    first: FirstDose
    begins: float
    """Dose of the first cohort, in the unit of `first`."""
    per: str
    """What of a dose is equal in man and animal: `surface` or `weight`."""

    def to_json(self) -> dict[str, Any]:
        """For `summary.json`; doses in `unit`."""
        first = self.first
        return {
            "unit": first.unit,
            "per": self.per,
            "tolerated": first.tolerated,
            "active": first.active,
            "proposed": first.proposed,
            "begins": self.begins,
            "steps": [asdict(step) for step in first.steps],
        }


def start_of_trial(protocol: TrialProtocol) -> StartOfTrial | None:
    """None for a protocol without a `first_in_human` block."""
    card, design = protocol.card, protocol.design
    if not isinstance(card, EscalationCard) or card.first_in_human is None:
        return None
    unit = per_body_unit(protocol.unit)
    assert design is not None
    assert unit is not None
    level = design(History(len(protocol.doses))).dose or 0
    return StartOfTrial(
        _first_dose(card.first_in_human, unit),
        convert(protocol.doses[level], protocol.unit, unit),
        card.first_in_human.per,
    )


def _first_dose(card: FirstInHumanCard, unit: str) -> FirstDose:
    animals = [
        AnimalDose(given.species, measure, given.dose, given.unit, given.source)
        for measure, given in (("STD10", card.std10), ("HNSTD", card.hnstd))
        if given is not None
    ]
    active = card.active
    if active is None:
        return first_dose(animals, unit=unit, per=card.per)
    exposure, exposure_unit = parse_quantity(active.exposure)
    return first_dose(
        animals,
        exposure=exposure,
        dose=convert(active.dose, active.unit, unit),
        target=convert(*parse_quantity(active.target), exposure_unit),
        unit=unit,
        per=card.per,
        why=active.source,
        exposure_unit=exposure_unit,
    )
