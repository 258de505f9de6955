"""How potent a conjugate is on cells, by how long they are left with it."""

from __future__ import annotations

from adckit.studies.assay import Protocol, run_assay

PULSES = (1, 4, 24, None)


def main() -> None:
    print(f"{'drug for':>10}{'IC50':>9}{'plateau':>9}{'GRmax':>8}")
    print(f"{'h':>10}{'nM':>9}{'%':>9}")
    for washout in PULSES:
        plan = Protocol(hours=72, washout=washout, doses="0.001..100 nM")
        found = run_assay("T-DM1", "SK-BR-3", plan).lines[0].response
        shown = "all 72" if washout is None else f"{washout}"
        ic50 = "none" if found.ic50 is None else f"{found.ic50:.3f}"
        print(f"{shown:>10}{ic50:>9}{100 * found.plateau:9.0f}{found.gr_max:8.2f}")


if __name__ == "__main__":
    main()
