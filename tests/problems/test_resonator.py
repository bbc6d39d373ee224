"""The dielectric resonator antenna: gradients, the body on the grid and in files, its resonance against a published model."""

import itertools
import json

import numpy as np
import pytest
from adjointdesign.problems import find
from adjointdesign.problems.antennas.fdtd_deliver import summarize
from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.resonator_body import Blocks
from adjointdesign.problems.antennas.resonator_files import surface, write_blocks, write_surface
from scipy.optimize import brentq

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.problem import value_and_gradient

TINY = {
    "specification": {
        "frequencies": [2.9e9, 3.2e9], "far_frequencies": [2.9e9, 3.2e9], "size": [24e-3, 24e-3, 12e-3], "block": 3e-3, "layers": 4,
        "permittivity": 9.0, "loss_tangent": 0.02, "feed_position": -12e-3, "feed_width": 6e-3, "feed_height": 9e-3, "gap": 3e-3,
        "directions": [[0.0, 0.0], [30.0, 90.0]],
    },
    "discretization": {"cell": 3e-3, "cells_per_wavelength": 8, "decay": 1e-4, "padding": 15e-3, "refinement": 1},
    "optimization": {"filter_radius": 5e-3, "stages": [{"steepness": 4, "evaluations": 3}]},
}  # fmt: skip


def made(**changes):
    """A tiny problem, with settings ``section__name`` changed."""
    kind, settings = find("dielectric-resonator-antenna"), {k: dict(v) for k, v in TINY.items()}
    for name, value in changes.items():
        section, _, setting = name.partition("__")
        settings[section][setting] = value
    return kind(kind.Specification(**settings["specification"]), kind.Discretization(**settings["discretization"]),
                kind.Optimization(**settings["optimization"]))  # fmt: skip


@pytest.fixture(scope="module")
def tiny():
    return made()


def bodies(seed: int, shape=(5, 4, 3)):
    return np.random.default_rng(seed).uniform(size=shape) < 0.6


def notched(shape):
    """A body of boxes that are two blocks thick at least, so that meshing it anew gives the cells of the blocks."""
    solid = np.ones(shape, bool)
    solid[4:, :2, :2] = solid[:4, 2:, 2:] = False
    return solid


# -- gradient ---------------------------------------------------------------------------------------------------------


def test_gradient_against_central_differences(tiny):
    rng = np.random.default_rng(3)
    x, direction = rng.uniform(0.2, 0.8, tiny.design_shape), rng.normal(size=tiny.design_shape)
    stage = tiny.final_stage
    gradient = value_and_gradient(tiny, x, stage)[1].reshape(x.shape)
    h = 1e-4
    slope = (float(tiny.evaluate(x + h * direction, stage).objective) - float(tiny.evaluate(x - h * direction, stage).objective)) / (2 * h)
    assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-6)


def test_all_runs_have_the_length_of_the_first_design(tiny):
    tiny.solver()
    other = made()
    other.evaluate(np.zeros(other.design_shape))
    assert other.solver().steps == tiny.solver().steps


def test_a_design_that_rings_beyond_the_length_of_the_first_is_marked(tmp_path, caplog):
    """An empty room sets the length; by then a full block has not rung down. It is told wherever it is read."""
    problem = made(optimization__initial_density=0.0, specification__loss_tangent=0.0, discretization__decay=1e-6)
    problem.evaluate(np.zeros(problem.design_shape))
    assert problem.ringing.rung_down and not caplog.records
    np.save(tmp_path / "full.npy", np.ones(problem.design_shape))
    found = problem.evaluate_file(tmp_path / "full.npy")
    (record,) = caplog.records
    assert "not rung down" in record.getMessage() and "\n" not in record.getMessage()
    assert not found["ringing"]["rung_down"] and found["ringing"]["remaining_energy"] > 5e-5
    assert "NOT RUNG DOWN" in problem.table(found)
    results = {"cells": [1, 1, 1], "rung_down": True, "own_grid": found["ringing"], "targets": [], "readings": {}}
    (tmp_path / "verification.json").write_text(json.dumps(results), encoding="utf-8")
    assert summarize(tmp_path)[0].startswith("NOT RUNG DOWN on the grid of the optimization: 7")


