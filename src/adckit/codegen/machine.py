"""From IR text to machine code in this process."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

__all__ = [
    "Compiled",
    "compiler_key",
    "host",
    "linked",
    "object_code",
    "widest_lanes",
]

OPTIMISATION = 2


@dataclass(frozen=True)
class Compiled:
    """Functions in memory; they live as long as this object."""

    addresses: dict[str, int]
    keep: tuple[Any, ...]
    """Owners of the code."""

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


def object_code(source: str) -> bytes:
    """Compile IR text for this machine."""
    machine = _target_machine()
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


def linked(image: bytes, names: tuple[str, ...]) -> Compiled:
    """Load object code and look up `names` in it."""
    jit = llvm.create_lljit_compiler(_target_machine(), use_jit_link=False)
    builder = llvm.JITLibraryBuilder().add_object_img(image).add_current_process()
    for name in names:
        builder.export_symbol(name)
    library = builder.link(jit, "adckit")
    addresses = {name: int(library[name]) for name in names}
    return Compiled(addresses, (jit, library))


def compiler_key() -> tuple[str, ...]:
    """Everything besides its source that decides object code."""
    return (
        llvmlite.__version__,
        repr(llvm.llvm_version_info),
        host().triple,
        host().cpu,
        host().features,
        str(OPTIMISATION),
    )


def _target_machine() -> Any:
    host()
    target = llvm.Target.from_triple(host().triple)
    return target.create_target_machine(
        cpu=host().cpu, features=host().features, opt=OPTIMISATION, jit=True
    )
