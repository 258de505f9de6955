"""Studies in chunks: no number depends on chunks or threads; Ctrl-C loses nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adckit.engines import cpu
from adckit.engines.base import Problem, Solution
from adckit.errors import AdckitError, UnknownNameError
from adckit.library.populations import load_population
from adckit.prepared import Prepared, prepare
from adckit.simulation import simulate
from adckit.status import Status
from adckit.studies.campaign import (
    Campaign,
    Chunk,
    default_outputs,
    make_campaign,
    population_times,
    run_campaign,
)
from adckit.studies.memory_plan import plan
from adckit.studies.population import DrawnSubjects, Sampler, SubjectTable
from adckit.studies.reductions import Threshold
from adckit.studies.single_dose import GivenDose


class Memory:
    """A store that keeps its chunks."""

    def __init__(self) -> None:
        self.chunks: dict[int, Chunk] = {}

    def has(self, number: int) -> bool:
        return number in self.chunks

    def failures(self, number: int) -> int:
        return self.chunks[number].failed

    def put(self, chunk: Chunk) -> None:
        self.chunks[chunk.number] = chunk

    def table(self, name: str) -> dict[str, np.ndarray]:
        """All chunks of a table in one."""
        parts = [getattr(chunk, name) for chunk in self.chunks.values()]
        return {
            column: np.concatenate([part[column] for part in parts])
            for column in parts[0]
        }


@pytest.fixture(scope="module")
def plain() -> Prepared:
    return prepare("two-compartment")


def campaign(
    ready: Prepared, subjects: int = 100, seed: int = 3, **options: object
) -> Campaign:
    population = load_population("adult-solid-tumour")
    source = Sampler(ready.product or ready.network, population, seed)
    settings = {"regimen": "100 mg q1w x2", **options}
    return make_campaign(ready, source, subjects, **settings)


def run(study: Campaign, threads: int | None = None) -> Memory:
    store = Memory()
    run_campaign(study, store, threads=threads)
    return store


def same(one: Memory, other: Memory) -> None:
    for name in ("subjects", "curves"):
        first, second = one.table(name), other.table(name)
        assert first.keys() == second.keys()
        for column in first:
            equal_nan = first[column].dtype.kind == "f"
            assert np.array_equal(first[column], second[column], equal_nan=equal_nan)


@pytest.mark.parametrize("chunk", [1, 13, 64])
def test_chunks_change_no_bit(plain: Prepared, chunk: int) -> None:
    same(run(campaign(plain)), run(campaign(plain, chunk=chunk)))


def test_threads_change_no_bit(plain: Prepared) -> None:
    same(run(campaign(plain), threads=1), run(campaign(plain), threads=2))


def test_a_large_model_is_the_same_in_any_chunks_and_threads() -> None:
    ready = prepare("T-DM1")
    population = load_population("her2-breast")
    source = Sampler(ready.product, population, 3)

    def made(chunk: int) -> Campaign:
        return make_campaign(ready, source, 40, days=21, chunk=chunk)

    same(run(made(40), threads=1), run(made(7), threads=2))


def test_a_study_is_what_simulate_gives(plain: Prepared) -> None:
    study = campaign(plain, 20)
    store = run(study)
    drawn = study.source.take(np.arange(1, 21))
    result = simulate(plain, "100 mg q1w x2", drawn.table(), study.times)
    curves = store.table("curves")
    assert np.array_equal(
        curves["concentration"].reshape(20, -1), result.curve("concentration")
    )
    found = store.table("subjects")
    assert np.array_equal(
        found["concentration_cmax"], result.curve("concentration").max(axis=1)
    )
    assert np.array_equal(found["body_weight"], drawn.parameters["body_weight"])


def test_only_the_outputs_asked_for_are_stored() -> None:
    ready = prepare("T-DM1")
    source = Sampler(ready.product, load_population("her2-breast"), 3)
    study = make_campaign(
        ready,
        source,
        4,
        days=21,
        outputs=["conjugate"],
        thresholds=[Threshold("total_antibody", 50.0)],
    )
    store = run(study)
    assert list(store.table("curves")) == ["subject", "time", "conjugate"]
    assert "total_antibody_days_above_50" in store.table("subjects")
    full = simulate(ready, days=21, times=study.times)
    # Fewer outputs leave the steps as they are.
    typical = study.typical.curve("conjugate")
    assert np.array_equal(typical, full.curve("conjugate"))


def test_default_outputs_are_those_that_the_model_has(plain: Prepared) -> None:
    assert default_outputs(plain) == ("concentration",)
    assert default_outputs(prepare("T-DM1")) == (
        "conjugate",
        "total_antibody",
        "free_payload",
        "mean_dar",
        "tumour_volume",
        "tumor",
    )


def test_what_is_in_the_store_is_not_computed_again(
    plain: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = campaign(plain, chunk=40)
    whole = run(study)
    store = Memory()
    store.put(whole.chunks[1])
    calls: list[int] = []
    solve = cpu.solve

    def counted(problem: Problem, **options: object) -> Solution:
        calls.append(problem.subjects)
        return solve(problem, **options)

    monkeypatch.setattr(cpu, "solve", counted)
    run_campaign(study, store)
    assert calls == [40, 20]
    store.chunks = dict(sorted(store.chunks.items()))
    same(whole, store)


def test_ctrl_c_keeps_whole_chunks_only(
    plain: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = campaign(plain, chunk=40)
    solve = cpu.solve

    def stopped(problem: Problem, **options: object) -> Solution:
        solution = solve(problem, **options)
        if problem.subjects == 20:  # the last chunk
            solution.status[5:] = Status.INTERRUPTED
        return solution

    monkeypatch.setattr(cpu, "solve", stopped)
    store = Memory()
    with pytest.raises(KeyboardInterrupt):
        run_campaign(study, store)
    assert sorted(store.chunks) == [0, 1]
    monkeypatch.undo()
    run_campaign(study, store)
    same(run(campaign(plain)), store)


def test_progress_rises_to_the_number_of_subjects(plain: Prepared) -> None:
    seen: list[tuple[int, int]] = []
    run_campaign(
        campaign(plain, chunk=30), Memory(), report=lambda *told: seen.append(told)
    )
    done = [count for count, _ in seen]
    assert done == sorted(done)
    assert done[-1] == 100
    assert {failed for _, failed in seen} == {0}


def test_a_failed_subject_is_a_row_without_numbers(plain: Prepared) -> None:
    class OneBad(Sampler):
        def take(self, numbers: np.ndarray) -> DrawnSubjects:
            drawn = super().take(numbers)
            drawn.parameters["body_weight"][drawn.names == 7] = np.nan
            return drawn

    source = OneBad(plain.product, load_population("adult-solid-tumour"), 3)
    study = make_campaign(plain, source, 10, regimen="100 mg once", days=3)
    store = run(study)
    found = store.table("subjects")
    assert store.chunks[0].failed == 1
    assert found["status"].tolist() == ["ok"] * 6 + ["invalid_input"] + ["ok"] * 3
    assert "not a finite number" in found["reason"][6]
    assert (
        np.isnan(found["concentration_cmax"]).tolist()
        == [False] * 6 + [True] + [False] * 3
    )


@given(st.integers(1, 30_000), st.integers(1, 5000), st.integers(1, 4096))
def test_the_sample_is_evenly_spread_and_of_the_size_said(
    subjects: int, kept: int, chunk: int
) -> None:
    kept = min(kept, subjects)
    made = plan(
        subjects, 10, 2, computed=2, numbers=10, kept=kept, budget=2_000_000_000
    )
    study = object.__new__(Campaign)
    object.__setattr__(study, "plan", made)
    whole = study.sampled(np.arange(1, subjects + 1))
    assert whole.sum() == kept
    assert np.diff(np.flatnonzero(whole), prepend=-1).max() <= -(-subjects // kept)
    part = np.arange(1, subjects + 1)[:chunk]
    assert np.array_equal(study.sampled(part), whole[:chunk])


def test_with_summaries_only_a_sample_keeps_its_curves(
    plain: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adckit.studies.campaign.SAMPLE", 10)
    study = campaign(plain, keep="summary", chunk=30)
    store = run(study)
    assert "the curves of a sample: 10 subjects" in str(study.plan)
    assert len(store.table("subjects")["subject"]) == 100
    assert np.unique(store.table("curves")["subject"]).size == 10


def test_the_plan_is_in_words() -> None:
    made = plan(
        100_000, 127, 6, computed=7, numbers=400, kept=100_000, budget=600_000_000
    )
    assert str(made).startswith(
        "100,000 subjects x 127 times x 6 outputs = 0.6 GB; streamed in 25 chunks of "
        "4096; about "
    )
    assert made.peak < 600_000_000


def test_a_small_budget_makes_small_chunks_and_a_smaller_one_an_error() -> None:
    def made(budget: int) -> int:
        given = {"computed": 7, "numbers": 400, "kept": 9000}
        return plan(9000, 127, 6, budget=budget, **given).chunk

    assert 64 <= made(300_000_000) < 4096
    assert made(300_000_000) % 64 == 0
    with pytest.raises(AdckitError, match=r"takes at least 27\d MB of memory"):
        made(100_000_000)


def test_times_show_every_dose_and_the_end_of_its_infusion() -> None:
    times = population_times([GivenDose(d, 1.0, 0.0625, "central") for d in (0, 7)], 14)
    assert {0.0, 0.0625, 1.0, 7.0, 7.0625, 14.0} <= set(times.tolist())
    assert times[0] == 0
    assert times[-1] == 14
    assert (np.diff(times) > 0).all()


def test_what_makes_no_sense_is_refused(plain: Prepared) -> None:
    with pytest.raises(AdckitError, match="at least one subject"):
        campaign(plain, 0)
    with pytest.raises(UnknownNameError, match="Did you mean concentration"):
        campaign(plain, outputs=["concentrations"])
    with pytest.raises(UnknownNameError, match="output 'payload'"):
        campaign(plain, thresholds=[Threshold("payload", 1.0)])


def test_a_table_is_a_source_of_subjects(plain: Prepared) -> None:
    table = SubjectTable(
        np.array(["A", "B"]),
        {"clearance": np.array([1.0, 2.0])},
        {"clearance": "L/day"},
        "a test",
    )
    study = make_campaign(plain, table, 2, regimen="100 mg once", days=3)
    found = run(study).table("subjects")
    assert found["subject"].tolist() == ["A", "B"]
    assert found["concentration_auc"][0] > found["concentration_auc"][1]
