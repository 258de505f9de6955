"""Ctrl-C while DuckDB works, which raises errors of its own instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["heard"]

_SIGNS = ("Query interrupted", "KeyboardInterrupt", "INTERRUPT Error")
"""What the text of such an error holds."""


@contextmanager
def heard() -> Iterator[None]:
    """Raises KeyboardInterrupt where DuckDB was stopped by one."""
    import duckdb

    try:
        yield
    except (RuntimeError, duckdb.Error) as error:
        if any(sign in str(error) for sign in _SIGNS):
            raise KeyboardInterrupt from None
        raise
