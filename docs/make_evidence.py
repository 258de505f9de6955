"""Write the evidence pages from `evidence.json`.

    adckit evidence --alternatives -o docs/_evidence
    python docs/make_evidence.py docs/_evidence/evidence.json docs/evidence

With `--check` nothing is written, and the exit code is 1 where a page is stale.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adckit.report.evidence_page import (
    band_text,
    lead_text,
    model_text,
    observed_text,
    verdict_text,
)

TITLES = {
    "cantuzumab-mertansine": "Cantuzumab mertansine",
    "lorvotuzumab-mertansine": "huN901-DM1 (lorvotuzumab mertansine)",
    "bivatuzumab-mertansine": "Bivatuzumab mertansine",
    "mln2704": "MLN2704",
    "trastuzumab-emtansine": "Trastuzumab-DM1 (trastuzumab emtansine)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    wanted = parser.parse_args(arguments)
    data = json.loads(wanted.data.read_text(encoding="utf-8"))
    stale = []
    for name, text in pages(data).items():
        path = wanted.folder / name
        if wanted.check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(str(path))
        else:
            wanted.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"Stale: {', '.join(stale)}. Run docs/make_evidence.py.", file=sys.stderr)
    return 1 if stale else 0


def pages(data: Mapping[str, Any]) -> dict[str, str]:
    """File name → text of every page."""
    found = {"index.md": overview(data)}
    for product in data["products"]:
        if product["name"] in TITLES:
            found[f"{product['name']}.md"] = review(product, data)
    return found


def overview(data: Mapping[str, Any]) -> str:
    """All products: the planned predictions, coverage, rankings, contradictions."""
    effort, covered = data["effort"], data["coverage"]
    lines = [
        "# Predicted against published",
        "",
        lead_text(data),
        "",
        "Written by `docs/make_evidence.py` from the output of `adckit evidence`; see "
        "the rules in `adckit.studies.evidence_rows`.",
        "",
        "## Planned predictions",
        "",
        *table(
            ["", "prediction", "observed", "outcome", "why"],
            [
                [
                    one["name"],
                    one["what"],
                    one["observed"],
                    _verdict(one),
                    one["reason"],
                ]
                for one in data["predictions"]
            ],
        ),
        "",
        "*Spent* means that a parameter of the library was fitted to these data, so "
        "that nothing is predicted any more.",
        "",
        "## How honest the intervals are",
        "",
        *table(
            ["rows", "published value inside the model's 90 % interval"],
            [
                [role, f"{one['covered']} of {one['rows']} ({_percent(one['share'])})"]
                for role, one in covered.items()
            ],
        ),
        "",
        f"{effort['central']} subjects with the library's values, and "
        f"{effort['draws']} draws of the parameters with {effort['subjects']} subjects "
        "each.",
        "",
        "## Rankings",
        "",
        *table(
            ["", "statement", "published", "model", "", "draws that agree"],
            [
                [
                    one["prediction"] or "",
                    one["statement"],
                    ", ".join(one["expected"]),
                    ", ".join(one["found"]),
                    verdict_text(one),
                    _percent(one["agreement"]),
                ]
                for one in data["rankings"]
            ],
        ),
        "",
        "## Where sources disagree",
        "",
        "`adckit evidence --set NAME=OPTION` shows how every row moves, and "
        "`adckit evidence --alternatives` goes through them all.",
        "",
        *table(
            ["what", "set and its options, the default first", ""], contradictions(data)
        ),
        "",
        *alternatives(data),
        "## Products",
        "",
        "```{toctree}",
        *(p["name"] for p in data["products"] if p["name"] in TITLES),
        "```",
        "",
    ]
    return "\n".join(lines)


def contradictions(data: Mapping[str, Any]) -> list[list[str]]:
    """What sources disagree on, with the options that the products really have."""
    options: dict[str, dict[str, None]] = {}
    for product in data["products"]:
        for name, known in product["sets"].items():
            options.setdefault(name, {}).update(dict.fromkeys(known))
    rows = []
    for one in data["contradictions"]:
        known = options.get(one["set"] or "", {})
        shown = f"`{one['set']}`: {', '.join(known)}" if known else ""
        rows.append([one["what"], shown, one["why"]])
    return rows


def alternatives(data: Mapping[str, Any]) -> list[str]:
    """How the answer moves between them; nothing where that was not worked out."""
    if not data["alternatives"]:
        return []
    rows = [
        [
            TITLES.get(one["product"], one["product"]),
            f"`{one['set']}={one['option']}`",
            str(len(one["moves"])),
            f"{one['passed'][0]} to {one['passed'][1]} of {one['judged']}",
            _turned(one),
        ]
        for one in data["alternatives"]
    ]
    return [
        "## How the answer moves with the alternatives",
        "",
        "Each option in turn, with the library's values; a row moves when the model's "
        "number changes by more than 2 %. All rows are in `evidence.json`.",
        "",
        *table(["product", "instead of the default", "rows moved", "pass", ""], rows),
        "",
    ]


def review(product: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """One product, as an honest review."""
    rows = product["rows"]
    lines = [
        f"# {TITLES[product['name']]}",
        "",
        "## What is known",
        "",
        product["known"],
        "",
    ]
    counts = product["parameters"]
    if counts:
        total = sum(counts.values())
        parts = ", ".join(f"{count} {status}" for status, count in counts.items())
        lines += [f"Of its {total} parameters: {parts}.", ""]
    if product["missing"]:
        lines += ["Not found in any source:", ""]
        lines += [*(f"- {one}" for one in product["missing"]), ""]
    for role, words in (
        ("calibrated", "What was calibrated"),
        ("predicted", "What was predicted"),
    ):
        mine = [row for row in rows if row["role"] == role]
        lines += [f"## {words}", ""]
        if not mine:
            lines += ["Nothing numeric was published that could be.", ""]
            continue
        passed = sum(row["passed"] is True for row in mine)
        judged = sum(row["passed"] is not None for row in mine)
        lines += [f"{passed} of {judged} rows pass.", "", *numbers(mine), ""]
    lines += failures(product, data)
    if product["not_simulated"]:
        lines += ["## Published, not compared", ""]
        lines += table(
            ["what", "published", "why not"],
            [[o["what"], o["published"], o["why"]] for o in product["not_simulated"]],
        )
        lines.append("")
    return "\n".join(lines)


def numbers(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The table of some rows."""
    heads = [
        "study",
        "measure",
        "observed",
        "n",
        "model",
        "90 %",
        "ratio",
        "",
        "evidence",
    ]
    return table(
        heads,
        [
            [
                row["title"],
                row["label"] + (f" ({row['condition']})" if row["condition"] else ""),
                observed_text(row),
                "" if row["n"] is None else f"{row['n']}{'*' if row['few'] else ''}",
                model_text(row),
                band_text(row),
                "" if row["ratio"] is None else f"{row['ratio']:.2f}",
                verdict_text(row),
                " ".join(t for t in (row["evidence"], row["prediction"]) if t),
            ]
            for row in rows
        ],
    )


