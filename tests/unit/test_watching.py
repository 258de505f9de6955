"""Progress of long runs remembers Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from adckit.cli.watching import watching


@pytest.fixture(autouse=True)
def usual_handler() -> Iterator[None]:
    """Processes that run tests for others may have one of their own."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no SIGINT for others")
def test_an_interrupt_that_got_lost_is_raised_at_the_next_report() -> None:
    with watching(10) as tell:
        tell(1, 0)
        with contextlib.suppress(KeyboardInterrupt):  # as the interpreter may do
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            tell(2, 0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_somebody_else_is_left_alone() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with watching(10) as tell:
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        tell(1, 0)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
