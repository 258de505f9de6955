"""Every engine runs the same suite; a test asks for `engine`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from adckit.codegen.machine import widest_lanes
from adckit.engines import cpu, reference
from adckit.engines.base import Engine, Problem, Solution
from adckit.engines.ladder import with_retries


def explicit(problem: Problem) -> Solution:
    """The explicit method, and the ladder for what is too stiff for it."""
    return with_retries(cpu.solve)(replace(problem, method="dop853"))


ENGINES: dict[str, Engine] = {
    "reference": reference.solve,
    "cpu": cpu.solve,
    "cpu-explicit": explicit,
    "cpu-1-lane": partial(cpu.solve, lanes=1),
    "cpu-2-lanes": partial(cpu.solve, lanes=2, threads=2),
}
if widest_lanes() >= 8:
    ENGINES["cpu-4-lanes"] = partial(cpu.solve, lanes=4)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]
