"""A7.4. Skin: keratinocytes that carry the antigen, such as CD44v6.

The equations are those of `on_target`; this is the organ they were written for.
"""

from __future__ import annotations

from adckit.mechanisms.blueprint import Blueprint
from adckit.mechanisms.toxicity.on_target import OnTargetOrgan, add_on_target_organ
from adckit.network.network import Network

__all__ = ["add_skin"]

_SKIN = OnTargetOrgan("skin", "skin", "keratinocytes")


def add_skin(network: Network, blueprint: Blueprint) -> Network:
    """Skin with the antigen on its keratinocytes.

    Raises ModelError with every parameter that is missing.
    """
    return add_on_target_organ(network, blueprint, _SKIN)
