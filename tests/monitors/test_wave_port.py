"""Wave ports on a rectangular guide, a coaxial line and a microstrip, against the discrete line, closed forms, and each other."""

from dataclasses import replace

import numpy as np
import pytest

from adjointdesign.constants import C0, ETA0
from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_lines import Fixed, Region, mesh_lines, metal_edge, thin_layer
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import WavePortMonitor
from adjointdesign.objectives.network import deembed, renormalize, s_matrix
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Pec, Steps
from adjointdesign.sources import GaussianPulse, WavePort
from adjointdesign.verification.dot_product import dot_product_test
from adjointdesign.verification.orders import observed_order

A, B = 22.86e-3, 10.16e-3
"""WR-90, m."""
FREQUENCIES = np.array([9e9, 10e9, 11.5e9])
PERMITTIVITY, THICKNESS, CELL = 2.54, 6e-3, 1.5e-3


def guide(refine, slab=True):
    """WR-90 along z with a slab across it, layers at its ends, and four ports: two near the slab, two farther away."""
    dz = CELL / refine
    n = 8 * refine, 3 * refine, 48 * refine
    grid = YeeGrid(n, (A / n[0], B / n[1], dz), (0.0, 0.0, -n[2] * dz / 2))
    z = grid.coordinates("ex", 2)
    share = np.clip((THICKNESS / 2 + dz / 2 - abs(z)) / dz, 0, 1) if slab else np.zeros_like(z)
    middle = (abs(grid.coordinates("ez", 2)) < THICKNESS / 2) * float(slab)
    medium = Medium(grid, {c: np.ones(grid.shape) * (1 + (PERMITTIVITY - 1) * (middle if c == "ez" else share)) for c in grid.electric})
    ports = [
        WavePort(name=name, axis="z", center=(A / 2, B / 2, sign * at), size=(A, B), setback=3e-3, direction=-sign,
                 voltage=((A / 2, 0, 0), (A / 2, B, 0)))
        for name, at in (("near", 9e-3), ("far", 15e-3)) for sign in (-1, 1)
    ]  # fmt: skip
    return medium, [replace(p, name=f"{p.name} {p.direction}") for p in ports]


def solver_of(medium, port, ports, steps, cells=12):
    return FdtdMaxwell(
        medium, [port.source(GaussianPulse(10.2e9, 1e9, 3.4e-9))], [WavePortMonitor(p, FREQUENCIES) for p in ports],
        boundaries=[Pec(), Pec(), Cpml(cells, index=0.7)], run_length=Steps(steps),
    )  # fmt: skip


def matrices(refine=1, slab=True):
    """S-matrices at near and far planes, the constants of the line, and the medium and time step."""
    medium, ports = guide(refine, slab)
    # All are driven from behind the far planes, so that the near ones lie between.
    runs = [solver_of(medium, port, ports, 3000 * refine) for port in ports[2:]]
    readings = [run.evaluate({}) for run in runs]
    found = []
    for pair in (ports[:2], ports[2:]):
        waves = np.stack([np.stack([r[p.name] for p in pair], axis=1) for r in readings], axis=-1)
        found.append(s_matrix(waves[:, :, 0], waves[:, :, 1]))
    return *found, ports[0].constants(medium, runs[0].dt, FREQUENCIES), medium, runs[0].dt


def discrete_line(medium, dt, plane):
    """S11 and S21 of the slab between planes at ``-plane`` and ``plane``: TE10 of the scheme is one field on the nodes along z.

    ``eps K^2 E = S^2 E - second difference of E``, with K and S of the scheme; from the transmitted wave backward.
    """
    grid = medium.grid
    dz, n = grid.spacing[2], grid.cells[2]
    permittivity = medium.permittivity["ey"][4, 2, 1:]
    out = []
    for f in FREQUENCIES:
        k, s = 2 / (C0 * dt) * np.sin(np.pi * f * dt), 2 / grid.spacing[0] * np.sin(np.pi * grid.spacing[0] / (2 * A))
        turn = 2 * np.arcsin(np.sqrt(k * k - s * s) * dz / 2)
        field = [np.exp(1j * turn), 1.0]  # at the nodes after and at the last
        for m in range(n, 0, -1):
            field.append((2 - dz**2 * (permittivity[m] * k * k - s * s)) * field[-1] - field[-2])
        first, second = field[-1], field[-2]
        forward = (second - first * np.exp(-1j * turn)) / (2j * np.sin(turn))
        backward = first - forward
        inside = turn * (n / 2 - plane / dz)  # from the ends of the guide to the planes
        out.append([backward / forward * np.exp(-2j * inside), 1 / forward * np.exp(-2j * inside)])
    return np.array(out).T


def slab_in_guide():
    """S11 and S21 at the faces of the slab: Pozar, 4th ed., section 3.3 (wave impedances), example 4.4's manner: a line in a line."""
    k = 2 * np.pi * FREQUENCIES / C0
    outside, inside = (np.sqrt(e * k * k - (np.pi / A) ** 2) for e in (1.0, PERMITTIVITY))
    r, turn = (outside - inside) / (outside + inside), np.exp(1j * inside * THICKNESS)
    below = 1 - r**2 * turn**2
    return r * (1 - turn**2) / below, (1 - r**2) * turn / below, outside


