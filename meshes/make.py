"""Make the .msh files of this folder from its .geo files: ``python meshes/make.py`` (needs ``pip install gmsh``).

The same Gmsh makes the same files, to the byte. With a name or several, only those: ``python meshes/make.py horn``.
"""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent
MESHES = {
    "cylinder": ("cylinder.geo", 1), "cylinder-curved": ("cylinder.geo", 2), "horn": ("horn.geo", 1),
    "horn-thick": ("horn-thick.geo", 1),
}  # fmt: skip
"""Name of each mesh, its source, and the order of its cells' geometry."""


def make(name: str, folder: Path = FOLDER) -> Path:
    """Write one mesh into a folder."""
    import gmsh

    source, order = MESHES[name]
    target = folder / f"{name}.msh"
    # No settings of the user's, so that everybody gets the same file.
    gmsh.initialize(["gmsh", "-nt", "1"], readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Verbosity", 2)
        gmsh.option.setNumber("Mesh.Algorithm", 6)
        gmsh.option.setNumber("Mesh.ElementOrder", order)
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        gmsh.open(str(FOLDER / source))
        gmsh.model.mesh.generate(2)
        gmsh.write(str(target))
    finally:
        gmsh.finalize()
    return target


def main(names: list[str]) -> int:
    """Make what was asked for, or all."""
    unknown = [name for name in names if name not in MESHES]
    if unknown:
        print(f"no mesh {', '.join(unknown)}; there are {', '.join(MESHES)}", file=sys.stderr)
        return 2
    for name in names or MESHES:
        print(make(name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
