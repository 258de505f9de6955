"""Kernels: a system's integrator in machine code, new or from the cache.

What the cache holds is the object code and how its working memory is laid out, under
the hash of everything that decides both: the equations, the modules that write code,
the method, the lanes, the compiler and the processor.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

from adckit.caches import cache_key, cached, keep
from adckit.codegen.collecting import collected_system
from adckit.codegen.emitter import Module
from adckit.codegen.fingerprint import fingerprint
from adckit.codegen.groups import Grouped, grouped
from adckit.codegen.integrator import add_integrator
from adckit.codegen.kernels import add_model
from adckit.codegen.layout import Layout
from adckit.codegen.machine import (
    Compiled,
    compiler_key,
    host,
    linked,
    object_code,
    widest_lanes,
)
from adckit.codegen.mathematics import add_mathematics
from adckit.codegen.methods import Method, Rosenbrock
from adckit.codegen.rodas import RODAS5P
from adckit.network.system import OdeSystem

__all__ = ["Kernel", "compile_system", "module_text"]


@dataclass(frozen=True)
class Kernel:
    """A compiled system."""

    compiled: Compiled
    layout: Layout
    lanes: int
    order: np.ndarray
    """Number in the system of each state in working memory, (state,)"""
    from_cache: bool

    def workspace(self) -> np.ndarray:
        """Working memory for one thread, aligned to a cache line."""
        size = self.layout.size * self.lanes
        raw = np.zeros(size + 8)
        first = (-raw.ctypes.data % 64) // 8
        return raw[first : first + size]


def compile_system(
    system: OdeSystem, *, method: Method = RODAS5P, lanes: int | None = None
) -> Kernel:
    """Compile a system for this machine; `lanes` defaults to the widest register."""
    width = lanes or widest_lanes()
    key = cache_key(fingerprint(system), method.name, str(width), *compiler_key())
    name = f"{key}.o"
    content = cached(name)
    if content is not None:
        head, _, image = content.partition(b"\n")
        plan = json.loads(head)
        layout = Layout(plan["offsets"], plan["size"])
        order = plan["order"]
    else:
        source, layout, order = module_text(system, method, width)
        image = object_code(source)
        head = json.dumps({**asdict(layout), "order": order}).encode()
        keep(name, head + b"\n" + image)
    compiled = linked(image, ("integrate",))
    return Kernel(compiled, layout, width, np.array(order), content is not None)


def module_text(
    system: OdeSystem, method: Method, lanes: int
) -> tuple[str, Layout, tuple[int, ...]]:
    """The LLVM IR of an integrator, its working memory and the order of its states.

    An explicit method gets the rates as they are written.  It has no matrix to gain by
    collecting, and at the limit of its stability it would amplify what cancels less
    exactly then.
    """
    if isinstance(method, Rosenbrock):
        arranged = grouped(collected_system(system))
    else:
        arranged = Grouped.whole(system)
    module = Module(lanes)
    add_mathematics(module)
    shape = add_model(module, arranged.system, arranged.ends)
    x86 = host().triple.startswith("x86_64")
    layout = add_integrator(module, shape, arranged.system, method, x86=x86)
    return module.source(), layout, arranged.order
