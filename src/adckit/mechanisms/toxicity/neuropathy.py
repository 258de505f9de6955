"""A7.3. Peripheral neuropathy: a hazard that grows with all payload eliminated so far.

    dU/dt = J                                                            [nmol/day]
    dN/dt = J - k_rep N                                  k_rep = ln 2/t_rep
    hazard so far of grade 1 or more    B = beta U + h0 t
    of grade 2, of grade 3 or more      share_2 B, share_3 B
    P(grade g or more by t)             1 - exp(-share_g B)

J is the payload that is eliminated (`drivers`), h0 the rate in patients without the
drug.  U never falls, so at equal cumulative dose all schedules are alike; N is the part
of the injury that nerves repair.

Defaults: no background, and a potency by linker in the library's organ `neuropathy`:
a linker that gives the thiol is many times worse than one that gives a lysine adduct.
"""

from __future__ import annotations

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.reading import Reader
from adckit.mechanisms.toxicity.drivers import payload_elimination
from adckit.network.expr import TIME, ZERO, exp, log
from adckit.network.network import Network, Part
from adckit.network.parts import Observable, Reaction, Rule, Species

__all__ = ["add_neuropathy"]

REFERENCE = "A7.3"
_GRADES = (("moderate", "2"), ("severe", "3"))


def add_neuropathy(network: Network, blueprint: Blueprint) -> Network:
    """The cumulative hazard of neuropathy, by grade.

    Raises ModelError with every parameter that is missing.
    """
    read, driver = Reader(blueprint), payload_elimination(network)
    exposure = Species("nerve_payload", label="payload eliminated so far")
    injury = Species("reversible_nerve_injury", label="nerve injury not yet repaired")
    repair = log(2) / read("nerve_repair_half_life") * injury.symbol
    background = read.optional("neuropathy_background", ZERO) * TIME
    hazard = Rule(
        "cumulative_neuropathy_hazard",
        read("neuropathy_potency") * exposure.symbol + background,
        "1",
        "hazard so far of neuropathy of any grade",
    )
    parts: list[Part] = [
        driver,
        exposure,
        injury,
        hazard,
        Reaction("nerve_exposure", driver.symbol, {exposure.name: 1}, REFERENCE),
        Reaction("nerve_injury", driver.symbol, {injury.name: 1}, REFERENCE),
        Reaction("nerve_repair", repair, {injury.name: -1}, REFERENCE),
        Observable(
            "neuropathy", 1 - exp(-hazard.symbol), "%", "chance so far of neuropathy"
        ),
        Observable("neuropathy_hazard", hazard.symbol, "1", hazard.label),
        Observable("nerve_injury_now", injury.symbol, "umol", injury.label),
    ]
    for word, grade in _GRADES:
        graded = read(f"neuropathy_{word}_share") * hazard.symbol
        label = f"hazard so far of neuropathy of grade {grade} or more"
        parts.append(Observable(f"{word}_neuropathy_hazard", graded, "1", label))
    return read.add_to(network, *parts).note("Neuropathy: cumulative hazard (A7.3)")