# -- the body on the grid ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [3e-3, 1.5e-3])
def test_medium_is_that_of_the_description(cell):
    """Two programs fill the same grid: overlap matrices of blocks, and sampling of the exported boxes."""
    problem = made(discretization__cell=cell)
    solid = notched(problem.design_shape)
    written = build(described(problem.described(solid)), problem.nodes())
    assert [len(written.grid.lines(a)) for a in range(3)] == [len(problem.model.grid.lines(a)) for a in range(3)]
    medium = {k: np.asarray(v) for k, v in problem.medium(solid.astype(float)).items()}
    for component, ranges in problem._box.slices.items():
        free = ~written.bare.conductor[component][ranges]
        for kind, values in (("permittivity", written.bare.permittivity), ("conductivity", written.medium.conductivity)):
            expected = values[component][ranges]
            # Blocks of the body beside air are in series only along the component, where no cell is cut.
            np.testing.assert_allclose(medium[f"{kind}_{component[1]}"][free], expected[free], rtol=1e-6, atol=1e-9)


def test_blocks_not_on_the_grid_keep_their_volume():
    """The share of the dual cells, weighed by their volumes, is the volume of the body however cells cut the blocks."""
    problem = made(discretization__cell=2e-3, specification__feed_height=8e-3, specification__gap=2e-3)
    solid = bodies(2, problem.design_shape)
    contrast = np.asarray(problem.medium(solid.astype(float))["permittivity_z"]) - 1.0
    ranges, grid = problem._box.slices["ez"], problem.model.grid
    volumes = 1.0
    for axis in range(3):
        lengths = np.diff(np.clip(grid.borders("ez", axis), problem.body.lower[axis] if axis else -1, 1))[ranges[axis]]
        volumes = np.multiply.outer(volumes, lengths)
    found = np.sum(contrast * volumes) / (problem.specification.permittivity - 1)
    assert found == pytest.approx(solid.sum() * np.prod(problem.body.pitch), rel=1e-9)


def test_filter_is_the_mean_with_images():
    """Against the sum over all blocks, written out: mirrored at y = 0 and z = 0, going on outward elsewhere."""
    blocks, radius = Blocks((8e-3, 6e-3, 4e-3), (4, 3, 2), 2e-3), 3.1e-3
    rho = np.random.default_rng(0).uniform(size=blocks.counts)
    pitch, found = np.array(blocks.pitch), np.asarray(blocks.filtered(rho, radius))
    for at in itertools.product(*map(range, rho.shape)):
        total = weight = 0.0
        for step in itertools.product(range(-4, 5), repeat=3):
            w = max(0.0, 1 - np.linalg.norm(step * pitch) / radius)
            i, j, k = np.add(at, step)
            j, k = (-1 - j if j < 0 else j), (-1 - k if k < 0 else k)
            total += w * rho[np.clip(i, 0, 3), min(j, 2), min(k, 1)]
            weight += w
        assert found[at] == pytest.approx(total / weight, rel=1e-12)


def test_own_grid_against_the_exported_antenna(tiny):
    """The same body from its description on the same cells; what is left are the margins of the grid around it."""
    from adjointdesign.problems.antennas.describe import simulate
    from adjointdesign.problems.antennas.fdtd_deliver import judged

    solid = notched(tiny.design_shape)
    own = {k: np.asarray(v) for k, v in tiny.readings(tiny.solve(tiny.medium(solid.astype(float)))).items()}
    found = judged(tiny, simulate(described(tiny.described(solid))))
    np.testing.assert_allclose(found["S11"], own["S11"], atol=0.1)
    np.testing.assert_allclose(found["gain"], own["gain"], atol=0.1)
    np.testing.assert_allclose(found["efficiency"], own["efficiency"], atol=0.01)


