"""Waves between, and in boxes of, conductors of finite conductivity decay as their surface impedance says."""

from dataclasses import replace

import numpy as np
import pytest
from fdtd_cases import Current, Pulse, ringing_poles
from scipy.optimize import root

from adjointdesign.constants import C0, EPS0, ETA0, MU0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media import conducting_surface, surface_impedance
from adjointdesign.monitors import FieldMonitor, WavePortMonitor
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, Dispersive, FdtdMaxwell, Medium, Pec, Periodic, Pmc, Steps, finite_conductor, with_conductor
from adjointdesign.sources import GaussianPulse, WavePort, point_dipole
from adjointdesign.verification.dot_product import check_solver
from adjointdesign.verification.orders import observed_order

GAP, PERIOD, SIGMA = 10e-3, 30e-3, 1e5


def rings(medium, component, profile, place, boundaries, frequency, periods, count):
    """Complex frequencies ``s`` (of ``exp(s t)``, imaginary part negative) at which a domain rings once it was driven."""
    grid = medium.grid
    monitor = FieldMonitor("at", place, (0.0,) * grid.ndim, (component,))
    solver = FdtdMaxwell(
        medium, [Current("mode", {component: profile}, Pulse(frequency, 5 / frequency))], [monitor], boundaries=boundaries,
        run_length=Steps(1), courant=0.9,
    )  # fmt: skip
    solver.steps = int((5 + periods) / frequency / solver.dt)
    signal = solver.evaluate({})["at"].ravel()[int(5 / frequency / solver.dt) + 2 :]
    every = max(1, int(0.1 / frequency / solver.dt))
    s = np.log(ringing_poles(signal[::every], count)) / (every * solver.dt)
    return np.where(s.imag > 0, s.conj(), s)


def closed_form(impedance):
    """``s`` of the wave between plates: ``k_y tan(k_y b / 2) = s eps0 Z``, ``k_y^2 = - (s / c)^2 - k_x^2``."""
    k = 2 * np.pi / PERIOD

    def balance(x):
        s = complex(0.1 * x[0], x[1]) * C0 * k
        across = np.sqrt(-((s / C0) ** 2) - k * k)
        left = (across * np.tan(across * GAP / 2) - s * EPS0 * impedance(s)) * PERIOD
        return left.real, left.imag

    x = root(balance, (-0.02, -0.99), tol=1e-13).x
    return complex(0.1 * x[0], x[1]) * C0 * k


def between_plates(refine):
    """``s`` of a wave along two plates in a periodic domain, and the material of the plates."""
    n = 8 * refine, 4 * refine
    d = PERIOD / n[0], GAP / n[1]
    grid = YeeGrid((n[0], n[1] + 2), d, (0.0, -d[1]), "hz")
    plates = np.zeros(grid.cells, bool)
    plates[:, [0, -1]] = True
    material, _ = conducting_surface(SIGMA, (5e9, 2e10))
    boundaries = [Periodic(), Pec()]
    medium = with_conductor(Medium.uniform(grid), "plates", material, boundaries, plates)
    profile = np.zeros(grid.shape)
    profile[1:-1, 2:-2] = np.cos(2 * np.pi / PERIOD * grid.coordinates("hz", 0))[1:-1, None]
    found = rings(medium, "hz", profile, (0.37 * PERIOD, 0.4 * GAP), boundaries, C0 / PERIOD, 12, 6)
    return found[np.argmin(abs(found + 2j * np.pi * C0 / PERIOD))], material


