"""`adckit resume`: go on with a study or a trial that was stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["resume"]


def resume(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processors to use; by default all.")
    ] = None,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Write report.html, pictures.")
    ] = True,
) -> None:
    """Compute what RUN lacks; the result is that of a run that never was stopped."""
    from adckit.io.trial_runs import is_trial_run

    if is_trial_run(folder):
        from adckit.cli import trial

        raise typer.Exit(trial.go_on(folder, threads=threads, report=report))
    from adckit.cli.population import go_on

    raise typer.Exit(go_on(folder, threads=threads, report=report))
