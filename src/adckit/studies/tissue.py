"""What happened inside the tumour: the rings of a Krogh cylinder, and what they mean.

The first cycle is looked at, from the first dose to the next one:

    at Cmax      where uptake against supply, Phi, is least
    at trough    where Phi is greatest after that
    penetration  when the tissue holds most antibody

Phi below 0.3 throughout: a well-mixed tumour does as well.  Phi above 1: cells take up
antibody faster than the capillary supplies it, and only a rim is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.mechanisms.krogh import ring_edges, spacing_nodes
from adckit.mechanisms.krogh_outputs import PROFILES
from adckit.results import Result
from adckit.status import Status
from adckit.studies.single_dose import given_doses

__all__ = ["EVEN", "RIM", "Supply", "Tissue", "tissue_of"]

EVEN, RIM = 0.3, 1.0
"""Phi below which rings make no difference, and above which only a rim is reached."""

Floats = NDArray[np.float64]

_UM = 1e5  # per dm


@dataclass(frozen=True)
class Supply:
    """Uptake against diffusion and against supply at one time."""

    day: float
    thiele: float
    phi: float


@dataclass(frozen=True)
class Tissue:
    """The rings of one subject, from the wall of the capillary outwards."""

    times: Floats
    """(time,), days"""
    capillary: float
    """um"""
    edges: Floats
    """Radii of the rings, (spacing, ring + 1), um"""
    weights: Floats
    """Share of the tissue with each distance between capillaries, (spacing,)"""
    profiles: Mapping[str, Floats]
    """Output → (time, spacing, ring), in its own unit"""
    units: Mapping[str, str]
    labels: Mapping[str, str]
    damkoehler: float
    peak: Supply | None
    """At Cmax of the first cycle; None without a dose."""
    trough: Supply | None
    penetration: float | None
    """%, when the tissue holds most antibody in the first cycle"""
    penetration_day: float | None
    payload_far: float | None
    """%: payload in cells of the outermost ring against the innermost, as areas under
    the curve of the first cycle, for the commonest spacing"""
    rim_from: float | None
    """Day after Cmax from which Phi is above 1; None if it stays below."""

    @property
    def rings(self) -> int:
        """Rings of each cylinder."""
        return int(self.edges.shape[1]) - 1

    @property
    def middles(self) -> Floats:
        """Radii in the middle of the rings, (spacing, ring), um."""
        return (self.edges[:, :-1] + self.edges[:, 1:]) / 2

    @property
    def shares(self) -> Floats:
        """Share of the tumour in each ring, (spacing, ring)."""
        areas = np.diff(self.edges**2, axis=1)
        shares = areas / areas.sum(axis=1, keepdims=True)
        return np.asarray(self.weights[:, None] * shares)

    @property
    def verdict(self) -> str:
        """What Phi means, and how far payload goes beyond antibody."""
        if self.peak is None or self.payload_far is None:
            return "No dose is given."
        return (
            f"{self._supplied()} Over the first cycle the cells farthest out hold "
            f"{self.payload_far:.3g} % of the payload of those at the capillary."
        )

    def _supplied(self) -> str:
        assert self.peak is not None
        assert self.trough is not None
        if self.trough.phi < EVEN:
            return (
                f"Phi stays below {EVEN:g}: supply far exceeds uptake, and a "
                "well-mixed tumour would do as well."
            )
        if self.peak.phi > RIM:
            return (
                "Phi is above 1 even at Cmax: cells take antibody up faster than the "
                "capillary supplies it, and it saturates a rim at most."
            )
        if self.rim_from is None:
            return (
                "Phi stays below 1: supply is enough for the whole cylinder, though "
                "not by so much that its rings do not differ."
            )
        return (
            "Phi is below 1 at Cmax, enough to supply the whole cylinder, and above 1 "
            f"from day {self.rim_from:.3g}, when only a rim is still supplied."
        )


def tissue_of(result: Result) -> Tissue | None:
    """The rings of the first subject.

    None where there are none, or their profiles were not kept, or the subject failed.
    """
    if not result.profiles or result.status[0] != Status.OK:
        return None
    kept = {n: result.profiles[n][0] for n in PROFILES if n in result.profiles}
    observables = {o.name: o for o in result.network.observables}
    _, lines, cells = next(iter(kept.values())).shape
    values = {
        p.name: float(v)
        for p, v in zip(result.network.parameters, result.parameters[0], strict=True)
    }
    capillary, krogh = values["capillary_radius"], values["krogh_radius"]
    variation = values["krogh_radius_variation"] if lines > 1 else 1.0
    edges = ring_edges(capillary, krogh, variation, cells, lines) * _UM
    weights = spacing_nodes(lines)[1]
    areas = np.diff(edges**2, axis=1)
    shares = weights[:, None] * areas / areas.sum(axis=1, keepdims=True)
    held = (kept["antibody_in_ring"] * shares).sum(axis=(1, 2))
    inside = _first_cycle(result)
    peak, trough, rim_from = _supply(result, inside)
    fullest = inside[int(np.argmax(held[inside]))] if inside.size else None
    return Tissue(
        times=result.times,
        capillary=capillary * _UM,
        edges=edges,
        weights=weights,
        profiles=kept,
        units={name: observables[name].unit for name in kept},
        labels={name: observables[name].label for name in kept},
        damkoehler=float(result.curve("damkoehler")[0, 0]),
        peak=peak,
        trough=trough,
        penetration=None
        if fullest is None
        else float(result.curve("penetration")[0, fullest]),
        penetration_day=None if fullest is None else float(result.times[fullest]),
        payload_far=_far(result.times, kept["payload_in_ring"], weights, inside),
        rim_from=rim_from,
    )


def _first_cycle(result: Result) -> NDArray[np.intp]:
    """Positions of the times from the first dose to the next."""
    schedule = result.schedules[0]
    doses = given_doses(schedule)
    if doses is None:
        days = sorted(schedule.times)
    else:
        days = sorted({dose.start for dose in doses if dose.amount > 0})
    if not days or days[0] >= result.times[-1]:
        return np.array([], dtype=np.intp)
    end = days[1] if len(days) > 1 else np.inf
    return np.flatnonzero((result.times > days[0]) & (result.times <= end))


def _far(
    times: Floats, payload: Floats, weights: Floats, inside: NDArray[np.intp]
) -> float | None:
    """Area under the payload of the last ring over that of the first, %."""
    if not inside.size:
        return None
    line = payload[inside, int(np.argmax(weights))]
    near, far = (np.trapezoid(line[:, i], times[inside]) for i in (0, -1))
    return float(100 * far / near) if near > 0 else None


def _supply(
    result: Result, inside: NDArray[np.intp]
) -> tuple[Supply | None, Supply | None, float | None]:
    """At Cmax, at trough, and the day between from which Phi is above 1."""
    if not inside.size:
        return None, None, None
    phi, thiele = result.curve("phi")[0], result.curve("thiele")[0]

    def at(place: int) -> Supply:
        day = float(result.times[place])
        return Supply(day, float(thiele[place]), float(phi[place]))

    after = inside[int(np.argmin(phi[inside])) :]
    above = after[phi[after] > RIM]
    rim_from = float(result.times[above[0]]) if above.size else None
    return at(after[0]), at(after[int(np.argmax(phi[after]))]), rim_from
