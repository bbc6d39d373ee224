"""Figures of merit of antennas, of patterns that are known in closed form."""

import numpy as np
import pytest
from taped_derivatives import check_derivatives

from adjointdesign.constants import ETA0
from adjointdesign.errors import InputError
from adjointdesign.objectives.far_field import (
    CIRCLE,
    circle_directions,
    cut_directions,
    directivity,
    gain,
    hemisphere_directions,
    power_balance,
    radiated_power,
    radiation_efficiency,
    radiation_intensity,
    realized_gain,
    sphere_directions,
    total_efficiency,
)
from adjointdesign.objectives.far_field_pattern import beamwidth, in_cone, least_gain, mask_excess, sidelobe_level


def unit(directions):
    theta, phi = directions.T
    return np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])


def test_quadratures_are_exact_for_polynomials():
    """Over the sphere ``int x^2a y^2b z^2c = 2 G(a+1/2) G(b+1/2) G(c+1/2) / G(a+b+c+3/2)``.

    G. B. Folland, Amer. Math. Monthly 108, 446 (2001).
    """
    from math import gamma

    for a, b, c in [(0, 0, 0), (1, 0, 0), (0, 2, 1), (1, 1, 3), (2, 2, 1)]:
        exact = 2 * gamma(a + 0.5) * gamma(b + 0.5) * gamma(c + 0.5) / gamma(a + b + c + 1.5)
        spheres = [(*sphere_directions(n), 1) for n in (6, 9)]
        for directions, weights, share in (*spheres, (*hemisphere_directions(8), 0.5)):
            x, y, z = unit(directions)
            assert weights @ (x ** (2 * a) * y ** (2 * b) * z ** (2 * c)) == pytest.approx(share * exact, rel=1e-13)
            assert np.all(z > 0) or share == 1
    phi, weights = circle_directions(7)
    assert weights @ np.cos(3 * phi) ** 2 == pytest.approx(np.pi)


def test_a_short_dipole_and_its_losses():
    """Power ``eta pi (I l / lambda)^2 / 3``, directivity 3/2 (Balanis, section 4.2); 1 A m and a wavelength of 2 m."""
    directions, weights = sphere_directions(4)
    directions = np.concatenate([directions, [[np.pi / 2, 1.0]]])
    far = np.zeros((1, 2, len(directions)), complex)
    far[0, 0] = -1j * np.pi * ETA0 / (4 * np.pi) * np.sin(directions[:, 0])
    intensity = radiation_intensity(far)
    radiated = radiated_power(intensity[:, :-1], weights)
    assert radiated == pytest.approx([ETA0 * np.pi * 0.25 / 3])
    assert directivity(intensity, radiated)[0, -1] == pytest.approx(1.5)
    accepted, available = radiated / 0.8, radiated / 0.8 / 0.75
    assert gain(intensity, accepted)[0, -1] == pytest.approx(1.2)
    assert realized_gain(intensity, available)[0, -1] == pytest.approx(0.9)
    assert radiation_efficiency(radiated, accepted) == pytest.approx([0.8])
    assert total_efficiency(radiated, available) == pytest.approx([0.6])
    assert power_balance(accepted, radiated, accepted * 0.15) == pytest.approx([0.05])
    assert radiation_intensity(far, 4.0) == pytest.approx(2 * intensity)


def test_directivity_in_the_plane():
    """``U = cos^2(phi)`` has the mean 1/2."""
    phi, weights = circle_directions(12)
    far = np.cos(phi)[None, None] * (1 + 0j)
    intensity = radiation_intensity(far)
    assert directivity(intensity, radiated_power(intensity, weights), CIRCLE)[0, 0] == pytest.approx(2.0)


def uniform_array(theta, count):
    """Array factor, squared, of equal elements half a wavelength apart along z (Balanis, eq. 6-10a, broadside)."""
    half = np.pi / 2 * np.cos(theta)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(np.sin(half)) < 1e-9, 1.0, np.sin(count * half) / (count * np.sin(half))) ** 2


