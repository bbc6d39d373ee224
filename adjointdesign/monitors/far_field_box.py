"""The closed box on which a far field is sampled, and the power through it.

On each face the tangential E is sampled on the face, at its nodes but for the edges, and the tangential H that goes
with it in the middle of the cells *inside*. For two solutions (1, 2) of the discrete equations summation by parts gives

    sum_faces (E1 x H2 - E2 x H1) . n dA = sum_inside (E2 . J1 - H2 . M1 - E1 . J2 + H1 . M2) dV    (1)

(the reciprocity theorem; Balanis, Antenna Theory, 4th ed., section 3.8) exactly, without any interpolation of H to the
face: the half cell between E and H is no error but part of the theorem. With E and H each transformed at its own
instants the half step is none either. Equally ``Re sum (E x conj H) . n dA / 2`` is exactly the work done inside;
`FluxMonitor`, which interpolates, reads the same where the medium on its faces is without loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, OFFSETS, YeeGrid
from adjointdesign.monitors.placement import check_frequencies
from adjointdesign.sources.placing import Bounds, Medium, box_bounds, check_inside, checked_box, nearest_node

MIRRORS = ("pec", "pmc")


def checked_ground(name: str, ground, ndim: int) -> dict[str, str]:
    """``ground`` as a dict of face to kind of mirror; `InputError` unless these are known, and one face an axis."""
    faces = [s + a for a in AXES[:ndim] for s in "-+"]
    given = dict(ground or {}) if isinstance(ground, (dict, type(None))) else {ground: None}
    for face, kind in given.items():
        if face not in faces or kind not in MIRRORS:
            raise InputError(
                f"{name}: ground", f"a dict of faces ({', '.join(faces)}) to 'pec' or 'pmc'", f"{face!r}: {kind!r}",
                "name the face of the box that lies on the plane, such as {'-z': 'pec'}",
            )  # fmt: skip
    axes = [face[1] for face in given]
    if len(set(axes)) < len(axes):
        remedy = "leave one out: between two parallel planes nothing is far"
        raise InputError(f"{name}: ground", "one plane an axis", sorted(given), remedy)
    return given


class BoxMonitor:
    """What monitors of a closed box share: frozen dataclasses with ``name``, ``center``, ``size``, ``frequencies``, ``ground``."""

    def __post_init__(self):
        what = f"monitor '{self.name}'"
        center, size = checked_box(what, self.center, self.size)
        checked = {
            "center": center, "size": size, "frequencies": check_frequencies(self.name, self.frequencies),
            "ground": checked_ground(what, self.ground, len(center)),
        }  # fmt: skip
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return box_bounds(self.center, self.size)


@dataclass(frozen=True, eq=False)
class Patch:
    """Points of one pair of components on one face: where E and H are, and the area of each point.

    ``axis`` and ``side`` (0 low, 1 high) name the face, ``sign e h`` is a term of the flux along ``+axis``. ``slots``
    holds the storage slots of E, one array an axis; H has the same along the face, and ``inner`` along the axis.
    ``widths`` are the lengths that the slots stand for along the transverse axes.
    """

    axis: int
    side: int
    e: str
    h: str
    sign: int
    slots: tuple[np.ndarray, ...]
    inner: int
    widths: dict[int, np.ndarray]

    @property
    def outward(self) -> int:
        """Sign of ``e h`` in the flux out of the box."""
        return self.sign * (1 if self.side else -1)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of points along each transverse axis."""
        return tuple(len(w) for w in self.widths.values())

    @cached_property
    def areas(self) -> np.ndarray:
        """Area of every point, m^2 (m in two dimensions), of shape `shape`."""
        return reduce(np.multiply.outer, self.widths.values())

    def indices(self, grid: YeeGrid) -> tuple[np.ndarray, np.ndarray]:
        """Flat storage indices of the points of E and of those of H."""
        inside = tuple(np.array([self.inner]) if a == self.axis else s for a, s in enumerate(self.slots))
        return tuple(grid.flat_index(*np.ix_(*slots)).ravel() for slots in (self.slots, inside))


