"""Far fields of bodies of revolution and the waves of round waveguides, against closed forms and the balance of power."""

import math

import numpy as np
import pytest
from firedrake import Function, FunctionSpace, RectangleMesh, exp

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.grid.mesh import mesh_from_file
from adjointdesign.grid.mesh_shipped import shipped_mesh
from adjointdesign.objectives.radiation import realized_gain
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, Layer, RoundGuide, current, far_field, power

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
ANGLES = np.arccos(NODES)
"""Where a sum with these weights is an integral over the directions, but for 2 pi."""
FREQUENCY = 10e9
LENGTH = C0 / FREQUENCY


def vacuum(mesh):
    return Function(FunctionSpace(mesh, "DG", 0)).assign(1.0)


def horn(degree, frequencies=(FREQUENCY,), **options):
    tagged = mesh_from_file(shipped_mesh("horn"), scale=LENGTH)
    facets, guide = tagged.facets, RoundGuide(tagged.facets["port"], 0.5 * LENGTH)
    solver = FemHelmholtz(
        tagged.mesh, frequencies, vacuum(tagged.mesh), [guide.incoming()], {"s11": guide.reflection()}, polarization="hphi",
        degree=degree, layers=[Layer(0, (-math.inf, 1.9 * LENGTH), 0.5 * LENGTH, 1e-4),
                               Layer(1, (-1.7 * LENGTH, 2.5 * LENGTH), 0.5 * LENGTH, 1e-4)],
        conductors=(facets["wall"],), magnetic_walls=(facets["axis"],), impedances={facets["port"]: guide.impedance},
        probes={"far": far_field(ANGLES, (1.6 * LENGTH, -1.4 * LENGTH, 2.2 * LENGTH), (1.85 * LENGTH, -1.65 * LENGTH, 2.45 * LENGTH))},
        **options,
    )  # fmt: skip
    return solver, guide


@pytest.fixture(scope="module")
def dipole():
    """A small ring of magnetic current, which radiates as an electric dipole on the axis does."""
    side, size, box = 1.0 * LENGTH, 0.04 * LENGTH, 0.25 * LENGTH
    mesh = RectangleMesh(24, 48, side, side, originY=-side, quadrilateral=True)
    return FemHelmholtz(
        mesh, [FREQUENCY], vacuum(mesh), [current(lambda x: x[0] * exp(-(x[0] ** 2 + x[1] ** 2) / size**2))], {}, polarization="hphi",
        degree=3, layers=[Layer(axis, (low, 0.6 * LENGTH), 0.4 * LENGTH, 1e-5) for axis, low in ((0, -math.inf), (1, -0.6 * LENGTH))],
        magnetic_walls=(1,), probes={"far": far_field(ANGLES, (box, -box, box), (2 * box, -2 * box, 2 * box))},
    )  # fmt: skip


def test_a_dipole_has_its_pattern(dipole):
    """Directivity 1.5 sin^2 (Balanis, Antenna Theory, eq. 4-31)."""
    intensity = np.abs(dipole.forward({})["far"][0, 0]) ** 2
    np.testing.assert_allclose(intensity / (WEIGHTS @ intensity / 2), 1.5 * np.sin(ANGLES) ** 2, atol=0.005)


def test_the_near_field_goes_over_into_the_far_field(dipole):
    """Magnitude and phase: a dipole has ``H = A sin(a) exp(ikR) (1 + i / (kR)) / R`` everywhere (Balanis, eq. 4-8b, with i for -j).

    A is read off the field at one place, and is half of i F / sin(a) of the probe.
    """
    far = dipole.forward({})["far"][0, 0]
    (state,) = dipole.systems[0].solutions({})
    k, distance = 2 * math.pi / LENGTH, 0.45 * LENGTH
    for i in (10, 20, 33):
        angle = ANGLES[i]
        value = state.at((distance * math.sin(angle), distance * math.cos(angle))) @ [1, 1j]
        amplitude = value * distance / (np.exp(1j * k * distance) * (1 + 1j / (k * distance)))
        assert abs(1j * far[i] / 2 - amplitude) < 0.004 * abs(amplitude)


def test_power_comes_out_as_it_goes_in():
    """Of a horn without loss: what is reflected and what is radiated in all directions make one, closer with the degree."""
    rest = []
    for degree in (2, 4):
        solver, guide = horn(degree)
        fields = solver.forward({})
        gain = np.asarray(realized_gain(fields["far"][:, 0], np.array([guide.power(FREQUENCY)])))[0]
        rest.append(abs(WEIGHTS @ gain / 2 + abs(fields["s11"][0, 0]) ** 2 - 1))
    assert rest[0] < 2e-3 and rest[1] < rest[0] / 5


def test_a_mode_meets_no_reflection_at_its_port():
    """A wave launched at one end of a round guide leaves by the other; its power is that of the Poynting vector."""
    radius, length = 0.5 * LENGTH, 1.3 * LENGTH
    mesh = RectangleMesh(8, 20, radius, length, quadrilateral=True)
    guide, other = RoundGuide(3, radius), RoundGuide(4, radius)
    solver = FemHelmholtz(
        mesh, [FREQUENCY], vacuum(mesh), [guide.incoming()], {"back": guide.reflection(), "power": power(4)}, polarization="hphi",
        degree=4, magnetic_walls=(1,), impedances={3: guide.impedance, 4: other.impedance}, conductors=(2,),
    )  # fmt: skip
    fields = solver.forward({})
    assert abs(fields["back"][0, 0]) < 1e-6
    assert fields["power"][0, 0] == pytest.approx(guide.power(FREQUENCY), rel=1e-5)
    assert guide.impedance(FREQUENCY) == pytest.approx(math.sqrt(1 - (guide.cutoff / FREQUENCY) ** 2))
    assert guide.cutoff == pytest.approx(2.404825557695773 * C0 / (2 * math.pi * radius))
    with pytest.raises(InputError, match="frequency: expected above the cutoff of TM01"):
        guide.power(0.9 * guide.cutoff)


def test_what_a_far_field_cannot_be_read_of():
    with pytest.raises(InputError, match="outer_box: expected"):
        far_field(ANGLES, (1.0, -1.0, 1.0), (0.9, -2.0, 2.0))
    mesh = RectangleMesh(4, 4, 1.0, 1.0)
    with pytest.raises(InputError, match="far_field: expected a body of revolution, got ez"):
        FemHelmholtz(mesh, [3e7], vacuum(mesh), [current(lambda x: 1.0)], {},
                     probes={"far": far_field(ANGLES, (0.2, 0.3, 0.6), (0.4, 0.1, 0.8))})  # fmt: skip
    for beyond in ((1.1, 0.1, 0.8), (0.4, -0.1, 0.8), (0.4, 0.1, 1.1)):
        with pytest.raises(InputError, match=r"outer_box: expected .* within \(1, 0, 1\) m, where the mesh ends"):
            FemHelmholtz(mesh, [3e7], vacuum(mesh), [current(lambda x: 1.0)], {}, polarization="hphi",
                         probes={"far": far_field(ANGLES, (0.2, 0.3, 0.6), beyond)})  # fmt: skip
