"""Make the picture of the README and the start page: `python docs/make_picture.py`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from adckit.cli.main import main as adckit

PICTURE = Path(__file__).parent / "_static" / "overview.png"
COMMAND = ("simulate", "trastuzumab-emtansine", "--compare", "cantuzumab-mertansine")


def make_picture() -> int:
    """Run the command that the caption names, and keep its picture."""
    with tempfile.TemporaryDirectory() as folder:
        code = adckit([*COMMAND, "-o", folder])
        if code == 0:
            shutil.copyfile(Path(folder) / "overview.png", PICTURE)
            print(f"Written to {PICTURE}")
    return code


if __name__ == "__main__":
    sys.exit(make_picture())