@dataclass(frozen=True)
class ClosedBox:
    """A box between nodes of a grid in a uniform medium, faces on ``ground`` left out.

    Parameters
    ----------
    grid : YeeGrid
        The grid.
    low, high : tuple of int
        Nodes of its faces.
    mirrors : dict of int to (int, str)
        For each axis with a ground or symmetry plane, the face (0 low, 1 high) on it and its kind.
    permittivity : float
        Relative permittivity of the medium on its faces, in which everything beyond it lies.
    """

    grid: YeeGrid
    low: tuple[int, ...]
    high: tuple[int, ...]
    mirrors: dict[int, tuple[int, str]]
    permittivity: float

    @cached_property
    def patches(self) -> list[Patch]:
        """Every pair of components on every face."""
        return _patches(self.grid, self.low, self.high, self.mirrors)

    @cached_property
    def indices(self) -> dict[str, np.ndarray]:
        """Storage indices of each component, each once, ascending: sampled at every step, in the order of memory."""
        rows = {c: [] for c in self.grid.components}
        for patch in self.patches:
            for c, flat in zip((patch.e, patch.h), patch.indices(self.grid)):
                rows[c].append(flat)
        return {c: np.unique(np.concatenate(r)) for c, r in rows.items() if r}

    @cached_property
    def columns(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Where in `indices` the E and the H of each patch are."""
        return [
            tuple(np.searchsorted(self.indices[c], flat) for c, flat in zip((p.e, p.h), p.indices(self.grid)))
            for p in self.patches
        ]

    def lines(self, axis: int) -> np.ndarray:
        """Positions of the nodes of the box along ``axis``, m."""
        return self.grid.lines(axis)[self.low[axis] : self.high[axis] + 1]


def _patches(grid, low, high, mirrors) -> list[Patch]:
    patches = []
    for axis, side in product(range(grid.ndim), (0, 1)):
        if mirrors.get(axis, (None,))[0] == side:
            continue
        x1, x2 = AXES[(axis + 1) % 3], AXES[(axis + 2) % 3]
        for e, h, sign in (("e" + x1, "h" + x2, 1), ("e" + x2, "h" + x1, -1)):
            if e in grid.components:
                along = [slots_inside(grid, e, a, low[a], high[a], mirrors.get(a)) for a in range(grid.ndim)]
                slots = [s for s, _ in along]
                slots[axis] = np.array([(low[axis], high[axis])[side] + 1])
                inner = high[axis] if side else low[axis] + 1
                widths = {a: w for a, (_, w) in enumerate(along) if a != axis}
                patches.append(Patch(axis, side, e, h, sign, tuple(slots), inner, widths))
    return patches


def slots_inside(grid, component, axis, low, high, mirror) -> tuple[np.ndarray, np.ndarray]:
    """Slots of a component between two nodes and the lengths they stand for.

    A node on a face belongs to the outside, but for one on a magnetic wall, half of which is inside. (On an electric
    wall tangential E is zero.)
    """
    if OFFSETS[component][axis] != 0:
        slots = np.arange(low + 1, high + 1)
        return slots, grid.lengths(component, axis)[slots]
    slots = np.arange(low + 2, high + 1)
    if mirror is not None and mirror[1] == "pmc":
        slots = np.r_[slots, high + 1] if mirror[0] else np.r_[low + 1, slots]
    widths = grid.lengths(component, axis)[slots].copy()
    if mirror is not None and mirror[1] == "pmc":
        widths[-1 if mirror[0] else 0] *= 0.5
    return slots, widths


def place_box(name: str, bounds: Bounds, ground: dict[str, str], medium: Medium) -> ClosedBox:
    """Snap a box to the nodes of the grid of ``medium``.

    Raises
    ------
    InputError
        When the box leaves the domain, lies on its face without a ground plane there, spans too few cells, has a
        ground plane that is none, or cuts metal, loss, or more than one permittivity.
    """
    grid = medium.grid
    check_inside(name, bounds, grid)
    low, high = (tuple(nearest_node(grid, a, b[end]) for a, b in enumerate(bounds)) for end in (0, 1))
    mirrors = {AXES.index(face[1]): (int(face[0] == "+"), kind) for face, kind in ground.items()}
    for a in range(grid.ndim):
        if high[a] - low[a] < 2:
            raise InputError(f"{name}: size along {AXES[a]}", "at least 2 cells", high[a] - low[a], "enlarge the box")
        for side, node in enumerate((low[a], high[a])):
            face = f"{name}: face {'-+'[side]}{AXES[a]}"
            if mirrors.get(a, (None,))[0] == side:
                _check_mirror(face, medium, a, node, mirrors[a][1], low, high)
            elif not 1 <= node <= grid.cells[a] - 1:
                raise InputError(
                    face, "a plane inside the domain, or one named in ground",
                    f"{bounds[a][side]:.6g} m, the domain's own face",
                    "move it inward, out of the absorbing layer, or give ground",
                )  # fmt: skip
    return ClosedBox(grid, low, high, mirrors, _permittivity(name, medium, _patches(grid, low, high, mirrors)))


def _check_mirror(face: str, medium: Medium, axis: int, node: int, kind: str, low, high) -> None:
    """Refuse a ground plane that is neither the domain's own face nor (if electric) metal all over the face."""
    grid = medium.grid
    if node in (0, grid.cells[axis]):
        return
    metal = kind == "pec"
    for c in grid.electric:
        if metal and OFFSETS[c][axis] == 0:
            ranges = [np.arange(low[a] + 1, high[a] + (1 if OFFSETS[c][a] else 2)) for a in range(grid.ndim)]
            ranges[axis] = np.array([node + 1])
            held = medium.conductor.get(c)
            metal = held is not None and bool(np.all(np.asarray(held)[np.ix_(*ranges)]))
    if not metal:
        raise InputError(
            face, "the domain's own face, or a conductor all over it, as it is named in ground",
            f"{kind} at {grid.lines(axis)[node]:.6g} m", "move the face to the plane, or leave it out of ground",
        )  # fmt: skip


def _permittivity(name: str, medium: Medium, patches: list[Patch]) -> float:
    """The relative permittivity on all faces; `InputError` unless it is one, without loss, dispersion and metal."""
    first = None
    for patch in patches:
        at, inside = patch.indices(medium.grid)
        found = [
            ("metal", medium.conductor, patch.e, at, 0), ("conductivity", medium.conductivity, patch.e, at, 0),
            ("a magnetic medium", medium.permeability, patch.h, inside, 1),
            *(("a dispersive medium", material.strength, patch.e, at, 0) for material in medium.dispersive.values()),
        ]  # fmt: skip
        for what, part, component, places, plain in found:
            if component in part and np.any(np.asarray(part[component]).ravel()[places] != plain):
                raise InputError(
                    f"{name}: face {'-+'[patch.side]}{AXES[patch.axis]}",
                    "a uniform dielectric without loss, dispersion or metal", f"{what} on it",
                    "enlarge or move the box; a ground plane is named in ground",
                )  # fmt: skip
        values = np.asarray(medium.permittivity[patch.e]).ravel()[at]
        first = float(values[0]) if first is None else first
        if np.any(np.abs(values - first) > 1e-9 * first):
            raise InputError(
                f"{name}: permittivity on its faces", "one value, as waves go on for ever in the medium there",
                f"{min(values.min(), first):.6g} to {max(values.max(), first):.6g}",
                "enlarge the box until it is in one medium",
            )  # fmt: skip
    return first
