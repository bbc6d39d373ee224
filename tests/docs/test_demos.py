"""Every demo runs; the README shows the program that runs, and commands that exist."""

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from adjointdesign.cli import app
from adjointdesign.problems import names

ROOT = Path(__file__).parents[2]
DEMOS = ROOT / "docs" / "demos"
README = (ROOT / "README.md").read_text()
PAGE = (ROOT / "docs" / "command-line.md").read_text()
ELSEWHERE = {"heat_equation.py": "test_howto_own_solver.py", "dido.py": "test_howto_shapes.py", "two_gradients.py": "test_consistency_page.py",
             "random_gradients.py": "test_uncertainty_page.py"}  # fmt: skip
"""Demos that another file of this folder runs."""
COARSE = {
    "crossing.py": (
        "specification.design_size=[0.8e-6, 0.8e-6]", "specification.pixel=20e-9", "specification.stub_length=400e-9",
        "specification.mode_margin=280e-9", "specification.wavelengths=[1280e-9]", "discretization.spacing=40e-9",
        "discretization.run_time=40e-15", "optimization.stages=[{steepness=8, evaluations=2}]",
    ),
}  # fmt: skip
"""What makes a demo take seconds."""


def test_every_demo_is_run():
    assert {path.name for path in DEMOS.iterdir() if path.suffix == ".py"} == {*ELSEWHERE, *COARSE}
    for demo, test in ELSEWHERE.items():
        assert demo in (Path(__file__).parent / test).read_text()


@pytest.mark.slow
@pytest.mark.parametrize("demo", COARSE)
def test_demo(tmp_path, demo):
    run = subprocess.run(
        [sys.executable, DEMOS / demo, tmp_path / "run", *COARSE[demo]], cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "run" / "report.html").exists() and (tmp_path / "run" / "s_parameters.s4p").exists()
    assert "S31" in run.stderr and "FAILED" not in run.stderr


def class_code(source: str) -> list[str]:
    """The classes of a program, and where what it imports comes from, independent of layout."""
    wanted = (ast.ClassDef, ast.ImportFrom)
    return [ast.dump(node) for node in ast.parse(source).body if isinstance(node, wanted)]


def test_readme_shows_the_crossing():
    (shown,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert class_code(shown) == class_code((DEMOS / "crossing.py").read_text())
    # Its last line is the demo's default run.
    call = ast.parse(shown).body[-1].value
    assert ast.unparse(call) == "run(Crossing, 'runs/crossing', overrides=['specification.design_size=[2e-6, 2e-6]'])"
    demo = (DEMOS / "crossing.py").read_text()
    assert '"specification.design_size=[2e-6, 2e-6]"' in demo and '["runs/crossing"]' in demo


def shell_commands(text: str) -> list[list[str]]:
    """The words of every `adjointdesign` command in the shell blocks of a page and between backticks."""
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL) for line in block.splitlines()]
    lines += re.findall(r"`(adjointdesign [^`]+)`", text)
    words = [shlex.split(line, comments=True) for line in lines]
    return [w for w in words if w and w[0] == "adjointdesign"]


def parse(words: list[str]):
    """Parse a command's words as the command itself does, and run nothing; the parsed parameters."""
    import typer

    group = typer.main.get_command(app)
    with group.make_context("adjointdesign", list(words[1:])) as context:
        rest = [*context._protected_args, *context.args]
        while rest:
            _, command, rest = group.resolve_command(context, rest)
            context = command.make_context(command.name, rest, parent=context)
            if not hasattr(command, "resolve_command"):
                return context.params
            group, rest = command, [*context._protected_args, *context.args]


@pytest.mark.parametrize("words", shell_commands(README), ids=" ".join)
def test_readme_commands_exist(words):
    parameters = parse(words) or {}
    assert parameters.get("problem", names()[0]) in names()
    for setting in parameters.get("overrides") or ():
        assert setting == "preset=coarse" or setting.split("=")[0].count(".") == 1


def test_a_command_that_does_not_exist_is_noticed():
    for words in ("adjointdesign optimise x", "adjointdesign run x --outt y", "adjointdesign evaluate x"):
        with pytest.raises(Exception) as caught:  # noqa: B017 (typer's own click, whose place depends on its version)
            parse(words.split())
        assert any(c.__name__ == "UsageError" for c in type(caught.value).__mro__)


def test_readme_names_the_commands_and_the_make_targets():
    assert {words[1] for words in shell_commands(README)} >= {"list", "run", "resume", "evaluate", "check", "bench", "report"}
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"\bmake (demo|test)\b", README):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("page", ["README.md", "docs/command-line.md", "docs/consistency.md"])
def test_links_lead_somewhere(page):
    path = ROOT / page
    for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if not link.startswith("http"):
            assert (path.parent / link).exists(), link
