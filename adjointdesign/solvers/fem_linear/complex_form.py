"""Complex numbers in UFL where the arithmetic is real: pairs of a real and an imaginary expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl


@dataclass(frozen=True)
class Complex:
    """A pair of UFL expressions (or forms, or numbers) with complex arithmetic.

    The real part of a complex bilinear form in such pairs is a real form for twice as many real unknowns; asked for all
    test functions it is the complex equation, and it is symmetric if the complex form is.
    """

    re: Any
    im: Any

    @classmethod
    def of(cls, value) -> Complex:
        """The pair of a number, an expression or a pair."""
        if isinstance(value, Complex):
            return value
        if isinstance(value, complex):
            return cls(value.real, value.imag)
        shape = getattr(value, "ufl_shape", ())
        return cls(value, ufl.constantvalue.Zero(shape) if shape else 0.0)

    def map(self, function) -> Complex:
        """The pair under a real linear map, such as ``ufl.grad``."""
        return Complex(function(self.re), function(self.im))

    def integrate(self, measure) -> Complex:
        """The pair of integrals; one of a zero is a form without integrals."""
        return Complex(*(_integral(part, measure) for part in (self.re, self.im)))

    def conj(self) -> Complex:
        """The conjugate."""
        return Complex(self.re, -self.im)

    def inverse(self) -> Complex:
        """One over a scalar."""
        size = self.re * self.re + self.im * self.im
        return Complex(self.re / size, -self.im / size)

    def __neg__(self):
        return Complex(-self.re, -self.im)

    def __add__(self, other):
        other = Complex.of(other)
        return Complex(self.re + other.re, self.im + other.im)

    __radd__ = __add__

    def __sub__(self, other):
        return self + -Complex.of(other)

    def __rsub__(self, other):
        return Complex.of(other) - self

    def __mul__(self, other):
        return self.product(other, lambda a, b: a * b)

    def __rmul__(self, other):
        return Complex.of(other) * self

    def __truediv__(self, other):
        return self * Complex.of(other).inverse()

    def __rtruediv__(self, other):
        return Complex.of(other) * self.inverse()

    def __getitem__(self, index):
        return Complex(self.re[index], self.im[index])

    def product(self, other, bilinear=ufl.inner) -> Complex:
        """A real bilinear map, by default the dot product, of this pair and another one; nothing is conjugated."""
        other = Complex.of(other)
        return Complex(
            bilinear(self.re, other.re) - bilinear(self.im, other.im),
            bilinear(self.re, other.im) + bilinear(self.im, other.re),
        )


def _integral(integrand, measure):
    zero = isinstance(integrand, ufl.constantvalue.Zero) or (isinstance(integrand, (int, float)) and integrand == 0)
    return ufl.Form([]) if zero else integrand * measure
