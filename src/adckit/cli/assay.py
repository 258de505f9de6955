"""`adckit assay`: a product on cells in a dish, its dose-response and run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from adckit.io.assay_runs import AssayRequest
    from adckit.studies.assay import Assay

__all__ = ["assay", "repeat"]


def assay(
    model: Annotated[
        str, typer.Argument(metavar="NAME|FILE", help="A product, or a card file.")
    ],
    cells: Annotated[
        list[str],
        typer.Option(
            "--cells",
            metavar="LINE|FILE",
            help="The cells, or their card. Repeat it for a mixed culture.",
        ),
    ],
    mix: Annotated[
        str | None,
        typer.Option(
            metavar="25%", help="Share of the first line of two; equal by default."
        ),
    ] = None,
    hours: Annotated[float, typer.Option(help="From the drug to the count.")] = 72.0,
    washout: Annotated[
        float | None, typer.Option(metavar="HOURS", help="Wash the drug away then.")
    ] = None,
    doses: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Concentrations: '0.001..10 ug/mL' (also by default), '0.01..100 nM "
            "x 9' for nine, or '0.1, 1, 10 nM'.",
        ),
    ] = None,
    wells: Annotated[
        str | None, typer.Option(metavar="VOLUME", help="Medium, such as '100 uL'.")
    ] = None,
    seeding: Annotated[
        float | None, typer.Option(metavar="CELLS", help="Cells at the start.")
    ] = None,
    readout: Annotated[
        str,
        typer.Option(
            metavar="total|metabolic", help="All cells, or viable + delta x dying."
        ),
    ] = "total",
    delta: Annotated[
        float, typer.Option(help="Signal of a dying cell, metabolic readout.")
    ] = 0.5,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="As for `adckit simulate`."),
    ] = None,
    points: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE.csv",
            help="Measured points to draw beside: cell_line, conc, conc_unit, "
            "response in %.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Folder for the results."),
    ] = None,
    engine: Annotated[str, typer.Option(metavar="cpu|reference")] = "cpu",
    rtol: Annotated[float, typer.Option(help="Relative error of a step.")] = 1e-6,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Write report.html, pictures.")
    ] = True,
) -> None:
    """Put NAME on cells in a dish: viability, IC50, GR50 by concentration."""
    from adckit.cli.simulate import read_settings
    from adckit.io.assay_runs import AssayRequest
    from adckit.io.request import Request, with_files
    from adckit.studies.assay import Protocol
    from adckit.studies.concentrations import DEFAULT

    plan = Protocol(hours, washout, doses or DEFAULT, readout, delta)
    settings = read_settings(
        [*(changes or []), *_of_the_well(cells, mix, wells, seeding)], None
    )
    base = Request(model=model, settings=settings, engine=engine, rtol=rtol)
    request = AssayRequest(with_files(base), plan)
    raise typer.Exit(_start(request, output, points, report=report))


def _of_the_well(
    cells: list[str], mix: str | None, wells: str | None, seeding: float | None
) -> list[str]:
    """The options about cells and well as settings."""
    from adckit.errors import AdckitError
    from adckit.library.settings import CELLS, MIX, MORE_CELLS

    keys = (CELLS, *MORE_CELLS)
    if len(cells) > len(keys):
        raise AdckitError(
            f"{len(cells)} lines in one dish are too many; give up to {len(keys)}."
        )
    found = [f"{key}={line}" for key, line in zip(keys, cells, strict=False)]
    found += [f"{MIX}={mix}"] if mix is not None else []
    found += [f"medium_volume={wells}"] if wells is not None else []
    found += [f"seeded_cells={seeding!r} cells"] if seeding is not None else []
    return found


def _start(
    request: AssayRequest, output: Path | None, points: Path | None, *, report: bool
) -> int:
    """Carry out a request, print its tables and fill its folder; the exit code."""
    from adckit.cli.printing import console, working
    from adckit.cli.simulate import command_line
    from adckit.io.assay_runs import (
        begin_assay,
        carry_out_assay,
        describe_assay,
        write_assay,
    )
    from adckit.io.runs import check_folder, new_folder
    from adckit.studies.assay_points import read_points

    if output is not None:
        check_folder(output)
    with working("simulating"):
        done = carry_out_assay(request)
    lines = tuple(line.line for line in done.lines)
    seen = read_points(points, lines, done.molar_mass) if points is not None else {}
    run = describe_assay(request, done, command_line())
    folder = output if output is not None else new_folder(done.result.network.name)
    begin_assay(folder, run)
    _print(console(), done)
    with working("writing"):
        write_assay(folder, run, done)
        if report:
            from adckit.report.assay_report import write_assay_report

            write_assay_report(folder, run, done, seen)
    name = "report.html" if report else "summary.json"
    print(f"Written to {folder}; see {folder / name}")
    return _code(done)


def _code(done: Assay) -> int:
    """The exit code; wells that failed are named."""
    from adckit.cli.printing import console
    from adckit.status import Status

    failed = [a for a in done.result.accounts() if a.status is not Status.OK]
    screen = console(errors=True)
    for account in failed:
        screen.print(f"Well {account.subject} failed: {account.reason}")
    if any(account.status is Status.INTERRUPTED for account in failed):
        return 130
    return 1 if failed else 0


def _print(screen: Console, done: Assay) -> None:
    from adckit.cli.printing import plain_table
    from adckit.report.assay_tables import assay_tables, headline

    product = done.ready.product
    screen.print(product.name if product else done.result.network.name, style="bold")
    screen.print(headline(done), style="dim")
    for table in assay_tables(done):
        screen.print(f"\n{table.caption}", style="bold")
        columns = range(1, len(table.headers))
        numbers = [column for column in columns if column not in table.words]
        screen.print(plain_table(table.headers, table.rows, numbers))
        for note in table.notes:
            screen.print(note, style="dim")
    screen.print()


def repeat(folder: Path, output: Path | None, *, force: bool) -> int:
    """Repeat the assay of a folder and compare all wells; the exit code."""
    import tempfile

    from adckit.cli.printing import console, working
    from adckit.errors import RunError
    from adckit.io.assay_runs import (
        begin_assay,
        carry_out_assay,
        describe_assay,
        read_assay_run,
        well_curves,
        write_assay,
    )
    from adckit.io.comparing import compare_columns
    from adckit.io.runs import check_folder
    from adckit.io.tables import read_table

    old = read_assay_run(folder)
    if output is not None:
        check_folder(output)
    with tempfile.TemporaryDirectory() as place, working("simulating"):
        done = carry_out_assay(old.request.materialised(Path(place)))
    new = describe_assay(old.request, done, f"adckit replay {folder}")
    if new.identity != old.identity:
        what = "The cards, the equations or the parameter values have changed"
        if not force:
            raise RunError(
                f"'{folder}' cannot be repeated as it was. {what}. Use the version of "
                "adckit that wrote it, or --force to compare anyway."
            )
        console(errors=True).print(f"Warning: {what}.")
    if output is not None:
        from adckit.report.assay_report import write_assay_report

        begin_assay(output, new)
        write_assay(output, new, done)
        write_assay_report(output, new, done, {})
    before = read_table(folder / "curves.parquet")
    comparison = compare_columns(before, well_curves(done))
    print(comparison.sentence)
    return 0 if comparison.within(old.request.base.rtol) else 1
