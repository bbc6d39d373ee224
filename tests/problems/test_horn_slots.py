"""Horns with slots: where they are cut, what is refused, their physics against impedances and the smooth horn, their files."""

import csv

import numpy as np
import pytest

pytest.importorskip("firedrake")
try:
    import gmsh  # noqa: F401
except (ImportError, OSError):
    pytest.skip("needs gmsh", allow_module_level=True)

from scipy.special import j0, j1, y0, y1  # noqa: E402

from adjointdesign import configuration  # noqa: E402
from adjointdesign.constants import C0  # noqa: E402
from adjointdesign.design.remesh import redraw  # noqa: E402
from adjointdesign.errors import InputError, StepRejected  # noqa: E402
from adjointdesign.grid.mesh import mesh_from_file  # noqa: E402
from adjointdesign.grid.mesh_shipped import shipped_mesh  # noqa: E402
from adjointdesign.problem import value_and_gradient  # noqa: E402
from adjointdesign.problems import find  # noqa: E402
from adjointdesign.problems.antennas import horn_deliver, horn_model  # noqa: E402
from adjointdesign.problems.antennas.horn_slots import corrugated  # noqa: E402

COARSE = ["preset=corrugated", "specification.frequencies=[10e9]", "discretization.angle_step=20"]
SMOOTH = [*COARSE, "specification.slots=0"]
TINY = [*COARSE, "discretization.degree=1", "specification.slots=4", "specification.slot_width=5e-3"]


def build(*overrides):
    return configuration.load(find("horn-antenna"), overrides=overrides).build()


def fields(problem):
    """Reflection and far field, complex, at the initial design."""
    problem.begin({}, np.zeros(problem.design_shape))
    found = problem.solve(problem.medium(np.zeros_like(problem.profile.curve.points)))
    return np.asarray(found["s11"])[0, 0], np.asarray(found["far"])[0, 0]


@pytest.fixture(scope="module")
def problem():
    return build(*TINY)


def cone(slots=3, width=0.4, depths=(0.5, 1.0), top=3.0):
    """Slots in a cone that opens from 1 to 2 over a length of 3, the casing's radius more by ``top``."""
    z = np.linspace(0, 3, 7)
    smooth = np.stack([1 + z / 3, z], axis=1)
    outside = smooth + [top, 0.0]
    return corrugated(smooth, np.stack([outside[:-1], outside[1:]], axis=1), slots, width, depths)


def test_where_slots_are_cut():
    """In the middle of thirds of the length, along r, deeper by even steps; lips and floors keep the cone's slope."""
    found = cone()
    np.testing.assert_allclose(found.edges, [[0.3, 0.7], [1.3, 1.7], [2.3, 2.7]])
    np.testing.assert_allclose(found.depths, [0.5, 0.75, 1.0])
    above = found.points[:, 0] - (1 + found.points[:, 1] / 3)
    np.testing.assert_allclose(above, found.parts @ found.depths, atol=1e-14)
    assert set(found.points[((found.parts > 0) & (found.parts < 1)).any(axis=1), 1]) <= set(found.edges.ravel())
    r, z = found.points.T
    area = np.sum((r[1:] + r[:-1]) * np.diff(z)) / 2  # under the corrugated wall, and under the smooth one
    assert area - 4.5 == pytest.approx(0.4 * found.depths.sum())


@pytest.mark.parametrize(
    "given, line",
    [
        ({"slots": 8}, r"slots: expected at most 6 of 0.4 m, with teeth of 0.0659 m, in a flare 3 m long, got 8"),
        ({"width": 0.05}, r"slot_width: expected 0.0659 m or more, an eighth of the mesh's edges on the profile, got 0.05 m"),
        ({"depths": (0.0, 1.0)}, r"slot_depths: expected 0.0659 m or more, .*got 0 m; deepen the slots; slots=0 is the smooth horn"),
        ({"top": 0.9}, r"slot_depths: expected at most 0.834 m in slot 3, which leaves 0.0659 m of the conductor, got 1 m"),
    ],
)
def test_slots_that_cannot_be(given, line):
    with pytest.raises(InputError, match=line):
        cone(**given)


