"""The medium on the Yee grid, and the coefficients of the electric update.

``p E' = q E + (c dt curl H - dt/eps0 J)`` with ``p = eps + sigma dt / (2 eps0)`` and ``q = eps - sigma dt / (2 eps0)``
(semi-implicit conductivity; Taflove and Hagness, Computational Electrodynamics, 3rd ed., eq. 3.25), so ``ca = q / p`` and
``cb = 1 / p``. A perfect conductor has ``cb = 0``. Dispersive media add auxiliary currents to the same equation, see
`dispersive.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from adjointdesign.constants import EPS0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, OFFSETS, YeeGrid
from adjointdesign.media.dispersion import Dispersion

_ROUNDING = 1e-9
"""Beyond 0 and 1 a share of volume is rounding up to this."""


@dataclass(frozen=True)
class Dispersive:
    """A dispersive material and how much of it is where.

    Where its strength is ``s`` the material adds ``s chi(w)`` to the permittivity, its conductivity included. Its
    permittivity at infinite frequency is *not* added: `Medium.filled` sees to that.

    Parameters
    ----------
    material : Dispersion
        The material.
    strength : dict of str to ndarray
        Of each electric component, of the grid's storage shape, not negative; components left out have none of it.
    """

    material: Dispersion
    strength: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Medium:
    """Relative permittivity and conductivity at every electric component's own position.

    Parameters
    ----------
    grid : YeeGrid
        The grid.
    permittivity : dict of str to ndarray
        Relative permittivity of each electric component, of the grid's storage shape, at least some positive number.
    conductivity : dict of str to ndarray
        Electric conductivity of each electric component, S/m; components left out are lossless.
    conductor : dict of str to ndarray of bool
        Where a component lies in a perfect conductor; components left out have none.
    permeability : dict of str to ndarray
        Relative permeability of each magnetic component, at least some positive number; components left out have one.
    dispersive : dict of str to Dispersive
        Dispersive materials by name; ``permittivity`` is then that at infinite frequency.

    Raises
    ------
    InputError
        When an array has the wrong shape, is not finite, or is out of range.
    """

    grid: YeeGrid
    permittivity: dict[str, np.ndarray]
    conductivity: dict[str, np.ndarray] = field(default_factory=dict)
    conductor: dict[str, np.ndarray] = field(default_factory=dict)
    permeability: dict[str, np.ndarray] = field(default_factory=dict)
    dispersive: dict[str, Dispersive] = field(default_factory=dict)

    def __post_init__(self):
        magnetic = tuple(c for c in self.grid.components if c not in self.grid.electric)
        for name in ("permittivity", "conductivity", "conductor", "permeability"):
            object.__setattr__(self, name, {c: np.asarray(v) for c, v in getattr(self, name).items()})
            for component, values in getattr(self, name).items():
                what, known = f"Medium.{name}[{component!r}]", magnetic if name == "permeability" else self.grid.electric
                if component not in known:
                    raise InputError(what, f"one of the components {known}", component, "remove it")
                check_values(what, values, self.grid.shape, positive=name.startswith("perm"))
        missing = set(self.grid.electric) - set(self.permittivity)
        if missing:
            raise InputError("Medium.permittivity", f"all of {self.grid.electric}", sorted(self.permittivity), "add the rest")
        for name, part in self.dispersive.items():
            if not (isinstance(part, Dispersive) and isinstance(part.material, Dispersion)):
                raise InputError(f"Medium.dispersive[{name!r}]", "Dispersive(Dispersion, strength)", part, "give one")
            for component, values in part.strength.items():
                what = f"strength of {name!r} [{component!r}]"
                if component not in self.grid.electric:
                    raise InputError(what, f"one of the components {self.grid.electric}", component, "remove it")
                check_values(what, np.asarray(values), self.grid.shape, positive=False)

    def filled(self, name: str, material: Dispersion, fill) -> Medium:
        """This medium with some of its volume replaced by a dispersive material.

        Permittivity and conductivity are averaged by volume, so that a cell with a share ``f`` of the material has
        the permittivity ``(1 - f) eps + f (eps_inf + chi)``. What is replaced is to be what fills the rest of such a
        cell: this medium should go on some way beneath the material's faces.

        Parameters
        ----------
        name : str
            Under which the material is known from now on, as in the input ``strength_<name>_x``.
        material : Dispersion
            The material.
        fill : dict of str to ndarray, or callable
            Its share of each component's dual cell, 0 to 1, of storage shape; or a function of position as in
            `from_function`. Components left out have none.

        Raises
        ------
        InputError
            When the name is taken, or a share is not between 0 and 1.
        """
        if name in self.dispersive:
            taken = f"none of {', '.join(self.dispersive)}"
            raise InputError("name of a dispersive material", taken, name, "choose another")
        shares = fill if isinstance(fill, Mapping) else _sampled(self.grid, fill)
        shares = {c: np.asarray(share, float) for c, share in shares.items()}
        for component, share in shares.items():
            what = f"share of {name!r} [{component!r}]"
            if component not in self.grid.electric:
                raise InputError(what, f"one of the components {self.grid.electric}", component, "remove it")
            check_numbers(what, share, self.grid.shape)
            if share.min() < -_ROUNDING or share.max() > 1 + _ROUNDING:
                raise InputError(what, "values from 0 to 1", f"{share.min():g} to {share.max():g}", "correct it")
            shares[component] = np.clip(share, 0.0, 1.0)

        def mixed(values, new):
            return {c: (1 - shares[c]) * v + shares[c] * new if c in shares else v for c, v in values.items()}

        others = {
            known: Dispersive(part.material, mixed(part.strength, 0.0)) for known, part in self.dispersive.items()
        }
        return replace(
            self, permittivity=mixed(self.permittivity, material.eps_inf), conductivity=mixed(self.conductivity, 0.0),
            dispersive={**others, name: Dispersive(material, shares)},
        )  # fmt: skip

    @classmethod
    def uniform(cls, grid: YeeGrid, permittivity: float = 1.0) -> Medium:
        """The same permittivity everywhere."""
        return cls(grid, {c: np.full(grid.shape, float(permittivity)) for c in grid.electric})

    @classmethod
    def from_function(cls, grid: YeeGrid, permittivity, conductivity=None) -> Medium:
        """Evaluate functions of position, ``f(x, y[, z])`` with broadcast arrays in metres, at each component's positions."""
        return cls(grid, _sampled(grid, permittivity), _sampled(grid, conductivity) if conductivity else {})