@pytest.fixture(scope="module")
def coarse():
    return matrices()


def test_slab_in_a_guide_is_that_of_the_discrete_line(coarse):
    """Two ports, a run each: reflection and transmission to 1e-11, phases and all, whatever the layers send back."""
    near, _, _, medium, dt = coarse
    s11, s21 = discrete_line(medium, dt, 9e-3)
    assert np.abs(near[:, 0, 0] - s11).max() < 1e-11 and np.abs(near[:, 1, 1] - s11).max() < 1e-11
    assert np.abs(near[:, 1, 0] - s21).max() < 1e-11 and np.abs(near[:, 0, 1] - s21).max() < 1e-11
    assert np.abs(s11).max() > 0.3


def test_moving_the_planes_is_exact(coarse):
    """From the far planes by 6 mm to the near ones, with the propagation constant of the discrete line."""
    near, far, constants, _, _ = coarse
    moved = deembed(far, constants.propagation[:, None], np.array([6e-3, 6e-3]))
    assert np.abs(far - near).max() > 0.3
    assert np.abs(moved - near).max() < 1e-11


def test_constants_of_a_rectangular_guide(coarse):
    """beta of the scheme, and ``Z = 2 (b / a) eta k / beta`` of voltage and power (Pozar, section 3.3) to second order."""
    errors, betas = [], []
    k = 2 * np.pi * FREQUENCIES / C0
    beta = np.sqrt(k * k - (np.pi / A) ** 2)
    for refine in (1, 2, 4):
        medium, ports = guide(refine)
        constants = ports[0].constants(medium, 0.5 * CELL / refine / C0, FREQUENCIES)
        betas.append(np.abs(constants.propagation / (-1j * beta) - 1).max())
        errors.append(np.abs(constants.impedance / (2 * B / A * ETA0 * k / beta) - 1).max())
    assert observed_order([1, 1 / 2, 1 / 4], errors).order == pytest.approx(2.0, abs=0.1) and errors[-1] < 2e-3
    assert observed_order([1, 1 / 2, 1 / 4], betas).order == pytest.approx(2.0, abs=0.1) and betas[-1] < 2e-3


@pytest.mark.slow
def test_slab_in_a_guide_against_the_closed_form(coarse):
    """Planes moved to the faces of the slab, in two resolutions: second order."""
    errors = []
    for near, _, constants, _, _ in (coarse, matrices(2)):
        s = deembed(near, constants.propagation[:, None], np.array([6e-3, 6e-3]))
        s11, s21, _ = slab_in_guide()
        errors.append(max(np.abs(s[:, 0, 0] - s11).max(), np.abs(s[:, 1, 0] - s21).max()))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.2) and errors[1] < 0.03


def test_lossless_and_renormalized(coarse):
    """Power is conserved to rounding and, renormalised to another impedance, still."""
    near, _, constants, _, _ = coarse
    for s in (near, renormalize(near, constants.impedance.real[:, None] * np.ones(2), 50.0)):
        assert np.abs(np.einsum("fij,fik->fjk", s.conj(), s) - np.eye(2)).max() < 1e-11


def test_tangent_and_adjoint_through_ports():
    medium, ports = guide(1)
    solver = solver_of(medium, ports[2], ports[:2], 120)
    inputs = {"permittivity_y": medium.permittivity["ey"][solver.program.box.slices["ey"]] + 0.1}
    assert dot_product_test(solver, inputs, np.random.default_rng(3)) < 1e-12


def coaxial(refine):
    """Impedance of a square coaxial line, the inner side half of the outer."""
    n, half = 16 * refine, 4 * refine
    grid = YeeGrid((n, n, 8), (1e-3 / refine, 1e-3 / refine, 1e-3), (0.0, 0.0, 0.0))
    conductor = {}
    for c in grid.electric:
        x, y = (abs(grid.coordinates(c, a) - 8e-3) < (half + 1e-3) * 1e-3 / refine for a in (0, 1))
        conductor[c] = np.broadcast_to((x[:, None] & y)[:, :, None], grid.shape).copy()
    port = WavePort(
        name="coax", axis="z", center=(8e-3, 8e-3, 4e-3), size=(16e-3, 16e-3), setback=2e-3, voltage=((8e-3, 0, 0), (8e-3, 4e-3, 0))
    )
    dt = 0.4e-3 / refine / C0
    constants = port.constants(Medium(grid, {c: np.ones(grid.shape) for c in grid.electric}, conductor=conductor), dt, [1e9, 3e9])
    k = 2 / (C0 * dt) * np.sin(np.pi * np.array([1e9, 3e9]) * dt)
    assert constants.propagation == pytest.approx(-1j * 2 / 1e-3 * np.arcsin(k * 0.5e-3), rel=1e-7)  # TEM, as on the discrete line
    assert constants.impedance[0] == pytest.approx(constants.impedance[1], rel=1e-4)
    return constants.impedance[0].real