def test_full_block_resonates_where_the_waveguide_model_says():
    """R. K. Mongia and A. Ittipiboon, IEEE Trans. Antennas Propag. 45, 1348 (1997): the mode TE111, good to a few percent."""
    length, width, height, permittivity = 24e-3, 24e-3, 12e-3, 10.0
    kx, kz = np.pi / length, np.pi / (2 * height)

    def mismatch(k0):
        ky = np.sqrt(permittivity * k0**2 - kx**2 - kz**2)
        return ky * np.tan(ky * width / 2) - np.sqrt((permittivity - 1) * k0**2 - ky**2)

    low, high = (np.sqrt((kx**2 + kz**2 + (q * np.pi / width) ** 2) / permittivity) for q in (1e-3, 0.999))
    model = brentq(mismatch, low, high) * C0 / (2 * np.pi)
    frequencies = np.linspace(2.6e9, 3.6e9, 41)
    problem = made(specification__frequencies=frequencies, specification__far_frequencies=[3e9], specification__size=[length, width, height],
                   specification__block=2e-3, specification__layers=6, specification__permittivity=permittivity, specification__loss_tangent=0.0,
                   specification__feed_position=-length / 2, specification__feed_width=4e-3, specification__feed_height=8e-3,
                   specification__gap=2e-3, discretization__cell=2e-3, discretization__padding=20e-3, optimization__initial_density=1.0)  # fmt: skip
    readings = problem.evaluate(np.ones(problem.design_shape), {"steepness": 64.0}).readings
    resistance = np.real((1 + readings["reflection"]) / (1 - readings["reflection"]))
    assert frequencies[np.argmax(resistance)] == pytest.approx(model, rel=0.03)
    # Without loss all that is not reflected is radiated.
    at = np.argmin(np.abs(frequencies - 3e9))
    assert readings["efficiency"][0] == pytest.approx(1 - np.abs(readings["reflection"][at]) ** 2, abs=0.005)


# -- the body in files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_boxes_are_the_solid_blocks_each_once(seed):
    blocks, solid = Blocks((10e-3, 8e-3, 3e-3), (5, 4, 3), 1e-3), bodies(seed)
    boxes, count = blocks.boxes(solid), np.zeros(solid.shape, int)
    middles = np.meshgrid(*(0.5 * (e[1:] + e[:-1]) for e in blocks.borders), indexing="ij")
    for low, high in boxes:
        count += np.all([(m > a) & (m < b) for m, a, b in zip(middles, low, high)], axis=0)
    np.testing.assert_array_equal(count, solid)
    assert len(boxes) < solid.sum()


@pytest.mark.parametrize("seed", range(3))
def test_surface_is_closed_and_holds_the_volume(seed):
    solid = bodies(seed)
    triangles, normals = surface(solid)
    directed = {}
    for a, b, c in triangles.tolist():
        for p, q in ((a, b), (b, c), (c, a)):
            directed[tuple(p), tuple(q)] = directed.get((tuple(p), tuple(q)), 0) + 1
    assert all(directed.get((q, p)) == n for (p, q), n in directed.items())
    a, b, c = np.moveaxis(triangles, 1, 0)
    assert np.sum(np.cross(a, b) * c) / 6 == pytest.approx(solid.sum())
    assert np.all(np.sum(np.cross(b - a, c - a) * normals, axis=1) > 0)


def test_files_of_the_body(tmp_path):
    import meshio

    solid, corner, pitch = bodies(5), (-5e-3, -4e-3, 0.0), (2e-3, 1e-3, 1e-3)
    write_surface(tmp_path / "body.stl", solid, corner, pitch)
    read = meshio.read(tmp_path / "body.stl")
    corners = read.points[read.cells_dict["triangle"]]
    assert np.einsum("ij,ij->", np.cross(corners[:, 0], corners[:, 1]), corners[:, 2]) / 6 == pytest.approx(2 * solid.sum(), rel=1e-5)
    density = np.random.default_rng(0).uniform(size=solid.shape)
    write_blocks(tmp_path / "body.vtu", {"density": density}, corner, pitch)
    read = meshio.read(tmp_path / "body.vtu")
    middles = read.points[read.cells_dict["hexahedron"]].mean(axis=1)
    place = tuple(np.floor((middles - corner) / pitch).astype(int).T)
    np.testing.assert_allclose(read.cell_data["density"][0], density[place])
    with pytest.raises(InputError, match="solid"):
        surface(np.zeros((2, 2, 2), bool))


