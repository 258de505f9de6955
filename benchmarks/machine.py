"""What was measured on: processor, system, versions."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from adckit.codegen.machine import host, widest_lanes
from benchmarks.peers.base import Tool

__all__ = ["describe_machine"]


def describe_machine(tools: Sequence[Tool]) -> dict[str, object]:
    """For the head of the table; tools that are not installed are left out."""
    return {
        "processor": _processor(),
        "target": host().cpu,
        "cores": os.cpu_count(),
        "lanes": widest_lanes(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": [tool.version() for tool in tools],
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
