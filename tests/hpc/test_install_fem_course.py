"""The installer's course with builds that take no time: what is kept, resumed, used and left alone."""

import importlib.metadata
import platform
import sys
import time
from pathlib import Path

import pytest
from install_fem import __main__ as program
from install_fem import build, recipe, running
from install_fem.check import Checked
from install_fem.existing import ExistingPetsc, existing_firedrake

from adjointdesign.errors import InputError

NAMES = [package.name for package in recipe.packages()]


class Course:
    """Stands for pip: it writes a wheel where a build would, and notes what was asked of it."""

    def __init__(self):
        self.built, self.installed, self.checks, self.workshops = [], [], 0, 0
        self.stop_at = None

    def run(self, title, command, log, environment, folder):
        if "--wheel-dir" in command:
            name, version = command[-1].split("==")
            if name == self.stop_at:
                raise KeyboardInterrupt
            finished = Path(command[command.index("--wheel-dir") + 1])
            finished.mkdir()
            (finished / f"{name}-{version}-py3-none-any.whl").touch()
            self.built.append(name)
        elif "venv" in command:
            self.workshops += 1
        elif "--force-reinstall" in command:
            self.installed = [Path(word).name.split("-")[0] for word in command if str(word).endswith(".whl")]
        return 1.0

    def check(self, python, logs):
        self.checks += 1
        return Checked(1.0, 1.0, 1e-15)


@pytest.fixture
def course(tmp_path, monkeypatch):
    course = Course()
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PETSC_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "debian", "VERSION_ID": "12"})
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(program, "missing_packages", list)
    monkeypatch.setattr(program, "existing_firedrake", lambda own, environment: None)
    monkeypatch.setattr(program, "check", course.check)
    monkeypatch.setattr(program, "_complete", lambda python, recipe: bool(course.installed))
    monkeypatch.setattr(build, "run_long", course.run)
    monkeypatch.setattr(build, "relocate", lambda wheel, python, site_packages: wheel)
    monkeypatch.setattr(build.Workshop, "_site_packages", lambda self: Path("/"))
    return course


def test_an_interrupted_installation_goes_on_where_it_was(course, tmp_path, capsys):
    course.stop_at = "h5py"
    assert program.main() == 130 and course.built == ["petsc", "petsc4py", "mpi4py"] and not course.installed
    assert "kept" in capsys.readouterr().err
    course.stop_at = None
    assert program.main() == 0
    assert course.built == NAMES and course.installed == NAMES and course.checks == 1
    assert course.workshops == 1
    assert "petsc 3.26.0: kept from before" in capsys.readouterr().out
    assert not list((tmp_path / "cache" / "adjointdesign").glob("build*"))


def test_a_second_call_does_nothing_and_a_second_environment_builds_nothing(course, tmp_path, monkeypatch, capsys):
    assert program.main() == 0 and program.main() == 0
    assert course.built == NAMES and course.checks == 1 and "checked Firedrake already" in capsys.readouterr().out
    monkeypatch.setattr(sys, "executable", str(tmp_path / "other" / "bin" / "python"))
    (tmp_path / "other" / "bin").mkdir(parents=True)
    course.installed = []
    assert program.main() == 0
    assert course.built == NAMES and course.installed == NAMES and course.checks == 2
    kernels = {(tmp_path / env / ".cache").resolve() for env in ("env", "other")}
    assert len(kernels) == 1 and kernels.pop().is_relative_to(tmp_path / "cache" / "adjointdesign" / "kernels")


def test_compiled_kernels_are_shared_among_the_same_packages_only(course, tmp_path, monkeypatch):
    place = tmp_path / "env" / ".cache"
    program.main()
    first = place.resolve()
    monkeypatch.setattr(importlib.metadata.Distribution, "version", "other")
    program.main()
    assert place.resolve() != first
    place.unlink()
    place.mkdir()
    program.main()
    assert not place.is_symlink()  # of an environment that was made before: its own


def test_another_h5py_in_the_environment_is_replaced_again(course):
    """As after `pip install --force-reinstall h5py`, which brings the binary wheel without MPI back."""
    program.main()
    course.installed = []
    assert program.main() == 0 and course.installed == NAMES and course.built == NAMES and course.checks == 2


