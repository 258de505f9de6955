"""A published study simulated as it was done, with the library's values and with draws.

The library's values have many subjects, so that the model's number is no accident of
those drawn.  The draws, what the parameters may be as well, have fewer each, and each
its own: what differs between draws is what is not known and who was in the study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adckit.errors import AdckitError
from adckit.library import Product
from adckit.library.populations import default_population
from adckit.network.regimen import Regimen, parse_regimen
from adckit.planning import schedules_for
from adckit.prepared import Prepared, prepare
from adckit.simulation import simulate
from adckit.status import Status
from adckit.studies.campaign import population_times
from adckit.studies.population import Sampler
from adckit.studies.single_dose import GivenDose, given_doses
from adckit.studies.uncertainty import draw_parameters, pair_subjects

__all__ = ["Effort", "Ensemble", "Modelled", "Simulated", "make_model"]

Floats = NDArray[np.float64]

_BATCH = 1024
"""Subjects simulated at once: tens of MB of curves."""
_SURFACE_POWER = 0.425  # of body weight in the formula of Du Bois
_SIZES = {"kg": "body_weight", "m2": "body_surface_area"}


@dataclass(frozen=True)
class Effort:
    """How much is simulated."""

    draws: int = 40
    """Draws of the parameters."""
    subjects: int = 60
    """Subjects of every draw."""
    central: int = 1000
    """Subjects with the library's own values."""
    seed: int = 1
    rtol: float = 1e-4

    def __post_init__(self) -> None:
        if min(self.draws, self.subjects, self.central) < 2:
            raise AdckitError(
                f"{self.draws} draws of {self.subjects} subjects, and {self.central} "
                "with the library's values, give no interval. Take at least 2 of each."
            )


@dataclass(frozen=True)
class Modelled:
    """A product with its draws, ready for any number of studies."""

    ready: Prepared
    product: Product
    draws: Mapping[str, Floats]
    """Parameter → (draw,)"""
    effort: Effort

    def simulated(
        self,
        regimen: Regimen | str,
        days: float,
        outputs: Sequence[str],
        *,
        population: str | None = None,
        body_weight: float | None = None,
        daily: bool = False,
    ) -> Simulated:
        """A study with the library's values, and under every draw.

        Args:
            outputs: curves to keep.
            population: by default the library's for the product.
            body_weight: median that replaces the population's, kg.
            daily: whether values on every day are enough.
        """
        doses = parse_regimen(regimen) if isinstance(regimen, str) else regimen
        name = population or default_population(
            self.product.name, self.product.parts.get("host")
        )
        sampler = Sampler(self.product, name, self.effort.seed)
        given = self._typical_doses(doses, days)
        times = population_times(() if daily else given, days)

        def ensemble(count: int, many: int, draws: Mapping[str, Floats]) -> Ensemble:
            numbers = np.arange(1, many * count + 1)
            subjects = _at_weight(sampler.take(numbers).parameters, body_weight)
            table = pair_subjects(self.product, subjects, draws)
            curves, lost = self._curves(doses, table, times, outputs)
            shape = (many, count, len(times))
            body = {
                unit: subjects[column].reshape(many, count)
                for unit, column in _SIZES.items()
                if column in subjects
            }
            return Ensemble(
                doses,
                given,
                times,
                {name: curve.reshape(shape) for name, curve in curves.items()},
                self.units,
                body,
                numbers.reshape(many, count),
                lost,
            )

        return Simulated(
            ensemble(self.effort.central, 1, {}),
            ensemble(self.effort.subjects, self.effort.draws, self.draws),
        )

    @property
    def units(self) -> dict[str, str]:
        """Unit of every output."""
        system = self.ready.system
        return dict(zip(system.outputs, system.output_units, strict=True))

    def value(self, name: str) -> float:
        """A parameter of the typical subject, in internal units."""
        found = next(p for p in self.ready.network.parameters if p.name == name)
        return found.internal

    def _curves(
        self,
        doses: Regimen,
        table: Mapping[str, Floats],
        times: Floats,
        outputs: Sequence[str],
    ) -> tuple[dict[str, Floats], int]:
        count = len(next(iter(table.values())))
        kept: dict[str, list[Floats]] = {name: [] for name in outputs}
        lost = 0
        for first in range(0, count, _BATCH):
            rows = slice(first, first + _BATCH)
            batch = {name: column[rows] for name, column in table.items()}
            part = simulate(self.ready, doses, batch, times, rtol=self.effort.rtol)
            lost += int(np.count_nonzero(part.status != Status.OK))
            for name in outputs:
                kept[name].append(part.curve(name))
        return {name: np.concatenate(found) for name, found in kept.items()}, lost

    def _typical_doses(self, doses: Regimen, days: float) -> tuple[GivenDose, ...]:
        parameters = np.array([[p.internal for p in self.ready.network.parameters]])
        schedule = schedules_for(self.ready, doses, ("typical",), parameters, days)[0]
        return given_doses(schedule) or ()


@dataclass(frozen=True)
class Ensemble:
    """Curves of the subjects of a study."""

    regimen: Regimen
    doses: tuple[GivenDose, ...]
    """Those of the typical subject."""
    times: Floats
    curves: Mapping[str, Floats]
    """Output → (draw, subject, time); NaN for a subject that failed."""
    units: Mapping[str, str]
    body: Mapping[str, Floats]
    """`kg` and `m2` → (draw, subject)."""
    numbers: NDArray[np.int64]
    """(draw, subject)"""
    failed: int
    """Subjects without numbers, over all draws."""


@dataclass(frozen=True)
class Simulated:
    """A study as the library has it, and as it may be."""

    central: Ensemble
    """One draw: the library's values."""
    drawn: Ensemble


def make_model(
    product: str,
    effort: Effort,
    settings: Mapping[str, str] | None = None,
    organs: str = "card",
) -> Modelled:
    """A product of the library with its organs and the draws of its parameters."""
    ready = prepare(product, {"organs": organs, **(settings or {})})
    assert ready.product is not None
    used = [parameter.name for parameter in ready.network.parameters]
    draws = draw_parameters(ready.product, effort.draws, effort.seed, used)
    return Modelled(ready, ready.product, draws, effort)


def _at_weight(
    subjects: Mapping[str, Floats], median: float | None
) -> Mapping[str, Floats]:
    """The same subjects, lighter or heavier by one factor."""
    if median is None or "body_weight" not in subjects:
        return subjects
    ratio = median / float(np.median(subjects["body_weight"]))
    changed = {"body_weight": subjects["body_weight"] * ratio}
    if "body_surface_area" in subjects:
        surface = subjects["body_surface_area"]
        changed["body_surface_area"] = surface * ratio**_SURFACE_POWER
    return {**subjects, **changed}
