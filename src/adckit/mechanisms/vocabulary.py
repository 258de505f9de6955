"""The parameters that mechanisms read: name, unit, limits and meaning.

One table for everybody: a card is checked against it (unknown key, wrong dimension,
value that makes no sense), the documentation prints it, and `--set` completes from it.
A payload species has parameters of its own, written `<species>_<suffix>`, such as
`DM1_clearance`; their suffixes are in `PAYLOAD_SPECIES`.  A population of tumour cells
has `<start>_<population>`, such as `share_negative`; see `POPULATION_PARAMETERS`.
"""

from __future__ import annotations

import math

from adckit.mechanisms.antigen_parameters import ANTIGEN_PARAMETERS
from adckit.mechanisms.organ_parameters import ORGAN_PARAMETERS
from adckit.mechanisms.specification import ParameterSpec
from adckit.mechanisms.specification import parameter_spec as _spec
from adckit.parameters import Parameter
from adckit.units import parse_unit

__all__ = [
    "PARAMETERS",
    "PAYLOAD_SPECIES",
    "POPULATION_PARAMETERS",
    "ParameterSpec",
    "problems",
    "specification",
]


_CLEARANCE = "L/day | L/day/m2 | L/day/kg"
_VOLUME = "L | L/m2 | L/kg"

_HOST = (
    _spec("body_weight", "kg", "body weight", positive=True),
    _spec("body_surface_area", "m2", "body surface area", positive=True),
)

_MOLECULE = (
    _spec(
        "antibody_molar_mass", "kDa", "molar mass of the naked antibody", positive=True
    ),
    _spec(
        "linker_payload_molar_mass",
        "g/mol",
        "mass that one linker-payload adds to the antibody",
        positive=True,
    ),
    _spec(
        "conjugate_molar_mass",
        "kDa",
        "molar mass of the product; by default antibody and mean load together",
        positive=True,
    ),
    _spec(
        "payload_molar_mass",
        "g/mol",
        "molar mass of the free payload as the assay reports it",
        positive=True,
    ),
)

_DISPOSITION = (
    _spec("clearance", _CLEARANCE, "clearance of total antibody, whatever its payload"),
    _spec(
        "central_volume", _VOLUME, "volume of the central compartment", positive=True
    ),
    _spec(
        "distribution_clearance", _CLEARANCE, "exchange with the peripheral compartment"
    ),
    _spec(
        "peripheral_volume",
        _VOLUME,
        "volume of the peripheral compartment",
        positive=True,
    ),
    _spec(
        "deep_distribution_clearance",
        _CLEARANCE,
        "exchange with the deep compartment (3-compartment variant)",
    ),
    _spec(
        "deep_peripheral_volume",
        _VOLUME,
        "volume of the deep compartment (3-compartment variant)",
        positive=True,
    ),
    _spec(
        "clearance_weight_exponent",
        "",
        "power of body weight on clearance and distribution clearance",
        lowest=-2,
        highest=2,
    ),
    _spec(
        "volume_weight_exponent",
        "",
        "power of body weight on the volumes",
        lowest=-2,
        highest=2,
    ),
    _spec(
        "reference_body_weight",
        "kg",
        "body weight at which the parameters hold",
        positive=True,
    ),
    _spec(
        "clearance_dar_slope",
        "",
        "increase of clearance with payload load n: CL_n = CL (1 + slope n^power)",
    ),
    _spec(
        "clearance_dar_power",
        "",
        "power of n in the load-dependent clearance",
        lowest=1,
    ),
    _spec(
        "deconjugation_rate",
        "1/day",
        "loss of one payload, per attached payload (law a: per site)",
    ),
    _spec(
        "deconjugation_rate_high",
        "1/day",
        "loss of one payload at load 3 and above (law b: shared)",
    ),
    _spec(
        "deconjugation_rate_two",
        "1/day",
        "loss of one payload at load 2 (law b: shared)",
    ),
    _spec(
        "deconjugation_rate_one",
        "1/day",
        "loss of one payload at load 1 (law b: shared)",
    ),
    *(
        _spec(
            f"deconjugation_rate_{n}",
            "1/day",
            f"loss of one payload at load {n} (law c: free)",
        )
        for n in range(1, 9)
    ),
    _spec(
        "peripheral_deconjugation",
        "",
        "deconjugation outside plasma relative to plasma (1 everywhere, 0 plasma only)",
    ),
    _spec(
        "baseline_antibody",
        "nM",
        "residual antibody of earlier therapy at time 0, in the total antibody assay",
    ),
    _spec("baseline_antibody_decline", "1/day", "decline of the residual antibody"),
    _spec(
        "trace_antibody",
        "nM",
        "antibody in plasma below which a mean DAR is not worth reporting",
        positive=True,
    ),
)

