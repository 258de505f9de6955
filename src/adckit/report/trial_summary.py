"""What a trial that was run many times comes to, read from its folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from adckit.io.trial_runs import TrialStore
from adckit.studies.dose_changes import HOLD, REDUCE, STOP
from adckit.studies.mechanistic_patients import FOLLOWED_REPLICATES
from adckit.studies.protocol_first_dose import start_of_trial
from adckit.studies.response import Response
from adckit.studies.survival import SurvivalCurve, survival_curve
from adckit.studies.trial import EscalationRun
from adckit.studies.trial_log import LATE
from adckit.studies.trial_summary import (
    ArmSummary,
    EscalationSummary,
    summarise_arms,
    summarise_escalations,
)

__all__ = ["ArmResponses", "ToxicityRow", "TrialSummary", "summarise_trial"]

_SEVERE = 3
_RESPONDED = (Response.COMPLETE.value, Response.PARTIAL.value)
_CHANGES = (HOLD, REDUCE, STOP)


@dataclass(frozen=True)
class ToxicityRow:
    """How often subjects of an arm or dose level had a toxicity."""

    arm: str
    toxicity: str
    any_grade: float
    severe: float
    """Shares of subjects, of any grade and of grade 3 or worse."""


@dataclass(frozen=True)
class ArmResponses:
    """Responses of an arm, over the subjects of all replicates."""

    arm: str
    subjects: int
    shares: dict[str, float]
    """Best response → share of subjects."""
    low: float
    high: float
    """5th and 95th percentile over trials of the share that responded."""
    pfs: SurvivalCurve
    by_new_lesion: float
    """Share of the progressions that target lesions alone did not show."""

    @property
    def rate(self) -> float:
        """Share with a complete or partial response."""
        return self.shares.get("CR", 0.0) + self.shares.get("PR", 0.0)

    def to_json(self) -> dict[str, Any]:
        low, high = self.pfs.median_limits
        return {
            "arm": self.arm,
            "subjects": self.subjects,
            "rate": self.rate,
            "rate_p5": self.low,
            "rate_p95": self.high,
            "best": self.shares,
            "progressed_by_new_lesion": self.by_new_lesion,
            "pfs_median": self.pfs.median,
            "pfs_median_lower": low,
            "pfs_median_upper": high,
        }


@dataclass(frozen=True)
class TrialSummary:
    """Averages over replicates, of an escalation or of arms."""

    replicates: int
    failed: int
    """Subjects that could not be simulated and were replaced."""
    reasons: tuple[str, ...]
    """The first of their reasons."""
    escalation: EscalationSummary | None
    above_selected: float | None
    """Share of subjects treated above their trial's MTD, where it has one."""
    arms: tuple[ArmSummary, ...]
    responses: tuple[ArmResponses, ...]
    toxicities: tuple[ToxicityRow, ...]
    changes: dict[str, dict[str, float]]
    """Arm → kind of dose change → share of subjects."""
    followed: int
    """Replicates whose subjects were followed to the end: of these are toxicities,
    dose changes and responses."""
    late: dict[str, float]
    """Arm → share of subjects without a DLT that have a toxicity of the same kind after
    the window; empty where nobody has."""

    def to_json(self, store: TrialStore) -> dict[str, Any]:
        """The content of `summary.json`."""
        protocol, found = store.protocol, self.escalation
        published, start = protocol.card.published, start_of_trial(protocol)
        return {
            "trial": protocol.name,
            "replicates": self.replicates,
            "failed": self.failed,
            "levels": found.rows(protocol.doses) if found else [],
            "mean_days": found.days if found else None,
            "subjects": found.subjects if found else {},
            "above_selected": self.above_selected,
            "arms": [asdict(arm) for arm in self.arms],
            "responses": [one.to_json() for one in self.responses],
            "toxicities": [asdict(row) for row in self.toxicities],
            "dose_changes": self.changes,
            "followed_replicates": self.followed,
            "late_toxicity": self.late,
            "published": published.model_dump() if published else None,
            "first_in_human": start.to_json() if start else None,
        }


def summarise_trial(store: TrialStore) -> TrialSummary:
    """Read a folder.  Raises AdckitError when it holds no replicate yet."""
    above = _Above()
    escalation: EscalationSummary | None = None
    arms: tuple[ArmSummary, ...] = ()
    if store.protocol.design is not None:
        escalation = summarise_escalations(above.watched(store.escalations()))
        count = escalation.replicates
    else:
        arms = tuple(summarise_arms(store.arms()))
        count = arms[0].replicates
    tail = "WHERE event = 'failed' ORDER BY replicate, subject LIMIT 5"
    failures = [
        f"trial {row['replicate'] + 1}, subject {row['subject']}: {row['name']}"
        for row in store.rows("events", tail)
    ]
    followed = followed_replicates(store)
    entered = _entered(store, followed)
    return TrialSummary(
        count,
        _count(store, "event = 'failed'"),
        tuple(failures),
        escalation,
        above.share,
        arms,
        tuple(_responses(store)),
        tuple(_toxicities(store, entered, followed)),
        _changes(store, entered, followed),
        followed,
        _late(store, followed),
    )


