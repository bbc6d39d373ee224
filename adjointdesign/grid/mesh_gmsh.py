"""What meshio leaves out of Gmsh files: all physical groups of an entity, and one name for a surface and a curve."""

from __future__ import annotations

import numpy as np


def gmsh_groups(path) -> tuple[dict[tuple[int, int], str], list[dict[int, list[int]]] | None]:
    """Read the physical groups of a Gmsh file of format 2.2 or 4.1, as text or binary.

    In format 4.1 groups belong to entities, of which each may be in several, some with a minus for a reversed orientation;
    meshio takes the first number of those with a minus.

    Parameters
    ----------
    path : path-like
        A Gmsh file.

    Returns
    -------
    names : dict
        Names by dimension and number.
    entities : list of dict, or None
        For each dimension 0 to 3, the numbers of the groups of every entity, without signs; None where the file has no
        entities, as in format 2.2.
    """
    names, entities, binary, size = {}, None, False, 8
    with open(path, "rb") as file:
        while line := file.readline():
            match line.strip():
                case b"$MeshFormat":
                    _, type_, size = file.readline().split()
                    binary = type_ == b"1"
                case b"$PhysicalNames":
                    for _ in range(int(file.readline())):
                        dimension, number, name = file.readline().decode().split(maxsplit=2)
                        names[int(dimension), int(number)] = name.strip().strip('"')
                case b"$Entities":
                    entities = _entities(file, binary, np.dtype(f"u{int(size)}"))
                case b"$Nodes":
                    break
    return names, entities


def _entities(file, binary: bool, size: np.dtype) -> list[dict[int, list[int]]]:
    def read(type_, count=1):
        return np.fromfile(file, type_, int(count), sep="" if binary else " ")

    counts = read(size, 4)
    found: list[dict[int, list[int]]] = [{}, {}, {}, {}]
    for dimension, count in enumerate(counts):
        for _ in range(int(count)):
            (entity,) = read("i4")
            read("f8", 3 if dimension == 0 else 6)  # its box
            found[dimension][int(entity)] = [abs(int(number)) for number in read("i4", *read(size))]
            if dimension:
                read("i4", *read(size))  # what bounds it
    return found
