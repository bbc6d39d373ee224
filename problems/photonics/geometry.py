"""Where ports, guides, sources, monitors and the design region of a photonic device lie on the grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adjointdesign.grid.yee import AXES, OFFSETS, YeeGrid

SIDES = {"west": (0, -1), "east": (0, 1), "south": (1, -1), "north": (1, 1)}
"""Axis and direction (away from the device) of each side."""
SOURCE_DISTANCE, MONITOR_DISTANCE = 0.8, 0.45
"""Planes of source and monitor, as a fraction of the stub, from the design region outward."""
BANDWIDTH = 0.12
"""Least bandwidth of the pulse over its center frequency: short pulses make short runs."""


@dataclass(frozen=True)
class Port:
    """A guide that leaves the design region on a side, ``offset`` (m) from its middle, and the mode that counts."""

    side: str
    offset: float = 0.0
    mode: int = 0

    @property
    def axis(self) -> int:
        """Axis of the guide."""
        return SIDES[self.side][0]

    @property
    def outside(self) -> int:
        """Direction away from the device, +1 or -1."""
        return SIDES[self.side][1]

    @property
    def outward(self) -> tuple:
        """Where a mode monitor's reading ``(frequency, mode, direction)`` holds the wave that leaves the device."""
        return (slice(None), 0, 0 if self.outside > 0 else 1)

    @property
    def inward(self) -> tuple:
        """Where the reading holds the wave that enters the device."""
        return (slice(None), 0, 1 if self.outside > 0 else 0)


