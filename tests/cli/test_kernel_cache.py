"""The fallback for compiled kernels: only where numba has no place of its own, and never a place of somebody else."""

import os
import tempfile

import pytest

from adjointdesign.kernel_cache import provide_kernel_cache


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """Neither the package nor the user's cache can be written; temporary files go below ``tmp_path``."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    yield tmp_path
    os.environ.pop("NUMBA_CACHE_DIR", None)


def test_a_folder_of_ones_own_that_is_found_again(nowhere):
    expected = nowhere / f"adjointdesign-kernels-{os.getuid()}"
    for _ in range(2):
        os.environ.pop("NUMBA_CACHE_DIR", None)
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
