"""The command `adckit`: one file per subcommand, loaded when it is called.

Exit codes: 0 done; 1 done, but subjects failed, a repetition differs or a self-test
fails; 2 the input makes no sense; 130 stopped by the user.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import typer

from adckit import __version__
from adckit.cli import (
    assay,
    doctor,
    evidence,
    listing,
    replay,
    resume,
    scan,
    show,
    simulate,
    study,
    trial,
)

__all__ = ["app", "command", "main"]

app = typer.Typer(
    name="adckit",
    help="Simulate antibody-drug conjugates, from the molecule to the clinical trial.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with errors as messages and Ctrl-C as its exit code."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt:
            print("Stopped. Files that were written are whole.", file=sys.stderr)
            raise typer.Exit(130) from None
        except Exception as error:
            from adckit.errors import AdckitError

            if not isinstance(error, AdckitError):
                raise
            print(f"adckit: {error}", file=sys.stderr)
            raise typer.Exit(2) from None

    return run


app.command("list")(_guarded(listing.list_library))
app.command("show")(_guarded(show.show))
app.command("simulate")(_guarded(simulate.simulate))
app.command("scan")(_guarded(scan.scan))
app.command("assay")(_guarded(assay.assay))
app.command("study")(_guarded(study.study))
app.command("trial")(_guarded(trial.trial))
app.command("replay")(_guarded(replay.replay))
app.command("resume")(_guarded(resume.resume))
app.command("evidence")(_guarded(evidence.evidence))
app.command("doctor")(_guarded(doctor.doctor))


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"adckit {__version__}")
        raise typer.Exit


@app.callback()
def _adckit(
    version: bool = typer.Option(
        False,
        "--version",
        help="Print the version.",
        is_eager=True,
        callback=_print_version,
    ),
) -> None:
    """Options that stand before any command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without µ gets a ?
    try:
        app(None if arguments is None else list(arguments), prog_name="adckit")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    return 0


def command() -> NoReturn:
    """What the shell calls: `main`, then away.

    Python would take every object apart before it ends, for as long as a simulation
    takes; files are written and closed by then.
    """
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # whoever reads has gone, such as `head`
        code = code or 1
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
