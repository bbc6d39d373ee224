"""Fields on a mesh, for ParaView. Firedrake's own writer needs the vtk library, which its installation does not bring."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import ufl
from firedrake import Function, FunctionSpace, VectorFunctionSpace

from adjointdesign.errors import InputError
from adjointdesign.files import replacing
from adjointdesign.tape import stop_annotating

# Nodes on the reference cell of Firedrake, in VTK's order, and meshio's name; by cell and degree.
_SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
_TRIANGLE, _TETRAHEDRON = [(0, 0), (1, 0), (0, 1)], [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
_NODES = {
    ("triangle", 1): ("triangle", _TRIANGLE),
    ("triangle", 2): ("triangle6", [*_TRIANGLE, (0.5, 0), (0.5, 0.5), (0, 0.5)]),
    ("quadrilateral", 1): ("quad", _SQUARE),
    ("quadrilateral", 2): ("quad9", [*_SQUARE, (0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5), (0.5, 0.5)]),
    ("tetrahedron", 1): ("tetra", _TETRAHEDRON),
    ("tetrahedron", 2): (
        "tetra10",
        [*_TETRAHEDRON, (0.5, 0, 0), (0.5, 0.5, 0), (0, 0.5, 0), (0, 0, 0.5), (0.5, 0, 0.5), (0, 0.5, 0.5)],
    ),
    ("hexahedron", 1): ("hexahedron", [(*corner, z) for z in (0, 1) for corner in _SQUARE]),
}


def write_vtk(path, **functions: Function) -> Path:
    """Write functions to one VTU file, whole or not at all, whatever the number of ranks.

    They are interpolated to Lagrange elements of degree 1 or, where one of them or the mesh has more, of degree 2 (on
    hexahedra 1): continuous ones if all functions are continuous. Everything is gathered on rank 0.

    Parameters
    ----------
    path : path-like
        Of the file; an ending other than ``.vtu`` gets this one added. The same on all ranks.
    **functions : Function
        Scalars and vectors on one mesh, by the names under which ParaView shows them.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    InputError
        When there are no functions, something else is among them, their meshes differ, or the folder is not there.
    OSError
        On every rank, when the file cannot be written.
    """
    path = Path(path)
    path = path if path.suffix == ".vtu" else path.with_name(path.name + ".vtu")
    mesh = _common_mesh(functions)
    if not path.parent.is_dir():
        raise InputError("path", "a folder that exists", path.parent, "make it first")
    elements = [function.ufl_element() for function in functions.values()]
    curved = [*elements, mesh.coordinates.ufl_element()]
    cell = mesh.ufl_cell().cellname
    degree = 2 if max(element.embedded_superdegree for element in curved) > 1 and (cell, 2) in _NODES else 1
    family = "CG" if all(element in ufl.H1 for element in elements) else "DG"
    with stop_annotating():
        points, nodes = _values(mesh.coordinates, family, degree)
        values = {name: _values(function, family, degree)[0] for name, function in functions.items()}
    parts = mesh.comm.gather((points, nodes, values))
    failure = None
    if mesh.comm.rank == 0:
        try:
            _write(path, _NODES[cell, degree][0], parts)
        except OSError as error:
            failure = error
    failure = mesh.comm.bcast(failure)
    if failure is not None:
        raise failure
    return path


def _common_mesh(functions):
    strange = [name for name, function in functions.items() if not isinstance(function, Function)]
    if strange or not functions:
        raise InputError("functions", "Firedrake functions by name", ", ".join(strange) or "none", "interpolate them first")
    deep = [name for name, f in functions.items() if len(f.function_space()) > 1 or len(f.ufl_shape) > 1]
    if deep:
        raise InputError("functions", "scalars and vectors", f"{', '.join(deep)}, of several parts", "give each part (subfunctions)")
    meshes = {function.function_space().mesh() for function in functions.values()}
    if len(meshes) > 1:
        raise InputError("functions", "ones on the same mesh", f"{len(meshes)} meshes", "write one file for each")
    return meshes.pop()


def _values(function, family: str, degree: int):
    """Values at nodes, vectors with three components, and the nodes of this rank's cells in VTK's order."""
    mesh = function.function_space().mesh()
    cell = mesh.ufl_cell().cellname
    if cell in ("quadrilateral", "hexahedron"):
        family = {"CG": "Q", "DG": "DQ"}[family]
    keywords = {} if family in ("CG", "Q") else {"variant": "equispaced"}
    if function.ufl_shape:
        space = VectorFunctionSpace(mesh, family, degree, dim=function.ufl_shape[0], **keywords)
    else:
        space = FunctionSpace(mesh, family, degree, **keywords)
    values = Function(space).interpolate(function).dat.data_ro_with_halos
    if function.ufl_shape:
        values = np.pad(values.reshape(len(values), -1), ((0, 0), (0, 3 - function.ufl_shape[0])))
    own = space.cell_node_map().values[: mesh.cell_set.size]
    return values, own[:, _order(cell, degree, space)]


def _order(cell: str, degree: int, space) -> list[int]:
    """Local numbers of VTK's nodes."""
    if cell == "hexahedron":
        # What Firedrake asks elements for is not there for products of three; they count with the last axis fastest.
        places = list(product((0, 1), repeat=3))
    else:
        places = [next(iter(node.get_point_dict())) for node in space.finat_element.fiat_equivalent.dual_basis()]
    return [int(np.argmin([np.abs(np.subtract(place, node)).max() for place in places])) for node in _NODES[cell, degree][1]]


def _write(path: Path, type_: str, parts) -> None:
    import meshio

    starts = np.cumsum([0, *(len(points) for points, _, _ in parts)])
    cells = np.concatenate([start + nodes for start, (_, nodes, _) in zip(starts, parts, strict=False)])
    data = {name: np.concatenate([values[name] for _, _, values in parts]) for name in parts[0][2]}
    mesh = meshio.Mesh(np.concatenate([points for points, _, _ in parts]), [(type_, cells)], point_data=data)
    with replacing(path) as temporary:
        meshio.vtu.write(str(temporary), mesh)
