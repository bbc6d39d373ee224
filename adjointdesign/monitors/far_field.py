"""The field far away, from the field on a closed box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.constants import ETA0
from adjointdesign.errors import InputError
from adjointdesign.monitors.far_field_box import BoxMonitor, place_box
from adjointdesign.monitors.far_field_placement import FarFieldPlacement, Polarizations
from adjointdesign.sources.placing import Medium, lengths


@dataclass(frozen=True, eq=False)
class FarFieldMonitor(BoxMonitor):
    """Complex far-field amplitudes in any directions, from tangential E and H on a closed box.

    The reading has shape ``(n_frequencies, 2, n_directions)`` in three dimensions, V s: with ``exp(-i w t)`` the
    field at a distance R from the phase center has theta and phi components ``reading[:, 0]`` and ``reading[:, 1]``
    times ``exp(i k R) / R``. In two dimensions it has shape ``(n_frequencies, 1, n_directions)``, V s m^(-1/2):
    ``E_z`` (``ez``) or ``E_phi`` (``hz``) is ``reading[:, 0]`` times ``exp(i k R) / sqrt(R)``. Divided by
    ``waveform.spectrum`` it is the phasor per unit amplitude of the source, for the functions of
    `adjointdesign.objectives.far_field`.

    With the currents ``J = n x H`` and ``M = - n x E`` on the box and their vectors N and L this is

        E_theta = (i k / 4 pi) (L_phi + eta N_theta),   E_phi = - (i k / 4 pi) (L_theta - eta N_phi)

    (Balanis, Antenna Theory, 4th ed., eq. 6-122, with i for -j), but with plane waves of the *discrete* equations
    (`far_field_waves`) in the place of the exponentials in N and L. So the reading does not depend on the box, to
    rounding; waves that the absorbing layers send back through it add nothing; and the power that it adds up to over
    all directions is that which leaves the box in the scheme (`RadiatedPowerMonitor`). What remains is the error of
    the scheme, of second order in the cells, over the size of the sources rather than that of the box.

    Everything beyond the box must be the uniform medium that is on its faces, whose permittivity is taken from there,
    and which has neither loss nor dispersion nor a permeability.
    A box that lies in an absorbing layer reads nonsense: keep its faces between the layers.

    Parameters
    ----------
    name : str
        Name of the monitor.
    center : tuple of float
        Center of the box, m.
    size : tuple of float
        Side lengths, m; faces move to the nearest nodes.
    frequencies : array_like of float
        Frequencies, Hz.
    directions : array_like of float
        Angles theta (from z) and phi (from x), rad, shape ``(n_directions, 2)``; in two dimensions phi,
        ``(n_directions,)``. A negative theta goes on beyond the pole, unit vectors and all, as polar cuts are drawn.
    ground : dict of str to str, optional
        Faces (``"-z"``, ``"+x"``, ...) that lie on an infinite plane, with what it is: ``"pec"`` or ``"pmc"``. Such a
        face is left out and the image of everything in the plane is added, exactly. For a ground plane (directions
        beyond it have no meaning) and for the symmetry planes `Pec` and `Pmc` of the domain (where they have).
    phase_center : tuple of float, optional
        Where R is measured from, m; the center by default.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    name: str
    center: tuple[float, ...]
    size: tuple[float, ...]
    frequencies: np.ndarray
    directions: np.ndarray
    ground: dict[str, str] | None = None
    phase_center: tuple[float, ...] | None = None

    def __post_init__(self):
        super().__post_init__()
        what = f"monitor '{self.name}'"
        object.__setattr__(self, "directions", _checked_directions(what, self.directions, len(self.center)))
        phase_center = self.center if self.phase_center is None else lengths(f"{what}: phase_center", self.phase_center)
        if len(phase_center) != len(self.center):
            raise InputError(
                f"{what}: phase_center", f"{len(self.center)} coordinates in metres", phase_center,
                "give one value an axis",
            )  # fmt: skip
        object.__setattr__(self, "phase_center", phase_center)

    def place(self, medium: Medium, dt: float) -> FarFieldPlacement:
        """Put the monitor on the grid.

        Raises
        ------
        InputError
            When the box leaves the domain, lies on a face of it that is not named in ``ground``, or cuts metal, loss or
            more than one permittivity, or when the grid is too coarse for a frequency.
        """
        box = place_box(f"monitor '{self.name}'", self.bounds, self.ground, medium)
        waves = Polarizations.of(self.directions, medium.grid.polarization, ETA0 / np.sqrt(box.permittivity))
        placement = FarFieldPlacement(box, self.frequencies, waves, self.phase_center, dt)
        placement.check()
        return placement


def _checked_directions(what: str, directions, ndim: int) -> np.ndarray:
    """Angles as an array of float; `InputError` unless they have the shape that goes with the number of dimensions."""
    shape = "(n, 2): theta and phi" if ndim == 3 else "(n,): phi"
    try:
        values = np.asarray(directions, dtype=float)
    except (TypeError, ValueError):
        values = np.empty(0)
    fits = values.ndim == ndim - 1 and values.size > 0 and values.shape[1:] in ((2,), ())
    if not fits or not np.all(np.isfinite(values)):
        got = f"shape {values.shape}" if not fits else "infinite ones or none"
        raise InputError(f"{what}: directions", f"finite angles in radians, shape {shape}", got, "correct them")
    return values