def _sampled(grid: YeeGrid, function) -> dict[str, np.ndarray]:
    """A function of position at each electric component's own positions."""
    values = {}
    for component in grid.electric:
        axes = [grid.coordinates(component, a) for a in range(grid.ndim)]
        points = np.meshgrid(*axes, indexing="ij", sparse=True)
        values[component] = np.array(np.broadcast_to(function(*points), grid.shape), dtype=float)
    return values


def check_numbers(what: str, values: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise `InputError` unless ``values`` is real, has ``shape`` and is finite."""
    if values.dtype.kind not in "biuf":
        raise InputError(what, "real numbers", f"values of type {values.dtype}", "give loss as a conductivity")
    if values.shape != tuple(shape):
        raise InputError(what, f"an array of shape {tuple(shape)}", f"shape {values.shape}", "give one value a grid point")
    if not np.all(np.isfinite(values)):
        raise InputError(what, "finite values", f"{np.count_nonzero(~np.isfinite(values))} that are not", "remove NaN and inf")


def check_values(what: str, values: np.ndarray, shape: tuple[int, ...], positive: bool) -> None:
    """Raise `InputError` unless ``values`` is real, has ``shape``, is finite, and is positive (or not negative)."""
    check_numbers(what, values, shape)
    if positive and not np.all(values > 0):
        raise InputError(what, "positive values", f"a minimum of {values.min():g}", "correct the medium")
    if not positive and not np.all(values >= 0):
        raise InputError(what, "values not below zero", f"a minimum of {values.min():g}", "correct the medium")


@dataclass(frozen=True)
class Box:
    """The part of each component whose medium is designed: a range of storage slots along each axis."""

    slices: dict[str, tuple[slice, ...]]

    @classmethod
    def everywhere(cls, grid: YeeGrid, periodic: tuple[bool, ...], components: tuple[str, ...] | None = None) -> Box:
        """All values of the electric (or the named) components, each once: the last node of a periodic axis is left out."""
        whole = {}
        for component in components or grid.electric:
            ranges = []
            for axis in range(grid.ndim):
                nodes = grid.nodes(component, axis)
                repeated = periodic[axis] and OFFSETS[component][axis] == 0
                ranges.append(slice(nodes.start, nodes.stop - repeated))
            whole[component] = tuple(ranges)
        return cls(whole)

    @classmethod
    def covering(cls, grid: YeeGrid, lower, upper, periodic=(False, False, False), components=None) -> Box:
        """All values of the electric (or the named) components whose dual cell (see `YeeGrid.borders`) overlaps the region from ``lower`` to ``upper``, m."""
        everywhere = cls.everywhere(grid, periodic, components)
        slices = {}
        for component, ranges in everywhere.slices.items():
            chosen = []
            for axis, whole in enumerate(ranges):
                borders, tiny = grid.borders(component, axis), 0.5e-6 * grid.spacing[axis]
                inside = np.flatnonzero((borders[1:] > lower[axis] + tiny) & (borders[:-1] < upper[axis] - tiny))
                inside = inside[(inside >= whole.start) & (inside < whole.stop)]
                if inside.size == 0:
                    raise InputError(
                        "design region", f"a range within the grid along {AXES[axis]}", (lower[axis], upper[axis]),
                        "move the region or enlarge the domain",
                    )  # fmt: skip
                chosen.append(slice(int(inside[0]), int(inside[-1]) + 1))
            slices[component] = tuple(chosen)
        return cls(slices)

    def shape(self, component: str) -> tuple[int, ...]:
        """Number of values along each axis."""
        return tuple(s.stop - s.start for s in self.slices[component])


def half_loss(conductivity, dt: float):
    """``sigma dt / (2 eps0)``, the dimensionless half step of loss."""
    return conductivity * (dt / (2 * EPS0))
