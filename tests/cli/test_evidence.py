"""`adckit evidence`: what is printed, and the page."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

QUICK = ["--draws", "2", "--subjects", "2", "--central", "20"]


def test_alternatives_are_printed_and_kept(adckit: Command, tmp_path: Path) -> None:
    outcome = adckit("evidence", "mln2704", "--alternatives", *QUICK)
    assert outcome.code == 0
    assert "How the answer moves with the alternatives" in outcome.output
    assert "liver_calibration" in outcome.output
    data = json.loads((tmp_path / "evidence" / "evidence.json").read_text())
    sets = {one["set"] for one in data["alternatives"]}
    assert {"tubulin", "transport", "payload_pk", "liver_calibration"} <= sets
    page = (tmp_path / "evidence" / "evidence.html").read_text(encoding="utf-8")
    assert "How the answer moves with the alternatives" in page


def test_one_setting_shows_what_it_moves(adckit: Command) -> None:
    outcome = adckit(
        "evidence", "mln2704", "--set", "liver_calibration=reported", *QUICK
    )
    assert outcome.code == 0
    assert "What the settings move" in outcome.output
    assert "dose-limiting toxicity" in outcome.output


def test_all_and_one_do_not_go_together(adckit: Command) -> None:
    outcome = adckit("evidence", "--alternatives", "--set", "tubulin=legacy")
    assert outcome.code == 2
    assert "--alternatives goes through every set by itself" in outcome.errors