def test_wave_between_plates():
    """Decay and frequency converge at second order to the transcendental equation of the fitted impedance; that is within 1e-3 of the true one's."""
    sizes, found = (1, 2, 3), []
    for refine in sizes:
        s, material = between_plates(refine)
        found.append(s)
    true = closed_form(lambda s: np.sqrt(MU0 * s / SIGMA))
    fitted = closed_form(lambda s: 1 / (material.conductivity + EPS0 * s * sum(c / (s - a) for a, c in zip(material.poles, material.residues))))
    assert fitted.real == pytest.approx(true.real, rel=1e-3)
    # The decay of a low-loss line, R_s / (eta b), over time: Pozar, 4th ed., eq. 3.30 (section 3.2).
    assert true.real == pytest.approx(-C0 * surface_impedance(SIGMA, C0 / PERIOD).real / (ETA0 * GAP), rel=0.01)
    steps = [1 / n for n in sizes]
    assert observed_order(steps, [abs(s.real / fitted.real - 1) for s in found]).order == pytest.approx(2.0, abs=0.15)
    assert observed_order(steps, [abs(s.imag / fitted.imag - 1) for s in found]).order == pytest.approx(2.0, abs=0.1)
    assert found[-1].real == pytest.approx(true.real, rel=5e-3)


def test_without_the_magnetic_hold_the_inside_would_carry_current(monkeypatch):
    """Planted fault: with faces inside free the decay would be off by the skin depth over the cell, and the more the finer the cells."""
    monkeypatch.setattr(finite_conductor, "_HELD", 1.0)
    true = closed_form(lambda s: np.sqrt(MU0 * s / SIGMA)).real
    errors = [between_plates(refine)[0].real / true - 1 for refine in (2, 3)]
    assert errors[1] < -0.01 and errors[1] < errors[0]


@pytest.mark.slow
def test_quality_factor_of_a_cavity():
    """TE101 of a box, Pozar, 4th ed., eq. 6.46, at second order; a perturbation, right to the inverse of Q, about 1e-3."""
    a, b, d = 24e-3, 12e-3, 20e-3
    f = 0.5 * C0 * np.hypot(1 / a, 1 / d)
    eta_k3 = ETA0 * (2 * np.pi * f / C0 * a * d) ** 3 * b
    expected = eta_k3 / (2 * np.pi**2 * surface_impedance(SIGMA, f).real * (2 * a**3 * b + 2 * b * d**3 + a**3 * d + a * d**3))
    material, _ = conducting_surface(SIGMA, (0.7 * f, 1.4 * f))
    sizes, losses = (1, 2, 3), []
    for refine in sizes:
        n = 6 * refine, 3 * refine, 5 * refine
        spacing = a / n[0], b / n[1], d / n[2]
        grid = YeeGrid(tuple(m + 2 for m in n), spacing, tuple(-h for h in spacing))
        walls = np.ones(grid.cells, bool)
        walls[1:-1, 1:-1, 1:-1] = False
        medium = with_conductor(Medium.uniform(grid), "walls", material, [Pec()] * 3, walls)
        x, y, z = (grid.coordinates("ey", axis) for axis in range(3))
        profile = np.sin(np.pi * x / a)[:, None, None] * ((y > 0) & (y < b))[:, None] * np.sin(np.pi * z / d)
        profile *= ((x > 0) & (x < a))[:, None, None] * ((z > 0) & (z < d))
        found = rings(medium, "ey", profile, (0.4 * a, 0.5 * b, 0.45 * d), [Pec()] * 3, f, 12, 4)
        s = found[np.argmin(abs(found + 2j * np.pi * f))]
        losses.append(-2 * s.real / abs(s) * expected)
    assert observed_order([1 / m for m in sizes], [abs(q - 1) for q in losses]).order == pytest.approx(2.0, abs=0.25)
    assert losses[-1] == pytest.approx(1.0, abs=0.01)


