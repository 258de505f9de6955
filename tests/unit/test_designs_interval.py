"""BOIN and keyboard / mTPI-2 against their published tables."""

from __future__ import annotations

import numpy as np
import pytest

from adckit.studies.designs import (
    Action,
    Boin,
    Cohort,
    History,
    Keyboard,
    Limits,
    Verdict,
    select_mtd,
)
from adckit.studies.designs.keyboard import keys


@pytest.mark.parametrize(
    ("target", "up", "down"), [(0.25, 0.197, 0.298), (0.30, 0.236, 0.358)]
)
def test_boin_boundaries(target: float, up: float, down: float) -> None:
    """Liu and Yuan 2015: three decimals, of which the last is not always rounded."""
    found = Boin(target).boundaries
    assert found[0] == pytest.approx(up, abs=1e-3)
    assert found[1] == pytest.approx(down, abs=1e-3)


BOIN_030 = {
    3: (0, 2, 3),
    6: (1, 3, 4),
    9: (2, 4, 5),
    12: (2, 5, 7),
    15: (3, 6, 8),
    18: (4, 7, 9),
    21: (4, 8, 10),
    24: (5, 9, 11),
    27: (6, 10, 12),
    30: (7, 11, 14),
}
BOIN_025 = {
    3: (0, 1, 3),
    6: (1, 2, 4),
    9: (1, 3, 5),
    12: (2, 4, 6),
    15: (2, 5, 7),
    18: (3, 6, 8),
}


@pytest.mark.parametrize(("target", "table"), [(0.30, BOIN_030), (0.25, BOIN_025)])
def test_boin_table(target: float, table: dict[int, tuple[int, int, int]]) -> None:
    """Cohorts of three: floor(lambda_e n), ceil(lambda_d n), and P(rate > target)."""
    rows = {
        row["treated"]: (
            row["up_if_at_most"],
            row["down_if_at_least"],
            row["close_if_at_least"],
        )
        for row in Boin(target).table(30)
    }
    assert {n: rows[n] for n in table} == table


def test_boin_follows_a_published_trial() -> None:
    """The trial of ten cohorts that the R packages use as their example, target 0.3."""
    outcomes = "1NNN 2NNN 3NTT 2NTN 3NNN 3NNN 4TTT 3NTN 3NNT 3TNN"
    following = [2, 3, 2, 3, 3, 4, 3, 3, 3, 3]
    design = Boin(limits=Limits(most_subjects=100))
    history = History(5)
    for text, level in zip(outcomes.split(), following, strict=True):
        history = history.with_cohort(Cohort(int(text[0]) - 1, 3, text.count("T")))
        assert design(history).dose == level - 1
    assert select_mtd(history, 0.3, 5) == 2


# Guo et al. 2017, figure 3: target 0.3, interval 0.25 to 0.35, three to ten subjects.
# U up, S stay, D down, C down and close; one letter per number of DLTs.
MTPI2 = {
    3: "USDC",
    6: "UUSDCCC",
    9: "UUUSDCCCCC",
    10: "UUUSDDCCCCC",
}
LETTERS = {Verdict.UP: "U", Verdict.STAY: "S", Verdict.DOWN: "D", Verdict.CLOSE: "C"}


@pytest.mark.parametrize("partial", [True, False])
def test_mtpi2_table(partial: bool) -> None:
    """The keyboard design decides as mTPI-2 does on the published counts."""
    design = Keyboard(0.3, partial_keys=partial)
    for treated, expected in MTPI2.items():
        found = [LETTERS[design.verdict(treated, n)] for n in range(treated + 1)]
        assert "".join(found) == expected


def test_keys_cover_what_they_should() -> None:
    full = keys(0.3, 0.05, 0.05, False)
    assert full[0] == pytest.approx((0.05, 0.15))
    assert full[-1] == pytest.approx((0.85, 0.95))
    assert (len(full), len(keys(0.3, 0.05, 0.05, True))) == (9, 11)
    assert any(key == pytest.approx((0.25, 0.35)) for key in full)


def test_the_highest_level_stays_and_the_trial_ends_when_full() -> None:
    top = History(2, (Cohort(0, 3), Cohort(1, 3)))
    assert Boin()(top).dose == 1
    full = Boin(limits=Limits(most_subjects=6))(top)
    assert (full.action, full.mtd) == (Action.STOP, 1)
    twelve = History(2, (Cohort(0, 3), Cohort(1, 12, 4)))
    enough = Boin(limits=Limits(most_at_dose=12))(twelve)
    assert (enough.action, enough.reason) == (Action.STOP, "12 subjects at this level")


def test_the_lowest_level_closed_ends_the_trial() -> None:
    found = Boin()(History(3, (Cohort(0, 3, 3),)))
    assert (found.action, found.mtd) == (Action.STOP, None)
    assert found.reason == "The lowest level is too toxic"


def test_the_mtd_is_chosen_from_all_levels_together() -> None:
    """1/3, 0/3 and 2/6 rise to 0.04, 0.04 and 1/3: 0/3 has the smallest variance."""
    history = History(4, (Cohort(0, 3, 1), Cohort(1, 3), Cohort(2, 6, 2)))
    assert select_mtd(history, 0.30, 4) == 2
    assert select_mtd(history, 0.10, 4) == 1  # of equal ones below it, the highest
    assert select_mtd(history, 0.01, 4) == 0  # of equal ones above it, the lowest
    assert select_mtd(history, 0.30, 2) == 1  # the third level is closed
    assert select_mtd(History(2), 0.30, 2) is None


def test_late_outcomes_weighted_by_follow_up() -> None:
    """Half of the window passed counts as half a subject without a DLT."""
    design = Boin(limits=Limits(late_onset="weighted"))
    early = History(3, (Cohort(0, 3, 1, pending=(0.1,)),))
    late = History(3, (Cohort(0, 3, 1, pending=(0.9,)),))
    assert early.effective(0) == pytest.approx(2.1)
    assert design(early).reason == "1 of 3 with a DLT: down"  # 1 / 2.1 > 0.358
    assert design(late).reason == "1 of 3 with a DLT: stay"  # 1 / 2.9 < 0.358
    many = design(History(3, (Cohort(0, 3, 0, pending=(0.9, 0.9)),)))
    assert (many.action, many.reason) == (Action.WAIT, "2 of 3 are pending")


def test_a_closed_level_is_what_the_posterior_says() -> None:
    """1 - 0.3^4 is P(rate > 0.3) after 3 of 3; four subjects need three DLTs."""
    assert 1 - 0.3**4 > 0.95
    design = Boin()
    assert design.verdict(3, 3) is Verdict.CLOSE
    assert design.verdict(2, 2) is Verdict.DOWN  # fewer than three never close
    assert np.isclose(design.boundaries[0], Boin(low=0.18).boundaries[0])
