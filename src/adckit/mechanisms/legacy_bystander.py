"""A HER3 conjugate on cells in a dish, for comparison with published numbers.

It does not conserve payload: what the lysosome digests as a complex gives no payload to
the cell, only free antibody there does, and what dying cells release is not in
proportion to their number.  Cells are counted by the cell, so growth would create
drug; in this model nothing grows.  Everything else in this package is built the other
way; nothing here is used outside this file.  Per cell, with N antigen-positive and M
antigen-negative cells, r = Krec, k = Klys = Kend:

    dA     = N (koff B - kon A/Vm R)                        conjugate in the medium
    dR     = ksyn + koff B + r Re - kon A/Vm R - kdeg R      antigen, surface
    dB     = kon A/Vm R - (koff + kint) B + rB E             complex, surface
    dE     = kint B - (koff + k + rB) E                      complex, endosome
    dF     = koff E - k F                                    free conjugate, endosome
    dRe    = koff E + kdeg R - (r + k) Re                    antigen, endosome
    dLb    = k E - k Lb,   dLf = k F - k Lf                  lysosome, bound and free
    dP     = DAR k Lf - PS (P/Vc - X/Vm)                     payload in the cell
    dX     = N PS (P/Vc - X/Vm) - M PS (X/Vm - Q/Vc) + DAR kk (F + Lf + E + B) 1 cell
    dQ     = PS (X/Vm - Q/Vc)                                payload, negative cell
    kk     = kmax c/(EC50 + c),   c = P/Vc
    dN1    = -kk N1,  then three stages of dying of 1 h; N is all of them, so is M

with ksyn = R0 kdeg, Re(0) = R0 kdeg/Kend, koff = KD kon; the loss of negative cells
into their first dying stage uses the kk of the positive ones, as the original does.

Parameters: the published teaching model qsp101-accp2022-adc of Metrum Research Group
(CC0), at commit 1a4dc6a3.
"""

from __future__ import annotations

import math
from types import MappingProxyType

from adckit.network.expr import ONE, ZERO, Expr, Symbol
from adckit.network.network import Network, Part
from adckit.network.parts import Compartment, Observable, Port, Reaction, Rule, Species
from adckit.parameters import Parameter, Source, Status

__all__ = ["HER3", "her3_bystander"]

REFERENCE = "qsp101-accp2022-adc"
_SOURCE = Source(
    "Metrum Research Group, teaching model of a conjugate with bystander effect, "
    "ACCP 2022, commit 1a4dc6a3",
    url="https://github.com/metrumresearchgroup/qsp101-accp2022-adc",
)
_WHY = "as the model has it; a teaching example"
_LYSOSOME = math.log(2) / 7.5 * 60
_TABLE = (
    ("medium_volume", 5e-4, "L"),
    ("cell_volume", 1.760, "pL/cell"),
    ("cell_surface", 1663, "um2/cell"),
    ("cells_positive", 1e5, "cells"),
    ("cells_negative", 5e4, "cells"),
    ("receptors_per_cell", 2e4, "receptors/cell"),
    ("association_rate", 5.66e5 * 3600 * 1e-9, "1/nM/h"),
    ("dissociation_constant", 0.327, "nM"),
    ("receptor_internalisation_rate", math.log(2) / 4.8, "1/h"),
    ("receptor_recycling_rate", math.log(2) / 4.8 / 1.5, "1/h"),
    ("complex_internalisation_rate", math.log(2) / 0.5, "1/h"),
    ("complex_recycling_rate", math.log(2) / 0.5 / 1.5, "1/h"),
    ("sorting_rate", _LYSOSOME, "1/h"),
    ("digestion_rate", _LYSOSOME, "1/h"),
    ("payload_per_antibody", 8, ""),
    ("membrane_permeability", 12.2e-6 * 3600, "cm/h"),
    ("maximum_kill_rate", 3.8e-5, "1/h"),
    ("half_kill_concentration", 0.3456, "nM"),
    ("dying_rate", 1, "1/h"),
    ("one_cell", 1, "cells"),
)
HER3 = MappingProxyType(
    {
        name: Parameter(name, value, unit, _SOURCE, Status.ASSUMED, note=_WHY)
        for name, value, unit in _TABLE
    }
)
"""The published values."""

