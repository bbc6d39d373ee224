"""The 90-degree waveguide bend by finite elements: the same specification, density and objective as `waveguide-bend`."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
from adjointdesign.problems.photonics.device import Length
from adjointdesign.problems.photonics.waveguide_bend import WaveguideBend
from pydantic import Field

from adjointdesign.problem import Settings

AT_ONCE = 6
"""Wavelengths of a spectrum that are in memory together."""


class BendFemDiscretization(Settings):
    """Size of the square cells (m) and degree of the elements on them; cells across an absorbing layer.

    ``solver`` holds PETSc options; empty for the direct solver.
    """

    spacing: Length = 40e-9
    degree: Annotated[int, Field(ge=1, le=6)] = 2
    pml_cells: Annotated[int, Field(ge=1, le=1000)] = 8
    solver: dict[str, str | int | float | bool] = {}


class BendFem(WaveguideBend):
    """Pixels -> permittivity, a polynomial in every cell -> Ez for each port at each wavelength -> S-parameters.

    What comes before the permittivity and after the amplitudes is that of `WaveguideBend`, which is solved by FDTD.
    """

    name: ClassVar = "bend-fem"
    summary: ClassVar = "the bend of waveguide-bend by finite elements, 1265 to 1295 nm"
    Discretization: ClassVar = BendFemDiscretization
    presets: ClassVar = {
        "coarse": {
            "specification": {"wavelengths": [1270e-9, 1290e-9]},
            "optimization": WaveguideBend.presets["coarse"]["optimization"],
        }
    }

    def prepare(self) -> None:
        """Make mesh and solver; put the first design through every stage's density."""
        first = self.initial_design(np.random.default_rng(0))
        for stage in self.stages():
            self.density(first, stage.parameters)
        self.solver()

    @cached_property
    def model(self):
        """Mesh, permittivity and solvers, made once."""
        from adjointdesign.solvers import load

        return load("adjointdesign.problems.photonics.bend_fem_model").Model(self.layout, self.frequencies, self.discretization)

    # -- the flow -----------------------------------------------------------------------------------------------------

    def medium(self, density):
        """Relative permittivity at the nodes of every cell."""
        return {"permittivity": self.model.permittivity(density)}

    def solver(self, driven: int = 0):
        """The finite-element solver that drives port number ``driven``."""
        return self.model.solver(driven)

    def driven_response(self, driven: int, medium):
        """By elements: the field in every cell."""
        from adjointdesign.problems.photonics.reciprocity import Response
        from adjointdesign.tape import stop_annotating

        with stop_annotating():
            fields = self.solve(medium, driven)
            states = [system.solutions(medium)[0].copy(deepcopy=True) for system in self.solver(driven).systems]
            return Response(self.readings(fields, driven), np.asarray(fields["in"])[:, 0], states)

    def integrals(self, first, second, factors):
        """Integrals of products of fields against each basis function of the permittivity."""
        return self.model.integrals(first, second, factors)

    def readings(self, fields, driven: int = 0):
        """S-parameters by name, as `PhotonicDevice.readings`."""
        from adjointdesign.objectives.s_parameters import ratio

        outgoing = {f"S{k}{driven + 1}": fields[f"out of port {k}"] for k in range(1, len(self.layout.ports) + 1)}
        return {name: ratio(reading[:, 0], fields["in"][:, 0]) for name, reading in outgoing.items()}

    # -- files --------------------------------------------------------------------------------------------------------

    def fields(self, density):
        """See `PhotonicDevice.fields`."""
        return self.model.fields(density)

    def spectrum(self, wavelengths, density):
        """See `PhotonicDevice.spectrum`; a few wavelengths at a time, as each keeps its factorization."""
        from adjointdesign.tape import stop_annotating

        parts = []
        for start in range(0, len(wavelengths), AT_ONCE):
            part = self.at(wavelengths[start : start + AT_ONCE])
            with stop_annotating():
                parts.append(np.stack([np.asarray(s) for s in part.respond(density).values()], axis=-1))
            part.solver().forget()
        return np.concatenate(parts)

    def deliver(self, folder, parameters, status):
        """As of any device, and ``design.npy``, ``field.vtu`` and the S-parameters of the same pixels by FDTD."""
        from adjointdesign.solvers import load

        load("adjointdesign.problems.photonics.bend_fem_deliver").deliver(self, folder, parameters, status)

    def summarize(self, folder):
        """Targets, also by FDTD, and length scale of a delivered design."""
        from adjointdesign.solvers import load

        return load("adjointdesign.problems.photonics.bend_fem_deliver").summarize(folder)
