"""`python -m adckit` is the command `adckit`."""

import sys

from adckit.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