class Layout:
    """A device on its grid; the design region is centered at the origin.

    Parameters
    ----------
    specification : DeviceSpecification
        Lengths and permittivities.
    ports : tuple of Port
        Its ports.
    slab : tuple of float or None
        Lower and upper z of the guiding layer, m; None in two dimensions.
    spacing : float
        Cell size, m.
    pml_cells : int
        Thickness of the absorbing layers.
    polarization : str
        See `YeeGrid`.
    """

    def __init__(self, specification, ports, slab, *, spacing: float, pml_cells: int, polarization: str):
        self.specification, self.ports, self.slab = specification, tuple(ports), slab
        self.spacing, self.pml_cells, self.polarization = spacing, pml_cells, polarization

    @property
    def design_shape(self) -> tuple[int, int]:
        """Pixels along x and y."""
        return tuple(max(1, round(size / self.specification.pixel)) for size in self.specification.design_size)

    @property
    def pixel_origin(self) -> tuple[float, float]:
        """Lower corner of pixel (0, 0), m."""
        return tuple(-n * self.specification.pixel / 2 for n in self.design_shape)

    @cached_property
    def grid(self) -> YeeGrid:
        """Design region, stubs where there are guides, padding where there are none, absorbing layers around.

        The padding is widened where a mode window needs more. A node lies on the design region's lower corner.
        """
        s, d = self.specification, self.spacing
        cells, origin = [], []
        for axis, size in enumerate(s.design_size):
            below, above = (math.ceil(self._room(axis, side) / d - 1e-6) + self.pml_cells for side in (-1, 1))
            cells.append(below + math.ceil(size / d - 1e-6) + above)
            origin.append(-size / 2 - below * d)
        if self.slab is not None:
            around = math.ceil(s.mode_margin / d - 1e-6) + self.pml_cells
            inside = math.ceil((self.slab[1] - self.slab[0]) / d - 1e-6)
            cells.append(inside + 2 * around)
            origin.append(self.slab[0] - around * d)
        return YeeGrid(tuple(cells), (d,) * len(cells), tuple(origin), self.polarization)

    def _room(self, axis: int, side: int) -> float:
        """Distance between the design region and the absorbing layer on one side, m."""
        s = self.specification
        stub = any((p.axis, p.outside) == (axis, side) for p in self.ports)
        reach = s.guide_width / 2 + s.mode_margin - s.design_size[axis] / 2
        windows = [side * p.offset + reach for p in self.ports if p.axis != axis]
        return max(s.stub_length if stub else s.padding, *windows, 0.0)

    @cached_property
    def box(self):
        """The part of the grid that the design touches."""
        from adjointdesign.solvers.fdtd_maxwell import Box

        half = [size / 2 for size in self.specification.design_size]
        lower, upper = [-h for h in half], half
        if self.slab is not None:
            lower, upper = [*lower, self.slab[0]], [*upper, self.slab[1]]
        return Box.covering(self.grid, lower, upper)

    # -- pixels -------------------------------------------------------------------------------------------------------

    def guide_rectangles(self) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """The guides outside the design region, as ``((x0, x1), (y0, y1))``; they go on through the absorbing layer."""
        rectangles = []
        for port in self.ports:
            half = self.specification.design_size[port.axis] / 2
            along = (half, math.inf) if port.outside > 0 else (-math.inf, -half)
            width = self.specification.guide_width / 2
            across = (port.offset - width, port.offset + width)
            rectangles.append((along, across) if port.axis == 0 else (across, along))
        return rectangles

    @cached_property
    def surroundings(self) -> np.ndarray:
        """Density of a frame of pixels around the design (its middle is not used): guides solid, the rest void."""
        p, shape = self.specification.pixel, self.design_shape
        margin = math.ceil(self.specification.guide_width / p)
        edges = [(-n / 2 - margin + np.arange(n + 2 * margin + 1)) * p for n in shape]
        frame = np.zeros([n + 2 * margin for n in shape])
        for rectangle in self.guide_rectangles():
            frame += np.multiply.outer(*(_covered(e, *r) for e, r in zip(edges, rectangle)))
        return np.minimum(frame, 1.0)

    def guide_fraction(self, component: str) -> np.ndarray:
        """Fraction of each dual cell of a component that the guides fill, over the storage."""
        axes = []
        for axis in range(self.grid.ndim):
            x = self.grid.coordinates(component, axis)
            axes.append(np.append(x - self.spacing / 2, x[-1] + self.spacing / 2))
        filled = sum(
            np.multiply.outer(*(_covered(e, *r) for e, r in zip(axes, rectangle))) for rectangle in self.guide_rectangles()
        )
        return filled if self.slab is None else np.multiply.outer(filled, _covered(axes[2], *self.slab))

    @cached_property
    def _design_to_cells(self) -> dict:
        """Per component: matrices from pixels to the box, the guides' part, and the layer's share along z."""
        from adjointdesign.media.rasterize import component_matrices

        p, maps = self.specification.pixel, {}
        for c in self.grid.electric:
            ranges = self.box.slices[c]
            # A plane component with the same in-plane offsets stands for this one.
            twin = next(k for k in ("ez", "ex", "ey") if OFFSETS[k][:2] == OFFSETS[c][:2])
            plane = self.grid if self.slab is None else YeeGrid(
                self.grid.cells[:2], self.grid.spacing[:2], self.grid.origin[:2], "ez" if twin == "ez" else "hz"
            )  # fmt: skip
            rows = [(r.start, r.stop) for r in ranges[:2]]
            matrices = component_matrices(self.design_shape, self.pixel_origin, (p, p), plane, twin, rows)
            layer = None
            if self.slab is not None:
                z = self.grid.coordinates(c, 2)[ranges[2]]
                layer = _covered(np.append(z - self.spacing / 2, z[-1] + self.spacing / 2), *self.slab)
            maps[c] = (matrices, self.guide_fraction(c)[ranges], layer)
        return maps

    def core_fractions(self, density) -> dict:
        """Fraction of core material in each dual cell of the box, by component; linear in the density."""
        from adjointdesign.problems.photonics.taped import add_guides

        from adjointdesign.media.rasterize import average

        return {
            c: add_guides(average(density, matrices), guides, layer)
            for c, (matrices, guides, layer) in self._design_to_cells.items()
        }

    # -- simulation ---------------------------------------------------------------------------------------------------

    def background(self):
        """Medium with the guides and an empty design region."""
        from adjointdesign.solvers.fdtd_maxwell import Medium

        s = self.specification
        contrast = s.core_permittivity - s.cladding_permittivity
        return Medium(
            self.grid, {c: s.cladding_permittivity + contrast * self.guide_fraction(c) for c in self.grid.electric}
        )

    def plane(self, port: Port, distance: float):
        """Center and widths of the port's mode window, ``distance`` (m) away from the design region."""
        s = self.specification
        center = [0.0] * self.grid.ndim
        center[port.axis] = port.outside * (s.design_size[port.axis] / 2 + distance)
        center[1 - port.axis] = port.offset
        size = [s.guide_width + 2 * s.mode_margin]
        if self.slab is not None:
            center[2] = sum(self.slab) / 2
            size.append(self.slab[1] - self.slab[0] + 2 * s.mode_margin)
        return tuple(center), tuple(size)

    def solver(self, driven: int, frequencies: np.ndarray, discretization, extra=()):
        """An FDTD solver that drives one port and reads the modes at all, and the ``extra`` monitors."""
        from adjointdesign.monitors import ModeMonitor
        from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Steps
        from adjointdesign.solvers.fdtd_maxwell.program import courant_time_step
        from adjointdesign.sources.mode_source import ModeSource
        from adjointdesign.sources.waveforms import GaussianPulse

        s, d = self.specification, discretization
        center_frequency = 0.5 * (frequencies.min() + frequencies.max())
        pulse = GaussianPulse.covering(frequencies, least=BANDWIDTH * center_frequency)
        port = self.ports[driven]
        center, size = self.plane(port, SOURCE_DISTANCE * s.stub_length)
        source = ModeSource("source", center, AXES[port.axis], size, pulse, direction=-port.outside, mode_order=port.mode)
        monitors = []
        for number, p in enumerate(self.ports, start=1):
            center, size = self.plane(p, MONITOR_DISTANCE * s.stub_length)
            monitors.append(ModeMonitor(f"port {number}", center, AXES[p.axis], size, (p.mode,), frequencies))
        dt = courant_time_step(self.grid, math.sqrt(s.cladding_permittivity), d.courant)
        layer = Cpml(d.pml_cells, index=math.sqrt(s.core_permittivity))
        return FdtdMaxwell(
            self.background(), (source,), (*monitors, *extra), boundaries=[layer] * self.grid.ndim,
            run_length=Steps(math.ceil((pulse.duration + d.run_time) / dt)), box=self.box, courant=d.courant,
            minimum_permittivity=s.cladding_permittivity, precision=d.precision, schedule=d.schedule,
            memory_budget=d.memory_budget, threads=d.threads,
        )  # fmt: skip


def _covered(edges: np.ndarray, low: float, high: float) -> np.ndarray:
    """Fraction of each interval between consecutive edges that lies between ``low`` and ``high``."""
    return np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0, None) / np.diff(edges)
