"""A photonic device between waveguides: geometry, simulation and objective shared by the problems of this package."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from adjointdesign.problems.photonics.geometry import Layout, Port
from pydantic import Field, field_validator, model_validator

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.problem import Problem, Settings, Target, unknown_reading

Positive = Annotated[float, Field(gt=0)]
Length = Annotated[float, Field(ge=1e-12, le=1.0)]
"""A length in m; beyond these bounds counts of cells and pixels are no numbers to reckon with."""
MOST_PIXELS = 20_000_000
"""Most pixels of a design region: filters, constraints and figures hold some tens of values a pixel."""
CELLS_PER_WAVELENGTH = 8
"""Fewest cells per wavelength in the core that a discretization may have."""


PENALTY_MARGIN = 0.2
"""How far inside the length scale's feasible set its penalty begins, decades: what a finite price leaves stays below that."""
CELLS_PER_STUB = 6
"""Fewest cells along a stub, such that source and monitor lie on planes of their own."""


class StageSettings(Settings):
    """One stage of the continuation.

    With ``length_scale`` the constraints on solid and void are on: as constraints under mma and ccsa, and under lbfgsb as a
    penalty of ``penalty`` dB for a violation by one decade (squared).
    """

    steepness: Annotated[float, Field(ge=0, allow_inf_nan=True)] = 8.0
    evaluations: Annotated[int, Field(ge=1)] = 30
    method: Literal["lbfgsb", "mma", "ccsa"] = "lbfgsb"
    length_scale: bool = False
    penalty: Positive = 0.3
    minimax: bool = False

    @model_validator(mode="after")
    def _method_fits(self):
        if self.method == "lbfgsb" and self.minimax:
            raise ValueError("method mma or ccsa where minimax is set")
        return self


class DeviceOptimization(Settings):
    """How the design is found.

    The optimizer aims at every target plus ``margin`` (dB); a stage ends early once all are met by that much (and the length
    scale, where the stage asks for it), or when five iterations improve the objective by less than the fraction
    ``tolerance``. ``temperature`` (dB) smooths the largest miss.
    """

    minimum_length: Length = 110e-9
    filter_radius: Length = 200e-9
    margin: Annotated[float, Field(ge=0)] = 0.5
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 1e-4
    temperature: Positive = 1.0
    initial_density: Annotated[float, Field(ge=0, le=1)] = 0.5
    initial_noise: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    wall_time: Positive | None = None
    stages: tuple[StageSettings, ...] = (
        StageSettings(steepness=8, evaluations=40),
        StageSettings(steepness=32, evaluations=30, length_scale=True),
        StageSettings(steepness=float("inf"), evaluations=50, length_scale=True),
    )


class DeviceDiscretization(Settings):
    """How the device is simulated."""

    spacing: Length = 20e-9
    pml_cells: Annotated[int, Field(ge=4, le=1000)] = 12
    run_time: Annotated[float, Field(gt=0, le=1e-9)] = 400e-15
    courant: Annotated[float, Field(ge=0.01, lt=1)] = 0.95
    precision: Literal["double", "single"] = "double"
    schedule: Literal["auto", "memory", "revolve", "disk"] = "auto"
    memory_budget: str = "2GiB"
    threads: Annotated[int, Field(ge=1)] | None = None


class DeviceSpecification(Settings):
    """What the device is; lengths in metres. Subclasses add the design region and their targets."""

    design_size: tuple[Length, Length]
    pixel: Length = 10e-9
    wavelengths: tuple[Length, ...] = (1265e-9, 1270e-9, 1275e-9, 1285e-9, 1290e-9, 1295e-9)
    guide_width: Length = 400e-9
    stub_length: Length = 720e-9
    padding: Length = 400e-9
    mode_margin: Length = 520e-9
    core_permittivity: Annotated[float, Field(ge=1)] = 12.25
    cladding_permittivity: Annotated[float, Field(ge=1)] = 2.25

    @field_validator("wavelengths")
    @classmethod
    def _some_wavelengths(cls, value):
        if not value:
            raise ValueError("at least one wavelength")
        return value

    @model_validator(mode="after")
    def _guides_guide(self):
        if self.core_permittivity <= self.cladding_permittivity:
            raise ValueError(f"a core_permittivity above the cladding's {self.cladding_permittivity:g}")
        return self


def coarse(run_time: float, *stages: tuple[float, int], **discretization: Any) -> dict[str, Any]:
    """A preset on 40 nm cells, with a run time (s) after the pulse and stages of ``(steepness, evaluations)``."""
    return {
        "discretization": {"spacing": 40e-9, "run_time": run_time, **discretization},
        "optimization": {"stages": [{"steepness": s, "evaluations": n} for s, n in stages]},
    }


