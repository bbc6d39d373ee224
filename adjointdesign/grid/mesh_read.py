"""Mesh files of many formats, by meshio: nodes, blocks of cells, and named groups of cells. Nothing is checked here."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from xml.etree.ElementTree import ParseError

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_abaqus import abaqus_sets
from adjointdesign.grid.mesh_gmsh import gmsh_groups

# Whatever a parser stumbles over when a file is not what its ending says, or ends too early. Names that a parser never
# bound are among it: meshio has no words of its own for a section that is missing.
_STUMBLES = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, NameError, OSError, EOFError,
    OverflowError, RuntimeError, struct.error, zlib.error, ParseError,
)  # fmt: skip

_TAG_ARRAYS = ("gmsh:physical", "cell_tags", "medit:ref")
_NOT_TAGS = ("gmsh:geometrical",)
_LAST_LINES = {
    b"$End" + section
    for section in (b"Elements", b"Periodic", b"GhostElements", b"Parametrizations", b"NodeData", b"ElementData",
                    b"ElementNodeData", b"InterpolationScheme", b"PhysicalNames", b"Nodes", b"Entities", b"Comments")
}  # fmt: skip
"""Of Gmsh files."""
_ENDLESS = {"tetgen"}
"""Formats whose readers never return from a file that is cut short."""


@dataclass(frozen=True)
class Group:
    """Cells of one block that share a name; ``number`` is that of the file, None where it has none."""

    name: str
    number: int | None
    block: int
    members: np.ndarray


@dataclass(frozen=True)
class Block:
    """Cells of one type (meshio's name): node numbers, shape (cells, nodes)."""

    type: str
    dimension: int
    nodes: np.ndarray


@dataclass(frozen=True)
class FileMesh:
    """What a file says: ``arrays`` are names of further integer arrays over the cells, any of which may hold tags."""

    points: np.ndarray
    blocks: list[Block]
    groups: list[Group]
    arrays: list[str]


def read_file(path, tags: str | None = None) -> FileMesh:
    """Read a mesh file of any format that meshio reads.

    Parameters
    ----------
    path : path-like
        The ending tells the format.
    tags : str, optional
        The array over the cells that holds their tags, for formats that name arrays and not tags. Without it, one that
        Gmsh, MED or Medit files have, or the only integer array.

    Returns
    -------
    FileMesh

    Raises
    ------
    InputError
        When there is no such file, its format is not known, it cannot be parsed, it ends too early, meshio or a library
        that this format needs is missing, or there is no array ``tags``.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("mesh file", "a file", f"{path}, which is none", "correct the path")
    try:
        import meshio
    except ModuleNotFoundError:
        raise InputError("mesh file", "meshio to read it with", "no meshio", "run `pip install meshio`") from None
    format_ = _format(path, meshio.extension_to_filetypes)
    try:
        # Not meshio.read, which prints and ends the program where a file cannot be read. Its readers warn of what the
        # checks below find out too.
        with warnings.catch_warnings(action="ignore"):
            mesh = import_module(f"meshio.{format_.partition('-')[0]}").read(str(path))
        return FileMesh(
            np.array(mesh.points, dtype=float),
            [Block(block.type, block.dim, np.asarray(block.data)) for block in mesh.cells],
            list(_groups(mesh, path, format_, tags)),
            _integer_arrays(mesh),
        )
    except ImportError as error:
        raise InputError(f"mesh file {path.name}", f"the library {error.name}, for {format_} files", "none", "install it") from None
    except InputError:
        raise
    except (meshio.ReadError, *_STUMBLES) as error:
        if "gmsh:physical" in str(error):
            raise InputError(
                f"mesh file {path.name}", "a physical group for every cell that is in the file", "cells without any",
                "save only those in groups (Mesh.SaveAll = 0)",
            ) from None  # fmt: skip
        detail = f"{type(error).__name__} {error}".strip().splitlines()[0]
        remedy = "write it again" + (", in format 4.1 or 2.2" if format_ == "gmsh" else "")
        raise InputError(
            f"mesh file {path.name}", f"a whole {format_} file", f"one that cannot be read ({detail})", remedy
        ) from None


def _format(path: Path, formats: dict[str, list[str]]) -> str:
    ending = path.suffix.lower()
    known = [name for name in formats.get(ending, []) if name not in _ENDLESS]
    if not known:
        raise InputError(
            "mesh file", "an ending that meshio knows (.msh .vtu .vtk .xdmf .inp .med and others)", path.name,
            "write it in one of these formats",
        )  # fmt: skip
    if ending != ".msh":
        return known[0]
    with open(path, "rb") as file:
        if not file.read(11).startswith((b"$MeshFormat", b"$Comments")):
            return "ansys"
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 200))
        last = file.read().strip().rpartition(b"\n")[2]
    # meshio takes a file that ends within a list for a shorter list.
    if last not in _LAST_LINES:
        raise InputError(f"mesh file {path.name}", "a whole gmsh file, ending with $End...", "one cut short", "write it again")
    return "gmsh"


def _integer_arrays(mesh) -> list[str]:
    """Arrays with one integer for every cell."""
    return [
        name
        for name, blocks in mesh.cell_data.items()
        if name not in _NOT_TAGS and all(np.ndim(b) == 1 and np.issubdtype(np.asarray(b).dtype, np.integer) for b in blocks)
    ]


def _groups(mesh, path: Path, format_: str, tags: str | None) -> Iterator[Group]:
    if format_ == "gmsh" and tags is None:
        names, entities = gmsh_groups(path)
        for index, block in enumerate(mesh.cells if entities else ()):
            for number in entities[block.dim].get(int(mesh.cell_data["gmsh:geometrical"][index][0]), ()):
                yield Group(names.get((block.dim, number), str(number)), number, index, np.arange(len(block)))
        if entities:
            return
    else:
        names = _field_names(mesh)
        sets = abaqus_sets(path, [len(block) for block in mesh.cells]) if format_ == "abaqus" else mesh.cell_sets
        for name, blocks in sets.items():
            for index, members in enumerate(blocks):
                if len(members):
                    yield Group(name, None, index, np.asarray(members, dtype=int))
    array = _tag_array(mesh, tags)
    families = getattr(mesh, "cell_tags", {}) if array == "cell_tags" else {}
    for index, values in enumerate(mesh.cell_data[array] if array else []):
        dimension = mesh.cells[index].dim
        # Gmsh marks groups whose orientation is reversed by a minus, and what is in no group by zero.
        values = np.abs(values) if format_ == "gmsh" else np.asarray(values)
        for number in np.unique(values):
            members = np.flatnonzero(values == number)
            if families:
                for name in families.get(int(number), []):
                    yield Group(name, None, index, members)
            elif number or format_ not in ("gmsh", "med"):
                yield Group(names.get((dimension, int(number)), str(number)), int(number), index, members)


def _tag_array(mesh, tags: str | None) -> str | None:
    arrays = _integer_arrays(mesh)
    if tags is not None:
        if tags not in arrays:
            raise InputError("tags", f"an integer array over the cells ({', '.join(arrays) or 'the file has none'})", tags, "correct it")
        return tags
    known = [name for name in _TAG_ARRAYS if name in arrays]
    return (known or (arrays if len(arrays) == 1 else [None]))[0]


def _field_names(mesh) -> dict[tuple[int, int], str]:
    """Names by dimension and number, as meshio keeps them for formats that have them."""
    return {
        (int(data[1]), int(data[0])): name
        for name, data in mesh.field_data.items()
        if np.shape(data) == (2,) and np.issubdtype(np.asarray(data).dtype, np.integer)
    }
