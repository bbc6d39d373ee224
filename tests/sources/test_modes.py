"""Modes of the Yee scheme against closed forms, a published benchmark and the scheme itself."""

import numpy as np
import pytest
from plain_yee import free, steady_residual
from stand_in import StandInMedium, layered, slab_index

from adjointdesign.constants import C0, EPS0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.sources import GaussianPulse, ModeSource, solve_modes
from adjointdesign.sources.windows import place_window, window_bounds

F0 = C0 / 1.28e-6


def slab(polarization, axis, cells_in_core, length=8, core=12.25, cladding=2.25):
    """A 400 nm slab along ``axis`` in a 2.4 um domain."""
    d = 0.4e-6 / cells_in_core
    across = "xy"[1 - AXES.index(axis)]
    cells = (length, 6 * cells_in_core) if axis == "x" else (6 * cells_in_core, length)
    grid = YeeGrid(cells, (d, d), (0.0, -1.2e-6) if axis == "x" else (-1.2e-6, 0.0), polarization)
    return layered(grid, across, 0.0, 0.4e-6, core, cladding), 0.6 * d / C0


def full_window(medium, axis):
    grid = medium.grid
    center = tuple(o + e / 2 for o, e in zip(grid.origin, grid.extent))
    widths = [e for a, e in enumerate(grid.extent) if a != AXES.index(axis)]
    return place_window("window", window_bounds("window", center, axis, widths), axis, medium), center, widths


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("polarization", ["ez", "hz"])
@pytest.mark.parametrize("order", [0, 1])
def test_slab_index_converges_to_the_closed_form_at_second_order(polarization, axis, order):
    exact = slab_index(0.4e-6, 12.25, 2.25, F0, order, magnetic=polarization == "hz")
    errors = []
    for n in (20, 40, 80):
        medium, dt = slab(polarization, axis, n)
        errors.append(solve_modes(full_window(medium, axis)[0], medium, dt, F0, 2)[order].n_eff.real - exact)
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert orders == pytest.approx([2.0, 2.0], abs=0.15)
    assert abs(errors[-1]) < 1e-3


def hollow(axis, cells=(9, 7, 8), permittivity=2.0):
    grid = YeeGrid(cells, (0.11, 0.09, 0.1), (0.0, 0.0, 0.0), "3d")
    return StandInMedium(grid, {c: np.full(grid.shape, permittivity) for c in grid.electric}), 0.12 / C0 / 3


def hollow_squares(grid, axis):
    """``(m, n) -> S1^2 + S2^2`` with ``S = (2/d) sin(m pi / 2n)``, the transverse part of the discrete dispersion."""
    across = [a for a in range(3) if a != AXES.index(axis)]
    s = [2 / grid.spacing[a] * np.sin(np.arange(grid.cells[a]) * np.pi / (2 * grid.cells[a])) for a in across]
    te = [p**2 + q**2 for i, p in enumerate(s[0]) for j, q in enumerate(s[1]) if i + j > 0]
    tm = [p**2 + q**2 for p in s[0][1:] for q in s[1][1:]]
    return np.sort(te + tm)


@pytest.mark.parametrize("sigma", [0.0, 0.003])
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_rectangular_metal_guide_obeys_the_discrete_dispersion_relation(axis, sigma):
    medium, dt = hollow(axis)
    if sigma:
        medium.conductivity = {c: np.full(medium.grid.shape, sigma) for c in medium.grid.electric}
    frequency = 0.9 * C0
    modes = solve_modes(full_window(medium, axis)[0], medium, dt, frequency, 5)
    k = 2 / (C0 * dt) * np.sin(np.pi * frequency * dt)
    epsilon = 2.0 + 1j * sigma / (EPS0 * 2 / dt * np.tan(np.pi * frequency * dt))  # average in time over difference
    b = np.sqrt(epsilon * k**2 - hollow_squares(medium.grid, axis)[:5])
    d = medium.grid.spacing[AXES.index(axis)]
    assert [m.beta for m in modes] == pytest.approx(list(2 / d * np.arcsin(b * d / 2)), rel=1e-11)


