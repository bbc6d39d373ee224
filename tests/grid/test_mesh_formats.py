"""Mesh files of each format: names survive where the format has them, and what is no whole mesh is refused."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from mesh_cases import square

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_check import sound_mesh
from adjointdesign.grid.mesh_read import read_file
from adjointdesign.grid.mesh_shipped import shipped_mesh

meshio = pytest.importorskip("meshio")
needs_gmsh = pytest.mark.skipif(importlib.util.find_spec("gmsh") is None, reason="needs gmsh")
MESHES = Path(__file__).parents[2] / "meshes"


def read(path, **options):
    return sound_mesh(read_file(path, **options))


def sizes(groups):
    return {name: (tag, len(members)) for name, (tag, members) in groups.items()}


@pytest.fixture(scope="module")
def gmsh_files(tmp_path_factory):
    """One square in every format; its lower side is in two groups, in the second with the orientation reversed."""
    import gmsh

    folder = tmp_path_factory.mktemp("gmsh")
    gmsh.initialize(["gmsh", "-nt", "1"], readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Verbosity", 2)
        geometry, group = gmsh.model.geo, gmsh.model.addPhysicalGroup
        corners = [geometry.addPoint(x, y, 0, 0.5) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
        sides = [geometry.addLine(corners[i], corners[(i + 1) % 4]) for i in range(4)]
        geometry.addPlaneSurface([geometry.addCurveLoop(sides)], 1)
        geometry.synchronize()
        group(1, [sides[0], sides[1]], 5, "wall")
        group(1, [-sides[0], sides[2]], 6, "lid_and_floor")
        group(1, [sides[3]], 7, "core")
        group(2, [1], 5, "core")
        gmsh.model.mesh.generate(2)
        for name, version, binary in (("a", 2.2, 0), ("b", 2.2, 1), ("c", 4.1, 0), ("d", 4.1, 1), ("old", 4.0, 0)):
            gmsh.option.setNumber("Mesh.MshFileVersion", version)
            gmsh.option.setNumber("Mesh.Binary", binary)
            gmsh.write(str(folder / f"{name}.msh"))
        gmsh.option.setNumber("Mesh.Binary", 0)
        gmsh.option.setNumber("Mesh.SaveGroupsOfElements", 1)
        gmsh.write(str(folder / "a.inp"))
        gmsh.write(str(folder / "a.med"))
    finally:
        gmsh.finalize()
    return folder


@needs_gmsh
@pytest.mark.parametrize("name", "abcd")
def test_names_of_gmsh_files(gmsh_files, name):
    sound = read(gmsh_files / f"{name}.msh")
    assert {k: v[0] for k, v in sound.groups.items()} == {"core": 5}
    assert sizes(sound.facet_groups) == {"core": (7, 2), "lid_and_floor": (6, 4), "wall": (5, 4)}
    x = sound.points[sound.facet_groups["lid_and_floor"][1]].mean(axis=1)
    assert sorted(set(x[:, 1])) == [0, 1]


@needs_gmsh
@pytest.mark.parametrize("name", ["a.inp", "a.med"])
def test_names_of_other_formats_that_have_them(gmsh_files, name):
    sound = read(gmsh_files / name)
    assert {"core"} <= set(sound.groups) and {"core", "wall", "lid_and_floor"} <= set(sound.facet_groups)
    assert {"wall": 4, "core": 2}.items() <= {k: len(v[1]) for k, v in sound.facet_groups.items()}.items()
    assert len({tag for tag, _ in sound.facet_groups.values()}) == len(sound.facet_groups)


@needs_gmsh
def test_gmsh_4_0_is_refused_with_the_formats_that_are_read(gmsh_files):
    with pytest.raises(InputError, match="write it again, in format 4.1 or 2.2"):
        read(gmsh_files / "old.msh")


@needs_gmsh
@pytest.mark.parametrize("name", "abcd")
@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9, 0.995])
def test_gmsh_files_cut_short_are_refused(gmsh_files, tmp_path, name, part):
    whole = (gmsh_files / f"{name}.msh").read_bytes()
    (tmp_path / "cut.msh").write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(InputError, match="cut.msh: expected a whole (gmsh|ansys) file, .*write it again"):
        read(tmp_path / "cut.msh")


@needs_gmsh
def test_a_gmsh_file_without_a_section_is_refused(gmsh_files, tmp_path):
    whole = (gmsh_files / "c.msh").read_text()
    (tmp_path / "cut.msh").write_text(whole[: whole.index("$EndNodes")] + "$EndNodes\n")
    with pytest.raises(InputError, match="expected a whole gmsh file"):
        read(tmp_path / "cut.msh")


def by_meshio(path):
    file = square()
    points = np.pad(file.points, ((0, 0), (0, 1)))
    tags = [np.full(3, 7), np.where(np.isin(np.arange(18), file.groups[1].members), 4, 2)]
    meshio.Mesh(points, [(b.type, b.nodes) for b in file.blocks], cell_data={"gmsh:physical": tags}).write(path)
    return path


@pytest.mark.parametrize("ending", ["vtu", "vtk", "xdmf", "mesh", "su2"])
def test_formats_without_names_give_their_numbers(tmp_path, ending):
    if ending == "su2":
        path = tmp_path / "a.su2"
        points = "\n".join(f"{x} {y}" for x, y in square().points)
        cells = "\n".join("5 " + " ".join(map(str, c)) for c in square().blocks[1].nodes)
        lines = "\n".join("3 " + " ".join(map(str, c)) for c in square().blocks[0].nodes)
        path.write_text(f"NDIME= 2\nNPOIN= 16\n{points}\nNELEM= 18\n{cells}\nNMARK= 1\nMARKER_TAG= 7\nMARKER_ELEMS= 3\n{lines}\n")
        assert sizes(read(path).facet_groups) == {"7": (7, 3)}
        return
    sound = read(by_meshio(tmp_path / f"a.{ending}"))
    assert sizes(sound.groups) == {"2": (2, 9), "4": (4, 9)} and sizes(sound.facet_groups) == {"7": (7, 3)}


def test_which_array_holds_the_tags(tmp_path):
    file = square()
    cells = [(b.type, b.nodes) for b in file.blocks]
    one = {"region": [np.full(3, 7), np.full(18, 4)], "pressure": [np.zeros(3), np.ones(18)]}
    two = {**one, "order": [np.arange(3), np.arange(18)]}
    points = np.pad(file.points, ((0, 0), (0, 1)))
    meshio.Mesh(points, cells, cell_data=one).write(tmp_path / "one.vtu")
    meshio.Mesh(points, cells, cell_data=two).write(tmp_path / "two.vtu")
    assert sizes(read(tmp_path / "one.vtu").groups) == {"4": (4, 18)}
    assert not read(tmp_path / "two.vtu").groups and read_file(tmp_path / "two.vtu").arrays == ["region", "order"]
    assert sizes(read(tmp_path / "two.vtu", tags="region").groups) == {"4": (4, 18)}
    with pytest.raises(InputError, match=r"tags: expected an integer array over the cells \(region, order\), got pressure"):
        read(tmp_path / "two.vtu", tags="pressure")


ABAQUS = """*NODE
1, 0, 0, 0
2, 1, 0, 0
3, 1, 1, 0
4, 0, 1, 0
5, 2, 0, 0
6, 2, 1, 0
*ELEMENT, TYPE=CPS3
1, 1, 2, 3
2, 1, 3, 4
*ELEMENT, ELSET=right, TYPE=CPS3
3, 2, 5, 6
*Element, type=CPS3, elset=right
4, 2, 6, 3
*ELEMENT, TYPE=T3D2, ELSET=inlet
5, 1, 4
*ELSET, ELSET=diagonal
1, 3
** twice, as Gmsh does for a curve and a surface of one name
*ELSET, ELSET=diagonal
5,
*ELSET, ELSET=range, GENERATE
2, 4, 2
*ELSET, ELSET=both
diagonal, right
"""


def test_abaqus_sets_stay_with_their_elements(tmp_path):
    (tmp_path / "a.inp").write_text(ABAQUS)
    sound = read(tmp_path / "a.inp")
    members = {name: cells.tolist() for name, (_, cells) in sound.groups.items()}
    assert members == {"right": [2, 3], "diagonal": [0, 2], "range": [1, 3], "both": [0, 2, 3]}
    assert set(sound.facet_groups) == {"inlet", "diagonal", "both"}
    assert sound.points[sound.facet_groups["inlet"][1]].tolist() == [[[0, 0], [0, 1]]]


@pytest.mark.parametrize("addition, line", [("*INCLUDE, INPUT=b.inp\n", "one file"), ("*ELSET, ELSET=b\nleft\n", "left")])
def test_abaqus_files_that_are_not_read(tmp_path, addition, line):
    (tmp_path / "b.inp").write_text("*NODE\n")
    (tmp_path / "a.inp").write_text(ABAQUS + addition)
    with pytest.raises(InputError, match=line):
        read(tmp_path / "a.inp")


@pytest.mark.parametrize("ending", ["msh", "vtu", "vtk", "xdmf", "inp", "med", "mesh", "bdf", "su2", "ply", "stl", "node"])
@pytest.mark.parametrize("contents", [b"", b"This is no mesh.\n" * 20, bytes(range(256)) * 8])
def test_a_file_that_is_no_mesh_is_refused(tmp_path, ending, contents):
    (tmp_path / f"a.{ending}").write_bytes(contents)
    with pytest.raises(InputError, match="mesh file"):
        read(tmp_path / f"a.{ending}")


@pytest.mark.parametrize("ending", ["vtu", "vtk", "xdmf", "mesh"])
@pytest.mark.parametrize("part", [0.3, 0.7])
def test_files_cut_short_are_refused(tmp_path, ending, part):
    path = by_meshio(tmp_path / f"a.{ending}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(InputError, match="a.* expected a whole"):
        read(path)


def test_an_xdmf_file_without_its_data_is_refused(tmp_path):
    path = by_meshio(tmp_path / "a.xdmf")
    (tmp_path / "a.h5").unlink()
    with pytest.raises(InputError, match="a.xdmf: expected a whole xdmf file"):
        read(path)


@pytest.mark.parametrize("name, line", [("missing.msh", "which is none"), (".", "which is none"), ("a.txt", "an ending that meshio knows")])
def test_paths_that_lead_nowhere(tmp_path, name, line):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(InputError, match=line):
        read(tmp_path / name)


def test_shipped_meshes_and_their_readme():
    """Names and tags of the tables, both ways; areas by geometry."""
    sections = re.split(r"^## ", (MESHES / "README.md").read_text(), flags=re.M)[1:]
    listed = {name: section for section in sections for name in section.splitlines()[0].split(", ")}
    assert set(listed) == {path.stem for path in MESHES.glob("*.msh")}
    for name, section in listed.items():
        sound = read(shipped_mesh(name))
        cells, facets = (dict(re.findall(r"^\| `(\w+)` \| (\d+)", table, flags=re.M)) for table in section.split("| facets |"))
        assert {k: str(tag) for k, (tag, _) in sound.groups.items()} == cells
        assert {k: str(tag) for k, (tag, _) in sound.facet_groups.items()} == facets
        assert not [note for note in sound.notes if note != "curved (second order)"]
    with pytest.raises(InputError, match="mesh: expected one of cylinder, cylinder-curved, horn, horn-thick, got hron"):
        shipped_mesh("hron")


@needs_gmsh
def test_shipped_meshes_are_what_their_sources_give(tmp_path):
    spec = importlib.util.spec_from_file_location("make_meshes", MESHES / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    assert {path.name for path in MESHES.glob("*.geo")} == {source for source, _ in make.MESHES.values()}
    for name in make.MESHES:
        new, old = read(make.make(name, tmp_path)), read(shipped_mesh(name))
        # Another Gmsh may place nodes otherwise, but not where the geometry ends.
        np.testing.assert_allclose(new.points.min(axis=0), old.points.min(axis=0), atol=1e-12)
        np.testing.assert_allclose(new.points.max(axis=0), old.points.max(axis=0), atol=1e-12)
        assert list(new.groups) == list(old.groups) and sizes(new.facet_groups) == sizes(old.facet_groups)
        assert len(new.cells) == pytest.approx(len(old.cells), rel=0.1)
