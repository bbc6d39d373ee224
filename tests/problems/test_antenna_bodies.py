"""Solids from STL files: what lies inside them against closed forms, what they are on a grid, what is refused."""

import itertools

import meshio
import numpy as np
import pytest
from scipy.spatial import ConvexHull

from adjointdesign.errors import InputError
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.geometry.lines import grid_of
from adjointdesign.problems.antennas.geometry.raster import medium_of
from adjointdesign.problems.antennas.geometry.surfaces import ClosedSurface

GRID = {"cells_per_wavelength": 12.0, "edge_size": 4e-3, "subsamples": 2}
BASE = {"name": "body", "band": {"low": 1e9, "high": 2e9}, "grid": GRID, "domain": {"padding": 0.02}}
MEDIA = {"media": {"wet": {"permittivity": 3.0, "conductivity": 0.2}}}
LOWER, UPPER = [-0.011, 0.0, 0.002], [0.013, 0.02, 0.017]


def hull(points):
    """Triangles of a convex hull, counterclockwise from outside."""
    points = np.asarray(points, float)
    corners = points[ConvexHull(points).simplices]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = np.sum(normals * (corners.mean(axis=1) - points.mean(axis=0)), axis=1) < 0
    corners[inward] = corners[inward][:, ::-1]
    return corners


def box(lower=LOWER, upper=UPPER):
    return hull(list(itertools.product(*zip(lower, upper))))


def ball(radius, count=40):
    """A sphere by latitude and longitude; poles on the axis of the rays, sides in planes of theirs."""
    theta, phi = np.meshgrid(np.linspace(0, np.pi, count // 2 + 1), 2 * np.pi * np.arange(count) / count, indexing="ij")
    points = radius * np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    return hull(points.reshape(-1, 3))


def write(path, corners, form="binary"):
    mesh = meshio.Mesh(corners.reshape(-1, 3), [("triangle", np.arange(3 * len(corners)).reshape(-1, 3))])
    meshio.write(path, mesh, binary=form == "binary")


def body(folder, corners, medium, **changes):
    write(folder / "body.stl", corners)
    part = {"name": "part", "medium": medium, "shape": "stl", "file": "body.stl"}
    return described(BASE | MEDIA | {"solids": [part | changes]}, folder)


@pytest.mark.parametrize("medium", ["wet", "pec"])
def test_a_box_is_a_box(tmp_path, medium):
    """The same grid, permittivity, conductivity and metal as of a box that is described as such."""
    ours = body(tmp_path, 1e3 * box(), medium, scale=1e-3)
    plain = {"name": "part", "medium": medium, "shape": "box", "lower": LOWER, "upper": UPPER}
    theirs = described(BASE | MEDIA | {"solids": [plain]})
    grids = [grid_of(a) for a in (ours, theirs)]
    for axis in range(3):
        np.testing.assert_allclose(grids[0].lines(axis), grids[1].lines(axis), atol=1e-9)
    one, two = (medium_of(a, grids[1]) for a in (ours, theirs))
    for c in grids[1].electric:
        assert np.array_equal(one.conductor[c], two.conductor[c])
        np.testing.assert_allclose(one.permittivity[c], two.permittivity[c], rtol=1e-6)
        np.testing.assert_allclose(one.conductivity[c], two.conductivity[c], rtol=1e-6, atol=1e-12)
    assert np.any(two.conductor["ex"]) == (medium == "pec")


@pytest.mark.parametrize("form", ["binary", "ascii"])
def test_a_sphere_is_a_sphere(tmp_path, form):
    """Of many triangles, against one that is described as such, of the same volume."""
    write(tmp_path / "body.stl", ball(0.02), form)
    part = {"name": "part", "medium": "wet", "shape": "stl", "file": "body.stl"}
    antenna = described(BASE | MEDIA | {"solids": [part]}, tmp_path)
    volume = antenna.solids[0].surface.volume
    assert volume == pytest.approx(4 / 3 * np.pi * 0.02**3, rel=0.02)
    plain = {"name": "part", "medium": "wet", "shape": "sphere", "center": [0.0] * 3,
             "radius": (volume / (4 / 3 * np.pi)) ** (1 / 3)}  # fmt: skip
    grid = grid_of(antenna)
    one, two = (medium_of(a, grid) for a in (antenna, described(BASE | MEDIA | {"solids": [plain]})))
    for c in grid.electric:
        difference = np.abs(one.permittivity[c] - two.permittivity[c])
        assert difference.max() < 0.3 and difference.sum() < 0.02 * np.sum(two.permittivity[c] - 1)
    assert all(antenna.solids[0].curved(a) for a in range(3))


def test_rays_through_corners_and_sides_are_no_exception():
    """On a lattice that holds corners, sides and poles, of solids turned every way: what half spaces say."""
    rng = np.random.default_rng(4)
    cube = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
    octahedron = np.concatenate([np.eye(3), -np.eye(3)])
    turned = cube @ np.linalg.qr(rng.standard_normal((3, 3)))[0]
    for points in (cube, octahedron, turned, ball(1.0, 16).reshape(-1, 3)):
        x, y, z = (np.linspace(-1.25, 1.25, n) for n in (21, 41, 31))
        corners = hull(points)
        found = ClosedSurface.joined(corners).inside(*np.ix_(x, y, z), 0.0)
        places = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1)
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=1)[:, None]
        depth = (places @ normals.T - np.sum(normals * corners[:, 0], axis=1)).max(axis=-1)
        off = np.abs(depth) > 1e-6
        assert np.array_equal(found[off], (depth < 0)[off]) and np.any(found)


