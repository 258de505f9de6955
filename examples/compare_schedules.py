"""The same dose intensity in three schedules: exposure and response side by side."""

from __future__ import annotations

import numpy as np

import adckit

SCHEDULES = {
    "every three weeks": "235 mg/m2 q3w x6",
    "every week": "78 mg/m2 qw x18",
    "three times a week": "26 mg/m2 3x/week for 18 weeks",
}


def main() -> None:
    ready = adckit.prepare("cantuzumab-mertansine")  # the equations are written once
    print(f"{'schedule':20}{'Cmax':>8}{'AUC':>9}{'free DM1':>10}{'tumour':>9}")
    print(f"{'':20}{'ug/mL':>8}{'ug d/mL':>9}{'nM':>10}{'%':>9}")
    for name, regimen in SCHEDULES.items():
        result = adckit.simulate(ready, regimen, days=126)
        conjugate = result.curve("conjugate")[0]
        area = np.trapezoid(conjugate, result.times)
        free = result.curve("free_payload")[0].max()
        change = result.curve("tumor")[0].min()
        print(f"{name:20}{conjugate.max():8.0f}{area:9.0f}{free:10.1f}{change:9.0f}")


if __name__ == "__main__":
    main()
