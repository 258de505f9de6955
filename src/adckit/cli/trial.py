"""`adckit trial`: a protocol run with virtual subjects, many times over."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from adckit.io.trial_runs import TrialRequest, TrialRun, TrialStore
    from adckit.report.trial_summary import TrialSummary
    from adckit.studies.patients import PatientModel
    from adckit.studies.protocol import TrialProtocol

__all__ = ["go_on", "trial"]

_ESCALATIONS, _ARMS, _LIBRARY = 1000, 100, 200
"""Replicates by default: of an escalation, of arms, of each trial of the library."""
_MOST_ROWS = 12
"""Subjects at a level in a decision table."""


def trial(
    protocol: Annotated[
        str | None,
        typer.Argument(metavar="NAME|FILE", help="A protocol of the library, or file."),
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Trials to run; by default 1000, and 100 of protocols with arms.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Folder for the results."),
    ] = None,
    population: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Who the subjects are.")
    ] = None,
    rates: Annotated[
        str | None,
        typer.Option(
            "--dlt-rates",
            metavar="P,P,...",
            help="P(DLT) of each level in place of the model, to check a design.",
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processors to use; by default all.")
    ] = None,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Write report.html, pictures.")
    ] = True,
    template: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Print a protocol to start from, and stop."),
    ] = None,
    decisions: Annotated[
        bool,
        typer.Option(
            "--decisions",
            help="Print the design's decisions, and stop; -o FILE.csv writes them.",
        ),
    ] = False,
    library: Annotated[
        bool,
        typer.Option("--library", help="Run the published phase I trials again."),
    ] = False,
) -> None:
    """Run the trial NAME many times: MTD, DLTs, responses, power."""
    from adckit.errors import AdckitError
    from adckit.studies.protocol import list_protocols, load_protocol, protocol_text

    if sum([protocol is not None, template is not None, library]) != 1:
        raise AdckitError(
            "Give one of: a protocol, --template NAME, or --library. The library has "
            f"{', '.join(list_protocols())}."
        )
    if template is not None:
        typer.echo(protocol_text(template), nl=False)
        return
    if library:
        raise typer.Exit(_library(replicates or _LIBRARY, seed, threads))
    assert protocol is not None
    chosen = load_protocol(protocol)
    if decisions:
        _decisions(chosen, output)
        return
    count = replicates or (_ARMS if chosen.design is None else _ESCALATIONS)
    request = _request(protocol, chosen, count, seed, population, rates)
    raise typer.Exit(_start(request, output, threads, report=report))


def go_on(folder: Path, *, threads: int | None, report: bool) -> int:
    """Run the trials that a folder lacks; the exit code."""
    from adckit.cli.printing import working
    from adckit.errors import RunError
    from adckit.io.locks import locked
    from adckit.io.trial_runs import (
        describe_trial,
        patient_model,
        read_trial_run,
        stored_protocol,
    )

    old = read_trial_run(folder)
    with locked(folder):
        with working("preparing"):
            protocol = stored_protocol(old.request)
            model = patient_model(old.request, protocol, threads)
            new = describe_trial(old.request, protocol, model, old.command)
        if new.identity != old.identity:
            raise RunError(
                "This trial cannot go on: the model or the population changed since it "
                "began. Use the version of adckit that began it, or start a new run."
            )
        return _finish(folder, old, protocol, model, report=report)


def _request(
    given: str,
    protocol: TrialProtocol,
    replicates: int,
    seed: int,
    population: str | None,
    rates: str | None,
) -> TrialRequest:
    from adckit.io.trial_runs import TrialRequest
    from adckit.library.shelf import is_path
    from adckit.studies.protocol import protocol_text

    text = protocol_text(given)
    if population is not None and is_path(population):
        population = str(Path(population).absolute())
    chosen = _rates(rates) if rates is not None else ()
    return TrialRequest(protocol.name, text, replicates, seed, population, chosen)


def _rates(text: str) -> tuple[float, ...]:
    from adckit.errors import AdckitError

    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise AdckitError(
            f"'{text}' is no list of probabilities. Write them as in 0.05,0.1,0.3."
        ) from None


def _start(
    request: TrialRequest, output: Path | None, threads: int | None, *, report: bool
) -> int:
    """Make the folder of a trial and run it; the exit code."""
    from adckit.cli.printing import working
    from adckit.cli.simulate import command_line
    from adckit.errors import RunError
    from adckit.io.locks import locked
    from adckit.io.runs import new_folder
    from adckit.io.trial_runs import (
        begin_trial,
        describe_trial,
        patient_model,
        stored_protocol,
    )

    with working("preparing"):
        protocol = stored_protocol(request)
        model = patient_model(request, protocol, threads)
        run = describe_trial(request, protocol, model, command_line())
    folder = output if output is not None else new_folder(protocol.name)
    if folder.is_file():
        raise RunError(f"'{folder}' is a file. Give a folder that is new or empty.")
    folder.mkdir(parents=True, exist_ok=True)
    begin_trial(folder, run)
    with locked(folder):
        return _finish(folder, run, protocol, model, report=report)


def _finish(
    folder: Path,
    run: TrialRun,
    protocol: TrialProtocol,
    model: PatientModel,
    *,
    report: bool,
) -> int:
    """Run what is missing, then sum up."""
    from adckit.io.trial_runs import TrialStore

    request = run.request
    store = TrialStore(folder, protocol, request.replicates)
    try:
        from adckit.cli.printing import console, working
        from adckit.report.trial_report import write_trial_report
        from adckit.report.trial_summary import summarise_trial

        screen = console()
        screen.print(protocol.card.title, style="bold")
        words = f"{request.replicates:,} trials, seed {request.seed}"
        screen.print(f"{protocol.name}, {protocol.kind}; {words}", style="dim")
        _run(store, protocol, model, request.seed)
    except KeyboardInterrupt:
        print(
            f"Stopped; {store.done} of {request.replicates} trials are done and kept. "
            f"To go on: adckit resume {folder}",
            file=sys.stderr,
        )
        return 130
    with working("summing up"):
        found = summarise_trial(store)
        write_trial_report(folder, run, store, found, report=report)
    _print_summary(screen, protocol, found)
    name = "report.html" if report else "summary.json"
    print(f"Written to {folder}; see {folder / name}")
    return 1 if found.failed else 0


def _run(
    store: TrialStore, protocol: TrialProtocol, model: PatientModel, seed: int
) -> None:
    """Run the chunks that are missing, and show how far it is."""
    from adckit.cli.watching import watching
    from adckit.studies.trial_chunks import compute_trials

    with watching(store.replicates, "trials") as tell:
        done, failed = store.done, 0
        tell(done, failed)
        for chunk in range(store.chunks):
            if store.has(chunk):
                continue
            numbers = store.numbers(chunk)
            found = compute_trials(protocol, model, seed, chunk, numbers)
            store.put(found)
            done, failed = done + len(numbers), failed + found.failed
            tell(done, failed)


def _print_summary(
    screen: Console, protocol: TrialProtocol, found: TrialSummary
) -> None:
    from adckit.cli.printing import plain_table
    from adckit.report.trial_tables import trial_tables

    for table in trial_tables(protocol, found):
        screen.print(f"\n{table.caption}", style="bold")
        columns = range(1, len(table.headers))
        numbers = [column for column in columns if column not in table.words]
        screen.print(plain_table(table.headers, table.rows, numbers))
        for note in table.notes:
            screen.print(note, style="dim")
    if found.failed:
        screen.print(f"\n{found.failed} subjects failed and were replaced:")
        for reason in found.reasons:
            screen.print(f"  {reason}")
    screen.print()


def _decisions(protocol: TrialProtocol, output: Path | None) -> None:
    """The table of decisions of an escalation's design, or the rules of its arms."""
    from adckit.cli.printing import console, plain_table

    headers, rows = _decision_table(protocol)
    if output is not None:
        _write_csv(output, headers, rows)
        typer.echo(f"Written to {output}")
        return
    screen = console()
    cells = [[_cell(value) for value in row] for row in rows]
    words = [header.replace("_", " ") for header in headers]
    numbers: range | tuple[()] = ()
    if protocol.design is not None:
        screen.print(f"{protocol.design.name}, {protocol.name}", style="bold")
        numbers = range(len(headers))
    screen.print(plain_table(words, cells, numbers))


