"""The surface of a good conductor: the closed form, its values in textbooks, and the poles that stand for it."""

import numpy as np
import pytest

from adjointdesign.constants import EPS0, MU0
from adjointdesign.errors import InputError
from adjointdesign.media import conducting_surface, skin_depth, surface_impedance

COPPER = 5.813e7


@pytest.mark.parametrize("conductivity,depth", [(3.816e7, 8.14e-7), (COPPER, 6.60e-7), (4.098e7, 7.86e-7), (6.173e7, 6.40e-7)])
def test_skin_depths_of_metals(conductivity, depth):
    """Aluminum, copper, gold and silver at 10 GHz: Pozar, Microwave Engineering, 4th ed., example 1.2."""
    assert skin_depth(conductivity, 1e10) == pytest.approx(depth, abs=0.01e-7)


def test_impedance():
    """``(1 - i) / (sigma delta)``; what is thin is a resistance per square with the inductance of its inside, ``mu0 t / 3``."""
    z = surface_impedance(COPPER, 1e10)
    assert z == pytest.approx((1 - 1j) / (COPPER * skin_depth(COPPER, 1e10)), rel=1e-14)
    assert z.real == pytest.approx(0.026, abs=5e-4)
    w, t = 2e10 * np.pi, 2e-8
    assert surface_impedance(COPPER, 1e10, t) == pytest.approx(1 / (COPPER * t) - 1j * w * MU0 * t / 3, rel=1e-5)
    assert surface_impedance(COPPER, 1e10, 20e-6) == pytest.approx(z, rel=1e-12)
    assert surface_impedance(COPPER, 1e10, 2e-6, sides=2) == pytest.approx(0.5 * surface_impedance(COPPER, 1e10, 1e-6), rel=1e-14)


@pytest.mark.parametrize("depths,least,most", [(3.0, 0.09, 0.1), (7.0, 0.0, 1 / 500)])
def test_how_much_both_sides_of_a_conductor_know_of_each_other(depths, least, most):
    """``2 exp(-t / delta)`` of the impedance, as docs/howto-antenna.md has it of solids."""
    apart = surface_impedance(COPPER, 1e9) / 2
    coupled = surface_impedance(COPPER, 1e9, depths * skin_depth(COPPER, 1e9), 2)
    assert least < abs(coupled / apart - 1) < most
    assert abs(coupled / apart - 1) == pytest.approx(2 * np.exp(-depths), rel=0.06)


def admittance(material, frequency):
    """Of strength one a metre, over one metre."""
    return -2j * np.pi * frequency * EPS0 * material.susceptibility(frequency)


@pytest.mark.parametrize("thickness,sides", [(np.inf, 1), (2e-6, 1), (2e-6, 2), (1e-8, 1)])
@pytest.mark.parametrize("band,most", [((2.4e9, 2.5e9), 3), ((1e9, 1e10), 5), ((1e8, 1e10), 8)])
def test_poles_meet_the_closed_form(thickness, band, most, sides):
    """Between the fitted frequencies too; of positive weights, so that the real part is positive at every frequency."""
    material, error = conducting_surface(COPPER, band, thickness, sides)
    frequency = np.geomspace(*band, 1234)
    departure = np.abs(admittance(material, frequency) * surface_impedance(COPPER, frequency, thickness, sides) - 1).max()
    assert departure <= 1.02 * error + 1e-9 and error <= 1e-3 and len(material.poles) <= most
    assert np.all(admittance(material, np.geomspace(1e-3, 1e14, 200)).real > 0)
    assert all(a.imag == 0 and a.real < 0 and c.real < 0 for a, c in zip(material.poles, material.residues))


def test_a_tolerance_is_kept_or_refused():
    errors = [conducting_surface(COPPER, (1e9, 1e10), tolerance=t) for t in (1e-1, 1e-2, 1e-3, 1e-4)]
    assert [len(m.poles) for m, _ in errors] == sorted({len(m.poles) for m, _ in errors})
    assert all(e <= t for (_, e), t in zip(errors, (1e-1, 1e-2, 1e-3, 1e-4)))


def test_one_frequency():
    material, _ = conducting_surface(COPPER, (1e9, 1e9))
    assert len(material.poles) == 1
    assert admittance(material, 1e9) * surface_impedance(COPPER, 1e9) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(
    "arguments,words",
    [
        ((COPPER, (1e3, 1e12)), "narrow the band"),
        ((10.0, (1e9, 1e10)), "lossy dielectric"),
        ((COPPER, (1e10, 1e9)), "lower first"),
        ((COPPER, (1e9, 1e10), 0.0), "thickness"),
        ((-1.0, (1e9, 1e10)), "conductivity"),
        ((COPPER, (1e9, 1e10), 1e-6, 3), "sides"),
    ],
)
def test_bad_input(arguments, words):
    with pytest.raises(InputError, match=words):
        conducting_surface(*arguments)


@pytest.mark.parametrize(
    "arguments,words",
    [((COPPER, 1e9, 1e-6, 3), "sides"), ((0.0, 1e9), "conductivity"), ((COPPER, 0.0), "frequency"), ((COPPER, [1e9, 0.0]), "frequency"), ((COPPER, 1e9, 0.0), "thickness")],
)
def test_bad_input_to_the_closed_form(arguments, words):
    with pytest.raises(InputError, match=words):
        surface_impedance(*arguments)
    if words in ("conductivity", "frequency"):
        with pytest.raises(InputError, match=words):
            skin_depth(arguments[0], np.min(arguments[1]))