_A, _X = Symbol("conjugate_medium"), Symbol("payload_medium")
_R, _B = Symbol("antigen_surface"), Symbol("complex_surface")
_E, _F = Symbol("complex_endosome"), Symbol("conjugate_endosome")
_RE = Symbol("antigen_endosome")
_LB, _LF = Symbol("complex_lysosome"), Symbol("conjugate_lysosome")
_P, _Q = Symbol("payload_cell"), Symbol("payload_negative_cell")
_STAGES = {
    sign: tuple(Symbol(f"{sign}_cells_{stage}") for stage in range(4))
    for sign in ("positive", "negative")
}
_KILL, _KILL_NEGATIVE = Symbol("kill_rate"), Symbol("kill_rate_negative")
_OUT, _IN = Symbol("payload_exit"), Symbol("payload_entry")
_N, _M = Symbol("positive_cells"), Symbol("negative_cells")


def her3_bystander(name: str = "her3-bystander") -> Network:
    """The model; legacy, see the warning above.

    The port `medium` takes nmol of conjugate.
    """
    return (
        Network(name)
        .add(*HER3.values())
        .add(Compartment("dish", Symbol("medium_volume"), "culture medium"))
        .add(*_states(), *_rules(), *_antibody(), *_payload(), *_cells(), *_outputs())
        .add(Port("medium", {_A.name: ONE}, label="conjugate"))
        .note("LEGACY cells counted one by one; payload is not conserved")
    )


def _states() -> list[Species]:
    per_cell = "receptors/cell"
    tiny = Symbol("receptors_per_cell") * 1e-9
    receptors = Symbol("receptors_per_cell")
    degraded = receptors * Symbol("receptor_internalisation_rate")
    initial = {_R: receptors, _RE: degraded / Symbol("sorting_rate")}
    cells = {
        _STAGES["positive"][0]: Symbol("cells_positive"),
        _STAGES["negative"][0]: Symbol("cells_negative"),
    }
    inside = (_R, _B, _E, _F, _RE, _LB, _LF, _P, _Q)
    return [
        *(Species(s.name, "nmol", compartment="dish") for s in (_A, _X)),
        *(Species(s.name, per_cell, initial.get(s, ZERO), scale=tiny) for s in inside),
        *(
            Species(s.name, "cells", cells.get(s, ZERO))
            for stages in _STAGES.values()
            for s in stages
        ),
    ]


def _rules() -> list[Rule]:
    exchange = Symbol("membrane_permeability") * Symbol("cell_surface")
    outside = _X / Symbol("medium_volume")
    inside, far = _P / Symbol("cell_volume"), _Q / Symbol("cell_volume")
    positive, negative = (_sum(_STAGES[sign]) for sign in ("positive", "negative"))
    return [
        Rule(_N.name, positive, "cells"),
        Rule(_M.name, negative, "cells"),
        Rule(_OUT.name, exchange * (inside - outside), "nmol/cell/day"),
        Rule(_IN.name, exchange * (outside - far), "nmol/cell/day"),
        Rule(_KILL.name, _kill(inside), "1/day"),
        Rule(_KILL_NEGATIVE.name, _kill(far), "1/day"),
    ]


def _sum(terms: tuple[Symbol, ...]) -> Expr:
    total: Expr = ZERO
    for term in terms:
        total = total + term
    return total


def _kill(concentration: Expr) -> Expr:
    half = Symbol("half_kill_concentration")
    return Symbol("maximum_kill_rate") * concentration / (half + concentration)


def _flux(name: str, rate: Expr, **changes: float) -> Reaction:
    return Reaction(name, rate, changes, REFERENCE)