_PAYLOAD = (
    _spec(
        "catabolite_recovery",
        "",
        "share of catabolised antibody's payload that reaches plasma, rest excreted",
        highest=1,
    ),
)

PAYLOAD_SPECIES = (
    _spec("clearance", _CLEARANCE, "plasma clearance"),
    _spec(
        "distribution_clearance", _CLEARANCE, "exchange with the peripheral compartment"
    ),
    _spec(
        "central_volume", _VOLUME, "volume of the central compartment", positive=True
    ),
    _spec(
        "peripheral_volume",
        _VOLUME,
        "volume of the peripheral compartment",
        positive=True,
    ),
    _spec("permeability", "um/day", "permeability of the capillary wall"),
    _spec("diffusivity", "cm2/day", "diffusivity in tumour tissue"),
    _spec(
        "void_fraction",
        "",
        "accessible volume per tumour volume",
        positive=True,
        highest=1,
    ),
    _spec(
        "influx_rate",
        "1/day",
        "entry into cells, per cell volume and accessible concentration",
    ),
    _spec("efflux_rate", "1/day", "exit of unbound payload from cells"),
)
"""Parameters of one payload species, by suffix."""

POPULATION_PARAMETERS = (
    _spec("share", "", "share of the tumour's cells at the start", highest=1),
    _spec(
        "receptors_per_cell", "receptors/cell", "surface antigen per cell without drug"
    ),
    _spec(
        "doubling_time",
        "day",
        "doubling time of these cells, untreated, in exponential growth",
        positive=True,
    ),
    _spec(
        "half_kill_occupancy",
        "",
        "tubulin occupancy of half the maximum kill in these cells (K1)",
        positive=True,
        highest=1,
    ),
    _spec("maximum_kill_rate", "1/day", "kill rate of these cells at full effect"),
    _spec("kill_hill", "", "Hill coefficient of kill of these cells", lowest=1),
    _spec("efflux_factor", "", "exit of payload relative to other cells"),
)
"""Parameters of one population of tumour cells, by the start of their name."""

_DELIVERY = (
    _spec("initial_tumour_volume", "mL", "tumour volume at the start"),
    _spec("capillary_radius", "um", "radius of a tumour capillary", positive=True),
    _spec("krogh_radius", "um", "half the distance between capillaries", positive=True),
    _spec(
        "krogh_radius_variation",
        "1",
        "geometric standard deviation of that distance within a tumour",
        lowest=1.0,
    ),
    _spec(
        "antibody_permeability",
        "um/day",
        "capillary permeability of antibody, canonical convention (A3a)",
    ),
    _spec(
        "antibody_diffusivity",
        "cm2/day",
        "diffusivity of antibody in tumour, canonical convention (A3a)",
    ),
    _spec(
        "antibody_void_fraction",
        "",
        "tumour volume accessible to antibody",
        positive=True,
        highest=1,
    ),
)

_MEDIUM = (
    _spec("medium_volume", "uL", "volume of the culture medium", positive=True),
    _spec("seeded_cells", "cells", "cells in the dish at the start", positive=True),
    _spec(
        "confluent_cells",
        "cells",
        "most cells that the dish holds (logistic growth)",
        positive=True,
    ),
    _spec("washout_time", "h", "time at which the medium is replaced", positive=True),
)

_CELL = (
    _spec("cell_density", "cells/mL", "cells per tumour volume", positive=True),
    _spec("cell_volume", "pL/cell", "volume of one cell", positive=True),
    _spec(
        "receptors_per_cell", "receptors/cell", "surface antigen per cell without drug"
    ),
    _spec(
        "reference_receptors_per_cell",
        "receptors/cell",
        "mean number at which the numbers of the populations hold",
        positive=True,
    ),
    _spec("association_rate", "1/nM/h", "binding of antibody to antigen"),
    _spec(
        "dissociation_constant",
        "nM",
        "equilibrium dissociation constant of antibody and antigen",
        positive=True,
    ),
    _spec(
        "receptor_endocytosis_rate",
        "1/h",
        "internalisation of free antigen",
        positive=True,
    ),
    _spec(
        "receptor_recycling_rate", "1/h", "return of endosomal antigen to the surface"
    ),
    _spec(
        "receptor_degradation_rate",
        "1/h",
        "degradation of endosomal antigen",
        positive=True,
    ),
    _spec("complex_internalisation_rate", "1/h", "internalisation of bound antigen"),
    _spec(
        "complex_recycling_rate",
        "1/h",
        "return of the endosomal complex to the surface",
    ),
    _spec("complex_sorting_rate", "1/h", "endosomal complex to lysosome"),
    _spec(
        "endosomal_dissociation_rate",
        "1/h",
        "dissociation in the endosome; the antibody goes on to the lysosome",
    ),
    _spec(
        "lysosomal_degradation_rate",
        "1/h",
        "proteolysis of the antibody in the lysosome",
    ),
    _spec(
        "intracellular_cleavage_rate",
        "1/h",
        "cleavage of the linker inside the cell before proteolysis",
    ),
    _spec("pinocytosis_rate", "pL/h/cell", "fluid-phase uptake, needs no antigen"),
    _spec(
        "tubulin_concentration",
        "nM",
        "payload binding sites per cell volume",
        positive=True,
    ),
    _spec(
        "tubulin_dissociation_constant",
        "nM",
        "dissociation constant of payload and tubulin",
        positive=True,
    ),
    _spec("tubulin_association_rate", "1/nM/h", "binding of payload to tubulin"),
    _spec(
        "released_by_dead_cells",
        "",
        "share of a dead cell's drug that returns to the interstitium",
        highest=1,
    ),
)

