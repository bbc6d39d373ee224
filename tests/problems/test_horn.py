"""The horn: its gradient, what refuses a step, new meshes on the way, a run with its files, a profile from a file."""

import json
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("firedrake")

from adjointdesign import configuration, study  # noqa: E402
from adjointdesign.design.boundary_curve import BoundaryCurve, boundary_curve  # noqa: E402
from adjointdesign.errors import InputError, StepRejected  # noqa: E402
from adjointdesign.optimize.history import History  # noqa: E402
from adjointdesign.problem import value_and_gradient  # noqa: E402
from adjointdesign.problems import find  # noqa: E402
from adjointdesign.problems.antennas import horn_deliver, horn_files, horn_mesh, horn_model  # noqa: E402
from adjointdesign.verification.certificate import certify  # noqa: E402

TINY = ["preset=coarse", "discretization.degree=1", "discretization.angle_step=60"]


def gmsh_works():
    try:
        import gmsh  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


needs_gmsh = pytest.mark.skipif(not gmsh_works(), reason="needs gmsh")


def build(*overrides):
    return configuration.load(find("horn-antenna"), overrides=[*TINY, *overrides]).build()


@pytest.fixture(scope="module")
def problem():
    return build()


@pytest.mark.slow
@pytest.mark.parametrize("control", ["mesh", "spline"])
def test_the_gradient_is_that_of_differences(control):
    problem = build(f"optimization.control={control}")
    rng = np.random.default_rng(0)
    x, way = (0.3 * rng.uniform(-1, 1, problem.design_shape) for _ in range(2))
    values, jacobian, excess, slopes, _ = value_and_gradient(problem, x)
    h = 1e-4
    ahead, behind = (value_and_gradient(problem, x + side * h * way) for side in (1, -1))
    assert (ahead[0] - behind[0])[0] / (2 * h) == pytest.approx(jacobian[0] @ way, rel=1e-6)
    assert (ahead[2] - behind[2])[0] / (2 * h) == pytest.approx(slopes[0] @ way, rel=1e-4)


def test_a_step_moves_nodes_as_far_as_said(problem):
    x = np.zeros(problem.design_shape)
    rows = np.linalg.norm(problem.profile.matrix.reshape(-1, 2, x.size), axis=(1, 2))
    assert rows.max() == pytest.approx(problem.optimization.step) and rows[0] == rows[-1] == 0


