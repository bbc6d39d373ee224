"""The compilers and libraries of the operating system: found, installed, or asked for in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from adjointdesign.errors import InputError

from .existing import PETSC_SERIES, SERIES
from .recipe import SYSTEM_PACKAGES
from .running import say

REMEDY = f"load PETSc {PETSC_SERIES} as a module (PETSC_DIR), or activate an environment with Firedrake {SERIES}"


def require_debian(release: dict[str, str]) -> None:
    """Refuse a system whose packages this installer does not know.

    Parameters
    ----------
    release : dict
        The fields of ``/etc/os-release``.

    Raises
    ------
    InputError
        When it is neither Debian nor Ubuntu nor made from one of them.
    """
    family = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    if not family & {"debian", "ubuntu"}:
        name = release.get("PRETTY_NAME") or sys.platform
        raise InputError("operating system", "Debian or Ubuntu", name, REMEDY)


def missing_packages() -> list[str]:
    """The system packages that are not installed, Python's headers among them where they are the system's."""
    query = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *SYSTEM_PACKAGES],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    installed = {line.split()[0] for line in query.stdout.splitlines() if line.split()[1:] == ["installed"]}
    missing = [name for name in SYSTEM_PACKAGES if name not in installed]
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        missing.append(f"python3.{sys.version_info.minor}-dev")
    return missing


def administrator_line(names: list[str]) -> str:
    """The one line for somebody who may install system packages."""
    return f"apt-get update && apt-get install -y --no-install-recommends {' '.join(names)}"


def install_packages(names: list[str], log: Path) -> None:
    """Install system packages as root or by sudo.

    Parameters
    ----------
    names : list of str
        From `missing_packages`.
    log : Path
        Takes the output of apt.

    Raises
    ------
    InputError
        When this user may not, with the line for an administrator; when apt fails.
    """
    line = administrator_line(names)
    prefix = _privilege()
    if prefix is None:
        raise InputError("system packages", "root or sudo", f"neither, with {len(names)} to install",
                         f"ask an administrator for: {line}")  # fmt: skip
    say(f"installing {len(names)} system packages: {' '.join(names)}")
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", line]
    with open(log, "w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise InputError("system packages", "apt to install them", f"exit status {done.returncode} ({log})",
                         f"ask an administrator for: {line}")  # fmt: skip


def _privilege() -> list[str] | None:
    """What to put before a command of root's; None when that is not allowed."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    # Without a terminal nobody can type a password.
    quiet = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    return ["sudo"] if quiet or sys.stdin.isatty() else None
