"""A dielectric resonator antenna: the body of a low-loss dielectric over a ground plane is designed block by block.

A vertical strip of metal at the body, over the port of a coaxial line from below, excites it. From the densities of the blocks
follow permittivity and conductivity of the body; gain, efficiency and matching are asked for over a band. Designing such bodies by
density and FDTD goes back to T. Nomura et al., Int. J. Numer. Meth. Engng 71, 1261 (2007).
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import ClassVar

import numpy as np
from adjointdesign.problems.antennas.fdtd_antenna import FdtdAntenna
from adjointdesign.problems.antennas.resonator_body import Blocks
from adjointdesign.problems.antennas.resonator_settings import (
    ResonatorDiscretization,
    ResonatorOptimization,
    ResonatorSpecification,
    block_counts,
    check,
)

from adjointdesign.constants import EPS0
from adjointdesign.errors import InputError
from adjointdesign.problem import Target

FINAL_DECAY = 1e-7
"""To which the energy falls at least when a finished design is simulated."""
_ROUNDING = 1e-12
"""Share of the body by which densities may fall below zero."""


class Resonator(FdtdAntenna):
    """Densities -> filter and projection -> permittivity and conductivity of the body -> FDTD -> gain, efficiency, matching."""

    name: ClassVar = "dielectric-resonator-antenna"
    summary: ClassVar = "a dielectric body over a ground plane, designed for gain and efficiency from 3.4 to 4.2 GHz"
    Specification: ClassVar = ResonatorSpecification
    Discretization: ClassVar = ResonatorDiscretization
    Optimization: ClassVar = ResonatorOptimization
    reads_power: ClassVar = True
    presets: ClassVar = {
        "coarse": {
            "specification": {
                "frequencies": [3.4e9, 3.6e9, 3.8e9], "far_frequencies": [3.4e9, 3.6e9, 3.8e9], "size": [24e-3, 24e-3, 12e-3],
                "block": 2e-3, "layers": 6, "feed_position": -12e-3, "feed_height": 8e-3, "feed_width": 4e-3, "gap": 2e-3,
            },
            "discretization": {"cell": 2e-3, "cells_per_wavelength": 10, "decay": 1e-4, "padding": 16e-3, "refinement": 1},
            "optimization": {"filter_radius": 4e-3, "stages": [{"steepness": 4, "evaluations": 12}, {"steepness": 16, "evaluations": 8}]},
        },
        "plate": {"specification": {"layers": 1}},
    }  # fmt: skip

    def __init__(self, specification, discretization, optimization):
        check(specification, discretization, optimization)
        super().__init__(specification, discretization, optimization)

    # -- geometry -----------------------------------------------------------------------------------------------------

    @cached_property
    def body(self) -> Blocks:
        """The room for the body, on its grid."""
        return Blocks(self.specification.size, block_counts(self.specification), self.discretization.cell)

    @property
    def conductivity(self) -> float:
        """Of the solid material, S/m: it has the loss tangent in the middle of the band."""
        s = self.specification
        every = (*s.frequencies, *s.far_frequencies)
        return math.pi * (min(every) + max(every)) * EPS0 * s.permittivity * s.loss_tangent

    def background(self) -> dict:
        """Ground, strip, port; the room for the body is empty."""
        room = {"name": "room for the body", "medium": "vacuum", "shape": "box", "lower": list(self.body.lower), "upper": list(self.body.upper)}
        whole = self._surroundings(self.settings())
        whole["grid"] |= {"edge_size": self.discretization.cell}
        return whole | {"solids": [room]}

    def _surroundings(self, settings: dict) -> dict:
        s = self.specification
        strip = {"shape": "rectangle", "lower": [0.0, s.gap], "upper": [s.feed_width / 2, s.feed_height]}
        return settings | {
            "boundaries": {"y": ["symmetry", "open"], "z": ["ground", "open"]},
            "sheets": [{"name": "feed strip", "axis": "x", "position": s.feed_position, "outline": strip}],
            "ports": [{
                "name": "feed", "axis": "z", "center": [s.feed_position, 0.0, s.gap / 2], "size": [0.0, 0.0, s.gap], "impedance": s.impedance,
                "share": 0.5,
            }],
        }  # fmt: skip

    def nodes(self):
        """Those of the body."""
        return self.body.nodes

    def design(self) -> dict:
        """Permittivity, and with loss conductivity, in the room for the body."""
        return {"box": self._box, "conductivity_gradient": self.specification.loss_tangent > 0}

    @cached_property
    def _box(self):
        from adjointdesign.solvers.fdtd_maxwell import Box

        return Box.covering(self.model.grid, self.body.lower, self.body.upper)

    @cached_property
    def _matrices(self) -> dict[str, list]:
        return self.body.matrices(self.model.grid, self._box)

    def describe(self, parameters, folder) -> dict:
        """The finished antenna: the body as boxes, half of it beside the plane of symmetry; its surface in ``body.stl``."""
        from adjointdesign.problems.antennas.resonator_deliver import write_body

        solid = self.solid(parameters)
        write_body(self, folder, solid, np.asarray(self.density(parameters, self.final_stage)))
        return self.described(solid)

    def described(self, solid: np.ndarray) -> dict:
        """The antenna with a body of these solid blocks, as the content of a TOML file."""
        settings = self.settings(self.discretization.refinement)
        settings["grid"] |= {"thin_cells": 1}
        settings["run"]["decay"] = min(settings["run"]["decay"], FINAL_DECAY)
        solids = [
            {"name": f"body {n + 1}", "medium": "dielectric", "shape": "box", "lower": list(low), "upper": list(high)}
            for n, (low, high) in enumerate(self.body.boxes(solid))
        ]
        if not solids:
            raise InputError("design", "a solid block", "none", "raise initial_density, or lower the targets")
        medium = {"permittivity": self.specification.permittivity, "conductivity": self.conductivity}
        return self._surroundings(settings) | {"media": {"dielectric": medium}, "solids": solids}

    def solid(self, parameters) -> np.ndarray:
        """Which blocks of a design are solid."""
        from adjointdesign.problems.antennas.resonator_body import SOLID

        return np.asarray(self.density(parameters, self.final_stage)) > SOLID

    # -- the flow -----------------------------------------------------------------------------------------------------

    @property
    def design_shape(self) -> tuple[int, ...]:
        """Blocks along x, y (those at positive y) and z."""
        return self.body.counts

    def initial_design(self, rng) -> np.ndarray:
        """Uniform, with noise if asked for."""
        o = self.optimization
        return np.clip(o.initial_density + o.initial_noise * rng.uniform(-1, 1, self.design_shape), 0.0, 1.0)

    def density(self, parameters, stage):
        """Filtered and projected densities of the blocks."""
        from adjointdesign.design.projection import tanh_projection

        return tanh_projection(self.body.filtered(parameters, self.optimization.filter_radius), stage["steepness"], 0.5)

    def medium(self, density):
        """Relative permittivity and conductivity at each electric component of the room for the body."""
        from adjointdesign.media.interpolation import linear_permittivity
        from adjointdesign.media.rasterize import average
        from adjointdesign.tape import taped

        # Filters leave -1e-17 where they should leave 0, and no medium may be active.
        inputs, lossy = {}, taped(lambda share, port: port + self.conductivity * (share + _ROUNDING))
        for c, matrices in self._matrices.items():
            share = average(density, matrices)
            inputs[f"permittivity_{c[1]}"] = linear_permittivity(share, 1.0, self.specification.permittivity)
            if self.specification.loss_tangent > 0:
                inputs[f"conductivity_{c[1]}"] = lossy(share, self._port_conductivity[c])
        return inputs

    @cached_property
    def _port_conductivity(self) -> dict[str, np.ndarray]:
        """What the port puts into the room for the body, S/m."""
        return {c: np.broadcast_to(self.model.medium.conductivity.get(c, 0.0), self.model.grid.shape)[r].copy() for c, r in self._box.slices.items()}

    def objective(self, readings, stage):
        """Largest miss of any target, dB, smoothed."""
        from adjointdesign.objectives.s_parameters import power_decibels, smooth_maximum, violations

        s = self.specification
        values = [readings["gain"].reshape(-1), power_decibels(readings["efficiency"]), readings["S11"]]
        gain, _, matching = self.targets()
        misses = violations(values, (gain, Target("efficiency", 1, 10 * math.log10(s.efficiency)), matching))
        return smooth_maximum(misses, self.optimization.temperature)

    def targets(self):
        """Gain, efficiency, return loss."""
        s = self.specification
        return Target("gain", 1, s.gain, unit="dBi"), Target("efficiency", 1, s.efficiency), Target("S11", -1, -s.return_loss, unit="dB")

    def stages(self):
        """The continuation of the settings."""
        from adjointdesign.optimize.stages import Stage
        from adjointdesign.optimize.stopping import Stopping

        o = self.optimization
        return tuple(
            Stage(f"steepness {s.steepness:g}", {"steepness": s.steepness}, "lbfgsb", Stopping(ftol=o.tolerance, max_evaluations=s.evaluations))
            for s in o.stages
        )

    # -- files --------------------------------------------------------------------------------------------------------

    def deliver(self, folder, parameters, status):
        """Also write body.stl, body.vtu and, for comparison, what the full block with the same feed gives."""
        from adjointdesign.problems.antennas.resonator_deliver import deliver

        super().deliver(folder, parameters, status)
        deliver(self, folder, parameters)

    def pictures(self, folder):
        """The body, then what all antennas show."""
        from adjointdesign.problems.antennas.resonator_pictures import pictures

        return [*pictures(self, folder), *super().pictures(folder)]

    def summarize(self, folder):
        """Also what the body is made of, and how much better it is than the full block."""
        from adjointdesign.problems.antennas.resonator_deliver import summarize

        return [*super().summarize(folder), *summarize(folder)]
