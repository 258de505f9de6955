"""The cache: trusted only where it is whole, never larger than it may be."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adckit import caches
from adckit.caches import cache_folder, cached, clear, keep, kept_files
from adckit.library.reading import Problems, _read, read_card
from adckit.units import parse_unit


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADCKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_kept_is_found() -> None:
    assert cached("a.o") is None
    keep("a.o", b"content")
    assert cached("a.o") == b"content"
    assert clear() == 1
    assert cached("a.o") is None


@pytest.mark.parametrize("damage", [b"", b"x" * 40, None])
def test_a_damaged_file_is_not_there(damage: bytes | None) -> None:
    keep("a.o", b"content")
    path = cache_folder() / "a.o"
    path.write_bytes(path.read_bytes()[:-1] if damage is None else damage)
    assert cached("a.o") is None
    keep("a.o", b"content")
    assert cached("a.o") == b"content"


def test_a_folder_that_cannot_be_written_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ADCKIT_CACHE", str(tmp_path / "file"))
    keep("a.o", b"content")
    assert cached("a.o") is None
    assert kept_files() == []
    assert clear() == 0


def used_at(name: str, when: float) -> None:
    os.utime(cache_folder() / name, (when, when))


def test_the_longest_unused_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 100_000
    monkeypatch.setattr(caches, "LARGEST", 5 * (size + 32))
    for i in range(5):
        keep(f"{i}.o", bytes([i]) * size)
        used_at(f"{i}.o", 1e9 + i)
    assert len(kept_files()) == 5
    assert cached("0.o") is not None  # which makes it the one used last
    keep("new.o", b"n" * size)
    left = {path.name for path, _, _ in kept_files()}
    assert {"0.o", "4.o", "new.o"} <= left
    assert not left & {"1.o", "2.o"}
    assert sum(size for _, size, _ in kept_files()) <= caches.LARGEST


def test_other_files_in_the_folder_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep("a.o", b"content")
    note = cache_folder() / "note.txt"
    note.write_text("mine")
    monkeypatch.setattr(caches, "LARGEST", 1)
    keep("b.o", b"b" * 100_000)
    clear()
    assert note.read_text() == "mine"


def test_abandoned_files_are_removed() -> None:
    keep("a.o", b"content")
    for name, age in (("old.part", 1e9), ("fresh.part", None)):
        (cache_folder() / name).write_bytes(b"half")
        if age is not None:
            used_at(name, age)
    keep("b.o", b"b" * 100_000)
    names = {path.name for path, _, _ in kept_files()}
    assert names == {"a.o", "b.o", "fresh.part"}


def _fill(folder: str, start: int) -> int:
    os.environ["ADCKIT_CACHE"] = folder
    caches.LARGEST = 1_000_000
    wrong = 0
    for i in range(start, start + 60):
        name = f"{i % 40}.o"
        found = cached(name)
        wrong += found is not None and found != bytes([i % 40]) * 100_000
        keep(name, bytes([i % 40]) * 100_000)
    return wrong


def test_two_processes_share_a_folder(empty: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        wrong = pool.starmap(_fill, [(str(empty), 0), (str(empty), 20)])
    assert wrong == [0, 0]
    sizes = [size for path, size, _ in kept_files() if path.suffix == ".o"]
    assert sum(sizes) <= 1_000_000 + 2 * 100_032  # each may add one that none counted
    assert not list(empty.glob("*.part"))


CARD = """name: x
number: 1.5e-3
whole: 12
truth: true
none: null
endless: .inf
list: [1, two, {three: 3.0}]
below:
  text: "12"
"""


def test_a_card_is_the_same_from_the_cache() -> None:
    trees = []
    for label in ("a.yaml", "a.yaml", "b.yaml"):
        _read.cache_clear()
        node = read_card(CARD, label, Problems())
        assert node is not None
        trees.append(node)
    assert trees[0] == trees[1]
    assert trees[0].plain() == trees[2].plain()
    assert trees[2].node("below").node("text").where == "b.yaml:9"
    kinds = [type(n.value) for n in trees[1].entries.values()]
    assert kinds == [str, float, int, bool, type(None), float, tuple, dict]
    assert [path.suffix for path, _, _ in kept_files()] == [".card"]


def test_a_card_with_problems_is_read_anew() -> None:
    for _ in range(2):
        _read.cache_clear()
        problems = Problems()
        read_card("a: 1\na: 2\n", "c.yaml", problems)
        assert [issue.where for issue in problems] == ["c.yaml:2"]
    assert kept_files() == []


def test_units_are_the_same_from_the_cache() -> None:
    texts = ("mL/h/m2", "nmol^0.5/L", "ug d/mL", "%", "receptors/cell", "1/day")
    first = []
    for _ in range(2):
        parse_unit.cache_clear()
        first.append([parse_unit(text) for text in texts])
    assert first[0] == first[1]
    assert [path.suffix for path, _, _ in kept_files()] == [".unit"] * len(texts)


def test_a_second_run_loads_neither_yaml_nor_units() -> None:
    script = (
        "import adckit, sys; adckit.simulate('cantuzumab-mertansine', times=[1]); "
        "print('pint' in sys.modules, 'ruamel.yaml' in sys.modules)"
    )
    seen = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert seen == ["True True", "False False"]
