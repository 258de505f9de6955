"""Results of earlier runs, read back: several runs together fill one page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Tolerance
from benchmarks.cases import CASES
from benchmarks.peers import every_tool
from benchmarks.peers.base import Tool
from benchmarks.precision import Point, Trial
from benchmarks.report import CaseResult
from benchmarks.scaling import Scaling

__all__ = ["stored"]


def stored(files: Sequence[Path]) -> tuple[dict[str, Any], str, list[CaseResult]]:
    """Machine, commands and results of `results.json` files.

    Of a case that is in several, the first brings the tools, and each what the others
    lack.  Raises ValueError where they are of different processors.
    """
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    if len({content["machine"]["processor"] for content in contents}) > 1:
        raise ValueError("these results are of different processors")
    versions = [v for content in contents for v in content["machine"]["versions"]]
    machine = {**contents[0]["machine"], "versions": list(dict.fromkeys(versions))}
    results: dict[str, CaseResult] = {}
    for content in contents:
        for name, data in content["cases"].items():
            found = _result(name, data)
            known = results.setdefault(name, found)
            known.scaling = known.scaling or found.scaling
            known.first = known.first or found.first
            known.memory = known.memory or found.memory
    commands = "`, then `".join(content["command"] for content in contents)
    return machine, commands, [results[name] for name in CASES if name in results]


def _result(name: str, data: dict[str, Any]) -> CaseResult:
    tools = {tool.name: tool for tool in every_tool()}
    trials = [_trial(tools[name], trial) for name, trial in data["tools"].items()]
    agreement = np.nan if data["agreement"] is None else data["agreement"]
    scaling = data["scaling"]
    return CaseResult(
        CASES[name](),
        agreement,
        trials,
        Scaling(**{k: _counted(v) for k, v in scaling.items()}) if scaling else None,
        data["first"],
        _counted(data["memory"]),
    )


def _trial(tool: Tool, data: dict[str, Any]) -> Trial:
    if "skipped" in data:
        return Trial(tool, data["skipped"])
    points = [
        Point(
            Tolerance(point["rtol"], np.array([]), point["absolute"]),
            point["error"],
            point["median_error"],
            np.nan,
            point["subjects"],
            point["seconds"],
        )
        for point in data["points"]
    ]
    return Trial(tool, "", data["load_seconds"], points, data["note"])


def _counted(table: Any) -> Any:
    """JSON makes texts of the numbers that are keys."""
    if not isinstance(table, dict):
        return table
    return {int(key): value for key, value in table.items()}
