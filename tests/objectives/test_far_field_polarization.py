"""Polarization of fields whose ellipse is known by construction."""

import autograd.numpy as anp
import numpy as np
import pytest
from taped_derivatives import check_derivatives

from adjointdesign.objectives.polarization import axial_ratio, circular, cross_polarization, ludwig3
from adjointdesign.tape import Array, ReducedFunctional, recording, taped


def ellipse(ratio, tilt, right_handed):
    """Amplitudes, from the field in time, of one with axes 1 and 1/ratio, the larger turned by ``tilt`` towards phi."""
    time = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    major, minor = np.cos(time), (1 if right_handed else -1) * np.sin(time) / ratio
    theta, phi = (np.cos(tilt) * major - np.sin(tilt) * minor, np.sin(tilt) * major + np.cos(tilt) * minor)
    return np.array([2 * np.mean(field * np.exp(1j * time)) for field in (theta, phi)])  # Re(A exp(-i t)) = field


@pytest.mark.parametrize("ratio,tilt", [(1.5, 0.4), (4.0, -1.2), (30.0, 2.0)])
@pytest.mark.parametrize("right_handed", [True, False])
def test_axial_ratio_and_sense(ratio, tilt, right_handed):
    """With thumb along r, theta turns to phi in a right-handed wave: seen from behind, clockwise."""
    far = ellipse(ratio, tilt, right_handed)[None, :, None] * np.exp(0.7j)
    assert axial_ratio(far) == pytest.approx(ratio)
    right, left = np.abs(circular(far)[0, :, 0])
    assert (right > left) == right_handed
    assert (right + left) / abs(right - left) == pytest.approx(ratio)
    assert right**2 + left**2 == pytest.approx(np.sum(np.abs(far) ** 2))
    assert cross_polarization(circular(far))[0, 0] == pytest.approx(20 * np.log10(left / right))


def test_limits_of_the_axial_ratio():
    circle, line = np.array([1.0, 1j])[None, :, None], np.array([1.0, -0.5])[None, :, None] + 0j
    assert axial_ratio(circle) == pytest.approx(1.0, abs=2e-6)
    assert axial_ratio(line)[0, 0] > 1e6
    rng = np.random.default_rng(2)
    far = rng.standard_normal((2, 2, 3)) + 1j * rng.standard_normal((2, 2, 3))
    check_derivatives(axial_ratio, far)
    check_derivatives(lambda z: cross_polarization(circular(z)), far)
    assert np.all(np.isfinite([axial_ratio(circle), axial_ratio(line)]))


ZEROS = np.array([[0, 0], [1, 0], [0, 1j], [1, 1j], [1, -1j], [1e-160, 0]]).T[None] + 0j
"""Nothing at all; one component alone; one turn alone; a field of which no square can be told from zero."""


@pytest.mark.parametrize("function", [axial_ratio, cross_polarization, lambda far: cross_polarization(circular(far))])
def test_zeros_have_values_and_derivatives(function):
    """Where the field, or one of its parts, is exactly zero: first and second derivatives are finite, and none without a field."""
    assert np.all(np.isfinite(function(ZEROS)))
    with recording():
        control = Array(ZEROS)
        functional = ReducedFunctional(taped(lambda values: anp.sum(values))(function(control)), control)
    functional(control)
    gradient = np.asarray(functional.derivative())
    second = np.asarray(functional.hessian(Array(np.ones_like(ZEROS) + 0.3j)))
    assert np.all(np.isfinite(gradient)) and np.all(np.isfinite(second))
    assert not np.any(gradient[..., [0, 5]]) and not np.any(second[..., [0, 5]])


def test_values_at_zeros():
    """A field that is not there passes neither for circular nor for free of cross-polarization."""
    assert axial_ratio(ZEROS)[0] == pytest.approx([2e6, 2e6, 2e6, 1, 1, 2e6], rel=1e-5)
    assert cross_polarization(ZEROS)[0] == pytest.approx([0, -120, 120, 0, 0, 0], abs=1e-9)
    assert cross_polarization(circular(ZEROS))[0] == pytest.approx([0, 0, 0, -120, 120, 0], abs=1e-9)


def test_neither_ratio_depends_on_the_size_of_the_field():
    rng = np.random.default_rng(6)
    far = rng.standard_normal((2, 2, 3)) + 1j * rng.standard_normal((2, 2, 3))
    for size in (1e-120, 1e-20, 1e20, 1e120):
        for function in (axial_ratio, cross_polarization):
            np.testing.assert_allclose(function(size * far), function(far), rtol=1e-11)


@pytest.mark.parametrize("angle", [0.0, np.pi / 2, 0.6])
def test_a_huygens_source_has_no_cross_polarization(angle):
    """Crossed electric and magnetic dipoles, ``m = eta p`` turned by 90 degrees: purely co-polar by definition 3
    (Ludwig 1973).

    Their far field from vectors: ``E ~ (p - r (r . p)) + (z x p) x r`` up to a common factor.
    """
    rng = np.random.default_rng(4)
    directions = np.stack([rng.uniform(0, 3.0, 9), rng.uniform(0, 6.3, 9)], axis=1)
    theta, phi = directions.T
    r = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], 1)
    along_theta = np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), -np.sin(theta)], 1)
    along_phi = np.stack([-np.sin(phi), np.cos(phi), 0 * phi], 1)
    p = np.array([np.cos(angle), np.sin(angle), 0.0])
    field = p - r * (r @ p)[:, None] + np.cross(np.cross([0, 0, 1.0], p), r)
    far = np.stack([np.sum(field * along_theta, 1), np.sum(field * along_phi, 1)])[None] + 0j
    co, cross = ludwig3(far, directions, angle)[0]
    assert np.abs(cross).max() < 1e-14
    assert co.real == pytest.approx(1 + np.cos(theta))
