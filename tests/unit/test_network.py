"""Networks as values: parts, checks with every problem at once, moieties, systems."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.engines.models import parameter

from adckit.errors import ModelError, UnknownNameError
from adckit.network.checks import check
from adckit.network.expr import ONE, TIME, Symbol, exp
from adckit.network.moieties import conserved_moieties, content_matrix, stoichiometry
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
from adckit.network.system import build_system

CL, V, A = Symbol("clearance"), Symbol("volume"), Symbol("drug")


def one_compartment() -> Network:
    return Network("one").add(
        parameter("clearance", 0.5, "L/day"),
        parameter("volume", 3.0, "L"),
        Compartment("plasma", V),
        Species("drug", compartment="plasma", content={"drug": 1}),
        Species("gone", content={"drug": 1}, ledger=True),
        Reaction("elimination", CL / V * A, {"drug": -1, "gone": 1}, "test"),
        Observable("concentration", A / V, "ug/mL"),  # wrong on purpose
        Port("dose", {"drug": ONE}),
    )


def problems(network: Network) -> str:
    with pytest.raises(ModelError) as caught:
        check(network)
    return str(caught.value)


def test_adding_returns_a_new_network() -> None:
    first = one_compartment()
    second = first.add(Species("other"))
    assert len(first.species) == 2
    assert len(second.species) == 3


def test_the_same_part_twice_is_kept_once() -> None:
    network = one_compartment()
    assert network.add(parameter("volume", 3.0, "L")) == network


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(ModelError, match="taken by a parameter; rename one"):
        one_compartment().add(Species("volume"))


def test_units_are_checked_term_by_term() -> None:
    text = problems(one_compartment())
    assert "observable 'concentration': 'drug/volume' has unit nmol/L" in text
    assert "expected mg/L" in text


def test_all_problems_come_at_once() -> None:
    text = problems(
        one_compartment().add(
            Reaction("leak", A * CL, {"drug": -1}),
            Reaction("typo", A * Symbol("clearence"), {"drugg": -1}),
        )
    )
    assert "did you mean clearance?" in text
    assert "'drugg' does not exist; did you mean drug?" in text
    assert "reaction 'leak': changes drug by -1 per unit of flux" in text


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Rule("r", A + CL, "nmol"), "cannot be added or compared"),
        (Rule("r", exp(A), ""), "exp needs a number without unit"),
        (Rule("r", A ** (CL / V * TIME), "nmol"), "raised to a power that may vary"),
        (Rule("r", (CL / V * TIME) ** A, ""), "the exponent 'drug' has unit nmol"),
        (Rule("r", Symbol("r") + A, "nmol"), "depends on itself"),
        (Reaction("r", Symbol("gone") / TIME, {"drug": -1, "gone": 1}), "only counts"),
        (Event("e", A, {"drug": V}), "'volume' has unit L, expected nmol"),
        (Port("p", {"drug": V}), "has unit L, expected 1"),
        (Species("s", compartment="plasm"), "did you mean plasma?"),
        (Species("s", initial=V), "initial amount of 's'"),
        (Compartment("c", CL), "has unit L/day, expected L"),
    ],
)
def test_each_problem_has_its_message(part: object, message: str) -> None:
    assert message in problems(one_compartment().add(part))  # type: ignore[arg-type]


def test_unknown_names_are_answered_with_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean clearance"):
        one_compartment().symbol("clearence")
    with pytest.raises(UnknownNameError, match="Unknown species"):
        one_compartment().get(Species, "drag")
    with pytest.raises(UnknownNameError):
        one_compartment().with_parameters({"x": parameter("x", 1.0)})


def test_conserved_moieties_from_the_stoichiometry_alone() -> None:
    network = Network("binding").add(
        parameter("k", 1.0),
        *(Species(n) for n in ("a", "b", "ab", "x")),
        Reaction("on", Symbol("k") * Symbol("a"), {"a": -1, "b": -1, "ab": 1}),
        Reaction("turn", Symbol("k") * Symbol("x"), {"x": -2, "a": 1}),
    )
    found = conserved_moieties(network)
    matrix = np.array(stoichiometry(network), dtype=float)
    names = [s.name for s in network.species]
    assert len(found) == 2
    for vector in found:
        row = np.array([float(vector.get(n, Fraction(0))) for n in names])
        assert (row @ matrix == 0).all()
    assert {"b": 1, "ab": 1} in found


def test_declared_content_is_conserved() -> None:
    network = one_compartment()
    s = np.array(stoichiometry(network), dtype=float)
    assert (content_matrix(network) @ s == 0).all()


def test_system_of_a_network() -> None:
    sound = one_compartment()
    sound = Network(
        "sound",
        sound.compartments,
        sound.species,
        sound.reactions,
        (Rule("double", A * 2, "nmol"),),
        (Observable("twice", Symbol("double") / V, "pM"),),
        ports=sound.ports,
        inputs=(Input("u", "nmol"),),
        parameters=sound.parameters,
    )
    system = build_system(sound)
    assert system.states == ("drug", "gone")
    assert system.inputs == ("dose_infusion_rate", "u_level", "u_slope")
    assert set(system.jacobian) == {(0, 0), (1, 0)}
    table = np.array([[0.5, 3.0], [0.5, 6.0]])
    np.testing.assert_allclose(system.state_scale(table)[:, 0], [3e-3, 6e-3])
    np.testing.assert_allclose(system.dose_vectors(table), [[[1.0, 0.0]]] * 2)
    assert str(system.observed[0]) == "drug*2/volume/0.001"


def test_equations_are_readable() -> None:
    text = one_compartment().equations()
    assert "elimination = clearance/volume*drug    [nmol/day]" in text
    assert "d drug/dt = dose_infusion_rate - elimination    [nmol/day]" in text
    assert "d gone/dt = elimination    [nmol/day]" in text


def test_description_names_sources() -> None:
    text = one_compartment().describe()
    assert "clearance = 0.5 L/day  [assumed]" in text
    assert "1. dose [nmol]" in text


def test_states_that_nobody_looks_at_are_left_out() -> None:
    network = Network("idle").add(
        parameter("k", 1.0),
        Species("seen"),
        Species("feeds"),
        Species("idle"),
        Species("kept", content={"drug": 1}),
        Reaction("a", Symbol("k") * Symbol("feeds"), {"seen": 1, "idle": -1}),
        Reaction("b", Symbol("k") * Symbol("idle"), {"idle": -1}),
        Observable("out", Symbol("seen"), "nmol"),
        Port("dose", {"seen": ONE, "idle": ONE}),
    )
    system = build_system(network)
    assert system.states == ("seen", "feeds", "kept")
    assert system.doses == (((0, ONE),),)