def test_steps_to_what_cannot_be_are_refused(problem):
    matrix, corners = problem.profile.matrix, problem.profile.curve.points

    def parameters(displacement):
        return np.linalg.lstsq(matrix, displacement.ravel(), rcond=None)[0]

    bump = np.sin(np.pi * problem.profile.curve.places)[:, None] * [1.0, 0.0]
    with pytest.raises(StepRejected, match=r"the shape crosses itself at \(0.0.* m, as \(r, z\)"):
        problem.evaluate(parameters(0.012 * bump))
    with pytest.raises(StepRejected, match="a cell of quality"):
        problem.evaluate(parameters(-0.9 * corners[len(corners) // 2, 0] * bump))


@needs_gmsh
@pytest.mark.slow
def test_a_new_mesh_has_the_same_physics(problem):
    """The same parameters in the deformed mesh and in a new one; both differ from the truth by what the mesh leaves."""
    fine = [build("discretization.degree=3", f"discretization.remesh_below={limit}") for limit in (0.25, 1.0)]
    x = 0.4 * np.sin(np.arange(fine[0].design_shape[0]))
    found = []
    for p in fine:
        p.begin({}, x)
        found.append(p.evaluate(x).readings)
    assert fine[0].model.tagged.mesh.num_cells() != fine[1].model.tagged.mesh.num_cells()
    assert np.all(fine[1].model.displacement == np.asarray(fine[1].density(x, {})))
    for name in ("S11", "gain"):
        np.testing.assert_allclose(found[0][name], found[1][name], atol=0.05)


@needs_gmsh
@pytest.mark.slow
def test_a_run_with_new_meshes(tmp_path, monkeypatch):
    """Each stage begins where the last one ended, in a mesh of its own; stopped and resumed it goes the same way."""
    monkeypatch.setattr(horn_deliver, "POINTS", 2)
    monkeypatch.setattr(horn_deliver, "STEP", 20.0)
    words = [*TINY, "discretization.remesh_below=1", "optimization.stages=[{evaluations=3}, {evaluations=6}]"]
    outcome = study.run(find("horn-antenna"), tmp_path / "whole", overrides=words)
    assert outcome.passed
    with History.open(tmp_path / "whole" / "history.h5") as history:
        objective, stage = history.values("objective"), history.values("stage")
    first, second = (objective[stage == s] for s in (0, 1))
    # The mesh alone changes the value a little; the design goes on from where it was.
    assert abs(second[0] - first.min()) < 0.3 and second.min() < second[0] < objective[0] - 0.5
    names = {p.name for p in (tmp_path / "whole").iterdir()}
    assert {"design.h5", "horn.msh", "profile.csv", "pattern.csv", "horn.s1p", "field.vtu", "report.html", "certificate.json"} <= names
    page = (tmp_path / "whole" / "report.html").read_text()
    assert all(heading in page for heading in ("The horn", "Return loss", "Radiation"))
    # From its files: parameters and polygon are the same horn.
    problem = configuration.load(find("horn-antenna"), overrides=words).build()
    by_parameters = problem.evaluate_file(tmp_path / "whole" / "design.h5")
    by_profile = problem.evaluate_file(tmp_path / "whole" / "profile.csv")
    assert problem._model is None
    assert by_profile["objective"] == pytest.approx(by_parameters["objective"], abs=1e-6)
    assert json.loads(json.dumps(by_profile))["margins_db"].keys() == {str(t) for t in problem.targets()}
    # As if it had been stopped before the end: what is there is replayed, the second mesh made again.
    import shutil

    shutil.copytree(tmp_path / "whole", tmp_path / "again")
    for name in ("report.html", "certificate.json"):
        (tmp_path / "again" / name).unlink()
    study.resume(tmp_path / "again", find)
    with History.open(tmp_path / "again" / "history.h5") as history:
        np.testing.assert_array_equal(history.values("objective"), objective)


@needs_gmsh
def test_new_meshes_that_are_no_good_are_rejected_but_judged():
    """A stage cannot begin in one; a shape that is only to be evaluated can be in one."""
    strict = build("discretization.least_quality=0.75", "discretization.remesh_below=1")
    places = strict.profile.curve.places
    wave = np.sin(3 * places * np.pi)[:, None] * [1.0, 0.0]
    with pytest.raises(StepRejected, match="a new mesh of the shape has a cell of quality 0.6.*, less than 0.75"):
        horn_model.Model.around(strict, 2e-3 * wave)
    model = horn_model.Model.undeformed(strict, 2e-3 * wave)
    np.testing.assert_array_equal(np.asarray(model.coordinates(2e-3 * wave)), model.shape.undeformed)
    with pytest.raises(StepRejected, match="the shape crosses itself"):  # two corners lie on two of the casing's
        horn_model.Model.around(strict, 6e-3 * wave)


def test_nothing_moves_where_the_far_field_is_read(problem):
    """The probes are made once: their rows are zero at every node that can move, as they are not at others."""
    model = problem.model
    rng = np.random.default_rng(0)
    moves = np.abs(model.shape.deform(1e-3 * rng.normal(size=model.shape.points.shape))).max(axis=1) > 0
    (system,) = model.solver.systems
    rows = system._probes["far"]
    read = np.abs(rows.reshape(len(rows), -1, 2)).max(axis=(0, 2)) > 0
    assert problem.discretization.degree == 1 and len(read) == len(moves)
    assert read.any() and moves.any() and not np.any(read & moves)


@needs_gmsh
def test_profiles_from_files(problem, tmp_path):
    """Of any spacing; with more detail than the corners of the mesh can follow they get a mesh of their own."""
    corners, file = problem.profile.curve.points, tmp_path / "profile.csv"

    def read(points):
        np.savetxt(file, np.asarray(points)[:, ::-1], delimiter=",")
        return horn_files.from_profile(problem, file)

    def cone(parts):
        return corners[0] + np.asarray(parts)[:, None] * (corners[-1] - corners[0])

    # Straight, with corners anywhere: those of the mesh stay evenly spaced.
    for parts in (np.linspace(0, 1, len(corners)) ** 2, [1.0, 0.0], np.linspace(0, 1, 50)):
        np.testing.assert_allclose(read(cone(parts))[0], cone(problem.profile.curve.places) - corners, atol=1e-9)
    # As many corners as in the mesh: each is kept, wherever it is.
    bent = corners + 2e-3 * np.sin(9 * problem.profile.curve.places * np.pi)[:, None] * [1.0, 0.0]
    np.testing.assert_allclose(read(bent)[0], bent - corners, atol=1e-15)
    teeth = cone(np.linspace(0, 1, 61))
    teeth[1:-1:2, 0] += 4e-3
    # What is straight gets edges like the mesh's, and what is finer than a thousandth of them is left out.
    fine = np.stack([np.interp(np.linspace(0, 60, 601), np.arange(61), teeth[:, i]) for i in range(2)], axis=1)
    for points in (teeth, teeth[::-1], fine):
        displacement, made = read(points)
        found = boundary_curve(*(lambda tagged: (tagged.mesh, [tagged.facets["profile"]]))(horn_mesh.read(problem, made.path)))
        assert displacement is None and len(found.points) >= 61
        assert found.distance(teeth) < 1e-9 and BoundaryCurve(teeth).distance(found.points) < 1e-9
    noise = cone(np.linspace(0, 1, 3001))
    noise[1:-1, 0] += 1e-3 * np.random.default_rng(0).uniform(-1, 1, 2999)
    with pytest.raises(InputError, match=r"expected a profile that 1000 corners can follow to 7.0.e-06 m, got one that needs 2"):
        read(noise)
    with pytest.raises(InputError, match="expected a profile of finite length"):
        read([corners[0], [1e200, 0.03], corners[-1]])
    folded = bent.copy()
    folded[5, 0] = -1e-3
    np.savetxt(file, folded[:, ::-1], delimiter=",")
    with pytest.raises(InputError, match=r"profile.csv: expected a shape that can be simulated, got the shape crosses itself"):
        problem.evaluate_file(file)


def test_bad_input(problem, tmp_path):
    with pytest.raises(InputError, match=r"discretization.remesh_below: expected least_quality, 0.25, or more, got 0.2"):
        build("discretization.remesh_below=0.2")
    with pytest.raises(InputError, match=r"specification.mask: expected more than the beam's 18 degrees"):
        build("specification.mask=10")
    file = tmp_path / "other.csv"
    file.write_text("z,r\n0,0.015\n0.06,0.03\n")
    with pytest.raises(InputError, match=r"other.csv: expected a profile from \(z, r\) = \(0, 0.015\) and .* got other ends"):
        problem.evaluate_file(file)
    file.write_text("z,r\n0,high\n")
    with pytest.raises(InputError, match="expected lines of z and r in m"):
        problem.evaluate_file(file)
    with pytest.raises(InputError, match="expected an existing file"):
        problem.evaluate_file(tmp_path / "none.csv")
    with pytest.raises(InputError, match="regions named .*port"):
        build("discretization.mesh=cylinder").prepare()


def test_a_frequency_below_cutoff_is_refused_before_anything_is_measured():
    said = []
    with pytest.raises(InputError, match=r"frequency: expected above the cutoff of TM01, 7.6495e\+09 Hz, got 5e\+09 Hz"):
        certify(build("specification.frequencies=[5e9, 10e9]"), np.random.default_rng(0), progress=lambda *words: said.append(words))
    assert not said


def test_listed_without_firedrake():
    code = "import sys; sys.modules['firedrake'] = None; from adjointdesign.problems import find; find('horn-antenna'); print('found')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "found", done.stderr
