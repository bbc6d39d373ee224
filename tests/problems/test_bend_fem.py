"""The bend by finite elements: guides, reciprocity, FDTD, files, its command under MPI, what it refuses."""

import json
import shutil

import bend_gradients
import h5py
import numpy as np
import pytest

pytest.importorskip("firedrake")

from device_cases import blobs, guide  # noqa: E402
from test_metalens import command  # noqa: E402

from adjointdesign import configuration  # noqa: E402
from adjointdesign.errors import InputError  # noqa: E402
from adjointdesign.media.rasterize import overlap_matrix  # noqa: E402
from adjointdesign.problems import find  # noqa: E402
from adjointdesign.problems.photonics import Port, deliver  # noqa: E402
from adjointdesign.problems.photonics.bend_fem import BendFem  # noqa: E402
from adjointdesign.problems.photonics.bend_fem_model import projection  # noqa: E402
from adjointdesign.problems.photonics.deliver import decibels, s_matrix  # noqa: E402


class Straight(BendFem):
    """The same elements with a guide that goes straight on."""

    def ports(self):
        return Port("west"), Port("east")


def build(*overrides, problem=BendFem):
    return configuration.load(problem, overrides=["preset=coarse", *overrides]).build()


def test_pixels_are_projected():
    """Means for one point a cell; for more, polynomials come out as they are and moments stay, on edges that do not meet."""
    pixels, cells = np.linspace(0, 1, 31), np.linspace(-0.1, 1.1, 8)
    np.testing.assert_allclose(projection(pixels, cells, 1).toarray(), overlap_matrix(pixels, cells).toarray(), atol=1e-14)
    values = np.random.default_rng(0).uniform(size=30)
    nodes, weights = np.polynomial.legendre.leggauss(3)
    x = (0.5 * (cells[1:] + cells[:-1]) + 0.5 * np.diff(cells) * nodes[:, None]).T
    projected = (projection(pixels, cells, 3) @ values).reshape(7, 3)
    for power in range(3):
        moment = np.sum(projected * x**power * weights * 0.5 * np.diff(cells)[:, None])
        assert moment == pytest.approx(np.sum(values * np.diff(pixels ** (power + 1))) / (power + 1), rel=1e-12)


def test_a_straight_guide_passes_everything():
    problem = build("specification.wavelengths=[1280e-9]", problem=Straight)
    db = decibels(s_matrix(problem, guide(problem)))
    assert abs(db["S21"][0]) < 1e-5 and abs(db["S12"][0]) < 1e-5 and db["S11"][0] < -70


def test_reciprocity_and_power():
    problem = build("specification.wavelengths=[1280e-9]")
    s = s_matrix(problem, blobs(problem.design_shape))[0]
    assert abs(s[0, 1]) > 0.05 and s[0, 1] == pytest.approx(s[1, 0], abs=5e-3)
    assert np.all(np.sum(np.abs(s) ** 2, axis=0) < 1)


@pytest.mark.slow
def test_the_gradient_of_the_time_domain_converges_to_that_of_the_elements():
    """``|S21|^2``, its derivatives along three directions with order 2, its gradient in L2 with more than 1: see the page."""
    coarse, fine = (bend_gradients.distances(cell) for cell in (40e-9, 20e-9))
    assert np.all(np.log2(coarse / fine)[:4] > 1.7) and np.log2(coarse / fine)[4] > 1.0
    assert np.all(fine[:4] < 0.015) and fine[4] < 0.08


@pytest.mark.slow
def test_files_are_complete_and_fdtd_agrees(tmp_path, monkeypatch):
    monkeypatch.setattr(deliver, "SPECTRUM_POINTS", 3)
    problem = build("specification.wavelengths=[1280e-9]")
    problem.deliver(tmp_path, bend_gradients.density()[::2, ::2], "made by hand")
    written = {"design.h5", "design.npy", "design.gds", "s_parameters.s2p", "field.vtu"}
    assert written == {path.name for path in tmp_path.iterdir()}
    found = [problem.evaluate_file(tmp_path / f"design.{ending}")["s_parameters_db"] for ending in ("npy", "h5")]
    assert found[0] == found[1] and "by FDTD at 20 nm" in "\n".join(problem.summarize(tmp_path))
    with h5py.File(tmp_path / "design.h5") as file:
        own, gds, other = (np.abs(file[name]["s_parameters"][()]) for name in ("results", "results_gds", "results_fdtd"))
        assert file["spectrum"]["s_parameters"].shape == (3, 2) and file["fields"]["ez"].shape[0] == 1
    assert np.abs(own - other).max() < 0.05 and np.abs(gds - other).max() < 0.05


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")
def test_two_ranks_find_the_same(tmp_path):
    """Through `evaluate`, of a design that is not symmetric."""
    np.save(tmp_path / "design.npy", blobs((160, 160)))
    arguments = ["evaluate", "bend-fem", "--design", str(tmp_path / "design.npy"), "--json"]
    arguments += [part for setting in ("preset=coarse", "specification.wavelengths=[1280e-9]") for part in ("--set", setting)]
    one, two = (command(*arguments, ranks=ranks) for ranks in (None, 2))
    assert one.returncode == two.returncode == 0, one.stderr[-1000:] + two.stderr[-1000:]
    assert json.loads(two.stdout)["objective"] == pytest.approx(json.loads(one.stdout)["objective"], rel=1e-9)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("discretization.degree=0", "degree"),
        ("discretization.spacing=60e-9", "discretization.spacing: expected at most"),
        ("discretization.solver={pc_typ='lu'}", "pc_typ"),
        ("discretization.run_time=1e-15", "run_time"),
    ],
)
def test_refusals(setting, message):
    with pytest.raises(InputError, match=message):
        problem = configuration.load(find("bend-fem"), overrides=["preset=coarse", setting]).build()
        problem.prepare()
        problem.respond(np.zeros(problem.design_shape))
