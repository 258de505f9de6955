"""Laws of SCIENCE section B that are about Krogh cylinders: B-01, B-12 to B-16.

The closed forms are for a diffusivity D' of tissue concentrations; the model's acts on
accessible concentrations, D = eps D'.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy.special import i0, i1, k0, k1

from adckit.engines import cpu
from adckit.engines.base import Engine
from adckit.mechanisms.assemble import assemble
from adckit.network.network import Network
from adckit.units import parse_quantity, parse_unit
from tests.blueprints import example, mixed
from tests.harness import Dose, Run, internal, run

SPACE = 0.24
CAPILLARY, KROGH = 8.0, 75.0  # um
PLASMA = 1e8
"""L of plasma, so that its concentration is constant."""
VOLUME = 2.4e-3  # L, of the example's tumour
STILL = {"doubling_time": 1e15, "clearance": 0.0, "deconjugation_rate": 0.0}
INERT = {"receptors_per_cell": 0.0, "pinocytosis_rate": 0.0}
UM2_PER_S = "10 um2/s"


def internal_of(quantity: str) -> float:
    value, unit = parse_quantity(quantity)
    return value * parse_unit(unit).factor


PHYSICAL = {
    "antibody_permeability": internal_of("3e-3 um/s"),
    "antibody_diffusivity": SPACE * internal_of(UM2_PER_S),
    "capillary_radius": internal_of(f"{CAPILLARY} um"),
    "krogh_radius": internal_of(f"{KROGH} um"),
}


def tissue(cells: int, **choices: str) -> Network:
    """The example's tumour in rings, with plasma of one compartment."""
    return assemble(
        example(
            disposition="one-compartment",
            kill="none",
            delivery="krogh",
            radial_cells=str(cells),
            **choices,
        )
    )


def exposed(
    network: Network,
    concentration: float,
    times: list[float],
    changed: Mapping[str, float],
    engine: Engine = cpu.solve,
    rtol: float = 1e-8,
) -> Run:
    """A tumour around which the plasma concentration is constant."""
    values = {**STILL, **PHYSICAL, "central_volume": PLASMA, **changed}
    known = {p.name for p in network.parameters}
    values = {name: value for name, value in values.items() if name in known}
    doses = [Dose(concentration * PLASMA)]
    return run(network, doses, times, engine, changed=values, rtol=rtol)


def edges(cells: int) -> np.ndarray:
    """Radii of the rings, um."""
    return np.linspace(CAPILLARY, KROGH, cells + 1)


def rings(result: Run, state: str, cells: int) -> np.ndarray:
    """Concentration in each ring, (ring, time), per tissue volume."""
    shares = np.diff(edges(cells) ** 2) / (KROGH**2 - CAPILLARY**2)
    table = np.stack([result.state[f"{state}[{i}]"] for i in range(cells)])
    return table / (shares[:, None] * VOLUME)


def mean(values: np.ndarray, cells: int) -> np.ndarray:
    """Mean over the tissue, (time,)."""
    shares = np.diff(edges(cells) ** 2) / (KROGH**2 - CAPILLARY**2)
    return np.asarray(shares @ values)


def test_tissue_without_antigen_fills_to_the_accessible_concentration() -> None:
    """B-12 and B-16: as a well-mixed tumour in the canonical convention."""
    cells, times = 60, [1.0, 3.0, 30.0]
    result = exposed(tissue(cells), 100.0, times, INERT)
    filled = mean(rings(result, "interstitial_antibody", cells), cells) / (SPACE * 100)
    # values of SCIENCE section D from an independent solution
    assert filled[:2] == pytest.approx([0.95313, 0.999897], abs=2e-4)
    assert filled[2] == pytest.approx(1.0, abs=1e-9)
    supply = 2 * PHYSICAL["antibody_permeability"] * PHYSICAL["capillary_radius"]
    area = PHYSICAL["krogh_radius"] ** 2 - PHYSICAL["capillary_radius"] ** 2
    lumped = 1 - math.exp(-supply / (SPACE * area))
    assert filled[0] == pytest.approx(lumped, rel=1e-2)
    confused = 1 - math.exp(-supply / area)  # the convention without the void fraction
    assert filled[0] > 1.5 * confused


