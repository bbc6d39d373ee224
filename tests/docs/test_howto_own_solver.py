"""The how-to for outside solvers shows the program that runs here, and what it prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "demos" / "heat_equation.py"
PAGE = ROOT / "docs" / "howto-own-solver.md"


@pytest.fixture(scope="module")
def printed():
    run = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=120, check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_page_shows_the_script():
    assert f"```python\n{SCRIPT.read_text()}```" in PAGE.read_text()


def test_script_is_under_sixty_lines():
    assert len(SCRIPT.read_text().splitlines()) < 60


def test_solver_is_certified_and_used(printed):
    assert "FAILED" not in printed and printed.count("passed: order") == 3
    assert re.search(r"^passed +True$", printed, re.MULTILINE)
    before, after = map(float, re.search(r"misfit (\S+) -> (\S+)", printed).groups())
    assert after < before / 1000


def test_page_shows_the_lines_that_are_printed(printed):
    """Names and verdicts; digits may differ from machine to machine."""
    shown = PAGE.read_text().split("It prints\n\n```\n")[1].split("```")[0]
    names = [re.split(r"  +| -> ", line)[0].split(" 2.0")[0] for line in shown.splitlines()]
    assert names == [re.split(r"  +| -> ", line)[0].split(" 2.0")[0] for line in printed.splitlines()]
