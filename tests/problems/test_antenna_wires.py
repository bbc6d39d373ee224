"""Wires of given radius in described antennas: one line through the gap of a port, and the same wire on any grid."""

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.media.thin_wire import link_factor
from adjointdesign.problems.antennas.describe import simulate
from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.geometry.wires import wire_lines


def dipole(edge_size=10e-3, radius=None, boundaries=None, **changes):
    """A dipole of 140 mm, or its upper half over a ground."""
    half = boundaries is not None
    arms = [{"name": "up", "start": [0.0, 0.0, 0.01], "end": [0.0, 0.0, 0.07]}]
    port = {"name": "feed", "axis": "z", "center": [0.0, 0.0, 0.005], "size": [0.0, 0.0, 0.01], "impedance": 36.0}
    if not half:
        arms.append({"name": "down", "start": [0.0, 0.0, -0.07], "end": [0.0, 0.0, -0.01]})
        port |= {"center": [0.0, 0.0, 0.0], "size": [0.0, 0.0, 0.02]}
    wires = [arm | ({"radius": radius} if radius else {}) for arm in arms]
    data = {
        "name": "dipole", "band": {"low": 0.8e9, "high": 1.2e9, "points": 5}, "wires": wires, "ports": [port],
        "boundaries": boundaries or {}, "grid": {"cells_per_wavelength": 12.0, "edge_size": edge_size},
    }  # fmt: skip
    return described(data | changes)


def test_one_line_through_the_gap():
    """Radial edges carry the factor once all along, in the gap and where arm and gap meet too; the gap is open."""
    model = build(dipole(radius=0.8e-3))
    grid, factor = model.grid, link_factor(0.8e-3, 10e-3, 10e-3)
    i, j = (int(np.argmin(np.abs(grid.lines(a)))) + 1 for a in (0, 1))
    z = grid.lines(2)
    on = (z > -0.07 - 1e-9) & (z < 0.07 + 1e-9)
    radial = model.bare.permittivity["ex"][i, j, 1 : len(z) + 1]
    assert radial[on] == pytest.approx(factor, rel=1e-4) and radial[~on] == pytest.approx(1.0)
    middles = grid.coordinates("ez", 2)
    held = model.bare.conductor["ez"][i, j]
    assert np.array_equal(held, (np.abs(middles) > 0.01) & (np.abs(middles) < 0.07))
    assert len(model.ports) == 1 and model.medium.conductivity["ez"].max() > 0
    ((axis, across, radius, pieces),) = wire_lines(model.antenna)
    assert (axis, across, radius) == (2, (0.0, 0.0), 0.8e-3) and [gap for _, gap in pieces] == [False, True, False]


@pytest.mark.slow
def test_a_wire_is_the_same_on_any_grid():
    """Its reactance moves by a fraction of what that of a bare line of edges does, whose radius follows the cells."""
    ground = {"z": ["ground", "open"]}

    def reactance(edge_size, radius):
        results = simulate(dipole(edge_size, radius, ground, domain={"padding": 0.04}))
        return -results.input_impedance[0, 0].imag

    bare, wire = (reactance(5e-3, r) - reactance(2.5e-3, r) for r in (None, 1e-3))
    assert abs(bare) > 15
    assert abs(wire) < 0.35 * abs(bare)


@pytest.mark.parametrize("radius,message", [(5.1e-3, "below half a cell"), (-1.0, "wires.'up'.radius")])
def test_wires_that_cannot_be(radius, message):
    with pytest.raises(InputError, match=message):
        build(dipole(radius=radius))


def wire(name, low, high, radius=0.8e-3, x=0.0):
    return {"name": name, "start": [x, 0.0, low], "end": [x, 0.0, high], "radius": radius}


FEED = {"name": "feed", "axis": "z", "center": [0.0, 0.0, 0.0], "size": [0.0, 0.0, 0.02], "impedance": 50.0}
MIRROR = {"x": ["symmetry", "open"]}


@pytest.mark.parametrize(
    "changes,message",
    [
        ({"wires": [wire("through", -0.07, 0.07)]}, "one after the other"),
        ({"wires": [wire("long", -0.07, -0.01), wire("within", -0.05, -0.03)]}, "one after the other"),
        ({"wires": [wire("down", -0.07, -0.01), wire("up", 0.01, 0.07, 0.4e-3)]}, "one radius where a port"),
        ({"wires": [wire("down", -0.07, -0.01), wire("up", 0.01, 0.07)], "boundaries": MIRROR}, "off the face of the domain across x"),
        ({"wires": [wire("beside", -0.07, 0.07, x=0.06)], "boundaries": MIRROR, "ports": [FEED | {"center": [0.05, 0.0, 0.0]}],
          "sheets": [{"name": "s", "axis": "z", "position": 0.01, "outline": {"shape": "rectangle", "lower": [0.0, -0.01], "upper": [0.05, 0.01]}}]},
         "port 'feed': expected one on the plane of symmetry across x"),
        ({"far_field": {"frequencies": [3e9]}}, "far_field.frequencies: expected some within the band"),
        ({"band": {"low": 0.8e9, "high": 1.2e9, "points": 1}}, "points"),
    ],
)  # fmt: skip
def test_what_would_be_simulated_as_something_else_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        build(dipole(radius=0.8e-3, **{"ports": [FEED]} | changes))
