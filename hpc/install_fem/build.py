"""Wheels from source, each kept as soon as it is finished, and their installation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from adjointdesign.report.markup import duration

from .cache import Built, WheelCache
from .recipe import BUILD_REQUIREMENTS, FIREDRAKE, GMSH, Package
from .relocate import relocate
from .running import run_long, say

PIP = ("-m", "pip", "--disable-pip-version-check")


def clean_environment(drop: tuple[str, ...] = ()) -> dict[str, str]:
    """This process's variables without those that make and an active environment would pass on to a build."""
    misleading = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", *drop}
    return {name: value for name, value in os.environ.items() if name not in misleading}


class Workshop:
    """A virtual environment of its own in which the wheels are built, so that the user's stays usable meanwhile.

    Parameters
    ----------
    folder : Path
        Kept after an interruption, removed by `close`.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.python = folder / "environment" / "bin" / "python"
        self._ready = folder / "ready"

    def open(self) -> None:
        """Make the environment, with what builds need; nothing to do when an interrupted run has left one."""
        if self._ready.exists():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        seconds = run_long(
            "making a place to build in", [sys.executable, "-m", "venv", self.folder / "environment"],
            self.folder / "environment.log", clean_environment(), self.folder,
        )  # fmt: skip
        seconds += self._pip("installing what builds need", "build-requirements", "install", *BUILD_REQUIREMENTS)
        say(f"a place to build in: {duration(seconds)}")
        self._ready.touch()

    def install(self, built: Built) -> None:
        """Install a finished wheel, because a later one is built against it."""
        name = built.wheel.name.split("-")[0]
        self._pip(f"installing {name} to build with", f"install-{name}", "install", "--no-deps", built.wheel)

    def build(self, package: Package, cache: WheelCache, key: str) -> Built:
        """Build a package and keep its wheel.

        Raises
        ------
        InputError
            When the build fails, with the log to read.
        """
        say(f"building {package.title} (about {duration(60 * package.minutes)} on two idle cores)")
        finished = self.folder / f"wheel-{package.name}"
        shutil.rmtree(finished, ignore_errors=True)
        # Pip's own cache may hold a wheel that was built with other options.
        seconds = self._pip(
            f"building {package.title}", package.name, "wheel", "--no-deps", "--no-build-isolation", "--no-binary",
            package.name, "--no-cache-dir", "--wheel-dir", finished, f"{package.name}=={package.version}",
            **package.environment,
        )  # fmt: skip
        (wheel,) = finished.glob("*.whl")
        built = cache.keep(package, key, relocate(wheel, self.python, self._site_packages()), seconds)
        say(f"built {package.title} in {duration(seconds)}")
        return built

    def close(self) -> None:
        """Remove the environment and the logs."""
        shutil.rmtree(self.folder)

    def _site_packages(self) -> Path:
        query = "import sysconfig; print(sysconfig.get_path('platlib'))"
        return Path(
            subprocess.run([self.python, "-c", query], capture_output=True, text=True, check=True).stdout.strip()
        )

    def _pip(self, title: str, log: str, *arguments, **variables: str) -> float:
        # A PETSc that the user's shell names must not be mixed with the one that is built here.
        environment = clean_environment(("PETSC_DIR", "PETSC_ARCH", "PETSC_CONFIGURE_OPTIONS", "CC", "CXX", "CFLAGS"))
        environment["PATH"] = f"{self.python.parent}:{environment['PATH']}"
        command = [self.python, *PIP, *arguments]
        return run_long(title, command, self.folder / f"{log}.log", environment | variables, self.folder)


def install(python: Path, wheels: list[Path], log: Path) -> float:
    """Install the wheels in the user's environment, in place of any other build of the same packages.

    Parameters
    ----------
    python : Path
        Interpreter of the environment.
    wheels : list of Path
        All of the recipe.
    log : Path
        Takes pip's output.

    Returns
    -------
    float
        Seconds.
    """
    here = log.parent
    environment = clean_environment()
    # The same version may be there as a binary wheel without MPI (h5py): only force replaces it.
    force = [python, *PIP, "install", "--force-reinstall", "--no-deps", *wheels]
    seconds = run_long("installing the wheels", force, log, environment, here)
    rest = [python, *PIP, "install", "--prefer-binary", f"firedrake[check]=={FIREDRAKE}", GMSH]
    return seconds + run_long("installing what Firedrake needs beside them", rest, log, environment, here)
