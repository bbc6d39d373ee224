"""A planar monopole over a ground, made of metal pixels that the optimization switches on and off.

A sheet without thickness stands on edge over an infinite ground, fed from below between the two. Its conductance is designed, pixel by pixel,
between that of a good insulator and that of metal. What lies between takes up power, so that an antenna that is to radiate all it is
given drives it out: self-penalization (E. Hassan, E. Wadbro and M. Berggren, IEEE Trans. Antennas Propag. 62, 2488 (2014)). A filter whose
radius falls and a projection that steepens from stage to stage keep that from freezing the design before it has found its shape.

The sheet lies across y, its feed in the middle, so two planes of symmetry leave a quarter of space to simulate.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from adjointdesign.problems.antennas.fdtd_antenna import FdtdAntenna
from adjointdesign.problems.antennas.pixel_settings import (
    PixelDiscretization,
    PixelOptimization,
    PixelSpecification,
    check,
)

from adjointdesign.errors import InputError
from adjointdesign.problem import Target
from adjointdesign.tape import taped

INSULATOR, METAL = 1e6, 0.01
"""Sheet resistance at density 0 and 1, ohm per square: both lose less than a percent, and halfway it is 100 ohm."""
BEYOND = 1.25
"""How far beyond the specified band a finished antenna is simulated, as a factor."""


class PixelAntenna(FdtdAntenna):
    """Parameters -> density of metal -> conductance of the sheet -> fields -> reflection and efficiency."""

    name: ClassVar = "pixel-antenna"
    summary: ClassVar = "a planar monopole of metal pixels over a ground, matched from 2 to 6 GHz"
    Specification: ClassVar = PixelSpecification
    Discretization: ClassVar = PixelDiscretization
    Optimization: ClassVar = PixelOptimization
    presets: ClassVar = {
        "coarse": {
            "specification": {"frequencies": [2e9, 3e9, 4e9, 5e9, 6e9]},
            "discretization": {"cells_per_wavelength": 12.0, "refinement": 1.0},
            "optimization": {"stages": [
                {"radius": 6e-3, "steepness": 4.0, "evaluations": 12}, {"radius": 5e-3, "steepness": 8.0, "evaluations": 12},
                {"radius": 4e-3, "steepness": 16.0, "evaluations": 6}, {"radius": 4e-3, "steepness": 40.0, "evaluations": 4},
            ]},
        },
    }  # fmt: skip
    reads_power: ClassVar = True

    def __init__(self, specification, discretization, optimization):
        check(specification, discretization, optimization)
        specification = specification.model_copy(update={"far_frequencies": specification.frequencies})
        super().__init__(specification, discretization, optimization)

    # -- geometry -----------------------------------------------------------------------------------------------------

    @property
    def design_shape(self) -> tuple[int, ...]:
        """Pixels along x, of one half, and along z."""
        s = self.specification
        return round(s.width / s.pixel / 2), round(s.height / s.pixel)

    @property
    def origin(self) -> tuple[float, float]:
        """Lower corner of the designed region, x and z, m."""
        return -self.specification.width / 2, self.specification.gap

    def nodes(self):
        """Sides of pixels and what lies between them; one cell across the sheet; the gap."""
        s, d = self.specification, self.discretization
        size = s.pixel / np.ceil(s.pixel / d.cell - 1e-9)
        x = np.arange(round(s.width / 2 / size) + 1) * size
        z = s.gap + np.arange(round(s.height / size) + 1) * size
        gap = np.linspace(0, s.gap, max(1, round(s.gap / size)), endpoint=False)
        return x, np.array([0.0, size]), np.concatenate([gap, z])

    def background(self) -> dict:
        """The port over the ground, in a quarter of space."""
        s, room = self.specification, self.discretization.padding
        whole = self.settings()
        whole["ports"] = [self._port(half=True)]
        whole["boundaries"] = {"x": ["symmetry", "open"], "y": ["symmetry", "open"], "z": ["ground", "open"]}
        whole["domain"] = {"lower": [0.0, 0.0, 0.0], "upper": [s.width / 2 + room, room, s.gap + s.height + room]}
        whole["far_field"]["margin"] = room / 2
        return whole

    def _port(self, half: bool) -> dict:
        """As wide as the metal above it, for the inductance of a single line of edges would be that of the cells around it."""
        s = self.specification
        x = (s.feed / 4, s.feed / 2) if half else (0.0, s.feed)
        port = {"name": "feed", "axis": "z", "center": [x[0], 0.0, s.gap / 2], "size": [x[1], 0.0, s.gap], "impedance": s.impedance}
        return port | {"share": 0.25} if half else port

    def design(self) -> dict[str, Any]:
        """The conductivity in the plane of the sheet."""
        return {"box": self._box, "conductivity_gradient": True}

    @cached_property
    def _box(self):
        from adjointdesign.solvers.fdtd_maxwell import Box

        s, grid = self.specification, self.model.grid
        thin = 1e-3 * grid.lines(1)[1]  # within the dual cell of the plane
        return Box.covering(grid, (0.0, 0.0, s.gap), (s.width / 2, thin, s.gap + s.height))

    @cached_property
    def _maps(self) -> dict[str, tuple]:
        """Of each component in the plane: matrices from pixels to its dual cells, along x and z, and its dual length along y, m."""
        from adjointdesign.media.rasterize import overlap_matrix

        s, grid, maps = self.specification, self.model.grid, {}
        pixels = [o + s.pixel * np.arange(n + 1) for o, n in zip(self.origin, (2 * self.design_shape[0], self.design_shape[1]))]
        for component in ("ex", "ez"):
            places = self._box.slices[component]
            matrices = [overlap_matrix(p, grid.borders(component, a)[places[a].start : places[a].stop + 1]) for p, a in zip(pixels, (0, 2))]
            maps[component] = (*matrices, float(grid.lengths(component, 1)[places[1]][0]))
        return maps

    def initial_design(self, rng) -> np.ndarray:
        """Uniform, with noise if asked for."""
        o = self.optimization
        return np.clip(o.initial_density + o.initial_noise * rng.uniform(-1, 1, self.design_shape), 0.0, 1.0)

    def describe(self, parameters, folder) -> dict:
        """The whole antenna, perfect metal, in open space over the ground; its outline goes to ``metal.gds``."""
        from adjointdesign.problems.antennas.pixel_metal import LAYER, chosen, write_metal

        s, d = self.specification, self.discretization
        metal = chosen(np.asarray(self.density(parameters, self.final_stage)))
        write_metal(Path(folder) / "metal.gds", metal, s.pixel, self.origin)
        whole = self.settings(d.refinement)
        whole["band"] |= {"low": s.frequencies[0] / BEYOND, "high": s.frequencies[-1] * BEYOND}
        whole["run"]["decay"] *= 0.01
        whole["sheets"] = [
            {"name": "metal", "axis": "y", "position": 0.0, "outline": {"shape": "polygon", "file": "metal.gds", "layer": LAYER}}
        ]
        whole["ports"] = [self._port(half=False)]
        whole["boundaries"] = {"z": ["ground", "open"]}
        return whole

    # -- the flow -----------------------------------------------------------------------------------------------------

    def density(self, parameters, stage):
        """Filtered and projected density of both halves, metal at the feed; shape (pixels along x, along z)."""
        from adjointdesign.design.filters import conic_filter
        from adjointdesign.design.projection import tanh_projection

        filtered = conic_filter(_mirrored(parameters), stage["radius"], self.specification.pixel)
        return _with_feed(tanh_projection(filtered, stage["steepness"], 0.5), self._feed)

    @cached_property
    def _feed(self) -> np.ndarray:
        """Which pixels are metal always."""
        s, (half, up) = self.specification, self.design_shape
        fixed = np.zeros((2 * half, up), bool)
        wide = round(s.feed / s.pixel / 2)
        fixed[half - wide : half + wide, : 2 * wide] = True
        return fixed

    def medium(self, density):
        """Conductivity of the edges in the plane of the sheet, S/m.

        The conductance of a pixel is its density on a logarithmic scale, that of an edge the mean over its dual cell: an edge
        between metal and air carries half of the metal's, and stays metal.
        """
        from adjointdesign.media.interpolation import logarithmic_conductivity

        conductance = logarithmic_conductivity(density, 1 / INSULATOR, 1 / METAL)
        return {f"conductivity_{c[1]}": _conductivity(conductance, *maps) for c, maps in self._maps.items()}

    def exemplar(self):
        """A sheet all of metal: the first of a search, full of loss, ends too soon."""
        return np.ones((2 * self.design_shape[0], self.design_shape[1]))

    def objective(self, readings, stage):
        """Smooth maximum over the band of the power that is not radiated over that available, dB."""
        from adjointdesign.objectives.s_parameters import power_decibels, smooth_maximum

        return smooth_maximum(power_decibels(_rest(readings["efficiency"])), self.optimization.temperature)

    def targets(self):
        """Return loss, and total efficiency."""
        s = self.specification
        return Target("S11", -1, -s.return_loss, unit="dB"), Target("efficiency", 1, s.efficiency)

    def stages(self):
        """The continuation of the settings."""
        from adjointdesign.optimize.stages import Stage
        from adjointdesign.optimize.stopping import Stopping

        o = self.optimization
        return tuple(
            Stage(
                f"radius {1e3 * s.radius:g} mm, steepness {s.steepness:g}", {"radius": s.radius, "steepness": s.steepness},
                o.method, Stopping(ftol=o.tolerance, max_evaluations=s.evaluations),
            )
            for s in o.stages
        )  # fmt: skip

    # -- files --------------------------------------------------------------------------------------------------------

    def pictures(self, folder):
        """The metal and its band, then those of any antenna."""
        from adjointdesign.problems.antennas.pixel_pictures import pictures

        return [*pictures(self, folder), *super().pictures(folder)]

    def summarize(self, folder):
        """What the simulation of the exported antenna says, and in which band it is matched."""
        from adjointdesign.problems.antennas.pixel_pictures import band

        lines, path = super().summarize(folder), folder / "results.json"
        if path.is_file():
            low, high = band(self, json.loads(path.read_text(encoding="utf-8")))
            octaves = f"{np.log2(high / low):.2f} octaves"
            lines.append(f"  S11 <= {-self.specification.return_loss:g} dB from {low / 1e9:.3f} to {high / 1e9:.3f} GHz, {octaves}")
        return lines

    def evaluate_file(self, path):
        """Readings of design parameters (h5, npy), or of the metal on layer 1 of a GDSII file such as ``metal.gds``."""
        if path.suffix in (".h5", ".npy"):
            return super().evaluate_file(path)
        if path.suffix != ".gds":
            expected = "a file that ends in npy, h5 or gds"
            raise InputError(f"design file {path}", expected, f"the ending {path.suffix!r}", "convert it; a TOML file is evaluated by itself")
        from adjointdesign.problems.antennas.pixel_metal import read_metal

        half, up = self.design_shape
        metal = read_metal(path, (2 * half, up), self.specification.pixel, self.origin)
        found = self.respond(metal.astype(float))
        return self.file_result(path, self.objective(found, self.final_stage), self.report(found))


@taped
def _mirrored(half):
    import autograd.numpy as anp

    return anp.concatenate([half[::-1], half], axis=0)


@taped
def _with_feed(density, fixed):
    import autograd.numpy as anp

    return anp.where(fixed, 1.0, density)


@taped
def _conductivity(conductance, along_x, along_z, thickness: float):
    from adjointdesign.media.rasterize import average

    return average(conductance, (along_x, along_z))[:, None, :] / thickness


@taped
def _rest(efficiency):
    import autograd.numpy as anp

    return anp.maximum(1.0 - efficiency, 1e-6)
