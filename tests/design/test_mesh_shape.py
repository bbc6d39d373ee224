"""The shape of a mesh: what moves and what stays, the metric, quality, integrals, curvature, new meshes."""

import json
import math
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

if find_spec("firedrake") is None:
    pytest.skip("needs Firedrake", allow_module_level=True)

from firedrake import (  # noqa: E402
    ExtrudedMesh, Function, Mesh, SpatialCoordinate, UnitCubeMesh, UnitIntervalMesh, UnitSquareMesh, VectorFunctionSpace, ds, dx,
)  # fmt: skip

from adjointdesign.design.boundary_curve import BoundaryCurve, boundary_curve, curvature  # noqa: E402
from adjointdesign.design.mesh_quality import least_quality, mesh_quality  # noqa: E402
from adjointdesign.design.mesh_shape import MeshShape, mesh_integral  # noqa: E402
from adjointdesign.design.remesh import remesh, require_geometry  # noqa: E402
from adjointdesign.errors import InputError, StepRejected  # noqa: E402
from adjointdesign.grid.mesh import mesh_from_file  # noqa: E402
from adjointdesign.grid.mesh_shipped import shipped_mesh  # noqa: E402
from adjointdesign.tape import Array, Control, ReducedFunctional, recording  # noqa: E402
from adjointdesign.verification.orders import observed_order  # noqa: E402

PROGRAM = Path(__file__).with_name("mesh_shape_program.py")
ALLOW = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def square():
    """The right side moves, the left stays, the others slide along."""
    mesh = UnitSquareMesh(6, 6)
    return mesh, MeshShape(mesh, [2], [1], {3: 1, 4: 1})


def test_what_moves_and_what_stays(square):
    mesh, shape = square
    assert shape.points.shape == (7, 2) and np.all(shape.points[:, 0] == 1) and np.all(np.diff(shape.points[:, 1]) > 0)
    np.testing.assert_allclose(shape.normals, np.tile([1, 0], (7, 1)), atol=1e-12)
    assert shape.free[:, 0].all() and list(shape.free[:, 1]) == [False, *[True] * 5, False]
    rng = np.random.default_rng(0)
    wanted = np.where(shape.free, 0.02 * rng.normal(size=(7, 2)), 0.0)
    moved = shape.deform(wanted)
    x = mesh.coordinates.dat.data_ro
    right = np.flatnonzero(x[:, 0] == 1)
    np.testing.assert_allclose(moved[right[np.argsort(x[right, 1])]], wanted, atol=1e-14)
    assert np.all(moved[x[:, 0] == 0] == 0) and np.all(moved[(x[:, 1] == 0) | (x[:, 1] == 1), 1] == 0)


def test_stretching_is_uniform(square):
    """With a uniform displacement of the right side and sliding along, every cell is stretched alike."""
    mesh, shape = square
    x = np.asarray(shape.coordinates(np.tile([0.3, 0.0], (7, 1))))
    np.testing.assert_allclose(x, mesh.coordinates.dat.data_ro * [1.3, 1.0], atol=1e-12)


def test_parameters_have_the_length_of_the_energy(square):
    """``|p|^2`` is the elastic energy of the deformation up to a factor that is the same for all p."""
    _, shape = square
    root, rng = shape.smooth(0.1), np.random.default_rng(1)
    stiffness = shape._ksp.getOperators()[0]
    ratios = []
    for _ in range(3):
        p = rng.normal(size=7)
        d = shape.deform(shape.normals * (root @ p)[:, None])
        x, y = stiffness.createVecs()
        x.setArray(d.ravel())
        stiffness.mult(x, y)
        ratios.append(x.dot(y) / (p @ p))
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-10)
    assert np.linalg.norm(root, axis=1).max() == pytest.approx(0.1)


def test_derivatives_of_the_deformation_and_of_integrals(square):
    """Volume, centroid and length of a boundary: values for a stretched square, Taylor orders of all for any shape."""
    mesh, shape = square
    before = mesh.coordinates.dat.data_ro.copy()
    stretched = shape.coordinates(np.tile([0.3, 0.0], (7, 1)))
    volume = float(mesh_integral(mesh, stretched, lambda x: 1.0 + 0 * x[0]))
    assert volume == pytest.approx(1.3) and float(mesh_integral(mesh, stretched, lambda x: x[0])) / volume == pytest.approx(0.65)
    assert float(mesh_integral(mesh, stretched, lambda x: 1.0 + 0 * x[0], ds((2, 4)))) == pytest.approx(2.3)
    np.testing.assert_array_equal(mesh.coordinates.dat.data_ro, before)
    rng = np.random.default_rng(2)
    start, way = (0.03 * rng.normal(size=(7, 2)) for _ in range(2))
    with recording() as tape:
        control = Array(start)
        x = shape.coordinates(control)
        value = mesh_integral(mesh, x, lambda x: x[0] ** 2) * mesh_integral(mesh, x, lambda x: 1.0 + x[1], ds(2))
        functional = ReducedFunctional(value, Control(control), tape=tape)
    first = functional.derivative().data
    second = functional.hessian(Array(way)).data
    steps = [0.5, 0.25, 0.125]
    rest = [abs(float(functional(Array(start + h * way))) - float(value) - h * np.sum(first * way) - h**2 / 2 * np.sum(second * way)) for h in steps]
    assert observed_order(steps, rest).order == pytest.approx(3.0, abs=0.1)


