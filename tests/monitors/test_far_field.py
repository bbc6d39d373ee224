"""The far field of point sources, against closed forms, and exact properties of the transform."""

import numpy as np
import pytest
from far_field_cases import (
    DIRECTIONS,
    FREQUENCIES,
    LENGTH,
    UPWARD,
    centered,
    dipole_far_field,
    far_fields,
    relative,
)
from scipy.special import h1vp, hankel1, jv, jvp

from adjointdesign.constants import C0, ETA0
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors import FarFieldMonitor, FluxMonitor, RadiatedPowerMonitor, power
from adjointdesign.objectives.far_field import (
    directivity,
    hemisphere_directions,
    radiated_power,
    radiation_intensity,
    sphere_directions,
)
from adjointdesign.solvers.fdtd_maxwell import Cpml, Medium, Pec, Pmc
from adjointdesign.verification.orders import observed_order

ORIGIN = (0.0, 0.0, 0.0)
OFF = (0.0, -0.125 * LENGTH, 0.25 * LENGTH)  # at the same place of its cell at every resolution
RESOLUTIONS = (8, 16, 24)


def order_of(errors):
    return observed_order([1 / n for n in RESOLUTIONS], errors).order


@pytest.mark.parametrize("component,center", [("ez", ORIGIN), ("ex", OFF), ("hy", OFF)])
def test_dipole_in_space(component, center):
    """Magnitude, phase and polarization of an electric and a magnetic dipole, also off the phase center."""
    errors = []
    for n in RESOLUTIONS:
        d = LENGTH / n
        monitor = FarFieldMonitor("far", ORIGIN, (0.75 * LENGTH,) * 3, FREQUENCIES, DIRECTIONS)
        medium = Medium.uniform(centered([n + 6] * 3, d))
        found = far_fields(medium, [(component, center)], [monitor], [Cpml(3)] * 3)["far"]
        errors.append(relative(found, dipole_far_field(component, center, DIRECTIONS)).max())
    assert order_of(errors) == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 0.015


def test_directivity_of_a_dipole_and_power_through_the_box():
    """3/2, and the power that the far field adds up to is what passes the box: in the scheme exactly."""
    directions, weights = sphere_directions(8)
    d = LENGTH / 12
    box = (ORIGIN, (8 * d,) * 3, FREQUENCIES)
    monitors = [
        FarFieldMonitor("far", *box, np.concatenate([directions, [[np.pi / 2, 0.4]]])),
        RadiatedPowerMonitor("box", *box),
    ]
    faces = {a + str(s): s for a in AXES for s in (-1, 1)}
    for face, s in faces.items():
        center = tuple(4 * d * s * (b == face[0]) for b in AXES)
        monitors.append(FluxMonitor(face, center, face[0], (8 * d,) * 2, FREQUENCIES))
    medium = Medium.uniform(centered([32] * 3, d))
    readings = far_fields(medium, [("ez", (0.0, 0.0, d / 2))], monitors, [Cpml(10)] * 3)
    intensity = radiation_intensity(readings["far"])
    radiated = radiated_power(intensity[:, :-1], weights)
    assert directivity(intensity, radiated)[:, -1] == pytest.approx(1.5, rel=5e-4)
    through = power(readings["box"])
    assert through == pytest.approx(sum(s * power(readings[face]) for face, s in faces.items()), rel=1e-9)
    assert through == pytest.approx(radiated, rel=1e-4)  # what the absorbing layer sends back counts here alone


