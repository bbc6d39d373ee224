"""A mirror halves the domain, and a periodic domain has no beginning: both to rounding."""

import numpy as np
import pytest
from fdtd_cases import Current

from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Pec, Periodic, Pmc, Steps
from adjointdesign.sources import GaussianPulse, point_dipole

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
