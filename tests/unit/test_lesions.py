"""Several lesions in one subject: draws, scans, progression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adckit.errors import CardError
from adckit.library import load_product
from adckit.library.populations import LesionSpread, load_population
from adckit.mechanisms.assemble import assemble
from adckit.parameters import Parameter
from adckit.studies.lesions import Lesions, draw_lesions, new_lesion_days
from adckit.studies.mechanistic_patients import MechanisticPatients
from adckit.studies.operating import subject_numbers
from adckit.studies.population import Sampler
from adckit.studies.protocol import TrialProtocol, protocol_text, read_protocol
from adckit.studies.response import Response, Scans, sphere_diameters
from adckit.studies.scanned import judge_scans, targets_at_start

SEED = 5
NUMBERS = np.arange(1, 4001)
WITHIN = 2.0
"""GSD of the sizes of one subject's lesions in the library."""


def spread() -> LesionSpread:
    found = load_population("canag-solid-tumour").lesions
    assert found is not None
    return found


@pytest.fixture(scope="module")
def known() -> dict[str, Parameter]:
    product = load_product("cantuzumab-mertansine", settings={"tumour": "colorectal"})
    return {p.name: p for p in assemble(product.blueprint).parameters}


@pytest.fixture(scope="module")
def drawn(known: dict[str, Parameter]) -> Lesions:
    return draw_lesions(spread(), known, {}, NUMBERS, SEED)


def test_numbers_and_organs_have_the_stated_shares(drawn: Lesions) -> None:
    count = np.isfinite(drawn.diameters).sum(axis=1)
    for lesions, share in enumerate(spread().number, start=1):
        # Three standard errors of a share of 4000 subjects.
        assert np.mean(count == lesions) == pytest.approx(share, abs=0.024)
    placed = drawn.organs[np.isfinite(drawn.diameters)]
    assert np.mean(placed == "liver") == pytest.approx(
        spread().organs["liver"], abs=0.02
    )
    assert set(drawn.organs[~np.isfinite(drawn.diameters)]) == {""}


def test_lesions_vary_around_their_subject(
    known: dict[str, Parameter], drawn: Lesions
) -> None:
    volumes = drawn.parameters["initial_tumour_volume"][:, 1]
    typical = known["initial_tumour_volume"].value
    logs = np.log(volumes / typical)
    assert np.mean(logs) == pytest.approx(0, abs=0.035)  # three standard errors
    assert np.std(logs) == pytest.approx(np.log(WITHIN), abs=0.025)
    small = {"initial_tumour_volume": np.full(NUMBERS.size, typical / 8)}
    halved = draw_lesions(spread(), known, small, NUMBERS, SEED)
    assert halved.diameters[:, 1] * 2 == pytest.approx(
        drawn.diameters[:, 1], nan_ok=True
    )
    first = halved.diameters[:, 0]
    assert first.min() >= 10 - 1e-9  # measurable, however small the subject's lesions
    assert "half_kill_occupancy" not in drawn.parameters  # one sensitivity per subject


def test_a_lesion_depends_on_seed_subject_and_lesion_alone(
    known: dict[str, Parameter], drawn: Lesions
) -> None:
    own = spread()
    some = draw_lesions(own, known, {}, NUMBERS[10:13], SEED)
    crowded = LesionSpread(
        (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.4),
        own.organs,
        own.widths,
        own.new_rate,
        own.text,
        own.stated,
    )
    more = draw_lesions(crowded, known, {}, NUMBERS[10:13], SEED)
    for name, values in some.parameters.items():
        np.testing.assert_array_equal(values, drawn.parameters[name][10:13])
        np.testing.assert_array_equal(values, more.parameters[name][:, :5])
    other = draw_lesions(own, known, {}, NUMBERS[10:13], SEED + 1)
    assert not np.array_equal(other.diameters, some.diameters, equal_nan=True)


def few(diameters: list[float], organs: list[str]) -> Lesions:
    return Lesions(np.array([organs], dtype=object), {}, np.array([diameters]))