@pytest.mark.parametrize("face", [0.0, 0.3])
def test_guide_inside_a_block_of_metal_has_the_modes_of_the_hollow_one(face):
    """Walls of conductor on the nodes are exact; a face between nodes is refused."""
    small, dt = hollow("x")
    large = YeeGrid((9, 11, 13), small.grid.spacing, (0.0, 0.0, 0.0), "3d")
    medium = StandInMedium(large, {c: np.full(large.shape, 2.0) for c in large.electric})
    for c in large.electric:
        open_part = np.ones(large.shape, bool)
        for axis, cells in ((1, 7), (2, 8)):
            x = large.coordinates(c, axis) / large.spacing[axis]
            between = (x > 2 + 1e-6) & (x < 2 + cells + face - 1e-6)
            open_part &= between.reshape([-1 if b == axis else 1 for b in range(3)])
        medium.conductor[c] = ~open_part
    if face:
        with pytest.raises(InputError, match="faces on planes of nodes"):
            solve_modes(full_window(medium, "x")[0], medium, dt, 0.9 * C0, 5)
        return
    modes = solve_modes(full_window(medium, "x")[0], medium, dt, 0.9 * C0, 5)
    expected = solve_modes(full_window(small, "x")[0], small, dt, 0.9 * C0, 5)
    assert [m.beta for m in modes] == pytest.approx([m.beta for m in expected], rel=1e-11)
    for c, field in modes[2].fields.items():
        inside = tuple(slice(2, 2 + n) for n in expected[2].fields[c].shape)
        assert np.abs(field[inside]) == pytest.approx(np.abs(expected[2].fields[c]), rel=1e-8, abs=1e-8)


def wire(axis="x", cells=14, length=6):
    """A silicon-like bar off center in oxide, walls close: every component matters and nothing is symmetric."""
    a = AXES.index(axis)
    shape = [cells, cells + 3, cells - 2]
    shape[a] = length
    grid = YeeGrid(tuple(shape), (60e-9, 55e-9, 50e-9), (0.0, 0.0, 0.0), "3d")
    permittivity = {}
    for c in grid.electric:
        inside = np.ones(grid.shape, bool)
        for b in range(3):
            x = grid.coordinates(c, b).reshape([-1 if i == b else 1 for i in range(3)])
            inside &= (b == a) | ((x > 0.15e-6) & (x < 0.47e-6))
        permittivity[c] = np.where(inside, 12.1, 2.1)
    return StandInMedium(grid, permittivity), 0.5 * 50e-9 / C0


CASES = [(m, a) for m in ("ez", "hz") for a in "xy"] + [("3d", a) for a in "xyz"]


def build(kind, axis, length=6):
    return wire(axis, length=length) if kind == "3d" else slab(kind, axis, 8, length)


@pytest.mark.parametrize("kind,axis", CASES)
def test_modes_are_orthogonal_and_carry_unit_power(kind, axis):
    medium, dt = build(kind, axis)
    modes = solve_modes(full_window(medium, axis)[0], medium, dt, F0, 3)
    assert np.all(np.diff([m.n_eff.real for m in modes]) < 0)
    gram = np.array([[0.5 * np.cos(m.half_step) * m.overlap(n) for n in modes] for m in modes])
    assert gram == pytest.approx(np.eye(3), abs=1e-11)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("kind,axis", CASES)
def test_mode_source_launches_its_mode_one_way_exactly(kind, axis, direction):
    """The mode on one side, nothing on the other and the source's currents between solve the steady equations."""
    medium, dt = build(kind, axis, length=10)
    window, center, widths = full_window(medium, axis)
    a = window.axis
    grid = medium.grid
    source = ModeSource("s", center, axis, widths, GaussianPulse(F0, 0.1 * F0), direction, mode_order=1)
    mode = solve_modes(window, medium, dt, F0, 2)[1]
    fields = {}
    for c in grid.components:
        on_node_plane = c in ("e" + AXES[(a + 1) % 3], "e" + AXES[(a + 2) % 3], "h" + AXES[a])
        steps = np.arange(grid.shape[a]) - 1 - window.node + (0 if on_node_plane else 0.5)
        # Against the axis, transverse H and longitudinal E change sign.
        sign = direction if (c[1] == AXES[a]) == (c[0] == "e") else 1
        launched = (
            (steps >= 0 if direction == 1 else steps < 0) * sign * np.exp(1j * direction * 2 * mode.half_step * steps)
        )
        profile = np.zeros([n for b, n in enumerate(grid.shape) if b != a], complex)
        profile[np.ix_(*[s for b, s in enumerate(window.slots(c)) if b != a])] = mode.fields[c]
        fields[c] = np.expand_dims(profile, a) * launched.reshape([-1 if b == a else 1 for b in range(grid.ndim)])
    residual = steady_residual(medium, dt, F0, fields, source.place(medium, dt))
    for c, r in residual.items():
        inner = free(grid, c)
        inner[a] = slice(2, -2)  # the ends, where the wave is cut off
        assert np.abs(r[tuple(inner)]).max() < 1e-11, c


