"""Meshes from files in Firedrake: regions have their measures, ranks agree, refusals reach every rank, fields go out."""

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

from mesh_cases import lattice, square

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_check import sound_mesh
from adjointdesign.grid.mesh_read import read_file
from adjointdesign.grid.mesh_shipped import shipped_mesh

meshio = pytest.importorskip("meshio")
if find_spec("firedrake") is None:
    pytest.skip("needs Firedrake", allow_module_level=True)
else:
    from firedrake import Constant, Function, FunctionSpace, Mesh, SpatialCoordinate, UnitSquareMesh, assemble, dS, ds, dx

    from adjointdesign.grid.mesh import mesh_from_file
    from adjointdesign.grid.mesh_vtk import write_vtk

PROGRAM = Path(__file__).with_name("mesh_ranks_program.py")
ALLOW = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMP_NUM_THREADS": "1",
}


def area(tagged, measure):
    return assemble(Constant(1.0) * measure(domain=tagged.mesh))


def test_regions_of_the_horn():
    horn = mesh_from_file(shipped_mesh("horn"), scale=0.03, require=["port", "wall", "axis", "frame"])
    unit, (r, _) = 0.03, SpatialCoordinate(horn.mesh)
    length = {"port": 0.5, "axis": 5.2 - 0.2, "profile": math.hypot(0.7, 2)}
    for name, expected in length.items():
        assert area(horn, ds(horn.facets[name])) == pytest.approx(expected * unit, rel=1e-12)
    # The profile is part of the wall, too.
    wall = 1 + length["profile"] + 0.2 + math.hypot(0.7, 2) + 1.2 + 0.7
    assert area(horn, ds(horn.facets["wall"])) == pytest.approx(wall * unit, rel=1e-12)
    assert area(horn, ds(horn.facets["casing"])) == pytest.approx((wall - length["profile"]) * unit, rel=1e-12)
    assert area(horn, dS(horn.facets["aperture"])) == pytest.approx(1.2 * unit, rel=1e-12)
    # A frustum's volume, and a cylinder's.
    frustum = 2 * math.pi * assemble(r * dx(horn.cells["flare"], domain=horn.mesh))
    assert frustum == pytest.approx(math.pi * 2 / 3 * (1.2**2 + 1.2 * 0.5 + 0.5**2) * unit**3, rel=1e-12)
    assert 2 * math.pi * assemble(r * dx(horn.cells["waveguide"], domain=horn.mesh)) == pytest.approx(math.pi * 0.25 * unit**3, rel=1e-12)
    np.testing.assert_allclose(horn.box, unit * np.array([[0, -2.2], [2.4, 3.0]]), rtol=1e-12)
    assert horn.summary.startswith("horn.msh: ") and "box (0, -0.066) to (0.072, 0.09) m" in horn.summary
    with pytest.raises(InputError, match="region: expected one of aperture, axis, casing, interface, .*, got inlet"):
        horn.facets["inlet"]


def test_the_circle_is_an_inscribed_polygon_or_curved():
    disc = math.pi * 0.3**2
    straight, curved = (mesh_from_file(shipped_mesh(name)) for name in ("cylinder", "cylinder-curved"))
    chords = len(sound_mesh(read_file(shipped_mesh("cylinder"))).facet_groups["circle"][1])
    polygon = 0.3**2 * chords / 2 * math.sin(2 * math.pi / chords)
    assert area(straight, dx(straight.cells["disc"])) == pytest.approx(polygon, rel=1e-6)
    assert area(curved, dx(curved.cells["disc"])) == pytest.approx(disc, rel=2e-6)
    assert area(curved, dS(curved.facets["circle"])) == pytest.approx(2 * math.pi * 0.3, rel=2e-6)
    assert area(curved, dx) == pytest.approx(4, rel=1e-13)
    # Firedrake's own reader takes no curved file; if it did, this module could be less.
    with pytest.raises(ValueError):
        Mesh(str(shipped_mesh("cylinder-curved")))


@pytest.mark.parametrize("kind", ["quad", "tetra", "hexahedron"])
def test_other_cells(tmp_path, kind):
    points, cells = lattice(kind, 2)
    points = points + 0.05 * np.sin(5 * points[:, ::-1]) * np.sin(math.pi * points) ** 2
    points = np.pad(points, ((0, 0), (0, 3 - points.shape[1])))
    tags = (points[cells].mean(axis=1)[:, 0] > 0.5).astype(int) + 1
    meshio.Mesh(points, [(kind, cells)], cell_data={"region": [tags]}).write(tmp_path / "a.vtu")
    tagged = mesh_from_file(tmp_path / "a.vtu", require=["1", "2"])
    assert tagged.mesh.num_cells() == len(cells)
    parts = [area(tagged, dx(tagged.cells[name])) for name in "12"]
    assert sum(parts) == pytest.approx(1, rel=1e-12) and parts[0] != pytest.approx(0.5, rel=1e-4)


def test_missing_regions_are_named_with_those_that_are_there(tmp_path):
    with pytest.raises(InputError) as error:
        mesh_from_file(shipped_mesh("cylinder"), require=["disc", "inlet", "lens"])
    assert "mesh file cylinder.msh: expected regions named inlet, lens, got cells background, disc, frame; facets circle" in str(error.value)
    file = square()
    data = {"a": [np.zeros(18, int)], "b": [np.zeros(18, int)]}
    meshio.Mesh(np.pad(file.points, ((0, 0), (0, 1))), [("triangle", file.blocks[1].nodes)], cell_data=data).write(tmp_path / "a.vtu")
    with pytest.raises(InputError, match=r"cells \(none named\); facets \(none named\); .*by tags= \(a, b\)"):
        mesh_from_file(tmp_path / "a.vtu", require=["0"])


