"""Array against NumPy, and every hook that pyadjoint calls."""

import sys
import types

import numpy as np
import pyadjoint
import pytest
import scipy.sparse

from adjointdesign.errors import InputError
from adjointdesign.tape import AdjFloat, Array, Control, ReducedFunctional, recording
from adjointdesign.verification.taylor import taylor_test

RNG = np.random.default_rng(7)
X = RNG.uniform(0.5, 1.5, (2, 3))
Y = RNG.uniform(0.5, 1.5, (2, 3))
Z = X + 1j * Y

OPERATIONS = {
    "add": lambda x, y: x + y,
    "radd": lambda x, y: 2.0 + x,
    "sub": lambda x, y: x - y,
    "rsub": lambda x, y: 2.0 - x,
    "mul": lambda x, y: x * y,
    "rmul by ndarray": lambda x, y: Y * x,
    "rmul by numpy scalar": lambda x, y: np.float64(3.0) * x,
    "div": lambda x, y: x / y,
    "rdiv": lambda x, y: 1.0 / x,
    "pow": lambda x, y: x**3,
    "rpow": lambda x, y: 2.0**x,
    "neg": lambda x, y: -x,
    "abs": lambda x, y: abs(x),
    "matmul": lambda x, y: x @ y.T,
    "rmatmul": lambda x, y: np.ones((4, 2)) @ x,
    "index": lambda x, y: x[1, 1:] * y[0, 0],
    "ufunc": lambda x, y: np.exp(x) * np.cos(y),
    "array function": lambda x, y: np.concatenate([x, y], axis=1),
    "where": lambda x, y: np.where(X > 1.0, x, y),
    "fft": lambda x, y: np.fft.fft(x),
    "linalg": lambda x, y: np.linalg.solve(np.eye(2) + x[:, :2], y),
    "real": lambda x, y: x.real + x.imag,
    "conj": lambda x, y: x.conj() * y,
    "sum": lambda x, y: x.sum() * y,
    "sum axis": lambda x, y: x.sum(axis=0) + y.sum(axis=1).sum(),
    "mean": lambda x, y: x.mean() * y,
    "dot": lambda x, y: x * np.real(np.vdot(X, Y)),
    "reshape": lambda x, y: x.reshape(3, 2) * y.reshape((3, 2)),
    "ravel": lambda x, y: x.ravel(),
}


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_agrees_with_numpy_and_its_derivatives_with_differences(name, kind):
    """Values against NumPy itself; first and second order against Taylor remainders, along a random direction."""
    x0, y0 = (X, Y) if kind == "real" else (Z, Z[::-1] * 1j)
    operation = OPERATIONS[name]
    with recording():
        x, y = Array(x0), Array(y0)
        out = operation(x, y)
        np.testing.assert_allclose(np.asarray(out), operation(x0, y0), rtol=1e-14)
        weights = RNG.standard_normal(np.shape(out))
        functional = ReducedFunctional((abs(out) ** 2 * weights).sum() + (out.real**3).sum(), [Control(x), Control(y)])
    direction = [Array(RNG.standard_normal(v.shape) * (1 if kind == "real" else 1 + 2j)) for v in (x0, y0)]
    assert taylor_test(functional, [x, y], direction).passed
    assert taylor_test(functional, [x, y], direction, order=2).passed


def test_scalars_mix_with_arrays_from_both_sides():
    with recording():
        s, x = AdjFloat(0.5), Array(X)
        functional = ReducedFunctional((s * x + x * s + x / s + s**2 * x).sum(), Control(s))
    total = X.sum()
    assert float(functional.derivative()) == pytest.approx(total * (2 - 4 + 1), rel=1e-14)


def test_users_data_can_change_without_changing_the_tape():
    data, constant = X.copy(), Y.copy()
    with recording():
        x = Array(data)
        functional = ReducedFunctional((x * constant).sum(), Control(x))
    data[:], constant[:] = 9.0, 9.0
    np.testing.assert_array_equal(x.data, X)
    assert float(functional(X)) == pytest.approx(np.sum(X * Y), rel=1e-14)
    np.testing.assert_allclose(functional.derivative().data, Y, rtol=1e-14)
    with pytest.raises(ValueError, match="read-only"):
        x.data[0, 0] = 1.0


