"""A mirror halves the domain, and a periodic domain has no beginning: both to rounding."""

import numpy as np
import pytest
from fdtd_cases import Current

from adjointdesign.constants import C0, ETA0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Pec, Periodic, Pmc, Steps
from adjointdesign.sources import GaussianPulse, UniformCurrent, point_dipole

D = 50e-9
F0 = 2.5e14


def run(grid, permittivity, faces, dipoles, monitor, steps=400):
    pulse = GaussianPulse(F0, F0)
    sources = [point_dipole(f"s{k}", at, c, pulse) for k, (c, at) in enumerate(dipoles)]
    medium = Medium.from_function(grid, permittivity)
    solver = FdtdMaxwell(
        medium, sources, [monitor], boundaries=faces, run_length=Steps(steps), courant=0.9, minimum_permittivity=1.0
    )
    return solver.evaluate({})["m"]


@pytest.mark.parametrize("polarization", ["ez", "hz", pytest.param("3d", marks=pytest.mark.slow)])
@pytest.mark.parametrize("mirror", [Pmc(), Pec()], ids=["magnetic", "electric"])
def test_half_a_domain_equals_the_whole(polarization, mirror):
    """A magnetic wall stands for even tangential E, an electric one for odd: with an image source of that sign."""
    ndim = 3 if polarization == "3d" else 2
    cells, steps = (24, 20, 12)[:ndim], 300 if ndim == 2 else 100
    layer = Cpml(cells=4)
    others = [layer, layer][: ndim - 1]

    def permittivity(x, y, z=0.0):
        return 1 + 3 * np.exp(-((x - 0.5e-6) ** 2 + (np.abs(y) - 0.2e-6) ** 2) / 0.2e-6**2) + 0 * z

    half = YeeGrid(cells, (D,) * ndim, (0.0,) * ndim, polarization)
    whole = YeeGrid((cells[0], 2 * cells[1], *cells[2:]), half.spacing, (0.0, -cells[1] * D, 0.0)[:ndim], polarization)
    tangential = [c for c in half.electric if c != "ey"]
    source = (0.5e-6, 0.35e-6, 0.3e-6)[:ndim]
    image = (0.5e-6, -0.35e-6, 0.3e-6)[:ndim]
    sign = 1 if isinstance(mirror, Pmc) else -1
    center, size = (0.6e-6, 0.5e-6, 0.3e-6)[:ndim], (0.8e-6, 0.9e-6, 0.2e-6)[:ndim]
    monitor = FieldMonitor("m", center, size, half.components, [F0, 1.3 * F0])

    def faces(low):
        return [others[0], (low, layer), *others[1:]]

    for c in tangential:
        on_half = run(half, permittivity, faces(mirror), [(c, source)], monitor, steps)
        one = run(whole, permittivity, faces(layer), [(c, source)], monitor, steps)
        other = run(whole, permittivity, faces(layer), [(c, image)], monitor, steps)
        difference = np.abs(on_half - (one + sign * other)).max(axis=(0, *range(2, one.ndim)))
        size = np.abs(one).max(axis=(0, *range(2, one.ndim)))
        assert np.all(difference <= 1e-12 * size), difference / size


@pytest.mark.parametrize("polarization", ["ez", "hz", pytest.param("3d", marks=pytest.mark.slow)])
def test_a_periodic_domain_has_no_beginning(polarization):
    """Medium and sources moved by any number of cells along every axis move every field with them, to rounding."""
    ndim = 3 if polarization == "3d" else 2
    cells = (14, 12, 10)[:ndim]
    grid = YeeGrid(cells, (D,) * ndim, (0.0,) * ndim, polarization)
    pattern = np.random.default_rng(0).random((len(grid.electric), *cells))
    monitors = [
        FieldMonitor(c, tuple(e / 2 for e in grid.extent), grid.extent, (c,), colocate=False) for c in grid.components
    ]

    def fields(shift):
        permittivity, profiles = {}, {}
        for c, values in zip(grid.electric, pattern):
            permittivity[c] = np.pad(1 + 5 * np.roll(values, shift, range(ndim)), [(1, 1)] * ndim, mode="wrap")
            profiles[c] = np.zeros(grid.shape)
            profiles[c][tuple((np.array((3, 4, 5)[:ndim]) + shift) % cells + 1)] = 1.0
        solver = FdtdMaxwell(
            Medium(grid, permittivity), [Current("s", profiles, GaussianPulse(F0, F0))], monitors,
            boundaries=[Periodic()] * ndim, run_length=Steps(200), minimum_permittivity=1.0,
        )  # fmt: skip
        once = tuple(slice(0, n) for n in cells)  # without the repeated last node
        return {c: reading[:, 0][:, *once] for c, reading in solver.evaluate({}).items()}

    expected = fields(np.zeros(ndim, int))
    for shift in ((5, 3, 2), (11, 9, 9)):
        moved = fields(np.array(shift[:ndim]))
        for c in expected:
            assert np.any(expected[c])
            difference = np.abs(moved[c] - np.roll(expected[c], shift[:ndim], range(1, ndim + 1))).max()
            assert difference <= 1e-12 * np.abs(expected[c]).max()


