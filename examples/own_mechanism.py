"""A mechanism of one's own: antibodies against the drug, which speed up its clearance.

A mechanism is a function from a network to a network.  This one adds one state that
rises with exposure, and a flux out of every state of the central pool.
"""

from __future__ import annotations

import adckit
from adckit import Network, Observable, Parameter, Reaction, Source, Species
from adckit.network.expr import Symbol
from adckit.network.network import Part
from adckit.parameters import Status

GUESS = Source("Invented for this example")


def parameter(name: str, value: float, unit: str) -> Parameter:
    return Parameter(name, value, unit, GUESS, Status.ASSUMED)


def add_immune_clearance(network: Network) -> Network:
    """Immunity I in 0..1:  dI/dt = k (1 - I) C/(C50 + C);  extra clearance kmax I."""
    immunity, conjugate = Symbol("immunity"), Symbol("conjugate_concentration")
    drive = conjugate / (Symbol("half_immunising_concentration") + conjugate)
    loss = Symbol("maximum_immune_clearance") * immunity
    parts: list[Part] = [
        Species("immunity", "1", label="immunity against the drug"),
        Reaction(
            "immunisation",
            Symbol("immunisation_rate") * (1 - immunity) * drive,
            {"immunity": 1},
        ),
        parameter("immunisation_rate", 0.02, "1/day"),
        parameter("half_immunising_concentration", 10, "nM"),
        parameter("maximum_immune_clearance", 0.4, "1/day"),
        Observable("immunity_level", immunity, "%", "immunity against the drug"),
    ]
    for species in network.species:
        if species.name.startswith("central_"):
            gone = {"antibody": "antibody_degraded", "payload": "payload_excreted"}
            ledgers = {gone[m]: held for m, held in species.content.items()}
            changes = {species.name: -1.0, **ledgers}
            rate = loss * species.symbol
            parts.append(Reaction(f"immune_loss_of_{species.name}", rate, changes))
    return network.add(*parts).note("Immunity: clears the drug faster (example)")


def main() -> None:
    plain = adckit.prepare("T-DM1").network
    immune = add_immune_clearance(plain)
    for network in (plain, immune):  # units and balances are checked here
        result = adckit.simulate(network, "3.6 mg/kg q3w x6", strict=True)
        trough = result.curve("conjugate")[0][-1]
        print(f"{len(network.species)} states, last trough {trough:.2f} ug/mL")


if __name__ == "__main__":
    main()
