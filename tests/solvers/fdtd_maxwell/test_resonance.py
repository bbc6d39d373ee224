"""Closed boxes ring at the frequencies of the Yee scheme, which converge to those of the box, and keep their energy."""

import numpy as np
import pytest
from fdtd_cases import Current, Pulse, ringing_frequencies, ringing_poles, scheme_frequency

from adjointdesign.constants import C0, EPS0, MU0
from adjointdesign.grid.yee import OFFSETS, YeeGrid
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell, Medium, Pec, Periodic, Pmc, Steps
from adjointdesign.verification.orders import observed_order

SIDES = (1.0e-6, 0.8e-6, 0.7e-6)
INDEX = 1.3


def ring(polarization, cells, boundaries, mode, periods=12):
    """Excite the standing wave ``mode`` (half waves an axis) alone, and listen."""
    ndim = len(cells)
    spacing = tuple(side / n for side, n in zip(SIDES, cells))
    grid = YeeGrid(cells, spacing, (0.0,) * ndim, polarization)
    wavevector = [np.pi * m / side for m, side in zip(mode, SIDES)]
    frequency = C0 / INDEX * np.linalg.norm(wavevector) / (2 * np.pi)
    driven = "hz" if polarization == "hz" else "ez"
    profile = np.ones(())
    for a in range(ndim):
        # Sine where the wall makes the field zero, cosine where it makes its slope zero.
        zero = (a < 2) if driven == "ez" else False
        if isinstance(boundaries[a], Pmc):
            zero = not zero
        wave = np.sin if zero else np.cos
        values = wave(wavevector[a] * grid.coordinates(driven, a))
        values[: grid.nodes(driven, a).start] = 0
        values[grid.nodes(driven, a).stop :] = 0
        profile = np.multiply.outer(profile, values)
    pulse = Pulse(frequency, 5 / frequency)
    listener = tuple(0.37 * side for side in SIDES[:ndim])
    medium = Medium.uniform(grid, INDEX**2)
    solver = FdtdMaxwell(
        medium, [Current("mode", {driven: profile}, pulse)], [FieldMonitor("at", listener, (0.0,) * ndim, (driven,))],
        boundaries=boundaries, run_length=Steps(1), courant=0.9,
    )  # fmt: skip
    solver.steps = int((pulse.duration + periods / frequency) / solver.dt)
    signal = solver.evaluate({})["at"].ravel()[int(pulse.duration / solver.dt) + 2 :]
    every = max(1, int(0.1 / frequency / solver.dt))
    found = ringing_frequencies(signal[::every], every * solver.dt, 1)
    return found, frequency, scheme_frequency(solver.dt, spacing, wavevector, INDEX)


