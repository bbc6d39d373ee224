"""`linear` against dense algebra."""

import numpy as np
import pytest
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator

from adjointdesign.errors import InputError
from adjointdesign.tape import Array, Control, ReducedFunctional, linear, recording
from adjointdesign.verification.taylor import taylor_test

RNG = np.random.default_rng(5)
DENSE = RNG.standard_normal((4, 6)) + 1j * RNG.standard_normal((4, 6))


@pytest.mark.parametrize("form", [scipy.sparse.csr_array, scipy.sparse.csc_matrix, np.asarray, aslinearoperator])
@pytest.mark.parametrize("part", ["real", "complex"])
def test_cotangent_is_the_conjugate_transpose(form, part):
    """J = |A x|^2 / 2 has the derivative A^H A x, of which a real x keeps the real part."""
    x0 = RNG.standard_normal((2, 3)) + (0 if part == "real" else 1j * RNG.standard_normal((2, 3)))
    with recording():
        x = Array(x0)
        y = linear(form(DENSE), in_shape=(2, 3), out_shape=(2, 2))(x)
        functional = ReducedFunctional((abs(y) ** 2).sum() / 2, Control(x))
    np.testing.assert_allclose(y.data.ravel(), DENSE @ x0.ravel(), rtol=1e-13)
    exact = (DENSE.conj().T @ DENSE @ x0.ravel()).reshape(2, 3)
    np.testing.assert_allclose(functional.derivative().data, exact.real if part == "real" else exact, rtol=1e-13)
    direction = Array(x0[::-1])
    second = taylor_test(functional, x, direction, order=2)
    assert second.passed and second.exact  # quadratic


def test_callable_with_its_transpose_and_plain_arrays():
    shift = linear(lambda x: np.roll(x, 1), transpose=lambda g: np.roll(g, -1))
    with recording():
        x = Array(np.arange(4.0))
        functional = ReducedFunctional((shift(x) * np.arange(4.0) ** 2).sum(), Control(x))
    np.testing.assert_array_equal(functional.derivative().data, np.roll(np.arange(4.0) ** 2, -1))
    np.testing.assert_array_equal(shift(np.arange(3)), [2, 0, 1])


def test_shapes_and_missing_transpose_are_refused():
    with pytest.raises(InputError, match="transpose"):
        linear(lambda x: x)
    with pytest.raises(InputError, match="in_shape"):
        linear(DENSE, in_shape=(5,))
    with pytest.raises(InputError, match="6 values"):
        linear(DENSE)(Array(np.ones(5)))
    with pytest.raises(InputError, match="shape"):
        linear(DENSE, in_shape=(2, 3))(Array(np.ones(6)))
