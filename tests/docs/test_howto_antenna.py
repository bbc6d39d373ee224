"""The examples of the page on antennas from files are antennas: they can be read, and put on a grid."""

import re
import tomllib
from pathlib import Path

import numpy as np

from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.description import described

PAGE = (Path(__file__).parents[2] / "docs" / "howto-antenna.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_first_example():
    antenna = described(tomllib.loads(blocks("toml")[0]))
    model = build(antenna)
    assert antenna.name == "quarter-wave monopole" and len(model.ports) == 1
    assert model.medium.conductor["ez"].any()


def test_a_body_from_an_stl_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (program,) = blocks("python")
    exec(compile(program, "howto-antenna.md", "exec"), {})
    (example,) = (block for block in blocks("toml") if '"stl"' in block)
    band = {"name": "pyramid", "band": {"low": 1e9, "high": 2e9}, "grid": {"cells_per_wavelength": 9.0, "subsamples": 1}}
    antenna = described(band | tomllib.loads(example), tmp_path)
    (pyramid,) = antenna.solids
    assert abs(pyramid.surface.volume / (0.06**2 * 0.04 / 3) - 1) < 1e-6
    model = build(antenna)
    assert 9 < model.bare.permittivity["ez"].max() <= 9.8 + 1e-9
    assert np.abs(model.grid.lines(2)).min() < 1e-9 and not pyramid.faces(0)
