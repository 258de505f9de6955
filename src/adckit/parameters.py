"""A number with its unit, spread, bounds, source and status.

There is no parameter without a source: a value that nobody measured says `assumed` and
why.  Reports list the assumed ones that matter most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from adckit.errors import UnitError
from adckit.units import Dimension, convert, parse_unit

__all__ = ["Parameter", "Source", "Spread", "SpreadKind", "Status"]


class Status(StrEnum):
    """How a value came to be."""

    MEASURED = "measured"
    FITTED = "fitted"
    ASSUMED = "assumed"


class SpreadKind(StrEnum):
    """What a spread describes."""

    SD = "sd"
    """Standard deviation, in the parameter's unit."""
    CV = "cv"
    """Between-subject coefficient of variation, as a fraction."""
    GSD = "gsd"
    """Geometric standard deviation (a ratio above 1)."""
    RANGE = "range"
    """Lowest and highest value seen, in the parameter's unit."""


@dataclass(frozen=True)
class Spread:
    """How far a value varies, or how well it is known."""

    kind: SpreadKind
    low: float
    """The spread itself; for a range its lower end."""
    high: float | None = None
    """Upper end of a range."""

    def __str__(self) -> str:
        if self.kind is SpreadKind.RANGE:
            return f"{self.low:g} to {self.high:g}"
        if self.kind is SpreadKind.CV:
            return f"CV {100 * self.low:g} %"
        return f"{'SD' if self.kind is SpreadKind.SD else 'GSD'} {self.low:g}"


@dataclass(frozen=True)
class Source:
    """Where a value comes from."""

    citation: str
    """The publication, or for an assumed value the reason."""
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None
    evidence: str | None = None
    """Identifier of the observation in the library's evidence, e.g. `CM-PK-01`."""

    @property
    def defines(self) -> bool:
        """The value is a definition, which nobody could have found otherwise."""
        return self.citation.startswith("definition:")

    def __str__(self) -> str:
        parts = [self.citation]
        if self.doi:
            parts.append(f"doi:{self.doi}")
        if self.pmid:
            parts.append(f"PMID {self.pmid}")
        if self.url and not self.doi:
            parts.append(self.url)
        return ", ".join(parts)


@dataclass(frozen=True)
class Parameter:
    """One named value of a model.

    `value` is in `unit`, as the source states it; `internal` is the number the
    equations see.
    """

    name: str
    value: float
    unit: str
    source: Source
    status: Status
    spread: Spread | None = None
    bounds: tuple[float, float] = (-math.inf, math.inf)
    """Lowest and highest value that makes sense, in `unit`."""
    fitted_to: str | None = None
    """For a fitted value: the data it was fitted to."""
    note: str | None = None

    @property
    def dimension(self) -> Dimension:
        return parse_unit(self.unit).dimension

    @property
    def internal(self) -> float:
        """The value in the internal system (nmol, L, day, mg, kg)."""
        return self.value * parse_unit(self.unit).factor

    def with_value(
        self, value: float, unit: str | None = None, *, source: Source | None = None
    ) -> Parameter:
        """The same parameter with another value, in `unit` (default: its own unit).

        A value that a user sets is no longer what the source said: it becomes
        `assumed`, without spread, and its source says who set it.

        Raises UnitError when `unit` has another dimension than the parameter's.
        """
        if unit is not None and parse_unit(unit).dimension != self.dimension:
            raise UnitError(
                f"Parameter '{self.name}': '{unit}' has the dimension "
                f"{parse_unit(unit).dimension}, expected {self.dimension}. "
                f"Write it in {self.unit or 'no unit'}."
            )
        number = value if unit is None else convert(value, unit, self.unit)
        return replace(
            self,
            value=number,
            source=source or Source("set by the user"),
            status=Status.ASSUMED,
            spread=None,
            fitted_to=None,
        )
