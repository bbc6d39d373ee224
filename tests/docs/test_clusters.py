"""The batch scripts run, and the commands that the pages about clusters show exist."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_demos import parse, shell_commands

from adjointdesign.problems import names

ROOT = Path(__file__).parents[2]
HPC = ROOT / "hpc"
PAGES = [(page, (ROOT / page).read_text()) for page in ("hpc/README.md", "docs/clusters.md")]
SCRIPTS = [HPC / "run.sbatch", HPC / "run.pbs"]
CHAIN = ROOT / "tests" / "study" / "shared_chain.py"
mpiexec = pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")


def commands(text):
    """The words of every command of a page's shell blocks, without what starts it."""
    for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            for i, word in enumerate(words):
                if word.endswith(("/adjointdesign", "run.sbatch")):
                    yield words[i + 1 :]
                elif word.startswith("WORDS="):
                    yield word.removeprefix("WORDS=").split(" ")


@pytest.mark.parametrize(("page", "text"), PAGES)
def test_the_commands_exist(page, text):
    found = list(commands(text))
    assert {"run", "resume", "check"} <= {words[0] for words in found}
    for words in [*found, *(words[1:] for words in shell_commands(text))]:
        assert words[0] != "run" or "--out" in words
        parameters = parse(["adjointdesign", *words])
        assert parameters.get("problem", "metalens-fem") in names()
        assert all(setting == "preset=coarse" for setting in parameters.get("overrides") or ())


@pytest.mark.parametrize(("page", "text"), PAGES)
def test_links_lead_somewhere(page, text):
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert ((ROOT / page).parent / link).exists(), link


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_parse(script):
    assert subprocess.run(["bash", "-n", script], capture_output=True).stderr == b""
    if shutil.which("shellcheck"):
        assert subprocess.run(["shellcheck", script], capture_output=True, text=True).stdout == ""
    # The directives stand before the first command: after it the batch system would not read them.
    lines = script.read_text().splitlines()
    directives = [i for i, line in enumerate(lines) if re.match(r"#(SBATCH|PBS) -", line)]
    assert directives and all(line.startswith("#") for line in lines[: directives[-1]])
    minutes = {"run.sbatch": r"USR1@(\d+)", "run.pbs": r"STOP_AFTER:-(\d+)"}[script.name]
    seconds = int(re.search(minutes, script.read_text())[1])
    assert (seconds if script.suffix == ".sbatch" else 4 * 3600 - seconds) == 600  # both ten minutes before the four hours


@pytest.mark.slow
@pytest.mark.mpi
@mpiexec
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_run(tmp_path, script):
    """With mpiexec in the place of srun: the command's words arrive, and its status comes back."""
    pytest.importorskip("mpi4py")
    (tmp_path / "nodes").write_text("here\nhere\n")
    words = ["run", "shared-chain", "--out", str(tmp_path / "run"), "--set", "optimization.evaluations=2"]
    environment = {
        **os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "ADJOINTDESIGN": f"{sys.executable} {CHAIN}", "PBS_O_WORKDIR": str(tmp_path), "PBS_NODEFILE": str(tmp_path / "nodes"),
        "WORDS": " ".join(words),
    }  # fmt: skip
    if script.suffix == ".sbatch":
        environment["LAUNCH"] = "mpiexec -n 2"
    for status in (0, 2):  # the second time the folder is in use
        ended = subprocess.run(
            ["bash", script, *(words if script.suffix == ".sbatch" else ())], env=environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert ended.returncode == status, ended.stderr
    assert (tmp_path / "run" / "rank0.txt").exists() and '"ranks": 2' in (tmp_path / "run" / "provenance.json").read_text()
