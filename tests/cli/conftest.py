"""The command line as a function: what it prints, and the code that it leaves with."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adckit.cli.main import main


@dataclass(frozen=True)
class Outcome:
    """One call of the command."""

    code: int
    output: str
    errors: str


Command = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Processes that a test starts hear it, whoever started the tests.

    A shell has what it runs in the background ignore it, and so do their children.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def adckit(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Command:
    """Calls `adckit` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr("sys.argv", ["adckit", *arguments])
        code = main(arguments)
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return call