def test_beamwidth_of_known_patterns():
    """``cos^2``: 90 degrees; ten elements: the root of eq. 6-10a itself, near Balanis, table 6.1, with 10.17."""
    from scipy.optimize import brentq

    theta = np.radians(np.arange(-89.0, 90.0))
    exact = 2 * (np.pi / 2 - brentq(lambda t: uniform_array(t, 10) - 0.5, np.radians(80), np.radians(89)))
    shifted = theta + 0.3001 * (theta[1] - theta[0])  # the peak between two samples
    for angles in (theta, shifted):
        cuts = np.array([np.cos(angles) ** 2, uniform_array(angles + np.pi / 2, 10)])
        assert beamwidth(cuts, angles) == pytest.approx([np.pi / 2, exact], rel=6e-3)  # steps of a degree
    assert np.degrees(exact) == pytest.approx(10.17, abs=0.05)
    assert beamwidth(np.cos(theta)[None] ** 2, theta, 0.25) == pytest.approx([2 * np.pi / 3], rel=1e-3)
    check_derivatives(lambda c: beamwidth(c, theta), np.cos(theta - 0.004)[None] ** 2 + 0.1)
    for bad, message in ((np.exp(theta), "peak away"), (2 + np.cos(theta), "below 0.5")):
        with pytest.raises(InputError, match=message):
            beamwidth(bad[None], theta)


def test_sidelobes_of_an_array():
    """The first sidelobe of ten elements is 13.0 dB down (Balanis, eqs. 6-16 to 6-17 have 13.46 for many elements)."""
    theta = np.radians(np.arange(0.0, 180.0, 0.25))
    pattern = uniform_array(theta, 10)[None]
    main = np.abs(theta - np.pi / 2) < np.arcsin(0.2)
    found = sidelobe_level(pattern, main, 0.02)
    assert found == pytest.approx([10 * np.log10(pattern[0, ~main].max())], abs=0.15)
    assert found == pytest.approx([-13.0], abs=0.2)
    mask = np.where(main, np.inf, -12.0)
    excess = mask_excess(pattern, mask, main, 0.02)
    assert excess.shape == (np.count_nonzero(~main),) and excess.max() == pytest.approx(-1.0, abs=0.2)
    coarse = slice(None, None, 24)
    check_derivatives(lambda p: sidelobe_level(p, main[coarse], 1.0), pattern[:, coarse] + 0.05)
    excess_of = lambda p: mask_excess(p, mask[coarse], main[coarse], 1.0)
    check_derivatives(excess_of, pattern[:, coarse] + 0.05)


def test_least_gain_over_a_cone():
    directions, weights = sphere_directions(20)
    inside = in_cone(directions, (0.0, 0.0), np.radians(60))
    assert weights @ inside == pytest.approx(2 * np.pi * 0.5, rel=0.15)
    tilted = in_cone(directions, (np.pi / 2, 1.0), 0.3)
    middle = np.mean(unit(directions)[:, tilted], axis=1)
    assert middle / np.linalg.norm(middle) == pytest.approx(unit(np.array([[np.pi / 2, 1.0]]))[:, 0], abs=0.1)
    ratios = 2 + np.cos(directions[:, 0])[None]
    least = 10 * np.log10(ratios[0, inside].min())
    assert least < least_gain(ratios, inside, 0.01)[0] < least + 0.1
    assert least_gain(ratios, inside, 1e4) == pytest.approx([np.mean(10 * np.log10(ratios[0, inside]))], rel=1e-3)
    check_derivatives(lambda g: least_gain(g, inside[::17], 0.5), ratios[:, ::17])


def test_polar_cuts_and_bad_orders():
    cut = cut_directions([-0.1, 0.2], 0.3)
    assert unit(cut)[:, 0] == pytest.approx(unit(np.array([[0.1, 0.3 + np.pi]]))[:, 0])
    assert cut.shape == (2, 2)
    for make in (sphere_directions, hemisphere_directions, circle_directions):
        with pytest.raises(InputError, match="at least 1"):
            make(0)