class PhotonicDevice(Problem):
    """Waveguides that meet in a rectangular design region, in two dimensions (Ez) or as a slab in three.

    The parameters are one value a pixel, rows along x and columns along y. They are symmetrized, filtered (with the guides
    as fixed surroundings) and projected; S-parameters are mode amplitudes over the incident one.
    """

    Optimization: ClassVar = DeviceOptimization
    Discretization: ClassVar = DeviceDiscretization
    symmetries: ClassVar[tuple[str, ...]] = ()
    polarization: ClassVar[str] = "ez"

    def __init__(self, specification, discretization, optimization):
        super().__init__(specification, discretization, optimization)
        shortest = min(specification.wavelengths) / np.sqrt(specification.core_permittivity)
        if discretization.spacing > shortest / CELLS_PER_WAVELENGTH:
            raise InputError(
                "discretization.spacing",
                f"at most {shortest / CELLS_PER_WAVELENGTH:.3g} m, {CELLS_PER_WAVELENGTH} cells per wavelength in the core",
                f"{discretization.spacing:.3g} m", "refine it",
            )  # fmt: skip
        if specification.stub_length < CELLS_PER_STUB * discretization.spacing:
            raise InputError(
                "specification.stub_length",
                f"at least {CELLS_PER_STUB} cells of {discretization.spacing:.3g} m, to tell source, monitor and design apart",
                f"{specification.stub_length:.3g} m", "lengthen it, or refine discretization.spacing",
            )  # fmt: skip
        if optimization.minimum_length > optimization.filter_radius:
            raise InputError(
                "optimization.filter_radius", f"at least the minimum_length of {optimization.minimum_length:.3g} m",
                f"{optimization.filter_radius:.3g} m", "enlarge it",
            )  # fmt: skip
        for size in specification.design_size:
            if abs(size / specification.pixel - round(size / specification.pixel)) > 1e-6:
                raise InputError(
                    "specification.design_size", f"whole pixels of {specification.pixel:g} m", f"{size:g} m", "round it",
                )  # fmt: skip
        around = 2 * max(optimization.filter_radius, specification.guide_width)
        pixels = math.prod((size + around) / specification.pixel for size in specification.design_size)
        if pixels > MOST_PIXELS:
            raise InputError(
                "specification.pixel", f"at most {MOST_PIXELS:.0e} pixels in the design region and its surroundings",
                f"{pixels:.1e} of {specification.pixel:.3g} m", "choose larger pixels, or a smaller region or filter_radius",
            )  # fmt: skip
        names = [f"S{k + 1}1" for k in range(len(self.ports()))]
        for target in self.targets():
            if target.reading not in names:
                raise unknown_reading(target, names)
            if target.indices(len(specification.wavelengths)).size == 0:
                raise InputError(
                    "specification.wavelengths", f"at least one for the target {target}", specification.wavelengths,
                    "add a wavelength in its band, or move the band",
                )  # fmt: skip
        if not optimization.stages:
            raise InputError("optimization.stages", "at least one stage", 0, "add one")

    # -- what a device defines ----------------------------------------------------------------------------------------

    def ports(self) -> tuple[Port, ...]:
        """Ports, the first one driven."""
        raise NotImplementedError

    def slab(self) -> tuple[float, float] | None:
        """Lower and upper z of the guiding layer and design, m; None in two dimensions."""
        return None

    # -- geometry -----------------------------------------------------------------------------------------------------

    @cached_property
    def layout(self) -> Layout:
        """The device on its grid."""
        s, d = self.specification, self.discretization
        return Layout(
            s, self.ports(), self.slab(), spacing=d.spacing, pml_cells=d.pml_cells, polarization=self.polarization
        )

    @property
    def design_shape(self) -> tuple[int, ...]:
        """Pixels along x and y."""
        return self.layout.design_shape

    @property
    def frequencies(self) -> np.ndarray:
        """Frequencies of the wavelengths, Hz."""
        return C0 / np.array(self.specification.wavelengths)

    def initial_design(self, rng) -> np.ndarray:
        """Uniform, with a little noise to break symmetries that the device does not ask for."""
        o = self.optimization
        noise = o.initial_noise * rng.uniform(-1, 1, self.design_shape)
        return np.clip(o.initial_density + noise, 0.0, 1.0)

    def prepare(self) -> None:
        """Make the solver and plan its memory; put the first design through every stage's density.

        First, as nothing is made for it, see that the finished design can be judged at half the spacing.
        """
        from adjointdesign.problems.photonics.deliver import refined

        try:
            refined(self).layout.grid  # noqa: B018 - raises where that is too large
        except InputError as error:
            raise InputError(
                "discretization.spacing",
                f"one that can be halved, since the final check runs at half of it ({error.what}: {error.expected})",
                f"{self.discretization.spacing:.3g} m ({error.got})", "coarsen it, or make the device smaller",
            ) from error  # fmt: skip
        first = self.initial_design(np.random.default_rng(0))
        for stage in self.stages():
            self.density(first, stage.parameters)
        self.solver().plan()

    # -- the flow -----------------------------------------------------------------------------------------------------

    def filtered(self, parameters):
        """Symmetric and filtered density: the level set whose contour at one half is the device."""
        from adjointdesign.design.filters import conic_filter
        from adjointdesign.design.symmetry import symmetrize

        rho = symmetrize(parameters, *self.symmetries)
        return conic_filter(rho, self.optimization.filter_radius, self.specification.pixel, self.layout.surroundings)

    def density(self, parameters, stage):
        """Symmetrized, filtered and projected pixels."""
        from adjointdesign.design.projection import smoothed_projection

        return smoothed_projection(self.filtered(parameters), stage["steepness"], 0.5, self.specification.pixel)

    def medium(self, density):
        """Relative permittivity at each electric component of the design box."""
        from adjointdesign.media.interpolation import linear_permittivity

        s = self.specification
        fractions = self.layout.core_fractions(density)
        return {
            f"permittivity_{c[1]}": linear_permittivity(f, s.cladding_permittivity, s.core_permittivity)
            for c, f in fractions.items()
        }

    def solve(self, medium, driven: int = 0):
        """Mode amplitudes at every port, with port number ``driven`` excited."""
        from adjointdesign.tape import solve

        return solve(self.solver(driven), **medium)

    def solver(self, driven: int = 0):
        """The FDTD solver that drives port number ``driven``; made once."""
        if driven not in self._solvers:
            self._solvers[driven] = self.layout.solver(driven, self.frequencies, self.discretization)
        return self._solvers[driven]

    @cached_property
    def _solvers(self) -> dict:
        return {}

    def readings(self, fields, driven: int = 0) -> dict[str, Any]:
        """S-parameters by name ("S21": out of port 2 when port 1 is driven), complex, one a wavelength."""
        from adjointdesign.objectives.s_parameters import ratio

        ports = self.layout.ports
        incoming = fields[f"port {driven + 1}"][ports[driven].inward]
        return {
            f"S{k + 1}{driven + 1}": ratio(fields[f"port {k + 1}"][port.outward], incoming) for k, port in enumerate(ports)
        }

    def objective(self, readings, stage):
        """Largest miss of any target with the margin, dB: smoothed, or one value each for a min-max."""
        from adjointdesign.objectives.s_parameters import decibels, smooth_maximum, violations

        targets = self.targets()
        values = violations([decibels(readings[t.reading]) for t in targets], targets) + self.optimization.margin
        if stage.get("minimax"):
            return values
        return smooth_maximum(values, self.optimization.temperature)

    def constraints(self, parameters, stage) -> dict[str, Any]:
        """Minimum length scale of solid and void, where the stage asks for it (Zhou et al. 2015)."""
        if not stage.get("length_scale"):
            return {}
        from adjointdesign.design.length_scale import solid_length_scale, void_length_scale

        o, filtered = self.optimization, self.filtered(parameters)
        projected = self.density(parameters, stage)
        arguments = (filtered, projected, o.minimum_length, o.filter_radius, self.specification.pixel)
        return {"solid length scale": solid_length_scale(*arguments), "void length scale": void_length_scale(*arguments)}

    def report(self, readings) -> dict[str, np.ndarray]:
        """S-parameters in dB by name, and the largest miss of any target."""
        from adjointdesign.objectives.decibels import amplitude_decibels

        db = {name: amplitude_decibels(s) for name, s in readings.items()}
        return db | {"worst_db": np.array(self.worst(db))}

    def worst(self, s_db: Mapping[str, np.ndarray]) -> float:
        """Largest miss of any target, dB; negative when all are met."""
        return float(max(np.max(t.violation(s_db[t.reading][t.where])) for t in self.targets()))

    def worst_readings(self, s_db: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Per targeted S-parameter, dB, the value that misses a target by most, or else meets its targets by least."""
        found: dict[str, tuple[float, float]] = {}
        for t in self.targets():
            values = np.asarray(s_db[t.reading])[t.where]
            miss, value = max(zip(t.violation(values), values))
            found[t.reading] = max(found.get(t.reading, (-np.inf, 0.0)), (float(miss), float(value)))
        return {reading: value for reading, (_, value) in found.items()}

    def target(self, reading: str, sense: int, bound: float, low: float = 0.0, high: float = np.inf) -> Target:
        """A target at every wavelength between ``low`` and ``high``, m."""
        wavelengths = np.array(self.specification.wavelengths)
        return Target(reading, sense, bound, np.flatnonzero((wavelengths >= low) & (wavelengths <= high)), "dB")

    def _reached(self, readings) -> bool:
        """Whether all targets are met with the margin, and the constraints that a penalty stands for."""
        # A negated comparison would let what is not a number pass.
        met = readings["worst_db"] <= -self.optimization.margin
        return bool(met and np.all(np.asarray(readings.get("constraints", 0.0)) <= 0.0))

    def stages(self):
        """The continuation of the settings."""
        from adjointdesign.optimize.penalty import Penalty
        from adjointdesign.optimize.stages import Stage
        from adjointdesign.optimize.stopping import Stopping

        return tuple(
            Stage(
                f"steepness {s.steepness:g}" + (", length scale" if s.length_scale else ""),
                {"steepness": s.steepness, "length_scale": s.length_scale, "minimax": s.minimax},
                s.method,
                Stopping(ftol=self.optimization.tolerance, max_evaluations=s.evaluations, reached=self._reached),
                s.minimax,
                Penalty(s.penalty, PENALTY_MARGIN),
            )
            for s in self.optimization.stages
        )

    def refined(self, factor: float) -> PhotonicDevice:
        """The same pixels on smaller cells; the absorbing layers stay as thick as they are."""
        d = self.discretization
        return self.rebuilt(spacing=d.spacing / factor, pml_cells=math.ceil(d.pml_cells * factor - 1e-9))

    def continuous_gradient(self, parameters, stage) -> np.ndarray:
        """Gradient of the objective by reciprocity; see `reciprocity.py`."""
        from adjointdesign.problems.photonics.reciprocity import continuous_gradient

        return continuous_gradient(self, parameters, stage)

    def driven_response(self, driven: int, medium):
        """S-parameters and fields with a port driven; see `reciprocity.py`."""
        from adjointdesign.problems.photonics.reciprocity import fdtd_response

        return fdtd_response(self, driven, medium)

    def integrals(self, first, second, factors):
        """Integrals of products of fields; see `reciprocity.py`."""
        from adjointdesign.problems.photonics.reciprocity import fdtd_integrals

        return fdtd_integrals(self, first, second, factors)

    # -- files --------------------------------------------------------------------------------------------------------

    def at(self, wavelengths) -> PhotonicDevice:
        """The same device at other wavelengths, m."""
        specification = self.specification.model_copy(update={"wavelengths": tuple(map(float, wavelengths))})
        return type(self)(specification, self.discretization, self.optimization)

    def spectrum(self, wavelengths, density) -> np.ndarray:
        """S-parameters of the driven port at other wavelengths (m), shape ``(wavelengths, out)``."""
        return np.stack([np.asarray(s) for s in self.at(wavelengths).respond(density).values()], axis=-1)

    def fields(self, density) -> dict[str, np.ndarray]:
        """Electric field at every wavelength with port 1 driven, over the (cut) plane; see `deliver.fields`."""
        from adjointdesign.problems.photonics.deliver import fields

        return fields(self, density)

    def deliver(self, folder, parameters, status):
        """Write design.h5, design.gds and the Touchstone file; see `deliver.py`."""
        from adjointdesign.problems.photonics.deliver import deliver

        deliver(self, folder, parameters, status)

    def summarize(self, folder):
        """Targets and length scale of a delivered design."""
        from adjointdesign.problems.photonics.deliver import summarize

        return summarize(folder)

    def evaluate_file(self, path):
        """S-parameters of a density in a csv, npy, gds or h5 file."""
        from adjointdesign.report.deliverables.design_files import read_design

        density, kind = read_design(path, self.design_shape, self.specification.pixel, self.layout.pixel_origin)
        readings = self.respond(density)
        report = self.report(readings)
        return {
            "problem": self.name,
            "design": str(path),
            "format": kind,
            "objective": float(self.objective(readings, {})),
            "wavelengths": list(self.specification.wavelengths),
            "s_parameters_db": {name: values.tolist() for name, values in report.items() if name != "worst_db"},
            "worst_db": float(report["worst_db"]),
            "worst_s_parameters_db": self.worst_readings(report),
            "targets_met": bool(report["worst_db"] <= 0),
        }

    def table(self, result) -> str:
        """S-parameters by wavelength."""
        miss = f"worst miss of a target {result['worst_db']:.2f} dB (negative: all met)"
        names = list(result["s_parameters_db"])
        lines = [
            f"objective {result['objective']:.4f}, {miss}",
            "wavelength [nm]  " + "  ".join(f"{n + ' [dB]':>9}" for n in names),
        ]
        for k, wavelength in enumerate(result["wavelengths"]):
            values = "  ".join(f"{result['s_parameters_db'][n][k]:9.2f}" for n in names)
            lines.append(f"{wavelength * 1e9:15.1f}  {values}")
        return "\n".join(lines)
