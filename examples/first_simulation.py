"""What cantuzumab mertansine does in a typical patient, in a few lines."""

from __future__ import annotations

import adckit


def main() -> None:
    result = adckit.simulate("cantuzumab-mertansine", "235 mg/m2 q3w x6")
    conjugate = result.curve("conjugate")[0]
    change = result.curve("tumor")[0]
    print(f"peak of conjugate   {conjugate.max():.0f} {result.unit('conjugate')}")
    print(f"best tumour change  {change.min():.0f} {result.unit('tumor')} in diameter")
    account = result.accounts()[0]
    print(f"status              {account.reason}, {account.steps} steps")
    print(f"drug unaccounted    {account.imbalance:.1e} of the dose")


if __name__ == "__main__":
    main()
