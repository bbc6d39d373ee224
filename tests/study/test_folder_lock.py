"""One process a folder; and a page alone does not make a run complete."""

import pytest

from adjointdesign import configuration, study
from adjointdesign.cli import studies
from adjointdesign.errors import InputError
from adjointdesign.problems import find
from adjointdesign.study_hold import locked, log_to


def test_a_folder_is_held_by_one_at_a_time(tmp_path):
    with locked(tmp_path):
        with pytest.raises(InputError, match="no other process"):
            with locked(tmp_path):
                pass
    with locked(tmp_path):  # and is free again
        assert not list(tmp_path.iterdir())


def test_a_page_alone_is_no_complete_run(tmp_path):
    (tmp_path / study.DONE).touch()
    assert not study.complete(tmp_path)
    (tmp_path / "certificate.json").touch()
    assert study.complete(tmp_path)


def test_a_report_is_not_made_beside_another_process(tmp_path, capsys):
    folder = study.create(configuration.load(find("waveguide-bend")), tmp_path / "run")
    with locked(folder), pytest.raises(InputError, match="no other process"):
        studies.report(folder)
    assert not (folder / study.DONE).exists()
    studies.report(folder)
    assert (folder / study.DONE).exists()


def test_the_log_holds_what_ended_the_work_and_nothing_from_before(tmp_path):
    try:
        raise ValueError("earlier")
    except ValueError:
        with log_to(tmp_path):
            pass
    assert (tmp_path / "log.txt").read_text() == ""
    with pytest.raises(InputError), log_to(tmp_path):
        raise InputError("spacing", "a length", "none", "give one")
    assert "spacing: expected a length, got none; give one" in (tmp_path / "log.txt").read_text()
