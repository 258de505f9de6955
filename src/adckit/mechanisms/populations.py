"""A4-A6. Populations of tumour cells, by their names, symbols and share of the tumour.

A tumour has one population of cells, or several that share its interstitium: one pool
of antibody and one of each payload species, from which all take and to which all give
back.  That is the bystander effect: payload that leaves a cell with antigen enters one
without.  Population p has

    s_p     share of the cells at the start, sum 1 (relative to their sum)
    R_p     receptors per cell; none for cells without antigen, which have no states
            of receptor or bound antibody, only fluid-phase uptake and entry of payload
    T_p, th50_p, e_p   doubling time, half-kill occupancy, exit of payload relative to
            the other cells, where the population has its own (e.g. a resistant clone)

    initial volume of p = s_p V0        growth g(w) with w the volume of all together

R_p may be given together with `reference_receptors_per_cell`; then every R_p is times
receptors_per_cell / reference_receptors_per_cell, so that the number of one patient
scales all populations alike.

With one population no name changes; with several, names end in the population's.

Defaults: one population; T, th50 those of the tumour, e 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adckit.errors import Issue
from adckit.mechanisms.blueprint import Blueprint, CellPopulation
from adckit.mechanisms.reading import Reader
from adckit.network.expr import ONE, ZERO, Expr, Symbol

__all__ = [
    "CELLS",
    "SPACE",
    "SUM_OF_SHARES",
    "TOTAL",
    "Population",
    "population_issues",
    "populations_of",
    "total_of",
]

TOTAL = Symbol("total_tumour_volume")
SPACE = Symbol("tumour_space")
"""Tumour volume, one cell at least: what rates per volume divide by."""
CELLS = Symbol("cell_count")

_STAGES = (1, 2, 3)
SUM_OF_SHARES = 1e-6
"""How far the shares may be from 1 in sum; they are written with few digits."""


@dataclass(frozen=True)
class Population:
    """Cells that are alike; `kind` is None where all cells of the tumour are."""

    kind: CellPopulation | None
    antigen: bool
    """Its cells carry antigen."""

    def named(self, stem: str) -> str:
        """The name of a part of this population."""
        return f"{stem}_{self.kind.name}" if self.kind else stem

    def about(self, text: str) -> str:
        """What a part is, with the population where there are several."""
        return f"{text}, {self.kind.label}" if self.kind else text

    def symbol(self, stem: str) -> Symbol:
        """The symbol of a part of this population."""
        return Symbol(self.named(stem))

    @property
    def viable(self) -> Symbol:
        """Volume of viable cells."""
        return self.symbol("viable_tumour")

    @property
    def dying(self) -> tuple[Symbol, ...]:
        """Volumes of dying cells, by stage."""
        return tuple(Symbol(f"{self.named('dying_tumour')}_{n}") for n in _STAGES)

    @property
    def total(self) -> Symbol:
        """Volume of all its cells."""
        return self.symbol(TOTAL.name)

    @property
    def space(self) -> Symbol:
        """The same, one cell at least."""
        return self.symbol(SPACE.name)

    @property
    def cells(self) -> Symbol:
        return self.symbol(CELLS.name)

    @property
    def births(self) -> Symbol:
        """Cells born per day."""
        return self.symbol("birth_rate")

    @property
    def death_rate(self) -> Symbol:
        """Share of its cells that disappears per day."""
        return self.symbol("cell_death_rate")

    @property
    def kill(self) -> Symbol:
        """Killing of its viable cells, per day."""
        return self.symbol("kill_rate")

    @property
    def occupancy(self) -> Symbol:
        """Share of its tubulin that holds payload."""
        return self.symbol("tubulin_occupancy")

    @property
    def payload(self) -> Symbol:
        """Payload in its cells per cell volume."""
        return self.symbol("intracellular_payload")

    def initial_share(self, read: Reader, among: Iterable[Population]) -> Expr:
        """Share of the tumour at the start; `among` are all populations."""
        if self.kind is None:
            return ONE
        shares = [read(p.kind.share) for p in among if p.kind is not None]
        return read(self.kind.share) / total_of(shares)

    def receptors(self, read: Reader) -> Expr:
        """Receptors per cell without drug."""
        if self.kind is None:
            return read("receptors_per_cell")
        own = read(self.kind.receptors)
        reference = read.optional("reference_receptors_per_cell", ONE)
        if reference is ONE:
            return own
        return own * (read("receptors_per_cell") / reference)

    @property
    def told_apart(self) -> bool:
        """There are others, so totals are apart from what this one has."""
        return self.kind is not None

    def own(self, read: Reader, name: str) -> Symbol:
        """A parameter of these cells, or the one that all cells share."""
        return read.own(self.named(name), name)


def populations_of(blueprint: Blueprint) -> tuple[Population, ...]:
    """The populations of the tumour's cells; one without a name where all are alike."""
    kinds = blueprint.populations
    if not kinds or blueprint.variant("antigen") == "uniform":
        return (Population(None, antigen=True),)
    return tuple(Population(kind, _has_antigen(blueprint, kind)) for kind in kinds)


def _has_antigen(blueprint: Blueprint, kind: CellPopulation) -> bool:
    given = blueprint.parameters.get(kind.receptors)
    return given is None or given.value != 0


def population_issues(blueprint: Blueprint) -> list[Issue]:
    """What keeps the populations from being a tumour."""
    kinds, issues = blueprint.populations, []
    for kind in kinds:
        if not (kind.name.isidentifier() and kind.name.isascii()):
            what = "is no name for states; use letters, digits and underscores"
            issues.append(Issue(f"cell population '{kind.name}'", what))
    names = [kind.name for kind in kinds]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        what = "is there more than once; give each population its own name"
        issues.append(Issue(f"cell population '{name}'", what))
    shares = [blueprint.parameters.get(kind.share) for kind in kinds]
    known = [share.internal for share in shares if share is not None]
    if kinds and len(known) == len(kinds):
        total = sum(known)
        if abs(total - 1) > SUM_OF_SHARES:
            what = f"sum to {total:.6g}; give shares of the tumour that sum to 1"
            issues.append(Issue("shares of the cell populations", what))
    return issues


def total_of(terms: Iterable[Expr]) -> Expr:
    """The sum, without a leading zero."""
    total: Expr = ZERO
    for term in terms:
        total = total + term
    return total
