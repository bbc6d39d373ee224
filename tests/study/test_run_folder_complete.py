"""A run leaves a complete record, from which it can be run again to the bit."""

import json
import re
import tomllib

import h5py
import numpy as np
import pytest
import skrf
import study_folder

from adjointdesign import configuration, study
from adjointdesign.errors import InputError
from adjointdesign.optimize.stopping import Status
from adjointdesign.problems import find

FILES = {
    "config.toml", "log.txt", "history.h5", "design.h5", "design.gds", "s_parameters.s2p", "figures", "certificate.json",
    "provenance.json", "report.html",
}  # fmt: skip


def test_folder_is_complete_and_tidy(whole):
    folder, outcome = whole
    assert {p.name for p in folder.iterdir()} == FILES
    assert outcome.passed is True and outcome.result.status == Status.MAX_EVALUATIONS
    assert study_folder.recorded(folder) == study_folder.EVALUATIONS
    figures = {p.stem for p in (folder / "figures").iterdir()}
    assert {"convergence", "design_history", "fields", "gradient_check", "spectra"} <= figures
    assert all(p.stat().st_size > 5000 for p in (folder / "figures").iterdir())
    log = (folder / "log.txt").read_text()
    assert log.count(" objective ") == study_folder.EVALUATIONS and "checking the gradient" in log


def test_report_is_one_self_contained_page(whole):
    page = (whole[0] / "report.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html") and page.rstrip().endswith("</html>")
    shown, links = (re.findall(rf"""\b{word}\s*=\s*["']([^"']+)""", page) for word in ("src", "href"))
    assert shown and all(s.startswith("data:") for s in shown) and "url(" not in page
    assert all(link.startswith("#") or (whole[0] / link).exists() for link in links), links


def test_provenance_and_certificate(whole):
    provenance = json.loads((whole[0] / "provenance.json").read_text())
    assert provenance["seed"] == 7 and provenance["threads"] == 1 and provenance["problem"] == "waveguide-bend"
    assert {"numpy", "numba", "python", "adjointdesign"} <= set(provenance["versions"])
    assert re.fullmatch(r"[0-9a-f]{40}", provenance["git_commit"] or "0" * 40)
    assert json.loads((whole[0] / "certificate.json").read_text())["passed"] is True


def test_ranks_are_those_of_the_communicator(monkeypatch):
    """One where MPI does not run, not yet or no more."""
    import sys
    from types import SimpleNamespace

    settings = configuration.load(find("waveguide-bend"))
    for begun, ended, expected in ((True, False, 3), (False, False, 1), (True, True, 1)):
        mpi = SimpleNamespace(
            COMM_WORLD=SimpleNamespace(size=3), Is_initialized=lambda: begun, Is_finalized=lambda: ended
        )  # fmt: skip
        monkeypatch.setitem(sys.modules, "mpi4py.MPI", mpi)
        assert study.provenance(settings)["ranks"] == expected
    monkeypatch.delitem(sys.modules, "mpi4py.MPI")
    assert study.provenance(settings)["ranks"] == 1


def test_deliverables_agree_with_each_other(whole):
    """Touchstone, read by scikit-rf, holds the S-matrix of design.gds; a passive one, with S12 = S21."""
    network = skrf.Network(str(whole[0] / "s_parameters.s2p"))
    with h5py.File(whole[0] / "design.h5") as file:
        s, wavelengths = file["results_gds/s_parameters"][()], file["results_gds/wavelengths"][()]
        own, last = file["results/s_parameters"][()], file["parameters"][()]
        assert set(np.unique(file["binary"][()])) == {0, 1}
        assert file["results_gds"].attrs["spacing"] == file["results"].attrs["spacing"] / 2
    np.testing.assert_allclose(network.f, np.sort(299792458 / wavelengths), rtol=1e-9)
    # A Touchstone file of this kind has exp(+i w t): its phases are the conjugates of ours.
    np.testing.assert_allclose(np.abs(network.s), np.abs(s[::-1]), atol=1e-5)
    assert np.all(np.sum(np.abs(s) ** 2, axis=1) < 1.02) and np.all(np.abs(s[:, 0, 1] - s[:, 1, 0]) < 1e-2)
    assert np.all(np.abs(own) - np.abs(s) < 0.2) and last.shape == (40, 40)


def test_report_can_be_made_again(whole, tmp_path):
    import shutil

    from adjointdesign.report.page import report

    copy = tmp_path / "copy"
    shutil.copytree(whole[0], copy)
    (copy / "report.html").unlink()
    shutil.rmtree(copy / "figures")
    report(copy)
    assert {p.name for p in copy.iterdir()} == FILES


def test_configuration_runs_again_to_the_bit(whole, tmp_path):
    settings = configuration.load(find("waveguide-bend"), file=whole[0] / "config.toml")
    folder = study.create(settings, tmp_path / "again")
    study.optimize(settings, folder)
    assert (folder / "config.toml").read_text() == (whole[0] / "config.toml").read_text()
    study_folder.assert_same_history(whole[0], folder)


def test_another_seed_is_another_run(whole, tmp_path):
    """The comparison to the bit can fail: the initial noise differs."""
    settings = configuration.load(find("waveguide-bend"), file=whole[0] / "config.toml", overrides=["seed=8"])
    folder = study.create(settings, tmp_path / "other")
    study.optimize(settings, folder)
    with pytest.raises(AssertionError):
        study_folder.assert_same_history(whole[0], folder)


def test_configuration_is_complete(whole):
    data = tomllib.loads((whole[0] / "config.toml").read_text())
    problem = find("waveguide-bend")
    for section, cls in {"specification": problem.Specification, "discretization": problem.Discretization}.items():
        assert set(data[section]) == set(cls.model_fields)
    assert data["seed"] == 7 and data["preset"] == "coarse" and data["optimization"]["stages"][1]["steepness"] == np.inf


def test_a_run_in_use_is_not_touched(whole):
    before = {p: p.stat().st_mtime_ns for p in whole[0].rglob("*")}
    with pytest.raises(InputError, match="a folder that does not exist or is empty"):
        study.run(find("waveguide-bend"), whole[0])
    assert {p: p.stat().st_mtime_ns for p in whole[0].rglob("*")} == before


def test_a_final_check_that_fails_loses_no_design(settings_file, tmp_path, monkeypatch):
    """The fine simulation runs out of memory: the design with its own results is there, and a page can be made of it."""
    from adjointdesign.problem import Target
    from adjointdesign.problems.photonics import deliver
    from adjointdesign.report.page import report

    class Bend(find("waveguide-bend")):
        def targets(self):
            return Target("S21", 1, -0.5, unit="dB"), self.target("S11", -1, -20.0, low=1.28e-6)

    def exhausted(*_):
        raise MemoryError

    settings = configuration.load(Bend, file=settings_file)
    folder, problem = study.create(settings, tmp_path / "run"), settings.build()
    monkeypatch.setattr(deliver, "read_polygons", exhausted)
    with pytest.raises(MemoryError):
        problem.deliver(folder, problem.initial_design(np.random.default_rng(0)), "converged")
    with h5py.File(folder / "design.h5") as file:
        assert "results_gds" not in file and {"results", "spectrum", "fields", "length_scale", "parameters"} <= set(file)
        assert [t["wavelengths"] for t in json.loads(file["targets"].attrs["json"])] == [[0, 1], [1]]
    assert (folder / "design.gds").exists() and not list(folder.glob(".*"))
    page = report(folder, problem).read_text()
    assert "S-parameters against their targets" in page and "own simulation" in page
