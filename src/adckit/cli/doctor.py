"""`adckit doctor`: what this machine has, and whether adckit computes right on it."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from adckit.network.network import Network

__all__ = ["doctor"]

_PACKAGES = ("adckit", "numpy", "scipy", "llvmlite", "duckdb", "matplotlib")
_SUBJECTS = 2000
_TOLERANCE = 1e-6
"""Relative error allowed in the self-test, which is solved with rtol 1e-9."""


def doctor(
    clear_cache: Annotated[
        bool,
        typer.Option("--clear-cache", help="Empty the cache first."),
    ] = False,
) -> None:
    """Print versions and hardware, and run a self-test of two seconds."""
    from adckit.caches import clear
    from adckit.cli.printing import console, plain_table
    from adckit.codegen.machine import host, widest_lanes

    screen = console()
    if clear_cache:
        print(f"Removed {clear()} files.")
    rows = [
        ["python", platform.python_version()],
        *([name, _version(name)] for name in _PACKAGES),
        ["system", platform.platform()],
        ["processor", f"{_processor()} ({host().cpu})"],
        ["SIMD width", f"{widest_lanes()} doubles"],
        ["threads", str(os.cpu_count() or 1)],
        ["GPU", _gpu()],
        ["cache", _cache()],
    ]
    screen.print(plain_table(["", ""], rows))
    lines, passed = _self_test()
    screen.print(plain_table(["", ""], lines))
    print(
        "All is well." if passed else "The self-test failed: please report this page."
    )
    raise typer.Exit(0 if passed else 1)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


def _gpu() -> str:
    """Whether there is an NVIDIA GPU; asks the driver and loads nothing."""
    cards = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    names = [
        line.partition(":")[2].strip()
        for card in cards
        for line in card.read_text(encoding="utf-8").splitlines()
        if line.startswith("Model")
    ]
    if names:
        return f"yes: {', '.join(names)}"
    import shutil
    import subprocess

    if shutil.which("nvidia-smi") is None:
        return "no"
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        asked = subprocess.run(query, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return "no"
    found = ", ".join(asked.stdout.split("\n")).strip(", ")
    return f"yes: {found}" if asked.returncode == 0 and found else "no"


def _cache() -> str:
    """Where the cache is, what is in it, and how large it may become."""
    from adckit.caches import LARGEST, cache_folder, kept_files

    files = kept_files()
    models = sum(path.suffix == ".o" for path, _, _ in files)
    size = sum(size for _, size, _ in files) / 2**20
    most = LARGEST / 2**20
    count = f"{models} compiled models and {len(files) - models} small files"
    return f"{cache_folder()} ({count}, {size:.1f} of at most {most:.0f} MB)"


def _self_test() -> tuple[list[list[str]], bool]:
    """A two-compartment drug, every way it can be solved, against its closed form."""
    import numpy as np

    from adckit.mechanisms.assemble import plain_model
    from adckit.simulation import simulate

    model = plain_model(_PARAMETERS, compartments=2)
    times = np.linspace(0.1, 42.0, 60)
    expected = _closed_form(times)
    lines, passed = [], True
    for engine, method in (("cpu", "rodas5p"), ("cpu", "dop853"), ("reference", "")):
        began = time.perf_counter()
        result = simulate(
            model,
            "100 mg once bolus",
            times=times,
            engine=engine,
            method=method or "auto",
            rtol=1e-9,
        )
        seconds = time.perf_counter() - began
        error = np.max(np.abs(result.curve("concentration")[0] / expected - 1))
        good = bool(error < _TOLERANCE)
        verdict = "passed" if good else "FAILED"
        text = f"{verdict}, relative error {error:.1e}, {1e3 * seconds:.0f} ms"
        lines.append([f"self-test, {engine} {method}".rstrip(), text])
        passed &= good
    lines.append(["throughput", _throughput(model)])
    return lines, passed


_PARAMETERS = {
    "clearance": "0.25 L/day",
    "central_volume": "3 L",
    "distribution_clearance": "0.6 L/day",
    "peripheral_volume": "2.5 L",
}


def _closed_form(times: object) -> object:
    """Concentration after a bolus of 100 mg, from the two exponentials."""
    import numpy as np

    days = np.asarray(times)
    k10, k12, k21 = 0.25 / 3, 0.6 / 3, 0.6 / 2.5
    total, product = k10 + k12 + k21, k10 * k21
    root = np.sqrt(total**2 - 4 * product)
    fast, slow = (total + root) / 2, (total - root) / 2
    first = (fast - k21) / (fast - slow) * np.exp(-fast * days)
    second = (k21 - slow) / (fast - slow) * np.exp(-slow * days)
    return 100 / 3 * (first + second)


def _throughput(model: Network) -> str:
    from adckit.simulation import simulate

    began = time.perf_counter()
    simulate(model, "100 mg q3w x6", _SUBJECTS)
    seconds = time.perf_counter() - began
    return f"{_SUBJECTS / seconds:,.0f} subjects/s (two compartments, six doses)"
