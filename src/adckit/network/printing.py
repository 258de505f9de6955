"""A network as text for people: its equations, its parts, its sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from adckit.network.expr import ZERO, Const, Expr, Op
from adckit.network.lattice import outer, own
from adckit.network.parts import Species

if TYPE_CHECKING:
    from adckit.network.network import Network

__all__ = ["describe", "equations"]


def equations(network: Network) -> str:
    """Rules, fluxes and differential equations, each line with its unit."""
    return "\n".join(_equation_lines(network))


def _equation_lines(network: Network) -> Iterator[str]:
    yield f"# {network.name}: {len(network.species)} states"
    yield "# amounts in nmol, volumes in L, time in day, lengths in dm"
    for lattice in network.lattices:
        yield f"# {lattice.name}: {lattice.lines} x {lattice.cells} cells"
        for name, values in lattice.tables.items():
            yield f"# {name} of each line: {', '.join(f'{v:.17g}' for v in values)}"
    if network.rules:
        yield "\n# rules"
        for rule in network.rules:
            yield f"{rule.name} = {rule.expression}    [{rule.unit}]"
    yield "\n# fluxes"
    units = {s.name: s.unit for s in network.species}
    for reaction in network.reactions:
        unit = units[own(next(iter(reaction.changes)))]
        where = f"    at {reaction.place}" if reaction.place else ""
        yield f"{reaction.name} = {reaction.rate}    [{unit}/day]{where}"
    yield "\n# states"
    for species in network.species:
        balance = _balance(network, species)
        where = "    in every cell" if species.lattice else ""
        yield f"d {species.name}/dt = {balance}    [{species.unit}/day]{where}"
    yield "\n# before the first dose"
    for species in network.species:
        if species.initial is not ZERO:
            yield f"{species.name}(0) = {species.initial}    [{species.unit}]"
    for event in network.events:
        yield f"\n# event {event.name}: when {event.trigger} falls to 0"
        for name, value in event.assignments.items():
            yield f"{name} := {value}    [{units[name]}]"


def _balance(network: Network, species: Species) -> str:
    """The fluxes of one species by name, doses first."""
    terms = [
        f"+ {_factor(port.amounts[species.name])}{port.rate_name}"
        for port in network.ports
        if species.name in port.amounts
    ]
    names = {species.name: ""}
    if species.lattice:  # what arrives through the face on the inner side
        names[outer(species.symbol).name] = "@inner"
    for reaction in network.reactions:
        for name, side in names.items():
            change = reaction.changes.get(name, 0.0)
            if change:
                size = "" if abs(change) == 1 else f"{abs(change):g}*"
                sign = "+" if change > 0 else "-"
                terms.append(f"{sign} {size}{reaction.name}{side}")
    return " ".join(terms).removeprefix("+ ") or "0"


def _factor(amount: Expr) -> str:
    if isinstance(amount, Const) and amount.value == 1:
        return ""
    text = f"({amount})" if isinstance(amount, Op) else f"{amount}"
    return f"{text}*"


def describe(network: Network) -> str:
    """Mechanisms, counts, parameters with sources, outputs."""
    lines = [f"{network.name}", "=" * len(network.name), *network.notes, ""]
    lines.append(
        f"{len(network.species)} states, {len(network.reactions)} fluxes, "
        f"{len(network.parameters)} parameters, {len(network.observables)} outputs"
    )
    lines += ["", "Parameters", "----------"]
    for p in sorted(network.parameters, key=lambda p: (p.status, p.name)):
        spread = f" ({p.spread})" if p.spread else ""
        fitted = f" to {p.fitted_to}" if p.fitted_to else ""
        lines.append(f"{p.name} = {p.value:g} {p.unit}{spread}  [{p.status}{fitted}]")
        lines.append(f"    {p.source}")
        if p.note:
            lines.append(f"    {p.note}")
    lines += ["", "States", "------"]
    for s in network.species:
        kind = "ledger, " if s.ledger else ""
        lines.append(f"{s.name} [{s.unit}]  {kind}{s.label}")
    lines += ["", "Outputs", "-------"]
    lines += [f"{o.name} [{o.unit}]  {o.label}" for o in network.observables]
    lines += ["", "Doses enter by", "--------------"]
    lines += [
        f"{i}. {port.name} [{port.unit}]  {port.label}"
        for i, port in enumerate(network.ports, 1)
    ]
    return "\n".join(lines)