@pytest.mark.parametrize("polarization,component", [("ez", "ez"), ("hz", "ey"), ("hz", "hz")])
def test_a_sheet_across_a_periodic_strip_is_uniform(polarization, component):
    """However many cells wide, the strip carries the plane wave ``-J eta / (2 cos t) exp(i k x)``, in size and phase.

    ``sin t = (d / c dt) sin(w dt / 2)`` and ``k = 2 t / d``: the wave of the discrete equations, driven by a sheet.
    The ends of a periodic axis are one place; a sheet that drove it from both would be too strong by one part in n.
    """
    pulse, layer = GaussianPulse(F0, 0.3 * F0), Cpml(cells=20)
    for n in (1, 2, 5):
        grid = YeeGrid((100, n), (D, D), (0.0, 0.0), polarization)
        width = n * D
        source = UniformCurrent("sheet", (1.5e-6, width / 2), component, pulse, (0.0, width))
        read = "ez" if polarization == "ez" else "ey"
        monitor = FieldMonitor("m", (3e-6, 0.5 * D), (0.0, 0.0), (read,), [F0])
        solver = FdtdMaxwell(
            Medium.uniform(grid), [source], [monitor], boundaries=[layer, Periodic()], run_length=Steps(1), courant=0.9
        )
        solver.steps = int((pulse.duration + 20e-15) / solver.dt)
        field = solver.evaluate({})["m"].item() / pulse.spectrum(F0)
        t = np.arcsin(D / (C0 * solver.dt) * np.sin(np.pi * F0 * solver.dt))
        # A magnetic sheet asked for at a node lies half on either side of it, a factor cos t.
        strength = 0.5 * ETA0 / np.cos(t) if component[0] == "e" else 0.5
        assert field == pytest.approx(-strength * np.exp(2j * t * 1.5e-6 / D), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("polarization", ["ez", "hz"])
def test_one_periodic_cell_makes_three_dimensions_two(polarization):
    """Through layers, loss and inhomogeneous media, one cell thick and periodic along z: the two programs agree."""
    layer = Cpml(cells=5, kappa=2.0, alpha=50.0)
    rng = np.random.default_rng(0)
    driven = {"ez": "ez", "hz": "ey"}[polarization]
    readings = []
    flat = YeeGrid((24, 22), (D, D), (0.0, 0.0), polarization)
    thick = YeeGrid((24, 22, 1), (D, D, D), (0.0, 0.0, 0.0), "3d")
    pattern = {c: 1 + 3 * rng.random(flat.shape) for c in thick.electric}
    loss = {c: 1e4 * rng.random(flat.shape) for c in thick.electric}
    for grid in (flat, thick):

        def stored(values, like=grid):
            shape = (26, 24, 1)[: like.ndim]
            return {c: np.broadcast_to(values[c].reshape(shape), like.shape) for c in like.electric}

        medium = Medium(grid, stored(pattern), stored(loss))
        profile = np.zeros(grid.shape)
        profile[(10, 12) if grid is flat else (10, 12, 1)] = 1.0
        z = () if grid is flat else (0.0,)
        monitor = FieldMonitor("m", (0.6e-6, 0.55e-6, *z), (0.5e-6, 0.4e-6, *z), flat.components, [F0, 1.2 * F0])
        # The same time step in both: that of three dimensions is stable in two.
        courant = 0.9 if grid is thick else 0.9 * np.sqrt(2 / 3)
        solver = FdtdMaxwell(
            medium, [Current("s", {driven: profile}, GaussianPulse(F0, F0))], [monitor], run_length=Steps(400),
            boundaries=[layer, (Pmc(), layer), Periodic()][: grid.ndim], courant=courant, minimum_permittivity=1.0,
        )  # fmt: skip
        readings.append(solver.evaluate({})["m"].reshape(2, 3, 11, 9))
    assert np.abs(readings[0]).max() > 0
    assert np.abs(readings[1] - readings[0]).max() <= 1e-12 * np.abs(readings[0]).max()
