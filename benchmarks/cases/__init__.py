"""The cases, by name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.case import Case
from benchmarks.cases.adc12 import adc12
from benchmarks.cases.binding_barrier import binding_barrier
from benchmarks.cases.indirect_response import indirect_response
from benchmarks.cases.stiff_references import (
    hires,
    orego,
    pollution,
    robertson,
    van_der_pol,
)
from benchmarks.cases.tdm1 import tdm1_moments, tdm1_resolved

__all__ = ["CASES"]

CASES: dict[str, Callable[[], Case]] = {
    "adc12": adc12,
    "tdm1": tdm1_moments,
    "tdm1-resolved": tdm1_resolved,
    "indirect-response": indirect_response,
    "binding-barrier": binding_barrier,
    "robertson": robertson,
    "hires": hires,
    "pollution": pollution,
    "orego": orego,
    "van-der-pol": van_der_pol,
}
