"""What the code holds, as Markdown: vocabulary, choices, outputs, units, cards."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from importlib import resources

import typer
from typer.testing import CliRunner

from adckit.cli.main import app
from adckit.library import check_part, list_parts, load_product
from adckit.library.populations import list_populations, load_population
from adckit.mechanisms.assemble import assemble
from adckit.mechanisms.blueprint import VARIANTS
from adckit.mechanisms.organ_parameters import ORGAN_PARAMETERS
from adckit.mechanisms.reading import CONVENTIONS
from adckit.mechanisms.specification import ParameterSpec
from adckit.mechanisms.vocabulary import (
    PARAMETERS,
    PAYLOAD_SPECIES,
    POPULATION_PARAMETERS,
)
from adckit.parameters import Source
from adckit.status import Status

__all__ = [
    "cards",
    "cell",
    "choices",
    "commands",
    "conventions",
    "organ_parameters",
    "outputs",
    "parameters",
    "payload_parameters",
    "population_parameters",
    "populations",
    "source_text",
    "statuses",
    "table",
    "units",
]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$])")


def cell(text: object) -> str:
    """Plain text for a cell of a table."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are Markdown already; nothing where there are no rows."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if not lines:
        return ""
    rule = "|" + " --- |" * len(headers)
    return "\n".join(["| " + " | ".join(headers) + " |", rule, *lines, ""])


def source_text(source: Source) -> str:
    """A source with its links."""
    parts = [cell(source.citation)]
    if source.doi:
        parts.append(f"[doi:{cell(source.doi)}](https://doi.org/{source.doi})")
    if source.pmid:
        parts.append(
            f"[PMID {source.pmid}](https://pubmed.ncbi.nlm.nih.gov/{source.pmid})"
        )
    if source.url and not source.doi:
        parts.append(f"<{source.url}>")
    return ", ".join(parts)


def parameters(*names: str) -> str:
    """The parameters of a mechanism: unit, meaning, limits."""
    unknown = [name for name in names if name not in PARAMETERS]
    if unknown:
        raise KeyError(f"no parameter is called {unknown[0]}")
    return _specifications([PARAMETERS[name] for name in names])


def organ_parameters() -> str:
    """The parameters of all organs of toxicity."""
    return _specifications(ORGAN_PARAMETERS)


def payload_parameters() -> str:
    """The parameters that each payload species has under its own name."""
    return _specifications(PAYLOAD_SPECIES, prefix="<species>_")


def population_parameters() -> str:
    """The parameters that each population of tumour cells has under its own name."""
    return _specifications(POPULATION_PARAMETERS, suffix="_<p>")


def _specifications(
    specs: Iterable[ParameterSpec], prefix: str = "", suffix: str = ""
) -> str:
    rows = (
        [
            f"`{prefix}{spec.name}{suffix}`",
            " or ".join(cell(unit or "no unit") for unit in spec.units),
            cell(spec.meaning),
            _limits(spec),
        ]
        for spec in specs
    )
    return table(("parameter", "unit", "meaning", "limits"), rows)


def _limits(spec: ParameterSpec) -> str:
    if spec.positive:
        low = "above 0"
    else:
        low = "any" if math.isinf(spec.lowest) else f"{spec.lowest:g} or more"
    return low if math.isinf(spec.highest) else f"{low}, at most {spec.highest:g}"


def conventions() -> str:
    """Parameters that a card may leave out."""
    rows = (
        [f"`{p.name}`", cell(f"{p.value:g} {p.unit}"), cell(p.source)]
        for p in CONVENTIONS.values()
    )
    return table(("parameter", "value", "why"), rows)


def choices(*names: str) -> str:
    """The choices of a model, each with its options, the default first."""
    rows = (
        [f"`{name}`", ", ".join(f"`{o}`" for o in VARIANTS[name]), f"`{options[0]}`"]
        for name, options in VARIANTS.items()
        if not names or name in names
    )
    return table(("choice", "options", "default"), rows)


def outputs(product: str, *settings: str) -> str:
    """The outputs of a product's model."""
    changes = dict(setting.split("=", 1) for setting in settings)
    network = assemble(load_product(product, settings=changes).blueprint)
    rows = (
        [f"`{o.name}`", cell(o.unit if o.unit != "1" else "no unit"), cell(o.label)]
        for o in network.observables
    )
    return table(("output", "unit", "what it is"), rows)


def units() -> str:
    """The file that defines every unit, without its remarks."""
    text = resources.files("adckit").joinpath("units.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    body = "\n".join(lines).strip()
    return f"```text\n{body}\n```\n"


def statuses() -> str:
    """What may become of a subject."""
    rows = ([f"`{s.name}`", cell(s.reason)] for s in Status)
    return table(("status", "what it means"), rows)


def cards(kind: str) -> str:
    """The cards of one kind with their summaries."""
    payloads = [check_part("payload", name) for name in list_parts("payload")]
    species = tuple(s for card in payloads for s in getattr(card, "species", {}))
    rows = (
        [f"`{name}`", cell(check_part(kind, name, species).summary or "")]
        for name in list_parts(kind)
    )
    return table((kind, "what it is"), rows)


def populations() -> str:
    """The populations of the library with their summaries."""
    rows = (
        [f"`{name}`", cell(load_population(name).summary)]
        for name in list_populations()
    )
    return table(("population", "who they are"), rows)


def commands() -> str:
    """The help of every command."""
    run = CliRunner(env={"COLUMNS": "88", "TERMINAL_WIDTH": "88"})
    names = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    parts = []
    for name in names:
        shown = run.invoke(app, [name, "--help"], prog_name="adckit").stdout.strip()
        parts.append(f"## `adckit {name}`\n\n```text\n{shown}\n```\n")
    return "\n".join(parts)
