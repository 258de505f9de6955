"""What `adckit simulate --subjects` and `adckit resume` share: run, watch, report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adckit.io.chunks import ChunkStore
    from adckit.io.population_runs import PopulationRequest, PopulationRun
    from adckit.io.request import Request
    from adckit.report.population_report import PopulationSummary
    from adckit.studies.campaign import Campaign

__all__ = ["go_on", "read_memory", "repeat", "start", "study_request"]

KEEPS = ("curves", "summary")

_TABLE = (
    "conjugate_cmax",
    "conjugate_auc_cycle_1",
    "conjugate_ctrough_cycle_1",
    "total_antibody_auc_cycle_1",
    "free_payload_cmax",
    "free_payload_auc",
    "concentration_cmax",
    "concentration_auc",
    "mean_dar_day_7",
    "tumor_best_change",
    "tumor_nadir_day",
)
"""Quantities that the terminal shows, as far as the model has them."""
_UNITS = {"GB": 1e9, "MB": 1e6, "GIB": 2**30, "MIB": 2**20, "G": 1e9, "M": 1e6}


def read_memory(text: str | None) -> int | None:
    """`600MB` in bytes.

    Raises AdckitError for anything else.
    """
    from adckit.errors import AdckitError

    if text is None:
        return None
    plain = text.replace(" ", "").upper()
    for unit, size in _UNITS.items():
        number = plain.removesuffix(unit)
        if number != plain and number.replace(".", "", 1).isdigit():
            return int(float(number) * size)
    raise AdckitError(f"'{text}' is no amount of memory. Write it as in 600MB or 2GB.")


def study_request(
    base: Request,
    *,
    subjects: int | None,
    seed: int,
    population: str | None,
    effects: str | None,
    table: Path | None,
    keep: str,
    outputs: list[str] | None,
    above: list[str] | None,
) -> PopulationRequest:
    """The study that the options ask for.

    Raises AdckitError for options that do not go together.
    """
    from adckit.errors import AdckitError, UnknownNameError
    from adckit.io.population_runs import PopulationRequest

    if keep not in KEEPS:
        raise UnknownNameError("value of --keep", keep, KEEPS)
    refused = {
        "--compare": base.compare,
        "--engine": base.engine != "cpu",
    }
    for option, given in refused.items():
        if given:
            raise AdckitError(
                f"{option} does not go with --subjects or --table. Leave it out."
            )
    if table is not None and (population is not None or effects is not None):
        raise AdckitError(
            "--table brings subjects of your own, --population and --effects draw "
            "them. Leave one of them out."
        )
    return PopulationRequest(
        base,
        subjects or 0,
        seed,
        population,
        effects,
        str(table) if table is not None else None,
        "summary" if keep == "summary" else "curves",
        tuple(outputs or ()),
        tuple(above or ()),
    )


def start(
    request: PopulationRequest,
    output: Path | None,
    *,
    command: str,
    max_memory: str | None,
    threads: int | None,
    report: bool,
) -> int:
    """Plan a study, make its folder and run it; the exit code."""
    from adckit.cli.printing import working
    from adckit.io.population_runs import (
        begin_run,
        carry_out_population,
        check_population_folder,
        describe_population_run,
        population_request,
    )
    from adckit.io.runs import new_folder
    from adckit.studies.memory_plan import DEFAULT_BUDGET

    budget = read_memory(max_memory)
    if output is not None:
        check_population_folder(output)
    request = population_request(request)
    with working("preparing"):
        campaign = carry_out_population(request, budget=budget or DEFAULT_BUDGET)
        run = describe_population_run(request, campaign, command)
    folder = output if output is not None else new_folder(campaign.ready.network.name)
    _make(folder)
    from adckit.io.locks import locked

    with locked(folder):
        kept = begin_run(folder, run)
        if kept.chunk != campaign.plan.chunk:  # begun with another budget
            campaign = carry_out_population(request, chunk=kept.chunk)
        return _finish(folder, kept, request, campaign, threads, report=report)


def go_on(folder: Path, *, threads: int | None, report: bool) -> int:
    """Compute what a folder lacks; the exit code."""
    import tempfile

    from adckit.cli.printing import console, working
    from adckit.io.locks import locked
    from adckit.io.population_runs import (
        carry_out_population,
        check_same,
        describe_population_run,
        read_population_run,
        stored_request,
    )

    old = read_population_run(folder)
    with locked(folder), tempfile.TemporaryDirectory() as place:
        with working("preparing"):
            request = stored_request(old, folder, Path(place))
            campaign = carry_out_population(request, chunk=old.chunk)
            new = describe_population_run(request, campaign, old.command)
        for note in check_same(old, new):
            console(errors=True).print(f"Note: {note}")
        return _finish(folder, old, request, campaign, threads, report=report)


def repeat(folder: Path, output: Path | None, *, force: bool) -> int:
    """Compute a study again and compare every number with its folder; the exit code."""
    import tempfile

    from adckit.cli.printing import console, working
    from adckit.cli.unknowns import compare_unknown
    from adckit.cli.watching import watching
    from adckit.errors import AdckitError, RunError
    from adckit.io.population_comparing import ComparingStore
    from adckit.io.population_runs import (
        carry_out_population,
        check_same,
        describe_population_run,
        draw_unknown_of_population,
        read_population_run,
        stored_request,
    )
    from adckit.studies.campaign import run_campaign

    if output is not None:
        raise AdckitError(
            "-o is for runs of one typical subject. Leave it out, or simulate again."
        )
    old, screen = read_population_run(folder), console(errors=True)
    with tempfile.TemporaryDirectory() as place:
        with working("preparing"):
            request = stored_request(old, folder, Path(place))
            campaign = carry_out_population(request, chunk=old.chunk)
            new = describe_population_run(request, campaign, old.command)
        try:
            for note in check_same(old, new):
                screen.print(f"Note: {note}")
        except RunError as error:
            if not force:
                raise
            screen.print(f"Warning: {error}")
        store = ComparingStore(folder)
        with watching(campaign.plan.subjects) as watch:
            run_campaign(campaign, store, report=watch)
        unknown = draw_unknown_of_population(request, campaign)
    bands = compare_unknown(folder, unknown)
    print(store.comparison.sentence)
    if bands is not None:
        print(f"Bands: {bands.sentence}")
    compared = (store.comparison, bands or store.comparison)
    return 0 if all(c.within(old.request.base.rtol) for c in compared) else 1


def _make(folder: Path) -> None:
    from adckit.errors import RunError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"Cannot make the folder '{folder}': {error.strerror}."
        ) from None


def _finish(
    folder: Path,
    run: PopulationRun,
    request: PopulationRequest,
    campaign: Campaign,
    threads: int | None,
    *,
    report: bool,
) -> int:
    """Run what is missing, then sum up."""
    from adckit.io.chunks import ChunkStore

    store = ChunkStore(folder, campaign.units(), campaign.plan.chunks)
    try:
        found = _carried_out(store, run, request, campaign, threads, report=report)
    except KeyboardInterrupt:
        done = len(store.entries)
        print(
            f"Stopped; {done} of {campaign.plan.chunks} chunks are done and kept. "
            f"To go on: adckit resume {folder}",
            file=sys.stderr,
        )
        return 130
    _print_summary(found)
    name = "report.html" if report else "summary.json"
    print(f"Written to {folder}; see {folder / name}")
    return 1 if found.counts["failed"] else 0


def _carried_out(
    store: ChunkStore,
    run: PopulationRun,
    request: PopulationRequest,
    campaign: Campaign,
    threads: int | None,
    *,
    report: bool,
) -> PopulationSummary:
    from adckit.cli.printing import console, working
    from adckit.cli.unknowns import show_unknown
    from adckit.cli.watching import watching
    from adckit.io.population_runs import draw_unknown_of_population
    from adckit.report.population_report import (
        heading,
        summarise_population,
        write_summary,
    )
    from adckit.studies.campaign import run_campaign

    screen, folder = console(), store.folder
    seed = "" if run.request.table else f", seed {run.request.seed}"
    screen.print(campaign.ready.network.name, style="bold")
    screen.print(f"{campaign.dosing}; {campaign.times[-1]:g} days{seed}", style="dim")
    screen.print(str(campaign.plan))
    with watching(campaign.plan.subjects) as watch:
        run_campaign(campaign, store, threads=threads, report=watch)
    with working("drawing what is not known"):
        unknown = draw_unknown_of_population(request, campaign)
    with working("summing up"):
        found = summarise_population(campaign, folder)
        section = show_unknown(screen, folder, unknown, heading(campaign), report)
        write_summary(folder, run, campaign, found, report=report, section=section)
    return found


def _print_summary(found: PopulationSummary) -> None:
    from adckit.cli.printing import console, plain_table
    from adckit.report.collecting import shown_unit
    from adckit.report.population_report import quantity_words
    from adckit.report.words import number_text

    screen, counts = console(), found.counts
    screen.print(
        f"{counts['all']:,} subjects: {counts['failed']:,} failed, "
        f"{counts['retried']:,} solved at a later try, {counts['suspicious']:,} with a "
        "suspicious balance"
    )
    known = {q.name: q for q in found.outcomes}
    rows = [
        [
            quantity_words(name),
            number_text(known[name].p5),
            number_text(known[name].median),
            number_text(known[name].p95),
            shown_unit(known[name].unit),
        ]
        for name in _TABLE
        if name in known
    ]
    screen.print(plain_table(["", "5 %", "median", "95 %", "unit"], rows, (1, 2, 3)))
    for failure in found.failures[:10]:
        if failure.status != "ok":
            screen.print(
                f"subject {failure.subject}: day {failure.stopped:g}: {failure.reason}"
            )
