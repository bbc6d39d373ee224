"""Burgers' equation on the tape, against the figures that the page on adjoints of Firedrake's documentation prints."""

import re

import pytest

pytest.importorskip("firedrake")

import pyadjoint  # noqa: E402
from firedrake import (  # noqa: E402
    Constant, DirichletBC, Function, FunctionSpace, NonlinearVariationalProblem, NonlinearVariationalSolver, SpatialCoordinate,
    TestFunction, UnitIntervalMesh, assemble, dx, pi, project, sin,
)  # fmt: skip

from adjointdesign.tape import Control, ReducedFunctional, recording  # noqa: E402
from adjointdesign.verification.taylor import taylor_along  # noqa: E402

# "Solving adjoint PDEs" in the manual of Firedrake: functional at two initial conditions, and residuals of its Taylor test.
FUNCTIONAL, AT_ANOTHER = 5.006, 5.415
RESIDUALS = [0.0014987214563476335, 0.0003660923070762233, 9.099970030487065e-05, 2.271743962188236e-05]
RATES = [2.0334529144590374, 2.008273758606956, 2.002061549516079]


def recorded(cells=30):
    """Kinetic energy of a sine that steepens, summed over implicit Euler steps; its tape and its initial condition."""
    mesh = UnitIntervalMesh(cells)
    space = FunctionSpace(mesh, "CG", 2)
    step, viscosity = Constant(1.0 / cells), Constant(0.0001)
    with recording() as tape:
        start = project(sin(2 * pi * SpatialCoordinate(mesh)[0]), space)
        old, new, test = Function(space), Function(space), TestFunction(space)
        old.assign(start)
        residual = ((new - old) / step * test + new * new.dx(0) * test + viscosity * new.dx(0) * test.dx(0)) * dx
        solver = NonlinearVariationalSolver(NonlinearVariationalProblem(residual, new, bcs=DirichletBC(space, 0.0, "on_boundary")))
        total = assemble(start * start * dx)
        for _ in range(int(0.3 / float(step)) + 1):
            solver.solve()
            old.assign(new)
            total += assemble(new * new * dx)
    return tape, total, start


@pytest.mark.slow
def test_the_documented_residuals_come_out(capsys):
    tape, total, start = recorded()
    space = start.function_space()
    assert round(total, 3) == FUNCTIONAL
    functional = ReducedFunctional(total, Control(start), tape=tape)
    other = project(sin(pi * SpatialCoordinate(space.mesh())[0]), space)
    assert round(functional(other), 3) == AT_ANOTHER
    capsys.readouterr()
    pyadjoint.taylor_test(functional, start, Function(space).assign(1.0))
    numbers = re.findall(r"\[(.*?)\]", capsys.readouterr().out.replace("np.float64(", "").replace(")", ""))
    residuals, rates = ([float(number) for number in line.split(",")] for line in numbers)
    # Differences of numbers near 5, so the last places are those of the machine: 3e-15 were seen.
    assert residuals == pytest.approx(RESIDUALS, rel=0, abs=2e-14)
    assert rates == pytest.approx(RATES, rel=0, abs=2e-9)
    # In the documented direction, a constant, the derivative is zero by symmetry, whatever its size elsewhere.
    direction = Function(space).interpolate(SpatialCoordinate(space.mesh())[0])

    def along(cofunction):
        return cofunction.dat.data_ro @ direction.dat.data_ro

    def path(step):
        return float(functional(Function(space).assign(start + Constant(step) * direction)))

    path(0.0)
    slope, curvature = along(functional.derivative()), along(functional.hessian(direction))
    assert abs(slope) > 1
    for result in (taylor_along(path, slope), taylor_along(path, slope, curvature)):
        assert result.passed, str(result)
