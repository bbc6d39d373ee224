"""The fallback for compiled kernels: only where numba has no place of its own, and never a place of somebody else."""

import os
import subprocess
import sys
import tempfile
import time
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


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of all shared folders; those named there were used so many days ago, and hold an index and a kernel."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    place = tmp_path / "adjointdesign" / "numba"

    def filled(days: dict[str, float], files=("sweep.nbi", "sweep.1.nbc")):
        for name, ago in days.items():
            (place / name).mkdir(parents=True)
            for file in files:
                (place / name / file).write_bytes(b"kernel")
            used = time.time() - 86400 * ago
            for path in (*(place / name).iterdir(), place / name):
                os.utime(path, (used, used))
        return place

    return filled


def left(place: Path) -> dict[str, int]:
    """How many files each folder holds."""
    return {folder.name[:2]: len(list(folder.iterdir())) for folder in place.iterdir()}


def test_kernels_that_nobody_uses_are_removed_but_for_the_newest(cache):
    days = {f"{k:02d}".ljust(16, "e"): ago for k, ago in enumerate([1, 29, 31, 400, 32, 33, 34])}
    place = cache(days)
    (place / "notes").mkdir()
    os.utime(place / "notes", (0, 0))
    found = Path(shared_folder("f" * 64))
    # With nothing in the new folder yet, the newest four of the others stay.
    assert left(place) == {"00": 2, "01": 2, "02": 2, "04": 2, "05": 0, "06": 0, "03": 0, "no": 0, "ff": 0}
    (found / "sweep.nbi").write_bytes(b"index")
    assert shared_folder("f" * 64) == str(found)
    assert left(place)["04"] == 0 and left(place)["02"] == 2
    long_ago = time.time() - 86400 * 31
    os.utime(place / "05eeeeeeeeeeeeee", (long_ago, long_ago))
    shared_folder("f" * 64)
    assert "05" not in left(place) and "06" in left(place) and "no" in left(place)


def test_a_use_counts(cache):
    place = cache({f"{k:02d}".ljust(16, "e"): 40 + k for k in range(6)})
    shared_folder("05" + "e" * 62)
    assert left(place) == {"00": 2, "01": 2, "02": 2, "03": 0, "04": 0, "05": 2}


def test_what_is_just_being_written_stays(cache):
    """By a process that began to use the folder after another had found it unused."""
    place = cache({f"{k:02d}".ljust(16, "e"): 40 + k for k in range(6)})
    (place / "05eeeeeeeeeeeeee" / "sweep.1.nbc.tmp.0").touch()
    os.utime(place / "05eeeeeeeeeeeeee", (0, 0))
    shared_folder("f" * 64)
    assert [path.name for path in (place / "05eeeeeeeeeeeeee").iterdir()] == ["sweep.1.nbc.tmp.0"] and left(place)["04"] == 0


def test_what_cannot_be_removed_stays_and_hinders_nobody(cache, monkeypatch):
    """A folder among the files, one that is gone meanwhile, a link to somewhere else, no right to remove."""
    place = cache({f"{k:02d}".ljust(16, "e"): 40 + k for k in range(8)})
    (place / "07eeeeeeeeeeeeee" / "a").mkdir()
    os.utime(place / "07eeeeeeeeeeeeee", (0, 0))
    (place.parent / "elsewhere").mkdir()
    (place.parent / "elsewhere" / "mine").touch()
    (place / ("a" * 16)).symlink_to(place.parent / "elsewhere")
    os.utime(place / ("a" * 16), (0, 0), follow_symlinks=False)
    unlink = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path, missing_ok=False: (_ for _ in ()).throw(PermissionError(13, "denied")))
    expected = str(place / ("f" * 16))
    assert shared_folder("f" * 64) == expected and left(place)["06"] == 2
    monkeypatch.setattr(Path, "unlink", unlink)
    assert shared_folder("f" * 64) == expected
    assert left(place)["06"] == 0 and left(place)["07"] >= 1 and (place.parent / "elsewhere" / "mine").exists()
    monkeypatch.setattr(Path, "iterdir", lambda path: (_ for _ in ()).throw(FileNotFoundError(2, "gone")))
    assert shared_folder("f" * 64) == expected


def test_a_process_whose_folder_was_emptied_compiles_again(tmp_path):
    """It had loaded nothing yet, and keeps what it compiles where it was."""
    program = """
import sys
from pathlib import Path
from adjointdesign.solvers.fdtd_maxwell.compiled import entry

@entry
def double(x):
    return 2 * x

double(21.0)
for path in sorted(Path(double.stats.cache_path).iterdir()):
    path.unlink()
double(21)
print(len(list(Path(double.stats.cache_path).glob("*double*"))))
"""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    done = subprocess.run([sys.executable, str(tmp_path / "program.py")], capture_output=True, text=True, timeout=100, env=environment)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 2  # an index and a kernel
