"""adckit simulates antibody-drug conjugates, from the molecule to the clinical trial.

    import adckit

    result = adckit.simulate("cantuzumab-mertansine", "235 mg/m2 q3w x6")
    result.to_pandas()

This module only re-exports the public names.  Each is loaded when it is first used, so
that `import adckit`, and commands that need little, are quick.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adckit.errors import (
        AdckitError,
        CardError,
        ModelError,
        RegimenError,
        RunError,
        SimulationError,
        UnitError,
        UnknownNameError,
    )
    from adckit.library import Product, list_products, load_product
    from adckit.mechanisms.assemble import assemble
    from adckit.mechanisms.blueprint import Blueprint
    from adckit.molecules.load import DrugLoad
    from adckit.network.dosing import DoseRecord
    from adckit.network.network import Network
    from adckit.network.parts import (
        Compartment,
        Event,
        Input,
        Observable,
        Port,
        Reaction,
        Rule,
        Species,
    )
    from adckit.network.regimen import Regimen, parse_regimen
    from adckit.parameters import Parameter, Source
    from adckit.prepared import Prepared, prepare
    from adckit.results import Result, SubjectStatus
    from adckit.simulation import simulate
    from adckit.status import Status
    from adckit.studies.scan import scan
    from adckit.studies.scan_result import ScanResult
    from adckit.treatment import Course

try:
    __version__ = version("adckit")
except PackageNotFoundError:  # run from a source tree that nobody installed
    __version__ = "0+unknown"

_HOMES = {
    "adckit.errors": (
        "AdckitError",
        "CardError",
        "ModelError",
        "RegimenError",
        "RunError",
        "SimulationError",
        "UnitError",
        "UnknownNameError",
    ),
    "adckit.library": ("Product", "list_products", "load_product"),
    "adckit.mechanisms.assemble": ("assemble",),
    "adckit.mechanisms.blueprint": ("Blueprint",),
    "adckit.molecules.load": ("DrugLoad",),
    "adckit.network.dosing": ("DoseRecord",),
    "adckit.network.network": ("Network",),
    "adckit.network.parts": (
        "Compartment",
        "Event",
        "Input",
        "Observable",
        "Port",
        "Reaction",
        "Rule",
        "Species",
    ),
    "adckit.network.regimen": ("Regimen", "parse_regimen"),
    "adckit.parameters": ("Parameter", "Source"),
    "adckit.prepared": ("Prepared", "prepare"),
    "adckit.results": ("Result", "SubjectStatus"),
    "adckit.simulation": ("simulate",),
    "adckit.status": ("Status",),
    "adckit.studies.scan": ("scan",),
    "adckit.studies.scan_result": ("ScanResult",),
    "adckit.treatment": ("Course",),
}
"""Module → public names that live in it."""

_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'adckit' has no attribute '{name}'")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "AdckitError",
    "Blueprint",
    "CardError",
    "Compartment",
    "Course",
    "DoseRecord",
    "DrugLoad",
    "Event",
    "Input",
    "ModelError",
    "Network",
    "Observable",
    "Parameter",
    "Port",
    "Prepared",
    "Product",
    "Reaction",
    "Regimen",
    "RegimenError",
    "Result",
    "Rule",
    "RunError",
    "ScanResult",
    "SimulationError",
    "Source",
    "Species",
    "Status",
    "SubjectStatus",
    "UnitError",
    "UnknownNameError",
    "__version__",
    "assemble",
    "list_products",
    "load_product",
    "parse_regimen",
    "prepare",
    "scan",
    "simulate",
]
