"""How the answer moves between the alternatives that sources leave open.

Every parameter set that stands for a contradiction is chosen in turn, and what a
product's rows say with it is put beside what they say by default.  Only the library's
values are compared: intervals take draws, and are for `compare` with one setting.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adckit.errors import CardError
from adckit.library import load_product
from adckit.library.evidence import load_contradictions, load_evidence
from adckit.studies.evidence import Comparison, compare, evidence_name
from adckit.studies.evidence_ensemble import Effort
from adckit.studies.evidence_rows import EvidenceRow
from adckit.studies.evidence_run import PLATFORM, Counter, Report

__all__ = ["MOVED", "Alternative", "Move", "find_alternatives", "moves"]

MOVED = 0.02
"""Relative change of the model's value below which a row did not move."""
_CENTRAL = 300
"""Subjects with the library's values at most: the same ones for every alternative, so
that differences are sharper than either number."""
_FEWEST = 2
"""Draws and subjects of each where only the library's values are looked at."""


@dataclass(frozen=True)
class Move:
    """A row by default and with an alternative."""

    before: EvidenceRow
    after: EvidenceRow

    @property
    def verdict(self) -> str:
        """`pass to fail`, or the one word where it stays."""
        old, new = (_word(row.passed) for row in (self.before, self.after))
        return old if old == new else f"{old} to {new}"


@dataclass(frozen=True)
class Alternative:
    """One option of a parameter set, for one product."""

    product: str
    set: str
    option: str
    default: str
    moves: tuple[Move, ...]
    """Rows that it moves."""
    passed: tuple[int, int]
    """Rows that pass, by default and with it."""
    judged: int
    refused: str = ""
    """Why this product cannot have it; nothing was compared then."""

    @property
    def turned(self) -> tuple[Move, ...]:
        """Rows whose verdict changes."""
        return tuple(m for m in self.moves if m.before.passed != m.after.passed)


def find_alternatives(
    names: Sequence[str],
    effort: Effort | None = None,
    *,
    data: Path | None = None,
    report: Report | None = None,
) -> tuple[Alternative, ...]:
    """Every alternative of some products, beside the default.

    Args:
        names: products with evidence, or their aliases; the platform is left out.
        effort: of which the subjects with the library's values, 300 at most, and the
            seed count.
        data, report: as `compare` takes them; one step per alternative.

    Raises UnknownNameError for a name without evidence.
    """
    asked = effort or Effort()
    few = replace(
        asked,
        draws=_FEWEST,
        subjects=_FEWEST,
        central=min(asked.central, _CENTRAL),
    )
    chosen = [one for one in map(evidence_name, names) if one != PLATFORM]
    wanted = {name: list(_options(name)) for name in chosen if _has_rows(name)}
    steps = sum(1 + len(options) for options in wanted.values())
    counter = Counter(steps, report)
    found = []
    for name, options in wanted.items():
        counter.next(name)
        default = compare(name, {}, few, data=data)
        for label, option, first in options:
            counter.next(f"{name} {label}={option}")
            one, refused = _compare(name, {label: option}, few, data)
            passed = _passed(default), _passed(one or default)
            changed = () if one is None else moves(default, one)
            judged = sum(row.passed is not None for row in default.rows)
            found.append(
                Alternative(
                    name, label, option, first, changed, passed, judged, refused
                )
            )
    counter.finish()
    return tuple(found)


def _compare(
    name: str, settings: Mapping[str, str], effort: Effort, data: Path | None
) -> tuple[Comparison | None, str]:
    """A comparison, or why the product cannot be had with these settings."""
    try:
        return compare(name, settings, effort, data=data), ""
    except CardError as error:
        return None, "; ".join(issue.what for issue in error.issues)


def _passed(comparison: Comparison) -> int:
    return sum(row.passed is True for row in comparison.rows)


def moves(before: Comparison, after: Comparison) -> tuple[Move, ...]:
    """Rows whose model value differs."""
    return tuple(
        Move(old, new)
        for old, new in zip(before.rows, after.rows, strict=True)
        if old.model is not None
        and new.model is not None
        and _moved(old.model, new.model)
    )


def _has_rows(name: str) -> bool:
    return any(study.findings for study in load_evidence(name).studies)


def _options(product: str) -> Iterator[tuple[str, str, str]]:
    """(set, option, default) of every alternative that a product has."""
    known = load_product(product, settings={"organs": "card"}).options
    for name in dict.fromkeys(one.set or "" for one in load_contradictions()):
        if name in known:
            first, *others = known[name]
            yield from ((name, other, first) for other in others)


def _moved(old: float, new: float) -> bool:
    if old == new or not (math.isfinite(old) and math.isfinite(new)):
        return old != new
    return not abs(new - old) <= MOVED * max(abs(old), abs(new))


def _word(passed: bool | None) -> str:
    return {True: "pass", False: "fail", None: "none"}[passed]