@pytest.mark.slow
def test_attenuation_of_a_rectangular_guide():
    """TE10 between two wave ports in a guide whose walls go into absorbing layers: Pozar, 4th ed., eq. 3.96, a perturbation right to ``Z / eta``."""
    a, b, f = 22.86e-3, 10.16e-3, np.array([9.5e9, 10e9, 11e9])
    n = 12, 6, 60
    h = a / n[0], b / n[1], 1e-3
    grid = YeeGrid((n[0] + 2, n[1] + 2, n[2]), h, (-h[0], -h[1], 0.0))
    walls = np.ones(grid.cells, bool)
    walls[1:-1, 1:-1] = False
    material, _ = conducting_surface(SIGMA, (8e9, 13e9))
    boundaries = [Pec(), Pec(), Cpml(10, index=0.7)]
    medium = with_conductor(Medium.uniform(grid), "walls", material, boundaries, walls)
    ports = [WavePort(name=name, axis="z", center=(a / 2, b / 2, z), size=(a, b), setback=3e-3) for name, z in (("first", 22.5e-3), ("second", 37.5e-3))]
    solver = FdtdMaxwell(
        medium, [ports[0].source(GaussianPulse(10.2e9, 1e9, 3.4e-9))], [WavePortMonitor(p, f) for p in ports], boundaries=boundaries, run_length=Steps(2600)
    )
    waves = solver.evaluate({})
    k = 2 * np.pi * f / C0
    beta = np.sqrt(k**2 - (np.pi / a) ** 2)
    expected = surface_impedance(SIGMA, f).real * (2 * b * np.pi**2 + a**3 * k**2) / (a**3 * b * beta * k * ETA0)
    assert -np.log(np.abs(waves["second"][:, 0] / waves["first"][:, 0])) / 15e-3 == pytest.approx(expected, rel=5e-3)


def test_surface_of_a_solid_is_counted_once():
    """The widths that the edges along an axis have sum up to the perimeter of the solid, corners in and out, on a graded grid."""
    rng = np.random.default_rng(2)
    grid = YeeGrid.graded([np.cumsum(0.5 + rng.random(n)) for n in (9, 8, 4)])
    cells = np.zeros(grid.cells, bool)
    cells[2:6, 2:4] = cells[3:5, 2:6] = True  # a tee along z
    material, _ = conducting_surface(1e7, (1e6, 2e6))
    medium = with_conductor(Medium.uniform(grid), "tee", material, [Pec(), Pec(), Pec()], cells)
    strength = medium.dispersive["tee"].strength["ez"]
    areas = np.multiply.outer(grid.lengths("ez", 0), grid.lengths("ez", 1))
    x, y = grid.lines(0), grid.lines(1)
    perimeter = 2 * (x[6] - x[2] + y[6] - y[2])
    assert (strength[:, :, 2] * areas).sum() == pytest.approx(perimeter, rel=1e-12)
    assert (medium.dispersive["tee"].strength["ex"][4, 3:6, 2] > 0).sum() == 1  # the lower face; inside there is no surface
    assert not np.any(strength * medium.conductor["ez"]) and medium.conductor["ez"][4 + 1, 3 + 1, 2]


def test_a_thin_sheet_is_a_resistance():
    """Far thinner than the skin depth, a sheet's admittance is that of `1 / (sigma t)` ohm per square, as a conductivity."""
    grid = YeeGrid((12, 20), (1e-3, 1e-3), (0.0, 0.0), "hz")
    resistance = 100.0
    thickness = 1e-8
    material, _ = conducting_surface(1 / (resistance * thickness), (1e9, 2e10), thickness)
    strength, readings = np.zeros(grid.shape), []
    strength[1:-1, 11] = 1e3
    nothing = np.zeros(grid.shape)
    as_conductivity = replace(Medium.uniform(grid), conductivity={"ex": strength / resistance, "ey": nothing})
    as_surface = replace(Medium.uniform(grid), dispersive={"film": Dispersive(material, {"ex": strength})})
    for medium in (as_conductivity, as_surface):
        solver = FdtdMaxwell(
            medium, [point_dipole("dipole", (6.5e-3, 6e-3), "ex", GaussianPulse(1e10, 1e10))], [FieldMonitor("far", (6.5e-3, 14e-3), (0.0, 0.0), ("ex",))],
            boundaries=[Periodic(), Cpml(5)], run_length=Steps(400),
        )  # fmt: skip
        readings.append(solver.evaluate({})["far"].ravel())
    assert np.abs(readings[1] - readings[0]).max() < 1e-5 * np.abs(readings[0]).max()


CASES = {
    "ez": [(Pec(), Cpml(4)), (Cpml(4), Cpml(4))],
    "hz": [Periodic(), Cpml(4)],
    "3d": [Cpml(3), Pec(), Periodic()],
}