def test_bad_steps_and_bad_shapes_are_refused(square):
    mesh, shape = square
    with pytest.raises(StepRejected, match="a cell of quality -"):
        shape.coordinates(np.tile([-1.1, 0.0], (7, 1)))
    with pytest.raises(InputError, match=r"displacements: expected shape \(7, 2\)"):
        shape.coordinates(np.zeros(7))
    with pytest.raises(InputError, match="design: expected a boundary with nodes that may move"):
        MeshShape(mesh, [2], [1, 2])
    curved = Mesh(Function(VectorFunctionSpace(mesh, "CG", 2)).interpolate(SpatialCoordinate(mesh)))
    with pytest.raises(InputError, match="mesh: expected cells with straight edges"):
        MeshShape(curved, [2])
    for name, tags in (("design", ([9],)), ("fixed", ([2], [9])), ("sliding", ([2], [1], {9: 0}))):
        with pytest.raises(InputError, match=rf"{name}: expected some of the facet tags \[1, 2, 3, 4\], got \[9\]"):
            MeshShape(mesh, *tags)
    with pytest.raises(InputError, match="inside: expected one of the cell tags"):
        MeshShape(mesh, [2], [1], inside=9)
    # Slid along by all it could still move as a whole, and held at one point turn.
    for sliding, hold in (({3: 1}, None), ({}, lambda x: np.linalg.norm(x, axis=1) == 0)):
        with pytest.raises(InputError, match="fixed: expected enough to keep the mesh from moving as a whole"):
            MeshShape(mesh, [2], [], sliding, hold)
    with pytest.raises(InputError, match="displacements: expected finite values"):
        shape.coordinates(np.full((7, 2), np.nan))
    with pytest.raises(StepRejected, match="a cell of quality nan"):
        shape.require_quality(np.full_like(shape.undeformed, np.nan))


def test_quality_of_known_cells():
    mesh = UnitSquareMesh(1, 1, diagonal="left")
    np.testing.assert_allclose(mesh_quality(mesh), math.sqrt(3) / 2, rtol=1e-12)
    equilateral = mesh.coordinates.dat.data_ro @ np.array([[1, 0], [0.5, math.sqrt(3) / 2]])
    np.testing.assert_allclose(mesh_quality(mesh, equilateral), 1.0, rtol=1e-12)
    assert least_quality(mesh, equilateral * [1, 0]) == 0 and least_quality(mesh, equilateral * [1, -1]) == pytest.approx(-1)
    squares = UnitSquareMesh(2, 2, quadrilateral=True)
    np.testing.assert_allclose(mesh_quality(squares), 1.0)
    sheared = squares.coordinates.dat.data_ro @ np.array([[1, 0], [0.5, math.sqrt(3) / 2]])
    np.testing.assert_allclose(mesh_quality(squares, sheared), math.sqrt(3) / 2)
    with pytest.raises(InputError, match="got an extruded mesh"):
        mesh_quality(ExtrudedMesh(UnitIntervalMesh(2), 2))
    # Kuhn's tetrahedra: edges 1, 1, 1, sqrt 2, sqrt 2, sqrt 3 and a volume of 1/6.
    np.testing.assert_allclose(mesh_quality(UnitCubeMesh(1, 1, 1)), 12 * 0.5 ** (2 / 3) / 10, rtol=1e-12)


def test_curvature_of_a_circle():
    angles = 2 * np.pi * np.arange(40) / 40
    circle = 0.2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.testing.assert_allclose(np.asarray(curvature(circle, closed=True)), 5.0, rtol=2e-3)
    np.testing.assert_allclose(np.asarray(curvature(circle[::-1])), -5.0, rtol=2e-3)
    assert BoundaryCurve(circle, closed=True).lengths.sum() == pytest.approx(2 * np.pi * 0.2, rel=2e-3)


