"""From IR text to machine code, with a cache on disk.

The key of a cached object is the hash of everything that decides its content: the IR,
the compiler's version, the processor with its features, and the optimisation level.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from adckit.caches import cache_key, cached, keep

__all__ = ["Compiled", "compile_module", "host", "widest_lanes"]

OPTIMISATION = 2


@dataclass(frozen=True)
class Compiled:
    """Functions in memory; they live as long as this object."""

    addresses: dict[str, int]
    keep: tuple[Any, ...]
    """Owners of the code."""
    from_cache: bool

    def function(self, name: str, *arguments: Any) -> Any:
        """A callable that releases the interpreter's lock while it runs."""
        return ctypes.CFUNCTYPE(None, *arguments)(self.addresses[name])


@dataclass(frozen=True)
class Host:
    """The processor that code is made for."""

    triple: str
    cpu: str
    features: str

    def has(self, feature: str) -> bool:
        return f"+{feature}" in self.features.split(",")


@cache
def host() -> Host:
    """What this machine is."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    return Host(llvm.get_process_triple(), llvm.get_host_cpu_name(), features)


def widest_lanes() -> int:
    """How many doubles one register of this processor holds."""
    if host().has("avx512f") and host().has("avx512dq"):
        return 8
    return 4 if host().has("avx2") and host().has("fma") else 2


def compile_module(source: str, names: tuple[str, ...]) -> Compiled:
    """Compile IR text, or load what an earlier run compiled, and link `names`."""
    machine = _target_machine()
    name = f"{_key(source)}.o"
    image = cached(name)
    found = image is not None
    if image is None:
        image = _compile(source, machine)
        keep(name, image)
    jit = llvm.create_lljit_compiler(machine, use_jit_link=False)
    builder = llvm.JITLibraryBuilder().add_object_img(image).add_current_process()
    for name in names:
        builder.export_symbol(name)
    library = builder.link(jit, "adckit")
    addresses = {name: int(library[name]) for name in names}
    return Compiled(addresses, (jit, library), found)


def _target_machine() -> Any:
    host()
    target = llvm.Target.from_triple(host().triple)
    return target.create_target_machine(
        cpu=host().cpu, features=host().features, opt=OPTIMISATION, jit=True
    )


def _compile(source: str, machine: Any) -> bytes:
    module = llvm.parse_assembly(source)
    module.triple = host().triple
    module.data_layout = str(machine.target_data)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=OPTIMISATION)
    tuning.slp_vectorization = False  # the code is in vectors already
    tuning.loop_vectorization = False
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)
    return bytes(machine.emit_object(module))


def _key(source: str) -> str:
    return cache_key(
        source,
        llvmlite.__version__,
        repr(llvm.llvm_version_info),
        host().triple,
        host().cpu,
        host().features,
        str(OPTIMISATION),
    )