def test_modes_of_equal_index_are_separated_by_polarization():
    grid = YeeGrid((6, 14, 14), (50e-9,) * 3, (0.0, 0.0, 0.0), "3d")
    medium = StandInMedium(grid, {})
    for c in grid.electric:
        y, z = (np.abs(grid.coordinates(c, b) - 0.35e-6) for b in (1, 2))
        medium.permittivity[c] = np.where((y < 0.16e-6)[:, None] & (z < 0.16e-6), 12.1, 2.1) * np.ones((8, 1, 1))
    modes = solve_modes(full_window(medium, "x")[0], medium, 0.5 * 50e-9 / C0, F0, 2)
    assert modes[0].beta == pytest.approx(modes[1].beta, rel=1e-12)
    size = [{c: np.linalg.norm(m.fields[c]) for c in ("ey", "ez")} for m in modes]
    assert size[0]["ey"] > 2 * size[0]["ez"] and size[1]["ez"] > 2 * size[1]["ey"]
    assert abs(modes[0].overlap(modes[1])) < 1e-11


@pytest.mark.parametrize("polarization", ["ez", "hz"])
def test_sign_is_settled_by_the_first_large_lobe(polarization):
    medium, dt = slab(polarization, "x", 10)
    for mode in solve_modes(full_window(medium, "x")[0], medium, dt, F0, 2):
        field = mode.fields["ez" if polarization == "ez" else "ey"]
        assert np.abs(field.imag).max() == 0
        assert field.real[np.argmax(np.abs(field) >= 0.95 * np.abs(field).max())] > 0


def test_silicon_wire_against_a_published_benchmark():
    """P. Bienstman et al., Opt. Quantum Electron. 38, 731 (2006), table 6: 2.412372, agreed on by two methods.

    A 500 nm x 220 nm wire of index 3.5 on oxide of index 1.45, air above, 1550 nm. Edges lie on nodes and cells there
    take the mean of the permittivities.
    """
    errors = []
    for n in (6, 12):
        d = (500e-9 / (2 * n), 220e-9 / n)
        grid = YeeGrid((4, 6 * n, 6 * n), (25e-9, *d), (0.0, -750e-9, -660e-9), "3d")
        medium = StandInMedium(grid, {})
        for c in grid.electric:
            share = []
            for axis, low, high in ((1, -250e-9, 250e-9), (2, 0.0, 220e-9), (2, -1.0, 0.0)):
                x, h = grid.coordinates(c, axis), d[axis - 1] / 2
                share.append(np.clip(np.minimum(x + h, high) - np.maximum(x - h, low), 0, None) / (2 * h))
            section = 1 + share[2] * (1.45**2 - 1) + share[0][:, None] * share[1] * (3.5**2 - 1)
            medium.permittivity[c] = np.broadcast_to(section, grid.shape).copy()
        mode = solve_modes(full_window(medium, "x")[0], medium, 1e-18, C0 / 1.55e-6, 1)[0]
        # With the time step all but zero, the error of the step along x is known and taken out.
        transverse_index = np.sin(mode.half_step) / mode.half_step * mode.n_eff
        errors.append(abs(transverse_index.real - 2.412372))
    assert errors[1] < 2e-3 and np.log2(errors[0] / errors[1]) > 1.5


def test_bad_windows_and_orders_are_refused():
    medium, dt = slab("ez", "x", 10)
    pulse = GaussianPulse(F0, 0.1 * F0)

    def place(center=(0.1e-6, 0.0), axis="x", size=1.2e-6, **more):
        return ModeSource("in", center, axis, size, pulse, **more).place(medium, dt)

    place()
    for bad, message in [
        (dict(center=(0.1e-6, 0.9e-6)), "within the domain"),
        (dict(center=(0.0, 0.0)), "half a cell inside"),
        (dict(axis="z"), "axis"),
        (dict(size=(1e-6, 1e-6)), "positive widths"),
        (dict(size=10e-9), "at least 2 cells"),
        (dict(direction=0), "direction"),
        (dict(mode_order=-1), "mode_order"),
        (dict(mode_order=12), "propagating modes"),
    ]:
        with pytest.raises(InputError, match=message):
            place(**bad)