def test_targets_are_the_longest_two_of_an_organ() -> None:
    scans = Scans(42, 84)
    lesions = few([12, 40, 30, 20, 9], ["lung", "liver", "liver", "liver", "lung"])
    chosen = targets_at_start(lesions, scans, SEED, np.array([1]))
    assert chosen.tolist() == [[True, True, True, False, False]]
    one = targets_at_start(lesions, Scans(42, 84, most_lesions=1), SEED, np.array([1]))
    assert one.tolist() == [[False, True, False, False, False]]


def volumes_of(diameters: list[list[float]]) -> np.ndarray:
    """(1, lesion, visit), mm3."""
    return np.pi / 6 * np.array([diameters]) ** 3


def test_a_mixed_response_is_judged_by_the_sum() -> None:
    """One lesion shrinks, one grows: neither lesion alone would be stable."""
    scans = Scans(42, 126)
    lesions = few([40, 20], ["liver", "lung"])
    mixed = volumes_of([[40, 30, 24, 20], [20, 26, 32, 38]])
    assert sphere_diameters(mixed)[0, 1].tolist() == pytest.approx([20, 26, 32, 38])
    one = judge_scans(mixed, scans, SEED, np.array([1]), lesions)[0]
    assert one.sums.tolist() == [60, 56, 56, 58]
    assert one.response.best is Response.STABLE
    assert [lesion.organ for lesion in one.lesions] == ["liver", "lung"]
    assert one.lesions[1].diameters.tolist() == [20, 26, 32, 38]
    alone = few([40, np.nan], ["liver", ""])
    shrunk = judge_scans(mixed[:, :1], scans, SEED, np.array([1]), alone_of(alone))[0]
    assert shrunk.response.best is Response.PARTIAL


def alone_of(lesions: Lesions) -> Lesions:
    """Its first lesion."""
    return Lesions(lesions.organs[:, :1], {}, lesions.diameters[:, :1])


def test_a_new_lesion_is_progression_on_the_next_scan() -> None:
    scans, lesions = Scans(42, 126), few([40], ["liver"])
    steady = volumes_of([[40, 40, 40, 40]])
    new = judge_scans(steady, scans, SEED, np.array([1]), lesions, np.array([50.0]))[0]
    assert (new.response.pfs, new.response.progressed) == (84, True)
    assert new.by_new_lesion
    assert new.new_lesion is not None
    assert new.new_lesion.tolist() == [False, False, True, True]
    grown = volumes_of([[40, 60, 70, 80]])
    late = judge_scans(grown, scans, SEED, np.array([1]), lesions, np.array([50.0]))[0]
    assert (late.response.pfs, late.by_new_lesion) == (42, False)


def test_new_lesions_come_at_the_stated_rate_and_with_size() -> None:
    days = np.arange(0.0, 400.0)
    same = np.ones((NUMBERS.size, days.size))
    steady = new_lesion_days(0.005, days, same, NUMBERS, SEED)
    seen = np.mean(steady <= 100)
    assert seen == pytest.approx(1 - np.exp(-0.5), abs=0.024)  # three standard errors
    shrinking = same * np.exp(-0.05 * days)
    spared = new_lesion_days(0.005, days, shrinking, NUMBERS, SEED)
    assert np.all(spared >= steady)
    assert np.mean(spared <= 399) == pytest.approx(1 - np.exp(-0.1), abs=0.015)
    gone = new_lesion_days(0.005, days, np.zeros_like(same[:3]), NUMBERS[:3], SEED)
    assert np.all(np.isinf(gone))


def short(kind: str, *changes: tuple[str, str]) -> TrialProtocol:
    """A protocol of the library that follows subjects for twelve weeks."""
    text = protocol_text(kind)
    for old, new in (("252 days", "84 days"), ("126 days", "84 days"), *changes):
        text = text.replace(old, new)
    return read_protocol(text, "mine", "mine.yaml")


@pytest.fixture(scope="module")
def followed() -> MechanisticPatients:
    return MechanisticPatients(short("phase2"), SEED)