@pytest.mark.parametrize("graded", [False, True])
def test_the_box_does_not_matter(graded):
    """Two boxes around sources read the same, and one beside them nothing, whatever the thin layer sends back."""
    d = LENGTH / 12
    grid = centered([28] * 3, d)
    if graded:
        grid = YeeGrid.graded([stretched(22, d, a, 5) for a in range(3)])
    monitors = [
        FarFieldMonitor("near", ORIGIN, (6 * d, 8 * d, 8 * d), FREQUENCIES, DIRECTIONS),
        FarFieldMonitor("wide", (d, 0.0, -d), (12 * d,) * 3, FREQUENCIES, DIRECTIONS, phase_center=ORIGIN),
        FarFieldMonitor("beside", (0.0, d, 8 * d), (10 * d, 12 * d, 4 * d), FREQUENCIES, DIRECTIONS),
    ]
    sources = [("ex", OFF), ("hz", ORIGIN)]
    readings = far_fields(Medium.uniform(grid), sources, monitors, [Cpml(3)] * 3, 30 if graded else 25)
    assert relative(readings["wide"], readings["near"]).max() < 1e-9
    assert np.abs(readings["beside"]).max() < 1e-9 * np.abs(readings["near"]).max()
    assert np.abs(readings["near"]).min() > 1e-6 * np.abs(readings["near"]).max()


