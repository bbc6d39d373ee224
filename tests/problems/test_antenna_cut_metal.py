"""Edges and faces that perfect solids cut: shares against closed forms, what stays as it is, and the waves of a line made of them."""

import numpy as np
import pytest

from adjointdesign.constants import ETA0
from adjointdesign.errors import InputError
from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.cut_metal import LEAST, CutMetal
from adjointdesign.problems.antennas.geometry.description import described


def block(*solids, edge=0.5e-3, curved="cut"):
    """Solids in a box of 8 mm with walls of metal, open along z."""
    data = {
        "name": "block", "band": {"low": 4e9, "high": 8e9}, "media": {"glass": {"permittivity": 2.0}}, "solids": list(solids),
        "boundaries": {"x": ["ground"] * 2, "y": ["ground"] * 2},
        "domain": {"lower": [-4e-3, -4e-3, -2e-3], "upper": [4e-3, 4e-3, 2e-3]},
        "grid": {"edge_size": edge, "cells_per_wavelength": 37.5e-3 / edge, "curved_metal": curved, "thin_cells": 1, "absorber_cells": 4},
    }  # fmt: skip
    antenna = described(data)
    return antenna, build(antenna)


def cylinder(name, medium, radius, **more):
    return {"name": name, "medium": medium, "shape": "cylinder", "axis": "z", "ends": [-2e-3, 2e-3], "center": [0.0, 0.0], "radius": radius} | more


def test_shares_of_a_circle():
    """Edges end on the circle; what faces lack of the box adds up to its area, of second order."""
    errors = []
    for edge in (0.5e-3, 0.25e-3):
        antenna, model = block(cylinder("rod", "pec", 2.6e-3), edge=edge)
        grid, cut = model.grid, CutMetal(antenna, model.grid)
        left, (x, y) = cut.edges("ex")[1:-1, 1:-1, 6], (grid.lines(a) for a in (0, 1))
        on = np.clip(np.sqrt(np.maximum(2.6e-3**2 - y[: left.shape[1]] ** 2, 0.0)), 0.0, None)
        width = np.diff(x)
        inside = np.clip(np.minimum(x[1:, None], on) - np.maximum(x[:-1, None], -on), 0.0, None) / width[:, None]
        cuts = (left > LEAST) & (left < 1)
        assert np.abs(left - (1 - inside))[cuts].max() < 1e-6 and cuts.sum() >= 8
        share = cut.faces("hz")[1:-1, 1:-1, 6]
        whole = np.hypot(*np.meshgrid(x, y, indexing="ij")) > 2.6e-3
        some = whole[1:, 1:] | whole[1:, :-1] | whole[:-1, 1:] | whole[:-1, :-1]
        area = np.sum(np.where(some, 1 - share, 1.0) * np.multiply.outer(width, np.diff(y)))
        errors.append(abs(area / (np.pi * 2.6e-3**2) - 1))
    assert errors[0] < 0.02 and errors[1] < 0.5 * errors[0]


def test_boxes_are_as_they_were():
    """Faces on nodes cut nothing, with glass in a hole of the metal too."""
    solids = [
        {"name": "metal", "medium": "pec", "shape": "box", "lower": [-2e-3, -3e-3, -2e-3], "upper": [1e-3, 2e-3, 1e-3]},
        {"name": "hole", "medium": "glass", "shape": "box", "priority": 2, "lower": [-1e-3, -1e-3, -2e-3], "upper": [0.5e-3, 0.5e-3, 2e-3]},
    ]
    one, two = (block(*solids, curved=curved)[1].bare for curved in ("cut", "staircase"))
    for c in one.grid.electric:
        at = one.grid.interior(c)
        assert np.array_equal(one.conductor[c][at], two.conductor[c][at])
        free = ~two.conductor[c][at]
        assert one.permittivity[c][at][free] == pytest.approx(two.permittivity[c][at][free], rel=1e-12)
    for c, values in one.permeability.items():
        assert np.all(values[one.grid.interior(c)] == 1)


def test_a_hole_that_ends_at_an_open_face_goes_on_through_it():
    """Into the layers; at a wall it is closed."""
    solids = [
        {"name": "metal", "medium": "pec", "shape": "box", "lower": [-4e-3, -4e-3, -2e-3], "upper": [4e-3, 4e-3, 2e-3]},
        cylinder("hole", "vacuum", 2.6e-3, priority=2),
    ]
    for curved in ("cut", "staircase"):
        medium = block(*solids, curved=curved)[1].bare
        middle = tuple(np.argmin(np.abs(medium.grid.coordinates("ex", a))) for a in (0, 1))
        assert not medium.conductor["ex"][middle][medium.grid.nodes("ex", 2)].any()


@pytest.mark.parametrize("radii", [(1.0e-3, 3.2e-3), (1.7e-3, 3.6e-3)])
def test_impedance_of_a_round_line(radii):
    """``eta / (2 pi sqrt(2)) ln(b / a)`` to a percent on a coarse grid, full of glass that reaches under the metal; TEM to rounding."""
    inner, outer = radii
    solids = [
        {"name": "under the metal", "medium": "glass", "shape": "box", "lower": [-4e-3, -4e-3, -2e-3], "upper": [4e-3, 4e-3, 2e-3]},
        {"name": "metal", "medium": "pec", "shape": "box", "lower": [-4e-3, -4e-3, -2e-3], "upper": [4e-3, 4e-3, 2e-3]},
        cylinder("glass", "glass", outer, priority=2), cylinder("rod", "pec", inner, priority=3),
    ]  # fmt: skip
    antenna, _ = block(*solids)
    port = {"name": "port", "kind": "coaxial", "axis": "z", "center": [0.0, 0.0, 0.5e-3], "size": [8e-3, 8e-3, 0.0]}
    model = build(described(antenna.model_dump(exclude_unset=True, exclude={"ports"}) | {"ports": [port]}))
    constants = model.ports[0].constants(model.bare, 1e-13, [4e9, 8e9])
    assert constants.impedance.real == pytest.approx(ETA0 / (2 * np.pi * np.sqrt(2)) * np.log(outer / inner), rel=0.01)
    assert constants.impedance[0] == pytest.approx(constants.impedance[1], rel=1e-9)


def test_bodies_of_triangles_are_refused(tmp_path):
    import meshio

    corners = 1e-3 * np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 1.5]], float)
    meshio.write(tmp_path / "body.stl", meshio.Mesh(corners, [("triangle", np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]))]), binary=True)
    with pytest.raises(InputError, match='choose curved_metal = "staircase"'):
        block({"name": "body", "medium": "pec", "shape": "stl", "file": str(tmp_path / "body.stl")})
