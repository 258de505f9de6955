"""What organs are exposed to: eliminated payload, and conjugate in plasma.

    J = d/dt (payload_excreted + payload_excreted_in_situ)                  [nmol/day]

J is all payload that leaves the body: with antibody that is degraded outside the
tumour, and from plasma once it is free.  Over time it adds up to the dose of payload,
less what is lost with dead cells, whatever the kinetics of the free payload.
"""

from __future__ import annotations

from adckit.mechanisms.routes import PAYLOAD_EXCRETED, PAYLOAD_EXCRETED_IN_SITU
from adckit.network.expr import ZERO, Expr, Symbol
from adckit.network.network import Network
from adckit.network.parts import Rule

__all__ = ["CONJUGATE", "payload_elimination"]

CONJUGATE = Symbol("conjugate_concentration")
"""Antibody with at least one payload in plasma, nM."""

_LEDGERS = (PAYLOAD_EXCRETED.name, PAYLOAD_EXCRETED_IN_SITU.name)


def payload_elimination(network: Network) -> Rule:
    """Payload eliminated per day, from the fluxes that the network has so far."""
    changes = network.derivatives()
    total: Expr = ZERO
    for ledger in _LEDGERS:
        total = total + changes.get(ledger, ZERO)
    label = "payload that leaves the body"
    return Rule("payload_elimination", total, "nmol/day", label)
