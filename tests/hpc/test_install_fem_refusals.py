"""What the installer cannot work with ends in one line and status 2; what is there already is used."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from install_fem import __main__ as program
from install_fem import check, recipe, system
from install_fem.existing import existing_petsc

from adjointdesign.errors import InputError

DEBIAN = {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12"}


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine on which the tests run: Debian, no PETSc, no active environment, an empty cache."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PETSC_DIR", "PETSC_ARCH", "HDF5_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:/usr/bin:/bin")
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: DEBIAN)
    monkeypatch.setattr(program, "_complete", lambda python, recipe: False)
    monkeypatch.setattr(program, "existing_firedrake", lambda own, environment: None)
    monkeypatch.setattr(program, "Workshop", None)  # whatever gets past the refusals must not build
    return tmp_path


@pytest.fixture
def refused(capsys):
    """Run the installer; its one line of refusal."""

    def run():
        assert program.main() == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    return run


def not_root(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **kw: None if name == "sudo" else which(name, **kw))


def test_the_line_for_an_administrator(bare, monkeypatch, refused):
    there = [name for name in recipe.SYSTEM_PACKAGES if name not in ("gfortran", "libmetis-dev")]
    answer = [f"{name} installed" for name in there] + ["libmetis-dev config-files"]
    executable(bare / "tools" / "dpkg-query", f"printf '%s\\n' {' '.join(map(repr, answer))}; exit 1")
    monkeypatch.setattr(system.sysconfig, "get_path", lambda name: str(bare))  # no Python.h
    not_root(monkeypatch)
    assert refused() == (
        "error: system packages: expected root or sudo, got neither, with 3 to install; ask an administrator for: "
        "apt-get update && apt-get install -y --no-install-recommends gfortran libmetis-dev "
        f"python3.{sys.version_info.minor}-dev"
    )


@pytest.mark.parametrize("release", [{"ID": "fedora", "PRETTY_NAME": "Fedora Linux 42"}, {}])
def test_another_system(bare, monkeypatch, refused, release):
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    line = refused()
    assert "operating system: expected Debian or Ubuntu, got " in line and "PETSC_DIR" in line
    assert release.get("PRETTY_NAME", "linux") in line


def test_systems_made_from_debian_are_taken():
    for release in (DEBIAN, {"ID": "ubuntu"}, {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}):
        system.require_debian(release)


def petsc_folder(path, version="3.26", **settings):
    major, minor = version.split(".")
    (path / "include").mkdir(parents=True)
    (path / "include" / "petscversion.h").write_text(
        f"#define PETSC_VERSION_MAJOR      {major}\n#define PETSC_VERSION_MINOR      {minor}\n"
    )
    (path / "hdf5").mkdir()
    values = {
        "PETSC_SCALAR": "real", "PETSC_PRECISION": "double", "MUMPS_LIB": "-ldmumps",
        "HDF5_LIB": f"{path}/hdf5/libhdf5.so", "HDF5_INCLUDE": f"-I{path}/hdf5", **settings,
    }  # fmt: skip
    conf = path / "lib" / "petsc" / "conf"
    conf.mkdir(parents=True)
    (conf / "petscvariables").write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
    return str(path)


def test_a_petsc_that_is_there_is_not_built(bare):
    for tool in ("mpicc", "cmake"):
        executable(bare / "tools" / tool, "exit 0")
    environment = {"PETSC_DIR": petsc_folder(bare / "petsc"), "PATH": os.environ["PATH"]}
    found = existing_petsc(environment)
    hdf5 = str(bare / "petsc" / "hdf5")
    assert found.variables == {
        "PETSC_DIR": environment["PETSC_DIR"], "PETSC_ARCH": "", "HDF5_INCLUDEDIR": hdf5, "HDF5_LIBDIR": hdf5,
    }  # fmt: skip
    packages = recipe.packages(found.variables)
    assert "petsc" not in [package.name for package in packages] and "petsc" not in packages[-1].needs
    assert packages[0].environment["PETSC_DIR"] == environment["PETSC_DIR"]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"version": "3.19"}, "PETSC_DIR: expected PETSc 3.26, got 3.19"),
        ({"PETSC_SCALAR": "complex"}, "PETSc in real arithmetic, got PETSC_SCALAR = complex"),
        ({"PETSC_PRECISION": "single"}, "PETSc in double arithmetic"),
        ({"HDF5_LIB": ""}, "configured --with-hdf5"),
        ({"MUMPS_LIB": ""}, "configured --with-mumps"),
    ],
)
def test_a_petsc_that_does_not_fit(bare, monkeypatch, refused, changes, message):
    monkeypatch.setenv("PETSC_DIR", petsc_folder(bare / "petsc", **changes))
    assert message in refused()


def test_a_petsc_that_is_not_there(bare, monkeypatch, refused):
    monkeypatch.setenv("PETSC_DIR", str(bare / "nowhere"))
    assert "expected the folder of an installed PETSc, got none at" in refused()


def test_tools_beside_an_existing_petsc(bare, monkeypatch, refused):
    monkeypatch.setenv("PETSC_DIR", petsc_folder(bare / "petsc"))
    monkeypatch.setenv("PATH", str(bare / "tools"))
    assert "mpicc: expected on the PATH" in refused()


def test_the_taped_solve_imports_nothing_from_the_installers_folder(monkeypatch, tmp_path):
    """A module of the installer once took the place of a library that Firedrake imports by the same name."""
    commands = []
    monkeypatch.setattr(check, "run_long", lambda title, command, *rest: commands.append(command) or 0.0)
    monkeypatch.setattr(check.shutil, "which", lambda name, path: name)
    with pytest.raises(FileNotFoundError):  # nothing ran, so there is no result to compare
        check.check(Path(sys.executable), tmp_path)
    (tmp_path / "firedrake.py").write_text("import sys\nprint(*sys.path, sep='\\n')\nsys.exit()")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    folders = subprocess.run(
        list(map(str, commands[1])), env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert str(tmp_path) in folders.splitlines() and str(check.PROGRAM.parent) not in folders.splitlines()


def solved(ranks, gradient=(1.0, -2.0, 3.0), value=0.5):
    return {"ranks": ranks, "value": value, "gradient": np.array(gradient)}


def test_a_gradient_that_depends_on_the_ranks_is_refused():
    assert check.compare(solved(1), solved(2, gradient=(1.0, -2.0, 3.0 + 3e-14))) < 1e-13
    for wrong in (solved(2, gradient=(1.0, -2.0, 3.0 + 1e-8)), solved(2, value=0.5 + 1e-8), solved(2, value=np.nan)):
        with pytest.raises(InputError, match="taped solve on 2 ranks"):
            check.compare(solved(1), wrong)


def test_an_mpiexec_of_another_mpi_is_found_out():
    """It starts as many separate runs as it was to start ranks, each alone and each right."""
    with pytest.raises(InputError, match="got 1 and 1"):
        check.compare(solved(1), solved(1))
