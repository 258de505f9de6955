"""One subject's curves cut into the profiles that exposure is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from adckit.prepared import Prepared
from adckit.results import Result
from adckit.status import Status
from adckit.studies.exposure import Exposure, exposure
from adckit.studies.single_dose import GivenDose
from adckit.units import parse_unit

__all__ = ["ANALYTES", "NOT_DOSED", "Profiles"]

ANALYTES: Mapping[str, str] = {
    "conjugate": "conjugate_molar_mass",
    "total_antibody": "antibody_molar_mass",
    "conjugated_payload": "payload_molar_mass",
    "free_payload": "payload_molar_mass",
    "concentration": "antibody_molar_mass",
}
"""Analyte → the parameter that is its molar mass."""

NOT_DOSED = ("free_payload",)
"""Analytes without a dose of their own, hence without a clearance."""
_ALL_ANTIBODY = ("total_antibody", "total_antibody_nM")
"""Analytes whose dose counts a carrier."""

_FOLLOWED_TO = 1e-3
"""Share of Cmax to which a profile is followed: the reach of an ELISA."""
_SAME_TIME = 1e-9


@dataclass(frozen=True)
class Profiles:
    """One subject's curves, under its regimen and after its first dose alone."""

    ready: Prepared
    result: Result
    alone: Result
    subject: int
    doses: tuple[GivenDose, ...] | None
    first: GivenDose | None
    cycle: tuple[float, float | None]

    def failure(self, result: Result) -> str:
        """Why this subject has no numbers in a result; empty where it has."""
        status = Status(int(result.status[self.subject]))
        if status is Status.OK:
            return ""
        return f"failed on day {result.stopped[self.subject]:.3g}: {status.reason}"

    def parameter(self, name: str) -> float | None:
        """A parameter of the subject in internal units; None if it has no such."""
        names = [parameter.name for parameter in self.result.network.parameters]
        if name not in names:
            return None
        return float(self.result.parameters[self.subject, names.index(name)])

    def molar_mass(self, analyte: str) -> float | None:
        """mg/nmol"""
        return self.parameter(ANALYTES[analyte])

    def body(self) -> dict[str, float]:
        """Body weight in kg and body surface in m2, as far as the model has them."""
        sizes = {"kg": "body_weight", "m2": "body_surface_area"}
        found = {unit: self.parameter(name) for unit, name in sizes.items()}
        return {unit: size for unit, size in found.items() if size}

    def in_first_cycle(self, analyte: str) -> list[Exposure]:
        """The exposure after every dose of the first cycle."""
        start, end = self.cycle
        last = np.inf if end is None else end
        starts = [
            d.start for d in self.doses or () if start <= d.start < last - _SAME_TIME
        ]
        starts = sorted(set(starts)) or [start]
        curve = self.result.curve(analyte)[self.subject]
        return [
            exposure(
                self.result.times,
                curve,
                dose_time=begin,
                next_dose=following,
                infusion=self.infusion(analyte),
            )
            for begin, following in zip(starts, [*starts[1:], end], strict=True)
        ]

    def after_first_dose(self, analyte: str) -> Exposure:
        """The exposure after the first dose alone."""
        curve = self.alone.curve(analyte)[self.subject]
        limit = _FOLLOWED_TO * float(np.max(curve, initial=0.0))
        return exposure(
            self.alone.times,
            curve,
            dose=self.dose(analyte),
            infusion=self.infusion(analyte),
            lloq=limit or None,
        )

    def infusion(self, analyte: str) -> float | None:
        """Days of infusion of an analyte that is dosed into plasma."""
        if self.first is None or analyte in NOT_DOSED:
            return None
        return self.first.duration if self.first.port == "central" else None

    def dose(self, analyte: str) -> float | None:
        """The first dose in the amount whose concentration is measured."""
        if self.first is None or analyte in NOT_DOSED:
            return None
        amount = self.first.amount
        if analyte in _ALL_ANTIBODY:
            amount += sum(dose.amount for dose in self.first.beside)
        load = self.ready.product.blueprint.load if self.ready.product else None
        if analyte == "conjugated_payload":
            return amount * load.mean if load is not None else None
        port = next(p for p in self.result.network.ports if p.name == self.first.port)
        given = parse_unit(port.unit).dimension
        seen = parse_unit(f"L*{self.result.unit(analyte)}").dimension
        mass = self.molar_mass(analyte)
        if given == seen:
            return amount
        if mass is None:
            return None
        return amount * mass if given == parse_unit("nmol").dimension else amount / mass
