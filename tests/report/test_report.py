"""The report, read back as a browser would: what it says, what it loads, and what it makes of less than a whole run."""

import re
import shutil
from html.parser import HTMLParser

import h5py
import numpy as np
import pytest
import run_folders

from adjointdesign.errors import InputError
from adjointdesign.report.figures import FIGURES
from adjointdesign.report.page import report, write_report
from adjointdesign.report.run_folder import RunFolder

pytestmark = pytest.mark.filterwarnings("error")  # matplotlib says so when a figure's parts do not fit
VOID = {"meta", "img"}


class Reader(HTMLParser):
    """Words and rows of a page; complains when elements do not nest."""

    def __init__(self, source):
        super().__init__()
        self.open, self.words, self.rows, self.loaded, self.tags = [], [], [], [], set()
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.loaded += [value for key, value in attributes if key in ("src", "href", "srcset")]
        if tag == "tr":
            self.rows.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            assert "url(" not in data and "@import" not in data
            return
        self.words.append(data)
        if "tr" in self.open:
            self.rows[-1] += data + " "

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """A complete, made-up run with its report."""
    folder = run_folders.write_run(tmp_path_factory.mktemp("runs") / "complete")
    report(folder)
    return folder


@pytest.fixture(scope="module")
def drawn(complete):
    """The figures of the complete run, so that not every test must draw them."""
    return {path.stem: path.read_bytes() for path in (complete / "figures").glob("*.png")}


def read(folder):
    return Reader((folder / "report.html").read_text(encoding="utf-8"))


def rewritten(folder):
    """Its page, without figures."""
    write_report(RunFolder(folder), {})
    return read(folder)


def test_all_figures_are_drawn_and_embedded(complete, drawn):
    """Every figure as a PNG file of a page's width, and in the page."""
    assert set(drawn) == set(FIGURES)
    for name, content in drawn.items():
        assert content.startswith(b"\x89PNG")
        width = int.from_bytes(content[16:20], "big")
        assert 700 < width < 1500, name
    images = [source for source in read(complete).loaded if source.startswith("data:image/png;base64,")]
    assert len(images) == len(FIGURES)


def test_the_page_stands_alone(complete):
    """Nothing is loaded from elsewhere, links lead to files of the run, and what users typed stays text."""
    page = read(complete)
    links = [source for source in page.loaded if not source.startswith("data:")]
    assert links and all((complete / link).is_file() for link in links)
    assert "script" not in page.tags and "<script>alert(1)</script>" in page.text
    assert "<no room>" in page.text


def test_the_page_says_how_the_targets_were_met(complete):
    """Numbers worked out here from the S-parameters: the least margin, and each value beside its target."""
    page = read(complete)
    db = 20 * np.log10(np.abs(run_folders.s_matrix(run_folders.WAVELENGTHS, 1.1)) + 1e-12)
    margins = [
        (db[i, int(g["reading"][1]) - 1, int(g["reading"][2]) - 1] - g["bound"]) * g["sense"]
        for g in run_folders.GOALS for i in g["wavelengths"]
    ]  # fmt: skip
    assert f"✓ met by {min(margins):.2f}" in page.text
    row = next(r for r in page.rows if "design.gds" in r)
    assert [f"✓ −{-db[i, 1, 0]:.2f}" in row for i in range(4)] == [True, True, False, False]
    assert not any("✗" in row for row in page.rows if "cells" in row)
    assert "80 nm" in page.text and "2.25 (2.10 to 2.40)" in page.text


def test_a_missed_target_and_a_failed_check_are_said(tmp_path):
    """The verdict is that of the GDSII file's simulation, not the design's own, which meets everything."""
    page = rewritten(run_folders.write_run(tmp_path / "missed", missed=True, passed=False))
    assert re.search(r"All targets ✗ missed by 17\.00\sdB re-simulated from design.gds", page.text)
    assert re.search(r"met by \d\.\d\d\sdB in the design's own", page.text)
    assert "✗ check failed" in page.text and "taylor_order: expected >= 1.9, got 1.01" in page.text
    assert any("1.010" in row and "✗" in row for row in page.rows)


