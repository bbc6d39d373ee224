"""The power that passes through a plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from autograd import numpy as anp
from scipy import sparse

from adjointdesign.monitors.placement import LinearPlacement, check_frequencies
from adjointdesign.sources.placing import Medium
from adjointdesign.sources.windows import Windowed


@dataclass(frozen=True, eq=False)
class FluxMonitor(Windowed):
    """Tangential fields on a plane, from which `power` makes the flux along ``+axis``.

    The reading has shape ``(n_frequencies, 2, n_points)``, complex: ``[:, 0]`` holds the tangential E, V/m times s, and
    ``[:, 1]`` the H that goes with it, signed and times its share of the area (A m s; A s in two dimensions).
    Each pair shares its place in the plane as it is; H is interpolated between its values in the middle of
    the cells on either side. The
    rule is the trapezoidal one, half weights on the edges, also where an edge is a wall or symmetry plane of the
    domain. So defined, the fluxes out of the faces of a box balance the work done inside it exactly, as discretised.

    Parameters
    ----------
    name : str
        Name of the monitor.
    center : tuple of float
        Center of the rectangle, m; along ``axis`` it moves to the nearest node.
    axis : {"x", "y", "z"}
        Normal of the plane.
    size : float or tuple of float
        Widths along the other axes, in their order, m; edges move to the nearest nodes.
    frequencies : array_like of float
        Frequencies, Hz.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    kind: ClassVar = "monitor"

    frequencies: np.ndarray

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "frequencies", check_frequencies(self.name, self.frequencies))

    def place(self, medium: Medium, dt: float) -> LinearPlacement:
        """Put the monitor on the grid.

        Raises
        ------
        InputError
            When the rectangle leaves the domain or lies on its face.
        """
        window = self.window(medium)
        counts = [window.indices(e, edges=True).size for e, _, _ in window.pairs]
        total = sum(counts)
        indices, maps = {}, {}
        for (e, h, sign), count, start in zip(window.pairs, counts, np.cumsum([0, *counts[:-1]])):
            area, column = sign * window.areas(e, edges=True).reshape(1, -1), np.arange(count)
            after, before = (sparse.dia_array((share * area, [0]), shape=(count, count)).tocsr() for share in window.shares)
            indices[e] = window.indices(e, edges=True)
            indices[h] = np.concatenate([window.indices(h, shift, edges=True) for shift in (0, -1)])
            maps[e] = sparse.csr_array((np.ones(count), (start + column, column)), shape=(2 * total, count))
            below = sparse.csr_array((np.ones(count), (total + start + column, column)), shape=(2 * total, count))
            maps[h] = sparse.csr_array(below @ sparse.hstack([after, before]))
        return LinearPlacement(indices, (len(self.frequencies), 2, total), maps)


def power(reading: np.ndarray, spectrum: np.ndarray | float = 1.0) -> np.ndarray:
    """Time-averaged power through a flux monitor, W (W/m in two dimensions): ``Re sum(E conj(H) dA) / (2 |S|^2)``.

    Written with ``autograd.numpy``, so that it can be taped.

    Parameters
    ----------
    reading : ndarray
        As from `FluxMonitor`, shape ``(n_frequencies, 2, n_points)``.
    spectrum : ndarray or float, optional
        The source's ``waveform.spectrum`` at the frequencies, s. Left out, the result is the spectral density of the
        reading's own transform, W s^2.

    Returns
    -------
    ndarray
        Real, shape ``(n_frequencies,)``, positive along ``+axis``.
    """
    products = anp.real(reading[:, 0] * anp.conj(reading[:, 1]))
    return 0.5 * anp.sum(products, axis=-1) / anp.abs(spectrum) ** 2
