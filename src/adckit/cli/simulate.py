"""`adckit simulate`: a product under a regimen, its table and its run folder."""

from __future__ import annotations

import gc
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adckit.report.draughtsman import Draughtsman

if TYPE_CHECKING:
    from adckit.io.request import Request

__all__ = ["read_settings", "simulate"]


def simulate(
    model: Annotated[
        str, typer.Argument(metavar="NAME|FILE", help="A product, or a card file.")
    ],
    regimen: Annotated[
        str | None,
        typer.Option(help="Such as '3.6 mg/kg q3w x6'; by default each its own."),
    ] = None,
    tumor: Annotated[
        str | None, typer.Option("--tumor", "--tumour", help="A tumour, or its card.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="Who gets it: human, mouse, rat, cynomolgus, or a card."),
    ] = None,
    delivery: Annotated[
        str | None,
        typer.Option(
            metavar="well-mixed|krogh", help="How the drug gets into the tumour."
        ),
    ] = None,
    spacings: Annotated[
        str | None,
        typer.Option(
            metavar="1|3|5", help="Distances between capillaries, with krogh."
        ),
    ] = None,
    days: Annotated[float | None, typer.Option(help="Days to simulate.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change NAME: a parameter ('clearance=0.3 L/day'), a part "
            "('linker=SMCC'), 'dar=4', or a choice of the model. May be repeated.",
        ),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE", help="Beside NAME, unchanged. May be repeated."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Folder for the results."),
    ] = None,
    doses: Annotated[
        Path | None,
        typer.Option(metavar="TABLE.csv", help="Doses as a table of NONMEM events."),
    ] = None,
    arms: Annotated[
        list[str] | None,
        typer.Option(
            "--arm",
            metavar="ARM",
            help="Of a study in mice: 'control', '3 mg/kg once', 'naked 3 mg/kg once' "
            "or 'NAME: ...'. May be repeated.",
        ),
    ] = None,
    animals: Annotated[
        int | None, typer.Option(min=0, help="Mice per arm; 0 for the typical one.")
    ] = None,
    start_volume: Annotated[
        str | None, typer.Option(metavar="VOLUME", help="Of tumours, such as 200 mm3.")
    ] = None,
    with_control: Annotated[
        bool,
        typer.Option(
            "--control/--no-control", help="Beside a tumour in an animal, untreated."
        ),
    ] = True,
    time_unit: Annotated[str, typer.Option(help="Of TIME in the table.")] = "day",
    amount_unit: Annotated[str, typer.Option(help="Of AMT in the table.")] = "mg",
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Column of the table to leave out."),
    ] = None,
    engine: Annotated[str, typer.Option(metavar="cpu|reference")] = "cpu",
    method: Annotated[
        str,
        typer.Option(
            metavar="auto|rodas5p|dop853", help="Integrator of the compiled engine."
        ),
    ] = "auto",
    rtol: Annotated[float, typer.Option(help="Relative error of a step.")] = 1e-6,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Write report.html, pictures.")
    ] = True,
    subjects: Annotated[
        int | None,
        typer.Option(min=1, help="Draw so many subjects in place of the typical one."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the subjects drawn.")] = 1,
    population: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Who the subjects are.")
    ] = None,
    effects: Annotated[
        str | None,
        typer.Option(help="Covariate effects of the population; 'none' for none."),
    ] = None,
    subject_table: Annotated[
        Path | None,
        typer.Option(
            "--table",
            metavar="TABLE",
            help="Subjects of your own, CSV or Parquet, one row each.",
        ),
    ] = None,
    keep: Annotated[
        str,
        typer.Option(
            metavar="curves|summary",
            help="Curves of all subjects, or one row each and curves of a sample.",
        ),
    ] = "curves",
    outputs: Annotated[
        list[str] | None,
        typer.Option("--curve", metavar="OUTPUT", help="Output to keep. Repeatable."),
    ] = None,
    above: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OUTPUT=LEVEL", help="Count days above a level. Repeatable."
        ),
    ] = None,
    max_memory: Annotated[
        str | None, typer.Option(metavar="600MB", help="Memory to stay within.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processors to use for many subjects.")
    ] = None,
    uncertainty: Annotated[
        bool,
        typer.Option(
            "--uncertainty",
            help="Draw what is not known of the parameters: bands apart from how "
            "subjects differ, and which parameters decide.",
        ),
    ] = False,
    draws: Annotated[
        int | None, typer.Option(min=2, help="Draws of --uncertainty; 40 by default.")
    ] = None,
) -> None:
    """Simulate NAME and print what came out beside what was published."""
    many = subjects is not None or subject_table is not None
    of_mice = bool(arms) or animals is not None or start_volume is not None
    with ExitStack() as stack:
        stack.enter_context(_collecting_later())
        draughtsman = None
        if report and not many and not of_mice:
            draughtsman = stack.enter_context(Draughtsman())
        from adckit.errors import AdckitError
        from adckit.io.request import DoseTable, Request

        if doses is not None and regimen is not None:
            raise AdckitError(
                "--doses and --regimen both say what is given. Leave one of them out."
            )
        table = None
        if doses is not None:
            table = DoseTable(str(doses), time_unit, amount_unit, tuple(ignore or ()))
        elif ignore:
            raise AdckitError("--ignore is about the columns of a table: give --doses.")
        request = Request(
            model=model,
            compare=tuple(compare or ()),
            regimen=regimen,
            doses=table,
            days=days,
            settings=read_settings(
                changes or [], tumor, host, delivery=delivery, spacings=spacings
            ),
            engine=engine,
            method=method,
            rtol=rtol,
            draws=asked_draws(uncertainty, draws),
            draw_seed=seed,
        )
        if uncertainty:
            refuse_with_uncertainty(request, arms)
            with_control = False
        if of_mice:
            refuse_with_arms(request, many=many)
        in_arms = bool(arms) or (not many and with_control and is_xenograft(request))
        if of_mice and not in_arms:
            raise AdckitError(
                "--animals and --start-volume are about a study of tumours in mice. "
                "Give --host mouse and --tumor, or --arm."
            )
        if not many and not in_arms:
            refuse_without_subjects(
                population, effects, outputs, above, max_memory, threads
            )
            raise typer.Exit(run(request, output, draughtsman))
    if in_arms:
        from adckit.cli.study import arms_of
        from adckit.cli.study import run as run_study

        study_of_mice = arms_of(
            request,
            arms or [regimen or own_regimen(request)],
            animals=animals or 0,
            start=start_volume,
            with_control=with_control,
            days=days,
            seed=seed,
        )
        raise typer.Exit(
            run_study(study_of_mice, output, command=command_line(), report=report)
        )
    from adckit.cli.population import start, study_request

    study = study_request(
        request,
        subjects=subjects,
        seed=seed,
        population=population,
        effects=effects,
        table=subject_table,
        keep=keep,
        outputs=outputs,
        above=above,
    )
    code = start(
        study,
        output,
        command=command_line(),
        max_memory=max_memory,
        threads=threads,
        report=report,
    )
    raise typer.Exit(code)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """What a short command loads stays: looking for garbage in it is a tenth of it."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def asked_draws(uncertainty: bool, draws: int | None) -> int | None:
    """Draws of the parameters; None where uncertainty is not asked for.

    Raises AdckitError for a number of draws that nothing asks for.
    """
    from adckit.errors import AdckitError

    if uncertainty:
        from adckit.studies.uncertain_answers import DRAWS

        return draws or DRAWS
    if draws is not None:
        raise AdckitError("--draws is the number of draws of --uncertainty: give both.")
    return None


def refuse_with_uncertainty(request: Request, arms: list[str] | None) -> None:
    """Raises AdckitError for what uncertainty is not worked out for."""
    from adckit.errors import AdckitError

    refused = {
        "--arm": arms,
        "--compare": request.compare,
        "--doses": request.doses,
        "--engine": request.engine != "cpu",
    }
    for option, given in refused.items():
        if given:
            raise AdckitError(
                f"{option} does not go with --uncertainty. Leave one of them out."
            )


def refuse_without_subjects(*options: object) -> None:
    """Raises AdckitError for options that only make sense for many subjects."""
    from adckit.errors import AdckitError

    if any(options):
        raise AdckitError(
            "--population, --effects, --curve, --above, --max-memory and --threads are "
            "about many subjects: give --subjects or --table."
        )


def refuse_with_arms(request: Request, *, many: bool) -> None:
    """Raises AdckitError for what a study of arms does not take."""
    from adckit.errors import AdckitError

    if many or request.compare or request.doses is not None:
        raise AdckitError(
            "--arm, --animals and --start-volume make a study of tumours in mice, "
            "which has no --subjects, --table, --compare or --doses. Leave those out; "
            "a study file may have arms of several products (see `adckit study`)."
        )


def is_xenograft(request: Request) -> bool:
    """A tumour was asked for in an animal, and nothing that such a study lacks."""
    from adckit.library import load_product

    asked = request.settings.keys() >= {"host", "tumour"}
    if not asked or request.compare or request.doses is not None:
        return False
    product = load_product(request.model, settings=request.settings)
    blueprint = product.blueprint
    grows = blueprint.variant("delivery") != "none" and blueprint.species
    return product.parts["host"] != "human" and bool(grows)


def own_regimen(request: Request) -> str:
    """The regimen of the product's card.  Raises RegimenError where there is none."""
    from adckit.planning import chosen_regimen
    from adckit.prepared import prepare

    return str(chosen_regimen(prepare(request.model, request.settings), None))


