"""Orders and outcomes of mouse tumours, as evidence is compared with them."""

from __future__ import annotations

import numpy as np
import pytest

from adckit.errors import CardError
from adckit.library.evidence import load_evidence
from adckit.studies.evidence_ensemble import Effort
from adckit.studies.evidence_rankings import Known, rank
from adckit.studies.evidence_xenografts import kill_order, regressions

FEW = Effort(draws=3, subjects=2, central=2)


def test_an_order_is_met_as_it_was_published_and_not_backwards() -> None:
    published = ("KPL-4", "N87", "BT474EEI")
    found, met, share = kill_order(published, FEW, {})
    assert [line.rpartition(" ")[0] for line in found] == list(published)
    assert met
    assert 0 <= share <= 1
    assert not kill_order(published[::-1], FEW, {})[1]


def test_outcomes_name_what_became_of_each_tumour() -> None:
    expected = ("COLO 205, 400 mm3: complete regression", "LoVo: growth")
    found, met, _ = regressions(expected, FEW, {"maximum_kill_rate": "0.01 1/day"})
    assert found == ("COLO 205, 400 mm3: growth", "LoVo: growth")
    assert not met
    killed = {"maximum_kill_rate": "3 1/day"}
    found, met, share = regressions(("COLO 205, 65 mm3: cured",), FEW, killed)
    assert found == ("COLO 205, 65 mm3: cured",)
    assert met
    assert 0 < share <= 1


def test_the_library_says_what_is_met_and_what_is_not() -> None:
    rows = {
        one.name: rank(one, Known(FEW, {}, {}, lambda _: None))
        for one in load_evidence("platform").rankings
        if one.method in ("kill-order", "regressions")
    }
    met = {name: (row.role, row.passed) for name, row in rows.items()}
    assert met == {
        "kill-order": ("calibrated", True),
        "large-canag-tumours": ("calibrated", True),
        "small-canag-tumours": ("predicted", False),
        "uneven-canag-tumours": ("predicted", True),
    }
    assert rows["small-canag-tumours"].explanation
    assert np.isfinite([row.agreement for row in rows.values()]).all()


def test_a_tumour_that_is_not_there() -> None:
    with pytest.raises(CardError, match="Unknown tumour 'KPL-9'"):
        kill_order(("KPL-9",), FEW, {})