BOXES = [
    ("ez", (Pec(), Pec()), (2, 3)),
    ("ez", (Pmc(), Pec()), (2, 3)),
    ("hz", (Pec(), Pec()), (2, 1)),
    ("hz", (Pec(), Pmc()), (2, 1)),
    pytest.param("3d", (Pec(), Pec(), Pec()), (1, 2, 0), marks=pytest.mark.slow),
    pytest.param("3d", (Pec(), Pmc(), Pec()), (2, 1, 0), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("polarization,boundaries,mode", BOXES)
def test_box_resonance(polarization, boundaries, mode):
    """``f = (c / 2 n) sqrt(sum (m / L)^2)`` at second order (Jackson, 3rd ed., eq. 8.45); the scheme's own to 1e-9."""
    errors, sizes = [], (1, 2, 3)
    base = (10, 8, 7)[: 3 if polarization == "3d" else 2]
    for refine in sizes:
        found, closed, discrete = ring(polarization, tuple(n * refine for n in base), boundaries, mode)
        assert found == pytest.approx([discrete], rel=1e-9)
        errors.append(abs(found[0] / closed - 1))
    assert observed_order([1 / s for s in sizes], errors).order == pytest.approx(2.0, abs=0.1)
    assert errors[-1] < 5e-3


def test_many_resonances_at_once():
    """A dipole rings every mode in its band: the five lowest of a box, told apart, to 1e-6 of the scheme's."""
    d = 50e-9
    grid = YeeGrid((23, 17), (d, d), (0.0, 0.0), "ez")
    profile = np.zeros(grid.shape)
    profile[6, 5] = 1 / d**2
    pulse = Pulse(3.2e14, 15e-15)
    solver = FdtdMaxwell(
        Medium.uniform(grid), [Current("dipole", {"ez": profile}, pulse)],
        [FieldMonitor("at", (0.4e-6, 0.3e-6), (0.0, 0.0), ("ez",))],
        boundaries=[Pec(), Pec()], run_length=Steps(6000), courant=0.9,
    )  # fmt: skip
    signal = solver.evaluate({})["at"].ravel()[int(pulse.duration / solver.dt) + 2 :]
    found = ringing_frequencies(signal[::6], 6 * solver.dt, 40)
    wavevectors = [(np.pi * m / 1.15e-6, np.pi * n / 0.85e-6) for m in range(1, 8) for n in range(1, 8)]
    expected = np.sort([scheme_frequency(solver.dt, grid.spacing, k) for k in wavevectors])[:5]
    assert np.abs(found[:, None] / expected - 1).min(axis=0).max() < 1e-6


WAVES = [
    ("ez", (1, 0)),
    ("ez", (2, 3)),
    ("hz", (2, -1)),
    pytest.param("3d", (1, 2, 1), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("polarization,turns", WAVES)
def test_numerical_dispersion_of_a_plane_wave(polarization, turns):
    """A wave with ``turns`` periods across a periodic domain, oblique, on cells of unequal sides."""
    errors, sizes = [], (2, 3, 4)
    for refine in sizes:
        ndim = len(turns)
        cells = tuple(n * refine for n in (12, 11, 10)[:ndim])
        spacing = tuple(side / n for side, n in zip(SIDES, cells))
        grid = YeeGrid(cells, spacing, (0.0,) * ndim, polarization)
        wavevector = np.array([2 * np.pi * m / side for m, side in zip(turns, SIDES)])
        frequency = C0 * np.linalg.norm(wavevector) / (2 * np.pi)
        # A current across the wavevector: a wave without charges.
        direction = {"ez": {"ez": 1.0}, "hz": {"hz": 1.0}}.get(polarization)
        if direction is None:
            across = np.array([np.sin(k * d / 2) / d for k, d in zip(wavevector, spacing)])
            ex, ey, _ = np.cross(across, (0.0, 0.0, 1.0)) / np.linalg.norm(across)
            direction = {"ex": ex, "ey": ey}
        profiles = {}
        for c, size in direction.items():
            x = np.meshgrid(*(grid.coordinates(c, a) for a in range(ndim)), indexing="ij", sparse=True)
            wave = size * np.exp(1j * sum(k * p for k, p in zip(wavevector, x)))
            once = np.zeros(grid.shape)
            once[tuple(slice(1, n + 1) for n in cells)] = 1  # the last node of a periodic axis is the first
            profiles[c] = wave * once
        pulse = Pulse(frequency, 4 / frequency)
        listener = tuple(0.4 * side for side in SIDES[:ndim])
        read = next(iter(direction))
        solver = FdtdMaxwell(
            Medium.uniform(grid), [Current("wave", profiles, pulse)],
            [FieldMonitor("at", listener, (0.0,) * ndim, (read,))],
            boundaries=[Periodic()] * ndim, run_length=Steps(1), courant=0.9,
        )  # fmt: skip
        solver.steps = int((pulse.duration + 12 / frequency) / solver.dt)
        signal = solver.evaluate({})["at"].ravel()[int(pulse.duration / solver.dt) + 2 :]
        every = max(1, int(0.1 / frequency / solver.dt))
        found = ringing_frequencies(signal[::every], every * solver.dt, 1)
        assert found == pytest.approx([scheme_frequency(solver.dt, spacing, wavevector)], rel=1e-9)
        errors.append(abs(found[0] / frequency - 1))
    assert observed_order([1 / s for s in sizes], errors).order == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("polarization", ["ez", "hz", pytest.param("3d", marks=pytest.mark.slow)])
def test_closed_lossless_box_keeps_its_energy(polarization):
    """``sum eps E(n) . E(n) + mu H(n - 1/2) . H(n + 1/2)`` is constant to rounding, walls and mirrors counted by half.

    F. Edelvik, R. Schuhmann and T. Weiland, Int. J. Numer. Model. 17, 475 (2004), eq. 12.
    """
    cells = (12, 11, 10)[: 3 if polarization == "3d" else 2]
    ndim, d = len(cells), (60e-9, 50e-9, 70e-9)[: len(cells)]
    grid = YeeGrid(cells, d, (0.0,) * ndim, polarization)
    rng = np.random.default_rng(0)
    medium = Medium(grid, {c: 1 + 5 * rng.random(grid.shape) for c in grid.electric})
    faces = [(Pec(), Pmc()), (Pmc(), Pec()), (Pec(), Pec())][:ndim]
    pulse = Pulse(4e14, 8e-15)
    middle = tuple(e / 2 for e in grid.extent)
    profiles = {}
    for c in grid.electric:
        profiles[c] = np.zeros(grid.shape)
        profiles[c][(4,) * ndim] = 1.0
    monitors = [FieldMonitor(c, middle, grid.extent, (c,), colocate=False) for c in grid.components]
    solver = FdtdMaxwell(
        medium, [Current("kick", profiles, pulse)], monitors, boundaries=faces, run_length=Steps(1), courant=0.9
    )
    ended = int(pulse.duration / solver.dt) + 2
    solver.steps = ended + 400
    fields = {c: v[ended:, 0] for c, v in solver.evaluate({}).items()}
    total = 0.0
    for c, f in fields.items():
        weight = np.ones(())
        for a, pair in enumerate(faces):
            along = np.ones(f.shape[1 + a])
            if OFFSETS[c][a] == 0:
                along[[0, -1]] = [0.5 if isinstance(face, Pmc) else 1.0 for face in pair]
            weight = np.multiply.outer(weight, along)
        if c[0] == "e":
            weight = weight * EPS0 * medium.permittivity[c][grid.interior(c)]
            products = f[:-1] ** 2
        else:
            products = MU0 * f[:-1] * f[1:]
        total = total + np.sum(weight * products, axis=tuple(range(1, ndim + 1)))
    assert total.min() > 0
    assert np.ptp(total) < 1e-12 * total.mean()


def test_a_conductor_makes_a_box():
    """Walls of `Medium.conductor` inside a larger periodic domain ring as `Pec` faces do: bit by bit the same field."""
    d, n = 50e-9, (12, 9)
    pulse = Pulse(3e14, 10e-15)
    readings = []
    for margin in (0, 3):
        cells = tuple(m + 2 * margin for m in n)
        grid = YeeGrid(cells, (d, d), (-margin * d,) * 2, "ez")
        x, y = np.meshgrid(*(grid.coordinates("ez", a) for a in range(2)), indexing="ij")
        tiny = 1e-3 * d
        inside = (x > tiny) & (x < n[0] * d - tiny) & (y > tiny) & (y < n[1] * d - tiny)
        medium = Medium(grid, {"ez": np.ones(grid.shape)}, conductor={"ez": ~inside} if margin else {})
        profile = np.zeros(grid.shape)
        profile[4 + margin, 6 + margin] = 1.0
        monitor = FieldMonitor("at", (7 * d, 4 * d), (0.0, 0.0), ("ez",))
        solver = FdtdMaxwell(
            medium, [Current("kick", {"ez": profile}, pulse)], [monitor], run_length=Steps(500),
            boundaries=[Periodic(), Periodic()] if margin else [Pec(), Pec()], courant=0.9,
        )  # fmt: skip
        readings.append(solver.evaluate({})["at"].ravel())
    assert np.any(readings[0])
    assert np.abs(readings[1] - readings[0]).max() <= 1e-12 * np.abs(readings[0]).max()


@pytest.mark.parametrize("polarization", ["ez", "hz"])
def test_conductivity_damps_as_the_scheme_says(polarization):
    """A wave in a periodic, uniformly lossy domain: ``p z^2 - (p + q - K) z + q = 0``, p and q of the electric update.

    ``K = (c dt)^2 sum (2 sin(k d / 2) / d)^2``; and ``z`` converges at second order to ``exp(-i w dt)`` of
    ``k^2 = eps w^2 / c^2 + i w mu0 sigma`` (Maxwell's equations with Ohm's law, Jackson, 3rd ed., section 7.5).
    """
    eps, sigma, errors, sizes = 2.0, 4e3, [], (2, 3, 4)
    for refine in sizes:
        cells = (12 * refine, 6)
        spacing = (SIDES[0] / cells[0], SIDES[1] / cells[1])
        grid = YeeGrid(cells, spacing, (0.0, 0.0), polarization)
        k = 2 * np.pi / SIDES[0]
        driven = "ez" if polarization == "ez" else "ey"
        profile = np.zeros(grid.shape)
        profile[1 : cells[0] + 1, 1 : cells[1] + 1] = np.cos(k * grid.coordinates(driven, 0)[1:-1, None])
        closed = np.sqrt(C0**2 * k**2 / eps - (sigma / (2 * EPS0 * eps)) ** 2) - 0.5j * sigma / (EPS0 * eps)
        pulse = Pulse(closed.real / (2 * np.pi), 8 * np.pi / closed.real)
        medium = Medium(grid, {c: np.full(grid.shape, eps) for c in grid.electric},
                        {c: np.full(grid.shape, sigma) for c in grid.electric})  # fmt: skip
        monitor = FieldMonitor("at", (0.1e-6, 0.3e-6), (0.0, 0.0), (driven,))
        solver = FdtdMaxwell(
            medium, [Current("wave", {driven: profile}, pulse)], [monitor], boundaries=[Periodic()] * 2,
            run_length=Steps(1), courant=0.5,
        )  # fmt: skip
        solver.steps = int((pulse.duration + 8 * np.pi / closed.real) / solver.dt)
        signal = solver.evaluate({})["at"].ravel()[int(pulse.duration / solver.dt) + 2 :]
        every = max(1, int(0.3 / closed.real / solver.dt))
        poles = ringing_poles(signal[::every], 2)
        found = poles[np.argmin(poles.imag)] ** (1 / every)
        loss = sigma * solver.dt / (2 * EPS0)
        stiffness = (C0 * solver.dt * 2 * np.sin(k * spacing[0] / 2) / spacing[0]) ** 2
        roots = np.roots([eps + loss, -(2 * eps - stiffness), eps - loss])
        assert found == pytest.approx(roots[np.argmin(roots.imag)], rel=1e-9)
        errors.append(abs(1j * np.log(found) / solver.dt / closed - 1))
    assert observed_order([1 / s for s in sizes], errors).order == pytest.approx(2.0, abs=0.1)
