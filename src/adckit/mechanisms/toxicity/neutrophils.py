"""A7.2. Neutrophils: the equations of `blood`, with a weak effect for DM1.

Neutropenia is rare with DM1 conjugates unless the antigen is on white cells, so no
library product lists this organ; it is there for antigens and payloads that differ.
"""

from __future__ import annotations

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.toxicity.blood import BloodLine, add_blood_line
from adckit.network.network import Network

__all__ = ["add_neutrophils"]

_NEUTROPHILS = BloodLine("neutrophil", "neutrophil progenitors")


def add_neutrophils(network: Network, blueprint: Blueprint) -> Network:
    """Neutrophils and their precursors.

    Raises ModelError with every parameter that is missing.
    """
    return add_blood_line(network, blueprint, _NEUTROPHILS)
