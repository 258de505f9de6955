"""`adckit show`: one product, its numbers and where they come from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from adckit.library import Product
    from adckit.library.cards import CellLineCard
    from adckit.network.network import Network
    from adckit.parameters import Parameter

__all__ = ["show"]


def show(
    model: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE", help="A product, a card file, or a cell line."
        ),
    ],
    equations: Annotated[
        bool, typer.Option("--equations", help="Print the equations with their units.")
    ] = False,
    tumor: Annotated[
        str | None, typer.Option("--tumor", "--tumour", help="A tumour, or its card.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Human, mouse, rat, cynomolgus, or a card.")
    ] = None,
    delivery: Annotated[
        str | None,
        typer.Option(
            metavar="well-mixed|krogh", help="How the drug gets into the tumour."
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="As for `adckit simulate`."),
    ] = None,
) -> None:
    """Show what a product or cell line is: parts, parameters, sources, evidence."""
    from adckit.cli.printing import console
    from adckit.cli.simulate import read_settings
    from adckit.library import load_product
    from adckit.library.culture import cell_line
    from adckit.mechanisms.assemble import assemble

    line = cell_line(model)
    if line is not None:
        _print_line(console(), model, line)
        return
    settings = read_settings(changes or [], tumor, host, delivery=delivery)
    product = load_product(model, settings=settings)
    network = assemble(product.blueprint)
    if equations:
        print(network.equations())
        return
    screen = console()
    _print_head(screen, product)
    _print_programme(screen, product)
    _print_parameters(screen, network)
    _print_scaled(screen, product)
    _print_observations(screen, product)
    screen.print("\nModel", style="bold")
    for note in network.notes:
        screen.print(f"  {note}")
    screen.print(
        f"  {len(network.species)} states, {len(network.parameters)} parameters; "
        "--equations prints them"
    )


def _print_line(screen: Console, name: str, line: CellLineCard) -> None:
    """A cell line: its antigens, its numbers and what was published of it."""
    from rich.padding import Padding

    from adckit.report.collecting import shown_unit

    screen.print(name, style="bold")
    screen.print(line.summary)
    sections = {"Parameters": line.parameters}
    for target, section in line.for_target.items():
        sections[f"With an antibody to {target}"] = section.parameters
    for title, values in sections.items():
        screen.print(f"\n{title}", style="bold")
        for key, card in values.items():
            _print_parameter(screen, card.parameter(key, (-math.inf, math.inf)))
    if line.assays:
        screen.print("\nPublished assays", style="bold")
    for seen in line.assays:
        hours = "" if seen.hours is None else f", {seen.hours:g} h"
        above = "above " if seen.bound else ""
        value = f"{above}{seen.value:g} {shown_unit(seen.unit)}"
        screen.print(f"  {seen.product}: {seen.quantity} {value}{hours}  [{seen.role}]")
        why = f"{seen.condition or ''}. {seen.source.source(seen.evidence)}"
        screen.print(Padding(why.lstrip(". "), (0, 0, 0, 6)), style="dim")
    screen.print("\nadckit assay PRODUCT --cells LINE puts a product on it.")


def _print_head(screen: Console, product: Product) -> None:
    from adckit.cli.printing import plain_table

    screen.print(product.name, style="bold")
    screen.print(product.summary)
    rows = [[f"  {part}", name] for part, name in product.parts.items()]
    rows += [["  tumours", ", ".join(product.tumours)]] if product.tumours else []
    rows += [["  also known as", ", ".join(product.aliases)]] if product.aliases else []
    if product.regimen is not None:
        rows.append(["  regimen", product.regimen])
        rows.append(["", str(product.regimen_source or "")])
    rows += [
        [f"  set {name}", " | ".join(options)]
        for name, options in product.options.items()
    ]
    rows.append(["  digest", product.digest[:16]])
    screen.print(plain_table(["", ""], rows))


def _print_programme(screen: Console, product: Product) -> None:
    from adckit.cli.printing import plain_table

    programme = product.programme
    if programme is None:
        return
    screen.print(f"\nProgramme as of {programme.as_of}", style="bold")
    rows = [
        ["  sponsor", programme.sponsor],
        ["  licensee", programme.licensee or "none"],
        ["  IND holder", programme.ind_holder],
        ["  phase", programme.phase],
        ["  rights", programme.rights],
        ["  tumour types", "; ".join(programme.tumour_types)],
        *(["  source", str(source)] for source in programme.sources),
    ]
    screen.print(plain_table(["", ""], rows))


def _print_parameters(screen: Console, network: Network) -> None:
    screen.print("\nParameters", style="bold")
    for parameter in sorted(network.parameters, key=lambda p: (p.status, p.name)):
        _print_parameter(screen, parameter)


def _print_parameter(screen: Console, parameter: Parameter) -> None:
    from rich.padding import Padding

    from adckit.report.collecting import shown_unit

    unit = shown_unit(parameter.unit)
    spread = f" ({parameter.spread})" if parameter.spread is not None else ""
    value = f"{parameter.value:g} {unit}".rstrip()
    fitted = f" to: {parameter.fitted_to}" if parameter.fitted_to else ""
    screen.print(f"  {parameter.name} = {value}{spread}  [{parameter.status}{fitted}]")
    why = ". ".join(filter(None, [str(parameter.source), parameter.note]))
    screen.print(Padding(why, (0, 0, 0, 6)), style="dim")


def _print_scaled(screen: Console, product: Product) -> None:
    if not product.scaled:
        return
    hosts = " and ".join(dict.fromkeys(product.scaled.values()))
    screen.print(f"\nScaled by body weight from {hosts}", style="bold")
    for name in product.scaled:
        parameter = product.blueprint.parameters[name]
        screen.print(f"  {name} = {parameter.value:g} {parameter.unit}")
    screen.print("  The formula of each stands with it above.", style="dim")


def _print_observations(screen: Console, product: Product) -> None:
    from rich.padding import Padding

    from adckit.report.collecting import shown_unit
    from adckit.report.words import analyte_text, quantity_text, value_with_spread

    if not product.observations:
        return
    screen.print("\nPublished observations", style="bold")
    for seen in product.observations:
        value = value_with_spread(seen.value, seen.spread)
        people = "" if seen.n is None else f", n = {seen.n}"
        screen.print(
            f"  {analyte_text(seen.analyte)}, {quantity_text(seen.quantity)} = "
            f"{value} {shown_unit(seen.unit)}{people}  [{seen.role}]"
        )
        where = f"{seen.condition}; {seen.regimen}. {seen.source}"
        screen.print(Padding(where, (0, 0, 0, 6)), style="dim")
