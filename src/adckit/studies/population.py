"""Virtual subjects: a population drawn for a model, or a table of the user's own.

How a population is drawn, for every subject on its own:

1. Each covariate and each parameter that varies has a random stream of its own, keyed
   by seed, subject number and name (`random_streams`).
2. Categories are drawn by their shares.
3. Everything else gets a standard normal score.  Scores of correlated quantities are
   mixed by the Cholesky factor of their correlation matrix, in the order in which the
   card names them.
4. A score becomes a value by its distribution: mean + SD z, or median exp(s z).  A
   distribution with limits is truncated: z is the quantile of the part between them
   that lies where the score lay in the whole, so no subject is drawn twice.
5. Formulas give what follows from other covariates, such as body surface.
6. A parameter is the model's value, times exp(s z) where it has a spread, times the
   effects of covariates.  Its value in the model is its median; s^2 = ln(1 + CV^2) for
   a CV and for an SD relative to the value, and s = ln(GSD).  A value that effects
   carry out of the parameter's limits is set to the limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adckit.errors import AdckitError
from adckit.library import Product
from adckit.library.populations import (
    Covariate,
    Distribution,
    Population,
    load_population,
)
from adckit.library.shelf import same_name
from adckit.mechanisms.assemble import assemble
from adckit.network.network import Network
from adckit.parameters import Parameter, Source, Status
from adckit.studies.drawing import (
    Column,
    Floats,
    body_surface,
    effect_factor,
    floats,
    log_width,
    mixtures,
    values_at,
    values_by_case,
)
from adckit.studies.random_streams import normals, uniforms
from adckit.units import parse_unit

__all__ = ["DrawnSubjects", "Sampler", "SubjectSource", "SubjectTable", "draw"]


@dataclass(frozen=True)
class DrawnSubjects:
    """Some subjects of a study."""

    names: Column
    """(subject,): numbers, or the names that a table has"""
    parameters: Mapping[str, Floats]
    """Parameter → (subject,), in the parameter's own unit."""
    covariates: Mapping[str, Column] = field(default_factory=dict)
    """What else is known of them, (subject,)."""

    def table(self) -> dict[str, ArrayLike]:
        """The same as `simulate(subjects=...)` takes it."""
        return {"subject": self.names, **self.parameters}


class SubjectSource(Protocol):
    """Where subjects come from; subjects are numbered from 1."""

    def take(self, numbers: Sequence[int] | NDArray[np.int64]) -> DrawnSubjects:
        """The subjects of these numbers."""
        ...

    def units(self) -> dict[str, str]:
        """Unit of every column that `take` gives."""
        ...

    def describe(self) -> str:
        """How they are made, in words."""
        ...


def draw(
    model: Product | Network,
    population: Population | str,
    seed: int,
    subjects: int | ArrayLike,
    effects: str | None = None,
) -> dict[str, ArrayLike]:
    """Subjects drawn from a population, as `simulate(subjects=...)` takes them.

    Args:
        model: whose parameters are drawn.
        population: a population or its name.
        seed: of the random streams.
        subjects: how many (numbered from 1), or the numbers of those wanted.
        effects: set of covariate effects; by default the population's first.

    Raises UnknownNameError for unknown names, AdckitError for a population that does
    not suit the model.
    """
    numbers = np.arange(1, subjects + 1) if isinstance(subjects, int) else subjects
    return Sampler(model, population, seed, effects).take(np.asarray(numbers)).table()