def fake_environment(folder, version, origin=""):
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\necho \'{{"firedrake": "{version}", "firedrake from": "{origin}", "adjointdesign": "1"}}\'\n'
    )
    python.chmod(0o755)
    return python


def test_an_existing_firedrake_environment_is_used_and_nothing_is_built(course, tmp_path, monkeypatch, capsys):
    python = fake_environment(tmp_path / "firedrake", "2026.10.1")
    monkeypatch.setattr(program, "existing_firedrake", existing_firedrake)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "firedrake"))
    assert program.main() == 0 and program.main() == 0
    assert not course.built and not course.installed and course.checks == 1
    said = capsys.readouterr().out
    assert f"Firedrake 2026.10.1 is in {python.parents[1]}: nothing to build" in said


def test_an_environment_that_this_installer_filled_for_another_clone_is_checked_once(course, monkeypatch):
    python = Path(sys.executable)
    assert program.main() == 0
    monkeypatch.setattr(program, "inventory", lambda python: {"firedrake": recipe.FIREDRAKE, "adjointdesign": "1"})
    program.join_environment(python)
    assert program.main() == 0 and course.checks == 1


def test_a_petsc_used_once_is_used_again_without_its_variables(course, tmp_path, monkeypatch):
    """As from a shell in which its module is not loaded; once it is gone, PETSc is built."""
    (tmp_path / "petsc").mkdir()
    seen = []

    def existing(environment):
        seen.append(environment.get("PETSC_DIR"))
        return ExistingPetsc({"PETSC_DIR": environment["PETSC_DIR"]}, "identity") if seen[-1] else None

    monkeypatch.setattr(program, "existing_petsc", existing)
    monkeypatch.setenv("PETSC_DIR", str(tmp_path / "petsc"))
    assert program.main() == 0
    monkeypatch.delenv("PETSC_DIR")
    assert program.main() == 0 and seen == [str(tmp_path / "petsc")] * 2
    assert course.built == NAMES[1:] and course.checks == 1
    (tmp_path / "petsc").rmdir()
    assert program.main() == 0 and seen[-1] is None and "petsc" in course.built


def test_a_firedrake_of_another_year_is_refused(tmp_path):
    fake_environment(tmp_path / "firedrake", "2025.4.2")
    with pytest.raises(InputError, match=r"expected 2026.10, got 2025.4.2; update it, or deactivate"):
        existing_firedrake(
            tmp_path / "env" / "bin" / "python", {"VIRTUAL_ENV": str(tmp_path / "firedrake"), "PATH": ""}
        )


@pytest.mark.parametrize(
    "origin, taken", [("file:///home/u/.cache/adjointdesign/wheels/firedrake-1/f.whl", False), ("", True)]
)
def test_the_own_environment_is_an_existing_one_unless_this_installer_filled_it(tmp_path, origin, taken):
    """As with `make VENV=...` and an environment that somebody else made; it is the own one also when it is active."""
    python = fake_environment(tmp_path / "env", "2026.10.0", origin)
    active = {"VIRTUAL_ENV": str(tmp_path / "env"), "PATH": str(python.parent)}
    assert existing_firedrake(python, active) == (python if taken else None)


def test_a_build_that_fails_says_why_in_one_line(tmp_path):
    command = ["sh", "-c", "echo 'fatal error: mpi.h: No such file'; echo 'hint: read on'; exit 3"]
    with pytest.raises(InputError) as refused:
        running.run_long("building petsc", command, tmp_path / "log", {"PATH": "/usr/bin:/bin"}, tmp_path)
    assert str(refused.value).startswith(
        "building petsc: expected success, got exit status 3: fatal error: mpi.h: No such file; read "
    )


def test_an_interruption_ends_the_compilers_too(tmp_path, monkeypatch):
    def interrupted(text):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "SIGN_OF_LIFE", 0.3)
    monkeypatch.setattr(running, "say", interrupted)
    command = ["sh", "-c", f"(sleep 1; touch {tmp_path}/went-on) & wait"]
    with pytest.raises(KeyboardInterrupt):
        running.run_long("building", command, tmp_path / "log", {"PATH": "/usr/bin:/bin"}, tmp_path)
    time.sleep(1.2)
    assert not (tmp_path / "went-on").exists()