def _decision_table(protocol: TrialProtocol) -> tuple[list[str], list[list[object]]]:
    from adckit.errors import AdckitError

    if protocol.design is not None:
        rows = protocol.design.table(_MOST_ROWS)
        headers = list(dict.fromkeys(name for row in rows for name in row))
        return headers, [[row.get(name) for name in headers] for row in rows]
    rules: list[list[object]] = [
        [arm.name, what, str(rule)]
        for arm in protocol.arms
        for what, rule in (("response", arm.response_rule), ("DLT", arm.harm_rule))
        if rule is not None
    ]
    if not rules:
        raise AdckitError(
            f"The protocol '{protocol.name}' has no rule that decides anything."
        )
    return ["arm", "on", "rule"], rules


def _write_csv(path: Path, headers: list[str], rows: list[list[object]]) -> None:
    import csv
    import io

    from adckit.errors import RunError
    from adckit.io.runs import write_text

    if path.exists():
        raise RunError(f"'{path}' exists and was left as it is. Give a new file name.")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([headers, *(["" if v is None else v for v in r] for r in rows)])
    write_text(path, text.getvalue())


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _library(replicates: int, seed: int, threads: int | None) -> int:
    """Run the published trials again; how often each finds the published MTD."""
    from adckit.cli.printing import console, plain_table, working
    from adckit.report.retrodiction import HEADERS, retrodicted, retrodictions

    screen = console()
    screen.print(f"{replicates} trials of each protocol, seed {seed}", style="dim")
    rows = []
    for protocol in retrodictions():
        with working(protocol.name):
            rows.append(retrodicted(protocol, replicates, seed, threads))
    screen.print(plain_table(HEADERS, rows, (2, 3, 4)))
    screen.print(
        "In brackets: share of trials that call the level the MTD. *: the toxicity "
        "model was fitted with this trial.",
        style="dim",
    )
    return 0
