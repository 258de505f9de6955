"""Rule-based designs: 3+3, accelerated titration, and what all designs share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adckit.errors import AdckitError, CardError, UnknownNameError
from adckit.studies.designs import (
    ESCALATIONS,
    AcceleratedTitration,
    Action,
    Boin,
    Cohort,
    Crm,
    History,
    Keyboard,
    Limits,
    ThreePlusThree,
    make_escalation,
    make_phase_two,
)
from adckit.studies.operating import (
    dose_paths,
    exact_characteristics,
    operating_characteristics,
)

RATES = (0.05, 0.10, 0.20, 0.30, 0.45)
SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)


def passes(p: float) -> float:
    return (1 - p) ** 3 + 3 * p * (1 - p) ** 5


def closed_form(rates: Sequence[float]) -> np.ndarray:
    """P(MTD = each level) of a 3+3 without confirmation."""
    chain = np.cumprod([passes(p) for p in rates])
    fails = [1 - passes(p) for p in rates[1:]] + [1.0]
    return chain * np.array(fails)


def confirmed(rates: Sequence[float]) -> np.ndarray:
    """P(MTD = each level) of a 3+3 with six subjects at the MTD, level by level.

    A level passes with three subjects (a) or with six (b).  When the next one fails, a
    level with six is the MTD; one with three needs at most one DLT in three more (c).
    """
    p = np.array(rates)
    a, b = (1 - p) ** 3, 3 * p * (1 - p) ** 5
    c = (1 - p) ** 3 + 3 * p * (1 - p) ** 2
    chain = np.cumprod(a + b)
    found = np.zeros(len(p))
    for top in range(len(p)):
        arrives = chain[top] * (1 - (a + b)[top + 1] if top + 1 < len(p) else 1.0)
        for level in range(top, -1, -1):
            three = a[level] / (a + b)[level]
            found[level] += arrives * (1 - three + three * c[level])
            arrives *= three * (1 - c[level])
    return found


def test_pass_probability_is_the_closed_form() -> None:
    """B-31: at p = 0.2 a level passes with probability 0.7086."""
    found = exact_characteristics(ThreePlusThree(confirm=False), [0.2])
    assert found.selected[0] == pytest.approx(passes(0.2), rel=1e-12)
    assert found.selected[0] == pytest.approx(0.7086, abs=5e-5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_every_path_of_a_3_plus_3_gives_the_closed_forms(rates: list[float]) -> None:
    plain = exact_characteristics(ThreePlusThree(confirm=False), rates)
    assert plain.selected == pytest.approx(closed_form(rates), abs=1e-12)
    six = exact_characteristics(ThreePlusThree(), rates)
    assert six.selected == pytest.approx(_guarded(rates), abs=1e-12)
    for found in (plain, six):
        assert found.selected.sum() + found.none == pytest.approx(1, abs=1e-12)


def _guarded(rates: list[float]) -> np.ndarray:
    """`confirmed`, where a level that never passes does not divide 0 by 0."""
    return confirmed([min(p, 1 - 1e-15) for p in rates])


def test_simulation_agrees_with_all_paths() -> None:
    exact = exact_characteristics(ThreePlusThree(), RATES)
    drawn = operating_characteristics(ThreePlusThree(), RATES, replicates=4000, seed=3)
    # Five standard errors of a share of 4000 trials.
    error = 5 * np.sqrt(exact.selected * (1 - exact.selected) / 4000)
    assert np.all(np.abs(drawn.selected - exact.selected) < error)
    assert drawn.treated == pytest.approx(exact.treated, rel=0.05)


def test_the_same_seed_gives_the_same_trials() -> None:
    first = operating_characteristics(Boin(), RATES, replicates=50, seed=4)
    again = operating_characteristics(Boin(), RATES, replicates=50, seed=4)
    more = operating_characteristics(Boin(), RATES, replicates=51, seed=4)
    assert np.array_equal(first.selected, again.selected)
    assert abs(more.treated * 51 - first.treated * 50).sum() <= 36 + 1e-6


@pytest.mark.parametrize(
    ("cohorts", "step"),
    [
        ("", "3 at level 1"),
        ("1NNN", "3 at level 2"),
        ("1NNT", "3 at level 1"),
        ("1NTT", "no MTD"),
        ("1NNT 1NNN", "3 at level 2"),
        ("1NNT 1NNT", "no MTD"),
        ("1NNN 2NTT", "3 at level 1"),
        ("1NNN 2NTT 1NNT", "MTD is level 1"),
        ("1NNN 2NTT 1NTT", "no MTD"),
        ("1NNN 2NNN", "3 at level 2"),
        ("1NNN 2NNN 2NNT", "MTD is level 2"),
    ],
)
def test_three_plus_three_step_by_step(cohorts: str, step: str) -> None:
    rows = {row["path"]: row["next"] for row in dose_paths(ThreePlusThree(), 2, 3)}
    assert rows[cohorts] == step


def test_the_table_of_a_3_plus_3_says_what_it_does() -> None:
    table = {(r["treated"], r["dlts"]): r["next"] for r in ThreePlusThree().table()}
    assert table[3, 0] == table[6, 1] == "next level"
    assert table[3, 1] == "three more"
    assert table[3, 2] == table[6, 2] == "back one level"


def test_accelerated_titration_becomes_a_3_plus_3_at_the_first_dlt() -> None:
    design = AcceleratedTitration()
    calm = History(4, (Cohort(0, 1), Cohort(1, 1)))
    assert (design(calm).dose, design(calm).size) == (2, 1)
    dlt = calm.with_cohort(Cohort(2, 1, 1))
    assert (design(dlt).dose, design(dlt).size) == (2, 2)
    back = History(4, (Cohort(0, 1), Cohort(1, 1), Cohort(2, 3, 2)))
    assert (design(back).dose, design(back).size) == (1, 2)


def test_two_moderate_toxicities_end_the_first_stage() -> None:
    design = AcceleratedTitration()
    one = History(4, (Cohort(0, 1, moderate=1), Cohort(1, 1)))
    assert (design(one).dose, design(one).size) == (2, 1)
    two = History(4, (Cohort(0, 1, moderate=1), Cohort(1, 1, moderate=1)))
    assert (design(two).dose, design(two).size) == (1, 2)


def test_accelerated_titration_may_climb_two_levels() -> None:
    found = AcceleratedTitration(step=2)(History(4, (Cohort(0, 1),)))
    assert (found.dose, found.reason) == (2, "No DLT so far: up 2, one subject")


def test_a_pending_outcome_that_matters_is_waited_for() -> None:
    design = ThreePlusThree()
    waiting = design(History(3, (Cohort(0, 3, 0, pending=(0.5,)),)))
    assert waiting.action is Action.WAIT
    assert waiting.reason.startswith("1 pending outcome can change what is next")
    certain = design(History(3, (Cohort(0, 3, 2, pending=(0.5,)),)))
    assert (certain.action, certain.mtd) == (Action.STOP, None)


def test_backfill_is_offered_below_and_does_not_count_in_a_3_plus_3() -> None:
    design = ThreePlusThree()
    history = History(4, (Cohort(0, 3), Cohort(1, 3), Cohort(2, 3)))
    assert design(history).backfill == (2, 1, 0)
    filled = history.with_cohort(Cohort(1, 3, 3, backfill=True))
    assert design(filled).dose == 3
    assert design(filled).backfill == (2, 0)  # level 2 has 3 of 6 with a DLT


def test_backfill_that_turns_out_toxic_brings_boin_down() -> None:
    history = History(4, (Cohort(0, 3), Cohort(1, 3), Cohort(2, 3)))
    toxic = history.with_cohort(Cohort(1, 3, 3, backfill=True))
    found = Boin()(toxic)
    assert (found.dose, found.reason) == (0, "3 of 6 with a DLT: down")


@pytest.mark.parametrize("name", list(ESCALATIONS))
def test_every_design_can_be_enumerated_and_simulated(name: str) -> None:
    given_settings: dict[str, object] = {}
    if name not in ("3+3", "accelerated"):
        given_settings["most_subjects"] = 9
    if name == "crm":
        given_settings["skeleton"] = SKELETON
    design = make_escalation(name, given_settings)
    exact = exact_characteristics(design, RATES)
    drawn = operating_characteristics(design, RATES, replicates=1000, seed=2)
    assert design.name == name
    assert exact.selected.sum() + exact.none == pytest.approx(1, abs=1e-9)
    # Five standard errors of a share of 1000 trials, and one trial.
    error = 5 * np.sqrt(exact.selected * (1 - exact.selected) / 1000) + 1e-3
    assert np.all(np.abs(drawn.selected - exact.selected) < error)
    assert design.table(6)


@pytest.mark.parametrize("name", list(ESCALATIONS))
def test_more_dlts_never_make_a_design_bolder(name: str) -> None:
    extra = {"skeleton": SKELETON} if name == "crm" else {}
    design = make_escalation(name, extra)
    base = History(5, (Cohort(0, 3), Cohort(1, 3)))
    for treated in (3, 6):
        doses = [
            design(base.with_cohort(Cohort(2, treated, dlts)))
            for dlts in range(treated + 1)
        ]
        levels = [math.inf if d.dose is None else d.dose for d in doses]
        levels = [
            d.mtd if d.dose is None and d.mtd is not None else level
            for d, level in zip(doses, levels, strict=True)
        ]
        assert levels == sorted(levels, reverse=True)


def test_no_design_gives_a_level_that_it_closed() -> None:
    """Three of three with a DLT close a level for good."""
    for design in (Boin(), Keyboard(), Keyboard(partial_keys=True)):
        history = History(3, (Cohort(0, 3), Cohort(1, 3, 3), Cohort(0, 6)))
        found = design(history)
        assert found.dose == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Boin(target=0), "target: A DLT rate of 0 is not between 0 and 1"),
        (lambda: Boin(low=0.4), "low: 0.4 is not between 0 and the target, 0.3"),
        (lambda: Boin(high=0.2), "high: 0.2 is not between the target, 0.3, and 1"),
        (lambda: Boin(certainty=1.5), "certainty: 1.5 is not from 0.5 up to 1"),
        (lambda: Keyboard(below=0.5), "below: 0.5 is not between 0 and the target"),
        (lambda: Keyboard(above=0), "above: 0 is not between 0 and 1 - target"),
        (lambda: ThreePlusThree(start=0), "start: Dose levels are counted from 1"),
        (lambda: AcceleratedTitration(step=0), "step: The first stage must climb"),
        (lambda: Crm(), "skeleton: The model power needs a prior P(DLT)"),
        (lambda: Crm(skeleton=(0.2, 0.1)), "skeleton: The probabilities must rise"),
        (lambda: Crm(model="logistic2"), "doses: The model logistic2 needs the doses"),
        (
            lambda: Boin(limits=Limits(cohort_size=0)),
            "cohort_size: A cohort of 0 subjects finds nothing. Write 1 or more",
        ),
        (
            lambda: Boin(limits=Limits(most_subjects=2)),
            "most_subjects: 2 subjects do not fill one cohort of 3",
        ),
    ],
)
def test_settings_that_make_no_sense(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(CardError, match="cannot be used") as error:
        make()
    assert words in str(error.value)


def test_names_and_settings_that_do_not_exist() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown design 'bion'.*boin"):
        make_escalation("bion", {})
    with pytest.raises(
        CardError, match=r"Unknown setting 'targt'. Did you mean target"
    ):
        make_escalation("boin", {"targt": 0.3})
    with pytest.raises(CardError, match=r"cohort_size: .*valid integer"):
        make_escalation("boin", {"cohort_size": "three"})
    with pytest.raises(CardError, match=r"p0: The setting 'p0' is missing"):
        make_phase_two("simon-optimal", {"p1": 0.3})


def test_probabilities_that_are_none() -> None:
    with pytest.raises(AdckitError, match="must lie between 0 and 1"):
        exact_characteristics(ThreePlusThree(), [0.5], moderate=[0.6])
    with pytest.raises(AdckitError, match="one P"):
        exact_characteristics(ThreePlusThree(), [])
    with pytest.raises(AdckitError, match="replicates is 0"):
        operating_characteristics(ThreePlusThree(), [0.1], replicates=0)


def test_histories_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="known outcomes"):
        Cohort(0, 3, 3, pending=(0.5,))
    with pytest.raises(ValueError, match="above the 2 dose levels"):
        History(2, (Cohort(2, 3),))
