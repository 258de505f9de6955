"""The average-DAR model of Singh & Shah 2017, for comparison with published numbers.

It does not conserve payload: the amount of conjugate decays at kdec and its mean DAR
decays at kdec as well, so the same payload is lost twice.  Concentrations per tumour
volume are not diluted by growth, and the tumour exchanges with plasma as
V k (eps Cp - C), whose constants are 1/eps times those of `delivery.py`.  Everything
else in this package is built the other way; nothing here is used outside this file.

    T1, T2  total antibody   dT1 = -(CL + Q)/V1 T1 + Q/V2 T2,  dT2 = Q/V1 T1 - Q/V2 T2
    A1, A2  conjugate        the same; also -kdec A1 - V J in plasma
    C1, C2  payload, plasma  dC1 = [DAR (kdec + CL/V1) A1 - CLd C1 - Qd (C1 - C2)
                                    - V Jd]/V1d,   dC2 = Qd/V2d (C1 - C2)
    DAR     mean load        dDAR = -kdec DAR
    F       free conjugate   dF = J - b + koff B - kdt F,   J = k_ex (eps A1/V1 - F)
    B       bound            dB = b - (koff + kint + kdt) B,   b = kon F (Ag - B)/eps
    E       internalised     dE = kint B - kdeg E
    P       payload in cells dP = kdeg DAR E - v + kd (X - P)
    PT      on tubulin       dPT = v,   v = kt P (T0 - PT) - kt' PT
    X       interstitium     dX = Jd + kdt DAR (F + B) - kd (X - P)
    V       tumour           dV = [g(V) - kkill (P + PT)] V

Parameters: Singh & Shah, AAPS J 2017;19:1054, tables I and III, second-hand; the human
sizes are scaled from a fit to monkeys.  The exponential-linear growth of patients uses
a linear rate of ln 2/621 L/day, as the transcription does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from adckit.network.expr import ONE, Expr, Symbol, log
from adckit.network.network import Network, Part
from adckit.network.parts import Compartment, Observable, Port, Reaction, Rule, Species
from adckit.parameters import Parameter, Source, Status

__all__ = ["HUMAN", "MOUSE_KPL4", "singh_2017"]

REFERENCE = "Singh & Shah 2017"
_SOURCE = Source(
    "Singh AP, Shah DK. AAPS J 2017;19:1054-1070, tables I and III, via a public "
    "transcription",
    doi="10.1208/s12248-017-0083-3",
)

_Table = tuple[tuple[str, float, str], ...]

_SHARED: _Table = (
    ("molar_mass", 148.5, "kDa"),
    ("payload_molar_mass", 737.5, "g/mol"),
    ("initial_dar", 3.5, ""),
    ("deconjugation_rate", 0.241, "1/day"),
    ("association_rate", 0.37, "1/nM/h"),
    ("dissociation_rate", 0.097, "1/h"),
    ("internalisation_rate", 0.09, "1/h"),
    ("degradation_rate", 0.03, "1/h"),
    ("tumour_deconjugation_rate", 0.0223, "1/h"),
    ("tubulin_association_rate", 0.03, "1/nM/h"),
    ("tubulin_dissociation_rate", 0.0285, "1/h"),
    ("tubulin_concentration", 65, "nM"),
    ("payload_membrane_rate", 0.092, "1/h"),
    ("antigen_concentration", 1660, "nM"),
    ("capillary_radius", 8, "um"),
    ("krogh_radius", 75, "um"),
    ("antibody_permeability", 334, "um/day"),
    ("payload_permeability", 21000, "um/day"),
    ("antibody_diffusivity", 0.022, "cm2/day"),
    ("payload_diffusivity", 0.25, "cm2/day"),
    ("antibody_void_fraction", 0.24, ""),
    ("payload_void_fraction", 0.44, ""),
)
_HUMAN: _Table = (
    ("body_weight", 70, "kg"),
    ("clearance", 0.0043, "L/day/kg"),
    ("distribution_clearance", 0.014, "L/day/kg"),
    ("central_volume", 0.034, "L/kg"),
    ("peripheral_volume", 0.04, "L/kg"),
    ("payload_clearance", 2.23, "L/day/kg"),
    ("payload_distribution_clearance", 1.0, "L/day/kg"),
    ("payload_central_volume", 0.034, "L/kg"),
    ("payload_peripheral_volume", 5.0, "L/kg"),
    ("initial_tumour_volume", 2432, "mm3"),
    ("doubling_time", 25, "day"),
    ("kill_constant", 1.8e-4, "1/nM/day"),
    ("linear_growth_time", 621, "day/L"),
    ("growth_switch", 20, ""),
    ("carrying_capacity", 0.5238, "L"),
)
_MOUSE: _Table = (
    ("body_weight", 0.025, "kg"),
    ("clearance", 0.0934, "L/day/kg"),
    ("distribution_clearance", 0.118, "L/day/kg"),
    ("central_volume", 0.043, "L/kg"),
    ("peripheral_volume", 0.0948, "L/kg"),
    ("payload_clearance", 11.29, "L/day/kg"),
    ("payload_distribution_clearance", 155, "L/day/kg"),
    ("payload_central_volume", 3.30, "L/kg"),
    ("payload_peripheral_volume", 2.01, "L/kg"),
    ("initial_tumour_volume", 200, "mm3"),
    ("doubling_time", 8.21, "day"),
    ("kill_constant", 1.96e-3, "1/nM/day"),
)


def _set(*tables: _Table) -> Mapping[str, Parameter]:
    rows = (row for table in tables for row in table)
    return MappingProxyType(
        {
            name: Parameter(
                name,
                value,
                unit,
                _SOURCE,
                Status.FITTED,
                fitted_to="pharmacokinetics and tumour growth of T-DM1",
            )
            for name, value, unit in rows
        }
    )


HUMAN = _set(_SHARED, _HUMAN)
"""A patient with a HER2 3+ tumour."""

MOUSE_KPL4 = _set(_SHARED, _MOUSE)
"""A mouse with a KPL-4 xenograft, which grows exponentially."""

_HOST = Symbol("body_weight")
_V1 = Symbol("central_volume") * _HOST
_V1P = Symbol("payload_central_volume") * _HOST
_T1, _T2 = Symbol("total_central"), Symbol("total_peripheral")
_A1, _A2 = Symbol("conjugate_central"), Symbol("conjugate_peripheral")
_C1, _C2 = Symbol("payload_central"), Symbol("payload_peripheral")
_DAR, _VOLUME = Symbol("average_dar"), Symbol("tumour")
_F, _B, _E = Symbol("free_tumour"), Symbol("bound_tumour"), Symbol("internal_tumour")
_P, _PT, _X = (
    Symbol("payload_cell"),
    Symbol("payload_tubulin"),
    Symbol("payload_outside"),
)
_J, _JP = Symbol("conjugate_uptake"), Symbol("payload_uptake")
_SITES, _BINDING = Symbol("free_sites"), Symbol("tubulin_flux")


def singh_2017(
    parameters: Mapping[str, Parameter] = HUMAN, name: str = "singh-2017"
) -> Network:
    """The model of Singh & Shah 2017; legacy, see the warning above.

    The port `central` takes nmol of conjugate.  Repeated doses do not restore the mean
    DAR, so it holds for single doses only.
    """
    grows_linearly = "linear_growth_time" in parameters
    return (
        Network(name)
        .add(*parameters.values())
        .add(Compartment("plasma", _V1, "plasma"), *_states(), *_rules(grows_linearly))
        .add(*_plasma(), *_payload(), *_tumour(), *_outputs())
        .note("LEGACY average-DAR structure; payload is not conserved")
    )


def _states() -> list[Species]:
    amounts = (_T1, _T2, _A1, _A2)
    levels = (_C1, _C2, _F, _B, _E, _P, _PT, _X)
    return [
        *(Species(s.name, "nmol", compartment="plasma") for s in amounts),
        *(Species(s.name, "nM", scale=ONE * 1e-6) for s in levels),
        Species(_DAR.name, "1", Symbol("initial_dar")),
        Species(_VOLUME.name, "L", Symbol("initial_tumour_volume")),
    ]


def _exchange(owner: str, radius: Expr) -> Expr:
    wall = 2 * Symbol(f"{owner}_permeability") * Symbol("capillary_radius")
    surface = 6 * Symbol(f"{owner}_diffusivity") / radius**2
    return wall / Symbol("krogh_radius") ** 2 + surface


def _rules(grows_linearly: bool) -> list[Rule]:
    radius = (_VOLUME * (3 / (4 * math.pi))) ** (1 / 3)
    growth: Expr = log(2) / Symbol("doubling_time")
    if grows_linearly:
        bent = growth * Symbol("linear_growth_time") / log(2) * _VOLUME
        switch = Symbol("growth_switch")
        growth = growth * (1 - _VOLUME / Symbol("carrying_capacity"))
        growth = growth / (1 + bent**switch) ** (1 / switch)
    inside = Symbol("antibody_void_fraction") * _A1 / _V1 - _F
    free = Symbol("payload_void_fraction") * _C1 - _X
    sites = Symbol("antigen_concentration") - _B
    on, off = Symbol("tubulin_association_rate"), Symbol("tubulin_dissociation_rate")
    flux = on * _P * (Symbol("tubulin_concentration") - _PT) - off * _PT
    return [
        Rule("growth_rate_now", growth, "1/day"),
        Rule(_J.name, _exchange("antibody", radius) * inside, "nM/day"),
        Rule(_JP.name, _exchange("payload", radius) * free, "nM/day"),
        Rule(_SITES.name, sites / Symbol("antibody_void_fraction"), "nM"),
        Rule(_BINDING.name, flux, "nM/day"),
    ]


def _flux(name: str, rate: Expr, **changes: float) -> Reaction:
    return Reaction(name, rate, changes, REFERENCE)


def _plasma() -> list[Part]:
    clearance, exchange = Symbol("clearance"), Symbol("distribution_clearance")
    outer = Symbol("peripheral_volume") * _HOST
    parts: list[Part] = [
        _flux(
            "deconjugation", Symbol("deconjugation_rate") * _A1, conjugate_central=-1
        ),
        _flux("tumour_uptake", _J * _VOLUME, conjugate_central=-1),
        _flux("dar_decline", Symbol("deconjugation_rate") * _DAR, average_dar=-1),
        Port("central", {_T1.name: ONE, _A1.name: ONE}, label="conjugate into plasma"),
    ]
    for name, inner, far in (("total", _T1, _T2), ("conjugate", _A1, _A2)):
        there = {inner.name: -1.0, far.name: 1.0}
        back = {inner.name: 1.0, far.name: -1.0}
        parts += [
            _flux(
                f"{name}_clearance", clearance * _HOST / _V1 * inner, **{inner.name: -1}
            ),
            _flux(f"{name}_out", exchange * _HOST / _V1 * inner, **there),
            _flux(f"{name}_back", exchange * _HOST / outer * far, **back),
        ]
    return parts


def _payload() -> list[Part]:
    exchange = Symbol("payload_distribution_clearance") * _HOST
    outer = Symbol("payload_peripheral_volume") * _HOST
    antibody_loss = (
        Symbol("deconjugation_rate") + Symbol("clearance") * _HOST / _V1
    ) * _A1
    cleared = Symbol("payload_clearance") * _HOST / _V1P * _C1
    return [
        _flux("payload_formation", _DAR * antibody_loss / _V1P, payload_central=1),
        _flux("payload_clearance_flux", cleared, payload_central=-1),
        _flux("payload_out", exchange / _V1P * (_C1 - _C2), payload_central=-1),
        _flux("payload_back", exchange / outer * (_C1 - _C2), payload_peripheral=1),
        _flux("payload_to_tumour", _JP * _VOLUME / _V1P, payload_central=-1),
    ]


def _tumour() -> list[Part]:
    released = Symbol("tumour_deconjugation_rate")
    membrane = Symbol("payload_membrane_rate") * (_X - _P)
    growth = Symbol("growth_rate_now") - Symbol("kill_constant") * (_P + _PT)
    return [
        _flux("uptake", _J, free_tumour=1),
        _flux(
            "binding",
            Symbol("association_rate") * _F * _SITES,
            free_tumour=-1,
            bound_tumour=1,
        ),
        _flux(
            "unbinding",
            Symbol("dissociation_rate") * _B,
            bound_tumour=-1,
            free_tumour=1,
        ),
        _flux("free_deconjugation", released * _F, free_tumour=-1),
        _flux("bound_deconjugation", released * _B, bound_tumour=-1),
        _flux(
            "internalisation",
            Symbol("internalisation_rate") * _B,
            bound_tumour=-1,
            internal_tumour=1,
        ),
        _flux("degradation", Symbol("degradation_rate") * _E, internal_tumour=-1),
        _flux("release", Symbol("degradation_rate") * _DAR * _E, payload_cell=1),
        _flux("tubulin", _BINDING, payload_cell=-1, payload_tubulin=1),
        _flux("membrane", membrane, payload_outside=-1, payload_cell=1),
        _flux("payload_entry", _JP, payload_outside=1),
        _flux("release_outside", released * _DAR * (_F + _B), payload_outside=1),
        _flux("growth", growth * _VOLUME, tumour=1),
    ]


def _outputs() -> list[Observable]:
    mass, payload = Symbol("molar_mass"), Symbol("payload_molar_mass")
    return [
        Observable("conjugate", _A1 / _V1 * mass, "ug/mL", "conjugate in plasma"),
        Observable("total_antibody", _T1 / _V1 * mass, "ug/mL", "antibody in plasma"),
        Observable("free_payload", _C1 * payload, "ng/mL", "payload in plasma"),
        Observable("mean_dar", _DAR, "1", "payloads per antibody, by assumption"),
        Observable("tumour_payload", _P + _PT, "nM", "payload in tumour cells"),
        Observable("tumour_free_payload", _P, "nM", "unbound payload in tumour cells"),
        Observable("tumour_bound_payload", _PT, "nM", "payload on tubulin"),
        Observable("tumour_volume", _VOLUME, "mm3", "tumour volume"),
    ]
