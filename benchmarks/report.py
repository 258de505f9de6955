"""Results as a table of text (Markdown) and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Case
from benchmarks.options import TARGETS
from benchmarks.precision import Trial
from benchmarks.reference import FINEST
from benchmarks.scaling import Scaling

__all__ = ["CaseResult", "as_data", "case_text", "head_text", "paste", "question_text"]

_MARKS = ("<!-- benchmarks -->\n", "<!-- end of benchmarks -->\n")
RATIO_AT = 1e-6
"""Achieved error at which ratios are given."""


@dataclass
class CaseResult:
    """All that was measured on one case."""

    case: Case
    agreement: float
    trials: list[Trial]
    scaling: Scaling | None = None
    first: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    memory: Mapping[int, Mapping[str, float]] = field(default_factory=dict)

    @property
    def ours(self) -> Trial:
        """adckit's trial."""
        return self.trials[0]


def head_text(machine: Mapping[str, object], command: str) -> str:
    """Machine, versions and how to read the tables."""
    versions = machine["versions"]
    assert isinstance(versions, list)
    goals = ", ".join(f"{t:g}" for t in TARGETS)
    return (
        f"`{command}` on {machine['processor']} ({machine['target']}), "
        f"{machine['cores']} cores, {machine['lanes']} lanes; {machine['system']}, "
        f"Python {machine['python']}; {', '.join(versions)}.\n\n"
        f"Subjects per second on one core at an achieved error of {goals}: the worst "
        "subject, time and output, relative to the output's maximum. Median of the "
        "rounds (lowest to highest). The last column says how many times faster "
        f"adckit is at {RATIO_AT:g}, paired by round. A dash: no setting got there. "
        "Loading is compilation without any cache and, in its first case, the tool's "
        "import.\n"
    )


def case_text(result: CaseResult) -> str:
    """Everything about one case."""
    parts = [f"### {result.case.title}\n", _reference_line(result), _tools(result)]
    skipped = [f"- {t.tool.name}: {t.skipped}" for t in result.trials if t.skipped]
    notes = [f"- {t.tool.name}: {t.note}" for t in result.trials if t.note]
    if skipped or notes:
        parts.append("\n".join(["Not measured, or not in full:", *skipped, *notes, ""]))
    if result.scaling:
        parts.append(_scaling(result.scaling))
    if result.first:
        parts.append(_first(result.first))
    if result.memory:
        parts.append(_memory(result.memory))
    return "\n".join(parts)


def _reference_line(result: CaseResult) -> str:
    check = ""
    if np.isfinite(result.agreement):
        check = f", which SciPy's LSODA confirms to {result.agreement:.0e}"
    return f"Reference: adckit at rtol {FINEST:g}{check}.\n"


def _tools(result: CaseResult) -> str:
    goals = [f"{t:g}" for t in TARGETS]
    head = ["tool", "method", "load, s", *goals, f"adckit at {RATIO_AT:g}"]
    rows = [head, ["---"] * len(head)]
    for trial in result.trials:
        if trial.skipped:
            continue
        cells = [_range(trial.rates_at(goal)) for goal in TARGETS]
        first = f"{trial.load_seconds:.1f}"
        ratio = _ratio(result.ours, trial) if trial is not result.ours else ""
        rows.append([trial.tool.name, trial.tool.method, first, *cells, ratio])
    return _markdown(rows)


def _range(rates: np.ndarray) -> str:
    if not len(rates):
        return "-"
    middle, low, high = np.median(rates), rates.min(), rates.max()
    return f"{_number(middle)} ({_number(low)}-{_number(high)})"


