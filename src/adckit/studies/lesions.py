"""The lesions of single subjects: how many, where, and how they differ.

All lesions of a subject have its plasma, its payload and its sensitivity to it.  Some
parameters, such as size, antigens per cell, capillaries and growth, differ between
them: lesion k of a subject has

    p_k = p exp(s z_k)        z_k standard normal, s the population's for lesions

with p the subject's own value.  The first lesion of a subject is measurable, 10 mm or
more, since no trial with scans would enrol it otherwise: its size is drawn from the
part of the distribution above.

New lesions are seeded by those there are: their cumulative hazard is

    H(t) = r integral of V(u)/V(0) du        V volume of the target lesions together

and the first one is there when H passes -ln u.

Every number is keyed by seed, subject and lesion, so that neither more lesions nor more
subjects change those there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_trapezoid
from scipy.special import ndtr, ndtri

from adckit.library.populations import LesionSpread
from adckit.parameters import Parameter
from adckit.studies.random_streams import normals, uniforms
from adckit.studies.response import MEASURABLE, sphere_diameters
from adckit.units import convert

__all__ = ["Lesions", "draw_lesions", "new_lesion_days"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SIZE = "initial_tumour_volume"
_BALL = np.pi / 6


@dataclass(frozen=True)
class Lesions:
    """Lesions of some subjects at the start."""

    organs: NDArray[np.object_]
    """(subject, lesion): where it is, empty where there is no lesion"""
    parameters: Mapping[str, Floats]
    """Parameter → (subject, lesion), in its own unit"""
    diameters: Floats
    """(subject, lesion), mm; NaN where there is no lesion"""

    @property
    def first(self) -> dict[str, Floats]:
        """Parameter → values of the first lesion, (subject,)."""
        return {name: values[:, 0] for name, values in self.parameters.items()}


def draw_lesions(
    spread: LesionSpread,
    known: Mapping[str, Parameter],
    subjects: Mapping[str, Floats],
    numbers: Integers,
    seed: int,
) -> Lesions:
    """The lesions of subjects.

    Args:
        spread: the population's.
        known: parameters of the model, by name.
        subjects: parameter → the subjects' own values (subject,), the model's where it
            is not among them.
        numbers: of the subjects, (subject,).
        seed: of the random streams.
    """
    most = len(spread.number)
    place = uniforms(seed, "lesions", numbers)
    edges = np.cumsum(spread.number)[:-1]
    count = 1 + np.searchsorted(edges, place[:, 0], side="right")
    present = np.arange(most) < count[:, np.newaxis]
    drawn = {}
    for name in (*spread.widths, *({_SIZE} - set(spread.widths))):
        if name in known:
            own = subjects.get(name, np.full(len(numbers), known[name].value))
            width = spread.widths.get(name, 0.0)
            drawn[name] = _values(known[name], own, width, most, numbers, seed)
    volumes = convert(1, known[_SIZE].unit, "mm3") * drawn[_SIZE]
    diameters = np.where(present, sphere_diameters(volumes), np.nan)
    return Lesions(_organs(spread, present, numbers, seed), drawn, diameters)


def _values(
    parameter: Parameter,
    own: Floats,
    width: float,
    most: int,
    numbers: Integers,
    seed: int,
) -> Floats:
    """A parameter of every lesion, (subject, lesion)."""
    scores = np.stack(
        [
            normals(seed, f"lesion {lesion} {parameter.name}", numbers)[:, 0]
            for lesion in range(1, most + 1)
        ],
        axis=1,
    )
    if parameter.name == _SIZE and width > 0:
        smallest = convert(_BALL * MEASURABLE**3, "mm3", parameter.unit)
        least = ndtr(np.log(smallest / own) / width)
        scores[:, 0] = ndtri(least + ndtr(scores[:, 0]) * (1 - least))
    values = own[:, np.newaxis] * np.exp(width * scores)
    return np.asarray(np.clip(values, *parameter.bounds))


def _organs(
    spread: LesionSpread, present: NDArray[np.bool_], numbers: Integers, seed: int
) -> NDArray[np.object_]:
    names = np.array(list(spread.organs), dtype=object)
    edges = np.cumsum(list(spread.organs.values()))[:-1]
    places = [
        uniforms(seed, f"organ of lesion {lesion}", numbers)[:, 0]
        for lesion in range(1, present.shape[1] + 1)
    ]
    chosen = np.searchsorted(edges, np.stack(places, axis=1), side="right")
    return np.where(present, names[chosen], "")


def new_lesion_days(
    rate: float, times: Floats, volumes: Floats, numbers: Integers, seed: int
) -> Floats:
    """Day on which the first new lesion is there, (subject,); infinite without one.

    Args:
        rate: per day, while the lesions have the size that they had at the start.
        times: (time,), days.
        volumes: of the target lesions together, (subject, time).
        numbers, seed: key the random numbers.
    """
    first = volumes[:, :1]
    size = np.divide(volumes, first, out=np.zeros_like(volumes), where=first > 0)
    hazard = rate * cumulative_trapezoid(size, times, axis=1, initial=0)
    limit = -np.log(uniforms(seed, "new lesion", numbers))
    there = hazard >= limit
    return np.where(there.any(axis=1), times[there.argmax(axis=1)], np.inf)
