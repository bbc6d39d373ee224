"""A horn antenna as a body of revolution: its profile moves the mesh.

The wave TM01 of a round waveguide has a hollow beam around the axis, as monopoles and discones have; horns for it serve omnidirectional
links and feed axially corrugated and dielectric-loaded reflector antennas. Only the magnetic field along phi is there, so one scalar
unknown over half a section of the horn is the whole of Maxwell's equations.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from adjointdesign.errors import InputError
from adjointdesign.problem import Problem, Settings, Target

Length = Annotated[float, Field(ge=1e-12, le=1e3)]
Positive = Annotated[float, Field(gt=0)]
Degrees = Annotated[float, Field(gt=0, le=180)]


class HornSpecification(Settings):
    """A horn on a round waveguide, and what is asked of it.

    ``unit`` (m) is the length of one in the mesh: of the shipped one the wavelength at the center of the band. ``frequencies``
    (Hz) are those of the band at which targets hold. ``return_loss`` (dB) is asked for at the waveguide, ``gain`` (dB, realized)
    at the angle ``beam`` from the axis, ``sidelobes`` (dB below that gain) at every angle from ``mask`` on (degrees).

    ``slots`` rings perpendicular to the axis, ``slot_width`` (m) wide, are cut at even distances into the flare; ``slot_depths``
    (m, along r) are those of the first slot at the throat and of the last at the aperture, between which they begin evenly graded.
    """

    unit: Length = 0.03
    frequencies: tuple[Positive, ...] = (9.25e9, 10e9, 10.75e9)
    return_loss: Positive = 25.0
    beam: Degrees = 18.0
    gain: float = 10.5
    mask: Degrees = 60.0
    sidelobes: float = 18.0
    slots: Annotated[int, Field(ge=0, le=200)] = 0
    slot_width: Length = 3e-3
    slot_depths: tuple[Length, Length] = (15.5e-3, 8e-3)


class HornDiscretization(Settings):
    """Mesh, polynomial degree, angles (degrees) at which the mask is held, and the quality of cells.

    ``mesh`` names one of those that come along, or a Gmsh file with the same regions. Cells worse than ``least_quality`` end a
    step; a stage that would begin with cells worse than ``remesh_below`` begins with a new mesh. ``solver`` holds PETSc
    options; empty for the direct solver. Between the angles of ``angle_step`` nothing is asked; the final check has finer ones.
    """

    mesh: str = "horn"
    degree: Annotated[int, Field(ge=1, le=6)] = 3
    angle_step: Degrees = 5.0
    least_quality: Annotated[float, Field(gt=0, lt=1)] = 0.25
    remesh_below: Annotated[float, Field(ge=0, le=1)] = 0.6
    solver: dict[str, str | int | float | bool] = {}


class HornStage(Settings):
    """One stage of the optimization."""

    evaluations: Annotated[int, Field(ge=1)] = 25


class HornOptimization(Settings):
    """What moves, and how the design is found.

    ``control``: "mesh" (every node of the profile, along its normal, in the metric of the elastic energy of the mesh) or
    "spline" (as many coefficients of a cubic B-spline over the length of the profile as ``coefficients`` says). With slots
    "depths" (one of each slot) or "spline" (depths, then the coefficients, of a spline over z, along r). A vector of
    parameters of length one moves a node by up to ``step`` (m). ``minimum_radius`` (m) is that of the profile's curvature,
    slots aside; ``penalty`` is the price (dB) for sqrt(2) times the curvature allowed: for one too much in its square, squared.
    """

    control: Literal["mesh", "spline", "depths"] = "mesh"
    coefficients: Annotated[int, Field(ge=2, le=100)] = 8
    step: Length = 3e-3
    minimum_radius: Length = 5e-3
    penalty: Positive = 10.0
    temperature: Positive = 0.5
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 1e-4
    initial_noise: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    wall_time: Positive | None = None
    stages: tuple[HornStage, ...] = (HornStage(), HornStage(), HornStage())


class Horn(Problem):
    """Parameters -> displacement of the profile -> coordinates of the mesh -> Hphi -> return loss, gain and sidelobes."""

    name: ClassVar = "horn-antenna"
    summary: ClassVar = "a horn on a round waveguide (TM01) at 10 GHz, its profile shaped by moving the mesh"
    Specification: ClassVar = HornSpecification
    Discretization: ClassVar = HornDiscretization
    Optimization: ClassVar = HornOptimization
    presets: ClassVar = {
        "coarse": {
            "specification": {"frequencies": [10e9], "return_loss": 20.0},
            "discretization": {"degree": 2, "angle_step": 15.0},
            "optimization": {"stages": [{"evaluations": 6}, {"evaluations": 6}]},
        },
        "spline": {"optimization": {"control": "spline"}},
        "corrugated": {
            "specification": {"slots": 12, "return_loss": 20.0, "beam": 20.0, "gain": 9.0, "mask": 80.0, "sidelobes": 28.0},
            "discretization": {"mesh": "horn-thick"},
            "optimization": {"control": "spline"},
        },
    }

    def __init__(self, specification, discretization, optimization):
        super().__init__(specification, discretization, optimization)
        if not optimization.stages:
            raise InputError("optimization.stages", "at least one stage", 0, "add one")
        if not specification.frequencies:
            raise InputError("specification.frequencies", "at least one frequency", 0, "add one")
        if not specification.beam < specification.mask:
            raise InputError("specification.mask", f"more than the beam's {specification.beam:g} degrees", specification.mask, "raise it")
        least, remesh_below = discretization.least_quality, discretization.remesh_below
        if remesh_below < least:
            raise InputError("discretization.remesh_below", f"least_quality, {least:g}, or more", f"{remesh_below:g}", "raise it")
        control = optimization.control
        if control == ("mesh" if specification.slots else "depths"):
            expected = "spline or depths where there are slots" if specification.slots else "mesh or spline where there are no slots"
            raise InputError("optimization.control", expected, control, "choose one of these, or other slots")
        self._model: tuple[np.ndarray, Any] | None = None

    def prepare(self) -> None:
        """Read the mesh, and make the control and the solver; let Gmsh, by which the design is judged in the end, read it too."""
        from adjointdesign.solvers import load

        self.model  # noqa: B018 - raises what cannot be made
        load("adjointdesign.problems.antennas.horn_mesh").require_geometry_everywhere(self)

    @cached_property
    def source(self):
        """The mesh file in which designs begin."""
        from adjointdesign.solvers import load

        return load("adjointdesign.problems.antennas.horn_mesh").source(self)

    @cached_property
    def profile(self):
        """The profile as it is in that file, and how parameters move it."""
        from adjointdesign.solvers import load

        return load("adjointdesign.problems.antennas.horn_profile").profile(self)

    @property
    def model(self):
        """The finite elements on the mesh in use."""
        if self._model is None:
            self.begin({}, np.zeros(self.design_shape))
        return self._model[1]

    @property
    def design_shape(self) -> tuple[int, ...]:
        """Nodes of the profile that move, or depths and coefficients."""
        return (self.profile.matrix.shape[1],)

    def initial_design(self, rng) -> np.ndarray:
        """The profile of the mesh file, with noise if asked for."""
        return self.optimization.initial_noise * rng.uniform(-1, 1, self.design_shape)

    def bounds(self) -> tuple[float, float]:
        """None: steps to shapes that cannot be are refused."""
        return -math.inf, math.inf

    def angles(self) -> np.ndarray:
        """Angles of the far field, degrees: that of the beam, then those of the mask."""
        s, step = self.specification, self.discretization.angle_step
        return np.concatenate([[s.beam], np.linspace(s.mask, 180.0, max(2, math.ceil((180.0 - s.mask) / step)), endpoint=False)])

    def begin(self, stage, parameters: np.ndarray) -> None:
        """Take the mesh in which these parameters are simulated: that of the file where its cells stay good, else a new one."""
        from adjointdesign.solvers import load

        displacement = np.asarray(self.density(parameters, stage))
        if self._model is None or not np.array_equal(displacement, self._model[0]):
            model = load("adjointdesign.problems.antennas.horn_model").Model
            self._model = displacement, model.around(self, displacement)

    # -- the flow -----------------------------------------------------------------------------------------------------

    def density(self, parameters, stage):
        """Displacements of the profile's corners, m."""
        return self.profile.displacement(parameters)

    def medium(self, displacement):
        """Coordinates of the mesh."""
        return {"coordinates": self.model.coordinates(displacement)}

    def solve(self, medium):
        """Reflection at the waveguide and far field."""
        from adjointdesign.tape import solve

        return solve(self.solver(), **medium)

    def solver(self):
        """The finite-element solver."""
        return self.model.solver

    def readings(self, fields) -> dict[str, Any]:
        """Reflection, realized gain along the beam, and the gain at the mask's angles over that, dB."""
        from adjointdesign.objectives.radiation import realized_gain
        from adjointdesign.objectives.s_parameters import decibels, power_decibels

        gain = power_decibels(realized_gain(fields["far"][:, 0, :], self.model.powers))
        return {"S11": decibels(fields["s11"][:, 0]), "gain": gain[:, 0], "sidelobes": gain[:, 1:] - gain[:, :1]}

    def objective(self, readings, stage):
        """Largest miss of any target, dB, smoothed."""
        from adjointdesign.objectives.s_parameters import smooth_maximum, violations

        targets = self.targets()
        return smooth_maximum(violations([readings[t.reading].reshape(-1) for t in targets], targets), self.optimization.temperature)

    def constraints(self, parameters, stage) -> dict[str, Any]:
        """Square of the largest curvature over that of the least radius, less one, smoothed: see `Profile.excess_curvature`."""
        return {"curvature": self.profile.excess_curvature(parameters)}

    def targets(self):
        """Return loss, gain and mask."""
        s = self.specification
        return (
            Target("S11", -1, -s.return_loss, unit="dB"), Target("gain", 1, s.gain, unit="dB"),
            Target("sidelobes", -1, -s.sidelobes, unit="dB"),
        )  # fmt: skip

    def stages(self):
        """Meshes one after the other."""
        from adjointdesign.optimize.penalty import Penalty
        from adjointdesign.optimize.stages import Stage
        from adjointdesign.optimize.stopping import Stopping

        o = self.optimization
        return tuple(
            Stage(f"mesh {i + 1}", {}, "lbfgs", Stopping(ftol=o.tolerance, max_evaluations=s.evaluations), penalty=Penalty(o.penalty))
            for i, s in enumerate(o.stages)
        )  # fmt: skip

    # -- files --------------------------------------------------------------------------------------------------------

    def deliver(self, folder, parameters, status):
        """Write design.h5, horn.msh, profile.csv, pattern.csv, horn.s1p and field.vtu; see `horn_deliver.py`."""
        from adjointdesign.solvers import load

        load("adjointdesign.problems.antennas.horn_deliver").deliver(self, folder, parameters, status)

    def pictures(self, folder):
        """Section, reflection and pattern."""
        from adjointdesign.problems.antennas.horn_pictures import pictures

        return pictures(self, folder)

    def summarize(self, folder):
        """What the final mesh says of the design."""
        from adjointdesign.solvers import load

        return load("adjointdesign.problems.antennas.horn_deliver").summarize(folder)

    def evaluate_file(self, path):
        """Readings of design parameters (h5, npy), or of a profile (csv: z and r in m, from the throat on)."""
        from adjointdesign.solvers import load

        return load("adjointdesign.problems.antennas.horn_files").evaluate_file(self, path)
