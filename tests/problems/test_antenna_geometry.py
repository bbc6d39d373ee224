"""Files of an antenna's parts: read again by our own readers and by others, they are the parts that were described."""

import csv

import gdstk
import meshio
import numpy as np
import pytest

from adjointdesign.problems.antennas.describe_geometry import write_geometry
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.geometry.surfaces import ClosedSurface, read_stl
from adjointdesign.problems.antennas.geometry.triangles import AROUND, solid_triangles

L = [[0.0, 0.0], [0.01, 0.0], [0.02, 0.0], [0.02, 0.005], [0.005, 0.005], [0.005, 0.03], [0.0, 0.03]]
POLYGON = 0.02 * 0.005 + 0.005 * 0.025
FINE = AROUND / (2 * np.pi) * np.sin(2 * np.pi / AROUND)
"""Area of the polygon that stands for a circle, over the circle's."""
SOLIDS = {
    "box": ({"shape": "box", "lower": [0.0, -0.01, 0.0], "upper": [0.02, 0.01, 0.03]}, 0.02 * 0.02 * 0.03),
    "cylinder x": ({"shape": "cylinder", "axis": "x", "ends": [0.0, 0.02], "center": [0.0, 0.01], "radius": 0.005},
                   FINE * np.pi * 0.005**2 * 0.02),
    "cylinder y": ({"shape": "cylinder", "axis": "y", "ends": [0.0, 0.02], "center": [0.0, 0.01], "radius": 0.005},
                   FINE * np.pi * 0.005**2 * 0.02),
    "prism z": ({"shape": "prism", "axis": "z", "ends": [0.0, 0.01], "outline": {"shape": "polygon", "points": L}},
                POLYGON * 0.01),
    "prism y": ({"shape": "prism", "axis": "y", "ends": [0.0, 0.01], "outline": {"shape": "polygon", "points": L[::-1]}},
                POLYGON * 0.01),
    "sphere": ({"shape": "sphere", "center": [0.0, 0.0, 0.01], "radius": 0.01}, 0.99 * 4 / 3 * np.pi * 0.01**3),
}  # fmt: skip
BAND = {"name": "parts", "band": {"low": 1e9, "high": 2e9}, "media": {"a b/c": {"permittivity": 2.0}}}


@pytest.mark.parametrize("name", SOLIDS)
def test_triangles_close_and_face_outward(name):
    settings, volume = SOLIDS[name]
    solid = described(BAND | {"solids": [{"name": "part", "medium": "pec", **settings}]}).solids[0]
    corners = solid_triangles(solid)
    middle = corners.mean(axis=(0, 1))
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.sum((corners.mean(axis=1) - middle) * normals) / 6 == pytest.approx(volume, rel=0.005)
    surface = ClosedSurface.joined(corners)
    assert surface.volume == pytest.approx(volume, rel=0.005)
    assert np.array(surface.bounds) == pytest.approx(np.array(solid.bounds), abs=2e-5)


def antenna():
    outline = {"shape": "polygon", "points": L}
    return described(BAND | {
        "solids": [{"name": "block", "medium": "a b/c", **SOLIDS["box"][0]},
                   {"name": "rod", "medium": "a b/c", **SOLIDS["cylinder x"][0]},
                   {"name": "post", "medium": "pec", **SOLIDS["sphere"][0]}],
        "sheets": [{"name": "upper", "axis": "z", "position": 0.02, "outline": outline},
                   {"name": "ring", "axis": "z", "position": 0.02, "outline": {"shape": "disc", "center": [0.05, 0.0],
                                                                              "radius": 0.01}},
                   {"name": "film", "axis": "z", "position": 0.01, "resistance": 50.0, "outline": outline},
                   {"name": "side", "axis": "y", "position": -0.02, "outline": outline}],
        "wires": [{"name": "wire", "start": [0.0, 0.0, 0.03], "end": [0.0, 0.0, 0.05]}],
        "ports": [{"name": "port", "axis": "z", "center": [0.0, 0.0, 0.025], "size": [0.002, 0.0, 0.01]}],
    })  # fmt: skip


