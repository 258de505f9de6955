"""The accuracy that is promised: an error of at most 10 x rtol, on every library model.

The error is that of an output relative to its largest value; the standard is a solution
at the tightest tolerance.  That the standard itself is right is shown by the closed
forms and by the other engine.
"""

from __future__ import annotations

import numpy as np
import pytest

from adckit.library import list_products
from adckit.prepared import prepare
from adckit.simulation import DEFAULT_RTOL, simulate


@pytest.mark.parametrize("name", list_products())
def test_error_is_within_ten_times_the_tolerance(name: str) -> None:
    model = prepare(name)
    regimen = None if model.product and model.product.regimen else "100 mg qd x7"
    times = np.linspace(0.0, 63.0, 127)
    exact = simulate(
        model, regimen, times=times, rtol=1e-12, max_steps=10**7
    ).require_success()
    top = np.maximum(np.abs(exact.values).max(axis=1, keepdims=True), 1e-300)
    for rtol in (1e-3, 1e-4, DEFAULT_RTOL, 1e-8):
        found = simulate(model, regimen, times=times, rtol=rtol).require_success()
        assert np.max(np.abs(found.values - exact.values) / top) <= 10 * rtol
