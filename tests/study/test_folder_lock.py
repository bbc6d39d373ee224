"""One process a folder; and a page alone does not make a run complete."""

import pytest

from adjointdesign import study
from adjointdesign.errors import InputError


def test_a_folder_is_held_by_one_at_a_time(tmp_path):
    with study.locked(tmp_path):
        with pytest.raises(InputError, match="no other process"):
            with study.locked(tmp_path):
                pass
    with study.locked(tmp_path):  # and is free again
        assert not list(tmp_path.iterdir())


def test_a_page_alone_is_no_complete_run(tmp_path):
    (tmp_path / study.DONE).touch()
    assert not study.complete(tmp_path)
    (tmp_path / "certificate.json").touch()
    assert study.complete(tmp_path)