def stretched(cells, spacing, axis, pad):
    """Nodes around zero: cells that vary smoothly, by two to one, another way along each axis, between equal ones."""
    s = (np.arange(cells) + 0.5) / cells
    sizes = np.pad(1 + 0.4 * np.sin(np.pi * s) ** 2 * np.sin(2 * np.pi * s + axis), pad, mode="edge")
    nodes = np.r_[0.0, np.cumsum(sizes)] * spacing
    return nodes - nodes[len(nodes) // 2]


def test_dipole_on_a_graded_grid():
    """On the node next to a place off the center, so that it sits alike in its cell at every resolution."""
    errors, resolutions = [], (10, 14, 20)
    for n in resolutions:
        grid = YeeGrid.graded([stretched(round(0.9 * n), LENGTH / n, a, 7) for a in range(3)])
        place = tuple(grid.lines(a)[np.argmin(np.abs(grid.lines(a) - OFF[a]))] for a in range(3))
        monitor = FarFieldMonitor("far", ORIGIN, (0.7 * LENGTH,) * 3, FREQUENCIES, DIRECTIONS)
        found = far_fields(Medium.uniform(grid), [("ex", place)], [monitor], courant=0.9)["far"]
        errors.append(relative(found, dipole_far_field("ex", place, DIRECTIONS)).max())
    assert observed_order([1 / n for n in resolutions], errors).order == pytest.approx(2.0, abs=0.3)
    assert errors[-1] < 0.015


@pytest.mark.parametrize("component", ["ez", "ex"])
def test_dipole_over_the_ground(component):
    """Image theory (Balanis, section 4.7): a vertical dipole's image has its sign, a horizontal one's the other."""
    height, errors = 0.25 * LENGTH, []
    above, below = (0.0, 0.0, height), (0.0, 0.0, -height)
    expected = dipole_far_field(component, above, UPWARD)
    expected = expected + (1 if component == "ez" else -1) * dipole_far_field(component, below, UPWARD)
    for n in RESOLUTIONS:
        d = LENGTH / n
        grid = centered([n + 4, n + 4, n], d, low=[None, None, 0.0])
        monitor = FarFieldMonitor(
            "far", (0.0, 0.0, 0.25 * LENGTH), (0.5 * LENGTH,) * 3, FREQUENCIES, UPWARD,
            ground={"-z": "pec"}, phase_center=ORIGIN,
        )  # fmt: skip
        boundaries = [Cpml(4), Cpml(4), (Pec(), Cpml(3))]
        found = far_fields(Medium.uniform(grid), [(component, above)], [monitor], boundaries)["far"]
        errors.append(relative(found, expected).max())
    assert order_of(errors) == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 0.02


@pytest.mark.parametrize(
    "kind,component,sign", [("pec", "ex", -1), ("pec", "ez", 1), ("pmc", "ex", 1), ("pmc", "ez", -1)]
)
@pytest.mark.parametrize("face", ["-z", "+x"])
def test_planes_stand_for_images(kind, component, sign, face):
    """Half of a domain at a wall reads what the whole domain with the image of the dipole does, to rounding."""
    d, axis, up = LENGTH / 12, AXES.index(face[1]), 1 if face[0] == "-" else -1
    turned = component if face == "-z" else {"ex": "ey", "ez": "ex"}[component]
    place, cells = [0.4 * d, -0.3 * d, 0.2 * d], [20, 20, 20]
    place[axis] = up * 2.4 * d
    image = tuple(-x if a == axis else x for a, x in enumerate(place))
    size, monitor = [8 * d] * 3, dict(frequencies=FREQUENCIES, directions=DIRECTIONS, phase_center=ORIGIN)
    whole = far_fields(
        Medium.uniform(centered(cells, d)), [(turned, tuple(place)), (turned, image, sign)],
        [FarFieldMonitor("far", ORIGIN, size, **monitor)], [Cpml(5)] * 3,
    )["far"]  # fmt: skip
    cells[axis], size[axis] = 10, 4 * d
    low = [(0.0 if up > 0 else -10 * d) if a == axis else None for a in range(3)]
    wall = Pec() if kind == "pec" else Pmc()
    pair = (wall, Cpml(5)) if up > 0 else (Cpml(5), wall)
    at = [up * 2 * d if a == axis else 0.0 for a in range(3)]
    half = far_fields(
        Medium.uniform(centered(cells, d, low=low)), [(turned, tuple(place))],
        [FarFieldMonitor("far", at, size, ground={face: kind}, **monitor)],
        [pair if a == axis else Cpml(5) for a in range(3)],
    )["far"]  # fmt: skip
    assert relative(half, whole).max() < 1e-8


def test_a_quarter_of_a_domain():
    """Two planes at once, electric and magnetic; and the power through what is left is a quarter of the whole."""
    d, place = LENGTH / 12, (1.6 * LENGTH / 12, 0.0, 2.4 * LENGTH / 12)
    monitor = dict(frequencies=FREQUENCIES, directions=DIRECTIONS, phase_center=ORIGIN)
    images = [("ey", (sx * place[0], 0.0, sz * place[2]), sz) for sx in (1, -1) for sz in (1, -1)]

    def both(at, size, ground=None):
        power_monitor = RadiatedPowerMonitor("out", at, size, FREQUENCIES, ground)
        return [FarFieldMonitor("far", at, size, ground=ground, **monitor), power_monitor]

    boxes = both(ORIGIN, (8 * d,) * 3)
    whole = far_fields(Medium.uniform(centered([20] * 3, d)), images, boxes, [Cpml(5)] * 3)
    boxes = both((2 * d, 0.0, 2 * d), (4 * d, 8 * d, 4 * d), {"-x": "pmc", "-z": "pec"})
    grid = centered([10, 20, 10], d, low=[0.0, None, 0.0])
    part = far_fields(Medium.uniform(grid), [("ey", place)], boxes, [(Pmc(), Cpml(5)), Cpml(5), (Pec(), Cpml(5))])
    assert relative(part["far"], whole["far"]).max() < 1e-8
    assert 4 * power(part["out"]) == pytest.approx(power(whole["out"]), rel=1e-8)


def test_power_over_the_ground():
    """All that a hemisphere of directions adds up to passes the box on the ground."""
    directions, weights = hemisphere_directions(8)
    d = LENGTH / 12
    box = ((0.0, 0.0, 3 * d), (6 * d,) * 3, FREQUENCIES)
    ground = {"-z": "pec"}
    monitors = [FarFieldMonitor("far", *box, directions, ground), RadiatedPowerMonitor("box", *box, ground)]
    grid = centered([30, 30, 18], d, low=[None, None, 0.0])
    boundaries = [Cpml(10), Cpml(10), (Pec(), Cpml(10))]
    readings = far_fields(Medium.uniform(grid), [("ez", (0.0, 0.0, 0.5 * d))], monitors, boundaries)
    radiated = radiated_power(radiation_intensity(readings["far"]), weights)
    assert power(readings["box"]) == pytest.approx(radiated, rel=1e-4)


@pytest.mark.parametrize(
    "polarization,component,permittivity", [("ez", "ez", 1.0), ("hz", "hz", 1.0), ("hz", "ex", 2.25)]
)
def test_line_sources(polarization, component, permittivity):
    """1 A (1 V) a length: the Hankel function's far field (Balanis, section 11.2, with ``exp(-i w t)``).

    ``E_z = - (w mu / 4) H0(k r)``; its dual ``H_z = - (w eps / 4) H0(k r)`` with ``E_phi = eta H_z``; and across,
    ``E_phi`` is as ``E_z`` times the projection of x on phi. ``H0(x) -> sqrt(2 / (pi x)) exp(i (x - pi/4))`` (DLMF
    10.2.5).
    """
    phi, index = np.linspace(0.0, 6.0, 11), np.sqrt(permittivity)
    k = 2 * np.pi * FREQUENCIES * index / C0
    place = np.array(OFF[:2]) / index
    hankel = np.sqrt(2 / (np.pi * k)) * np.exp(-0.25j * np.pi)
    strength = {"ez": ETA0 / index, "hz": 1.0, "ex": -np.sin(phi) * ETA0 / index}[component]
    delay = np.exp(-1j * np.multiply.outer(k, np.cos(phi) * place[0] + np.sin(phi) * place[1]))
    expected = -(k * hankel / 4)[:, None] * strength * delay
    errors = []
    for n in RESOLUTIONS:
        d = LENGTH / n / index
        grid = centered([40, 36], d, polarization)
        monitor = FarFieldMonitor("far", (0.0, 0.0), (0.5 * LENGTH / index,) * 2, FREQUENCIES, phi)
        found = far_fields(Medium.uniform(grid, permittivity), [(component, tuple(place))], [monitor])["far"]
        assert found.shape == (2, 1, 11)
        errors.append(relative(found[:, 0], expected).max())
    assert order_of(errors) == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 0.015


def test_line_source_in_a_dielectric_rod():
    """What is inside the box scatters: a line current on the axis of a rod, by continuity of E_z and H_phi there."""
    radius, index, phi = 0.2 * LENGTH, 2.0, np.linspace(0.0, 3.0, 4)
    k = 2 * np.pi * FREQUENCIES / C0
    expected = []
    for k0 in k:
        k1 = index * k0
        x0, x1 = k0 * radius, k1 * radius
        system = [[hankel1(0, x0), -jv(0, x1)], [k0 * h1vp(0, x0), -k1 * jvp(0, x1)]]
        outside, _ = np.linalg.solve(system, [hankel1(0, x1), k1 * h1vp(0, x1)])
        expected.append(-k0 * ETA0 / 4 * outside * np.sqrt(2 / (np.pi * k0)) * np.exp(-0.25j * np.pi))
    n = 60
    grid = centered([70, 70], LENGTH / n, "ez")

    def covered(x, y):  # share of each point's cell inside the rod, by 8 x 8 samples
        shifts = (np.arange(8) - 3.5) / 8 * LENGTH / n
        inside = [np.hypot(x + a, y + b) < radius for a in shifts for b in shifts]
        return 1 + (index**2 - 1) * np.mean(inside, axis=0)

    monitor = FarFieldMonitor("far", (0.0, 0.0), (0.6 * LENGTH,) * 2, FREQUENCIES, phi)
    medium = Medium.from_function(grid, covered)
    found = far_fields(medium, [("ez", (0.0, 0.0))], [monitor], periods=30)["far"]
    assert relative(found[:, 0], np.broadcast_to(np.array(expected)[:, None], (2, 4))).max() < 0.01
