"""The table that a simulation is judged by, each published value beside its own.

Cmax, Ctrough and AUCtau are of the first cycle of the regimen, clearance, half-life and
AUC to infinity of the first dose alone (see `single_dose`).  A number that cannot be
computed is None, and the row's note says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from adckit.engines.base import Engine
from adckit.library import Observation, Product
from adckit.network.regimen import Regimen, parse_regimen
from adckit.parameters import Spread
from adckit.prepared import Prepared
from adckit.results import Result
from adckit.status import Status
from adckit.studies.endpoints import tumour_responses
from adckit.studies.exposure import Exposure, exposure
from adckit.studies.published import Matches, in_unit, match, spread_range
from adckit.studies.single_dose import GivenDose, given_doses, single_dose_run
from adckit.units import Dimension, parse_unit

__all__ = ["ANALYTES", "DAR_DAYS", "SummaryRow", "published_elsewhere", "summarise"]

ANALYTES: Mapping[str, str] = {
    "conjugate": "conjugate_molar_mass",
    "total_antibody": "antibody_molar_mass",
    "conjugated_payload": "payload_molar_mass",
    "free_payload": "payload_molar_mass",
    "concentration": "antibody_molar_mass",
}
"""Analyte → the parameter that is its molar mass."""

DAR_DAYS = (1.0, 7.0, 14.0, 21.0)
"""Days after the first dose on which the mean DAR is given."""

_FOLLOWED_TO = 1e-3
"""Share of Cmax to which a profile is followed: the reach of an ELISA."""
_NOT_DOSED = ("free_payload",)
"""Analytes without a dose of their own, hence without a clearance."""
_NO_DOSE = "the dosing has no first dose that stands alone"


@dataclass(frozen=True)
class SummaryRow:
    """One number of the table and what was published of it."""

    analyte: str
    quantity: str
    value: float | None
    unit: str
    published: float | None = None
    spread: Spread | None = None
    n: int | None = None
    """Subjects behind the published value."""
    source: str = ""
    note: str = ""
    role: str = ""
    """`calibrated` where parameters were fitted to the published value, `predicted`
    where they were not; empty without a published value."""
    subject: str = "1"

    @property
    def ratio(self) -> float | None:
        """Simulated over published."""
        if self.value is None or not self.published:
            return None
        return self.value / self.published

    @property
    def within(self) -> bool | None:
        """Whether the value lies in the published spread; None without one."""
        if self.value is None or self.published is None or self.spread is None:
            return None
        low, high = spread_range(self.published, self.spread)
        return low <= self.value <= high


def summarise(
    ready: Prepared, result: Result, *, engine: str | Engine = "cpu"
) -> list[SummaryRow]:
    """The rows of every subject of `result`, which `ready` was simulated to.

    `engine` also simulates the first dose alone.
    """
    doses = [_doses(result, i) for i in range(len(result.subjects))]
    first = [_first(given) for given in doses]
    alone = single_dose_run(ready, first, result, engine=engine)
    matches = match(ready.product, _regimen(result))
    responses: list[object] = []
    rows: list[SummaryRow] = []
    for i in range(len(result.subjects)):
        subject = _Subject(ready, result, alone, i, doses[i], first[i], matches)
        rows += subject.rows()
    del responses
    return rows


def published_elsewhere(ready: Prepared, result: Result) -> tuple[Observation, ...]:
    """Published values that `summarise` does not set beside a row: seen under other
    regimens, in other hosts, or a second value of the same quantity."""
    return match(ready.product, _regimen(result)).elsewhere
