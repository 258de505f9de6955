"""Calibrations of the library: fitted values with their uncertainty.

Each is made by a script of the folder `calibration` of the source tree, which writes
the file that is read here.  A fit counts for a product when its 90 % intervals hold all
fitted parameters of the cards; cards that say something else stand alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adckit.errors import CardError
from adckit.library.cards import Number, Text
from adckit.library.reading import Problems, read_card

__all__ = ["Fit", "load_fits", "printed_digits"]

_FILE = Path(str(resources.files("adckit.library"))) / "evidence" / "fits.yaml"


@dataclass(frozen=True)
class Fit:
    """Parameters that were fitted together."""

    name: str
    summary: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    units: tuple[str, ...]
    log_sd: tuple[float, ...]
    """SD of the natural logarithm of each."""
    correlation: NDArray[np.float64]
    """(parameter, parameter), of the logarithms."""
    evidence: tuple[str, ...]
    """Identifiers of the observations that were fitted."""
    script: str


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ValueForm(_Form):
    value: Number = Field(gt=0)
    unit: str
    log_sd: Number = Field(gt=0)


class _FitForm(_Form):
    summary: Text
    script: Text
    evidence: tuple[Text, ...] = Field(min_length=1)
    parameters: dict[str, _ValueForm] = Field(min_length=1)
    correlation: tuple[tuple[Number, ...], ...]

    @model_validator(mode="after")
    def _square(self) -> _FitForm:
        size = len(self.parameters)
        if [len(row) for row in self.correlation] != [size] * size:
            raise ValueError(f"the correlation matrix must be {size} by {size}")
        matrix = np.array(self.correlation)
        if not np.allclose(matrix, matrix.T) or not np.allclose(np.diag(matrix), 1):
            raise ValueError(
                "the correlation matrix is symmetric, with a diagonal of 1"
            )
        if np.linalg.eigvalsh(matrix)[0] <= 0:
            raise ValueError("the correlation matrix is not positive definite")
        return self


class _FileForm(_Form):
    fits: dict[str, _FitForm]


@cache
def load_fits(path: Path = _FILE) -> tuple[Fit, ...]:
    """Every calibration of the library.

    Raises CardError with every problem of the file.
    """
    problems = Problems()
    node = read_card(path.read_text(encoding="utf-8"), path.name, problems)
    found: tuple[Fit, ...] = ()
    if node is not None:
        try:
            form = _FileForm.model_validate(node.plain())
            found = tuple(_fit(name, one) for name, one in form.fits.items())
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                reason = detail["msg"].removeprefix("Value error, ")
                last = next(
                    (p for p in reversed(detail["loc"]) if isinstance(p, str)), "fits"
                )
                problems.add(node.place(detail["loc"]), f"'{last}': {reason}.")
    if problems:
        raise CardError(f"The fits in '{path.name}' cannot be used.", problems)
    return found


def _fit(name: str, form: _FitForm) -> Fit:
    values = form.parameters.values()
    return Fit(
        name,
        form.summary,
        tuple(form.parameters),
        tuple(one.value for one in values),
        tuple(one.unit for one in values),
        tuple(one.log_sd for one in values),
        np.array(form.correlation, dtype=np.float64),
        form.evidence,
        form.script,
    )


def printed_digits(value: float, digits: int) -> float:
    """A number to as many significant digits as a card prints."""
    if value == 0:
        return 0.0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return round(value, places)