def test_files(tmp_path):
    ours = antenna()
    written = {path.name: path for path in write_geometry(ours, tmp_path)}
    assert set(written) == {"geometry.vtu", "geometry.csv", "solids-a_b_c.stl", "solids-pec.stl", "metal.gds"}
    # Of the box and the rod that overlaps it both are there.
    volume = read_stl(written["solids-a_b_c.stl"], 1e-3).volume
    assert volume == pytest.approx(SOLIDS["box"][1] + SOLIDS["cylinder x"][1], rel=1e-4)
    mesh = meshio.read(written["geometry.vtu"])
    rows = list(csv.DictReader(written["geometry.csv"].open()))
    assert [r["name"] for r in rows] == [p.name for p in ours.parts]
    assert {r["name"]: r["medium"] for r in rows}["film"] == "50 ohm per square"
    for number, part in enumerate(ours.parts):
        if part.name == "port":
            continue
        blocks = [mesh.points[b.data[n == number]].reshape(-1, 3) for b, n in zip(mesh.cells, mesh.cell_data["part"])]
        corners = np.concatenate(blocks)
        reach = np.stack([corners.min(axis=0), corners.max(axis=0)], axis=1)
        assert reach == pytest.approx(np.array(part.bounds), abs=2e-5), part.name


def test_sheets_come_back(tmp_path):
    """A description that takes them from the file has the same outlines."""
    write_geometry(antenna(), tmp_path)

    def taken(cell, layer):
        outline = {"shape": "polygon", "file": "metal.gds", "layer": layer, "cell": cell}
        sheet = {"name": "s", "axis": "z", "position": 0.0, "outline": outline}
        return described(BAND | {"sheets": [sheet]}, tmp_path).sheets[0].outline

    u, v = np.meshgrid(np.linspace(-0.011, 0.061, 61), np.linspace(-0.0123, 0.031, 47))
    sheets = antenna().sheets
    upper = sheets[0].outline.inside(u, v, 0.0) | (np.hypot(u - 0.05, v) <= 0.01)
    assert np.count_nonzero(taken("METAL_Z", 2).inside(u, v, 0.0) != upper) <= 2  # a polygon for a disc
    for cell, layer in (("METAL_Z", 1), ("METAL_Y", 1)):
        assert np.array_equal(taken(cell, layer).inside(u, v, 0.0), sheets[2].outline.inside(u, v, 0.0))


def test_a_layer_is_of_one_conductor(tmp_path):
    """At one height a perfect sheet, two of one resistance, one of another, copper of two kinds; a label tells each layer's."""
    kinds = [{"resistance": 377.0}, {}, {"resistance": 50.0}, {"medium": "copper"}, {"resistance": 377.0},
             {"medium": "copper", "thickness": 35e-6, "sides": 2}]  # fmt: skip
    sheets = [
        {"name": f"sheet {k}", "axis": "z", "position": 0.001, "outline": {"shape": "rectangle", "lower": [0.01 * k, 0.0], "upper": [0.01 * k + 0.005, 0.01]}}
        | kind for k, kind in enumerate(kinds)
    ]  # fmt: skip
    copper = {"media": {"copper": {"metal": True, "conductivity": 5.8e7}}}
    write_geometry(described(BAND | copper | {"sheets": sheets}), tmp_path)
    (cell,) = gdstk.read_gds(tmp_path / "metal.gds").cells
    layers = {}
    for polygon in cell.polygons:
        layers.setdefault(polygon.layer, []).append(round(polygon.bounding_box()[0][0] / 1e4))
    assert layers == {1: [1], 2: [0, 4], 3: [2], 4: [3], 5: [5]}
    assert {label.layer: label.text.removeprefix("z = 0.001 m, ") for label in cell.labels} == {
        1: "pec", 2: "377 ohm per square", 3: "50 ohm per square", 4: "copper, current on 1 side", 5: "copper, 3.5e-05 m thick, current on 2 sides",
    }  # fmt: skip


def test_media_whose_names_agree_in_ascii_keep_their_files(tmp_path):
    """Nor is one lost where capitals and small letters are the same, or where a name is what another becomes."""
    media = ["a b", "a_b", "A/B", "a_b-2", "\u00e4"]
    solids = [
        {"name": f"part {k}", "medium": m, "shape": "box", "lower": [0.01 * k, 0.0, 0.0], "upper": [0.01 * k + 0.001 * (k + 1), 0.001, 0.001]}
        for k, m in enumerate(media)
    ]
    write_geometry(described(BAND | {"media": {m: {"permittivity": 2.0 + k} for k, m in enumerate(media)}, "solids": solids}), tmp_path)
    files = sorted(tmp_path.glob("solids-*.stl"))
    assert len({f.name.lower() for f in files}) == len(media) and all(f.name.isascii() for f in files)
    assert sorted(read_stl(f, 1e-3).volume for f in files) == pytest.approx([1e-9 * (k + 1) for k in range(len(media))], rel=1e-5)
