"""Where payload goes once it has left the antibody, and which layers a model has.

A payload species `arises` either `released` by the linker outside cells or as the
`catabolite` of the lysosome.  A product with one species makes it in both ways.
Without payload kinetics (variant `payload: none`) what leaves the antibody outside
cells is counted as excreted.
"""

from __future__ import annotations

from dataclasses import dataclass

from adckit.errors import Issue
from adckit.mechanisms.blueprint import Blueprint, PayloadSpecies
from adckit.mechanisms.pools import ANTIBODY, ANTIGEN, PAYLOAD
from adckit.network.parts import Species

__all__ = [
    "ANTIBODY_DEGRADED",
    "ANTIGEN_DEGRADED",
    "ANTIGEN_SYNTHESISED",
    "PAYLOAD_EXCRETED",
    "PAYLOAD_EXCRETED_IN_SITU",
    "PAYLOAD_LOST",
    "Routes",
    "has_cells",
    "has_tumour",
    "needs_payload",
    "role_issues",
]


def _ledger(name: str, moiety: str, held: float, label: str) -> Species:
    return Species(name, content={moiety: held}, label=label, ledger=True)


ANTIBODY_DEGRADED = _ledger("antibody_degraded", ANTIBODY, 1, "antibody degraded")
PAYLOAD_EXCRETED = _ledger(
    "payload_excreted", PAYLOAD, 1, "payload cleared from plasma"
)
PAYLOAD_EXCRETED_IN_SITU = _ledger(
    "payload_excreted_in_situ",
    PAYLOAD,
    1,
    "payload of degraded antibody that never reached plasma",
)
PAYLOAD_LOST = _ledger(
    "payload_lost_with_dead_cells", PAYLOAD, 1, "payload removed with dead cells"
)
ANTIGEN_SYNTHESISED = _ledger(
    "antigen_synthesised", ANTIGEN, -1, "antigen made by cells, as a debt"
)
ANTIGEN_DEGRADED = _ledger(
    "antigen_degraded", ANTIGEN, 1, "antigen degraded or removed with dead cells"
)


@dataclass(frozen=True)
class Routes:
    """The payload species of a blueprint by the part they play."""

    blueprint: Blueprint

    @property
    def released(self) -> PayloadSpecies | None:
        """The species that the linker releases outside cells."""
        return self._arising("released")

    @property
    def catabolite(self) -> PayloadSpecies | None:
        """The species that proteolysis makes."""
        return self._arising("catabolite")

    def _arising(self, how: str) -> PayloadSpecies | None:
        species = self.blueprint.species
        found = [s for s in species if s.arises == how]
        return found[0] if found else (species[0] if len(species) == 1 else None)

    def plasma(self, species: PayloadSpecies | None) -> str:
        """The state that holds a species in plasma, or the ledger in its place."""
        if species is None or self.blueprint.variant("payload") == "none":
            return PAYLOAD_EXCRETED.name
        return f"{species.name}_central"

    @property
    def in_plasma(self) -> tuple[PayloadSpecies, ...]:
        """The species whose plasma concentration is followed."""
        none = self.blueprint.variant("payload") == "none"
        return () if none else self.blueprint.species


def has_tumour(blueprint: Blueprint) -> bool:
    """There is a tumour that grows."""
    return blueprint.variant("delivery") != "none"


def needs_payload(blueprint: Blueprint) -> bool:
    """Kill depends on payload in cells."""
    return blueprint.variant("kill") in ("occupancy", "concentration", "linear")


def has_cells(blueprint: Blueprint) -> bool:
    """There are tumour cells that take up drug."""
    if not has_tumour(blueprint):
        return False
    takes_up = blueprint.variant("delivery") in ("well-mixed", "krogh", "medium")
    return takes_up or needs_payload(blueprint)


def role_issues(blueprint: Blueprint) -> list[Issue]:
    """What keeps the payload species from playing their parts."""
    issues = []
    for species in blueprint.species:
        if species.arises not in ("released", "catabolite"):
            what = f"arises '{species.arises}'; write 'released' or 'catabolite'"
            issues.append(Issue(f"payload species '{species.name}'", what))
    for how in ("released", "catabolite"):
        named = [s.name for s in blueprint.species if s.arises == how]
        if len(named) > 1:
            what = f"{' and '.join(named)} arise '{how}'; keep one of them"
            issues.append(Issue("payload species", what))
    if has_cells(blueprint) and not blueprint.species:
        what = "is empty, but cells make payload of the conjugate; name one"
        issues.append(Issue("payload species", what))
    return [*issues, *_release_issues(blueprint)]


def _release_issues(blueprint: Blueprint) -> list[Issue]:
    """Payload that nothing sets free in cells could not act there."""
    rates = ("lysosomal_degradation_rate", "intracellular_cleavage_rate")
    given = [blueprint.parameters.get(name) for name in rates]
    shut = all(rate is not None and rate.value == 0 for rate in given)
    if not (shut and has_cells(blueprint) and needs_payload(blueprint)):
        return []
    what = (
        "are both 0: nothing sets payload free in cells, and nothing could be killed. "
        "Give one of them a value above 0, or choose 'kill: none'"
    )
    return [Issue(f"parameters '{rates[0]}' and '{rates[1]}'", what)]
