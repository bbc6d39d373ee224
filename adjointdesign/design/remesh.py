"""A new mesh of a deformed geometry, by Gmsh."""

from __future__ import annotations

import math
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from adjointdesign.design.polygons import require_apart
from adjointdesign.errors import InputError, StepRejected


def remesh(source: Path, target: Path, points: np.ndarray, displaced: np.ndarray) -> None:
    """Mesh the geometry of a mesh anew, with some of the corners of its curves moved.

    Curves stay the polygons that they are, cut further where an edge has become long; cells are as large as the edges of the
    source at the nearest curve. Names and tags stay.

    Parameters
    ----------
    source : Path
        Gmsh file (4.1) of a plane mesh of first order, written with its geometry's entities as Gmsh does.
    target : Path
        Takes the new mesh, in the same units.
    points, displaced : ndarray, shape (n, 2)
        Corners of the source's curves, and where they go, in units of the file.

    Raises
    ------
    StepRejected
        When the moved curves cross each other.
    InputError
        When Gmsh is not installed, the file is without its geometry, or a point is no corner or goes nowhere.
    """
    if not np.all(np.isfinite(displaced)):
        raise InputError("displaced", "finite places", "NaN or infinity", "look for where they come from")
    with _opened(source) as gmsh:
        curves, surfaces, groups = _geometry(gmsh, source)
        _mesh(gmsh, target, curves, surfaces, groups, points, displaced)


def redraw(source: Path, target: Path, name: str, polygon: np.ndarray) -> None:
    """Mesh the geometry of a mesh anew, with another polygon for the curves of one name.

    Cells are as large as the polygon's edges at the polygon, elsewhere as in `remesh`.

    Parameters
    ----------
    source, target : Path
        As for `remesh`.
    name : str
        Of curves that follow each other between two ends.
    polygon : ndarray, shape (n, 2)
        Its corners in order, in units of the file; the first and the last one are the ends, in any order.

    Raises
    ------
    StepRejected
        When the polygon crosses itself or other curves.
    InputError
        When Gmsh is not installed, the file is without its geometry, or the polygon has other ends than the curves.
    """
    with _opened(source) as gmsh:
        curves, surfaces, groups = _geometry(gmsh, source)
        members = {e for dimension, _, group, entities in groups if dimension == 1 and group == name for e in entities}
        chain = _joined({e: curves[e] for e in members}, name)
        first, *others = sorted(members)
        order = [number for number, _ in chain]
        if order.index(curves[first][0][0]) > order.index(curves[first][-1][0]):
            chain = chain[::-1]  # surfaces name the first curve by its own direction
        ends = np.array([chain[0][1], chain[-1][1]])
        if np.linalg.norm(polygon[0] - ends[0]) > np.linalg.norm(polygon[-1] - ends[0]):
            polygon = polygon[::-1]
        size = np.ptp([place for c in curves.values() for _, place in c], axis=0).max()
        away = np.linalg.norm(polygon[[0, -1]] - ends, axis=1).max()
        if not away <= 1e-6 * size:
            raise InputError("polygon", f"the ends of '{name}', {ends.tolist()}", f"one {away:.3g} from there", "end it there")
        free = 1 + max(number for c in curves.values() for number, _ in c)
        # One curve in the place of all; its ends are the old ones to the bit, as others share them.
        curves = {e: c for e, c in curves.items() if e not in others}
        curves[first] = [chain[0], *enumerate(polygon[1:-1], free), chain[-1]]
        surfaces = {s: [e for e in boundary if abs(e) not in others] for s, boundary in surfaces.items()}
        groups = [(d, t, n, [e for e in entities if d != 1 or e not in others]) for d, t, n, entities in groups]
        _mesh(gmsh, target, curves, surfaces, groups, np.empty((0, 2)), np.empty((0, 2)))


def require_geometry(source: Path) -> None:
    """Refuse a mesh file that `remesh` cannot use, before it is needed.

    Raises
    ------
    InputError
        When Gmsh is not installed, or the file is without its geometry.
    """
    with _opened(source) as gmsh:
        _geometry(gmsh, source)


def load_gmsh():
    """The module of Gmsh.

    Raises
    ------
    InputError
        When it is not there, or libraries are missing that it needs.
    """
    try:
        import gmsh
    except ImportError:
        raise InputError("gmsh", "Gmsh, which makes new meshes", "none", "pip install 'adjointdesign[gmsh]'") from None
    except OSError as error:
        remedy = "on Debian: apt install libgl1 libglu1-mesa libxcursor1 libxft2 libxinerama1"
        raise InputError("gmsh", "the libraries that Gmsh needs", error, remedy) from None
    return gmsh