def _sink_profile(radii: np.ndarray) -> np.ndarray:
    """B-13: concentration of tissue over eps Cp with a linear sink of 1e-3 /s."""
    diffusivity, permeability, sink = 10.0, 3e-3, 1e-3  # um2/s, um/s, 1/s
    p = KROGH * math.sqrt(sink / diffusivity)
    x = radii / KROGH
    wall = CAPILLARY / KROGH

    def shape(at: np.ndarray | float) -> np.ndarray:
        return np.asarray(k1(p) * i0(p * at) + i1(p) * k0(p * at))

    slope = p * (k1(p) * i1(p * wall) - i1(p) * k1(p * wall))
    bottom = permeability * shape(wall) / SPACE - diffusivity * slope / KROGH
    return np.asarray(permeability / bottom * shape(x) / SPACE)


def _linear_sink(cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Profile of the model and of the closed form, (ring,)."""
    # taken up by pinocytosis: k C with k = kpino n / eps, n cells per tissue volume
    density = internal_of("5e8 cells/mL")
    pinocytosis = internal_of("1e-3 1/s") * SPACE / density
    changed = {**INERT, "pinocytosis_rate": pinocytosis}
    result = exposed(tissue(cells), 100.0, [5.0], changed)
    found = rings(result, "interstitial_antibody", cells)[:, 0] / (SPACE * 100)
    inner, outer = edges(cells)[:-1], edges(cells)[1:]
    # the model holds means over a ring: Simpson's rule for the closed form
    middle = (inner + outer) / 2
    means = (
        inner * _sink_profile(inner)
        + 4 * middle * _sink_profile(middle)
        + outer * _sink_profile(outer)
    ) / (6 * middle)
    return found, means


def test_linear_sink_has_its_bessel_profile() -> None:
    """B-13."""
    wall, middle = _sink_profile(np.array([CAPILLARY, KROGH]))
    # SCIENCE section D; its value at the wall is that of a first ring
    assert wall == pytest.approx(0.0484, rel=5e-3)
    assert middle == pytest.approx(0.03212, rel=5e-4)
    found, expected = _linear_sink(60)
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_error_falls_with_the_square_of_the_number_of_rings() -> None:
    """Second-order convergence in space."""
    errors = []
    for cells in (15, 30, 60, 120):
        found, expected = _linear_sink(cells)
        errors.append(float(np.max(np.abs(found / expected - 1))))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(orders > 1.8), (errors, orders)
    assert np.all(orders < 2.2), (errors, orders)


ANTIGEN = 1000.0  # nM of tissue
ON_CELLS = {
    "pinocytosis_rate": 0.0,
    "association_rate": internal_of("1e-4 1/nM/s"),
    "dissociation_constant": 0.3,
    "receptors_per_cell": ANTIGEN / internal_of("5e8 cells/mL"),
}


def _front(cells: int, concentration: float, internalised: float, days: float) -> float:
    """Radius, um, up to which the antigen on cells is bound, by its amount."""
    changed = {**ON_CELLS, "complex_internalisation_rate": internalised}
    network = tissue(cells, cell="bulk")
    result = exposed(network, concentration, [days], changed, rtol=1e-6)
    bound = mean(rings(result, "bound_antibody", cells), cells)[0] / ANTIGEN
    return math.sqrt(CAPILLARY**2 + bound * (KROGH**2 - CAPILLARY**2))


@pytest.mark.parametrize("concentration", [10.0, 100.0])
def test_saturating_front_without_internalisation(concentration: float) -> None:
    """B-14: R_f^2 = R_c^2 + 2 R_c P Cp t/Ag, less what is free behind the front."""
    days = 5.0
    supplied = 2 * CAPILLARY * 3e-3 * 86400 * concentration * days / ANTIGEN
    expected = math.sqrt(CAPILLARY**2 + supplied)
    found = _front(60, concentration, 0.0, days)
    # not quite impermeable: some of what entered is free, and the wall sees it
    assert found == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize("concentration", [10.0, 100.0, 500.0])
def test_steady_front_where_supply_equals_internalisation(
    concentration: float,
) -> None:
    """B-15: R_f^2 = R_c^2 + 2 R_c P Cp/(ke Ag)."""
    internalised = internal_of("3.3e-5 1/s")
    supplied = 2 * CAPILLARY * 3e-3 * 86400 * concentration / (internalised * ANTIGEN)
    expected = math.sqrt(CAPILLARY**2 + supplied)
    found = _front(60, concentration, internalised, 20.0)
    assert found == pytest.approx(expected, rel=1e-2)


def test_below_phi_of_one_the_whole_cylinder_saturates() -> None:
    """B-15: Phi < 1."""
    internalised = internal_of("3.3e-5 1/s")
    area = KROGH**2 - CAPILLARY**2
    enough = internalised * ANTIGEN * area / (2 * CAPILLARY * 3e-3 * 86400)
    assert _front(30, 3 * enough, internalised, 20.0) > 0.98 * KROGH
    assert _front(30, enough / 3, internalised, 20.0) < 0.7 * KROGH


@pytest.mark.parametrize("spacings", ["1", "3"])
@pytest.mark.parametrize("form", ["moments", "species"])
def test_everything_is_conserved_in_rings(form: str, spacings: str) -> None:
    """B-01: antibody, payload and antigen, with kill and bystander populations."""
    classes = {"high": (0.6, 1e6), "negative": (0.4, 0.0)}
    changed = {"krogh_radius_variation": "1.3", "maximum_kill_rate": "0.6 1/day"}
    blueprint = mixed(
        classes,
        changed,
        delivery="krogh",
        radial_cells="10",
        spacings=spacings,
        form=form,
    )
    network = assemble(blueprint)
    result = run(
        network, [Dose(1700.0), Dose(1700.0, time=21.0)], [20.0, 42.0], cpu.solve, 1e-7
    )
    held = result.content()
    start = run(network, [], [0.0], cpu.solve, 1e-7).content()[0]
    change = held - start - result.dosed
    size = np.maximum(np.abs(start), np.abs(result.dosed).max(axis=0))
    # sums that no reaction changes are exact in a linear invariant method
    np.testing.assert_allclose(change / size, 0.0, atol=1e-8)


def test_rings_of_one_spacing_are_those_of_several_alike() -> None:
    """Parallel cylinders that do not differ are one."""
    one = tissue(10)
    three = assemble(
        example(
            changed={"krogh_radius_variation": "1"},
            disposition="one-compartment",
            kill="none",
            delivery="krogh",
            radial_cells="10",
            spacings="3",
        )
    )
    a, b = (exposed(network, 50.0, [1.0, 9.0], {}) for network in (one, three))
    for name, curve in a.output.items():
        if "[" not in name:
            # round-off and the solver's own error, which differ with the states
            np.testing.assert_allclose(b.output[name], curve, rtol=1e-6, err_msg=name)


def test_higher_affinity_and_more_antigen_make_the_front_shallower() -> None:
    """The binding-site barrier, on the whole model."""

    def depth(**changed: str) -> float:
        blueprint = example(changed=changed, delivery="krogh", radial_cells="30")
        result = run(assemble(blueprint), [Dose(300.0)], [1.0], cpu.solve, 1e-6)
        return float(result.output["penetration"][0])

    usual = depth()
    assert depth(dissociation_constant="0.01 nM") < usual
    assert depth(dissociation_constant="300 nM") > usual
    assert depth(receptors_per_cell="1e7 receptors/cell") < usual
    assert depth(receptors_per_cell="1e5 receptors/cell") > usual
    assert internal(tissue(10), "receptors_per_cell") > 0  # the example has antigen


def test_carrier_antibody_moves_payload_deeper_and_lowers_its_peak() -> None:
    network = assemble(example(delivery="krogh", radial_cells="30", kill="none"))

    def payload(doses: list[Dose]) -> np.ndarray:
        times = np.linspace(0.5, 21.0, 42).tolist()
        result = run(network, doses, times, cpu.solve, 1e-6)
        return np.stack([result.output[f"payload_in_ring[{i}]"] for i in range(30)])

    alone = payload([Dose(300.0)])
    helped = payload([Dose(300.0), Dose(1500.0, port="carrier")])
    assert helped.max() < 0.8 * alone.max()
    peaks, usual = helped.max(axis=1), alone.max(axis=1)
    assert peaks[0] < usual[0]
    assert np.all(peaks[8:] > usual[8:])
    assert peaks[15] > 1.3 * usual[15]
