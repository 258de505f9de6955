"""What a user changes with `--set key=value`, sorted by what the key is.

A key is a part (`linker`), a named parameter set (`tubulin`), a model choice (`kill`),
the mean load (`dar`), the organs (`organs`), cells in a dish (`cells`, `cells_2` ...,
`mix`) or a parameter (`clearance`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adckit.errors import AdckitError
from adckit.library.checking import (
    hint,
    parameter_names,
    parameter_problem,
    variant_problem,
)
from adckit.library.reading import Problems
from adckit.library.shelf import PARTS
from adckit.mechanisms.blueprint import VARIANTS
from adckit.mechanisms.vocabulary import specification
from adckit.molecules.load import DrugLoad
from adckit.parameters import Parameter, Source, Status
from adckit.units import parse_quantity, parse_unit

__all__ = [
    "CELLS",
    "MEAN_LOAD",
    "MIX",
    "MORE_CELLS",
    "ORGANS",
    "USER",
    "Settings",
    "part_settings",
    "sort_settings",
    "with_mean_load",
]

MEAN_LOAD = "dar"
"""Setting that gives the sites of the product another mean load."""

ORGANS = "organs"
"""Setting that chooses the organs whose toxicity is followed."""

CELLS = "cells"
"""Setting that puts a cell line in a dish in the place of a tumour in a body."""

MORE_CELLS = ("cells_2", "cells_3", "cells_4")
"""Settings that add other lines to the same dish."""

MIX = "mix"
"""Setting that gives the lines of one dish their shares of the cells."""

_SPELLINGS = {"tumor": "tumour", "DAR": MEAN_LOAD}
USER = Source("set by the user")
"""Source of every value that a setting gives."""


@dataclass(frozen=True)
class Settings:
    """Settings by kind, checked as far as can be without the product."""

    options: Mapping[str, str] = field(default_factory=dict)
    """Named parameter set → option."""
    variants: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    mean_load: float | None = None


def part_settings(settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The settings that choose a part or the organs, and all others.

    `payload` is both a part and a model choice; what it is set to tells which is meant.
    """
    spelled = {_SPELLINGS.get(key, key): value for key, value in settings.items()}
    parts = {
        key: value
        for key, value in spelled.items()
        if key in (ORGANS, CELLS, *MORE_CELLS, MIX)
        or (key in PARTS and value not in VARIANTS.get(key, ()))
    }
    rest = {key: value for key, value in spelled.items() if key not in parts}
    return parts, rest


def sort_settings(
    rest: Mapping[str, str],
    species: Sequence[str],
    options: Mapping[str, Iterable[str]],
    problems: Problems,
) -> Settings:
    """Settings by kind; `options` are the product's named parameter sets.

    Every setting that cannot be used is added to `problems`.
    """
    chosen, variants = {}, {}
    parameters: list[Parameter] = []
    mean_load = None
    for key, value in rest.items():
        where = f"setting '{key}'"
        if key in options:
            chosen[key] = _option(key, value, tuple(options[key]), where, problems)
        elif key in VARIANTS:
            variants[key] = value
            problem = variant_problem(key, value)
            if problem:
                problems.add(where, problem)
        elif key == MEAN_LOAD:
            mean_load = _mean_load(value, where, problems)
        else:
            known = (*PARTS, CELLS, *MORE_CELLS, MIX, *options, *VARIANTS)
            known += (MEAN_LOAD, ORGANS)
            known += parameter_names(species)
            parameter = _parameter(key, value, species, known, where, problems)
            parameters += [parameter] if parameter is not None else []
    return Settings(chosen, variants, tuple(parameters), mean_load)


def with_mean_load(
    load: DrugLoad | None, mean: float, problems: Problems
) -> DrugLoad | None:
    """The load of the same sites with another mean, as a binomial distribution."""
    where = f"setting '{MEAN_LOAD}'"
    if load is None:
        problems.add(where, "A plain drug carries no payload. Leave it out.")
        return None
    try:
        return DrugLoad.binomial(load.sites, mean)
    except AdckitError as error:
        problems.add(where, " ".join(str(error).split()))
        return load


def _option(
    key: str, value: str, options: tuple[str, ...], where: str, problems: Problems
) -> str:
    if value not in options:
        problems.add(where, f"'{key}' has no option '{value}'. {hint(value, options)}")
    return value


def _mean_load(value: str, where: str, problems: Problems) -> float | None:
    try:
        return float(value)
    except ValueError:
        problems.add(where, f"'{value}' is no number of payloads. Write 3.5 or so.")
        return None


def _parameter(
    name: str,
    text: str,
    species: Sequence[str],
    known: tuple[str, ...],
    where: str,
    problems: Problems,
) -> Parameter | None:
    spec = specification(name, tuple(species))
    if spec is None:
        problems.add(where, f"Unknown setting '{name}'. {hint(name, known)}".rstrip())
        return None
    try:
        value, unit = parse_quantity(text)
    except AdckitError as error:
        problems.add(where, str(error))
        return None
    dimensionless = all(parse_unit(u).dimension.dimensionless for u in spec.units)
    if not unit and not dimensionless:
        problems.add(where, f"'{text}' has no unit. Write {value:g} {spec.units[0]}.")
        return None
    found = parameter_problem(name, value, unit, species)
    if found is not None:
        problems.add(where, found[1])
        return None
    return Parameter(
        name, value, unit, USER, Status.ASSUMED, bounds=(spec.lowest, spec.highest)
    )
