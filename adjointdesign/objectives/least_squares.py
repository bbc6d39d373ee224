"""Least squares as autograd primitives: value by a QR factorization, derivatives of any order by the same."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive
from scipy.linalg import solve_triangular


@primitive
def least_squares(matrix, right):
    """The vector ``a`` for which ``|matrix a - right|`` is least.

    Parameters
    ----------
    matrix : ndarray, shape (m, n)
        Real, of full column rank.
    right : ndarray, shape (m,)
        Real.
    """
    q, r = np.linalg.qr(matrix)
    return solve_triangular(r, q.T @ right)


@primitive
def least_norm(matrix, right):
    """The shortest vector ``u``, shape (m,), with ``matrix^T u = right``, shape (n,): `least_squares` transposed."""
    q, r = np.linalg.qr(matrix)
    return q @ solve_triangular(r, right, trans="T")


# With the pseudoinverse P of the matrix X: d(P b) = P (db - dX a) + (P P^T) dX^T (b - X a), and the same transposed.


def _matrix_of_least_squares(a, matrix, right):
    def vjp(g):
        u = least_norm(matrix, g)
        return anp.outer(right - anp.dot(matrix, a), least_squares(matrix, u)) - anp.outer(u, a)

    return vjp


def _matrix_of_least_norm(u, matrix, right):
    def vjp(g):
        a = least_squares(matrix, g)
        return anp.outer(g - anp.dot(matrix, a), least_squares(matrix, u)) - anp.outer(u, a)

    return vjp


defvjp(least_squares, _matrix_of_least_squares, lambda a, matrix, right: lambda g: least_norm(matrix, g))
defvjp(least_norm, _matrix_of_least_norm, lambda u, matrix, right: lambda g: least_squares(matrix, g))
