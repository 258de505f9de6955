"""One product of the library as a page: all that its cards say, and what they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from markdown import cell, source_text, table

from adckit.library import Observation, Product, check_part, list_products, load_product
from adckit.library.cards import PartCard
from adckit.library.shelf import PARTS
from adckit.mechanisms.vocabulary import (
    PARAMETERS,
    PAYLOAD_SPECIES,
    POPULATION_PARAMETERS,
)
from adckit.parameters import Parameter, Source, Status
from adckit.prepared import Prepared, prepare
from adckit.report.collecting import shown_unit
from adckit.report.words import (
    analyte_text,
    number_text,
    published_text,
    quantity_text,
    value_with_spread,
)
from adckit.studies.case import Case, study

__all__ = ["product", "products"]

_SECTIONS = {
    "body_weight": "Body and molecules",
    "clearance": "Antibody in plasma and tissue",
    "catabolite_recovery": "Payload",
    "initial_tumour_volume": "Delivery to the tumour",
    "cell_density": "Cells of the tumour",
    "doubling_time": "Growth and kill",
}
"""First parameter of a section of the vocabulary → its heading."""
_SHOWN_ASSUMPTIONS = 8


def products() -> str:
    """A table of all products."""
    rows = []
    for name in list_products():
        loaded = load_product(name)
        molecule = (loaded.parts[part] for part in ("antibody", "linker", "payload"))
        programme = loaded.programme
        rows.append(
            [
                f"[{name}](/products/{name}.md)",
                cell(", ".join(loaded.aliases)),
                cell("-".join(molecule)),
                cell(loaded.parts["target"]),
                cell(programme.phase if programme else ""),
            ]
        )
    headers = ("product", "other names", "made of", "target", "phase on 2003-01-24")
    return table(headers, rows)


def product(name: str) -> str:
    """The page of one product."""
    page = _Page(prepare(name))
    return "\n\n".join(text for text in page.write() if text)


@dataclass
class _Page:
    """A product, what it gives under its own regimen, and the sources cited so far."""

    ready: Prepared
    cited: dict[str, int] = field(default_factory=dict)

    @property
    def loaded(self) -> Product:
        assert self.ready.product is not None
        return self.ready.product

    def write(self) -> Iterator[str]:
        yield from self._parts()
        yield from self._programme()
        yield from self._results(study(self.loaded.name, self.ready))
        yield from self._observations()
        yield from self._alternatives()
        yield from self._parameters()
        yield "## Sources"
        yield table(
            ("", ""),
            (
                [f"[{number}]{{#{self._label(number)}}}", text]
                for text, number in self.cited.items()
            ),
        )

    def _label(self, number: int) -> str:
        return f"{self.loaded.name}-source-{number}"

    def _cite(self, source: Source | None) -> str:
        """The number of a source in the list at the end of the page, as a link."""
        if source is None:
            return ""
        number = self.cited.setdefault(source_text(source), len(self.cited) + 1)
        return f"[{number}](#{self._label(number)})"

    def _parts(self) -> Iterator[str]:
        loaded, load = self.loaded, self.loaded.blueprint.load
        rows = [[part, f"`{loaded.parts[part]}`"] for part in PARTS]
        if load is not None:
            shares = ", ".join(f"{share:.3g}" for share in load.fractions)
            rows.append(["mean load (DAR)", f"{load.mean:.3g}"])
            rows.append([f"share with 0 to {load.sites} payloads", shares])
        rows.append(["other names", cell(", ".join(loaded.aliases))])
        rows.append(["tumours", ", ".join(f"`{t}`" for t in loaded.tumours)])
        if loaded.regimen:
            source = self._cite(loaded.regimen_source)
            rows.append(["regimen", f"`{loaded.regimen}` {source}"])
        for organ, use in loaded.organs.items():
            rows.append(
                [f"organ: {organ}", f"{cell(use.why)} {self._cite(use.source)}"]
            )
        yield "## What it is"
        yield cell(loaded.summary) + "."
        yield table(("", ""), rows)
        notes = "\n".join(f"- {cell(note)}" for note in self.ready.network.notes)
        yield f"The model, with the section of the equations in brackets:\n\n{notes}"

    def _programme(self) -> Iterator[str]:
        programme = self.loaded.programme
        if programme is None:
            return
        yield f"## Programme as of {programme.as_of}"
        rows = [
            ["sponsor", cell(programme.sponsor)],
            ["licensee", cell(programme.licensee or "none")],
            ["IND holder", cell(programme.ind_holder)],
            ["phase", cell(programme.phase)],
            ["rights", cell(programme.rights)],
            ["tumour types", cell("; ".join(programme.tumour_types))],
            ["sources", ", ".join(self._cite(s) for s in programme.sources)],
        ]
        yield table(("", ""), rows)

    def _results(self, case: Case) -> Iterator[str]:
        regimen = case.result.provenance["regimen"]
        yield "## What the model gives"
        yield (
            f"One typical subject under `{regimen}`, computed when this page was "
            "built.  A star marks a value that parameters were fitted to: agreement "
            "there is no evidence."
        )
        rows = [
            [
                f"{analyte_text(row.analyte)}: {quantity_text(row.quantity)}",
                f"{number_text(row.value)} {cell(shown_unit(row.unit))}",
                cell(published_text(row)) + ("\\*" if row.role == "calibrated" else ""),
                "" if row.ratio is None else f"{row.ratio:.2f}",
                {None: "", True: "yes", False: "no"}[row.within],
            ]
            for row in case.rows
            if row.value is not None
        ]
        headers = ("", "simulated", "published", "ratio", "in spread")
        yield table(headers, rows)
        yield from self._assumptions(case)

    def _assumptions(self, case: Case) -> Iterator[str]:
        influences = case.influences or ()
        assumed = [p for p in self._used() if p.status is Status.ASSUMED]
        names = list(dict.fromkeys(name for i in influences for name in i.effects))
        yield "### Assumptions that matter most"
        yield (
            f"{len(assumed)} of the {len(self._used())} parameters are assumed.  These "
            "change the results most when they are a fifth lower or higher (percent; "
            "percentage points for the tumour):"
        )
        rows = []
        for influence in influences[:_SHOWN_ASSUMPTIONS]:
            pairs = (influence.effects.get(name) for name in names)
            shown = ["" if p is None else ", ".join(map(_change, p)) for p in pairs]
            rows.append([f"`{influence.parameter.name}`", *shown])
        yield table(("parameter", *names), rows)

    def _observations(self) -> Iterator[str]:
        if not self.loaded.observations:
            yield "## Published observations"
            yield "None was found that a simulation could be held against."
            return
        yield "## Published observations"
        rows = [self._observation(seen) for seen in self.loaded.observations]
        yield table(("", "value", "seen in", "regimen", "role", "source"), rows)

    def _observation(self, seen: Observation) -> list[str]:
        count = f", n = {seen.n}" if seen.n else ""
        value = f"{value_with_spread(seen.value, seen.spread)} {seen.unit}{count}"
        condition = seen.condition + (f". {seen.note}" if seen.note else "")
        return [
            f"{analyte_text(seen.analyte)}: {quantity_text(seen.quantity)}",
            cell(value),
            cell(condition),
            f"`{seen.regimen}`",
            seen.role,
            self._cite(seen.source),
        ]

    def _alternatives(self) -> Iterator[str]:
        yield "## Contradictions and alternatives"
        yield (
            "Where sources contradict each other the library holds both, as named "
            "sets. `--set NAME=OPTION` chooses one; the first is the default."
        )
        summaries = _summaries(self.loaded)
        for name, options in self.loaded.options.items():
            yield f"### `{name}`"
            yield "\n".join(
                f"- `{option}`: {cell(summaries.get((name, option), ''))}"
                for option in options
            )
            yield self._differences(name, options)

    def _differences(self, name: str, options: tuple[str, ...]) -> str:
        """What changes between the options of one set, parameter by parameter."""
        host = self.loaded.set_hosts.get(name, self.loaded.parts["host"])
        made = {
            option: load_product(
                self.loaded.name, settings={name: option, "host": host}
            ).blueprint
            for option in options
        }
        default = made[options[0]]
        rows = []
        for key in sorted(
            {p for blueprint in made.values() for p in blueprint.parameters}
        ):
            shown = [
                _value(blueprint.parameters.get(key)) for blueprint in made.values()
            ]
            if len(set(shown)) > 1:
                rows.append([f"`{key}`", *map(cell, shown)])
        for key in sorted(
            {v for blueprint in made.values() for v in blueprint.variants}
        ):
            shown = [blueprint.variant(key) for blueprint in made.values()]
            if len(set(shown)) > 1:
                rows.append([f"choice `{key}`", *(f"`{option}`" for option in shown)])
        loads = [b.load.mean if b.load else 0.0 for b in made.values()]
        if any(b.load != default.load for b in made.values()):
            rows.append(["mean load", *(f"{mean:.3g}" for mean in loads)])
        return table(("", *(f"`{option}`" for option in options)), rows)

    def _used(self) -> list[Parameter]:
        return list(self.ready.network.parameters)

    def _parameters(self) -> Iterator[str]:
        """Every parameter of the model, in the order of the vocabulary."""
        yield "## Parameters"
        left = {p.name: p for p in self._used()}
        heading, rows = "", list[list[str]]()
        for name in PARAMETERS:
            if name in _SECTIONS:
                yield from _section(heading, rows)
                heading, rows = _SECTIONS[name], []
            if name in left:
                rows.append(self._parameter(left.pop(name)))
        yield from _section(heading, rows)
        for species in self.loaded.blueprint.species:
            names = [f"{species.name}_{spec.name}" for spec in PAYLOAD_SPECIES]
            rows = [self._parameter(left.pop(name)) for name in names if name in left]
            yield from _section(species.label, rows)
        for population in self.loaded.blueprint.populations:
            stems = (spec.name for spec in POPULATION_PARAMETERS)
            names = [f"{stem}_{population.name}" for stem in stems]
            rows = [self._parameter(left.pop(name)) for name in names if name in left]
            yield from _section(f"Tumour cells: {population.label}", rows)
        if left:
            raise KeyError(f"no section holds {', '.join(left)}")

    def _parameter(self, parameter: Parameter) -> list[str]:
        status = str(parameter.status)
        if parameter.fitted_to:
            status += f" to {parameter.fitted_to}"
        return [
            f"`{parameter.name}`",
            cell(_value(parameter)),
            cell(parameter.spread or ""),
            cell(status),
            cell(parameter.note or ""),
            self._cite(parameter.source),
        ]


def _section(heading: str, rows: list[list[str]]) -> Iterator[str]:
    if rows:
        yield f"### {heading}"
        headers = ("parameter", "value", "spread", "status", "note", "source")
        yield table(headers, rows)


def _change(percent: float) -> str:
    text = f"{percent:+.1f}"
    return "0" if text in ("+0.0", "-0.0") else text


def _value(parameter: Parameter | None) -> str:
    if parameter is None:
        return ""
    unit = "" if parameter.unit == "1" else parameter.unit
    return f"{parameter.value:g} {unit}".strip()


def _summaries(loaded: Product) -> Mapping[tuple[str, str], str]:
    """(Set, option) → what its cards say of it."""
    payload = check_part("payload", loaded.parts["payload"])
    species = tuple(getattr(payload, "species", {}))
    cards: list[PartCard] = [check_part(p, loaded.parts[p], species) for p in PARTS]
    cards.append(check_part("conjugate", loaded.name, species))
    found: dict[tuple[str, str], list[str]] = {}
    for card in cards:
        for name, options in card.parameter_sets.items():
            for option, choice in options.items():
                if choice.summary:
                    found.setdefault((name, option), []).append(choice.summary)
    return {key: ". ".join(dict.fromkeys(texts)) for key, texts in found.items()}
