"""A1.5. Disposition in a host that nobody has measured, from one that somebody has.

    P_h = P_s (BW_h / BW_s)^b          BW: body weight, s: source host, h: this host

P_s is the value of the whole animal: one per kg or per m2 is first multiplied by the
weight or the surface of the source host.  The exponents b belong to the card of the
host that is scaled to (`scaling`).  What is scaled is a set that belongs together, and
only where no card gives any of it: the clearances and volumes of the antibody, or those
of one payload species.  Rates are never scaled, least of all deconjugation, which is
chemistry: it is a matter of species and linker.

The source is the first of `SOURCES` for which the cards give the set.  A scaled value
is `assumed`, and its source is the formula with its numbers, then where those are from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from adckit.library.cards import HostCard, ValueCard
from adckit.parameters import Parameter, Status

__all__ = ["SOURCES", "Lent", "scale"]

SOURCES = ("human", "cynomolgus", "rat", "mouse")
"""Hosts to scale from, the best known first."""

ANTIBODY = (
    "clearance",
    "central_volume",
    "distribution_clearance",
    "peripheral_volume",
    "deep_distribution_clearance",
    "deep_peripheral_volume",
)
PAYLOAD = ANTIBODY[:4]
_CORE = 2  # clearance and central volume, without which there is no set


@dataclass(frozen=True)
class Lent:
    """What another host has."""

    host: str
    parameters: Mapping[str, Parameter]
    variants: Mapping[str, str]


def scale(
    parameters: dict[str, Parameter],
    variants: dict[str, str],
    host: HostCard,
    species: Iterable[str],
    lend: Callable[[str], Lent | None],
) -> dict[str, str]:
    """Fill in the sets that are missing; scaled parameter → host it was scaled from.

    `lend` gives the values of another host, or None for the host itself.
    """
    scaled: dict[str, str] = {}
    wanted: list[tuple[str, tuple[str, ...], str]] = [("antibody", ANTIBODY, "")]
    wanted += [("payload", PAYLOAD, f"{name}_") for name in species]
    exponents = {str(name): value for name, value in host.scaling.items()}
    for owner, names, prefix in wanted:
        if any(f"{prefix}{name}" in parameters for name in names):
            continue
        lent = _first(lend, [f"{prefix}{name}" for name in names[:_CORE]])
        if lent is None:
            continue
        if owner == "antibody" and "disposition" in lent.variants:
            variants.setdefault("disposition", lent.variants["disposition"])
        for name in names:
            value = lent.parameters.get(f"{prefix}{name}")
            exponent = exponents.get(f"{owner}_{name}")
            if value is None or exponent is None:
                continue
            parameters[value.name] = _scaled(value, exponent, parameters, lent)
            scaled[value.name] = lent.host
    return scaled


def _first(lend: Callable[[str], Lent | None], needed: Iterable[str]) -> Lent | None:
    names = tuple(needed)
    for host in SOURCES:
        lent = lend(host)
        if lent is not None and all(name in lent.parameters for name in names):
            return lent
    return None


def _scaled(
    value: Parameter, exponent: ValueCard, here: Mapping[str, Parameter], lent: Lent
) -> Parameter:
    """One value in this host, with the formula as its source."""
    unit, there = value.unit, lent.parameters
    amount, whole = value.value, ""
    for body, suffix in (("body_weight", "/kg"), ("body_surface_area", "/m2")):
        if value.unit.endswith(suffix):
            size = there[body]
            unit = value.unit.removesuffix(suffix)
            amount *= size.value
            whole = f" x {size.value:g} {size.unit}"
    low, high = here["body_weight"].value, there["body_weight"].value
    formula = (
        f"Scaled by body weight from {lent.host}: {value.value:g} {value.unit}{whole} "
        f"x ({low:g} kg / {high:g} kg)^{exponent.value:g}; the exponent: "
        f"{exponent.source.citation}; the value ({value.status}): "
        f"{value.source.citation}"
    )
    number = float(f"{amount * (low / high) ** exponent.value:.4g}")
    return replace(
        value,
        value=number,
        unit=unit,
        status=Status.ASSUMED,
        source=replace(value.source, citation=formula),
        spread=None,
        fitted_to=None,
        note=None,
    )
