"""Krogh cylinders on whole products: how deep antibody and payload go, and whom they
kill.  20 rings; what is asserted differs by far more than their error."""

from __future__ import annotations

from functools import cache

import numpy as np

from adckit.library import load_product
from adckit.mechanisms.assemble import assemble
from adckit.network.expr import Symbol
from adckit.network.parts import Observable
from adckit.results import Result
from adckit.simulation import simulate

PRODUCT = "cantuzumab-mertansine"
RINGS = 20


@cache
def tumour(regimen: str = "3.6 mg/kg once", **changed: str) -> Result:
    settings = {"delivery": "krogh", "radial_cells": str(RINGS), **changed}
    result = simulate(
        "T-DM1",
        regimen,
        times=np.linspace(0.25, 21.0, 84),
        settings=settings,
        profiles=True,
    )
    return result.require_success()


def depth(result: Result) -> float:
    """Penetration when the tissue holds most antibody, %."""
    held = result.profiles["antibody_in_ring"][0, :, 0]
    outwards = np.arange(1, RINGS + 1)  # later rings are larger
    return float(result.curve("penetration")[0, np.argmax(held @ outwards)])


def test_penetration_falls_with_affinity() -> None:
    depths = [
        depth(tumour(dissociation_constant=value))
        for value in ("0.03 nM", "0.3 nM", "3 nM", "300 nM")
    ]
    assert depths == sorted(depths)
    assert depths[-1] > 1.5 * depths[0]


def test_penetration_rises_with_the_dose() -> None:
    depths = [depth(tumour(f"{dose} mg/kg once")) for dose in ("0.3", "1.2", "3.6")]
    assert depths == sorted(depths)
    assert depths[-1] > 1.1 * depths[0]


def test_penetration_rises_with_a_carrier_and_phi_falls() -> None:
    alone = tumour()
    helped = tumour("3.6 mg/kg once + carrier 8 mg/kg")
    assert depth(helped) > 1.1 * depth(alone)
    # either antibody saturates antigen, so supply is of both
    assert helped.curve("phi").min() < 0.5 * alone.curve("phi").min()


@cache
def mixed(linker: str) -> Result:
    """A tumour with an antigen-negative population, whose kill in rings is seen too."""
    settings = {"delivery": "krogh", "radial_cells": str(RINGS), "linker": linker}
    network = assemble(load_product(PRODUCT, settings=settings).blueprint)
    kill = Symbol("kill_rate_negative")
    seen = Observable("negative_kill", kill, "1/day", "without antigen", profile=True)
    network = network.add(seen)
    result = simulate(
        network, "235 mg/m2 q3w x3", times=np.linspace(0.5, 63, 126), profiles=True
    )
    return result.require_success()


def sums(result: Result, profile: str) -> np.ndarray:
    """Over time in each ring."""
    return np.asarray(result.profiles[profile][0, :, 0].sum(axis=0))


def test_permeable_payload_is_flatter_over_the_radius_than_antibody() -> None:
    antibody, payload, trapped = (
        sums(result, profile)[-1] / sums(result, profile)[0]
        for result, profile in (
            (mixed("SPP"), "antibody_in_ring"),
            (mixed("SPP"), "payload_in_ring"),
            (mixed("SMCC"), "payload_in_ring"),
        )
    )
    assert antibody < 0.3
    assert payload > 0.8
    # Lys-MCC-DM1 hardly leaves the cell that made it
    assert trapped < 0.6


def test_bystanders_are_killed_in_outer_rings_with_spp_and_spared_with_smcc() -> None:
    spp, smcc = (sums(mixed(linker), "negative_kill") for linker in ("SPP", "SMCC"))
    assert spp[-1] > 0.8 * spp[0]
    assert np.all(smcc < 0.1 * spp)

    def negative(linker: str) -> float:
        curve = mixed(linker).curve("tumour_volume_negative")[0]
        return float(curve[-1] / curve[0])

    assert negative("SPP") < 0.5
    assert negative("SMCC") > 2.0


def test_antigen_of_outer_rings_is_taken_last() -> None:
    taken = mixed("SPP").profiles["antigen_taken_in_ring"][0, :, 0]
    assert np.all(np.diff(taken[4]) < 0)
