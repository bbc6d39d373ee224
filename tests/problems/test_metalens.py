"""The metalens by finite elements: its gradient, its command under MPI, what it refuses."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("firedrake")

from adjointdesign import configuration, study  # noqa: E402
from adjointdesign.errors import InputError  # noqa: E402
from adjointdesign.optimize.history import History  # noqa: E402
from adjointdesign.problems import find  # noqa: E402
from adjointdesign.problems.photonics.metalens_fdtd import gain  # noqa: E402

ALLOW = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMP_NUM_THREADS": "1",
}


TINY = (
    "specification.aperture=0.8e-6", "specification.pixel=100e-9", "specification.thickness=200e-9",
    "specification.focal_length=400e-9", "discretization.padding=100e-9", "discretization.layer=200e-9",
    "optimization.stages=[{steepness=8, evaluations=5}]",
)  # fmt: skip
"""A lens of 16 pixels, a tenth of a second an evaluation."""


WORDS = [part for setting in ("preset=coarse", *TINY) for part in ("--set", setting)]


def build(*overrides):
    return configuration.load(find("metalens-fem"), overrides=["preset=coarse", *overrides]).build()


def command(*arguments, ranks=None):
    launch = ["mpiexec", "-n", str(ranks)] if ranks else []
    return subprocess.run(
        [*launch, sys.executable, "-c", "from adjointdesign.cli import main; main()", *arguments],
        env={**os.environ, **ALLOW}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def test_an_empty_plane_has_the_intensity_of_the_wave():
    problem = build()
    assert problem.respond(np.zeros(problem.design_shape))["gain"] == pytest.approx(0.0, abs=2e-3)


def test_the_design_is_symmetric_and_uniform_stays_uniform():
    problem = build()
    density = problem.density(np.random.default_rng(1).uniform(size=problem.design_shape), {"steepness": 8.0}).data
    np.testing.assert_allclose(density, density[::-1], atol=1e-12)
    np.testing.assert_allclose(problem.filtered(np.full(problem.design_shape, 0.3)).data, 0.3, atol=1e-12)


@pytest.mark.slow
def test_the_time_domain_converges_to_the_same_focus():
    """FDTD with half and quarter cells against the elements: its difference falls as the square of its cells."""
    problem = build()
    density = (np.random.default_rng(2).uniform(size=(20, 5)) > 0.5).astype(float)
    density = np.concatenate([density, density[::-1]])
    expected = float(build("discretization.degree=4").respond(density)["gain"].data[0])
    coarse, fine = (gain(problem, density, spacing) - expected for spacing in (12.5e-9, 6.25e-9))
    assert abs(fine) < 0.1 and coarse / fine == pytest.approx(4, rel=0.35)


@pytest.mark.slow
def test_a_run_improves_and_is_complete(tmp_path):
    outcome = study.run(find("metalens-fem"), tmp_path / "run", overrides=["preset=coarse"])
    assert outcome.passed
    assert {"config.toml", "design.h5", "history.h5", "certificate.json", "report.html"} <= {p.name for p in (tmp_path / "run").iterdir()}
    found = build().evaluate_file(tmp_path / "run" / "design.h5")
    assert found["targets_met"] and found["readings"]["gain"][0] > 4.0


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")
def test_the_check_says_the_same_on_two_ranks():
    found = []
    for ranks in (None, 2):
        ended = command("check", "metalens-fem", *WORDS, "--json", ranks=ranks)
        assert ended.returncode == 0, ended.stderr[-2000:]
        found.append(json.loads(ended.stdout))
    one, two = found
    assert one["passed"] and two["passed"] and (one["ranks"], two["ranks"]) == (1, 2)
    for stage, measured in one["details"]["stages"].items():
        expected = measured["taylor"]["remainders"][:3]
        assert two["details"]["stages"][stage]["taylor"]["remainders"][:3] == pytest.approx(expected, rel=1e-4)


def test_a_lens_that_is_not_symmetric_is_refused(tmp_path):
    problem = build()
    density = np.zeros(problem.design_shape)
    density[:10] = 1.0
    np.save(tmp_path / "half.npy", density)
    with pytest.raises(InputError, match="its own mirror image"):
        problem.evaluate_file(tmp_path / "half.npy")


@pytest.mark.mpi
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")
def test_what_one_rank_only_meets_ends_all(tmp_path):
    np.save(tmp_path / "d0.npy", np.zeros(build().design_shape))
    ended = subprocess.run(
        ["mpiexec", "-n", "2", "sh", "-c", f"""exec {sys.executable} -c 'from adjointdesign.cli import main; main()' \
         evaluate metalens-fem --set preset=coarse --design {tmp_path}/d$OMPI_COMM_WORLD_RANK.npy"""],
        env={**os.environ, **ALLOW}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 2 and "error: " in ended.stderr and "d1.npy" in ended.stderr


def evaluated(folder):
    with History.open(folder / "history.h5") as history:
        return [history.values(name) for name in ("x", "objective", "jacobian", "gain")]


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")
def test_a_run_on_two_ranks_goes_where_one_goes(tmp_path):
    """From the first evaluation to the report; what is printed and written once is what one rank prints and writes."""
    settings = configuration.load(find("metalens-fem"), overrides=["preset=coarse", *TINY])
    study.optimize(settings, study.create(settings, tmp_path / "one"))
    ended = command("run", "metalens-fem", *WORDS, "--out", str(tmp_path / "two"), ranks=2)
    assert ended.returncode == 0 and ended.stdout == "", ended.stderr[-3000:]
    assert ended.stderr.count("evaluation 5 ") == 1 and ended.stderr.count("report: ") == 1
    for found, expected in zip(evaluated(tmp_path / "two"), evaluated(tmp_path / "one")):
        assert len(found) == 5
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 * np.abs(expected).max())
    files = {"config.toml", "design.gds", "design.h5", "history.h5", "certificate.json", "figures", "log.txt", "provenance.json", "report.html"}
    assert {p.name for p in (tmp_path / "two").iterdir()} == files
    assert json.loads((tmp_path / "two" / "provenance.json").read_text())["ranks"] == 2
    assert json.loads((tmp_path / "two" / "certificate.json").read_text())["ranks"] == 2


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("specification.aperture=2.01e-6", "specification.aperture: expected two or more whole pixels"),
        ("discretization.cell=30e-9", "discretization.cell: expected a whole part of a pixel"),
        ("specification.wavelength=-1.0", "wavelength"),
        ("specification.wavelength=100e-9", "cells per wavelength"),
        ("specification.permittivity=40.0", "cells per wavelength"),
        ("discretization.solver={pc_typ='lu'}", "pc_typ"),
        ("optimization.filter_radius=0.0", "filter_radius"),
    ],
)
def test_refusals(setting, message):
    with pytest.raises(InputError, match=message):
        problem = build(setting)
        problem.prepare()
        problem.evaluate(problem.initial_design(np.random.default_rng(0)))
