"""The published phase I trials run again: their MTD beside the one that was found."""

from __future__ import annotations

import numpy as np

from adckit.report.trial_tables import percent
from adckit.studies.mechanistic_patients import MechanisticPatients
from adckit.studies.protocol import TrialProtocol, list_protocols, load_protocol
from adckit.studies.trial import run_escalations
from adckit.studies.trial_summary import EscalationSummary, summarise_escalations

__all__ = ["HEADERS", "retrodicted", "retrodictions"]

HEADERS = (
    "trial",
    "MTD in the model",
    "published",
    "called so",
    "within one level",
)
_SHOWN = 2
_TOGETHER = 200


def retrodictions() -> list[TrialProtocol]:
    """The escalations of the library that say what was found."""
    known = (load_protocol(name) for name in list_protocols())
    return [p for p in known if p.design is not None and p.card.published is not None]


def retrodicted(
    protocol: TrialProtocol, replicates: int, seed: int, threads: int | None = None
) -> tuple[str, ...]:
    """One row of text under `HEADERS`."""
    model = MechanisticPatients(protocol, seed, threads=threads, followed=0)
    runs = run_escalations(protocol, model, range(replicates), seed, together=_TOGETHER)
    found = summarise_escalations(runs)
    card = protocol.card.published
    assert card is not None
    published, share, near = "none", found.none, ""
    if card.mtd is not None:
        level = protocol.doses.index(card.mtd)
        published = f"{card.mtd:g} {protocol.unit}"
        share = float(found.selected[level])
        near = percent(float(found.selected[max(level - 1, 0) : level + 2].sum()))
    mark = "*" if card.role == "calibrated" else ""
    return (
        protocol.name + mark,
        _distribution(protocol, found),
        published,
        percent(share),
        near,
    )


def _distribution(protocol: TrialProtocol, found: EscalationSummary) -> str:
    """The levels that are called the MTD most often."""
    names = ["none", *(f"{dose:g}" for dose in protocol.doses)]
    shares = np.array([found.none, *found.selected])
    order = [n for n in np.argsort(-shares, kind="stable")[:_SHOWN] if shares[n] > 0]
    return ", ".join(f"{names[n]} ({percent(float(shares[n]))})" for n in order)
