"""The page on adjoint consistency shows the program that runs here, and what it prints."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT, PAGE = ROOT / "docs" / "demos" / "two_gradients.py", (ROOT / "docs" / "consistency.md").read_text()


def test_the_page_shows_the_script_and_its_verdicts():
    assert f"```python\n{SCRIPT.read_text()}```" in PAGE
    run = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    shown = PAGE.split("```text\n")[1].split("```")[0].splitlines()
    # Rounding differs from machine to machine: up to the reason's numbers.
    assert [line.split(" (")[0] for line in run.stdout.splitlines()] == [line.split(" (")[0] for line in shown]
