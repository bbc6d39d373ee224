"""Settings come from defaults, a preset, a file and single overrides, the later over the earlier, and survive their file."""

import math

import pytest

from adjointdesign.configuration import SECTIONS, load
from adjointdesign.errors import InputError
from adjointdesign.problems import find, names


def same(one, other):
    return all(getattr(one, s) == getattr(other, s) for s in SECTIONS) and (one.preset, one.seed) == (other.preset, other.seed)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('preset = "coarse"\nseed = 3\n[discretization]\npml_cells = 9\nspacing = 30e-9\n')
    return path


def test_precedence(file):
    """20 nm and 12 cells by default, 40 nm by the preset, 30 nm and 9 cells by the file, 25 nm from the command line."""
    bend = find("waveguide-bend")
    found = load(bend).discretization
    assert (found.spacing, found.pml_cells, found.run_time) == (20e-9, 12, 400e-15)
    found = load(bend, overrides=["preset=coarse"]).discretization
    assert (found.spacing, found.pml_cells, found.run_time) == (40e-9, 12, 150e-15)
    found = load(bend, file=file)
    assert (found.discretization.spacing, found.discretization.pml_cells, found.seed) == (30e-9, 9, 3)
    assert found.discretization.run_time == 150e-15  # the preset that the file names, whatever the file's name
    found = load(bend, file=file, overrides=["discretization.spacing=25e-9", "seed=4"])
    assert (found.discretization.spacing, found.discretization.pml_cells, found.seed) == (25e-9, 9, 4)
    found = load(bend, file=file, overrides=["discretization.spacing=25e-9", "discretization.spacing=26e-9"])
    assert found.discretization.spacing == 26e-9


def test_a_preset_on_the_command_line_stands_above_the_file(file, tmp_path):
    """Its own values come from the preset, the others from the file, and single settings stand above both."""
    bend = find("waveguide-bend")
    found = load(bend, file=file, overrides=["preset=coarse"])
    assert (found.discretization.spacing, found.discretization.pml_cells, found.seed) == (40e-9, 9, 3)
    found = load(bend, file=file, overrides=["discretization.spacing=25e-9", "preset=coarse"]).discretization
    assert (found.spacing, found.pml_cells) == (25e-9, 9)
    found = load(bend, file=file, overrides=["preset="])
    assert (found.preset, found.discretization.spacing, found.discretization.run_time) == ("", 30e-9, 400e-15)
    # A complete file, as a run leaves one.
    complete = tmp_path / "complete.toml"
    complete.write_text(load(bend, overrides=["optimization.filter_radius=150e-9"]).toml())
    found = load(bend, file=complete, overrides=["preset=coarse"])
    wanted = load(bend, overrides=["preset=coarse", "optimization.filter_radius=150e-9"])
    assert same(found, wanted) and found.preset == "coarse"


def test_one_setting_of_a_section_leaves_the_others():
    found = load(find("demultiplexer"), overrides=["preset=large", "specification.edge_distance=300e-9"]).specification
    assert found.design_size == (6.4e-6, 6.4e-6) and found.edge_distance == 300e-9


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("preset", ["", "coarse"])
def test_a_written_configuration_reads_back_the_same(tmp_path, name, preset):
    problem, path = find(name), tmp_path / "any-name.toml"
    threads = ["discretization.threads=2"] * ("threads" in problem.Discretization.model_fields)
    own = getattr(load(problem).optimization, "stages", ())
    stage = type(own[0]).model_fields if own else {}
    endless = "steepness" in stage and not any(hasattr(bound, "le") for bound in stage["steepness"].metadata)
    others = {"steepness": "steepness=inf", "method": "method='mma'", "length_scale": "length_scale=true"}
    needed = [f"{field}={getattr(own[0], field)!r}" for field, about in stage.items() if about.is_required()]
    first = ", ".join(["evaluations=3", *needed])
    second = ", ".join(["evaluations=7", *needed, *(text for field, text in others.items() if field in stage and (field != "steepness" or endless))])
    stages = [f"optimization.stages=[{{{first}}}, {{{second}}}]"] * bool(own)
    wanted = load(problem, overrides=[f"preset={preset}", "seed=5", *threads, "optimization.wall_time=60", *stages])
    path.write_text(wanted.toml())
    read = load(problem, file=path)
    assert same(read, wanted) and read.toml() == wanted.toml()
    assert not own or [s.evaluations for s in read.optimization.stages] == [3, 7]
    assert not endless or math.isinf(read.optimization.stages[1].steepness)
    assert "length_scale" not in stage or read.optimization.stages[1].length_scale


def test_what_is_none_is_left_out_and_stays_none(tmp_path):
    wanted = load(find("waveguide-bend"))
    text = wanted.toml()
    assert wanted.discretization.threads is None and wanted.optimization.wall_time is None
    assert "threads" not in text and "wall_time" not in text
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert same(load(find("waveguide-bend"), file=path), wanted)


@pytest.mark.parametrize(
    "setting", ["seed=1.5", "seed=true", "seed='1'", "discretization.threads=0", "discretization.courant=1", "preset.a=1",
                "preset=0", "preset=false", "preset=[]", "preset={}",
                "optimization.initial_density=1.1", "optimization.stages=8", "specification.design_size=[1e-6]", "=3", "a..b=3"],
)  # fmt: skip
def test_refused(setting):
    with pytest.raises(InputError) as refusal:
        load(find("waveguide-bend"), overrides=[setting])
    assert "\n" not in str(refusal.value)


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        load(find("waveguide-bend")).discretization.spacing = 1.0


def test_a_problem_of_another_distribution_is_found(monkeypatch):
    from importlib.metadata import EntryPoint

    import adjointdesign.problems as problems

    entry = EntryPoint("mine", "adjointdesign.problems.photonics.soi_bend:SoiBend", "adjointdesign.problems")
    monkeypatch.setattr(problems, "entry_points", lambda group: (entry,))
    assert names()[-1] == "mine" and find("mine") is find("soi-bend")


@pytest.mark.parametrize("preset", ["0", "false", "[]", "{}"])
def test_a_preset_of_a_file_that_is_no_name_is_refused(file, preset):
    file.write_text(f"preset = {preset}\n")
    with pytest.raises(InputError, match="preset: expected one of coarse"):
        load(find("waveguide-bend"), file=file)
