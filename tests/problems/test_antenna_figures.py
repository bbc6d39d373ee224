"""Surface currents of described antennas, against circuits; what the figures draw."""

import numpy as np
import pytest

from adjointdesign.problems.antennas.describe import far_directions, ground_of, simulate, unit_vectors
from adjointdesign.problems.antennas.describe_currents import metal_planes
from adjointdesign.problems.antennas.describe_pattern import in_detail
from adjointdesign.problems.antennas.describe_pictures import pictures
from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.description import described

TURNS = {"z": (0, 1, 2), "x": (1, 2, 0), "y": (0, 2, 1)}
"""Where the strip's length, width and height lie, by the normal of the strip: the axes in the plane in their order."""


def strip(normal: str, solid: bool = False):
    """A short strip 12 mm wide between two ports over a ground, at low frequency: one current all along."""
    length, width, height = TURNS[normal]

    def place(*values):
        out = [0.0] * 3
        for axis, value in zip((length, width, height), values):
            out[axis] = value
        return out

    def rectangle(low, high):
        return {"shape": "rectangle", "lower": list(low), "upper": list(high)}

    metal = {"sheets": [{"name": "strip", "axis": normal, "position": 0.004, "outline": rectangle((-0.02, -0.006), (0.02, 0.006))}]}
    if solid:
        metal = {"solids": [{"name": "strip", "medium": "pec", "shape": "prism", "axis": normal, "ends": [0.004, 0.006],
                             "outline": rectangle((-0.02, -0.006), (0.02, 0.006))}]}
    ports = [
        {"name": name, "axis": normal, "center": place(x, 0.0, 0.002), "size": place(0.0, 0.012, 0.004), "impedance": z}
        for name, x, z in (("near", -0.02, 50.0), ("far", 0.02, 80.0))
    ]  # fmt: skip
    return described({
        "name": "strip", "band": {"low": 0.5e9, "high": 0.7e9, "points": 3}, **metal, "ports": ports,
        "boundaries": {normal: ["ground", "open"]}, "domain": {"padding": 0.02},
        "grid": {"cells_per_wavelength": 20.0, "frequency": 1.5e9, "edge_size": 4e-3, "absorber_cells": 6},
        "run": {"periods": 5.0, "decay": 1e-4},
    })  # fmt: skip


@pytest.mark.parametrize("normal,solid", [("z", False), ("y", False), pytest.param("z", True, marks=pytest.mark.slow)])
def test_the_current_of_a_strip_is_that_of_its_ports(normal, solid):
    """All along the strip, of the sign and phase of the ports' currents; some of it flows at its very edges."""
    results = simulate(strip(normal, solid))
    run, found = results.runs[0], 0.0
    if solid:
        assert {(c.plane.position, c.plane.side) for c in run.currents} == {(0.004, -1), (0.006, 1)}
        drawn = pictures(results)
        assert set(drawn) == {"s_parameters", "smith", "mesh", "currents_1", "currents_2"}
        assert all(content.startswith(b"\x89PNG") for content in drawn.values())
    for current in run.currents:
        along, across = current.values[:, np.argmin(np.abs(current.coordinates[0]))]
        found += np.trapezoid(along, current.coordinates[1])
        assert np.abs(across).max() < 0.05 * np.abs(along).max()
    s = results.s_parameters[1, :, 0]
    # From the near port into the strip, and from that into the far one, for 1 V behind the near one.
    into, out = (1 - s[0]) / (2 * 50.0), s[1] / (2 * np.sqrt(50.0 * 80.0))
    ratio = found / (0.5 * (into + out))
    assert 0.8 < ratio.real < 1.0 and abs(ratio.imag) < 0.08


def test_planes_of_a_box_and_of_what_lies_on_the_ground():
    """A metal box has six; that on the ground is none of the current's; sheets of one height are one."""
    outline = {"shape": "rectangle", "lower": [0.03, 0.0], "upper": [0.05, 0.01]}
    sheets = [{"name": n, "axis": "z", "position": z, "outline": outline} for n, z in (("a", 0.01), ("b", 0.01), ("c", 0.0))]
    box = {"name": "box", "medium": "pec", "shape": "box", "lower": [0.0, 0.0, 0.0], "upper": [0.01, 0.02, 0.03]}
    antenna = described({
        "name": "box", "band": {"low": 1e9, "high": 2e9}, "solids": [box], "sheets": sheets,
        "boundaries": {"z": ["ground", "open"]},
    })  # fmt: skip
    planes = {(p.axis, p.position, p.side): p for p in metal_planes(build(antenna))}
    sides = {("x", 0.0, -1), ("x", 0.01, 1), ("y", 0.0, -1), ("y", 0.02, 1), ("z", 0.03, 1)}
    assert set(planes) == sides | {("z", 0.01, 0)}
    assert planes["z", 0.01, 0].names == ("a", "b")
    assert planes["x", 0.01, 1].bounds == [(0.0, 0.02), (0.0, 0.03)]


@pytest.mark.parametrize("face", [None, "-z", "+y"])
def test_the_surface_of_a_pattern_is_the_pattern(face):
    """Between the directions of the quadrature, at poles and where it closes: a pattern of all three coordinates."""
    faces = {} if face is None else {face[1]: ["ground", "open"] if face[0] == "-" else ["open", "ground"]}
    wire = {"name": "arm", "start": [0.0, 0.0, 0.0], "end": [0.0, 0.0, 0.05]}
    model = build(described({
        "name": "wire", "band": {"low": 1e9, "high": 2e9}, "wires": [wire], "boundaries": faces,
        "far_field": {"samples": 16}, "grid": {"cells_per_wavelength": 10.0},
    }))  # fmt: skip

    def pattern(n):
        return 2 + n[..., 0] + n[..., 1] * n[..., 2] - 0.5 * n[..., 0] ** 2 * n[..., 2]

    directions, weights = far_directions(model)
    vectors, gain = in_detail(pattern(unit_vectors(directions[: len(weights)])), ground_of(model))
    assert np.linalg.norm(vectors, axis=-1) == pytest.approx(1.0)
    np.testing.assert_allclose(gain, pattern(vectors), atol=5e-3)