def test_curves_of_a_mesh():
    tagged = mesh_from_file(shipped_mesh("cylinder"))
    circle = boundary_curve(tagged.mesh, [tagged.facets["circle"]])
    assert circle.closed
    np.testing.assert_allclose(np.linalg.norm(circle.points, axis=1), 0.3, rtol=1e-9)
    middle = (circle.points + np.roll(circle.points, -1, axis=0)) / 2
    np.testing.assert_allclose(circle.weights(middle) @ circle.points, middle, atol=1e-14)
    with pytest.raises(InputError, match="points: expected points on the curve"):
        circle.weights(np.array([[0.0, 0.0]]))
    horn = mesh_from_file(shipped_mesh("horn"))
    with pytest.raises(InputError, match="facets that form one curve without branches"):
        boundary_curve(horn.mesh, [horn.facets["axis"]])


def test_a_hole_grows_inside_a_mesh():
    """An interface as the design: normals point out of the disc, and its area follows."""
    tagged = mesh_from_file(shipped_mesh("cylinder"))
    shape = MeshShape(tagged.mesh, [tagged.facets["circle"]], [tagged.facets["interface"]], inside=tagged.cells["disc"])
    np.testing.assert_allclose(shape.normals, shape.points / 0.3, atol=1e-9)
    grown = shape.coordinates(0.03 * shape.normals)
    before, after = (float(mesh_integral(tagged.mesh, x, lambda x: 1.0 + 0 * x[0], dx(tagged.cells["disc"])))
                     for x in (Array(shape.undeformed, tagged.mesh.comm), grown))  # fmt: skip
    assert after / before == pytest.approx(1.21, rel=1e-9)


def gmsh_works():
    try:
        import gmsh  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


@pytest.mark.skipif(not gmsh_works(), reason="needs gmsh")
def test_a_new_mesh_of_a_deformed_geometry(tmp_path):
    horn = mesh_from_file(shipped_mesh("horn"))
    profile = boundary_curve(horn.mesh, [horn.facets["profile"]])
    displaced = profile.points + np.stack([0.15 * np.sin(2 * np.pi * profile.places), np.zeros(len(profile.points))], axis=1)
    remesh(shipped_mesh("horn"), tmp_path / "new.msh", profile.points, displaced)
    new = mesh_from_file(tmp_path / "new.msh")
    assert new.cells == horn.cells and new.facets == horn.facets
    np.testing.assert_array_equal(new.box, horn.box)
    assert least_quality(new.mesh) > 0.5
    # The polygon is still there, corner by corner, and so is the area under it.
    again = boundary_curve(new.mesh, [new.facets["profile"]])
    assert len(again.points) > len(profile.points)
    np.testing.assert_allclose(BoundaryCurve(displaced).weights(again.points) @ displaced, again.points, atol=1e-9)
    area = np.sum((displaced[1:, 0] + displaced[:-1, 0]) / 2 * np.diff(displaced[:, 1]))
    coordinates = Array(new.mesh.coordinates.dat.data_ro, new.mesh.comm)
    assert float(mesh_integral(new.mesh, coordinates, lambda x: 1.0 + 0 * x[0], dx(new.cells["flare"]))) == pytest.approx(area, rel=1e-9)
    crossed = displaced.copy()
    crossed[5, 0] = 1.8
    with pytest.raises(StepRejected, match="the shape crosses itself at"):
        remesh(shipped_mesh("horn"), tmp_path / "crossed.msh", profile.points, crossed)
    with pytest.raises(InputError, match="points: expected corners of the mesh's curves"):
        remesh(shipped_mesh("horn"), tmp_path / "none.msh", profile.points + 0.01, displaced)
    with pytest.raises(InputError, match="displaced: expected finite places"):
        remesh(shipped_mesh("horn"), tmp_path / "none.msh", profile.points, displaced * np.nan)


@pytest.mark.skipif(not gmsh_works(), reason="needs gmsh")
def test_a_mesh_without_its_geometry_is_refused(tmp_path):
    require_geometry(shipped_mesh("horn"))
    file = tmp_path / "old.msh"
    file.write_text("$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n3\n1 0 0 0\n2 1 0 0\n3 0 1 0\n$EndNodes\n"
                    "$Elements\n2\n1 1 2 1 1 1 2\n2 2 2 1 1 1 2 3\n$EndElements\n")  # fmt: skip
    with pytest.raises(InputError, match=r"old.msh: expected a Gmsh file \(4.1\) with the geometry .* got curve 1 without its two ends"):
        require_geometry(file)


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")
def test_ranks_agree():
    def numbers(ranks):
        run = subprocess.run(["mpiexec", "-n", str(ranks), sys.executable, str(PROGRAM)], env={**os.environ, **ALLOW},
                             capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
        assert run.returncode == 0, run.stderr[-3000:]
        (line,) = [line for line in run.stdout.splitlines() if line.startswith("[")]
        return json.loads(line)

    one = numbers(1)
    for ranks in (2, 3):
        assert numbers(ranks) == pytest.approx(one, rel=1e-10)