def test_settings_that_cannot_be():
    with pytest.raises(InputError, match="optimization.control: expected spline or depths where there are slots, got mesh"):
        build("specification.slots=4")
    with pytest.raises(InputError, match="optimization.control: expected mesh or spline where there are no slots, got depths"):
        build("optimization.control=depths")
    with pytest.raises(InputError, match="slot_depths: expected at most 0.0055. m in slot 1, .*such as horn-thick"):
        build("preset=corrugated", "discretization.mesh=horn").prepare()


def test_steps_that_cannot_be(problem):
    """Through the conductor; to slots of no depth; and of all others, floors alone move along r by what is said."""
    slots, unit = problem.source.corrugation, problem.optimization.step

    def parameters(depths):
        x = np.zeros(problem.design_shape)
        x[:4] = (depths - slots.depths) / problem.profile._unit
        return x

    moved = np.asarray(problem.density(parameters(slots.depths + [0, 1e-3, 0, 0]), {}))
    np.testing.assert_allclose(problem.profile.table(moved)[:, 4], slots.depths + [0, 1e-3, 0, 0], rtol=1e-12)
    assert moved.max() == pytest.approx(1e-3) and moved.min() == 0 and not moved[:, 1].any() and problem.profile._unit <= unit
    with pytest.raises(StepRejected, match="slot 3 leaves less than 0.00044.* m of the conductor"):
        problem.evaluate(parameters(np.where(np.arange(4) == 2, slots.room + 1e-5, slots.depths)))
    with pytest.raises(StepRejected):
        problem.evaluate(parameters(0.02 * slots.depths))


@pytest.mark.slow
def test_the_gradient_is_that_of_differences(problem):
    rng = np.random.default_rng(0)
    x, way = (0.2 * rng.uniform(-1, 1, problem.design_shape) for _ in range(2))
    values, jacobian, excess, slopes, _ = value_and_gradient(problem, x)
    h = 1e-4
    ahead, behind = (value_and_gradient(problem, x + side * h * way) for side in (1, -1))
    assert (ahead[0] - behind[0])[0] / (2 * h) == pytest.approx(jacobian[0] @ way, rel=1e-6)
    assert (ahead[2] - behind[2])[0] / (2 * h) == pytest.approx(slopes[0] @ way, rel=1e-4)
    assert np.all(jacobian[0][:4] != 0) and not slopes[0][:4].any()


@pytest.mark.slow
def test_shallow_slots_are_no_slots():
    """Reflection and far field go to the smooth horn's, linearly in the depth."""
    smooth = fields(build(*SMOOTH, "discretization.degree=2"))
    depths = np.array([9e-4, 4.5e-4])
    one, half = (fields(build(*COARSE, "discretization.degree=2", f"specification.slot_depths=[{d}, {d}]")) for d in depths)
    for none, by_one, by_half in zip(smooth, one, half):
        change = np.linalg.norm(by_one - none)
        assert np.linalg.norm(2 * by_half - by_one - none) < 0.3 * change
        assert change > 0.02 * np.linalg.norm(none)


@pytest.mark.slow
def test_many_slots_are_an_impedance(monkeypatch):
    """Of a shorted radial line at their mean radius, over the part of the wall that they take, -i tan(k d) at large radii."""
    slots, width, depth, frequency = 24, 1.5e-3, 9e-3, 10e9
    common = [*SMOOTH, "discretization.degree=2"]
    smooth = fields(build(*common))
    cut = ["specification.slots=24", f"specification.slot_width={width}", f"specification.slot_depths=[{depth}, {depth}]"]
    found = fields(build(*common, *cut))
    k, mouth = 2 * np.pi * frequency / C0, 0.5 * (0.5 + 1.2) * 0.03
    a, b = k * mouth, k * (mouth + depth)
    line = (j0(a) * y0(b) - y0(a) * j0(b)) / (j1(a) * y0(b) - y1(a) * j0(b))
    part = slots * width / 0.06 * np.cos(np.arctan(0.7 / 2))

    def with_impedance(mesh, *rest, conductors, impedances, make=horn_model.FemHelmholtz, **others):
        return make(mesh, *rest, conductors=(), impedances={**impedances, 2: -1j * part * line}, **others)

    monkeypatch.setattr(horn_model, "FemHelmholtz", with_impedance)
    expected = fields(build(*common))
    # Fields beside the teeth, and radii that differ from the mean one, leave some percent; the smooth horn is far away.
    assert abs(found[0] - expected[0]) < 0.04 and abs(found[0] - smooth[0]) > 0.15
    away, change = (np.linalg.norm(found[1] - other[1]) / np.linalg.norm(found[1]) for other in (expected, smooth))
    assert away < 0.06 < 0.4 < change


