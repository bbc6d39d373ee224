"""Lets these tests use the stand-in medium and the plain Yee scheme of the sources' tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "sources"))
