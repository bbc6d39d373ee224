"""Perfectly matched layers in the frequency domain: coordinates stretched into the complex plane."""

from __future__ import annotations

import math
from dataclasses import dataclass

import ufl

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear.complex_form import Complex


@dataclass(frozen=True)
class Layer:
    """An absorbing layer along one axis, outside of ``inner`` (low, high, m) and ``depth`` (m) thick.

    ``reflection`` is what a wave at normal incidence would keep of its amplitude on its way in and back, were the mesh
    infinitely fine; where the mesh is coarse a smaller one reflects more at the layer's face. None of ``inner``'s ends is
    needed where there is no layer: give minus or plus infinity.
    """

    axis: int
    inner: tuple[float, float]
    depth: float
    reflection: float = 1e-8

    def __post_init__(self):
        if not self.inner[0] < self.inner[1]:
            raise InputError("inner", "the low and the high end of the inside, in this order", self.inner, "swap them")
        if not self.depth > 0:
            raise InputError("depth", "a positive length", self.depth, "correct it")
        if not 0 < self.reflection < 1:
            raise InputError("reflection", "a number between 0 and 1", self.reflection, "try 1e-8")

    def _strength(self, wavenumber):
        # A conductivity that grows as the square of the depth integrates to a third of its end value.
        return -1.5 * math.log(self.reflection) / (wavenumber * self.depth)

    def stretch(self, x, wavenumber) -> Complex:
        """``ds/dx`` of the stretched coordinate s, for time dependence exp(-i w t) (Berenger 1994; Chew, Weedon 1994)."""
        return Complex(1.0, self._strength(wavenumber) * sum(d**2 for _, d in self._depths(x)))

    def coordinate(self, x, wavenumber) -> Complex:
        """The stretched coordinate s itself."""
        path = sum(sign * d**3 for sign, d in self._depths(x)) * (self.depth / 3)
        return Complex(x, self._strength(wavenumber) * path)

    def _depths(self, x):
        """Relative depth beyond either end, with the end's sign."""
        low, high = self.inner
        found = []
        if math.isfinite(low):
            found.append((-1, ufl.max_value((low - x) / self.depth, 0.0)))
        if math.isfinite(high):
            found.append((1, ufl.max_value((x - high) / self.depth, 0.0)))
        return found


def stretches(layers, x, wavenumber) -> list[Complex]:
    """``ds/dx`` along every axis: the product over the layers of that axis.

    Raises
    ------
    InputError
        When two layers have the same axis, or one has an axis that the mesh has not.
    """
    axes = [layer.axis for layer in layers]
    if len(set(axes)) < len(axes) or any(not 0 <= axis < len(x) for axis in axes):
        raise InputError("layers", f"at most one an axis of 0 to {len(x) - 1}", axes, "join or correct them")
    by_axis = {layer.axis: layer for layer in layers}
    return [by_axis[a].stretch(x[a], wavenumber) if a in by_axis else Complex(1.0, 0.0) for a in range(len(x))]
