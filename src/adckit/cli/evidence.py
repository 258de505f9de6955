"""`adckit evidence`: predicted against published, product by product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from adckit.studies.evidence import Comparison
    from adckit.studies.evidence_alternatives import Alternative
    from adckit.studies.evidence_run import Report

__all__ = ["evidence"]


def evidence(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A product; all by default."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Another parameter set or value, such as 'tubulin=legacy', for the "
            "products that know it; what moves is shown. May be repeated.",
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the page.")
    ] = Path("evidence"),
    alternatives: Annotated[
        bool,
        typer.Option(
            "--alternatives",
            help="Also how the answer moves with every parameter set that stands for "
            "a contradiction between sources.",
        ),
    ] = False,
    draws: Annotated[int, typer.Option(help="Draws of the parameters.")] = 40,
    subjects: Annotated[int, typer.Option(help="Subjects of every draw.")] = 60,
    central: Annotated[
        int, typer.Option(help="Subjects with the library's values.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Of the random streams.")] = 1,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Digitised profiles, where you have them."),
    ] = None,
) -> None:
    """Simulate every published study as it was done, and say how well it agrees."""
    from adckit.cli.printing import console
    from adckit.cli.simulate import read_settings
    from adckit.errors import AdckitError
    from adckit.studies.evidence import compare
    from adckit.studies.evidence_alternatives import find_alternatives
    from adckit.studies.evidence_ensemble import Effort

    settings = read_settings(changes or [], None)
    if alternatives and settings:
        raise AdckitError(
            "--alternatives goes through every set by itself: leave --set out."
        )
    effort = Effort(draws, subjects, central, seed)
    screen = console()
    with _progress() as report:
        found = compare(name, settings, effort, data=data, report=report)
    before = None
    if settings:
        with _progress("default: ") as report:
            before = compare(name, {}, effort, data=data, report=report)
    others: tuple[Alternative, ...] = ()
    if alternatives:
        names = [name] if name else [one.name for one in found.evidence]
        with _progress("alternative: ") as report:
            others = find_alternatives(names, effort, data=data, report=report)
    _print(screen, found)
    if before is not None:
        _print_moved(screen, before, found)
    _print_alternatives(screen, others)
    _write(output, found, others)
    print(f"Written to {output}; see {output / 'evidence.html'}")


@contextmanager
def _progress(prefix: str = "") -> Iterator[Report | None]:
    """A bar on the terminal; nothing where there is none."""
    from adckit.cli.printing import console

    screen = console(errors=True)
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        Left(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("", total=None)

        def report(done: int, steps: int, words: str) -> None:
            bar.update(task, completed=done, total=steps, description=prefix + words)

        yield report


def _print(screen: Console, found: Comparison) -> None:
    from adckit.cli.printing import plain_table
    from adckit.report.evidence_page import lead_text
    from adckit.studies.evidence_json import comparison_data

    data = comparison_data(found)
    for product in data["products"]:
        screen.print(product["name"], style="bold")
        if product["rows"]:
            _print_rows(screen, product["rows"])
        if product["not_simulated"]:
            screen.print("Published, not compared:", style="dim")
            for one in product["not_simulated"]:
                screen.print(f"  {one['what']}: {one['why']}", style="dim")
        screen.print()
    if data["rankings"]:
        screen.print("Rankings", style="bold")
        rows = [
            [one["prediction"] or "", one["statement"], *_ranking(one)]
            for one in data["rankings"]
        ]
        screen.print(plain_table(["", "", "", "model"], rows))
        screen.print()
    screen.print("Planned predictions", style="bold")
    rows = [
        [one["name"], one["what"], _verdict(one), one["reason"]]
        for one in data["predictions"]
    ]
    screen.print(plain_table(["", "", "", ""], rows))
    screen.print("* four subjects or fewer: nearly any model agrees", style="dim")
    screen.print(f"\n{lead_text(data)}")


def _print_rows(screen: Console, rows: list[dict[str, Any]]) -> None:
    """One table per product; a study is named once."""
    from adckit.cli.printing import plain_table
    from adckit.report.evidence_page import table_rows

    heads = ["", "", "observed", "n", "model", "90 %", "ratio", "", "role"]
    lines = table_rows(rows)
    for before, line in zip(lines[-2::-1], lines[:0:-1], strict=True):
        if before[0] == line[0]:
            line[0] = ""
    screen.print(plain_table(heads, lines, numbers=(2, 3, 4, 5, 6)))


def _ranking(one: dict[str, Any]) -> list[str]:
    verdict = {True: "pass", False: "fail", None: ""}[one["passed"]]
    return [verdict, ", ".join(one["found"])]


def _verdict(one: dict[str, Any]) -> str:
    return (
        f"{one['verdict']} ({one['passed']} of {one['rows']})"
        if one["rows"]
        else str(one["verdict"])
    )


def _print_moved(screen: Console, before: Comparison, after: Comparison) -> None:
    """Rows whose number the settings change, and predictions whose outcome they do."""
    from adckit.cli.printing import plain_table
    from adckit.report.words import number_text
    from adckit.studies.evidence_alternatives import moves

    lines = [
        [
            one.after.product,
            f"{one.after.title}: {one.after.label} {one.after.condition}".strip(),
            *(number_text(row.model) for row in (one.before, one.after)),
            one.verdict,
        ]
        for one in moves(before, after)
    ]
    screen.print("\nWhat the settings move", style="bold")
    heads = ["", "", "default", "now", ""]
    screen.print(plain_table(heads, lines, numbers=(2, 3)) if lines else "Nothing.")
    for was, now in zip(before.outcomes, after.outcomes, strict=True):
        if was.verdict != now.verdict:
            screen.print(f"{now.prediction.name}: {was.verdict} to {now.verdict}")


def _print_alternatives(screen: Console, found: tuple[Alternative, ...]) -> None:
    """One line per alternative, and below it the rows that it turns."""
    if not found:
        return
    from adckit.cli.printing import plain_table
    from adckit.report.evidence_page import turned_text

    screen.print("\nHow the answer moves with the alternatives", style="bold")
    rows = [
        [
            one.product,
            f"{one.set}={one.option}",
            str(len(one.moves)),
            f"{one.passed[0]} to {one.passed[1]} of {one.judged}",
            turned_text(one),
        ]
        for one in found
    ]
    heads = ["", "instead of the default", "rows moved", "pass", "turned"]
    screen.print(plain_table(heads, rows, numbers=(2,)))


def _write(folder: Path, found: Comparison, others: tuple[Alternative, ...]) -> None:
    """The page and the data behind it.  Raises RunError."""
    import json

    from adckit.errors import RunError
    from adckit.io.runs import write_text
    from adckit.report.evidence_page import render_evidence
    from adckit.studies.evidence_json import comparison_data

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"Cannot make the folder '{folder}': {error.strerror}."
        ) from None
    text = json.dumps(comparison_data(found, others), indent=1, allow_nan=False)
    write_text(folder / "evidence.json", text + "\n")
    write_text(folder / "evidence.html", render_evidence(found, others))