def failures(product: Mapping[str, Any], data: Mapping[str, Any]) -> list[str]:
    """Where it fails and why; studies whose design had to be assumed."""
    lines = ["## Where it fails, and why", ""]
    failed = [row for row in product["rows"] if row["passed"] is False]
    for row in failed:
        why = row["explanation"] or "No explanation is known."
        lines.append(f"- **{row['title']}, {row['label']}** ({row['role']}): {why}")
    lines += [
        f"- **{one['statement']}**: {one['explanation']}"
        for one in data["rankings"]
        if one["passed"] is False
        and any(product["name"] in name for name in one["expected"])
    ]
    if len(lines) == 2:
        lines.append("No row fails.")
    assumed = {
        row["title"]: row["assumed"] for row in product["rows"] if row["assumed"]
    }
    if assumed:
        lines += ["", "Assumed in the studies, because no source says it:", ""]
        lines += [f"- {title}: {text}" for title, text in assumed.items()]
    if any(row["few"] for row in product["rows"]):
        lines += ["", "\\* Four subjects or fewer: nearly any model agrees with them."]
    return [*lines, ""]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    found = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    found += [
        f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows
    ]
    return found


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def _turned(one: Mapping[str, Any]) -> str:
    """The rows whose verdict an alternative changes, or why it cannot be had."""
    if one["refused"]:
        return f"Cannot be had: {one['refused']}"
    return "; ".join(
        f"{move['title']}, {move['label']}: {move['verdict']}"
        for move in one["moves"]
        if " to " in move["verdict"]
    )


def _verdict(one: Mapping[str, Any]) -> str:
    count = f" ({one['passed']} of {one['rows']})" if one["rows"] else ""
    return f"{one['verdict']}{count}"


if __name__ == "__main__":
    sys.exit(main())
