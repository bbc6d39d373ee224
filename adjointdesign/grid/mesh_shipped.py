"""Where the meshes lie that come with this toolkit."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from adjointdesign.errors import InputError


def shipped_mesh(name: str) -> Path:
    """Find a mesh of ``meshes/``, in a checkout as in an installed wheel.

    Parameters
    ----------
    name : str
        Of the file without its ending.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        When there is none of this name; with those that are.
    """
    found = {path.stem: path for path in _folder().glob("*.msh")}
    if name not in found:
        raise InputError("mesh", f"one of {', '.join(sorted(found)) or 'those in meshes/, which is empty'}", name, "choose one of these")
    return found[name]


def _folder() -> Path:
    # Installed, they are the package data of adjointdesign.meshes; in a checkout that is on the path they lie beside the package.
    spec = find_spec("adjointdesign.meshes")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else Path(__file__).parents[2] / "meshes"
