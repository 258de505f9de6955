"""Fixtures for every test; its place also lets each folder import `harness`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adckit.engines import cpu, reference
from adckit.engines.base import Engine, Problem, Solution
from adckit.engines.ladder import with_retries


def stiff(problem: Problem) -> Solution:
    """The compiled engine with Rodas5P, whatever `simulate` would choose."""
    return cpu.solve(replace(problem, method="rodas5p"))


def explicit(problem: Problem) -> Solution:
    """The explicit method, and Rodas5P for what is too stiff for it."""
    return with_retries(cpu.solve)(replace(problem, method="dop853"))


ENGINES: dict[str, Engine] = {
    "reference": reference.solve,
    "cpu": stiff,
    "cpu-explicit": explicit,
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn: what holds must hold on all."""
    return ENGINES[request.param]