def test_subjects_have_lesions_that_respond_each_in_its_own_way(
    followed: MechanisticPatients,
) -> None:
    numbers = subject_numbers(np.array([0]), 30)[0]
    scanned = [one.scanned for one in followed.follow(numbers, 0)]
    assert all(one is not None for one in scanned)
    several = [one for one in scanned if one is not None and len(one.lesions) > 1]
    differing = 0
    for one in several:
        total = sum(lesion.diameters for lesion in one.lesions)
        np.testing.assert_array_equal(total, one.sums)
        changes = [lesion.diameters[-1] / lesion.diameters[0] for lesion in one.lesions]
        differing += max(changes) > 1.2 * min(changes) + 0.2
    assert differing >= len(several) / 3
    alone = MechanisticPatients(followed.protocol, SEED)
    some = alone.follow(numbers[3:6], 0)
    for one, other in zip(some, followed.follow(numbers[3:6], 0), strict=True):
        assert one.scanned is not None
        assert other.scanned is not None
        np.testing.assert_array_equal(one.scanned.sums, other.scanned.sums)
        assert one.toxicities == other.toxicities


def test_one_lesion_at_most_leaves_the_toxicity_as_it_is(
    followed: MechanisticPatients,
) -> None:
    numbers = subject_numbers(np.array([0]), 12)[0]
    text = ("{every: 6 weeks,", "{every: 6 weeks, most_lesions: 1,")
    single = MechanisticPatients(short("phase2", text), SEED).follow(numbers, 0)
    for one, all_of_them in zip(single, followed.follow(numbers, 0), strict=True):
        assert one.scanned is not None
        assert len(one.scanned.lesions) == 1
        assert one.toxicities == all_of_them.toxicities


def test_arms_of_a_phase_two_have_subjects_of_their_own(
    followed: MechanisticPatients,
) -> None:
    """And adding an arm changes nobody in another."""
    numbers = subject_numbers(np.array([0]), 6)[0]
    first, second = (followed.follow(numbers, arm) for arm in (0, 1))
    assert [one.toxicities for one in first] != [one.toxicities for one in second]
    extra = ("arms:\n", "arms:\n  breast: {regimen: 176 mg/m2 q3w, tumour: gastric}\n")
    more = MechanisticPatients(short("phase2", extra), SEED).follow(numbers, 1)
    assert [one.toxicities for one in more] == [one.toxicities for one in first]
    for one, other in zip(more, first, strict=True):
        assert one.scanned is not None
        assert other.scanned is not None
        np.testing.assert_array_equal(one.scanned.sums, other.scanned.sums)


def test_the_same_on_one_and_two_threads(followed: MechanisticPatients) -> None:
    numbers = subject_numbers(np.array([0]), 12)[0]
    one, two = (
        MechanisticPatients(followed.protocol, SEED, threads=threads).follow(numbers, 3)
        for threads in (1, 2)
    )
    for left, right in zip(one, two, strict=True):
        assert left.toxicities == right.toxicities
        assert left.scanned is not None
        assert right.scanned is not None
        np.testing.assert_array_equal(left.scanned.sums, right.scanned.sums)


def test_the_population_says_what_is_drawn() -> None:
    product = load_product("cantuzumab-mertansine")
    text = Sampler(product, "canag-solid-tumour", SEED).describe()
    assert "lesions of a subject: 49 % 1, 28 % 2" in text
    assert "krogh_radius of lesions: the subject's times GSD 1.5 (assumed" in text


def test_lesions_that_make_no_sense(tmp_path: Path) -> None:
    text = tmp_path / "mine.yaml"
    text.write_text(
        "summary: mine\n"
        "lesions:\n"
        "  number: {shares: [0.5, 0.4], status: assumed, source: {citation: c}}\n"
        "  organs: {shares: {liver: 1}, status: assumed, source: {citation: c}}\n"
        "  variability:\n"
        "    krogh_radius: {spread: {sd: 1}, status: assumed, source: {citation: c}}\n"
    )
    with pytest.raises(CardError, match="cannot be used") as caught:
        load_population(text)
    found = {
        issue.where.rpartition(":")[2]: issue.what for issue in caught.value.issues
    }
    assert "shares must be above 0 and sum to 1" in found["3"]
    assert "spread of lesions as cv or gsd" in found["6"]