def test_square_coaxial_line():
    """36.811 ohm (F. Bowman, Proc. London Math. Soc. 39, 211 (1935)); corners make the order 4/3."""
    coarse, fine = coaxial(1), coaxial(2)
    assert fine == pytest.approx(36.811, rel=0.02)
    assert fine + (fine - coarse) / (2 ** (4 / 3) - 1) == pytest.approx(36.811, rel=2e-3)


@pytest.mark.slow
def test_microstrip():
    """Effective permittivity and impedance at 2 GHz: Hammerstad and Jensen, dispersion of Kirschning and Jansen, as scikit-rf has them."""
    from skrf import Frequency
    from skrf.media import MLine

    height, width, permittivity, n = 1.524e-3, 3.52e-3, 3.38, 4
    model = MLine(Frequency.from_f([2e9], unit="hz"), w=width, h=height, t=None, ep_r=permittivity, rho=None, tand=0,
                  diel="frequencyinvariant", model="hammerstadjensen", disp="kirschningjansen")  # fmt: skip
    d, large = height / n, Region(-1.0, 1.0, 4e-3 / n)
    low, high = (metal_edge(sign * width / 2, d, sign) for sign in (-1, 1))
    x = mesh_lines([Fixed(-30e-3), Fixed(0.0), Fixed(30e-3), *low[0], *high[0]], [large, Region(-width / 2, width / 2, 1.5 * d), *low[1], *high[1]])
    fixed, regions = thin_layer(0.0, height, n)
    y = mesh_lines([Fixed(36e-3), *fixed], [large, *regions])
    grid = YeeGrid.graded([x, y, np.arange(9) * 0.5e-3])
    medium = {}
    for c in grid.electric:
        borders = grid.borders(c, 1)
        share = np.clip((height - borders[:-1]) / np.diff(borders), 0.0, 1.0)
        mean = 1 / (share / permittivity + 1 - share) if c == "ey" else 1 + (permittivity - 1) * share
        medium[c] = np.broadcast_to(mean[:, None], grid.shape).copy()
    metal = {}
    for c in ("ex", "ez"):
        metal[c] = np.zeros(grid.shape, bool)
        metal[c][abs(grid.coordinates(c, 0)) < width / 2, n + 1] = True
    port = WavePort(
        name="strip", axis="z", center=(0.0, 18e-3, 2e-3), size=(60e-3, 36e-3), setback=1e-3, voltage=((0, 0, 0), (0, height, 0))
    )
    constants = port.constants(Medium(grid, medium, conductor=metal), 0.5 * d / C0, [2e9])
    found = -((constants.propagation[0] * C0 / (2 * np.pi * 2e9)) ** 2).real
    assert found == pytest.approx(model.ep_reff_f.real[0], rel=5e-3)
    assert constants.impedance[0].real == pytest.approx(model.z0_characteristic.real[0], rel=1e-2)


@pytest.mark.parametrize(
    "changes,told",
    [
        ({"setback": 1e-3}, "two cells or more"),
        ({"setback": -1.0}, "positive length"),
        ({"setback": "3"}, "positive length"),
        ({"setback": None}, "positive length"),
        ({"setback": 1.0}, "source within the domain"),
        ({"direction": 0}, "1 or -1"),
        ({"voltage": ((0.0, 0.0),)}, "two points"),
        ({"voltage": 3}, "two points"),
        ({"voltage": ((0.0, 0.0, 0.0), (A, B, 0.0))}, "apart along one axis"),
        ({"voltage": ((0.0, 0.0, 0.0), (0.0, B, 0.0))}, "apart along one axis"),
        ({"center": (A, B / 2, 0.0)}, "domain"),
        ({"mode_order": 1}, "propagating modes"),
        ({"mode_order": -1}, "integer from 0"),
        ({"mode_order": 1.5}, "integer from 0"),
    ],
)
def test_bad_ports_are_refused(changes, told):
    medium, ports = guide(1)
    with pytest.raises(InputError, match=told):
        replace(ports[0], **changes).constants(medium, 1e-12, [10e9])


def test_a_guide_of_permeability_is_its_dual():
    """Filled with a permeability of two the wave has the propagation constant of a permittivity of two, and twice its impedance."""
    medium, ports = guide(1, slab=False)
    dense, magnetic = (
        Medium(medium.grid, {c: np.full(medium.grid.shape, eps) for c in medium.grid.electric},
               permeability={c: np.full(medium.grid.shape, mu) for c in ("hx", "hy", "hz")})
        for eps, mu in ((2.0, 1.0), (1.0, 2.0))
    )  # fmt: skip
    one, two = (ports[0].constants(m, 1e-13, FREQUENCIES) for m in (dense, magnetic))
    assert two.propagation == pytest.approx(one.propagation, rel=1e-9)
    assert two.wave_impedance == pytest.approx(2 * one.wave_impedance, rel=1e-9)
