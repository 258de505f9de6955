"""adckit simulates antibody-drug conjugates, from the molecule to the clinical trial.

    import adckit

    result = adckit.simulate("cantuzumab-mertansine", "235 mg/m2 q3w x6")
    result.to_pandas()

This module only re-exports the public names.
"""

from importlib.metadata import version

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
from adckit.simulate import simulate
from adckit.status import Status
from adckit.treatment import Course

__version__ = version("adckit")

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
    "simulate",
]
