"""The chain from parameters to a medium on the tape: Array in, Array out, derivatives to second order."""

import numpy as np
import pytest

from adjointdesign.design import (
    conic_filter,
    render_ellipse,
    robust_variants,
    smoothed_projection,
    solid_length_scale,
    symmetrize,
    tanh_projection,
)
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media import component_average, linear_permittivity
from adjointdesign.tape import AdjFloat, Array, Control, ReducedFunctional, recording

GRID = YeeGrid((9, 8), (3.0, 3.0), (0.0, 0.0), "ez")


def medium(rho):
    filtered = conic_filter(symmetrize(rho, "mirror_y"), 4.0, 1.0, 0.0)
    projected = smoothed_projection(filtered, np.inf, 0.5, 1.0)
    return component_average(linear_permittivity(projected, 2.25, 12.25), (1.0, 2.0), 1.0, GRID, "ez", None, 2.25)


def orders(functional, start, direction, steps):
    value, slope = float(functional(start)), functional.derivative()._ad_dot(direction)
    curvature = functional.hessian(direction)._ad_dot(direction)
    differences = [float(functional(start._ad_add(direction._ad_mul(h)))) - value - h * slope for h in steps]
    second = [d - 0.5 * h**2 * curvature for d, h in zip(differences, steps)]
    logs = np.log(steps)
    return [np.polyfit(logs, np.log(np.abs(r)), 1)[0] for r in (differences, second)]


def test_density_chain_on_the_tape():
    rng = np.random.default_rng(0)
    values = rng.random((22, 20))
    direction = Array(rng.standard_normal(values.shape))
    weights = rng.standard_normal(GRID.shape)
    with recording():
        rho = Array(values)
        permittivity = medium(rho)
        assert isinstance(permittivity, Array)
        np.testing.assert_array_equal(permittivity.data, medium(values))
        functional = ReducedFunctional((permittivity * weights).sum(), Control(rho))
        first, second = orders(functional, Array(values), direction, (4e-4, 2e-4, 1e-4, 5e-5))
    assert first == pytest.approx(2.0, abs=0.1) and second == pytest.approx(3.0, abs=0.2)


def test_shape_scalars_and_tuples_on_the_tape():
    with recording():
        center, axes, angle = Array(np.array([9.3, 8.1])), Array(np.array([5.2, 3.4])), AdjFloat(0.3)
        image = render_ellipse(center, axes, angle, (20, 18), 1.0)
        area = image.sum()
        functional = ReducedFunctional(area, Control(axes))
        np.testing.assert_allclose(functional.derivative().data, np.pi * np.array([3.4, 5.2]), rtol=1e-10)
        filtered = conic_filter(image, 4.0, 1.0)
        variants = robust_variants(filtered, 8.0)
        assert len(variants) == 3 and all(isinstance(v, Array) for v in variants)
        constraint = solid_length_scale(filtered, tanh_projection(filtered, 32.0), 4.0, 4.0, 1.0)
        assert isinstance(constraint, AdjFloat)
        turned = ReducedFunctional(area, Control(angle))
        assert abs(float(turned.derivative())) < 1e-10
