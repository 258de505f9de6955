"""The tools that are compared, adckit first; none is a dependency of adckit."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers.adckit_cpu import AdckitCpu
from benchmarks.peers.amici_cvodes import AmiciCvodes
from benchmarks.peers.base import Tool
from benchmarks.peers.diffrax_kvaerno import DiffraxKvaerno
from benchmarks.peers.numbalsoda_lsoda import NumbalsodaLsoda
from benchmarks.peers.r_packages import Mrgsolve, Rxode2
from benchmarks.peers.roadrunner_cvode import RoadRunnerCvode
from benchmarks.peers.scipy_lsoda import ScipyLsoda

__all__ = ["chosen_tools", "every_tool"]


def every_tool() -> list[Tool]:
    """One of each."""
    return [
        AdckitCpu(),
        NumbalsodaLsoda(),
        RoadRunnerCvode(),
        ScipyLsoda(),
        DiffraxKvaerno(),
        AmiciCvodes(),
        Mrgsolve(),
        Rxode2(),
    ]


def chosen_tools(names: Sequence[str]) -> list[Tool]:
    """adckit and the peers named, in lower case; without names all."""
    first, *peers = every_tool()
    return [first, *(p for p in peers if not names or p.name.lower() in names)]
