"""`adckit scan`: properties of a design varied over a grid, as a table and a map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from adckit.io.scan_runs import ScanRequest
    from adckit.studies.scan_result import ScanResult

__all__ = ["repeat", "scan"]

_SHOWN_ROWS = 20
_SHOWN_FAILURES = 5


def scan(
    model: Annotated[
        str, typer.Argument(metavar="NAME|FILE", help="A product, or a card file.")
    ],
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="AXIS",
            help="What is varied: 'affinity=0.01..100 nM', 'dose=1,2,4 mg/kg', "
            "'dar=2..8 lin', 'linker=SPP,SMCC'. May be repeated.",
        ),
    ] = None,
    show: Annotated[
        list[str] | None,
        typer.Option(
            "--show",
            metavar="WHAT",
            help="uptake, penetration, kill, or OUTPUT:auc, :cmax, :cmin, :at=DAY.",
        ),
    ] = None,
    points: Annotated[int, typer.Option(help="Values of each range.")] = 15,
    regimen: Annotated[
        str | None, typer.Option(help="Such as '3.6 mg/kg q3w x6'.")
    ] = None,
    tumor: Annotated[
        str | None, typer.Option("--tumor", "--tumour", help="A tumour, or its card.")
    ] = None,
    days: Annotated[float | None, typer.Option(help="Days to simulate.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change the design. May be repeated."
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
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processors to use.")
    ] = None,
) -> None:
    """Vary properties of NAME over a grid and map what comes of it."""
    from adckit.cli.simulate import read_settings
    from adckit.errors import AdckitError
    from adckit.io.request import Request
    from adckit.io.scan_runs import ScanRequest
    from adckit.studies.scan import DEFAULT_SHOWN

    if not over:
        raise AdckitError(
            "Nothing is varied. Give an axis, such as --over 'affinity=0.01..100 nM'."
        )
    base = Request(
        model=model,
        regimen=regimen,
        days=days,
        settings=read_settings(changes or [], tumor),
        engine=engine,
        rtol=rtol,
    )
    request = ScanRequest(base, tuple(over), tuple(show or DEFAULT_SHOWN), points)
    raise typer.Exit(_carry_out(request, output, report=report, threads=threads))


def _carry_out(
    request: ScanRequest, output: Path | None, *, report: bool, threads: int | None
) -> int:
    """Run a scan, print it and fill its folder; the exit code."""
    from dataclasses import replace

    from adckit.cli.printing import console, working
    from adckit.cli.simulate import command_line
    from adckit.io.request import with_files, with_settings_here
    from adckit.io.runs import check_folder, new_folder
    from adckit.io.scan_runs import describe_scan, open_scan_folder, write_scan

    if output is not None:
        check_folder(output)
    request = replace(request, base=with_settings_here(request.base))
    result = _run(request, threads)
    kept = replace(request, base=with_files(request.base))
    run = describe_scan(kept, result, command_line())
    if output is None:
        folder = new_folder(f"{result.model}-scan")
    else:
        folder = open_scan_folder(output, run)
    _print(console(), result)
    _print_failures(console(errors=True), result)
    with working("writing"):
        write_scan(folder, run, result)
        if report:
            from adckit.report.scan_report import write_scan_report

            write_scan_report(folder, run, result)
    name = "report.html" if report else "scan.csv"
    print(f"Written to {folder}; see {folder / name}")
    return 1 if result.failed else 0


def _run(request: ScanRequest, threads: int | None = None) -> ScanResult:
    from contextlib import ExitStack

    from adckit.cli.printing import working
    from adckit.cli.watching import watching
    from adckit.io.scan_runs import run_scan

    with ExitStack() as first, ExitStack() as later:
        first.enter_context(working("building the models"))
        told: Callable[[int, int], None] | None = None

        def tell(done: int, failed: int, of: int) -> None:
            nonlocal told
            if told is None:
                first.close()  # the terminal shows one thing at a time
                told = later.enter_context(watching(of))
            told(done, failed)

        return run_scan(request, threads=threads, report=tell)


def _print(screen: Console, result: ScanResult) -> None:
    """The design, the extremes and, where the grid is small, every point."""
    from adckit.cli.printing import plain_table
    from adckit.report.collecting import shown_unit
    from adckit.report.words import number_text

    screen.print(result.model, style="bold")
    screen.print(f"{result.regimen}; {result.days:g} days", style="dim")
    for axis in result.axes:
        screen.print(f"{axis.label}: {axis.span}", style="dim")
    rows = []
    for i, name in enumerate(result.quantities):
        own = number_text(float(result.design[i]))
        unit = shown_unit(result.units[i])
        rows.append([result.labels[i], own, unit, "the design itself"])
        for words, lowest in (("lowest", True), ("highest", False)):
            found = result.extreme(name, lowest=lowest)
            if found is not None:
                where = result.place_text(found[1])
                rows.append([f"  {words}", number_text(found[0]), "", where])
    screen.print(plain_table(["", "value", "unit", "at"], rows, numbers=(1,)))
    if result.status.size <= _SHOWN_ROWS:
        _print_points(screen, result)


def _print_points(screen: Console, result: ScanResult) -> None:
    from adckit.cli.printing import plain_table
    from adckit.report.collecting import shown_unit
    from adckit.report.words import number_text

    units = result.column_units()
    names = [*(axis.name for axis in result.axes), *result.quantities]
    headers = [
        f"{name} [{shown_unit(units[name])}]"
        if units.get(name) not in (None, "", "1")
        else name
        for name in names
    ]
    columns = result.columns()
    rows = [
        [
            str(value) if isinstance(value, str) else number_text(float(value))
            for value in row
        ]
        for row in zip(*(columns[name] for name in names), strict=True)
    ]
    screen.print()
    screen.print(plain_table(headers, rows, numbers=range(len(names))))


def _print_failures(screen: Console, result: ScanResult) -> None:
    if not result.failed:
        return
    screen.print(
        f"{result.failed} of {result.status.size} grid points failed; they have no "
        "numbers."
    )
    columns = result.columns()
    failed = [i for i, words in enumerate(columns["reason"]) if words]
    for row in failed[:_SHOWN_FAILURES]:
        place = {axis.name: columns[axis.name][row] for axis in result.axes}
        day = columns["stopped"][row]
        screen.print(
            f"  {result.place_text(place)}: day {day:.4g}: {columns['reason'][row]}"
        )
    if len(failed) > _SHOWN_FAILURES:
        screen.print(f"  and {len(failed) - _SHOWN_FAILURES} more, in scan.csv")


def repeat(folder: Path, output: Path | None, *, force: bool) -> int:
    """Run the scan of a folder again and compare every number; the exit code."""
    import tempfile
    from dataclasses import replace

    from adckit.cli.printing import console
    from adckit.errors import RunError
    from adckit.io.runs import check_folder
    from adckit.io.scan_runs import (
        compare_scan,
        describe_scan,
        open_scan_folder,
        read_scan_run,
        write_scan,
    )

    old = read_scan_run(folder)
    if output is not None:
        check_folder(output)
    with tempfile.TemporaryDirectory() as place:
        base = old.request.base.materialised(Path(place))
        result = _run(replace(old.request, base=base))
    new = describe_scan(old.request, result, f"adckit replay {folder}")
    screen = console(errors=True)
    for name, version in new.versions.items():
        if old.versions.get(name) != version:
            screen.print(f"Note: {name} was {old.versions.get(name)}, is {version}")
    if old.identity != new.identity:
        words = "the card, the equations or the parameter values have changed"
        if not force:
            raise RunError(
                f"'{folder}' cannot be repeated as it was: {words}. Use the version of "
                "adckit that wrote it, or --force to compare anyway."
            )
        screen.print(f"Warning: {words}")
    if output is not None:
        from adckit.report.scan_report import write_scan_report

        target = open_scan_folder(output, new)
        write_scan(target, new, result)
        write_scan_report(target, new, result)
    largest, count, lost = compare_scan(folder, result)
    _print_failures(screen, result)
    if not largest and not lost:
        print(f"All {count:,} numbers are identical.")
        return 0
    print(f"{count:,} numbers: largest relative difference {largest:.2g}, {lost} lost.")
    return 0 if not lost and largest <= 100 * old.request.base.rtol else 1
