"""What is there already: a PETSc (PETSC_DIR, an HPC module), an environment with Firedrake."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from adjointdesign.errors import InputError

from .recipe import FIREDRAKE, PETSC

SERIES = FIREDRAKE.rpartition(".")[0]
PETSC_SERIES = PETSC.rpartition(".")[0]
#: Part of the address that pip notes for a wheel from the cache.
KEPT = "/adjointdesign/wheels/"

# Asked of an interpreter in a process of its own; nothing heavy is imported, so it answers within a second.
_INVENTORY = """
import importlib.metadata, importlib.util, json
found = {}
for name in ("firedrake", "petsc", "petsc4py", "mpi4py", "h5py", "libsupermesh", "adjointdesign"):
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
if "firedrake" in found:
    found["firedrake from"] = importlib.metadata.distribution("firedrake").read_text("direct_url.json") or ""
if "h5py" in found:
    import h5py
    found["h5py has MPI"] = h5py.get_config().mpi
print(json.dumps(found))
"""


def inventory(python: Path) -> dict:
    """The versions of the finite-element packages that an interpreter finds, and whether its h5py knows MPI."""
    answer = subprocess.run([python, "-c", _INVENTORY], capture_output=True, text=True, cwd="/", check=False)
    return json.loads(answer.stdout) if answer.returncode == 0 else {}


def existing_firedrake(own: Path, environment: dict[str, str]) -> Path | None:
    """The interpreter of an environment with a Firedrake to use: ``own`` with one from elsewhere, or an active one.

    Parameters
    ----------
    own : Path
        The interpreter for which this installer works; a Firedrake that it installed there itself does not count.
    environment : dict
        The variables of the calling shell, which name the active virtual environment, conda or a module's Python.

    Raises
    ------
    InputError
        When that environment has Firedrake in a version that this toolkit does not work with.
    """
    folder = environment.get("VIRTUAL_ENV") or environment.get("CONDA_PREFIX")
    on_path = shutil.which("python3", path=environment.get("PATH"))
    for python in (own, *(Path(name) for name in (folder and f"{folder}/bin/python", on_path) if name)):
        found = inventory(python) if python.exists() else {}
        version = found.get("firedrake")
        # By folder, not by file: the interpreters of all virtual environments are links to one.
        ours = python.parent.resolve() == own.parent.resolve() and KEPT in found.get("firedrake from", "")
        if version is None or ours:
            continue
        if not version.startswith(f"{SERIES}."):
            raise InputError(f"Firedrake of {python}", SERIES, version, "update it, or deactivate that environment")
        return python
    return None


@dataclass(frozen=True)
class ExistingPetsc:
    """A PETSc built elsewhere: the variables that lead builds to it, and what tells it from others."""

    variables: dict[str, str]
    identity: str


def existing_petsc(environment: dict[str, str]) -> ExistingPetsc | None:
    """The PETSc that ``PETSC_DIR`` (and ``PETSC_ARCH``) names, or None when the variable is not set.

    Raises
    ------
    InputError
        When there is no PETSc of the right version there, or one that Firedrake cannot work with.
    """
    if not environment.get("PETSC_DIR"):
        return None
    folder, arch = Path(environment["PETSC_DIR"]), environment.get("PETSC_ARCH", "")
    remedy = "name another one, or unset PETSC_DIR to build PETSc here"
    version_file = folder / "include" / "petscversion.h"
    settings_file = folder / arch / "lib" / "petsc" / "conf" / "petscvariables"
    for path in (version_file, settings_file):
        if not path.is_file():
            raise InputError("PETSC_DIR, PETSC_ARCH", "the folder of an installed PETSc", f"none at {path}", remedy)
    numbers = dict(re.findall(r"#define\s+PETSC_VERSION_(MAJOR|MINOR)\s+(\d+)", version_file.read_text()))
    version = f"{numbers.get('MAJOR')}.{numbers.get('MINOR')}"
    if version != PETSC_SERIES:
        raise InputError("PETSC_DIR", f"PETSc {PETSC_SERIES}", f"{version} at {folder}", remedy)
    text = settings_file.read_text()
    settings = dict(re.findall(r"^(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$", text, flags=re.MULTILINE))
    for name, wanted in (("PETSC_SCALAR", "real"), ("PETSC_PRECISION", "double")):
        if settings.get(name) != wanted:
            raise InputError("PETSC_DIR", f"PETSc in {wanted} arithmetic", f"{name} = {settings.get(name)}", remedy)
    for option, name in (("--with-hdf5", "HDF5_LIB"), ("--with-mumps", "MUMPS_LIB")):
        if not settings.get(name):
            raise InputError("PETSC_DIR", f"PETSc configured {option}", f"one without at {folder}", remedy)
    for tool in ("mpicc", "cmake"):
        if shutil.which(tool, path=environment.get("PATH")) is None:
            raise InputError(tool, "on the PATH, as PETSC_DIR is set", "none", "load the module that brings it")
    variables = {"PETSC_DIR": str(folder), "PETSC_ARCH": arch, **_hdf5_folders(settings, environment)}
    return ExistingPetsc(variables, hashlib.sha256(text.encode()).hexdigest())


def _hdf5_folders(settings: dict[str, str], environment: dict[str, str]) -> dict[str, str]:
    """Where h5py finds the HDF5 that PETSc is linked with."""
    if environment.get("HDF5_DIR"):
        return {"HDF5_DIR": environment["HDF5_DIR"]}
    includes = re.findall(r"-I(\S+)", settings.get("HDF5_INCLUDE", ""))
    libraries = re.findall(r"-L(\S+)|(/\S+)/libhdf5\.\w+", settings["HDF5_LIB"])
    found = {"HDF5_INCLUDEDIR": includes[:1], "HDF5_LIBDIR": [a or b for a, b in libraries][:1]}
    return {name: folders[0] for name, folders in found.items() if folders and os.path.isdir(folders[0])}
