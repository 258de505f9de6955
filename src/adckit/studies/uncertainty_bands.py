"""Curves with what is not known and how subjects differ shown apart.

    parameters   the typical subject under every draw of the parameters
    subjects     subjects drawn from the population, with the library's values
    both         every subject under every draw

Each band holds the central 90 % of its curves at every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adckit.errors import AdckitError
from adckit.library.populations import default_population
from adckit.planning import Dosing
from adckit.prepared import Prepared
from adckit.simulation import DEFAULT_RTOL, simulate
from adckit.status import Status
from adckit.studies.population import Sampler, SubjectSource
from adckit.studies.uncertainty import combine_subjects, draw_parameters

__all__ = ["Band", "Bands", "uncertainty_bands"]

Floats = NDArray[np.float64]

_BATCH = 1024
"""Subjects simulated at once: tens of MB of curves."""


@dataclass(frozen=True)
class Band:
    """The middle and the ends of some curves, (time,) each."""

    low: Floats
    median: Floats
    high: Floats

    @classmethod
    def of(cls, curves: Floats, share: float) -> Band:
        """The band of curves (subject, time); failed ones hold NaN and are left out."""
        tail = (1 - share) / 2
        known = curves[np.isfinite(curves).all(axis=1)]
        if not len(known):
            raise AdckitError(
                "Every subject failed, so that there is no band. Simulate one subject "
                "to see why."
            )
        low, median, high = np.quantile(known, [tail, 0.5, 1 - tail], axis=0)
        return cls(low, median, high)


@dataclass(frozen=True)
class Bands:
    """Bands of every output of a simulation."""

    times: Floats
    """(time,), days"""
    units: Mapping[str, str]
    typical: Mapping[str, Floats]
    """Output → the typical subject with the library's values, (time,)"""
    parameters: Mapping[str, Band]
    subjects: Mapping[str, Band]
    both: Mapping[str, Band]
    share: float
    """Share of the curves that a band holds."""
    failed: int
    """Subjects that failed, over all three."""


def uncertainty_bands(
    ready: Prepared,
    regimen: Dosing,
    times: ArrayLike,
    outputs: Sequence[str],
    *,
    source: SubjectSource | None = None,
    draws: int = 40,
    subjects: int = 50,
    seed: int = 1,
    share: float = 0.9,
    rtol: float = DEFAULT_RTOL,
) -> Bands:
    """Simulate a product under a regimen with both kinds of spread.

    Args:
        ready: a product, prepared.
        times: days, (time,).
        outputs: curves to keep.
        source: where subjects come from; by default the library's population for the
            product, with `seed`.
        draws, subjects: of the parameters, and of the subjects in every draw.
        share: what a band holds.

    Raises AdckitError for a model that is no product, a share that is none, and when
    every subject failed; KeyboardInterrupt on Ctrl-C.
    """
    product = ready.product
    if product is None:
        raise AdckitError(
            "Uncertainty is drawn for the parameters of a product; this model is a "
            "network without a card. Load it from a card."
        )
    if not 0 < share < 1:
        raise AdckitError(f"A share of {share:g} is none between 0 and 1.")
    if source is None:
        name = default_population(product.name, product.parts.get("host"))
        source = Sampler(product, name, seed)
    people = source.take(np.arange(1, subjects + 1)).parameters
    used = [parameter.name for parameter in ready.network.parameters]
    drawn = draw_parameters(product, draws, seed, used)
    tables: dict[str, Mapping[str, Floats]] = {
        "parameters": drawn,
        "subjects": people,
        "both": combine_subjects(product, people, drawn),
    }
    grid = np.asarray(times, dtype=np.float64)
    one = simulate(ready, regimen, None, grid, rtol=rtol)
    found, failed = {}, 0
    for kind, table in tables.items():
        curves = _curves(ready, regimen, table, grid, outputs, rtol)
        failed += int(np.count_nonzero(np.isnan(curves[outputs[0]]).any(axis=1)))
        found[kind] = {name: Band.of(c, share) for name, c in curves.items()}
    return Bands(
        grid,
        {name: one.unit(name) for name in outputs},
        {name: one.curve(name)[0] for name in outputs},
        found["parameters"],
        found["subjects"],
        found["both"],
        share,
        failed,
    )


def _curves(
    ready: Prepared,
    regimen: Dosing,
    table: Mapping[str, Floats],
    times: Floats,
    outputs: Sequence[str],
    rtol: float,
) -> dict[str, Floats]:
    count = len(next(iter(table.values())))
    kept: dict[str, list[Floats]] = {name: [] for name in outputs}
    for first in range(0, count, _BATCH):
        rows = {n: column[first : first + _BATCH] for n, column in table.items()}
        part = simulate(ready, regimen, rows, times, rtol=rtol)
        if (part.status == Status.INTERRUPTED).any():
            raise KeyboardInterrupt
        for name in outputs:
            kept[name].append(part.curve(name))
    return {name: np.concatenate(parts) for name, parts in kept.items()}