def _number(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def _ratio(ours: Trial, other: Trial, goal: float = RATIO_AT) -> str:
    mine, theirs = ours.rates_at(goal), other.rates_at(goal)
    rounds = min(len(mine), len(theirs))
    if not rounds:
        return "-"
    ratios = mine[:rounds] / theirs[:rounds]
    low, high = _number(ratios.min()), _number(ratios.max())
    return f"{_number(float(np.median(ratios)))}x ({low}-{high})"


def question_text(results: Sequence[CaseResult]) -> str:
    """adckit's short form of a question against peers on its long form."""
    by_name = {result.case.name: result for result in results}
    lines = []
    for result in results:
        other = by_name.get(result.case.same_question)
        for trial in other.trials[1:] if other else ():
            if trial.skipped:
                continue
            ratio = _ratio(result.ours, trial)
            lines.append(
                f"- adckit on {result.case.name} against {trial.tool.name} on "
                f"{result.case.same_question}, at {RATIO_AT:g}: {ratio}"
            )
    return "\n".join(
        ["### The same question, fewer states\n", *lines, ""] if lines else []
    )


def _scaling(scaling: Scaling) -> str:
    head = ["adckit alone", "subjects", "subjects/s", "against the first"]
    rows = [head, ["---"] * len(head)]
    count = f"{scaling.subjects:,}"
    for what, table in (("thread", scaling.threads), ("lane", scaling.lanes)):
        base = next(iter(table.values()))
        for number, rates in table.items():
            pairs = np.array(rates) / np.array(base)
            label = f"{number} {what}{'s' if number > 1 else ''}"
            ratio = f"{np.median(pairs):.2f}x ({pairs.min():.2f}-{pairs.max():.2f})"
            rows.append([label, count, _range(np.array(rates)), ratio])
    for what, table in (("engine", scaling.sizes), ("simulate", scaling.whole)):
        for size, rates in table.items():
            label = f"{what}, all cores"
            rows.append([label, f"{size:,}", _range(np.array(rates)), ""])
    return f"At rtol {scaling.rtol:g}:\n\n" + _markdown(rows)


def _first(first: Mapping[str, Mapping[str, float]]) -> str:
    head = ["seconds to the first result", *next(iter(first.values()))]
    rows = [head, ["---"] * len(head)]
    for name, parts in first.items():
        rows.append([f"{name} kernel cache", *(f"{s:.2f}" for s in parts.values())])
    return _markdown(rows)


def _memory(memory: Mapping[int, Mapping[str, float]]) -> str:
    head = ["subjects of simulate", "MB before", "MB at peak", "MB of result"]
    rows = [head, ["---"] * len(head)]
    for size, m in memory.items():
        cells = (f"{m[key]:.0f}" for key in ("before", "peak", "result"))
        rows.append([f"{size:,}", *cells])
    return _markdown(rows)


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        filler = "-" if row[0] == "---" else " "
        cells = [cell.ljust(w, filler) for cell, w in zip(row, widths, strict=True)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def as_data(
    machine: Mapping[str, object], command: str, results: Sequence[CaseResult]
) -> dict[str, Any]:
    """Everything measured, for `results.json`."""
    return {
        "command": command,
        "machine": dict(machine),
        "cases": {result.case.name: _case_data(result) for result in results},
    }


def _case_data(result: CaseResult) -> dict[str, Any]:
    case = result.case
    return {
        "title": case.title,
        "states": len(case.system.states),
        "outputs": list(case.system.outputs),
        "times": len(case.times),
        "agreement": _finite(result.agreement),
        "tools": {trial.tool.name: _trial_data(trial) for trial in result.trials},
        "scaling": asdict(result.scaling) if result.scaling else None,
        "first": result.first,
        "memory": result.memory,
    }


def _trial_data(trial: Trial) -> dict[str, Any]:
    if trial.skipped:
        return {"skipped": trial.skipped}
    return {
        "method": trial.tool.method,
        "load_seconds": trial.load_seconds,
        "note": trial.note,
        "points": [
            {
                "rtol": p.tolerance.relative,
                "absolute": p.tolerance.label,
                "error": p.error,
                "median_error": p.middle,
                "subjects": p.subjects,
                "seconds": p.seconds,
            }
            for p in trial.points
        ],
        "subjects_per_second": {
            f"{goal:g}": trial.rates_at(goal).tolist() for goal in TARGETS
        },
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def paste(text: str, page: Path) -> None:
    """Put the tables between the marks of a page.  Raises ValueError without marks."""
    content = page.read_text(encoding="utf-8")
    begin, end = (content.find(mark) for mark in _MARKS)
    if begin < 0 or end < begin:
        raise ValueError(f"{page} has no place for the tables; add the lines {_MARKS}")
    before, after = content[: begin + len(_MARKS[0])], content[end:]
    page.write_text(f"{before}\n{text}\n{after}", encoding="utf-8")
