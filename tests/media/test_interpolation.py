import autograd.numpy as np
import pytest
from autograd import grad
from numpy import testing

from adjointdesign.errors import InputError
from adjointdesign.media.interpolation import (
    linear_index,
    linear_permittivity,
    logarithmic_conductivity,
    simp_permittivity,
)

LAWS = [linear_permittivity, linear_index, simp_permittivity, logarithmic_conductivity]


@pytest.mark.parametrize("law", LAWS)
def test_ends_and_monotony(law):
    values = law(np.linspace(0, 1, 21), 2.25, 12.25)
    testing.assert_allclose(values[[0, -1]], [2.25, 12.25], rtol=1e-14)
    assert np.all(np.diff(values) > 0)


def test_middle_by_hand():
    assert linear_permittivity(0.5, 2.25, 12.25) == pytest.approx(7.25)
    assert linear_index(0.5, 2.25, 12.25) == pytest.approx(2.5**2)
    assert simp_permittivity(0.5, 2.25, 12.25) == pytest.approx(3.5)
    assert logarithmic_conductivity(0.5, 1e-4, 1e6) == pytest.approx(10.0)


@pytest.mark.parametrize("law", LAWS)
def test_derivatives(law):
    rho = np.linspace(0.05, 0.95, 7)
    h = 1e-5
    numeric = (law(rho + h, 2.25, 12.25) - law(rho - h, 2.25, 12.25)) / (2 * h)
    testing.assert_allclose(grad(lambda r: np.sum(law(r, 2.25, 12.25)))(rho), numeric, rtol=1e-7)


def test_power_law_survives_rounding_below_zero():
    slope = grad(lambda r: np.sum(simp_permittivity(r, 1.0, 4.0, 2.5)))(np.array([-1e-17, 0.5]))
    assert np.all(np.isfinite(slope))


def test_bad_input_is_named():
    with pytest.raises(InputError, match="^exponent"):
        simp_permittivity(np.ones(2), 1.0, 4.0, 0.5)
    with pytest.raises(InputError, match="^void"):
        linear_index(np.ones(2), -1.0, 4.0)
    with pytest.raises(InputError, match="^solid"):
        logarithmic_conductivity(np.ones(2), 1.0, 0.0)
