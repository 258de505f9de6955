"""Every engine runs the same suite; a test asks for `engine`."""

from __future__ import annotations

from functools import partial

import pytest

from adckit.codegen.machine import widest_lanes
from adckit.engines import cpu
from adckit.engines.base import Engine
from tests.conftest import ENGINES as BOTH

ENGINES: dict[str, Engine] = {
    **BOTH,
    "cpu-1-lane": partial(cpu.solve, lanes=1),
    "cpu-2-lanes": partial(cpu.solve, lanes=2, threads=2),
}
if widest_lanes() >= 8:
    ENGINES["cpu-4-lanes"] = partial(cpu.solve, lanes=4)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]