def followed_replicates(store: TrialStore) -> int:
    """The first replicates, whose subjects were followed to the end."""
    protocol = store.protocol
    if protocol.design is None or protocol.follow_up <= protocol.window:
        return store.replicates
    return min(FOLLOWED_REPLICATES, store.replicates)


def _late(store: TrialStore, followed: int) -> dict[str, float]:
    """Arm → share of subjects without a DLT in the window who have a late toxicity."""
    tail = f"WHERE replicate < {followed} GROUP BY arm"
    select = f"arm, count_if(event = '{LATE}') AS late, "
    select += "count_if(event = 'window completed') AS whole"
    rows = list(store.rows("events", tail, select))
    if not any(row["late"] for row in rows):
        return {}
    shares = {r["arm"]: r["late"] / r["whole"] for r in rows if r["whole"]}
    return {arm.name: shares.get(arm.name, 0.0) for arm in store.protocol.arms}


class _Above:
    """Counts subjects above the MTD of their own trial, run by run."""

    def __init__(self) -> None:
        self.above = self.all = 0

    def watched(self, runs: Iterable[EscalationRun]) -> Iterator[EscalationRun]:
        for run in runs:
            treated, _ = run.counts()
            if run.mtd is not None:
                self.above += int(treated[run.mtd + 1 :].sum())
                self.all += int(treated.sum())
            yield run

    @property
    def share(self) -> float | None:
        return self.above / self.all if self.all else None


def _count(store: TrialStore, condition: str) -> int:
    rows = store.rows("events", f"WHERE {condition}", "count(*) AS n")
    return sum(int(row["n"]) for row in rows)


def _entered(store: TrialStore, followed: int) -> dict[str, int]:
    """Arm → subjects of the first replicates that were simulated."""
    tail = f"WHERE event = 'first dose' AND replicate < {followed} GROUP BY arm"
    rows = store.rows("events", tail, "arm, count(*) AS n")
    return {row["arm"]: int(row["n"]) for row in rows}


def _toxicities(
    store: TrialStore, entered: dict[str, int], followed: int
) -> Iterator[ToxicityRow]:
    """Rows in the order of arms, then of names."""
    tail = f"WHERE event = 'toxicity' AND replicate < {followed} "
    tail += "GROUP BY arm, name ORDER BY name"
    select = f"arm, name, count(*) AS n, count_if(grade >= {_SEVERE}) AS severe"
    rows = list(store.rows("events", tail, select))
    for arm in store.protocol.arms:
        for row in (r for r in rows if r["arm"] == arm.name):
            n = entered[arm.name]
            yield ToxicityRow(arm.name, row["name"], row["n"] / n, row["severe"] / n)


def _changes(
    store: TrialStore, entered: dict[str, int], followed: int
) -> dict[str, dict[str, float]]:
    kinds = ", ".join(f"'{kind}'" for kind in _CHANGES)
    tail = f"WHERE event IN ({kinds}) AND replicate < {followed} GROUP BY arm, event"
    select = "arm, event, count(DISTINCT (replicate, subject)) AS n"
    found: dict[str, dict[str, float]] = {}
    for row in store.rows("events", tail, select):
        found.setdefault(row["arm"], {})[row["event"]] = row["n"] / entered[row["arm"]]
    return {
        arm.name: found[arm.name] for arm in store.protocol.arms if arm.name in found
    }


def _responses(store: TrialStore) -> Iterator[ArmResponses]:
    for arm in store.protocol.arms:
        name = arm.name.replace("'", "''")
        select = "replicate, best, pfs, progressed, by_new_lesion"
        rows = list(store.rows("responses", f"WHERE arm = '{name}'", select))
        if not rows:
            continue
        best = [row["best"] for row in rows]
        progressed = [row["progressed"] for row in rows]
        low, high = np.percentile(_rates(rows), [5, 95])
        yield ArmResponses(
            arm.name,
            len(rows),
            {r.value: best.count(r.value) / len(best) for r in Response},
            float(low),
            float(high),
            survival_curve([row["pfs"] for row in rows], progressed),
            sum(row["by_new_lesion"] for row in rows) / max(sum(progressed), 1),
        )


def _rates(rows: list[dict[str, Any]]) -> list[float]:
    """Share of the subjects of each trial that responded."""
    counts: dict[int, tuple[int, int]] = {}
    for row in rows:
        seen, responded = counts.get(row["replicate"], (0, 0))
        counts[row["replicate"]] = seen + 1, responded + (row["best"] in _RESPONDED)
    return [responded / seen for seen, responded in counts.values()]
