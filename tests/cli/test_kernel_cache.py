"""The fallback for compiled kernels: only where numba has no place of its own, and never a place of somebody else."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import pytest

from adjointdesign.errors import InputError
from adjointdesign.kernel_cache import provide_kernel_cache, shared_folder


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """Neither the package nor the user's cache can be written; temporary files go below ``tmp_path``."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    yield tmp_path
    os.environ.pop("NUMBA_CACHE_DIR", None)


def test_a_folder_of_ones_own_that_is_found_again(nowhere):
    expected = nowhere / f"adjointdesign-kernels-{os.getuid()}"
    for _ in range(2):
        os.environ.pop("NUMBA_CACHE_DIR", None)
        numba.config.CACHE_DIR = ""
        provide_kernel_cache()
        assert os.environ["NUMBA_CACHE_DIR"] == str(expected)
        assert expected.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("how", ["writable by others", "a link", "a file"])
def test_a_place_that_somebody_prepared_is_not_used(nowhere, how):
    planted = nowhere / f"adjointdesign-kernels-{os.getuid()}"
    if how == "a file":
        planted.touch()
    elif how == "a link":
        (nowhere / "theirs").mkdir()
        planted.symlink_to(nowhere / "theirs")
    else:
        planted.mkdir()
        planted.chmod(0o777)
    provide_kernel_cache()
    assert os.environ["NUMBA_CACHE_DIR"] != str(planted)
    assert os.stat(os.environ["NUMBA_CACHE_DIR"]).st_mode & 0o777 == 0o700


def test_left_alone_where_numba_has_a_place(nowhere, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path == nowhere)  # the cache can be made in there
    provide_kernel_cache()
    assert "NUMBA_CACHE_DIR" not in os.environ
    monkeypatch.setenv("NUMBA_CACHE_DIR", "mine")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    provide_kernel_cache()
    assert os.environ["NUMBA_CACHE_DIR"] == "mine"


def test_a_home_that_may_not_be_seen_is_none(nowhere, monkeypatch):
    """As `Path.exists` raises it where a folder on the way cannot be searched; without a temporary folder, one line."""
    seen = Path.exists

    def exists(path):
        if path.is_relative_to(nowhere / "home"):
            raise PermissionError(13, "Permission denied", str(path))
        return seen(path)

    monkeypatch.setattr(Path, "exists", exists)
    provide_kernel_cache()
    assert Path(os.environ.pop("NUMBA_CACHE_DIR")).parent == nowhere
    numba.config.CACHE_DIR = ""
    monkeypatch.setattr(tempfile, "tempdir", str(nowhere / "none"))
    with pytest.raises(InputError, match="NUMBA_CACHE_DIR: expected a folder") as refusal:
        provide_kernel_cache()
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("before", ["", "import numba; "])
def test_whoever_imports_the_solver_has_a_cache(tmp_path, before):
    """Where nothing but the temporary folder can be written, the command or not, and whoever imported numba first."""
    hidden = "import os; os.access = lambda path, mode: False; "
    shown = "import adjointdesign.solvers.fdtd_maxwell.sweep as s; print(s._advance.stats.cache_path)"
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", hidden + before + shown], capture_output=True, text=True, timeout=100, env=environment
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path / f"adjointdesign-kernels-{os.getuid()}")


def test_copies_of_the_package_share_their_kernels(tmp_path):
    """What one has compiled, another at another place need not."""
    program = """
from adjointdesign.solvers.fdtd_maxwell.compiled import entry

@entry
def double(x):
    return 2 * x

double(21.0)
print(sum(double.stats.cache_hits.values()), double.stats.cache_path)
"""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    hits, places = [], []
    for copy in ("one", "other"):
        (tmp_path / copy).mkdir()
        (tmp_path / copy / "program.py").write_text(program, encoding="utf-8")
        done = subprocess.run([sys.executable, str(tmp_path / copy / "program.py")], capture_output=True, text=True, timeout=100, env=environment)
        assert done.returncode == 0, done.stderr
        number, place = done.stdout.split()
        hits.append(int(number))
        places.append(place)
    assert hits == [0, 1] and places[0] == places[1] and Path(places[0]).is_relative_to(tmp_path / "cache")
    assert os.stat(places[0]).st_mode & 0o777 == 0o700


@pytest.mark.parametrize("how", ["writable by others", "a file"])
def test_a_shared_folder_that_is_not_ones_own_is_none(tmp_path, monkeypatch, how):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert shared_folder("a" * 64) == str(tmp_path / "adjointdesign" / "numba" / ("a" * 16))
    planted = tmp_path / "adjointdesign" / "numba" / ("b" * 16)
    planted.touch() if how == "a file" else planted.mkdir()
    if how != "a file":
        planted.chmod(0o777)
    assert shared_folder("b" * 64) is None
    monkeypatch.setenv("NUMBA_CACHE_DIR", "mine")
    assert shared_folder("a" * 64) is None