@contextmanager
def _opened(source: Path):
    """Gmsh with a file."""
    gmsh = load_gmsh()
    gmsh.initialize(["gmsh", "-nt", "1"], readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        try:
            gmsh.open(str(source))
        except Exception as error:  # noqa: BLE001 - Gmsh raises nothing more special
            raise _no_geometry(source, error) from None
        yield gmsh
    finally:
        gmsh.finalize()


def _no_geometry(source: Path, got) -> InputError:
    expected = "a Gmsh file (4.1) with the geometry of its mesh: points, curves and surfaces"
    return InputError(f"mesh file {source.name}", expected, got, "write it by Gmsh, from the model, in format 4.1")


def _geometry(gmsh, source: Path):
    """Curves as chains of node numbers with their places, surfaces as signed curves, physical groups."""
    if not gmsh.model.getEntities(2):
        raise _no_geometry(source, "one without surfaces")
    numbers, flat, _ = gmsh.model.mesh.getNodes()
    place = dict(zip(numbers, flat.reshape(-1, 3)[:, :2], strict=True))
    curves = {}
    for _, curve in gmsh.model.getEntities(1):
        # Lines of no group are not in the file, but their nodes are, in order.
        within = gmsh.model.mesh.getNodes(1, curve)[0]
        points = [abs(end) for _, end in gmsh.model.getBoundary([(1, curve)], combined=False)]
        ends = [node for point in points for node in gmsh.model.mesh.getNodes(0, point)[0]]
        if len(ends) != 2:
            raise _no_geometry(source, f"curve {curve} without its two ends")
        first, last = ends
        if len(within) and math.dist(place[within[0]], place[first]) > math.dist(place[within[-1]], place[first]):
            first, last = last, first
        curves[curve] = [(n, place[n]) for n in (first, *within, last)]
    surfaces = {s: [c for _, c in gmsh.model.getBoundary([(2, s)], oriented=True)] for _, s in gmsh.model.getEntities(2)}
    bare = [s for s, boundary in surfaces.items() if not boundary or not {abs(c) for c in boundary} <= curves.keys()]
    if bare:
        raise _no_geometry(source, f"surface {bare[0]} without its curves")
    groups = [
        (d, tag, gmsh.model.getPhysicalName(d, tag), list(gmsh.model.getEntitiesForPhysicalGroup(d, tag)))
        for d, tag in gmsh.model.getPhysicalGroups()
    ]
    return curves, surfaces, groups


def _joined(curves, name: str):
    """Chains of nodes that follow each other in any order and direction, as one."""
    left = list(curves.values())
    chain = left.pop() if left else []
    while left:
        for i, part in enumerate(left):
            way = part if part[0][0] in (chain[0][0], chain[-1][0]) else part[::-1]
            if way[0][0] == chain[-1][0]:
                chain = chain + way[1:]
            elif way[0][0] == chain[0][0]:
                chain = way[::-1] + chain[1:]
            else:
                continue
            del left[i]
            break
        else:
            chain = []
            break
    if not chain or chain[0][0] == chain[-1][0]:
        raise InputError("name", "that of curves that follow each other between two ends", name, "name others")
    return chain


def _mesh(gmsh, target: Path, curves, surfaces, groups, points, displaced) -> None:
    """Build the geometry, mesh it, write it."""
    gmsh.model.add("deformed")
    places = _build(gmsh, curves, surfaces, points, displaced)
    for dimension, tag, name, entities in groups:
        members = [e for entity in entities for e in places[dimension][entity]]
        gmsh.model.addPhysicalGroup(dimension, members, tag, name)
    gmsh.option.setNumber("Mesh.Algorithm", 6)
    gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
    try:
        gmsh.model.mesh.generate(2)
    except Exception as error:  # noqa: BLE001 - Gmsh raises nothing more special
        raise StepRejected(f"Gmsh cannot mesh the shape: {error}") from None
    gmsh.write(str(target))


def _build(gmsh, curves, surfaces, points, displaced):
    """The same geometry with lines for the edges; the new entities of each old one, by dimension."""
    corners = {number: place for chain in curves.values() for number, place in chain}
    numbers, places = list(corners), np.array(list(corners.values()))
    size = np.ptp(places, axis=0).max()
    away, nearest = cKDTree(places).query(points)
    if np.any(away > 1e-6 * size):
        got = f"one {away.max():.3g} from the nearest"
        raise InputError("points", "corners of the mesh's curves", got, "take them from the same file")
    places[nearest] = displaced
    row = {number: i for i, number in enumerate(numbers)}
    edges = [(row[a], row[b]) for chain in curves.values() for (a, _), (b, _) in zip(chain, chain[1:])]
    require_apart(places[np.array(edges)], "in the file's units")  # Gmsh would mesh some crossing curves, one cell over the other
    lengths = {number: [] for number in numbers}
    for chain in curves.values():
        for (a, here), (b, there) in zip(chain, chain[1:]):
            for number in (a, b):
                lengths[number].append(np.linalg.norm(there - here))
    geometry = gmsh.model.geo
    made = {n: geometry.addPoint(*p, 0.0, float(np.mean(lengths[n]))) for n, p in zip(numbers, places, strict=True)}
    lines = {c: [geometry.addLine(made[a], made[b]) for (a, _), (b, _) in zip(chain, chain[1:])] for c, chain in curves.items()}
    areas = {}
    for surface, signed in surfaces.items():
        boundary = [line if c > 0 else -line for c in signed for line in (lines[abs(c)] if c > 0 else lines[abs(c)][::-1])]
        loops = geometry.addCurveLoops(boundary)
        areas[surface] = [geometry.addPlaneSurface(loops)]
    geometry.synchronize()
    return {1: lines, 2: areas}
