"""A7.2. Platelets: megakaryocytes lose their renewal to conjugate in plasma.

The equations are those of `blood`.  The driver is conjugate, not free payload: T-DM1
kills megakaryocytes in culture at the concentrations of a treated patient's plasma,
whether they carry the antigen or not, while free DM1 is a thousand times lower.
"""

from __future__ import annotations

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.toxicity.blood import BloodLine, add_blood_line
from adckit.network.network import Network

__all__ = ["add_platelets"]

_PLATELETS = BloodLine("platelet", "megakaryocyte progenitors")


def add_platelets(network: Network, blueprint: Blueprint) -> Network:
    """Platelets and their precursors.

    Raises ModelError with every parameter that is missing.
    """
    return add_blood_line(network, blueprint, _PLATELETS)