def test_result_of_a_functional_is_not_its_checkpoint():
    """pyadjoint multiplies the saved output in place by the scale: twice evaluated must be twice the same."""
    with recording():
        x = Array(X)
        functional = ReducedFunctional(2.0 * x, Control(x), scale=3.0)
        plain = pyadjoint.ReducedFunctional(2.0 * x, Control(x), scale=3.0)
    for rf in (functional, plain):
        first = rf(x)
        first._ad_imul(10.0)
        np.testing.assert_allclose(rf(x).data, 6.0 * X)
        np.testing.assert_allclose(rf.derivative(adj_input=Array(np.ones_like(X))).data, 6.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_hooks(dtype):
    values = (Z if np.issubdtype(dtype, np.complexfloating) else X).astype(dtype)
    x = Array(values)
    assert x.dtype == dtype and x._ad_copy() is not x
    assert x._ad_init_zero().dtype == dtype and not x._ad_init_zero().data.any()
    np.testing.assert_array_equal(x._ad_add(x._ad_mul(2.0)).data, (values + 2 * values).astype(dtype))
    copy = x._ad_copy()
    assert copy._ad_imul(2.0) is copy and copy._ad_iadd(x) is copy
    np.testing.assert_array_equal(copy.data, 2 * values + values)
    np.testing.assert_array_equal(x.data, values)
    assert x._ad_dot(copy) == pytest.approx(3 * np.sum(np.abs(values) ** 2), rel=1e-6)
    listed = x._ad_to_list(x)
    assert len(listed) == x._ad_dim() == values.size * (2 if np.iscomplexobj(values) else 1)
    back, offset = Array._ad_assign_numpy(x._ad_init_zero(), np.array([0.0, *listed]), 1)
    assert offset == 1 + len(listed) and back.dtype == dtype
    np.testing.assert_array_equal(back.data, values)
    assert pyadjoint.create_overloaded_object(values).shape == values.shape


def test_riesz_maps():
    """The gradient with an inner product M solves M gradient = derivative."""
    mass = scipy.sparse.diags([1.0, 4.0, 1.0], [-1, 0, 1], shape=(6, 6), format="csr")
    maps = {"matrix": mass, "dense": mass.toarray(), "callable": lambda g: np.linalg.solve(mass.toarray(), g.ravel())}
    for riesz_map in maps.values():
        with recording():
            x = Array(X)
            functional = ReducedFunctional((x**2).sum(), Control(x, riesz_map=riesz_map))
        gradient = functional.derivative(apply_riesz=True).data
        np.testing.assert_allclose(mass @ gradient.ravel(), 2 * X.ravel(), rtol=1e-13)
        np.testing.assert_allclose(functional.derivative().data, 2 * X, rtol=1e-14)
        action = functional.hessian(Array(Y), apply_riesz=True).data
        np.testing.assert_allclose(mass @ action.ravel(), 2 * Y.ravel(), rtol=1e-13)
    with pytest.raises(InputError, match="riesz_map"):
        Array(X)._ad_convert_riesz(X, riesz_map=np.eye(2))


def test_bad_data_and_operations_are_refused():
    with pytest.raises(InputError, match="real or complex"):
        Array(["a"])
    with pytest.raises(InputError, match="differentiate"):
        np.median(Array(X))
    with pytest.raises(InputError, match="plain call"):
        np.add.reduce(Array(X))


def test_petsc_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "petsc4py", None)
    monkeypatch.setitem(sys.modules, "petsc4py.PETSc", None)
    with pytest.raises(InputError, match="petsc4py"):
        Array(X)._ad_to_petsc()


def test_petsc_vectors_hold_complex_values_as_pairs(monkeypatch):
    """Against a stand-in with the calls of petsc4py that are used; this says nothing of PETSc itself."""

    class Vec:
        def createMPI(self, size, comm):  # noqa: N802
            self.values = np.zeros(size[0])
            return self

        def setArray(self, values):  # noqa: N802
            assert values.shape == self.values.shape
            self.values = values.copy()

        def getArray(self):  # noqa: N802
            return self.values

    fake = types.ModuleType("petsc4py.PETSc")
    fake.Vec, fake.ScalarType, fake.COMM_SELF = Vec, np.float64, None
    monkeypatch.setitem(sys.modules, "petsc4py", types.ModuleType("petsc4py"))
    monkeypatch.setitem(sys.modules, "petsc4py.PETSc", fake)
    vec = Array(Z)._ad_to_petsc()
    assert vec.values.size == 12
    back = Array(np.zeros_like(Z))
    back._ad_from_petsc(vec)
    np.testing.assert_array_equal(back.data, Z)


def test_arrays_of_numpy_stay_ours_whatever_is_imported_later():
    """firedrake.adjoint imports pyadjoint's own stub of an array type, which registers itself."""
    import numpy_adjoint
    from pyadjoint.overloaded_type import get_overloaded_class

    assert numpy_adjoint.ndarray is not Array and get_overloaded_class(np.ndarray) is Array