TWO_CELLS = """$MeshFormat
2.2 0 8
$EndMeshFormat
$PhysicalNames
2
1 1 "outer"
2 1 "disc"
$EndPhysicalNames
$Nodes
4
1 0 0 0
2 1 0 0
3 1 1 0
4 0 1 0
$EndNodes
$Elements
3
1 1 2 1 1 1 2
2 2 2 1 1 1 2 3
3 2 2 1 1 1 3 4
$EndElements
"""

REFUSED = {
    "no-mesh": "no-mesh.msh: expected a whole ansys file",
    "cut-short": "cut-short.msh: expected a whole gmsh file",
    "horn": "horn.msh: expected regions named disc, got cells",
    "inverted": "one inverted, which overlaps its neighbors: cell 5 ",
    "isolated": "an isolated one: cell 18 ",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What every rank of 1, 2 and 3 says of sound and of spoiled files, and the folder of the fields."""
    if shutil.which("mpiexec") is None:
        pytest.skip("needs mpiexec")
    folder = tmp_path_factory.mktemp("ranks")
    (folder / "no-mesh.msh").write_text("nothing")
    whole = shipped_mesh("cylinder").read_bytes()
    (folder / "cut-short.msh").write_bytes(whole[: len(whole) // 2])
    (folder / "two-cells.msh").write_text(TWO_CELLS)
    points, cells = lattice("triangle")
    inverted = np.where((points == [0, 1]).all(axis=1)[:, None], [0.3, 0.7], points)
    isolated = np.vstack([points, [[3, 3], [4, 3], [3, 4]]])
    for name, places, c in (("inverted", inverted, cells), ("isolated", isolated, np.vstack([cells, len(points) + np.arange(3)]))):
        meshio.Mesh(np.pad(places, ((0, 0), (0, 1))), [("triangle", c)]).write(folder / f"{name}.vtu")
    paths = [shipped_mesh("cylinder"), shipped_mesh("cylinder-curved"), shipped_mesh("horn"), *sorted(folder.glob("*.*"))]
    found = {}
    for ranks in (1, 2, 3):
        command = ["mpiexec", "-n", str(ranks), sys.executable, str(PROGRAM), str(folder), *map(str, paths)]
        run = subprocess.run(command, env={**os.environ, **ALLOW}, capture_output=True, text=True, timeout=300, check=False)
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        (line,) = [line for line in run.stdout.splitlines() if line.startswith("{")]
        found[ranks] = json.loads(line)
    return found, folder


@pytest.mark.mpi
@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_every_rank_refuses(answers, name):
    found, _ = answers
    for ranks in (1, 2, 3):
        said = found[ranks][name]
        assert len(said) == ranks and len(set(said)) == 1 and REFUSED[name] in said[0]


@pytest.mark.mpi
@pytest.mark.slow
def test_fewer_cells_than_ranks_are_refused_on_every_rank(answers):
    found, _ = answers
    assert len(set(found[3]["two-cells"])) == 1
    assert "at least one cell for each of 3 ranks, got 2 cells" in found[3]["two-cells"][0]
    assert found[2]["two-cells"][1] == pytest.approx(found[1]["two-cells"][0], rel=1e-12)


@pytest.mark.mpi
@pytest.mark.slow
@pytest.mark.parametrize("name", ["cylinder", "cylinder-curved"])
def test_ranks_agree(answers, name):
    found, folder = answers
    (one,) = found[1][name]
    for ranks in (2, 3):
        for answer in found[ranks][name]:
            assert answer == pytest.approx(one, rel=1e-11)
    # The same field at the same places, in the files too.
    fields = []
    for ranks in (1, 2, 3):
        read = meshio.read(folder / f"{name}-{ranks}.vtu")
        fields.append({tuple(np.round(x, 9) + 0.0): v for x, v in zip(read.points, read.point_data["field"], strict=True)})
    for other in fields[1:]:
        assert fields[0].keys() == other.keys()
        assert max(abs(fields[0][x] - other[x]) for x in other) < 1e-11


def test_vtk_shows_the_function_and_leaves_its_name(tmp_path):
    mesh = UnitSquareMesh(3, 2)
    x, y = SpatialCoordinate(mesh)
    smooth = Function(FunctionSpace(mesh, "CG", 2), name="mine").interpolate(x + y**2)
    broken = Function(FunctionSpace(mesh, "DG", 0)).interpolate(x)
    for functions, points in (({"a": smooth}, 35), ({"a": smooth, "b": broken}, 72)):
        path = write_vtk(tmp_path / "out", **functions)
        read = meshio.read(path)
        assert path.name == "out.vtu" and len(read.points) == points and smooth.name() == "mine"
        np.testing.assert_allclose(read.point_data["a"], read.points[:, 0] + read.points[:, 1] ** 2, atol=1e-13)
    assert [file.name for file in tmp_path.iterdir()] == ["out.vtu"]


def test_vtk_refusals(tmp_path):
    mesh, other = UnitSquareMesh(1, 1), UnitSquareMesh(1, 1)
    u, v = (Function(FunctionSpace(m, "CG", 1)) for m in (mesh, other))
    pair = Function(FunctionSpace(mesh, "CG", 1) * FunctionSpace(mesh, "CG", 1))
    for functions, line in (
        ({}, "got none"), ({"u": u, "w": 3.0}, "got w"), ({"u": u, "v": v}, "2 meshes"), ({"p": pair}, "p, of several parts")
    ):  # fmt: skip
        with pytest.raises(InputError, match=line):
            write_vtk(tmp_path / "a", **functions)
    with pytest.raises(InputError, match="a folder that exists"):
        write_vtk(tmp_path / "none" / "a", u=u)
