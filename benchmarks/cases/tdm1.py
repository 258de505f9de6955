"""T-DM1 from the library, in its moment form and resolved by drug load.

Both forms answer the same question: six outputs, six doses of 3.6 mg/kg, 127 daily
times.  The library's events (cure of a tumour) are left out for every tool: not every
tool could watch for them.  The spread of growth and kill is such that no tumour of
20,000 subjects falls to its last cell.  States that no output depends on are left out
as well.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adckit import DoseRecord, Network, prepare
from adckit.network.expr import symbols_in
from benchmarks.case import Case

__all__ = ["tdm1_moments", "tdm1_resolved"]

_OUTPUTS = (
    "conjugate",
    "total_antibody",
    "conjugated_payload",
    "free_DM1",
    "tumour_volume",
    "tumour_payload",
)
_SPREAD = {
    "clearance": 0.19,
    "central_volume": 0.12,
    "distribution_clearance": 0.3,
    "peripheral_volume": 0.3,
    "deconjugation_rate": 0.2,
    "DM1_clearance": 0.3,
    "antibody_permeability": 0.3,
    "association_rate": 0.3,
    "lysosomal_degradation_rate": 0.3,
    "DM1_efflux_rate": 0.3,
    "doubling_time": 0.15,
    "half_kill_occupancy": 0.15,
    "maximum_kill_rate": 0.15,
}
_DOSE = 3.6  # mg/kg


def tdm1_moments() -> Case:
    """The default form: the antibody and factorial moments of its drug load."""
    return _case("tdm1", "T-DM1, moment form", _network("moments"), "tdm1-resolved")


def tdm1_resolved() -> Case:
    """One state per drug load and place."""
    return _case("tdm1-resolved", "T-DM1, resolved by load", _network("species"))


def _network(form: str) -> Network:
    full = prepare("T-DM1", {"form": form}).network
    seen = tuple(o for o in full.observables if o.name in _OUTPUTS)
    return _needed(replace(full, observables=seen, events=()))


def _needed(network: Network) -> Network:
    """The network without states that no output depends on, directly or not.

    These are sinks that only count and, in the moment form, moments that a place has
    only for outputs that are not asked for.
    """
    rates = network.derivatives()
    inlined = {r.name: r.expression for r in network.rules}
    wanted = [o.expression for o in network.observables]
    kept: set[str] = set()
    while wanted:
        names = symbols_in(wanted) - kept
        kept |= names
        wanted = [rates[n] for n in names & rates.keys()]
        wanted += [inlined[n] for n in names & inlined.keys()]
    reactions = []
    for reaction in network.reactions:
        changes = {n: c for n, c in reaction.changes.items() if n in kept}
        if changes:
            reactions.append(replace(reaction, changes=changes))
    ports = (
        replace(p, amounts={n: a for n, a in p.amounts.items() if n in kept})
        for p in network.ports
    )
    return replace(
        network,
        species=tuple(
            replace(s, content={}) for s in network.species if s.name in kept
        ),
        rules=tuple(r for r in network.rules if r.name in kept),
        reactions=tuple(reactions),
        ports=tuple(ports),
    )


def _case(name: str, title: str, network: Network, question: str = "") -> Case:
    value = {p.name: p.internal for p in network.parameters}
    amount = _DOSE * value["body_weight"] / value["conjugate_molar_mass"]
    doses = tuple(
        DoseRecord(time=21.0 * c, amount=amount, port="central", duration=0.0625)
        for c in range(6)
    )
    return Case(
        name=name,
        title=f"{title}; {len(network.species)} states, 6 infusions, 127 times",
        network=network,
        times=np.arange(127.0),
        spread=_SPREAD,
        doses=doses,
        floors=(1e-3, 1e-6),
        same_question=question,
    )