class Sampler:
    """A population made ready to be drawn for one model."""

    def __init__(
        self,
        model: Product | Network,
        population: Population | str,
        seed: int,
        effects: str | None = None,
    ) -> None:
        if isinstance(population, str):
            population = load_population(population)
        self.network = _network(model, population)
        self.population, self.seed = population, seed
        self.known = {p.name: p for p in self.network.parameters}
        chosen = population.effect_set(effects)
        modelled = {c.name for c in population.covariates if c.parameter in self.known}
        self.effects = [
            e
            for e in chosen
            if e.parameter in self.known and e.covariate not in modelled
        ]
        self.widths = self._widths()
        self.mixed = mixtures(population, self._scored(), self._log_widths())

    def take(self, numbers: Sequence[int] | NDArray[np.int64]) -> DrawnSubjects:
        """The subjects of these numbers, counted from 1."""
        wanted = np.asarray(numbers)
        scores = self._scores(wanted)
        covariates = self._covariates(wanted, scores)
        parameters: dict[str, Floats] = {}
        for covariate in self.population.covariates:
            parameter = self.known.get(covariate.parameter or covariate.name)
            if parameter is not None and not covariate.shares:
                value = np.asarray(covariates[covariate.name], dtype=float)
                factor = _factor(covariate, parameter)
                parameters[parameter.name] = value * factor
        for name, width in self.widths.items():
            parameter = self.known[name]
            median = Distribution(True, parameter.value, width, *parameter.bounds)
            parameters[name] = values_at(median, scores[name])
        self._apply_effects(parameters, covariates, len(wanted))
        others = {n: v for n, v in covariates.items() if n not in parameters}
        return DrawnSubjects(wanted.astype(np.int64), parameters, others)

    def units(self) -> dict[str, str]:
        """Unit of every column."""
        others = {c.name: c.unit for c in self.population.covariates}
        return {**others, **{p.name: p.unit for p in self.known.values()}}

    def describe(self) -> str:
        """What is drawn and how, line by line, with status and source."""
        population = self.population
        notes = _Notes()
        lines = [
            f"Population '{population.name}': {population.summary}.",
            f"Random streams: Philox-4x32-10, seed {self.seed}, one stream per subject "
            "and quantity.",
        ]
        lines += [
            f"{c.name}: {_in_words(c)} {notes.on(c.status, c.source)}"
            for c in population.covariates
        ]
        for name, width in self.widths.items():
            parameter = self.known[name]
            own = population.variability.get(name, parameter)
            shape = Distribution(True, parameter.value, width, *parameter.bounds)
            unit = "" if parameter.unit in ("", "1") else f" {parameter.unit}"
            lines.append(f"{name}: {shape}{unit} {notes.on(own.status, own.source)}")
        for link in population.correlations:
            if all(name in self._scored() for name in link.between):
                mark = notes.on(link.status, link.source)
                lines.append(f"{' and '.join(link.between)}: {link} {mark}")
        lines += [f"{e} {notes.on(e.status, e.source)}" for e in self.effects]
        if population.lesions is not None:
            stated = zip(
                population.lesions.text, population.lesions.stated, strict=True
            )
            lines += [f"{text} {notes.on(*origin)}" for text, origin in stated]
        return "\n".join([*lines, *notes.sources()])

    def _widths(self) -> dict[str, float]:
        """SD of the logarithm of every parameter that varies, in the model's order."""
        population = self.population
        taken = {c.parameter or c.name for c in population.covariates}
        widths = {}
        for name, parameter in self.known.items():
            spread = parameter.spread
            if spread is not None and spread.kind.value not in population.kinds:
                spread = None
            if name in population.variability:
                spread = population.variability[name].spread
            if name in taken or spread is None:
                continue
            width = log_width(spread, parameter)
            if width > 0:
                widths[name] = width
        return widths

    def _scored(self) -> list[str]:
        """Everything that is drawn by a normal score."""
        covariates = [c.name for c in self.population.covariates if c.cases]
        return [*covariates, *self.widths]

    def _log_widths(self) -> dict[str, float]:
        """SD of the logarithm of what is lognormal."""
        plain = {
            c.name: c.cases[""].width
            for c in self.population.covariates
            if "" in c.cases and c.cases[""].logarithmic
        }
        return {**plain, **self.widths}

    def _scores(self, numbers: NDArray[np.int64]) -> dict[str, Floats]:
        """Standard normal scores, correlated as the card says; (subject,) each."""
        scores = {
            name: normals(self.seed, name, numbers)[:, 0] for name in self._scored()
        }
        for names, factor in self.mixed:
            own = [scores[name] for name in names]
            for i, name in enumerate(names):
                # Summed one by one: a matrix product may round by the number of rows.
                scores[name] = sum(
                    (factor[i, j] * own[j] for j in range(1, i + 1)),
                    start=factor[i, 0] * own[0],
                )
        return scores

    def _covariates(
        self, numbers: NDArray[np.int64], scores: Mapping[str, Floats]
    ) -> dict[str, Column]:
        found: dict[str, Column] = {}
        for covariate in self.population.covariates:
            if covariate.shares:
                place = uniforms(self.seed, covariate.name, numbers)[:, 0]
                edges = np.cumsum(list(covariate.shares.values()))[:-1]
                chosen = np.searchsorted(edges, place, side="right")
                found[covariate.name] = np.array(list(covariate.shares))[chosen]
        for covariate in self.population.covariates:
            if covariate.cases:
                own = scores[covariate.name]
                found[covariate.name] = values_by_case(covariate, own, found)
        for covariate in self.population.covariates:
            if covariate.formula:
                found[covariate.name] = body_surface(covariate.formula, found)
            elif covariate.relative and covariate.name in self.known:
                typical = self.known[covariate.name].value
                found[covariate.name] = floats(found[covariate.name]) * typical
        return {c.name: found[c.name] for c in self.population.covariates}

    def _apply_effects(
        self,
        parameters: dict[str, Floats],
        covariates: Mapping[str, Column],
        count: int,
    ) -> None:
        for effect in self.effects:
            parameter = self.known[effect.parameter]
            before = parameters.get(parameter.name, np.full(count, parameter.value))
            changed = before * effect_factor(
                effect, floats(covariates[effect.covariate])
            )
            parameters[parameter.name] = np.clip(changed, *parameter.bounds)