def test_pieces_and_those_on_the_ground():
    blocks, solid = Blocks((4e-3, 4e-3, 3e-3), (4, 2, 3), 1e-3), np.zeros((4, 2, 3), bool)
    solid[0, 0, :2] = solid[3, 1, 2] = True  # the first joins its image at y = 0; the second and its image float
    assert blocks.pieces(solid) == (3, 1)


@pytest.mark.slow
def test_delivered_files_and_figures(tmp_path):
    problem = made(specification__frequencies=[3e9], specification__far_frequencies=[3e9])
    x = np.ones(problem.design_shape)
    x[3:, :, 0] = 0
    problem.deliver(tmp_path, x, "converged")
    for name in ("design.h5", "antenna.toml", "body.stl", "body.vtu", "body.json", "verification.json", "s_parameters.s1p", "pattern.csv"):
        assert (tmp_path / name).is_file(), name
    verified = json.loads((tmp_path / "verification.json").read_text(encoding="utf-8"))
    assert verified["rung_down"] and verified["own_grid"]["rung_down"] and 0 < verified["own_grid"]["remaining_energy"] < 1e-3
    lines = "\n".join(problem.summarize(tmp_path))
    assert "NOT RUNG DOWN" not in lines
    assert "1 piece, all on the ground" in lines and "full block" in lines and "simulated again" in lines
    names = [picture.name for picture in problem.pictures(tmp_path)]
    assert names[:3] == ["body", "layers", "comparison"] and len(names) >= 6
    again = problem.evaluate_file(tmp_path / "design.h5")
    assert again["readings"]["gain"] == pytest.approx(problem.evaluate(x).readings["gain"])


# -- settings ---------------------------------------------------------------------------------------------------------


def test_plates_are_even_along_z():
    problem = made(specification__layers=1)
    assert problem.design_shape == (8, 4, 1)
    values = np.asarray(problem.medium(np.full((8, 4, 1), 0.5))["permittivity_z"])
    np.testing.assert_allclose(values, np.repeat(values[:, :, :1], values.shape[2], axis=2))


def test_refined_keeps_the_parameters(tiny):
    finer = tiny.refined(1.5)
    assert finer.design_shape == tiny.design_shape
    assert np.diff(finer.body.nodes[0])[0] == pytest.approx(tiny.discretization.cell / 1.5, rel=0.1)


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("specification__size", [25e-3, 24e-3, 12e-3], "size along x"),
        ("specification__size", [24e-3, 21e-3, 12e-3], "half of size along y"),
        ("specification__far_frequencies", [], "far_frequencies"),
        ("specification__feed_position", 13e-3, "feed_position"),
        ("specification__feed_width", 30e-3, "feed_width"),
        ("specification__feed_height", 13e-3, "feed_height"),
        ("specification__gap", 5e-3, "gap"),
        ("specification__gap", 10e-3, "specification.gap"),
        ("discretization__padding", 2e-3, "discretization.padding"),
        ("specification__directions", [[120.0, 0.0]], "directions"),
        ("specification__permittivity", 50.0, "discretization.cell"),
        ("specification__block", 1e-5, "block"),
        ("optimization__stages", [], "stages"),
    ],
)  # fmt: skip
def test_bad_settings_are_named_in_one_line(setting, value, named):
    with pytest.raises(InputError) as caught:
        made(**{setting: value})
    assert named in str(caught.value) and "\n" not in str(caught.value)


def test_a_design_without_solid_blocks_is_refused(tiny, tmp_path):
    with pytest.raises(InputError, match="solid block"):
        tiny.describe(np.zeros(tiny.design_shape), tmp_path)
