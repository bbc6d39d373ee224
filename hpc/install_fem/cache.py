"""Wheels built once, kept for every environment of the same user on the same kind of machine."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from adjointdesign.errors import InputError

from .recipe import Package
from .running import say


def cache_folder() -> Path:
    """``adjointdesign/wheels`` below ``XDG_CACHE_HOME``, else below ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adjointdesign" / "wheels"


def machine_identity() -> dict[str, str]:
    """What a compiled wheel depends on beside its sources: Python, processor and system.

    The processor counts with its instruction set, because everything is compiled for the one at hand. Within one
    release Debian and Ubuntu keep their libraries compatible, so the release stands for their versions.
    """
    lines = _read("/proc/cpuinfo").splitlines()
    cpu = sorted({line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))})
    release = system_release()
    return {
        "python": str(sysconfig.get_config_var("SOABI")),
        "cpu": hashlib.sha256("\n".join(cpu).encode()).hexdigest(),
        "system": " ".join((release.get("ID", "?"), release.get("VERSION_ID", "?"), *platform.libc_ver())),
        "machine": platform.machine(),
    }


def system_release() -> dict[str, str]:
    """The fields of ``/etc/os-release``; empty where there is none."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def keys(recipe: tuple[Package, ...], machine: dict[str, str], petsc: str = "") -> dict[str, str]:
    """The key of each package: it changes with its version and options, with those of what it needs, and the machine.

    Parameters
    ----------
    recipe : tuple of Package
        In the order of building.
    machine : dict
        From `machine_identity`.
    petsc : str
        Identity of a PETSc that was there before; empty when the recipe builds it.
    """
    result: dict[str, str] = {}
    for package in recipe:
        content = {
            "name": package.name, "version": package.version, "environment": package.environment, "machine": machine,
            "needs": [result[name] for name in package.needs], "petsc": petsc,
        }  # fmt: skip
        result[package.name] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    return result


@dataclass(frozen=True)
class Built:
    """A wheel of the cache, and what building it took in seconds."""

    wheel: Path
    seconds: float


class WheelCache:
    """A folder with one folder a wheel, each of which appears whole or not at all.

    Parameters
    ----------
    folder : Path
        Made if it is missing.

    Raises
    ------
    InputError
        When the folder cannot be written.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise InputError(
                "wheel cache",
                "a folder that can be written",
                f"{folder} ({error.strerror})",
                "set XDG_CACHE_HOME to one",
            ) from None

    def find(self, package: Package, key: str) -> Built | None:
        """The wheel kept under this key, or None."""
        place = self._place(package, key)
        wheels = list(place.glob("*.whl"))
        if len(wheels) != 1:
            return None
        return Built(wheels[0], float(json.loads(_read(place / "built.json"))["seconds"]))

    def keep(self, package: Package, key: str, wheel: Path, seconds: float) -> Built:
        """Keep a wheel: copied beside its final place, then renamed, so that an interruption leaves no half."""
        place = self._place(package, key)
        staging = Path(tempfile.mkdtemp(prefix=".keeping-", dir=self.folder))
        shutil.copy(wheel, staging)
        (staging / "built.json").write_text(
            json.dumps({"seconds": round(seconds, 1), "package": asdict(package)}, indent=1)
        )
        shutil.rmtree(place, ignore_errors=True)
        staging.rename(place)
        return Built(place / wheel.name, seconds)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the cache, so that two installations at once do not build the same wheels; the second one waits."""
        with open(self.folder / ".lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for another installation that uses {self.folder}")
                fcntl.flock(lock, fcntl.LOCK_EX)
            for leftover in self.folder.glob(".keeping-*"):
                shutil.rmtree(leftover)
            yield

    def _place(self, package: Package, key: str) -> Path:
        return self.folder / f"{package.name}-{package.version}-{key}"


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