def read_settings(
    changes: list[str], tumour: str | None, host: str | None = None, **own: str | None
) -> dict[str, str]:
    """`KEY=VALUE` texts as settings, and those that have an option of their own.

    Raises AdckitError for one without `=` and for a key that is there twice.
    """
    from adckit.errors import AdckitError

    settings: dict[str, str] = {}
    options = {"tumour": tumour, "host": host, **own}
    given = [f"{key}={value}" for key, value in options.items() if value is not None]
    for text in [*changes, *given]:
        key, sign, value = text.partition("=")
        key, value = key.strip(), value.strip()
        if not (sign and key and value):
            raise AdckitError(
                f"--set {text!r} is not KEY=VALUE. Write it as in "
                "--set 'clearance=0.3 L/day'."
            )
        key = "tumour" if key == "tumor" else key
        if key in settings:
            raise AdckitError(
                f"'{key}' is set twice, to '{settings[key]}' and '{value}'. Keep one."
            )
        settings[key] = value
    return settings


def run(request: Request, output: Path | None, draughtsman: Draughtsman | None) -> int:
    """Carry out a request, print its tables and fill its folder; the exit code.

    Without a draughtsman there is no report.
    """
    from adckit.cli.printing import console, print_case, print_failures, working
    from adckit.cli.unknowns import show_unknown
    from adckit.io.request import (
        carry_out,
        draw_unknown,
        rank,
        with_files,
        with_settings_here,
    )
    from adckit.io.runs import (
        check_folder,
        describe_run,
        new_folder,
        open_folder,
        write_results,
    )

    report = draughtsman is not None
    if output is not None:
        check_folder(output)
    request = with_settings_here(request)
    with working("simulating"):
        cases = carry_out(request, assumptions=False)
    with working("drawing what is not known"):
        unknown = draw_unknown(request, cases)
    done = describe_run(with_files(request), cases, command_line())
    if output is None:
        folder = new_folder(cases[0].ready.network.name)
    else:
        folder = open_folder(output, done)
    if draughtsman is not None:
        from adckit.report.writing import begin_pictures, write_report

        figures = begin_pictures(folder, cases, draughtsman)
        with working("ranking assumptions"):
            cases = rank(request, cases)
    screen = console()
    for case in cases:
        print_case(screen, case)
        screen.print()
    print_failures(console(errors=True), cases)
    with working("writing"):
        write_results(folder, done, cases)
        section = show_unknown(screen, folder, unknown, cases[0].label, report)
        if draughtsman is not None:
            write_report(folder, done, cases, figures, draughtsman, section)
    name = "report.html" if report else "summary.json"
    print(f"Written to {folder}; see {folder / name}")
    if any(case.interrupted for case in cases):
        return 130
    return 1 if any(case.result.failed for case in cases) else 0


def command_line() -> str:
    """The command as a shell would take it."""
    return shlex.join(["adckit", *sys.argv[1:]])
