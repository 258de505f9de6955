"""A conjugate from a card file, beside the library product it is to be better than."""

from __future__ import annotations

from pathlib import Path

import adckit

CARD = Path(__file__).with_name("my_conjugate.yaml")


def main() -> None:
    mine = adckit.load_product(CARD)
    load = mine.blueprint.load
    assert load is not None
    print(f"{mine.name}: {mine.summary}")
    print(f"mean load {load.mean:.2f}, regimen {mine.regimen}")
    for model in (mine, "cantuzumab-mertansine"):
        result = adckit.simulate(model, "3.6 mg/kg q3w x6")
        name = result.network.name
        change = result.curve("tumor")[0].min()
        payload = result.curve("tumour_payload")[0].max()
        print(f"{name:24} payload in cells {payload:6.0f} nM, tumour {change:4.0f} %")


if __name__ == "__main__":
    main()
