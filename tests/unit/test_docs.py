"""The documentation is complete, and what it tells users to type works."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from adckit.cli.main import app, main
from adckit.library import list_products, load_product
from adckit.library.populations import list_populations
from adckit.mechanisms.blueprint import VARIANTS
from adckit.mechanisms.organ_parameters import ORGAN_PARAMETERS
from adckit.mechanisms.vocabulary import PARAMETERS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
MECHANISMS = ROOT / "src" / "adckit" / "mechanisms"

SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py"))
LINES = {"my_line.yaml"}
"""Cards of cells, which are no products."""
CARDS = sorted({path.name for path in EXAMPLES.glob("*.yaml")} - LINES)
SUPPORTING = {
    "blueprint",
    "reading",
    "specification",
    "vocabulary",
    "organ_parameters",
    "antigen_parameters",
}
"""Modules of `mechanisms` that hold no equations."""


def pages() -> Iterator[Path]:
    yield ROOT / "README.md"
    for path in sorted(DOCS.rglob("*.md")):
        if "_build" not in path.parts:
            yield path


def text_of(*folders: str) -> str:
    """All pages of some folders of the documentation."""
    found = (
        path for folder in folders for path in sorted((DOCS / folder).glob("*.md"))
    )
    return "\n".join(path.read_text(encoding="utf-8") for path in found)


def mechanism_modules() -> list[str]:
    paths = [*MECHANISMS.glob("*.py"), *MECHANISMS.glob("toxicity/*.py")]
    names = (path.stem for path in paths if path.stem != "__init__")
    return sorted(name for name in names if name not in SUPPORTING)


def commands() -> list[str]:
    """Every `$ adckit ...` line of the documentation, once."""
    lines = (
        line.strip().removeprefix("$ ")
        for page in pages()
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith("$ adckit")
    )
    return list(dict.fromkeys(lines))


# completeness


@pytest.mark.parametrize("module", mechanism_modules())
def test_every_mechanism_has_its_place_in_the_documentation(module: str) -> None:
    assert re.search(
        rf"`(adckit\.mechanisms\.)?([\w.]+\.)?{module}`", text_of("mechanisms")
    )


def test_every_product_has_a_page_that_is_listed() -> None:
    index = (DOCS / "products" / "index.md").read_text(encoding="utf-8")
    for product in list_products():
        page = (DOCS / "products" / f"{product}.md").read_text(encoding="utf-8")
        assert f":::{{product}} {product}\n" in page
        assert f"\n{product}\n" in index


def test_every_parameter_is_on_the_page_of_a_mechanism() -> None:
    words = set(re.findall(r"\w+", text_of("mechanisms")))
    organs = {spec.name for spec in ORGAN_PARAMETERS}  # by the directive of that name
    assert "{organ-parameters}" in text_of("mechanisms")
    assert sorted(set(PARAMETERS) - organs - words) == []


def test_every_choice_is_on_a_page() -> None:
    directives = re.findall(r":::\{choices\}([\w ]*)", text_of("mechanisms"))
    named = {name for names in directives for name in names.split()}
    assert set(VARIANTS) - named - {"amount"} == set()


def test_every_command_is_somewhere_in_the_documentation() -> None:
    everything = "\n".join(path.read_text(encoding="utf-8") for path in pages())
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    assert [n for n in group.commands if f"adckit {n}" not in everything] == []


def test_the_readme_has_the_two_commands_that_set_everything_up() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert "pip install . && adckit simulate cantuzumab-mertansine" in lines
    assert "pip install '.[test]' && pytest" in lines


def test_the_readme_states_measured_times() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    timing = readme.partition("<!-- timing -->")[2].partition("<!-- /timing -->")[0]
    numbers = re.findall(r"takes\s+(?:about\s+)?([\d.]+)\s+s", timing)
    assert len(numbers) >= 2
    assert "TBD" not in readme


def test_links_between_pages_lead_somewhere() -> None:
    for page in pages():
        text = re.sub(
            r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in target:
                base = DOCS if target.startswith("/") else page.parent
                assert (base / target.lstrip("/")).exists(), f"{page.name}: {target}"


def test_no_page_speaks_of_populations_that_do_not_exist() -> None:
    named = re.findall(r"--population ([\w-]+)", "\n".join(commands()))
    assert set(named) <= set(list_populations())


# what users are told to type


@pytest.fixture
def with_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def quickly(words: list[str]) -> list[str]:
    """A command as it is typed, without pictures and with few replicates of a trial."""
    reporting = words[0] in ("simulate", "assay", "study", "trial", "resume")
    if words[0] == "trial" and "--replicates" in words:
        words[words.index("--replicates") + 1] = "2"
    elif words[0] == "trial":
        words += ["--replicates", "2"]
    return [*words, "--no-report"] if reporting else words


def test_commands_of_the_documentation_run(
    with_examples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the pages, in one folder: what a reader would do."""
    for command in commands():
        words = shlex.split(command, comments=True)[1:]
        target = words[-1] if ">" in words else ""
        if target:
            words = words[:-2]
        code, shown = main(quickly(words)), capsys.readouterr()
        assert code == 0, f"{command}\n{shown.err}"
        if target:
            (with_examples / target).write_text(shown.out, encoding="utf-8")


@pytest.mark.parametrize("script", SCRIPTS)
def test_examples_run(script: str, with_examples: Path) -> None:
    command = [sys.executable, "-W", "error", script]
    shown = subprocess.run(
        command, capture_output=True, text=True, cwd=with_examples, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert "nan" not in shown.stdout
    assert len(shown.stdout.splitlines()) >= 2


@pytest.mark.parametrize("card", CARDS)
def test_example_cards_are_sound(card: str) -> None:
    product = load_product(EXAMPLES / card)
    assert product.name == card.removesuffix(".yaml")
    assert product.regimen is not None


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going"),
        *("-d", str(tmp_path / "doctrees"), str(DOCS), str(tmp_path / "html")),
    ]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    page = tmp_path / "html" / "products" / "cantuzumab-mertansine.html"
    content = page.read_text(encoding="utf-8")
    assert "39.5 ± 13.1" in content
    assert "10.1200/JCO.2003.05.137" in content
    for path in (tmp_path / "html").rglob("*.html"):
        asked = re.findall(
            r'<(?:script|link|img)\b[^>]*(?:src|href)="(https?:[^"]*)"',
            path.read_text(encoding="utf-8"),
        )
        assert asked == [], f"{path.name} loads {asked[0]}"  # it must open offline
