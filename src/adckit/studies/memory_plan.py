"""How much memory and disk a study of many subjects takes, said before it begins."""

from __future__ import annotations

from dataclasses import dataclass

from adckit.errors import AdckitError

__all__ = ["DEFAULT_BUDGET", "SAMPLE", "Plan", "plan", "size_text"]

DEFAULT_BUDGET = 600_000_000
"""Bytes that a study may take, the interpreter and the compiler included."""
SAMPLE = 5000
"""Most subjects whose curves are kept where only one row per subject is."""

_LARGEST_CHUNK = 4096
_SMALLEST_CHUNK = 64  # fewer would leave lanes and threads idle
_BASE = 270_000_000
"""Bytes of a process with the compiler and DuckDB loaded and a model compiled: 265 MB
were seen."""
_NUMBER = 8
_COPIES = 3  # of stored curves: the result's, the table's, and DuckDB's
_OBJECTS = 12_000
"""Bytes of the dosing schedule of one subject as Python objects, and of its account."""


@dataclass(frozen=True)
class Plan:
    """What a study takes."""

    subjects: int
    times: int
    outputs: int
    """Outputs whose curves are kept."""
    kept: int
    """Subjects whose curves are kept."""
    chunk: int
    """Subjects that are worked on together."""
    peak: int
    """Bytes of memory, about."""

    @property
    def chunks(self) -> int:
        return -(-self.subjects // self.chunk)

    @property
    def curves(self) -> int:
        """Bytes of the curves that are kept, before compression."""
        return self.kept * self.times * self.outputs * _NUMBER

    def __str__(self) -> str:
        size = size_text(self.curves)
        curves = "1 output" if self.outputs == 1 else f"{self.outputs} outputs"
        plural = "chunk" if self.chunks == 1 else "chunks"
        stream = f"streamed in {self.chunks:,} {plural} of {self.chunk}"
        memory = f"about {size_text(self.peak)} of memory"
        if self.kept == self.subjects:
            return (
                f"{self.subjects:,} subjects x {self.times} times x {curves} = "
                f"{size}; {stream}; {memory}"
            )
        return (
            f"{self.subjects:,} subjects, one row each, and the curves of a sample: "
            f"{self.kept:,} subjects x {self.times} times x {curves} = "
            f"{size}; {stream}; {memory}"
        )


def plan(
    subjects: int,
    times: int,
    outputs: int,
    *,
    computed: int,
    numbers: int,
    kept: int,
    budget: int = DEFAULT_BUDGET,
) -> Plan:
    """The largest chunks that stay within a budget.

    Args:
        subjects, times, outputs: what is asked for.
        computed: outputs that are computed, stored or not.
        numbers: parameters and states of one subject, all copies together.
        kept: subjects whose curves are kept.
        budget: bytes.

    Raises AdckitError for a budget that no chunk fits in.
    """
    stored = _COPIES * times * (outputs + 2) * kept / subjects
    each = int(_NUMBER * (times * computed + stored + numbers)) + _OBJECTS
    fitting = (budget - _BASE) // each
    if fitting < min(_SMALLEST_CHUNK, subjects):
        least = _BASE + each * min(_SMALLEST_CHUNK, subjects)
        raise AdckitError(
            f"This takes at least {size_text(least)} of memory, more than the "
            f"{size_text(budget)} allowed. Allow more, or ask for fewer times, outputs."
        )
    chunk = min(_LARGEST_CHUNK, fitting)
    chunk = min(subjects, max(_SMALLEST_CHUNK, chunk - chunk % _SMALLEST_CHUNK))
    return Plan(subjects, times, outputs, kept, chunk, _BASE + each * chunk)


def size_text(size: float) -> str:
    """Bytes in a unit that fits: `0.6 GB`, `430 MB`."""
    if size >= 5e8:
        return f"{size / 1e9:.1f} GB"
    if size >= 1e6:
        return f"{size / 1e6:.0f} MB"
    return f"{size / 1e3:.0f} kB"
