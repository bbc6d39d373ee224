"""The page on random inputs shows the program that runs here, and what it prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT, PAGE = ROOT / "docs" / "demos" / "random_gradients.py", (ROOT / "docs" / "uncertainty.md").read_text()


def test_the_page_shows_the_script_and_what_it_prints():
    assert f"```python\n{SCRIPT.read_text()}```" in PAGE
    run = subprocess.run(
        [sys.executable, str(SCRIPT)], env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0 and "PathwiseWarning" in run.stderr, run.stderr
    shown = PAGE.split("```text\n")[1].split("```")[0]
    number = r"-?\d+\.\d+"
    assert re.sub(number, "", run.stdout).split() == re.sub(number, "", shown).split()
    found, expected = ([float(n) for n in re.findall(r"-?\d+\.\d{4}", text)] for text in (run.stdout, shown))
    assert found == pytest.approx(expected, abs=2e-4)


def test_its_figures_are_there():
    for figure in re.findall(r"\]\((figures/[^)]+)\)", PAGE):
        assert (ROOT / "docs" / figure).exists()
