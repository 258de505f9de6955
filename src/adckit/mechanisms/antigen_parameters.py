"""The parameters of antigen outside the tumour: shed into plasma, and on normal cells.

Part of the table in `vocabulary`.
"""

from __future__ import annotations

from adckit.mechanisms.specification import ParameterSpec
from adckit.mechanisms.specification import parameter_spec as _spec

__all__ = ["ANTIGEN_PARAMETERS"]

ANTIGEN_PARAMETERS: tuple[ParameterSpec, ...] = (
    _spec(
        "shed_antigen_level",
        "nM | ng/mL",
        "shed antigen in plasma before treatment, from all sources",
    ),
    _spec(
        "shed_antigen_molar_mass",
        "kDa",
        "molar mass of shed antigen; needed for a level in ng/mL",
        positive=True,
    ),
    _spec(
        "shed_antigen_half_life",
        "day",
        "half-life of free shed antigen in plasma",
        positive=True,
    ),
    _spec(
        "shed_complex_half_life",
        "day",
        "half-life of antibody on shed antigen; by default it is cleared as antibody",
        positive=True,
    ),
    _spec(
        "shed_dissociation_constant",
        "nM",
        "dissociation constant of antibody and shed antigen; by default as on cells",
        positive=True,
    ),
    _spec(
        "tumour_shedding_rate",
        "1/day",
        "free antigen that leaves the surface of tumour cells for plasma",
    ),
    _spec("normal_antigen_cells", "cells", "normal cells with antigen, beside plasma"),
    _spec(
        "normal_antigen_peripheral_cells",
        "cells",
        "normal cells with antigen, beside the peripheral compartment",
    ),
    _spec(
        "normal_antigen_receptors_per_cell",
        "receptors/cell",
        "antigen per normal cell without drug",
    ),
    _spec(
        "target_maximum_elimination",
        "nmol/day | nmol/day/m2 | nmol/day/kg",
        "largest elimination of antibody by its antigen (Michaelis-Menten)",
    ),
    _spec(
        "target_michaelis_constant",
        "nM",
        "antibody in plasma at half of that elimination (Michaelis-Menten)",
        positive=True,
    ),
)
