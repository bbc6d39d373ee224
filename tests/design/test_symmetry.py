import numpy as np
import pytest

from adjointdesign.design.symmetry import GENERATORS, _closure, symmetrize
from adjointdesign.errors import InputError
from design_taylor import dot_product_residual

# Each symmetry as a map of the pixel at (i, j) in an n x n array, written out by hand.
MOVES = {
    "mirror_x": lambda i, j, n: (n - 1 - i, j),
    "mirror_y": lambda i, j, n: (i, n - 1 - j),
    "diagonal": lambda i, j, n: (j, i),
    "antidiagonal": lambda i, j, n: (n - 1 - j, n - 1 - i),
    "rotate_90": lambda i, j, n: (n - 1 - j, i),
    "rotate_180": lambda i, j, n: (n - 1 - i, n - 1 - j),
}


@pytest.mark.parametrize("name", MOVES)
def test_result_is_invariant(name):
    n = 6
    result = symmetrize(np.random.default_rng(0).random((n, n)), name)
    for i in range(n):
        for j in range(n):
            assert result[MOVES[name](i, j, n)] == pytest.approx(result[i, j], abs=1e-15)


@pytest.mark.parametrize("names, order", [
    (("mirror_x",), 2), (("mirror_x", "mirror_y"), 4), (("diagonal", "antidiagonal"), 4), (("rotate_90",), 4),
    (("rotate_180",), 2), (("rotate_90", "mirror_x"), 8), (("mirror_x", "diagonal"), 8),
    (("mirror_x", "mirror_y", "mirror_z"), 8),
    (("rotate_90", "mirror_x", "mirror_z"), 16), ((), 1),
])
def test_group_order(names, order):
    assert len(_closure(names)) == order


@pytest.mark.parametrize(
    "names", [(name,) for name in GENERATORS] + [("rotate_90", "mirror_x"), ("mirror_z", "diagonal")]
)
def test_idempotent_self_adjoint_and_mean_preserving(names):
    x, y = np.random.default_rng(1).random((2, 5, 5, 4))
    once = symmetrize(x, *names)
    np.testing.assert_allclose(symmetrize(once, *names), once, atol=1e-15)
    assert np.sum(once * y) == pytest.approx(np.sum(x * symmetrize(y, *names)), rel=1e-14)
    assert once.mean() == pytest.approx(x.mean(), rel=1e-14)
    assert dot_product_residual(lambda v: symmetrize(v, *names), x) < 1e-14


def test_rectangles_mirror():
    rho = np.random.default_rng(2).random((4, 7))
    result = symmetrize(rho, "mirror_x", "mirror_y")
    np.testing.assert_allclose(result, (rho + rho[::-1] + rho[:, ::-1] + rho[::-1, ::-1]) / 4)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="diagonal"):
        symmetrize(np.ones((3, 4)), "diagonal")
    with pytest.raises(InputError, match="mirror_w"):
        symmetrize(np.ones((3, 4)), "mirror_w")
    with pytest.raises(InputError, match="two-dimensional"):
        symmetrize(np.ones((3, 4)), "mirror_z")
