"""The tables of a trial as rows of text, for the terminal and for the report."""

from __future__ import annotations

from dataclasses import dataclass

from adckit.report.trial_summary import TrialSummary
from adckit.studies.dose_changes import HOLD, REDUCE, STOP
from adckit.studies.protocol import TrialProtocol
from adckit.studies.protocol_first_dose import StartOfTrial, start_of_trial

__all__ = ["Table", "trial_tables"]

_DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Table:
    """A caption, headers, and rows of text; the first column is a name."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    words: tuple[int, ...] = ()
    """Columns that hold words, besides the first; all others hold numbers."""


def trial_tables(protocol: TrialProtocol, found: TrialSummary) -> list[Table]:
    """Every table that the trial has something for."""
    tables = []
    if found.escalation is not None:
        tables.append(_levels(protocol, found))
    start = start_of_trial(protocol)
    if start is not None:
        tables += [_first_dose(start), _first_dose_steps(start)]
    if found.arms:
        tables.append(_arms(found))
    if found.responses:
        tables.append(_responses(found))
    if found.toxicities:
        tables.append(_toxicities(found))
    if found.late:
        tables.append(_late(found))
    if found.changes:
        tables.append(_changes(found))
    return tables


def _levels(protocol: TrialProtocol, found: TrialSummary) -> Table:
    summary, card = found.escalation, protocol.card.published
    assert summary is not None
    published = card.mtd if card is not None else None
    rows = []
    for row in summary.rows(protocol.doses)[:-1]:
        dose = float(row["dose"] or 0)
        rate = row["dlt_rate"]
        rows.append(
            (
                f"{dose:g} {protocol.unit}",
                percent(float(row["selected"] or 0)),
                f"{float(row['treated'] or 0):.2f}",
                f"{float(row['dlts'] or 0):.2f}",
                "" if rate is None else percent(float(rate)),
                "published MTD" if dose == published else "",
            )
        )
    rows.append(("no MTD", percent(summary.none), "", "", "", ""))
    return Table(
        "Dose levels",
        ("dose", "called MTD", "subjects", "with DLT", "DLT rate", ""),
        tuple(rows),
        tuple(_level_notes(protocol, found)),
    )


def _level_notes(protocol: TrialProtocol, found: TrialSummary) -> list[str]:
    summary, card = found.escalation, protocol.card.published
    assert summary is not None
    sizes = list(summary.subjects)
    mean = sum(n * k for n, k in summary.subjects.items()) / summary.replicates
    notes = [
        f"{mean:.1f} subjects per trial ({min(sizes)} to {max(sizes)}), "
        f"{summary.days / _DAYS_PER_MONTH:.1f} months to the decision on average."
    ]
    if found.above_selected is not None:
        share = percent(found.above_selected)
        notes.append(f"{share} of subjects are treated above the MTD of their trial.")
    if card is None:
        return notes
    if card.mtd is not None and card.mtd in protocol.doses:
        level = protocol.doses.index(card.mtd)
        near = summary.selected[max(level - 1, 0) : level + 2].sum()
        notes.append(
            f"Published MTD {card.mtd:g} {protocol.unit}: called so in "
            f"{percent(float(summary.selected[level]))} of trials, within one level in "
            f"{percent(float(near))}; {percent(summary.above(level))} of subjects are "
            "treated above it."
        )
    elif card.mtd is None:
        notes.append("The published trial called no dose the MTD.")
    notes.append(f"Published: {card.findings} ({card.citation}; {card.role})")
    return notes


def _first_dose(start: StartOfTrial) -> Table:
    first = start.first
    shown = (first.tolerated, first.active, first.proposed, start.begins)
    cells = ("" if dose is None else f"{dose:.3g}" for dose in shown)
    headers = ("", "tolerated by animals", "active", "proposed", "the trial begins at")
    times = f"{start.begins / first.proposed:.2g}"
    known = "only one known" if None in shown else "lower of the two"
    notes = [f"Proposed is the {known}; the trial begins at {times} times that dose."]
    if first.tolerated is not None:
        notes.append(f"Dose per body {start.per} is taken as equal in man and animal.")
    if first.active is not None:
        notes.append("An antigen that binds much of a low dose raises the active dose.")
    return Table("First dose in humans", headers, ((first.unit, *cells),), tuple(notes))


def _first_dose_steps(start: StartOfTrial) -> Table:
    rows = tuple(
        (step.what, f"{step.value:.3g} {step.unit}".rstrip(), step.why)
        for step in start.first.steps
    )
    return Table(
        "First dose in humans, step by step", ("step", "value", "why"), rows, words=(2,)
    )


def _arms(found: TrialSummary) -> Table:
    judged = any(arm.success is not None for arm in found.arms)
    answered = any(arm.responses is not None for arm in found.arms)
    headers = ["arm", "subjects", "with DLT", "DLT rate"]
    headers += ["responses"] if answered else []
    headers += ["success"] if judged else []
    rows = []
    for arm in found.arms:
        row = [
            arm.arm,
            f"{arm.treated:.1f}",
            f"{arm.dlts:.2f}",
            percent(arm.dlts / arm.treated),
        ]
        if answered:
            row.append("" if arm.responses is None else f"{arm.responses:.1f}")
        if judged:
            row.append("" if arm.success is None else percent(arm.success))
        rows.append(tuple(row))
    notes = ("Means per trial; success: share of trials whose rule is met.",)
    return Table("Arms", tuple(headers), tuple(rows), notes if judged else ())


def _responses(found: TrialSummary) -> Table:
    kinds = ("CR", "PR", "SD", "PD", "NE")
    rows = tuple(
        (
            one.arm,
            percent(one.rate),
            f"{100 * one.low:.0f} to {100 * one.high:.0f}",
            *(percent(one.shares[kind]) for kind in kinds),
            _months(one.pfs.median),
            percent(one.by_new_lesion),
        )
        for one in found.responses
    )
    last = ("PFS, months", "PD by new lesion")
    headers = ("arm", "responded", "5-95 % of trials", *kinds, *last)
    note = (
        "Response is not calibrated on observed responses: compare arms and doses, do "
        "not read the rates as forecasts."
    )
    more = "PFS: median. PD by new lesion: progressions target lesions did not show."
    return Table("Response (RECIST 1.1)", headers, rows, (more, note))


def _toxicities(found: TrialSummary) -> Table:
    rows = tuple(
        (
            row.arm,
            row.toxicity.replace("_", " "),
            percent(row.any_grade),
            percent(row.severe),
        )
        for row in found.toxicities
    )
    headers = ("arm", "toxicity", "any grade", "grade 3 or worse")
    caption = "Toxicity (CTCAE v5), worst grade of each subject"
    return Table(caption, headers, rows, _whose(found), words=(1,))


def _whose(found: TrialSummary) -> tuple[str, ...]:
    """Which trials a table is about, where that is not all."""
    if found.followed == found.replicates:
        return ()
    return (
        f"Subjects of the first {found.followed} trials, followed to the end; of the "
        "others no more is simulated than the DLT window.",
    )


def _late(found: TrialSummary) -> Table:
    rows = tuple((arm, percent(share)) for arm, share in found.late.items())
    caption = "Toxicity after the DLT window that would have been a DLT in it"
    headers = ("arm", "of subjects without a DLT")
    return Table(caption, headers, rows, _whose(found))


def _changes(found: TrialSummary) -> Table:
    kinds = (HOLD, REDUCE, STOP)
    rows = tuple(
        (arm, *(percent(shares.get(kind, 0.0)) for kind in kinds))
        for arm, shares in found.changes.items()
    )
    caption = "Subjects whose doses were changed"
    return Table(caption, ("arm", *kinds), rows, _whose(found))


def _months(days: float | None) -> str:
    return "not reached" if days is None else f"{days / _DAYS_PER_MONTH:.1f}"


def percent(share: float) -> str:
    """`0.123` as `12 %`; small shares with a decimal."""
    value = 100 * share
    return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"
