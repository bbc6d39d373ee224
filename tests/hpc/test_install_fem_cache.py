"""Wheels are found again only where they fit, and an interruption leaves none half-kept."""

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path, PurePath

import pytest
from install_fem import recipe
from install_fem.cache import WheelCache, cache_folder, keys, machine_identity
from install_fem.relocate import relative_paths

from adjointdesign.errors import InputError

MACHINE = {"python": "cpython-311", "cpu": "abc", "system": "debian 12", "machine": "x86_64"}
PACKAGES = recipe.packages()
NAMES = [package.name for package in PACKAGES]


def changed(other):
    before = keys(PACKAGES, MACHINE)
    return {name for name in NAMES if before[name] != other[name]}


@pytest.mark.parametrize("part", MACHINE)
def test_another_machine_or_python_finds_nothing(part):
    assert changed(keys(PACKAGES, {**MACHINE, part: "other"})) == set(NAMES)


@pytest.mark.parametrize(
    "name, rebuilt",
    [
        ("petsc", {"petsc", "petsc4py", "firedrake"}),
        ("mpi4py", {"mpi4py", "h5py", "firedrake"}),
        ("h5py", {"h5py"}),
        ("firedrake", {"firedrake"}),
    ],
)
def test_a_version_or_option_rebuilds_what_is_built_against_it(name, rebuilt):
    for change in ({"version": "0"}, {"environment": {"CC": "other"}}):
        assert changed(keys(tuple(replace(p, **change) if p.name == name else p for p in PACKAGES), MACHINE)) == rebuilt


def test_the_key_is_the_same_in_another_process():
    program = (
        "from install_fem.recipe import packages; from install_fem.cache import keys, machine_identity as machine;"
        "print(keys(packages(), machine())['firedrake'])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(recipe.__file__).parents[1])}
    answer = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == keys(PACKAGES, machine_identity())["firedrake"]


def test_the_folder_follows_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "adjointdesign" / "wheels"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "adjointdesign" / "wheels"


def test_a_wheel_is_kept_whole_or_not_at_all(tmp_path, monkeypatch):
    cache, package = WheelCache(tmp_path / "wheels"), PACKAGES[0]
    wheel = tmp_path / "petsc-3.26.0-py3-none-any.whl"
    wheel.write_text("content")

    def interrupted(self, target):
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(Path, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            cache.keep(package, "key", wheel, 3.0)
    assert cache.find(package, "key") is None
    with cache.alone():
        assert [path.name for path in cache.folder.iterdir()] == [".lock"]
    cache.keep(package, "key", wheel, 3.0)
    found = cache.find(package, "key")
    assert found.wheel.read_text() == "content" and found.wheel.name == wheel.name and found.seconds == 3.0
    assert cache.find(package, "other key") is None


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="wheel cache: expected a folder that can be written.*XDG_CACHE_HOME"):
        WheelCache(tmp_path / "file" / "wheels")


def test_compiler_flags_arrive_as_one_word_each():
    """PETSc's setup.py splits the options as a shell does, joins them with blanks and gives them to a shell."""
    words = shlex.split(" ".join(shlex.split(recipe.petsc_options())))
    assert [word for word in words if "-march" in word] == [
        f"{name}=-O3 -march=native" for name in ("COPTFLAGS", "CXXOPTFLAGS", "FOPTFLAGS")
    ]
    assert all(word.startswith("--with-") or "FLAGS=" in word for word in words)


@pytest.mark.parametrize("library", ["petsc4py/lib/PETSc.so", "firedrake/cython/dmcommon.so", "top.so"])
def test_search_paths_lead_to_the_same_folders(library):
    """Resolved as the loader does, relative paths give back the folders of the environment that they were built in."""
    site = PurePath("/opt/env/lib/python3.11/site-packages")
    inside = [f"{site}/petsc/lib", f"{site}/Rtree.libs", f"{site}/petsc/lib"]
    result = relative_paths(":".join([*inside, "/usr/lib/mpi"]), PurePath(library), site).split(":")
    assert not [folder for folder in result if folder.startswith(str(site))]
    origin = str((site / library).parent)
    resolved = [os.path.normpath(folder.replace("$ORIGIN", origin)) for folder in result]
    assert resolved == [inside[0], inside[1], "/usr/lib/mpi"]


def test_the_extra_names_the_versions_of_the_recipe():
    from configparser import ConfigParser

    parser = ConfigParser()
    parser.read(Path(__file__).parents[2] / "setup.cfg")
    extra = parser["options.extras_require"]["fem"]
    year, month, _ = recipe.FIREDRAKE.split(".")
    assert (
        f"firedrake[check]>={year}.{month},<{year}.{int(month) + 1}" in extra and f"petsc4py=={recipe.PETSC}" in extra
    )