@pytest.mark.slow
def test_a_new_mesh_one_degree_higher_has_the_same_physics():
    x = 0.3 * np.sin(np.arange(4 + 8))
    found = []
    for degree, limit in ((3, 0.25), (4, 1.0)):
        p = build(*TINY, f"discretization.degree={degree}", f"discretization.remesh_below={limit}")
        p.begin({}, x)
        found.append(p.evaluate(x).readings)
    np.testing.assert_allclose(found[0]["S11"], found[1]["S11"], atol=0.2)
    np.testing.assert_allclose(found[0]["gain"], found[1]["gain"], atol=0.03)


@pytest.mark.slow
def test_files(tmp_path, monkeypatch):
    """The profile is read back as the same horn, by the problem with these slots and by that with none, in another mesh."""
    monkeypatch.setattr(horn_deliver, "POINTS", 2)
    monkeypatch.setattr(horn_deliver, "STEP", 20.0)
    words = [*TINY, "discretization.remesh_below=1"]
    problem = build(*words)
    x = 0.3 * np.sin(np.arange(problem.design_shape[0]))
    problem.begin({}, x)
    problem.deliver(tmp_path, x, "for this test")
    profile = tmp_path / "profile.csv"
    checked = problem.evaluate_file(profile)
    assert checked["objective"] == pytest.approx(problem.evaluate_file(tmp_path / "design.h5")["objective"], abs=1e-6)
    fine = ["discretization.degree=2"]
    own = build(*words, *fine).evaluate_file(profile)["readings"]
    drawn = build(*SMOOTH, *fine).evaluate_file(profile)["readings"]
    np.testing.assert_allclose(drawn["S11"], own["S11"], atol=0.3)
    np.testing.assert_allclose(drawn["gain"], own["gain"], atol=0.05)
    with open(tmp_path / "slots.csv", newline="") as file:
        _, *rows = csv.reader(file)
    low, high, _, _, depths = np.array(rows, dtype=float).T
    np.testing.assert_allclose(high - low, 5e-3)
    corners = np.loadtxt(profile, delimiter=",", skiprows=1)
    for z, depth in zip(low, depths, strict=True):
        assert np.ptp(corners[np.abs(corners[:, 0] - z) < 1e-9, 1]) == pytest.approx(depth)
    np.testing.assert_allclose(depths - problem.source.corrugation.depths, problem.profile._unit * x[:4], atol=1e-12)
    assert all(picture.content[1:4] == b"PNG" for picture in problem.pictures(tmp_path))


def test_curves_that_cannot_be_drawn_anew(tmp_path):
    horn, target = shipped_mesh("horn"), tmp_path / "new.msh"
    line = np.array([[0.5, 0.0], [1.2, 2.0]])
    for name in ("axis", "brim"):
        with pytest.raises(InputError, match=f"name: expected that of curves that follow each other between two ends, got {name}"):
            redraw(horn, target, name, line)
    with pytest.raises(InputError, match=r"polygon: expected the ends of 'profile', .* got one 0.1 from there"):
        redraw(horn, target, "profile", line + [0.1, 0.0])
    with pytest.raises(StepRejected, match="the shape crosses itself"):
        redraw(horn, target, "profile", np.insert(line, 1, [1.0, 0.5], axis=0))
    # Also in a file that was made so, whose curves are single edges.
    redraw(horn, target, "profile", np.insert(line, 1, [0.8, 1.0], axis=0))
    redraw(target, tmp_path / "again.msh", "profile", line)
    assert len(mesh_from_file(tmp_path / "again.msh").facets) == len(mesh_from_file(horn).facets)