@pytest.mark.parametrize("polarization", ["ez", "hz", pytest.param("3d", marks=pytest.mark.slow)])
def test_derivatives_are_exact(polarization):
    """In the strength of surface (the root of its conductivity), some of it in the space around, and in permittivity; the solid reaches into layers."""
    cells = (14, 14, 6)[: 3 if polarization == "3d" else 2]
    middle = tuple(0.5e-3 * n for n in cells)
    grid = YeeGrid(cells, (1e-3,) * len(cells), (0.0,) * len(cells), polarization)
    solid = np.zeros(cells, bool)
    solid[5:9, 7:] = True
    material, _ = conducting_surface(1e3, (5e9, 2e10))
    medium = with_conductor(Medium.uniform(grid, 1.5), "block", material, CASES[polarization], solid)
    lower, upper = (4e-3, 5e-3, 1e-3), (10e-3, 9e-3, 4e-3)
    solver = FdtdMaxwell(
        medium, [point_dipole("dipole", tuple(m - 2.3e-3 for m in middle), grid.electric[0], GaussianPulse(1e10, 1e10))],
        [FieldMonitor("field", middle, grid.extent, grid.components, [1e10])], boundaries=CASES[polarization],
        run_length=Steps(80), designed="block", box=Box.covering(grid, lower, upper, [isinstance(b, Periodic) for b in CASES[polarization]]),
        minimum_permittivity=1.0,
    )  # fmt: skip
    rng = np.random.default_rng(4)
    inputs = {}
    for c in grid.electric:
        ranges = solver.program.box.slices[c]
        inputs["permittivity_" + c[1]] = 1.2 + rng.random(solver.program.box.shape(c))
        inputs["strength_block_" + c[1]] = (medium.dispersive["block"].strength[c][ranges] + 100.0) * (0.5 + rng.random(solver.program.box.shape(c)))
    check = check_solver(solver, inputs, np.random.default_rng(5))
    assert check["passed"], str(check)


def test_bad_input():
    grid = YeeGrid((8, 8), (1e-3, 1e-3), (0.0, 0.0), "hz")
    material, _ = conducting_surface(1e7, (1e9, 2e9))
    walls = [Pec(), Pec()]
    with pytest.raises(InputError, match="true and false"):
        with_conductor(Medium.uniform(grid), "wall", material, walls, np.zeros((8, 8)))
    solid = np.zeros((8, 8), bool)
    solid[3:5, 3:] = True
    medium = with_conductor(Medium.uniform(grid), "wall", material, walls, solid)
    with pytest.raises(InputError, match="choose another"):
        with_conductor(medium, "wall", material, walls, solid)


@pytest.mark.parametrize(
    "low,high,thickness",
    [(Cpml(2), Cpml(2), 4e-3), (Pec(), Pec(), 2e-3), (Pmc(), Pmc(), 4e-3), (Cpml(2), Pec(), 3e-3), (Periodic(), Periodic(), 4e-3)],
)
def test_thickness_at_faces_of_the_domain(low, high, thickness):
    """Two cells at the low face, three at the high one, four in between; along y from face to face."""
    grid = YeeGrid((16, 12), (1e-3, 1e-3), (0.0, 0.0), "hz")
    solid = np.zeros((16, 12), bool)
    solid[:2] = solid[-3:] = solid[6:10] = True
    assert finite_conductor.thinnest(grid, solid, [(low, high), (Pec(), Pec())]) == pytest.approx(thickness)


def test_where_nothing_is_held_there_is_no_permeability():
    """A medium stays without it, and as it is when no cell is of the solid."""
    grid, walls = YeeGrid((8, 8), (1e-3, 1e-3), (0.0, 0.0), "hz"), [Pec(), Pec()]
    material, _ = conducting_surface(1e7, (1e9, 2e9))
    medium = Medium.uniform(grid)
    assert with_conductor(medium, "wall", material, walls, np.zeros((8, 8), bool)) is medium
    layers = [Cpml(2), Cpml(2)]
    solid = np.zeros((8, 8), bool)
    solid[:2] = True  # all of it in the layer
    assert not with_conductor(medium, "wall", material, layers, solid).permeability
