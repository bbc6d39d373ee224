"""The how-to for shapes shows the program that runs here, and what it prints; its answer has a closed form."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("firedrake")
ROOT = Path(__file__).parents[2]
SCRIPT, PAGE = ROOT / "docs" / "demos" / "dido.py", ROOT / "docs" / "howto-shapes.md"


def test_the_page_shows_the_script_and_what_it_prints():
    assert f"```python\n{SCRIPT.read_text()}```" in PAGE.read_text()
    run = subprocess.run(
        [sys.executable, str(SCRIPT)], env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found, exact = map(float, re.search(r"^objective (\S+), .* (\S+)$", run.stdout, re.MULTILINE).groups())
    assert exact == 2.9863 and 0 < found - exact < 0.006  # a polygon within an arc of 24 edges: (angle / 24)^2 / 24 of its length

    shown = re.search(r"^objective (\S+),", PAGE.read_text(), re.MULTILINE)[1]
    assert found == pytest.approx(float(shown), abs=1e-3)