def test_the_best_design_of_a_stage_is_a_feasible_one(complete):
    """The second stage begins with violations; they count less than any design that keeps the constraint."""
    from adjointdesign.report.draw_design_history import best_so_far, final_index

    run = RunFolder(complete)
    np.testing.assert_array_equal(best_so_far(run), np.arange(12))  # this objective falls all the way
    run.trace.objective[6:] = run.trace.objective[6:][::-1].copy()  # now the violating ones have the least values
    np.testing.assert_array_equal(best_so_far(run)[6:], [6, 6, 8, 8, 8, 8])
    assert final_index(run) == 11  # the design's own parameters, whatever came out best


@pytest.mark.parametrize(
    "parts", [(), ("history",), ("history", "design")], ids=["nothing", "history", "no-certificate"]
)
def test_an_interrupted_run_has_a_report_too(tmp_path, parts):
    """It says what is missing and how to go on."""
    folder = tmp_path / "stopped"
    run_folders.write_config(folder)
    for part in parts:
        getattr(run_folders, f"write_{part}")(folder)
    report(folder)
    page = read(folder)
    said = {0: "not evaluated any design", 1: "has not finished: 12 evaluations", 2: "gradient has not been checked"}
    assert said[len(parts)] in page.text
    assert "adjointdesign resume stopped" in page.text


def test_ports_and_stages_come_from_the_problem(tmp_path):
    """A run of a shipped problem: stage names, and densities as simulated, without a design."""
    from adjointdesign import configuration
    from adjointdesign.optimize.evaluation import Evaluation
    from adjointdesign.optimize.history import History
    from adjointdesign.problems import find

    settings = configuration.load(find("waveguide-bend"), overrides=["preset=coarse"])
    (tmp_path / "config.toml").write_text(settings.toml())
    n = int(np.prod(settings.build().design_shape))
    with History.create(tmp_path / "history.h5", {}) as history:
        empty = (np.zeros(0), np.zeros((0, n)))
        readings = {"S11": np.full(6, -9.0), "S21": np.full(6, -2.0), "worst_db": np.array(11.0)}
        history.append(0, Evaluation(np.full(n, 0.5), np.array([11.5]), np.zeros((1, n)), *empty, readings), 1.0)
    page = read(report(tmp_path, settings.build()).parent)
    assert (tmp_path / "figures" / "design_history.png").is_file()
    assert settings.build().summary in page.text
    assert any(settings.build().stages()[0].name in row and "11.00 dB" in row for row in page.rows)


def test_one_run_gives_one_report(complete, drawn, tmp_path):
    """The same bytes again, so that reports can be compared."""
    before = (complete / "report.html").read_bytes()
    name = "gradient_check"
    assert FIGURES[name](RunFolder(complete)) == drawn[name]
    write_report(RunFolder(complete), {name: drawn[name] for name in FIGURES})
    assert (complete / "report.html").read_bytes() == before


def test_a_users_own_plots_are_left_alone(complete):
    """Neither style nor figures of a running session change."""
    import matplotlib
    import matplotlib.pyplot as plt

    with matplotlib.rc_context({"font.size": 31.0}):
        before, figures = dict(matplotlib.rcParams), plt.get_fignums()
        FIGURES["gradient_check"](RunFolder(complete))
        assert dict(matplotlib.rcParams) == before and plt.get_fignums() == figures


@pytest.mark.parametrize("name", ["config.toml", "certificate.json", "provenance.json", "history.h5", "design.h5"])
def test_damaged_parts_are_named(complete, tmp_path, name):
    """One line with the file's name, no traceback from inside."""
    folder = tmp_path / "damaged"
    shutil.copytree(complete, folder)
    (folder / name).write_bytes(b"{ damaged")
    with pytest.raises(InputError, match=re.escape(name)) as error:
        rewritten(folder)
    assert "\n" not in str(error.value)


def test_a_design_without_its_parts_is_named(complete, tmp_path):
    """An HDF5 file of something else."""
    folder = tmp_path / "other"
    shutil.copytree(complete, folder)
    with h5py.File(folder / "design.h5", "w") as file:
        file.attrs["pixel"] = 1e-8
    with pytest.raises(InputError, match="design.h5"):
        report(folder)


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_text("x")])
def test_what_is_no_run_is_refused(tmp_path, make):
    """Missing, empty, or a file."""
    make(tmp_path / "x")
    with pytest.raises(InputError, match="DIR: expected the folder of a run"):
        report(tmp_path / "x")
