"""A conjugate with plausible numbers, from which tests take what they need.

The values are round and belong to no product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adckit.mechanisms.blueprint import Blueprint, CellPopulation, PayloadSpecies
from adckit.molecules.load import DrugLoad
from adckit.parameters import Parameter, Source, Status
from adckit.units import parse_quantity

VALUES = {
    "body_weight": "70 kg",
    "body_surface_area": "1.85 m2",
    "antibody_molar_mass": "145 kDa",
    "linker_payload_molar_mass": "958 g/mol",
    "payload_molar_mass": "737.5 g/mol",
    "clearance": "0.24 L/day",
    "central_volume": "3.1 L",
    "distribution_clearance": "0.65 L/day",
    "peripheral_volume": "3.0 L",
    "deep_distribution_clearance": "0.2 L/day",
    "deep_peripheral_volume": "5 L",
    "deconjugation_rate": "0.17 1/day",
    "deconjugation_rate_high": "0.34 1/day",
    "deconjugation_rate_two": "0.25 1/day",
    "deconjugation_rate_one": "0.09 1/day",
    "shed_antigen_level": "5 nM",
    "shed_antigen_half_life": "0.3 day",
    "shed_complex_half_life": "2 day",
    "tumour_shedding_rate": "0.2 1/day",
    "normal_antigen_cells": "1e11 cells",
    "normal_antigen_peripheral_cells": "4e11 cells",
    "normal_antigen_receptors_per_cell": "2e4 receptors/cell",
    "target_maximum_elimination": "10 nmol/day",
    "target_michaelis_constant": "8 nM",
    "catabolite_recovery": "0.5",
    "released_clearance": "230 L/day",
    "released_distribution_clearance": "43 L/day",
    "released_central_volume": "2.1 L",
    "released_peripheral_volume": "490 L",
    "released_permeability": "920 um/day",
    "released_diffusivity": "0.11 cm2/day",
    "released_void_fraction": "0.44",
    "released_influx_rate": "5 1/day",
    "released_efflux_rate": "3.4 1/day",
    "catabolite_clearance": "120 L/day",
    "catabolite_distribution_clearance": "20 L/day",
    "catabolite_central_volume": "3 L",
    "catabolite_peripheral_volume": "100 L",
    "catabolite_permeability": "500 um/day",
    "catabolite_diffusivity": "0.1 cm2/day",
    "catabolite_void_fraction": "0.44",
    "catabolite_efflux_rate": "1.5 1/day",
    "initial_tumour_volume": "2.4 mL",
    "medium_volume": "100 uL",
    "seeded_cells": "5000 cells",
    "capillary_radius": "8 um",
    "krogh_radius": "75 um",
    "antibody_permeability": "120 um/day",
    "antibody_diffusivity": "0.003 cm2/day",
    "antibody_void_fraction": "0.24",
    "cell_density": "5e8 cells/mL",
    "cell_volume": "2 pL/cell",
    "receptors_per_cell": "1e6 receptors/cell",
    "association_rate": "0.37 1/nM/h",
    "dissociation_constant": "0.3 nM",
    "receptor_endocytosis_rate": "0.154 1/h",
    "receptor_recycling_rate": "0.086 1/h",
    "receptor_degradation_rate": "0.05 1/h",
    "complex_internalisation_rate": "0.09 1/h",
    "complex_recycling_rate": "0.05 1/h",
    "complex_sorting_rate": "0.1 1/h",
    "endosomal_dissociation_rate": "0.02 1/h",
    "lysosomal_degradation_rate": "0.1 1/h",
    "intracellular_cleavage_rate": "0.01 1/h",
    "pinocytosis_rate": "0.02 pL/h/cell",
    "tubulin_concentration": "20 uM",
    "tubulin_dissociation_constant": "930 nM",
    "tubulin_association_rate": "0.03 1/nM/h",
    "released_by_dead_cells": "0.8",
    "doubling_time": "25 day",
    "linear_growth_rate": "621 mm3/day",
    "growth_switch": "20",
    "carrying_capacity": "500 mL",
    "maximum_kill_rate": "0.14 1/day",
    "half_kill_occupancy": "0.015",
    "half_kill_concentration": "300 nM",
    "kill_hill": "1.5",
    "kill_constant": "2e-4 1/nM/day",
    "plasma_kill_constant": "5e-4 1/nM/day",
    "transit_rate": "0.5 1/day",
}
SPECIES = (
    PayloadSpecies("released", "released payload", "released"),
    PayloadSpecies("catabolite", "catabolite", "catabolite"),
)
BROAD = (0.02, 0.13, 0.23, 0.26, 0.19, 0.10, 0.05, 0.02)
"""Fractions with 0 to 7 payloads; mean 3.1, broader than a binomial."""


def parameter(name: str, quantity: str) -> Parameter:
    """A parameter from text such as `0.24 L/day`."""
    value, unit = parse_quantity(quantity)
    return Parameter(name, value, unit, Source("a test"), Status.ASSUMED)


def example(
    load: DrugLoad | None = None,
    changed: dict[str, str] | None = None,
    without: tuple[str, ...] = (),
    **variants: str,
) -> Blueprint:
    """The example, with other parameters and choices where asked for."""
    values = {k: v for k, v in VALUES.items() if k not in without} | (changed or {})
    return Blueprint(
        "example",
        {name: parameter(name, text) for name, text in values.items()},
        load or DrugLoad(BROAD),
        SPECIES,
        variants,
    )


def mixed(
    classes: Mapping[str, tuple[float, float]],
    changed: dict[str, str] | None = None,
    **variants: str,
) -> Blueprint:
    """The example with populations of cells: name -> (share, receptors per cell)."""
    values = {f"share_{name}": f"{share!r}" for name, (share, _) in classes.items()}
    values |= {
        f"receptors_per_cell_{name}": f"{number!r} receptors/cell"
        for name, (_, number) in classes.items()
    }
    blueprint = example(changed=values | (changed or {}), **variants)
    kinds = tuple(CellPopulation(name, f"{name} cells") for name in classes)
    return replace(blueprint, populations=kinds)