def _antibody() -> list[Part]:
    """Conjugate and antigen of one cell; the medium sees all of them."""
    on = Symbol("association_rate") * _A / Symbol("medium_volume") * _R
    rate = Symbol("association_rate") * Symbol("dissociation_constant")
    leaving, recycled = Symbol("sorting_rate"), Symbol("receptor_recycling_rate")
    digested, back = Symbol("digestion_rate"), Symbol("complex_recycling_rate")
    lost = Symbol("receptor_internalisation_rate")
    made = Symbol("receptors_per_cell") * lost
    off, taken = rate * _B, Symbol("complex_internalisation_rate") * _B
    a, r, b = _A.name, _R.name, _B.name
    e, f, re = _E.name, _F.name, _RE.name
    lb, lf = _LB.name, _LF.name
    return [
        _flux("medium_binding", on * _N, **{a: -1}),
        _flux("medium_unbinding", off * _N, **{a: 1}),
        _flux("binding", on, **{r: -1, b: 1}),
        _flux("unbinding", off, **{r: 1, b: -1}),
        _flux("antigen_synthesis", made, **{r: 1}),
        _flux("antigen_uptake", lost * _R, **{r: -1, re: 1}),
        _flux("antigen_recycling", recycled * _RE, **{re: -1, r: 1}),
        _flux("antigen_sorting", leaving * _RE, **{re: -1}),
        _flux("complex_uptake", taken, **{b: -1, e: 1}),
        _flux("complex_recycling", back * _E, **{e: -1, b: 1}),
        _flux("endosomal_unbinding", rate * _E, **{e: -1, f: 1, re: 1}),
        _flux("complex_sorting", leaving * _E, **{e: -1, lb: 1}),
        _flux("conjugate_sorting", leaving * _F, **{f: -1, lf: 1}),
        _flux("complex_digestion", digested * _LB, **{lb: -1}),
        _flux("conjugate_digestion", digested * _LF, **{lf: -1}),
    ]


def _payload() -> list[Part]:
    carried = Symbol("payload_per_antibody")
    released = carried * Symbol("digestion_rate") * _LF
    held = _F + _LF + _E + _B
    spilled = carried * _KILL * held * Symbol("one_cell")
    x, p, q = _X.name, _P.name, _Q.name
    return [
        _flux("payload_release", released, **{p: 1}),
        _flux("payload_leaving", _OUT, **{p: -1}),
        _flux("payload_arriving", _OUT * _N, **{x: 1}),
        _flux("payload_spilled", spilled, **{x: 1}),
        _flux("payload_taken", _IN * _M, **{x: -1}),
        _flux("payload_entering", _IN, **{q: 1}),
    ]


def _cells() -> list[Part]:
    parts: list[Part] = []
    passage = Symbol("dying_rate")
    for sign, kill in (("positive", _KILL), ("negative", _KILL_NEGATIVE)):
        first, *dying = _STAGES[sign]
        parts += [
            _flux(f"{sign}_kill", kill * first, **{first.name: -1}),
            # the kill of positive cells for both signs, as in the original
            _flux(f"{sign}_dying", _KILL * first, **{dying[0].name: 1}),
        ]
        for stage, following in zip(dying, [*dying[1:], None], strict=True):
            changes = {stage.name: -1.0}
            if following is not None:
                changes[following.name] = 1.0
            parts.append(_flux(f"{stage.name}_passage", passage * stage, **changes))
    return parts


def _outputs() -> list[Observable]:
    per_cell = "receptors/cell"
    watched = {
        "surface_antigen": (_R, "free antigen on the surface"),
        "surface_complex": (_B, "complex on the surface"),
        "endosomal_complex": (_E, "complex in endosomes"),
        "endosomal_conjugate": (_F, "free conjugate in endosomes"),
        "lysosomal_complex": (_LB, "complex in lysosomes"),
        "lysosomal_conjugate": (_LF, "free conjugate in lysosomes"),
    }
    medium, cell = Symbol("medium_volume"), Symbol("cell_volume")
    return [
        Observable("medium_conjugate", _A / medium, "nM", "conjugate in the medium"),
        *(Observable(n, s, per_cell, label) for n, (s, label) in watched.items()),
        Observable("cell_payload", _P / cell, "nM", "payload in positive cells"),
        Observable("medium_payload_nM", _X / medium, "nM", "payload in the medium"),
        Observable("positive_count", _N, "cells", "antigen-positive cells"),
        Observable("negative_count", _M, "cells", "antigen-negative cells"),
    ]
