"""A7.1. Liver: transaminases that follow the payload the liver has taken up.

    dH/dt   = f_H J - kH H                                    [nmol/day], kH = ln 2/t_H
    dALT/dt = kout [ALT0 (1 + (H/H50)^p) - ALT]               [times ULN per day]

J is the payload that is eliminated (`drivers`), and AST goes as ALT with a baseline,
half-life and power of its own.  H only watches: it holds no payload of the balance.
At constant input H is f_H J/kH, and ALT is ALT0 [1 + (H/H50)^p].

The half-life of H decides how schedules compare: the longer it is, the more a weekly
regimen adds up.

Defaults: none in the equations; values and their calibrations are in the library's
organ `liver`.
"""

from __future__ import annotations

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.toxicity.drivers import payload_elimination
from adckit.network.expr import Expr, log
from adckit.network.network import Network, Part
from adckit.network.parts import Observable, Reaction, Species

__all__ = ["add_liver"]

REFERENCE = "A7.1"
_ENZYMES = (
    ("alt", "alanine_aminotransferase", "ALT"),
    ("ast", "aspartate_aminotransferase", "AST"),
)


def add_liver(network: Network, blueprint: Blueprint) -> Network:
    """Payload in the liver, and ALT and AST in plasma.

    Raises ModelError with every parameter that is missing.
    """
    read, driver = Reader(blueprint), payload_elimination(network)
    payload = Species("hepatic_payload", label="payload that the liver has taken up")
    taken_up = read("hepatotoxic_fraction") * driver.symbol
    lost = log(2) / read("hepatic_half_life") * payload.symbol
    relative = payload.symbol / read("half_effect_hepatic_payload")
    parts: list[Part] = [
        driver,
        payload,
        Reaction("hepatic_uptake", taken_up, {payload.name: 1}, REFERENCE),
        Reaction("hepatic_loss", lost, {payload.name: -1}, REFERENCE),
        Observable("liver_payload", payload.symbol, "umol", payload.label),
    ]
    for name, enzyme, short in _ENZYMES:
        release = 1 + relative ** read(f"{name}_steepness")
        parts += _enzyme(read, name, enzyme, short, release)
    return read.add_to(network, *parts).note("Liver: ALT and AST (A7.1)")


def _enzyme(
    read: Reader, name: str, enzyme: str, short: str, release: Expr
) -> list[Part]:
    baseline = read(f"{name}_baseline")
    turnover = log(2) / read(f"{name}_half_life")
    level = Species(enzyme, "1", baseline, label=f"{short} in plasma, times ULN")
    return [
        level,
        Reaction(
            f"{enzyme}_release", turnover * baseline * release, {enzyme: 1}, REFERENCE
        ),
        Reaction(
            f"{enzyme}_clearance", turnover * level.symbol, {enzyme: -1}, REFERENCE
        ),
        Observable(name, level.symbol, "1", f"{short}, times upper limit of normal"),
    ]
