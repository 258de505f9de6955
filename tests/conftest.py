"""Fixtures for every test; its place also lets each folder import `harness`."""

from __future__ import annotations

import pytest

from adckit.engines import cpu, reference
from adckit.engines.base import Engine


@pytest.fixture(params=["reference", "cpu"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn: what holds must hold on all."""
    return {"reference": reference.solve, "cpu": cpu.solve}[request.param]
