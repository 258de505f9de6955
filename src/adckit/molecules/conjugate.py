"""Masses of a conjugate.

Mass of antibody, of payload and of conjugate are different things.  Amounts are in
nmol of antibody inside; a dose or a concentration in mg goes through these functions.

All masses per amount are in mg/nmol (1 kDa = 1e-3 mg/nmol).
"""

from __future__ import annotations

__all__ = ["conjugate_molar_mass", "payload_mass_fraction"]


def conjugate_molar_mass(
    antibody: float, linker_payload: float, mean_load: float
) -> float:
    """Mean molar mass of the conjugate, mg/nmol.

    `linker_payload` is the mass that one linker with its payload adds to the antibody,
    and `mean_load` the payloads per antibody (0 for a naked one).
    """
    return antibody + mean_load * linker_payload


def payload_mass_fraction(
    antibody: float, linker_payload: float, payload: float, mean_load: float
) -> float:
    """Mass of free payload that a mass of conjugate can release, as a fraction.

    `payload` is the molar mass of the free payload; the linker is not counted in it.
    """
    whole = conjugate_molar_mass(antibody, linker_payload, mean_load)
    return mean_load * payload / whole
