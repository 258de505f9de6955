from __future__ import annotations

import pytest
from tests.blueprints import BROAD, example

from adckit.errors import ModelError
from adckit.mechanisms.chain import (
    Chain,
    chain_of,
    deconjugation,
    initial_payload_loss_rate,
)
from adckit.mechanisms.pools import Pool
from adckit.mechanisms.reading import Reader
from adckit.molecules.load import DrugLoad
from adckit.network.expr import ONE, ZERO, Symbol, evaluate

LOAD = DrugLoad((0.1, 0.2, 0.3, 0.4))
RATE = Symbol("rate")


def pools(form: str) -> tuple[Pool, Pool, Pool]:
    chain = Chain(form, LOAD)
    here = chain.pool("here", "here", "place")
    bound = chain.pool("bound", "bound", "place", antigen=True)
    return here, bound, chain.pair("end", "end", "place")


def value(expression: object, amounts: dict[str, float]) -> float:
    return float(evaluate([expression], amounts)[0])  # type: ignore[list-item]


def test_states_have_readable_names() -> None:
    assert pools("species")[0].states == (
        "here_dar_0",
        "here_dar_1",
        "here_dar_2",
        "here_dar_3",
    )
    moments = ("here_antibody", "here_payload", "here_moment_2", "here_moment_3")
    assert pools("moments")[0].states == moments
    assert pools("species")[2].states == ("end_antibody", "end_payload")


@pytest.mark.parametrize("form", ["moments", "species"])
def test_both_forms_say_the_same_of_a_dose(form: str) -> None:
    pool = pools(form)[0]
    dose = {name: value(x, {}) for name, x in pool.dose(LOAD.fractions).items()}
    amounts = dict.fromkeys(pool.states, 0.0) | dose
    assert value(pool.antibody, amounts) == pytest.approx(1.0)
    assert value(pool.payload, amounts) == pytest.approx(LOAD.mean)
    assert value(pool.conjugated, amounts) == pytest.approx(0.9)


@pytest.mark.parametrize("form", ["moments", "species"])
def test_content_of_states(form: str) -> None:
    here, bound, end = pools(form)
    held = {s.name: s.content for pool in (here, bound, end) for s in pool.species()}
    assert held["end_payload"] == {"payload": 1}
    if form == "species":
        assert held["here_dar_2"] == {"antibody": 1, "payload": 2}
        assert held["bound_dar_0"] == {"antibody": 1, "antigen": 1}
    else:
        assert held["here_moment_2"] == {}
        assert held["bound_antibody"] == {"antibody": 1, "antigen": 1}
        assert held["bound_payload"] == {"payload": 1}


def test_what_goes_along_is_counted_once_per_antibody() -> None:
    for form, times in (("moments", 1), ("species", 4)):
        here, bound, _ = pools(form)
        moved = list(here.move("binding", bound, RATE, {"receptor": -1}))
        assert len(moved) == 4
        assert sum("receptor" in r.changes for r in moved) == times


@pytest.mark.parametrize("form", ["moments", "species"])
def test_a_pair_takes_antibody_and_all_payload(form: str) -> None:
    here, _, end = pools(form)
    moved = {r.name: dict(r.changes) for r in here.move("sorting", end, RATE)}
    if form == "species":
        expected = {"here_dar_3": -1, "end_antibody": 1, "end_payload": 3}
        assert moved["sorting_dar_3"] == expected
    else:
        assert moved["sorting_payload"] == {"here_payload": -1, "end_payload": 1}
        assert moved["sorting_moment_2"] == {"here_moment_2": -1}


def test_lost_payload_is_shared_out() -> None:
    here, _, _ = pools("moments")
    shares = {"plasma": Symbol("share"), "bile": 1 - Symbol("share")}
    lost = {r.name: r for r in here.lose("clearance", RATE, "degraded", shares)}
    assert lost["clearance_antibody"].changes == {"here_antibody": -1, "degraded": 1}
    to_plasma = lost["clearance_to_plasma_payload"]
    assert to_plasma.changes == {"here_payload": -1, "plasma": 1}
    assert str(to_plasma.rate) == "rate*share*here_payload"


