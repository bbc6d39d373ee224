"""Descriptions of antennas: what they say, what their grids keep, what is refused in one line."""

import tomllib
from pathlib import Path

import gdstk
import numpy as np
import pytest

import adjointdesign.problems.antennas as antennas
from adjointdesign.constants import C0, EPS0
from adjointdesign.errors import InputError
from adjointdesign.problems.antennas.geometry.build import build, cells_per_wavelength
from adjointdesign.problems.antennas.geometry.description import described, read

REFERENCES = sorted((Path(antennas.__file__).parent / "reference").glob("*.toml"))
PATCH = """
name = "patch"
[band]
low = 2e9
high = 3e9
[media.board]
permittivity = 3.38
loss_tangent = 0.002
[[solids]]
name = "board"
medium = "board"
shape = "box"
lower = [-30e-3, -30e-3, 0.0]
upper = [30e-3, 30e-3, 1.5e-3]
[[sheets]]
name = "ground"
axis = "z"
position = 0.0
outline = { shape = "rectangle", lower = [-30e-3, -30e-3], upper = [30e-3, 30e-3] }
[[sheets]]
name = "patch"
axis = "z"
position = 1.5e-3
outline = { shape = "rectangle", lower = [-16e-3, -20e-3], upper = [16e-3, 20e-3] }
[[ports]]
name = "feed"
axis = "z"
center = [-6e-3, 0.0, 0.75e-3]
size = [0.0, 0.0, 1.5e-3]
[far_field]
"""


def patch(**changes):
    data = tomllib.loads(PATCH)
    for path, value in changes.items():
        here, *steps = data, *(int(s) if s.isdigit() else s for s in path.split("__"))
        for step in steps[:-1]:
            here = here.setdefault(step, {}) if isinstance(here, dict) else here[step]
        if value is None:
            here.pop(steps[-1])
        else:
            here[steps[-1]] = value
    return described(data)


def test_reference_antennas_can_be_simulated():
    """Every file builds, its ports sit between metal, its far-field box is free, and its band is resolved."""
    assert len(REFERENCES) >= 5
    for path in REFERENCES:
        model = build(read(path))
        assert cells_per_wavelength(model) >= min(18, 0.9 * model.antenna.grid.cells_per_wavelength) >= 14
        assert model.medium.grid is model.grid and len(model.ports) == len(model.antenna.ports) >= 1
        if model.antenna.far_field:
            box, ground = model.far_field_box
            assert all(low < high for low, high in box)
            assert ground == ({"-z": "pec"} if "monopole" in path.name else {})


def test_grid_of_a_patch():
    """Faces, edges and the port are nodes; the board has its cells; sizes and growth are kept; layers are uniform."""
    model = build(patch())
    grid, spec = model.grid, model.antenna
    wanted = {0: [-30e-3, -16e-3, -6e-3, 16e-3, 30e-3], 1: [-30e-3, -20e-3, 0.0, 20e-3, 30e-3], 2: [0.0, 1.5e-3]}
    vacuum = C0 / 3e9 / 20
    for axis, positions in wanted.items():
        lines, cells = grid.lines(axis), np.diff(grid.lines(axis))
        for x in positions:
            assert np.abs(lines - x).min() < 1e-9
        assert cells.max() <= vacuum * (1 + 1e-6)
        assert max((cells[1:] / cells[:-1]).max(), (cells[:-1] / cells[1:]).max()) <= 1.3 * (1 + 1e-6)
        board = (lines[:-1] > spec.solids[0].bounds[axis][0] - 1e-9) & (
            lines[1:] < spec.solids[0].bounds[axis][1] + 1e-9
        )
        assert cells[board].max() <= vacuum / np.sqrt(3.38) * (1 + 1e-6)
        assert cells[:10] == pytest.approx(cells[0]) and cells[-10:] == pytest.approx(cells[-1])
        assert lines[10] == pytest.approx(spec.bounds[axis][0]) and spec.bounds[axis][0] < -0.03
    assert np.count_nonzero((grid.lines(2) > -1e-9) & (grid.lines(2) < 1.5e-3 + 1e-9)) == 4


def test_thirds():
    """Edges of the patch lie a third of a cell beyond its last node; those of the ground on nodes."""
    model = build(patch(grid__edge_rule="thirds", grid__edge_size=1e-3))
    for axis, half in ((0, 16e-3), (1, 20e-3)):
        lines = model.grid.lines(axis)
        k = np.searchsorted(lines, half)
        assert (half - lines[k - 1]) / (lines[k] - lines[k - 1]) == pytest.approx(1 / 3)
        assert np.abs(lines - 30e-3).min() < 1e-9
    held, y = model.bare.conductor["ex"], model.grid.coordinates("ex", 1)
    rows = held[:, :, np.argmin(abs(model.grid.coordinates("ex", 2) - 1.5e-3))].any(axis=0)
    assert y[rows].max() == pytest.approx(20e-3 - 1e-3 / 3)


