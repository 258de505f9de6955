"""How much to measure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FULL", "LARGE_MEMORY", "LARGE_SIZES", "QUICK", "TARGETS", "Options"]

TARGETS = (1e-3, 1e-4, 1e-6, 1e-8)
"""Achieved errors at which tools are compared."""


@dataclass(frozen=True)
class Options:
    """Sizes of a run; see QUICK and FULL."""

    quick: bool
    tolerances: tuple[float, ...]
    reference_subjects: int
    """Subjects on which errors are found"""
    rounds: int
    seconds: float
    """Wanted length of one timing"""
    budget: float
    """Seconds on a case after which a tool gets no tighter tolerance, and seconds of
    timing after which it gets no other round"""
    largest_sample: int
    """Subjects of one timing at most"""
    sizes: tuple[int, ...]
    """Populations for the scaling table"""
    memory: tuple[int, ...]
    """Populations for peak memory"""


QUICK = Options(
    quick=True,
    tolerances=(1e-3, 1e-5, 1e-7, 1e-9),
    reference_subjects=4,
    rounds=2,
    seconds=0.03,
    budget=3.0,
    largest_sample=512,
    sizes=(1, 10, 100, 1000),
    memory=(1000,),
)

FULL = Options(
    quick=False,
    tolerances=(1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11),
    reference_subjects=16,
    rounds=5,
    seconds=0.5,
    budget=90.0,
    largest_sample=20_000,
    sizes=(1, 10, 100, 1000, 10_000),
    memory=(20_000,),
)

LARGE_SIZES = (100_000, 1_000_000)
LARGE_MEMORY = (100_000,)
