"""Figures: work against precision, all tools at equal error, scaling with subjects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.precision import Trial
from benchmarks.report import RATIO_AT, CaseResult

__all__ = ["draw"]

_COLOURS = {
    "adckit": "#0072B2",
    "numbalsoda": "#D55E00",
    "libRoadRunner": "#009E73",
    "SciPy": "#7F7F7F",
    "diffrax": "#CC79A7",
    "AMICI": "#E69F00",
    "mrgsolve": "#56B4E9",
    "rxode2": "#000000",
}
"""A palette that colour-blind readers can tell apart (Okabe and Ito)."""


def draw(results: Sequence[CaseResult], folder: Path) -> list[Path]:
    """Write all figures that have data; returns their paths."""
    import matplotlib

    matplotlib.use("agg")
    made = [_work_precision(result, folder) for result in results]
    made.append(_equal_error(results, folder))
    scaled = [result for result in results if result.scaling]
    if scaled:
        made.append(_population_sizes(scaled, folder))
    return made


def _saved(figure: Any, path: Path) -> Path:
    import matplotlib.pyplot as plt

    figure.savefig(path, dpi=150)
    plt.close(figure)
    return path


def _work_precision(result: CaseResult, folder: Path) -> Path:
    """Achieved error against subjects per second, one line per tool."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
    for trial in result.trials:
        line = _line(trial)
        if len(line):
            colour = _COLOURS[trial.tool.name]
            axes.loglog(*line.T, marker="o", color=colour, label=trial.tool.name)
    axes.invert_xaxis()
    axes.set_xlabel("achieved error, relative to each output's maximum")
    axes.set_ylabel("subjects per second on one core")
    axes.set_title(result.case.title, fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return _saved(figure, folder / f"work-precision-{result.case.name}.png")


def _line(trial: Trial) -> np.ndarray:
    """(setting, error and median rate), the settings that were timed."""
    timed = sorted(
        (p.error, float(np.median(p.rates()))) for p in trial.points if p.seconds
    )
    return np.array([(max(e, 1e-16), rate) for e, rate in timed])


def _equal_error(results: Sequence[CaseResult], folder: Path) -> Path:
    """Bars: subjects per second of every tool on every case at one error."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    names = list(dict.fromkeys(t.tool.name for r in results for t in r.trials))
    table = {name: [_median_rate(r, name) for r in results] for name in names}
    shown = {name: row for name, row in table.items() if np.isfinite(row).any()}
    width = 0.8 / max(len(shown), 1)
    for k, (name, heights) in enumerate(shown.items()):
        at = np.arange(len(results)) + (k - (len(shown) - 1) / 2) * width
        axes.bar(at, heights, width, color=_COLOURS[name], label=name)
    axes.set_yscale("log")
    axes.set_xticks(range(len(results)), [r.case.name for r in results], rotation=20)
    axes.set_ylabel("subjects per second on one core")
    axes.set_title(f"At an achieved error of {RATIO_AT:g} (no bar: not reached)")
    axes.grid(axis="y", alpha=0.3)
    figure.legend(loc="outside lower center", frameon=False, ncols=4)
    return _saved(figure, folder / "equal-error.png")


def _median_rate(result: CaseResult, name: str) -> float:
    for trial in result.trials:
        rates = trial.rates_at(RATIO_AT)
        if trial.tool.name == name and len(rates):
            return float(np.median(rates))
    return float("nan")


def _population_sizes(results: Sequence[CaseResult], folder: Path) -> Path:
    """Subjects per second against the size of the population."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
    for result in results:
        assert result.scaling is not None
        for table, style in (
            (result.scaling.sizes, "-o"),
            (result.scaling.whole, "--"),
        ):
            rates = [float(np.median(r)) for r in table.values()]
            label = result.case.name if style == "-o" else None
            before = axes.get_lines()[-1].get_color() if label is None else None
            axes.loglog(list(table), rates, style, label=label, color=before)
    axes.set_xlabel("subjects")
    axes.set_ylabel("subjects per second, all cores")
    axes.set_title("adckit: the engine (solid) and the whole of simulate (dashed)")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return _saved(figure, folder / "population-size.png")
