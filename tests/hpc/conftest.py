"""The installer lies in hpc/, which is no part of the installed package: it is put where tests find it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "hpc"))