def test_loss_tangent_is_a_conductivity():
    model = build(patch())
    inside = model.bare.conductivity["ez"].max()
    assert inside == pytest.approx(2 * np.pi * 2.5e9 * EPS0 * 3.38 * 0.002)
    assert patch(media__board__frequency=1e9).medium("board").total_conductivity(patch().band) == pytest.approx(
        inside / 2.5
    )


@pytest.mark.parametrize(
    "changes,message",
    [
        ({"solids__0__medium": "bord"}, "did you mean board?"),
        ({"solids__0__shape": "cube"}, "solids.'board'.shape: expected a shape: box, cylinder, prism, sphere or stl, got 'cube'"),
        ({"solids__0__shape": None}, "solids.'board'.shape: expected a shape: box, cylinder, prism, sphere or stl, got none"),
        ({"sheets__0__outline": {"lower": [0.0, 0.0], "upper": [1.0, 1.0]}}, "outline.shape: expected a shape: rectangle, disc or polygon, got none"),
        ({"sheets__0__outline": {"shape": "square"}}, "outline.shape: expected a shape: rectangle, disc or polygon, got 'square'"),
        ({"solids__0__thickness": 1.0}, "a known setting"),
        ({"solids__0__upper": [30e-3, 30e-3, 0.0]}, "solids.'board'.*a sheet has no thickness"),
        ({"band__low": 4e9}, "low below high"),
        ({"band__low": None}, "band.low: expected a value"),
        ({"sheets__0__name": "patch"}, "all different, got 'patch'"),
        ({"media__pec": {"permittivity": 2.0}}, "built in"),
        ({"media__sheets": {"permittivity": 2.0}}, "media.sheets: expected another name"),
        ({"domain__upper": [0.02, 0.05, 0.05]}, "'board' along x: expected an extent within the domain"),
        ({"wires": [{"name": "w", "start": [0, 0, 0], "end": [1e-3, 1e-3, 0]}]}, "wires.'w'.*one axis"),
        ({"media__board__loss_tangent": -0.1}, "media.board.loss_tangent"),
    ],
)
def test_descriptions_that_cannot_be(changes, message):
    with pytest.raises(InputError, match=message) as refusal:
        patch(**changes)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "changes,message",
    [
        ({"grid__frequency": 1e9}, "band.high: expected at least 8 cells per wavelength.*got 7"),
        ({"ports__0__center": [-6e-3, 0.0, 2.5e-3]}, "port 'feed'.*metal at the low end"),
        ({"ports__0__size": [0.0, 0.0, 0.0]}, "port 'feed': size along z"),
        ({"sheets__1__position": 1.5e-3 + 1e-6}, "smallest cell.*sheet 'patch' along z|solid 'board' along z"),
        ({"grid__smallest": 1e-3}, "cells of at least 0.001 m"),
    ],
)  # fmt: skip
def test_antennas_that_cannot_be_meshed(changes, message):
    with pytest.raises(InputError, match=message) as refusal:
        build(patch(**changes)).medium
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("margin", [0.1, 37.5e-3])
def test_far_field_box_beyond_the_room(margin):
    with pytest.raises(InputError, match="far-field box along x.*absorber"):
        build(patch(far_field__margin=margin)).far_field_box


def test_files_that_cannot_be_read(tmp_path):
    for content, message in ((None, "readable"), ("name = ", "a TOML file"), ("name = 'x'", "band: expected a value")):
        path = tmp_path / "antenna.toml"
        if content is not None:
            path.write_text(content)
        with pytest.raises(InputError, match=message):
            read(path)


def test_metal_from_a_file_is_that_of_the_same_corners(tmp_path):
    """The layer of a GDSII file beside the description, for a sheet and for a prism of metal."""
    library, cell = gdstk.Library(unit=1e-3, precision=1e-7), gdstk.Cell("PATCH")
    cell.add(gdstk.rectangle((-16, -20), (16, 20), layer=5))
    library.add(cell)
    library.write_gds(tmp_path / "patch.gds")
    drawn = 'outline = { shape = "rectangle", lower = [-16e-3, -20e-3], upper = [16e-3, 20e-3] }'
    assert drawn in PATCH
    (tmp_path / "patch.toml").write_text(
        PATCH.replace(drawn, 'outline = { shape = "polygon", file = "patch.gds", layer = 5 }')
    )
    found, expected = build(read(tmp_path / "patch.toml")), build(patch())
    for a in range(3):
        assert found.grid.lines(a) == pytest.approx(expected.grid.lines(a), abs=1e-9)
    for c in found.grid.electric:
        assert np.array_equal(found.bare.conductor[c], expected.bare.conductor[c])
    solid = PATCH.replace(
        "[[ports]]",
        """[[solids]]
name = "block"
medium = "pec"
shape = "prism"
axis = "z"
ends = [1.5e-3, 4e-3]
outline = { shape = "polygon", file = "patch.gds" }
[[ports]]""",
    )
    (tmp_path / "block.toml").write_text(solid)
    block = build(read(tmp_path / "block.toml"))
    z = block.grid.coordinates("ez", 2)
    heights = z[block.bare.conductor["ez"].any(axis=(0, 1))]
    assert heights.min() > 1.5e-3 and heights.max() < 4e-3
    assert block.medium is not None  # the port touches the block's floor