_GROWTH = (
    _spec(
        "doubling_time",
        "day",
        "doubling time of the untreated tumour in exponential growth",
        positive=True,
    ),
    _spec(
        "linear_growth_rate",
        "mm3/day",
        "growth of a large untreated tumour (Simeoni)",
        positive=True,
    ),
    _spec(
        "growth_switch",
        "",
        "sharpness of the change from exponential to linear growth (Simeoni psi)",
        positive=True,
    ),
    _spec(
        "carrying_capacity",
        "mL",
        "largest tumour volume (logistic; plateau of Simeoni)",
        positive=True,
    ),
    _spec("maximum_kill_rate", "1/day", "kill rate at full effect (K1, K2)"),
    _spec(
        "half_kill_occupancy",
        "",
        "tubulin occupancy of half the maximum kill (K1)",
        positive=True,
        highest=1,
    ),
    _spec(
        "half_kill_concentration",
        "nM",
        "intracellular payload of half the maximum kill (K2)",
        positive=True,
    ),
    _spec("kill_hill", "", "Hill coefficient of kill (K1, K2)", lowest=1),
    _spec(
        "kill_constant", "1/nM/day", "kill per intracellular payload concentration (K3)"
    ),
    _spec(
        "plasma_kill_constant",
        "1/nM/day",
        "kill per plasma conjugate concentration (K4)",
    ),
    _spec(
        "transit_rate", "1/day", "passage through each stage of dying", positive=True
    ),
    _spec(
        "cells_at_cure",
        "cells",
        "viable cells below which the tumour cannot grow again",
        positive=True,
    ),
)

_PLAIN = (
    _spec(
        "absorption_rate",
        "1/day",
        "first-order absorption from the depot (plain models)",
        positive=True,
    ),
)

PARAMETERS: dict[str, ParameterSpec] = {
    spec.name: spec
    for group in (
        _HOST,
        _MOLECULE,
        _DISPOSITION,
        ANTIGEN_PARAMETERS,
        _PAYLOAD,
        _DELIVERY,
        _MEDIUM,
        _CELL,
        _GROWTH,
        _PLAIN,
        ORGAN_PARAMETERS,
    )
    for spec in group
}
"""Every parameter that is not tied to a payload species, by name."""


def specification(name: str, species: tuple[str, ...] = ()) -> ParameterSpec | None:
    """The specification of a parameter, or None for a name that does not exist.

    `species` are the payload species of the model, whose parameters carry their name.
    """
    if name in PARAMETERS:
        return PARAMETERS[name]
    for prefix in species:
        if name.startswith(f"{prefix}_"):
            suffix = name.removeprefix(f"{prefix}_")
            return next((s for s in PAYLOAD_SPECIES if s.name == suffix), None)
    return next(
        (s for s in POPULATION_PARAMETERS if name.startswith(f"{s.name}_")), None
    )


def problems(parameter: Parameter, spec: ParameterSpec) -> list[str]:
    """What is wrong with the unit or the value of a parameter."""
    wanted = [parse_unit(unit).dimension for unit in spec.units]
    if parameter.dimension not in wanted:
        allowed = " or ".join(unit or "no unit" for unit in spec.units)
        return [f"'{parameter.unit}' is no unit of this parameter; give {allowed}"]
    value = parameter.internal
    shown = f"{parameter.value:g} {parameter.unit}".strip()
    if not math.isfinite(value):
        return [f"{shown} is not a number that can be used; give a finite value"]
    if spec.positive and value <= 0:
        return [f"{shown} makes no sense here; give a value above 0"]
    if not spec.lowest <= value <= spec.highest:
        limits = (
            f"{spec.lowest:g} or more"
            if math.isinf(spec.highest)
            else f"a value from {spec.lowest:g} to {spec.highest:g}"
        )
        return [f"{shown} is outside its limits; give {limits}"]
    return []
