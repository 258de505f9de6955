"""The benchmark: `python -m benchmarks` from the root of the repository.

Prints a table and writes plots and `results.json`.  `--quick` takes a minute or so and
says whether everything works; its numbers are not to be quoted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.cases import CASES
from benchmarks.child import first_results, peak_memory
from benchmarks.machine import describe_machine
from benchmarks.options import FULL, LARGE_MEMORY, LARGE_SIZES, QUICK, Options
from benchmarks.peers import chosen_tools, every_tool
from benchmarks.plots import draw
from benchmarks.precision import compare
from benchmarks.reference import reference_of
from benchmarks.report import (
    CaseResult,
    as_data,
    case_text,
    head_text,
    paste,
    question_text,
)
from benchmarks.scaling import one_core, rtol_for, scale
from benchmarks.stored import stored

_FOLDER = Path(__file__).resolve().parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    asked = _parser().parse_args(arguments)
    if asked.stored:
        machine, command, results = stored(asked.stored)
        _publish(head_text(machine, command), results, asked.out, asked.docs)
        return
    options = QUICK if asked.quick else FULL
    if asked.budget:
        options = replace(options, budget=asked.budget)
    if asked.large:
        sizes, memory = options.sizes + LARGE_SIZES, options.memory + LARGE_MEMORY
        options = replace(options, sizes=sizes, memory=memory)
    peers = [name.lower() for name in asked.peer]
    tools = chosen_tools(peers)
    installed = [tool for tool in tools if not tool.skipped(CASES["adc12"]())]
    machine = describe_machine(installed)
    command = " ".join(["python -m benchmarks", *(arguments or sys.argv[1:])])
    head = head_text(machine, command)
    sys.stdout.write(f"{head}\n")
    results = []
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.case or CASES:
        results.append(_measured(name, peers, options, asked.no_alone))
        sys.stdout.write(f"{case_text(results[-1])}\n")
        sys.stdout.flush()
        data = json.dumps(as_data(machine, command, results), indent=1)
        (asked.out / "results.json").write_text(data)  # what is done is kept
    sys.stdout.write(f"{question_text(results)}\n")
    _publish(head, results, asked.out, asked.docs)


def _publish(
    head: str, results: Sequence[CaseResult], folder: Path, page: Path | None
) -> None:
    """Draw the plots and, if there is a page, paste the tables into it."""
    for path in draw(results, folder):
        sys.stdout.write(f"wrote {path}\n")
    if page:
        texts = [head, *map(case_text, results), question_text(results)]
        paste("\n".join(texts), page)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, fast peers")
    parser.add_argument(
        "--case", action="append", choices=CASES, help="may be repeated"
    )
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        type=str.lower,
        choices=["none", *(t.name.lower() for t in every_tool()[1:])],
        help="repeatable; all by default",
    )
    parser.add_argument(
        "--out", type=Path, default=_FOLDER, help="folder for results.json and plots"
    )
    parser.add_argument("--docs", type=Path, help="a page to paste the tables into")
    parser.add_argument(
        "--stored",
        type=Path,
        action="append",
        help="results.json of an earlier run; several are put together",
    )
    parser.add_argument("--large", action="store_true", help="10^5 and 10^6 subjects")
    parser.add_argument(
        "--budget", type=float, help="seconds that one tool may take, twice, per case"
    )
    parser.add_argument(
        "--no-alone", action="store_true", help="leave out adckit's scaling and memory"
    )
    return parser


def _measured(
    name: str, peers: Sequence[str], options: Options, only_compare: bool
) -> CaseResult:
    """Everything about one case."""
    case = CASES[name]()
    true = reference_of(case, options.reference_subjects, check=not options.quick)
    tools = chosen_tools(peers)
    hurried = options.quick and not peers
    with one_core(), np.errstate(all="ignore"):
        slow = [tool for tool in tools if hurried and tool.slow]
        trials = compare(case, tools, true, options, slow)
    result = CaseResult(case, true.agreement, trials)
    if not only_compare:
        result.scaling = scale(case, rtol_for(trials[0]), options)
        result.first = first_results(name)
        result.memory = {n: peak_memory(name, n) for n in options.memory}
    return result


if __name__ == "__main__":
    main()
