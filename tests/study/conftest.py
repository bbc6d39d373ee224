"""One whole run, shared by the tests of this folder; they must not change it."""

import pytest
import study_folder

from adjointdesign import study
from adjointdesign.problems import find


@pytest.fixture(scope="session")
def settings_file(tmp_path_factory):
    """The settings of all runs here."""
    path = tmp_path_factory.mktemp("settings") / "small.toml"
    path.write_text(study_folder.SETTINGS)
    return path


@pytest.fixture(scope="session")
def whole(tmp_path_factory, settings_file):
    """Folder of an uninterrupted run, and its outcome."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    return folder, study.run(find("waveguide-bend"), folder, config=settings_file)


@pytest.fixture
def begun(tmp_path, settings_file, monkeypatch):
    """Folder of a run stopped after three evaluations, as SIGTERM stops one."""
    import signal

    from adjointdesign.progress import Progress

    count, seen = [], Progress.evaluation

    def evaluation(self, *arguments):
        seen(self, *arguments)
        count.append(1)
        if len(count) == 3:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "evaluation", evaluation)
        outcome = study.run(find("waveguide-bend"), tmp_path / "begun", config=settings_file)
    assert outcome.passed is None and study_folder.recorded(outcome.folder) == 3
    return outcome.folder
