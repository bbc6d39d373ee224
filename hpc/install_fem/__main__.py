"""``python -m install_fem``: bring the environment of this interpreter to a checked Firedrake."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from adjointdesign.errors import InputError
from adjointdesign.report.markup import duration

from .build import PIP, Workshop, clean_environment, install
from .cache import WheelCache, cache_folder, keys, machine_identity, system_release
from .check import check
from .existing import existing_firedrake, existing_petsc, inventory
from .kernels import share_kernels
from .recipe import FIREDRAKE, Package, packages
from .running import run_long, say
from .system import install_packages, missing_packages, require_debian

REPOSITORY = Path(__file__).parents[2]


def main() -> int:
    """Entry point: what cannot be used becomes one line and exit status 2."""
    start = time.monotonic()
    for sent in (signal.SIGTERM, signal.SIGHUP):  # by a batch system, a lost connection: builds end as by Ctrl-C
        signal.signal(sent, signal.default_int_handler)
    try:
        with_firedrake = existing_firedrake(Path(sys.executable), dict(os.environ))
        if with_firedrake:
            join_environment(with_firedrake)
        else:
            bring_here(Path(sys.executable))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the wheels finished so far are kept: run again to go on", file=sys.stderr)
        return 130
    say(f"in all {duration(time.monotonic() - start)}")
    return 0


def join_environment(python: Path) -> None:
    """Use an environment that has Firedrake: nothing is built, this package is added to it."""
    found = inventory(python)
    folder = python.parents[1]
    say(f"Firedrake {found['firedrake']} is in {folder}: nothing to build")
    logs = _logs()
    if "adjointdesign" not in found:
        seconds = run_long(
            "adding adjointdesign to that environment", [python, *PIP, "install", "-e", f"{REPOSITORY}[gmsh]"],
            logs / "join.log", clean_environment(), logs,
        )  # fmt: skip
        say(f"added adjointdesign to it in {duration(seconds)}")
    _check_once(python, {"firedrake": found["firedrake"]}, logs)
    say(f"use adjointdesign there: {folder}/bin/adjointdesign, make VENV={folder} test")


def bring_here(python: Path) -> None:
    """Find or build every wheel, install them in this environment, check it."""
    stamp = _stamp(python)
    logs = _logs()
    # A later call, from a shell in which no module is loaded, is not to build another PETSc.
    before = _read(stamp).get("petsc", {})
    petsc = existing_petsc((before if Path(before.get("PETSC_DIR", "")).is_dir() else {}) | os.environ)
    recipe = packages(petsc.variables if petsc else None)
    names = keys(recipe, machine_identity(), petsc.identity if petsc else "")
    if petsc:
        say(f"PETSc: the one in {petsc.variables['PETSC_DIR']} (PETSC_DIR)")
    if not (_complete(python, recipe) and _read(stamp).get("wheels") == names):
        if not petsc:
            _provide_system(logs)
        wheels = _provide_wheels(recipe, names)
        stamp.unlink(missing_ok=True)
        say(f"installed in {python.parents[1]} in {duration(install(python, wheels, logs / 'install.log'))}")
    share_kernels(python, names)
    _check_once(python, {"firedrake": FIREDRAKE, "petsc": petsc.variables if petsc else {}, "wheels": names}, logs)


def _provide_system(logs: Path) -> None:
    require_debian(system_release())
    missing = missing_packages()
    if not missing:
        say("system packages: all there")
        return
    start = time.monotonic()
    install_packages(missing, logs / "apt.log")
    say(f"system packages in {duration(time.monotonic() - start)}")


def _provide_wheels(recipe: tuple[Package, ...], names: dict[str, str]) -> list[Path]:
    """The wheels of the recipe, from the cache or built, in the order of building."""
    cache = WheelCache(cache_folder())
    say(f"wheels are kept in {cache.folder}")
    with cache.alone():
        found = {package.name: cache.find(package, names[package.name]) for package in recipe}
        if not all(found.values()):
            workshop = Workshop(cache.folder.parent / f"build-{names['firedrake']}")
            workshop.open()
            for package in recipe:
                if found[package.name]:
                    say(f"{package.title}: kept from before")
                else:
                    found[package.name] = workshop.build(package, cache, names[package.name])
                workshop.install(found[package.name])
            workshop.close()
        for package in recipe:
            say(f"{package.title}: built once in {duration(found[package.name].seconds)}")
    return [found[package.name].wheel for package in recipe]


def _check_once(python: Path, content: dict, logs: Path) -> None:
    """Check an environment unless its stamp says that it passed with this very content."""
    stamp = _stamp(python)
    if content.items() <= _read(stamp).items():
        say(f"{python.parents[1]} has a checked Firedrake already")
        with contextlib.suppress(PermissionError):
            stamp.touch()
        return
    say("checking: firedrake-check, then a taped solve on one rank and on two (a minute or two)")
    checked = check(python, logs)
    say(f"firedrake-check passed in {duration(checked.firedrake_check)}")
    say(f"taped solve on 2 ranks: value and gradient within {checked.difference:.1e} of 1 rank's, "
        f"in {duration(checked.taped_solves)}")  # fmt: skip
    with contextlib.suppress(PermissionError):  # an administrator's: checked again next time
        stamp.write_text(json.dumps(content | {"checked": asdict(checked)}, indent=1))


def _complete(python: Path, recipe: tuple[Package, ...]) -> bool:
    """Whether an environment has all packages of the recipe in their versions, and h5py with MPI."""
    found = inventory(python)
    return all(found.get(package.name) == package.version for package in recipe) and bool(found.get("h5py has MPI"))


def _stamp(python: Path) -> Path:
    """Where an environment notes what was installed and checked; the Makefile goes by its time."""
    return python.parents[1] / ".fem"


def _read(stamp: Path) -> dict:
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}


def _logs() -> Path:
    folder = cache_folder().parent / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
