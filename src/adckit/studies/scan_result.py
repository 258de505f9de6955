"""What a scan gives back: a number per grid point and quantity, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from adckit.errors import UnknownNameError
from adckit.status import Status
from adckit.studies.drawing import Floats
from adckit.studies.scan_axes import Axis

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["ScanResult"]


@dataclass(frozen=True)
class ScanResult:
    """Quantities over a grid.  Points that failed hold NaN, never a number."""

    model: str
    axes: tuple[Axis, ...]
    quantities: tuple[str, ...]
    units: tuple[str, ...]
    labels: tuple[str, ...]
    """The quantities in words."""
    values: Floats
    """(axis 1, axis 2, ..., quantity), each quantity in its own unit"""
    status: np.ndarray
    """(axis 1, axis 2, ...), see adckit.status.Status"""
    stopped: np.ndarray
    """(axis 1, axis 2, ...): day reached"""
    design: Floats
    """(quantity,): of the design that is varied"""
    regimen: str
    """That of the design."""
    days: float
    """Days simulated."""
    provenance: Mapping[str, Any]
    """Everything needed to repeat the scan"""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def failed(self) -> int:
        """How many grid points have no numbers."""
        return int(np.count_nonzero(self.status != Status.OK))

    def quantity(self, name: str) -> Floats:
        """One quantity over the grid.  Raises UnknownNameError."""
        if name not in self.quantities:
            raise UnknownNameError("quantity", name, self.quantities)
        return np.asarray(self.values[..., self.quantities.index(name)])

    def unit(self, name: str) -> str:
        """Unit of a quantity.  Raises UnknownNameError."""
        self.quantity(name)
        return self.units[self.quantities.index(name)]

    def extreme(
        self, name: str, *, lowest: bool = False
    ) -> tuple[float, dict[str, float | str]] | None:
        """The highest, or lowest, value of a quantity, and where: axis → value.

        None where every grid point failed.  Raises UnknownNameError.
        """
        grid = self.quantity(name)
        if not np.isfinite(grid).any():
            return None
        flat = int(np.nanargmin(grid) if lowest else np.nanargmax(grid))
        place = np.unravel_index(flat, self.shape)
        pairs = zip(self.axes, place, strict=True)
        where = {axis.name: axis.values[int(i)] for axis, i in pairs}
        return float(grid.ravel()[flat]), where

    def place_text(self, place: Mapping[str, float | str]) -> str:
        """A grid point in words: `affinity 3.2 nM, linker SPP`."""
        parts = []
        for axis in self.axes:
            value = place[axis.name]
            shown = value if isinstance(value, str) else f"{value:.3g}"
            parts.append(f"{axis.name} {shown} {axis.unit}".strip())
        return ", ".join(parts)

    def reasons(self) -> np.ndarray:
        """Why each grid point failed, in words; empty where it did not."""
        words = [
            "" if code == Status.OK else Status(int(code)).reason
            for code in self.status.ravel()
        ]
        return np.array(words, dtype=object).reshape(self.shape)

    def columns(self) -> dict[str, np.ndarray]:
        """One row per grid point: the axes, the quantities, status and reason."""
        places = np.indices(self.shape).reshape(len(self.axes), -1)
        table: dict[str, np.ndarray] = {}
        for axis, place in zip(self.axes, places, strict=True):
            table[axis.name] = np.array(axis.values)[place]
        for i, name in enumerate(self.quantities):
            table[name] = self.values[..., i].ravel()
        names = [Status(int(code)).name.lower() for code in self.status.ravel()]
        table["status"] = np.array(names)
        table["stopped"] = self.stopped.ravel()
        table["reason"] = np.array([str(words) for words in self.reasons().ravel()])
        return table

    def column_units(self) -> dict[str, str]:
        """Unit of every column that is a number."""
        axes = {axis.name: axis.unit for axis in self.axes if axis.numeric}
        return {**axes, **dict(zip(self.quantities, self.units, strict=True))} | {
            "stopped": "day"
        }

    def to_pandas(self) -> pandas.DataFrame:
        """One row per grid point."""
        import pandas

        return pandas.DataFrame(self.columns())

    def to_xarray(self) -> xarray.Dataset:
        """A dataset with one variable per quantity, a dimension per axis."""
        import xarray

        names = [axis.name for axis in self.axes]
        data = {
            name: (names, self.values[..., i], {"units": unit, "long_name": label})
            for i, (name, unit, label) in enumerate(
                zip(self.quantities, self.units, self.labels, strict=True)
            )
        }
        coords: dict[str, Any] = {
            axis.name: (axis.name, list(axis.values), {"units": axis.unit})
            for axis in self.axes
        }
        coords["status"] = (
            names,
            np.array(
                [Status(int(c)).name.lower() for c in self.status.ravel()]
            ).reshape(self.shape),
        )
        return xarray.Dataset(data, coords, {"model": self.model})