def test_release_steps_down_the_chain() -> None:
    here, _, _ = pools("species")
    steps = {r.name: r for r in here.release("loss", lambda n: RATE * n, "free")}
    assert steps["loss_dar_2"].changes == {
        "here_dar_2": -1,
        "free": 1,
        "here_dar_1": 1,
    }
    assert str(steps["loss_dar_2"].rate) == "rate*2*here_dar_2"


def test_a_rate_of_zero_is_no_reaction() -> None:
    here, bound, _ = pools("moments")
    assert not list(here.move("nothing", bound, ZERO))
    assert not list(here.lose("nothing", ONE * 0, "degraded", {"bile": ONE}))


def test_a_pair_cannot_fill_a_pool_nor_tell_its_conjugate() -> None:
    here, _, end = pools("moments")
    with pytest.raises(ModelError, match="'end': cannot fill 'here'"):
        list(end.move("back", here, RATE))
    with pytest.raises(ModelError, match="does not know its conjugate"):
        _ = end.conjugated


SHARED = {"deconjugation": "shared"}


@pytest.mark.parametrize(
    ("choice", "changed", "form"),
    [
        ({}, {}, "moments"),
        ({"form": "species"}, {}, "species"),
        (SHARED, {}, "species"),
        ({}, {"clearance_dar_slope": "0"}, "moments"),
        ({}, {"clearance_dar_slope": "0.1"}, "species"),
    ],
)
def test_form_is_moments_where_they_are_exact(
    choice: dict[str, str], changed: dict[str, str], form: str
) -> None:
    assert chain_of(example(changed=changed, **choice)).form == form


def test_form_is_species_where_moments_would_lose_digits() -> None:
    heavy = DrugLoad((*[0.0] * 12, 1.0))
    assert chain_of(example(heavy)).form == "species"
    assert chain_of(example(heavy, form="moments")).form == "moments"


@pytest.mark.parametrize(
    ("choice", "changed", "reason"),
    [
        (SHARED, {}, "the deconjugation law is 'shared'"),
        ({}, {"clearance_dar_slope": "0.1"}, "clearance depends on the load"),
    ],
)
def test_moments_are_refused_where_they_are_not_exact(
    choice: dict[str, str], changed: dict[str, str], reason: str
) -> None:
    with pytest.raises(ModelError, match=f"moments are not exact: {reason}"):
        chain_of(example(changed=changed, form="moments", **choice))


def test_initial_payload_loss_puts_laws_on_one_scale() -> None:
    assert initial_payload_loss_rate(example()) == pytest.approx(0.17)
    # Bender 2014, cynomolgus and rat: 0.092 and 0.144 per day
    for rates, expected in (
        (("0.341", "0.255", "0.0939"), 0.092),
        (("0.543", "0.388", "0.114"), 0.144),
    ):
        steps = ("high", "two", "one")
        changed = {
            f"deconjugation_rate_{step}": f"{rate} 1/day"
            for step, rate in zip(steps, rates, strict=True)
        }
        found = initial_payload_loss_rate(example(DrugLoad(BROAD), changed, **SHARED))
        assert found == pytest.approx(expected, abs=5e-4)
    assert initial_payload_loss_rate(example(DrugLoad((1.0,)))) == 0


def test_free_law_needs_a_rate_for_each_load() -> None:
    blueprint = example(DrugLoad((0.5, 0.3, 0.2)), deconjugation="free")
    read = Reader(blueprint)
    law = deconjugation(blueprint, read)
    assert str(law(2)) == "deconjugation_rate_2"
    with pytest.raises(ModelError, match=r"deconjugation_rate_1'[\s\S]*_rate_2'"):
        read.values()
