"""`adckit study`: tumours in mice, control and doses side by side."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from adckit.io.request import Request
    from adckit.io.study_request import StudyRequest
    from adckit.studies.xenograft import StudyOutcome

__all__ = ["arms_of", "repeat", "run", "study"]


def study(
    file: Annotated[
        Path, typer.Argument(metavar="STUDY.yaml", help="The arms of the study.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Folder for the results."),
    ] = None,
    animals: Annotated[
        int | None, typer.Option(min=0, help="Per arm, in place of the file's.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the animals, in place of the file's.")
    ] = None,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Write report.html, a picture.")
    ] = True,
) -> None:
    """Simulate a study of tumours in mice and compare its arms."""
    from adckit.io.study_files import read_study

    request = read_study(file)
    if animals is not None:
        arms = tuple(replace(arm, animals=animals) for arm in request.arms)
        request = replace(request, arms=arms)
    if seed is not None:
        request = replace(request, seed=seed)
    command = shlex.join(["adckit", *sys.argv[1:]])
    raise typer.Exit(run(request, output, command=command, report=report))


def arms_of(
    base: Request,
    texts: list[str],
    *,
    animals: int,
    start: str | None,
    with_control: bool,
    days: float | None,
    seed: int,
) -> StudyRequest:
    """The study that `adckit simulate --arm ...` asks for.

    A control is added in front when none of the arms is one.

    Raises AdckitError for arms that cannot be read.
    """
    from adckit.io.study_request import CONTROL, StudyRequest, read_arm, volume_mm3

    arms = [read_arm(text, base, animals) for text in texts]
    if with_control and all(arm.regimen or arm.carrier for arm in arms):
        arms = [read_arm(CONTROL, base, animals), *arms]
    if start is not None:
        volume = volume_mm3(start, "--start-volume")
        arms = [replace(arm, start_mm3=volume) for arm in arms]
    tumour = base.settings.get("tumour")
    title = base.model + (f" in {tumour}" if tumour else "")
    return StudyRequest(title, tuple(arms), days, seed)


def run(
    request: StudyRequest, output: Path | None, *, command: str, report: bool
) -> int:
    """Carry out a study, print its table and fill its folder; the exit code."""
    from adckit.cli.printing import console, print_failures, working
    from adckit.io.runs import check_folder
    from adckit.io.study_request import carry_out_study, with_study_files
    from adckit.io.study_runs import describe_study, study_folder, write_study

    if output is not None:
        check_folder(output)
    request = with_study_files(request)
    with working("simulating"):
        outcome = carry_out_study(request)
    done = describe_study(request, outcome, command)
    folder = study_folder(output, done)
    _print(console(), request, outcome)
    print_failures(console(errors=True), outcome.cases)
    with working("writing"):
        write_study(folder, done, outcome)
        if report:
            from adckit.report.study_report import write_study_report

            write_study_report(folder, done, outcome)
    name = "report.html" if report else "summary.json"
    print(f"Written to {folder}; see {folder / name}")
    if any(case.interrupted for case in outcome.cases):
        return 130
    return 1 if outcome.failed else 0


def _print(screen: Console, request: StudyRequest, outcome: StudyOutcome) -> None:
    from adckit.cli.printing import plain_table
    from adckit.report.study_report import HEADERS, explanation, table_rows

    product = outcome.arms[0].arm.ready.product
    host = product.parts["host"] if product is not None else ""
    days = outcome.arms[0].growth.times[-1]
    screen.print(request.title, style="bold")
    screen.print(
        f"{host}, {len(outcome.arms)} arms, {days:g} days; day of evaluation "
        f"{outcome.day:g}",
        style="dim",
    )
    numbers = range(1, len(HEADERS))
    screen.print(plain_table(HEADERS, table_rows(outcome), numbers=list(numbers)))
    for line in explanation(outcome):
        screen.print(line, style="dim")
    screen.print()


def repeat(folder: Path, output: Path | None, *, force: bool) -> int:
    """Repeat the study in a folder and compare all curves; the exit code."""
    import tempfile

    from adckit.cli.printing import (
        announce_changes,
        console,
        print_failures,
        working,
    )
    from adckit.io.comparing import compare_curves
    from adckit.io.runs import check_folder
    from adckit.io.study_request import carry_out_study
    from adckit.io.study_runs import (
        changes,
        describe_study,
        read_study_run,
        study_folder,
        write_study,
    )

    old = read_study_run(folder)
    if output is not None:
        check_folder(output)
    with tempfile.TemporaryDirectory() as place, working("simulating"):
        outcome = carry_out_study(old.request.materialised(Path(place)))
    new = describe_study(old.request, outcome, f"adckit replay {folder}")
    fatal, harmless = changes(old, new)
    screen = console(errors=True)
    announce_changes(screen, folder, fatal, harmless, force=force)
    if output is not None:
        from adckit.report.study_report import write_study_report

        target = study_folder(output, new)
        write_study(target, new, outcome)
        write_study_report(target, new, outcome)
    comparison = compare_curves(folder / "curves.parquet", outcome.cases)
    print_failures(screen, outcome.cases)
    print(comparison.sentence)
    return 0 if comparison.within(old.request.arms[0].base.rtol) else 1
