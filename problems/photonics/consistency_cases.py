"""Cases of the consistency checker that are whole problems: each against its equations, and a bend by two engines."""

from __future__ import annotations

from functools import partial

import numpy as np

from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.comparison import Sample

BEND = {"wavelengths": (1280e-9,), "mode_margin": 900e-9}
"""One wavelength, and mode windows so wide that what the mode has outside of them (4e-4 of it at 520 nm) does not show."""
LADDER = (1.0, 1.5, 2.0, 3.0)
PIXEL = 5e-9
"""Of the engines' common density: at most half of the smallest cell, as FDTD takes means around nodes between pixels."""


def built(name: str, **specification):
    """The coarse preset of a problem with other settings in its specification."""
    from adjointdesign.problems import find

    kind = find(name)
    preset = {section: dict(kind.presets["coarse"].get(section, {})) for section in ("specification", "discretization", "optimization")}
    preset["specification"] |= specification
    return kind(
        kind.Specification(**preset["specification"]), kind.Discretization(**preset["discretization"]),
        kind.Optimization(**preset["optimization"]),
    )  # fmt: skip


def own_gradients(refinement: float, name: str, **specification) -> Sample:
    """Gradient by the tape and the problem's own continuous one, at a smooth random design."""
    from adjointdesign.verification.consistency.problem_case import problem_case
    from adjointdesign.verification.subject import interior_point

    problem = built(name, **specification)
    parameters, _ = interior_point(problem, np.random.default_rng(0))
    return problem_case(problem, parameters, problem.stages()[0].parameters).measure(refinement)


def engines(refinement: float) -> Sample:
    """Derivatives of ``|S21|^2`` along smooth directions, by FDTD and by elements of degree 2 on cells of one size."""
    return Sample(*(_derivatives(name, refinement) for name in ("waveguide-bend", "bend-fem")))


def _derivatives(name: str, refinement: float) -> np.ndarray:
    from adjointdesign.tape import Array, Control, ReducedFunctional, recording

    problem = built(name, pixel=PIXEL, **BEND).refined(refinement)
    count = problem.design_shape[0]
    side = (2 * np.arange(count) + 1) / count - 1
    x, y = np.meshgrid(side, side, indexing="ij")
    # A gray quarter of a ring between the guides.
    density = 0.95 * np.exp(-(((np.hypot(x + 1, y + 1) - 1) / 0.28) ** 2))
    directions = np.exp(-((x + 0.4) ** 2 + (y + 0.3) ** 2) / 0.15), np.cos(2 * x + y), np.sin(np.pi * x) * np.sin(2 * y)
    with recording() as tape:
        control = Array(density)
        transmission = (abs(problem.respond(control)["S21"]) ** 2).sum()
        gradient = ReducedFunctional(transmission, Control(control), tape=tape).derivative().data
    return np.array([np.sum(gradient * direction) for direction in directions])


RECIPROCITY = "D. M. Pozar, Microwave Engineering, 4th ed., section 1.9: Lorentz's reciprocity theorem"

CASES = (
    Case("bend-fdtd", "problems", "waveguide-bend, S-parameters by FDTD; products of the fields of two driven ports",
         f"{RECIPROCITY}; the scheme is of second order", partial(own_gradients, name="waveguide-bend", **BEND), LADDER, "convergent",
         {"difference": 2}, "the gradient in the pixels, which do not change with the refinement"),
    Case("bend-fem", "problems", "bend-fem, S-parameters by elements of degree 2; products of the fields of two driven ports",
         f"{RECIPROCITY}; functionals of degree p converge with order 2p", partial(own_gradients, name="bend-fem", **BEND), LADDER,
         "convergent", {"difference": 4}, "the gradient in the pixels, which do not change with the refinement", needs="firedrake"),
    Case("lens-fem", "problems", "metalens-fem, intensity at the focus by elements of degree 2; product with an adjoint field of its own",
         "the form is symmetric and the same: only quadrature of the two sources differs", partial(own_gradients, name="metalens-fem"),
         (1.0, 2.0, 3.0, 4.0), "convergent", {}, "the gradient in the pixels, which do not change with the refinement", needs="firedrake"),
    Case("engines-bend", "engines", "|S21|^2 of one bend by FDTD and by elements of degree 2",
         "the scheme of lower order, FDTD of order 2, sets the difference", engines, (1.0, 2.0, 4.0), "convergent", {"difference": 2},
         "derivatives along three smooth directions", needs="firedrake"),
)  # fmt: skip