def _network(model: Product | Network, population: Population) -> Network:
    if isinstance(model, Network):
        return model
    host = model.parts.get("host")
    if population.host and host and not same_name(population.host, host):
        raise AdckitError(
            f"The population '{population.name}' is about the host {population.host}, "
            f"the model about {host}. Use 'model-spreads' or a population of your own."
        )
    return assemble(model.blueprint)


def _factor(covariate: Covariate, parameter: Parameter) -> float:
    """From the covariate's unit to the parameter's."""
    if covariate.relative:
        return 1.0
    own, wanted = parse_unit(covariate.unit), parse_unit(parameter.unit)
    if own.dimension != wanted.dimension:
        raise AdckitError(
            f"The covariate {covariate.name} is in '{covariate.unit}', the parameter "
            f"so named in '{parameter.unit}'. Give it in a unit of the same kind."
        )
    return own.factor / wanted.factor


class _Notes:
    """Sources, each written out once and referred to by its number."""

    def __init__(self) -> None:
        self.known: list[Source] = []

    def on(self, status: Status, source: Source) -> str:
        if source not in self.known:
            self.known.append(source)
        return f"({status} [{self.known.index(source) + 1}])"

    def sources(self) -> list[str]:
        return [f"[{i}] {source}" for i, source in enumerate(self.known, start=1)]


def _in_words(covariate: Covariate) -> str:
    unit = f" {covariate.unit}" if covariate.unit else ""
    if covariate.shares:
        return ", ".join(f"{100 * s:g} % {n}" for n, s in covariate.shares.items())
    if covariate.formula:
        return f"formula of {covariate.formula}"
    if covariate.by:
        cases = covariate.cases.items()
        return "; ".join(f"{case}: {form}{unit}" for case, form in cases)
    times = "the model's value times " if covariate.relative else ""
    return f"{times}{covariate.cases['']}{unit}"


class SubjectTable:
    """Subjects that the user brings, one row each; see `io.subject_tables`."""

    def __init__(
        self,
        names: Column,
        parameters: Mapping[str, Floats],
        units: Mapping[str, str],
        origin: str,
    ) -> None:
        self.names, self.parameters = names, dict(parameters)
        self.origin, self.own_units = origin, dict(units)

    def __len__(self) -> int:
        return len(self.names)

    def take(self, numbers: Sequence[int] | NDArray[np.int64]) -> DrawnSubjects:
        """The rows of these numbers, counted from 1."""
        rows = np.asarray(numbers) - 1
        return DrawnSubjects(
            self.names[rows],
            {name: values[rows] for name, values in self.parameters.items()},
        )

    def units(self) -> dict[str, str]:
        """Unit of every column."""
        return self.own_units

    def describe(self) -> str:
        """Where the subjects come from."""
        columns = ", ".join(self.parameters) or "no parameter"
        return (
            f"{len(self):,} subjects from {self.origin}, which differ in {columns}. "
            "All else is as in the model."
        )
