"""`adckit replay`: the same run again, and whether every number came out the same."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["replay"]


def replay(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Folder for the new run."),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Go on although cards or equations have changed."),
    ] = False,
) -> None:
    """Repeat RUN and compare all curves; exit code 1 if they differ."""
    import tempfile

    from adckit.io.assay_runs import is_assay_run
    from adckit.io.population_runs import is_population_run
    from adckit.io.scan_runs import is_scan_run

    if is_population_run(folder):
        from adckit.cli.population import repeat

        raise typer.Exit(repeat(folder, output, force=force))
    if is_scan_run(folder):
        from adckit.cli.scan import repeat as repeat_scan

        raise typer.Exit(repeat_scan(folder, output, force=force))
    if is_assay_run(folder):
        from adckit.cli import assay

        raise typer.Exit(assay.repeat(folder, output, force=force))
    from adckit.io.study_runs import is_study_run

    if is_study_run(folder):
        from adckit.cli.study import repeat as repeat_study

        raise typer.Exit(repeat_study(folder, output, force=force))
    from adckit.cli.printing import (
        announce_changes,
        console,
        print_failures,
        working,
    )
    from adckit.cli.unknowns import compare_unknown, show_unknown
    from adckit.io.comparing import compare_curves
    from adckit.io.request import carry_out, draw_unknown
    from adckit.io.runs import (
        check_folder,
        describe_run,
        differences,
        open_folder,
        read_run,
        write_results,
    )

    old = read_run(folder)
    if output is not None:
        check_folder(output)
    with tempfile.TemporaryDirectory() as place, working("simulating"):
        request = old.request.materialised(Path(place))
        cases = carry_out(request, assumptions=output is not None)
        unknown = draw_unknown(request, cases)
    new = describe_run(old.request, cases, f"adckit replay {folder}")
    fatal, harmless = differences(old, new)
    screen = console(errors=True)
    announce_changes(screen, folder, fatal, harmless, force=force)
    if output is not None:
        from adckit.report.draughtsman import Draughtsman
        from adckit.report.writing import begin_pictures, write_report

        with Draughtsman() as draughtsman:
            write_results(open_folder(output, new), new, cases)
            figures = begin_pictures(output, cases, draughtsman)
            section = show_unknown(screen, output, unknown, cases[0].label, report=True)
            write_report(output, new, cases, figures, draughtsman, section)
    comparison = compare_curves(folder / "curves.parquet", cases)
    bands = compare_unknown(folder, unknown)
    print_failures(screen, cases)
    print(comparison.sentence)
    if bands is not None:
        print(f"Bands: {bands.sentence}")
    same = all(c.within(old.request.rtol) for c in (comparison, bands or comparison))
    raise typer.Exit(0 if same else 1)
