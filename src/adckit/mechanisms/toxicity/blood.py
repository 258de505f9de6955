"""A7.2. Blood cells with feedback: progenitors, three stages of maturation, blood.

    dProl/dt = ktr Prol [(1 - E) (Circ0'/Circ)^gamma - 1]
    dT1/dt   = ktr (Prol - T1),  T2 and T3 alike              [1/L/day], ktr = 4/MTT
    dCirc/dt = ktr [T3 - Circ (1 + s_d C)]
    E        = min(s C, 1)                    C conjugate in plasma

Drift, where `<cell>_depletable_share` p is given:

    dF/dt = -kdep E F + krest (1 - F),    Circ0' = Circ0 (1 - p (1 - F)),    F(0) = 1

At constant E blood settles at Circ0' (1 - E)^(1/gamma).  Direct loss does not change
that: progenitors grow until they make up for it, so s_d deepens and hastens the nadir
only.  States are counts per litre of blood, whose volume is taken as constant.

Defaults: no direct loss (s_d 0) and no drift.  Form after Friberg 2002.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.toxicity.drivers import CONJUGATE
from adckit.network.expr import ONE, ZERO, Expr, Symbol, maximum, minimum
from adckit.network.network import Network, Part
from adckit.network.parts import Observable, Reaction, Rule, Species

__all__ = ["BloodLine", "add_blood_line"]

REFERENCE = "A7.2"
_STAGES = 3
_LEAST_COUNT = 1e-6
"""Share of the normal count below which feedback does not grow any more."""


@dataclass(frozen=True)
class BloodLine:
    """One line of blood cells."""

    cell: str
    """Start of its parameters and states, such as `platelet`."""
    precursor: str
    """What its progenitors are called."""

    @property
    def plural(self) -> str:
        return f"{self.cell}s"

    @property
    def circulating(self) -> Symbol:
        return Symbol(f"circulating_{self.plural}")

    @property
    def effect(self) -> Symbol:
        return Symbol(f"{self.cell}_renewal_lost")


def add_blood_line(network: Network, blueprint: Blueprint, line: BloodLine) -> Network:
    """Progenitors, maturing and circulating cells of one line, and their count.

    Raises ModelError with every parameter that is missing.
    """
    read, cell = Reader(blueprint), line.cell
    baseline = read(f"{cell}_baseline")
    passage = (_STAGES + 1) / read(f"{cell}_transit_time")
    lost = minimum(read(f"{cell}_slope") * CONJUGATE, ONE)
    label = f"share of the renewal of {line.plural} that is lost"
    drift, aim = _drift(read, blueprint, line, baseline)
    parts: list[Part] = [
        Rule(line.effect.name, lost, "1", label),
        *drift,
        *_maturation(read, line, baseline, passage, aim),
        Observable(line.plural, line.circulating, "1e9/L", f"{line.plural} in blood"),
    ]
    kind = "with drift" if drift else "without drift"
    return read.add_to(network, *parts).note(
        f"{line.plural.capitalize()}: feedback, {kind} (A7.2)"
    )


def _maturation(
    read: Reader, line: BloodLine, baseline: Expr, passage: Expr, aim: Expr
) -> list[Part]:
    stages = [f"{line.cell}_progenitors"]
    stages += [f"maturing_{line.plural}_{n + 1}" for n in range(_STAGES)]
    stages.append(line.circulating.name)
    labels = [line.precursor]
    labels += [f"{line.plural}, maturing, stage {n + 1}" for n in range(_STAGES)]
    labels.append(f"{line.plural} in blood")
    first, last = Symbol(stages[0]), line.circulating
    feedback = (aim / maximum(last, _LEAST_COUNT * baseline)) ** read(
        f"{line.cell}_feedback"
    )
    direct = 1 + read.optional(f"{line.cell}_loss_slope", ZERO) * CONJUGATE
    parts: list[Part] = [
        Species(name, "1/L", baseline, label=label)
        for name, label in zip(stages, labels, strict=True)
    ]
    parts.append(
        Reaction(
            f"{line.cell}_renewal",
            passage * first * (1 - line.effect) * feedback,
            {first.name: 1},
            REFERENCE,
        )
    )
    for here, after in pairwise(stages):
        flux = passage * Symbol(here)
        parts.append(Reaction(f"{here}_mature", flux, {here: -1, after: 1}, REFERENCE))
    parts.append(
        Reaction(
            f"{line.cell}_loss", passage * last * direct, {last.name: -1}, REFERENCE
        )
    )
    return parts


def _drift(
    read: Reader, blueprint: Blueprint, line: BloodLine, baseline: Expr
) -> tuple[list[Part], Expr]:
    """Progenitors that treatment uses up, and the count that feedback aims at."""
    cell = line.cell
    if f"{cell}_depletable_share" not in blueprint.parameters:
        return [], baseline
    reserve = Species(
        f"{cell}_reserve", "1", ONE, label=f"progenitors of {line.plural} not used up"
    )
    depletion = read(f"{cell}_depletion_rate") * line.effect * reserve.symbol
    restoration = read(f"{cell}_restoration_rate") * (1 - reserve.symbol)
    share = read(f"{cell}_depletable_share")
    parts: list[Part] = [
        reserve,
        Reaction(f"{cell}_depletion", depletion, {reserve.name: -1}, REFERENCE),
        Reaction(f"{cell}_restoration", restoration, {reserve.name: 1}, REFERENCE),
    ]
    return parts, baseline * (1 - share * (1 - reserve.symbol))
