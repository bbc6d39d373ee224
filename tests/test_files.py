"""Files are replaced whole: held against a failing write, a failing rename and the modes of ordinary files."""

import errno
import os

import pytest

from adjointdesign.files import atomic_write


def test_writes_text_and_bytes(tmp_path):
    atomic_write(tmp_path / "a.txt", "größe\n")
    assert (tmp_path / "a.txt").read_bytes() == "größe\n".encode()
    atomic_write(str(tmp_path / "a.txt"), b"\x00\x01")
    assert (tmp_path / "a.txt").read_bytes() == b"\x00\x01"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_contents_and_nothing_else(tmp_path, monkeypatch, failing):
    path = tmp_path / "a.json"
    path.write_text("old")

    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="No space"):
        atomic_write(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        atomic_write(tmp_path / "nowhere" / "a.json", "x")


def test_mode_is_that_of_an_ordinary_file(tmp_path):
    ordinary, atomic = tmp_path / "ordinary", tmp_path / "atomic"
    ordinary.write_text("x")
    atomic_write(atomic, "x")
    assert atomic.stat().st_mode == ordinary.stat().st_mode
    atomic.chmod(0o640)
    atomic_write(atomic, "y")
    assert atomic.stat().st_mode & 0o777 == 0o640
