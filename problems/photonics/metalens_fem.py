"""A cylindrical metalens by finite elements (after R. E. Christiansen and O. Sigmund, J. Opt. Soc. Am. B 38, 510, 2021)."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from adjointdesign.problems.photonics.device import Length, Positive
from pydantic import Field

from adjointdesign.errors import InputError
from adjointdesign.problem import Problem, Settings, Target


class MetalensSpecification(Settings):
    """A lens in air: width and thickness of the designed region, pixel, wavelength, distance of the focus above it (all m).

    ``permittivity`` is that of the lens; ``gain`` (dB) is asked of the intensity at the focus over the plane wave's; ``spot``
    is the radius of the Gaussian that weighs the intensity there.
    """

    aperture: Length = 5e-6
    thickness: Length = 250e-9
    pixel: Length = 25e-9
    wavelength: Length = 550e-9
    focal_length: Length = 2.5e-6
    permittivity: Annotated[float, Field(gt=1)] = 5.0
    spot: Length = 50e-9
    gain: float = 9.0


class MetalensDiscretization(Settings):
    """Cell size (m), polynomial degree, space around lens and focus, and absorbing layers (m).

    Half of the lens is simulated, mirrored at a magnetic wall. ``solver`` holds PETSc options; empty for the direct solver.
    """

    cell: Length = 25e-9
    degree: Annotated[int, Field(ge=1, le=6)] = 2
    padding: Length = 400e-9
    layer: Length = 400e-9
    solver: dict[str, str | int | float | bool] = {}


class MetalensStage(Settings):
    """One stage of the continuation."""

    steepness: Annotated[float, Field(ge=0, allow_inf_nan=True)] = 8.0
    evaluations: Annotated[int, Field(ge=1)] = 40
    method: Literal["lbfgsb", "mma", "ccsa"] = "lbfgsb"


class MetalensOptimization(Settings):
    """How the design is found: radius (m) of the Helmholtz filter on the mesh, start, stages."""

    filter_radius: Length = 100e-9
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 1e-4
    initial_density: Annotated[float, Field(ge=0, le=1)] = 0.5
    initial_noise: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    wall_time: Positive | None = None
    stages: tuple[MetalensStage, ...] = (
        MetalensStage(steepness=8, evaluations=40),
        MetalensStage(steepness=32, evaluations=30),
        MetalensStage(steepness=float("inf"), evaluations=40),
    )


class Metalens(Problem):
    """Pixels -> Helmholtz filter on the lens's mesh -> projection -> permittivity of the cells -> Ez -> intensity at the focus."""

    name: ClassVar = "metalens-fem"
    summary: ClassVar = "a cylindrical lens of 5 um aperture and 250 nm thickness at 550 nm, by finite elements"
    Specification: ClassVar = MetalensSpecification
    Discretization: ClassVar = MetalensDiscretization
    Optimization: ClassVar = MetalensOptimization
    presets: ClassVar = {
        "coarse": {
            "specification": {"aperture": 2e-6, "pixel": 50e-9, "focal_length": 1e-6, "gain": 4.0},
            "discretization": {"cell": 50e-9},
            "optimization": {"stages": [{"steepness": 8, "evaluations": 8}, {"steepness": math.inf, "evaluations": 12}]},
        }
    }

    ladder: ClassVar = (1.0, 2.0, 3.0, 4.0)

    def __init__(self, specification, discretization, optimization):
        super().__init__(specification, discretization, optimization)
        s, d = specification, discretization
        for name, size in (("aperture", s.aperture / 2), ("thickness", s.thickness)):
            if abs(size / s.pixel - round(size / s.pixel)) > 1e-6 or size < 2 * s.pixel:
                raise InputError(
                    f"specification.{name}", f"two or more whole pixels of {s.pixel:g} m in {size:.4g} m", f"{size / s.pixel:.4g}",
                    "round it",
                )  # fmt: skip
        parts = s.pixel / d.cell
        if abs(parts - round(parts)) > 1e-6 or parts < 1:
            raise InputError("discretization.cell", f"a whole part of a pixel of {s.pixel:g} m", f"{d.cell:g} m", "round it")
        for name, size in (("discretization.padding", d.padding), ("discretization.layer", d.layer),
                           ("specification.focal_length", s.focal_length)):  # fmt: skip
            if abs(size / d.cell - round(size / d.cell)) > 1e-6:
                raise InputError(name, f"whole cells of {d.cell:g} m", f"{size:g} m", "round it")
        if not optimization.stages:
            raise InputError("optimization.stages", "at least one stage", 0, "add one")

    def prepare(self) -> None:
        """Make the meshes, the filter and the solver."""
        self.model  # noqa: B018 - raises what cannot be made

    def refined(self, factor: float) -> Metalens:
        """The same pixels on smaller cells."""
        return self.rebuilt(cell=self.discretization.cell / factor)

    @property
    def design_shape(self) -> tuple[int, ...]:
        """Pixels along x and y, of the whole lens."""
        s = self.specification
        return 2 * round(s.aperture / 2 / s.pixel), round(s.thickness / s.pixel)

    @property
    def pixel_origin(self) -> tuple[float, float]:
        """Lower corner of pixel (0, 0), m."""
        return -self.specification.aperture / 2, 0.0

    def initial_design(self, rng) -> np.ndarray:
        """Uniform, with a little noise."""
        o = self.optimization
        return np.clip(o.initial_density + o.initial_noise * rng.uniform(-1, 1, self.design_shape), 0.0, 1.0)

    @cached_property
    def model(self):
        """Meshes, filter and solver, made once."""
        from adjointdesign.solvers import load

        return load("adjointdesign.problems.photonics.metalens_model").Model(self.specification, self.discretization,
                                                                              self.optimization.filter_radius)  # fmt: skip

    # -- the flow -----------------------------------------------------------------------------------------------------

    def filtered(self, parameters):
        """Symmetric and filtered density: the level set whose contour at one half is the lens."""
        from adjointdesign.design.symmetry import symmetrize

        return self.model.filtered(symmetrize(parameters, "mirror_x"))

    def density(self, parameters, stage):
        """Symmetrized, filtered and projected pixels."""
        from adjointdesign.design.projection import smoothed_projection

        return smoothed_projection(self.filtered(parameters), stage["steepness"], 0.5, self.specification.pixel)

    def medium(self, density):
        """Relative permittivity of the cells."""
        return {"permittivity": self.model.permittivity(density)}

    def solve(self, medium):
        """Intensity at the focus over that of the plane wave."""
        from adjointdesign.tape import solve

        return solve(self.solver(), **medium)

    def solver(self):
        """The finite-element solver."""
        return self.model.solver

    def readings(self, fields) -> dict[str, Any]:
        """Intensity gain at the focus, dB, one a wavelength."""
        from adjointdesign.objectives.s_parameters import power_decibels

        return {"gain": power_decibels(fields["intensity"][:, 0])}

    def objective(self, readings, stage):
        """By how much the gain misses its target, dB (negative: met)."""
        return (self.specification.gain - readings["gain"]).sum()

    def report(self, readings) -> dict[str, np.ndarray]:
        """The gain, dB."""
        return {"gain": np.asarray(readings["gain"])}

    def continuous_gradient(self, parameters, stage) -> np.ndarray:
        """Gradient of the objective by an adjoint field that is solved for as a problem of its own."""
        from adjointdesign.tape import Array, Control, ReducedFunctional, recording

        with recording() as tape:
            control = Array(np.asarray(parameters, dtype=float))
            permittivity = self.medium(self.density(control, stage))["permittivity"]
            values = np.asarray(permittivity)
            intensity = float(np.asarray(self.solve({"permittivity": values})["intensity"]).item())
            slopes = self.model.continuous_gradient(values) * (-10 / math.log(10) / intensity)
            return ReducedFunctional((permittivity * slopes).sum(), Control(control), tape=tape).derivative().data

    def targets(self):
        """The gain."""
        return (Target("gain", 1, self.specification.gain, unit="dB"),)

    def stages(self):
        """The continuation of the settings."""
        from adjointdesign.optimize.stages import Stage
        from adjointdesign.optimize.stopping import Stopping

        return tuple(
            Stage(
                f"steepness {s.steepness:g}", {"steepness": s.steepness}, s.method,
                Stopping(ftol=self.optimization.tolerance, max_evaluations=s.evaluations),
            )
            for s in self.optimization.stages
        )  # fmt: skip

    # -- files --------------------------------------------------------------------------------------------------------

    def deliver(self, folder, parameters, status):
        """Write design.h5 and design.gds; see `metalens_deliver.py`."""
        from adjointdesign.solvers import load

        load("adjointdesign.problems.photonics.metalens_deliver").deliver(self, folder, parameters, status)

    def summarize(self, folder):
        """Gain by both solvers and length scale of a delivered design."""
        from adjointdesign.solvers import load

        return load("adjointdesign.problems.photonics.metalens_deliver").summarize(folder)

    def evaluate_file(self, path):
        """Gain of a density in a csv, npy, gds or h5 file."""
        from adjointdesign.report.deliverables.design_files import read_design

        density, kind = read_design(path, self.design_shape, self.specification.pixel, self.pixel_origin)
        if not np.allclose(density, density[::-1], atol=1e-6):
            raise InputError(str(path), "a lens that is its own mirror image at x = 0", "another one", "mirror one half of it")
        readings = self.respond(density)
        gain = np.asarray(readings["gain"])
        return {
            "problem": self.name, "design": str(path), "format": kind, "objective": float(np.asarray(self.objective(readings, {}))),
            "readings": {"gain": gain.tolist()}, "targets_met": bool(gain[0] >= self.specification.gain),
        }  # fmt: skip
