"""A microstrip patch with an inset feed: its dimensions are the control, edges of metal lie anywhere between the nodes."""

from __future__ import annotations

import math
from functools import cached_property
from typing import ClassVar

import numpy as np
from adjointdesign.problems.antennas.fdtd_antenna import FdtdAntenna
from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.patch_layout import PatchLayout
from adjointdesign.problems.antennas.patch_settings import PatchDiscretization, PatchOptimization, PatchSpecification

from adjointdesign.constants import C0, EPS0
from adjointdesign.errors import InputError
from adjointdesign.media.sheet_edge import RATIOS, least_width
from adjointdesign.problem import Target

NAMES = ("length", "width", "inset", "gap", "offset", "permittivity")
"""What may be designed, in this order."""
STEPS = 100.0
"""Parameters run from 0 to this: a step of about one, the first of an optimizer, is such a part of each range; resonances are narrow."""
_SAMPLES = 12
"""Places of the sides between nodes for which the time step is made."""


class Patch(FdtdAntenna):
    """Dimensions -> factors on the edges of the grid -> FDTD -> reflection and realized gain."""

    name: ClassVar = "patch-antenna"
    summary: ClassVar = "a microstrip patch with an inset feed at 2.45 GHz, its dimensions designed"
    Specification: ClassVar = PatchSpecification
    Discretization: ClassVar = PatchDiscretization
    Optimization: ClassVar = PatchOptimization
    presets: ClassVar = {
        "coarse": {
            "specification": {"height": 3.048e-3, "line_width": 7e-3, "gap": [4e-3, 6e-3], "margin": 6e-3, "feed_length": 8e-3},
            "discretization": {"cell": 2e-3, "layers": 1, "cells_per_wavelength": 10, "absorber_cells": 5, "decay": 1e-3, "padding": 10e-3},
            "optimization": {"evaluations": 9},
        },
        "substrate": {"specification": {"permittivity": [2.2, 4.5], "length": [26e-3, 44e-3]}},
    }

    def __init__(self, specification, discretization, optimization):
        super().__init__(specification, discretization, optimization)
        s = specification
        for name in NAMES:
            low, high = getattr(s, name)
            if low > high:
                raise InputError(f"specification.{name}", "the smaller value first", f"{low:g}, {high:g}", "exchange them")
        if not self.free:
            raise InputError("specification", f"a range for one of {', '.join(NAMES)} at least", "none", "widen one")
        if not s.far_frequencies:
            raise InputError("specification.far_frequencies", "at least one, at which the gain is maximized", "none", "add one")
        ratios = self.layout.ratios
        if not RATIOS[0] <= min(ratios) <= max(ratios) <= RATIOS[1]:
            raise InputError(
                "discretization.cell", f"cells {RATIOS[0]:g} to {RATIOS[1]:g} times as high at the sheet as long: {s.height / discretization.layers:.3g} m",
                f"{discretization.cell:.3g} m", "refine it, or change discretization.layers",
            )  # fmt: skip
        wide = discretization.cell * max(least_width(r) for r in ratios)  # of whole metal somewhere, wherever it lies
        self._least("length", s.length[0] - s.inset[1], wide, "less the largest inset")
        self._least("gap", s.gap[0], 2 * discretization.cell, "")
        wing = 0.5 * s.width[0] - 0.5 * s.line_width - s.gap[1] - max(map(abs, s.offset))
        self._least("width", wing, wide, "halved, less gap, offset and half the line,")
        self._least("line_width", s.line_width, wide, "")
        self._least("overhang", s.overhang, 0.5 * wide, "")

    def _least(self, name: str, found: float, needed: float, words: str) -> None:
        if found < needed * (1 - 1e-9):
            raise InputError(
                f"specification.{name} {words}".strip(), f"at least {needed:.3g} m, which cells of {self.discretization.cell:.3g} m can tell",
                f"{found:.3g} m", "change the ranges, or refine discretization.cell",
            )  # fmt: skip

    # -- geometry -----------------------------------------------------------------------------------------------------

    @property
    def free(self) -> tuple[str, ...]:
        """Names of what is designed."""
        return tuple(name for name in NAMES if getattr(self.specification, name)[0] < getattr(self.specification, name)[1])

    @cached_property
    def layout(self) -> PatchLayout:
        """Where metal may be."""
        s, d = self.specification, self.discretization
        reach = s.length[1], 0.5 * s.width[1] + max(map(abs, s.offset))
        return PatchLayout(s.feed_length, s.overhang, s.line_width, reach, s.margin, s.height, d.cell, d.layers, half=s.offset == (0.0, 0.0))

    def background(self) -> dict:
        """Substrate, ground, port."""
        return self._surroundings(self.settings(), self._middle, 1)

    def _surroundings(self, settings: dict, permittivity: float, layers: int) -> dict:
        s, half = self.specification, self.layout.half
        x, y = self.layout.x, self.layout.y_kept
        low, high = [float(x[0]), float(y[0]), 0.0], [float(x[-1]), float(y[-1]), s.height]
        port = {"name": "feed", "axis": "z", "center": [0.0, 0.0, s.height / 2], "size": [0.0, 0.0, s.height], "impedance": s.impedance}
        board = {"name": "ground plane", "axis": "z", "position": 0.0, "outline": {"shape": "rectangle", "lower": low[:2], "upper": high[:2]}}
        return settings | {
            "grid": settings["grid"] | {"thin_cells": layers},
            "media": {"substrate": {"permittivity": permittivity, "loss_tangent": s.loss_tangent}},
            "solids": [{"name": "substrate", "medium": "substrate", "shape": "box", "lower": low, "upper": high}],
            "sheets": [board] if s.ground == "board" else [],
            "boundaries": {"y": ["symmetry" if half else "open", "open"], "z": ["ground" if s.ground == "infinite" else "open", "open"]},
            "ports": [port | ({"share": 0.5} if half else {})],
        }

    def nodes(self):
        """Those of the board, across the substrate, and one cell above."""
        return self.layout.x, self.layout.y_kept, self.layout.z

    def describe(self, parameters, folder) -> dict:
        """The finished antenna: its metal is one polygon, or half of it beside the plane of symmetry.

        Edges of metal follow the lattice where its mesh lets them, else they are a third of a cell off nodes.
        """
        *sides, permittivity = (float(v) for v in np.asarray(self.density(parameters, {})))
        d = self.discretization
        whole = self._surroundings(self.settings(d.refinement), permittivity, math.ceil(d.layers * d.refinement))
        outline = {"shape": "polygon", "points": [list(map(float, p)) for p in self.layout.outline(*sides)]}
        metal = {"name": "patch and line", "axis": "z", "position": self.specification.height, "outline": outline}
        whole["sheets"] = [*whole["sheets"], metal]
        for rule in ("lattice", "thirds"):
            whole["grid"]["edge_rule"] = rule
            try:
                build(described(whole))
            except InputError:  # the mesh is not even enough beside some edge
                continue
            break
        return whole

    def design(self) -> dict:
        """Permittivity in the plane of the metal, and of the board if that is designed; permeability of the faces in the plane."""
        _, faces = self._boxes
        lossy = self.specification.loss_tangent > 0
        return {"box": self._boxes[0], "magnetic_box": faces, "extremes": self._extremes(), "conductivity_gradient": lossy}

    @cached_property
    def _boxes(self):
        """Of the electric components, and of the faces."""
        from adjointdesign.solvers.fdtd_maxwell import Box

        grid, layout = self.model.grid, self.layout
        wanted = layout.x, layout.y_kept, layout.z
        first = [int(np.argmin(np.abs(grid.lines(a) - nodes[0]))) + 1 for a, nodes in enumerate(wanted)]
        for a, (start, nodes) in enumerate(zip(first, wanted)):
            found = grid.lines(a)[start - 1 : start - 1 + len(nodes)]
            if len(found) < len(nodes) or not np.allclose(found, nodes, atol=1e-6 * self.discretization.cell):
                raise InputError(
                    f"discretization.cell along {'xyz'[a]}", "no more than discretization.cells_per_wavelength asks for in the substrate",
                    f"{nodes[1] - nodes[0]:.3g} m", "refine it (or add layers), or lower cells_per_wavelength",
                )  # fmt: skip
        x, y, z = (slice(f, f + count) for f, count in zip(first, (len(layout.x), len(layout.y_kept), layout.layers + 1)))
        x_cells, y_cells, layers = (slice(s.start, s.stop - 1) for s in (x, y, z))
        top = slice(z.stop - 1, z.stop)
        faces = Box({"hz": (x_cells, y_cells, top)})
        if "permittivity" in self.free:
            return Box({"ex": (x_cells, y, z), "ey": (x, y_cells, z), "ez": (x, y, layers)}), faces
        # A box has all components: one vertical one, in a corner above the board, stands for none.
        corner = (slice(x.start, x.start + 1), slice(y.stop - 1, y.stop), top)
        return Box({"ex": (x_cells, y, top), "ey": (x, y_cells, top), "ez": corner}), faces

    def _extremes(self) -> list[dict]:
        """Inputs with every side at different places between the nodes, for which the time step must be stable."""
        shifts = np.random.default_rng(0).uniform(0, STEPS, (_SAMPLES, len(self.free)))
        return [{k: np.asarray(v) for k, v in self.medium(self.density(p, {})).items()} for p in shifts]

    def refined(self, factor: float):
        """The same ranges on smaller cells, across the substrate too.

        Raises
        ------
        InputError
            When the layers are then no whole number.
        """
        layers = self.discretization.layers * factor
        if abs(layers - round(layers)) > 1e-9:
            raise InputError("refinement", f"a factor that makes whole layers of {self.discretization.layers}", factor, "choose 2, say")
        finer = super().refined(factor).discretization
        return self.rebuilt(**{**finer.model_dump(), "layers": round(layers)})

    # -- the flow -----------------------------------------------------------------------------------------------------

    @property
    def design_shape(self) -> tuple[int, ...]:
        """One value for each free dimension, 0 to `STEPS` over its range."""
        return (len(self.free),)

    def bounds(self) -> tuple[float, float]:
        """Of the ranges."""
        return 0.0, STEPS

    def initial_design(self, rng) -> np.ndarray:
        """Textbook dimensions (Balanis, Antenna Theory, 4th ed., section 14.2.1), within the ranges."""
        s = self.specification
        eps, f = 0.5 * sum(s.permittivity), float(np.mean(s.frequencies))
        width = C0 / (2 * f) * math.sqrt(2 / (eps + 1))  # eq. 14-6
        effective = 0.5 * (eps + 1) + 0.5 * (eps - 1) / math.sqrt(1 + 12 * s.height / width)  # eq. 14-1
        ratio = width / s.height
        fringe = 0.412 * s.height * (effective + 0.3) * (ratio + 0.264) / ((effective - 0.258) * (ratio + 0.8))  # eq. 14-2
        length = C0 / (2 * f * math.sqrt(effective)) - 2 * fringe  # eq. 14-7
        book = {"width": width, "length": length, "inset": length / 3}
        shifts = self.optimization.initial_shift
        values = []
        for name in self.free:
            low, high = getattr(s, name)
            values.append((book.get(name, 0.5 * (low + high)) - low) / (high - low) + shifts)
        return STEPS * np.clip(values, 0.0, 1.0)

    def density(self, parameters, stage):
        """All dimensions (m) and the permittivity, in the order of `NAMES`."""
        from adjointdesign.tape import linear

        ranges = np.array([getattr(self.specification, name) for name in NAMES])
        chosen = [NAMES.index(name) for name in self.free]
        matrix = np.zeros((len(NAMES), len(chosen)))
        matrix[chosen, range(len(chosen))] = np.diff(ranges[chosen], axis=1)[:, 0] / STEPS
        return linear(matrix)(parameters) + ranges[:, 0]

    def medium(self, dimensions):
        """Permittivity, conductivity and permeability on the edges and faces of the grid."""
        from autograd import numpy as anp

        from adjointdesign.tape import taped

        designed = ("ex", "ey", "ez") if "permittivity" in self.free else ("ex", "ey")
        loss = self.specification.loss_tangent * 2 * np.pi * self.antenna.band.center * EPS0

        def values(v):
            along_x, along_y, faces = self.layout.factors(*v[:-1])
            permittivity, conductivity = [], []
            for component, factors in zip(designed, (along_x, along_y, None)):
                shares, background = self._shares[component], self._conductivity[component]
                for out, value in (
                    (permittivity, 1.0 + (v[-1] - 1.0) * shares), (conductivity, background + loss * (v[-1] - self._middle) * shares),
                ):  # fmt: skip
                    if factors is not None:  # in the uppermost plane
                        value = anp.concatenate([value[:, :, :-1], (value[:, :, -1] * factors)[:, :, None]], axis=2)
                    out.append(value)
            return (*permittivity, *(conductivity if loss else ()), faces[:, :, None])

        names = [f"permittivity_{c[1]}" for c in designed] + [f"conductivity_{c[1]}" for c in designed if loss] + ["permeability_z"]
        return dict(zip(names, taped(values)(dimensions)))

    @property
    def _middle(self) -> float:
        """Permittivity of the substrate in the background."""
        return 0.5 * sum(self.specification.permittivity)

    @cached_property
    def _conductivity(self) -> dict[str, np.ndarray]:
        """Of the background over the box, that of the port included, S/m."""
        found = self.model.medium.conductivity
        return {c: np.broadcast_to(found.get(c, 0.0), self.model.grid.shape)[slices] for c, slices in self._boxes[0].slices.items()}

    @cached_property
    def _shares(self) -> dict[str, np.ndarray]:
        """Part of each component's dual cell that the substrate fills, over the box."""
        bare = self.model.bare.permittivity
        return {c: (bare[c][slices] - 1.0) / (self._middle - 1.0) for c, slices in self._boxes[0].slices.items()}

    def objective(self, readings, stage):
        """Realized gain along the first direction, negative, and the price of too much reflection, dB."""
        from autograd import numpy as anp

        from adjointdesign.tape import taped

        s, o = self.specification, self.optimization
        allowed = 10 ** (-(s.return_loss + o.margin) / 20)

        def total(gain, reflection):
            miss = anp.maximum(anp.abs(reflection) / allowed - 1.0, 0.0)
            return o.price * anp.sum(miss**2) / len(s.frequencies) - anp.mean(gain[:, 0])

        return taped(total)(readings["gain"], readings["reflection"])

    def targets(self):
        """Return loss."""
        return (Target("S11", -1, -self.specification.return_loss, unit="dB"),)

    def stages(self):
        """One, by L-BFGS-B within the ranges."""
        from adjointdesign.optimize.stages import Stage
        from adjointdesign.optimize.stopping import Stopping

        o = self.optimization
        return (Stage("dimensions", {}, "lbfgsb", Stopping(ftol=o.tolerance, max_evaluations=o.evaluations)),)