@pytest.mark.parametrize("slack", [1e-3, -1e-3])
def test_slack_on_faces_sides_and_corners(slack):
    x, y, z = (np.linspace(low - 1, high + 1, 4 * int(high - low + 2) + 1) for low, high in ((0, 1), (0, 2), (-1, 2)))
    within = [(p >= low - slack) & (p <= high + slack) for p, (low, high) in zip((x, y, z), ((0, 1), (0, 2), (-1, 2)))]
    found = ClosedSurface.joined(box([0.0, 0.0, -1.0], [1.0, 2.0, 2.0])).inside(*np.ix_(x, y, z), slack)
    assert np.array_equal(found, within[0][:, None, None] & within[1][:, None] & within[2])


def test_cavities_and_overlapping_shells():
    """A shell that is turned inside out is a hole; two that overlap are one body."""
    x = np.linspace(-1.97, 3.83, 30)
    depth = np.max(np.abs(np.stack(np.meshgrid(x, x, x, indexing="ij"))), axis=0)
    outer, inner = box([-1.5] * 3, [1.5] * 3), box([-0.5] * 3, [0.5] * 3)
    hollow = ClosedSurface.joined(np.concatenate([outer, inner[:, ::-1]]))
    assert np.array_equal(hollow.inside(*np.ix_(x, x, x), 0.0), (depth < 1.5) & (depth > 0.5))
    both = ClosedSurface.joined(np.concatenate([outer, inner]))
    assert np.array_equal(both.inside(*np.ix_(x, x, x), 0.0), depth < 1.5)


def test_turned_inside_out_is_the_same():
    assert ClosedSurface.joined(box()[:, ::-1]).volume == pytest.approx(0.024 * 0.02 * 0.015)
    assert ClosedSurface.joined(box()[:, ::-1]).faces(2) == ClosedSurface.joined(box()).faces(2)


@pytest.mark.parametrize(
    "corners,message",
    [
        (box()[1:], "a closed surface: 3 sides of its triangles are open"),
        (np.concatenate([box()[:1, ::-1], box()[1:]]), "all turn the same way about the inside: at 3 sides"),
        (np.concatenate([box()[:1], box()[:1, ::-1]]), "enclose a volume, not none"),
        (np.where(np.arange(12)[:, None, None] == 4, np.nan, box()), "finite numbers"),
    ],
)
def test_surfaces_that_are_none_are_refused(tmp_path, corners, message):
    with pytest.raises(InputError, match=message) as caught:
        body(tmp_path, corners, "wet")
    assert str(caught.value).startswith("solids.'part'") and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"solid nothing\nendsolid\n", b"x" * 200, b"\xff\xfe" * 40])
def test_files_that_are_none_are_refused(tmp_path, content):
    part = {"name": "part", "medium": "wet", "shape": "stl", "file": "other.stl"}
    if content is not None:
        (tmp_path / "other.stl").write_bytes(content)
    with pytest.raises(InputError, match="solids.'part'.*(STL file that can be read|enclose a volume)") as caught:
        described(BASE | MEDIA | {"solids": [part]}, tmp_path)
    assert "\n" not in str(caught.value) and "()" not in str(caught.value)


@pytest.mark.parametrize("change,told", [(-70, "614 bytes where its 12 triangles take 684: it is cut short"), (3, "more behind them")])
def test_binary_files_of_another_length_are_refused(tmp_path, change, told):
    write(tmp_path / "body.stl", box())
    content = (tmp_path / "body.stl").read_bytes()
    (tmp_path / "body.stl").write_bytes(content[:change] if change < 0 else content + bytes(change))
    part = {"name": "part", "medium": "wet", "shape": "stl", "file": "body.stl"}
    with pytest.raises(InputError, match=told):
        described(BASE | MEDIA | {"solids": [part]}, tmp_path)


def test_small_flat_faces_count_as_curved(tmp_path):
    """The top of a post, under a hundredth of the body's extent, is no mesh line: a metal's surface would not lie there."""
    plate, post = box(), box([0.0, 0.009, 0.016], [0.001, 0.01, 0.025])
    stepped = ClosedSurface.joined(np.concatenate([plate, post]))
    assert [stepped.curved(a) for a in range(3)] == [False, False, True] and len(stepped.faces(2)) == 2
    assert not any(ClosedSurface.joined(plate).curved(a) for a in range(3))
    metal = {"media": {"copper": {"metal": True, "conductivity": 5.8e7}}}
    write(tmp_path / "body.stl", np.concatenate([plate, post]))
    part = {"name": "part", "medium": "copper", "shape": "stl", "file": "body.stl"}
    with pytest.raises(InputError, match="flat faces across the axes"):
        described(BASE | metal | {"solids": [part]}, tmp_path)
    write(tmp_path / "body.stl", plate)
    assert described(BASE | metal | {"solids": [part]}, tmp_path)
