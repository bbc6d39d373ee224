"""With dispersive media too, tangent, adjoint and second-order adjoint are those of the discrete program.

In permittivity, conductivity, amplitudes and the strengths of two materials at once, over the whole domain: also in
absorbing layers, on symmetry planes, on both images of a periodic node, beside conductors.
"""

from dataclasses import replace

import autograd.numpy as np
import pytest
from exact_cases import BOUNDARIES, dispersed, make

from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media import component_average, dispersive_material, linear_permittivity
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, FdtdMaxwell, Medium, Pmc, Steps, dispersive, poles, propagation
from adjointdesign.sources import GaussianPulse, point_dipole
from adjointdesign.tape import Array, Control, ReducedFunctional, recording, solve, taped
from adjointdesign.verification.dot_product import check_solver, dot_product_test, second_order_symmetry

SEED = 5
CASES = [(p, b, (p == "ez") == (n % 2 == 0)) for p in ("ez", "hz") for n, b in enumerate(BOUNDARIES)]


@pytest.mark.parametrize("polarization,boundaries,lossy", CASES)
def test_derivatives_are_exact(polarization, boundaries, lossy):
    """Residuals at most 1e-12, Taylor orders 2 and 3."""
    case, inputs = make(polarization, boundaries, lossy, dispersive=True)
    assert {"strength_metal_" + c[1] for c in case.program.grid.electric} < set(inputs)
    check = check_solver(case, inputs, np.random.default_rng(SEED))
    assert check["passed"], str(check)


def test_derivatives_are_exact_on_graded_grids_with_permeability():
    case, inputs = make("hz", "mixed", graded=True, magnetic=True, dispersive=True)
    check = check_solver(case, inputs, np.random.default_rng(SEED))
    assert check["passed"], str(check)


@pytest.mark.slow
@pytest.mark.parametrize("boundaries,lossy", [("layers", False), ("walls", True), ("mixed", True)])
def test_derivatives_are_exact_in_three_dimensions(boundaries, lossy):
    case, inputs = make("3d", boundaries, lossy, steps=60, dispersive=True)
    check = check_solver(case, inputs, np.random.default_rng(SEED))
    assert check["passed"], str(check)


def beside_conductor(strengths=("glass_a",), **options):
    """A conductor through the dispersive part, a box of a few cells that cuts it, and one of two materials designed."""
    grid = YeeGrid((22, 20), (60e-9, 50e-9), (0.0, 0.0), "hz")
    metal = {c: np.zeros(grid.shape, bool) for c in grid.electric}
    metal["ex"][8:12, 10] = metal["ey"][12, 10:14] = True
    medium = dispersed(replace(Medium.uniform(grid, 2.0), conductor=metal))
    middle = (0.66e-6, 0.5e-6)
    sources = [point_dipole("dipole", (0.5e-6, 0.4e-6), "ex", GaussianPulse(2e14, 3e14))]
    monitors = [FieldMonitor("field", middle, grid.extent, grid.components, [2e14])]
    solver = FdtdMaxwell(
        medium, sources, monitors, boundaries=[Cpml(cells=5), (Pmc(), Cpml(cells=5))], run_length=Steps(120),
        minimum_permittivity=1.0, designed=strengths, box=Box.covering(grid, (0.4e-6, 0.4e-6), (0.8e-6, 0.75e-6)), **options,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    inputs = {}
    for c in grid.electric:
        inputs["permittivity_" + c[1]] = 1.2 + rng.random(solver.program.box.shape(c))
        for name in strengths:
            inputs[f"strength_{name}_{c[1]}"] = 0.2 + rng.random(solver.program.box.shape(c))
    return solver, inputs


@pytest.mark.parametrize("strengths", [("glass_a",), ("metal",), ()])
def test_derivatives_are_exact_beside_a_conductor(strengths):
    case, inputs = beside_conductor(strengths)
    check = check_solver(case, inputs, np.random.default_rng(SEED))
    assert check["passed"], str(check)


def test_derivative_where_there_is_none_of_the_material_yet():
    """From strength zero, held against one-sided differences of a program that has no adjoint at all."""
    case, inputs = beside_conductor()
    inputs = {k: np.zeros_like(v) if k.startswith("strength") else v for k, v in inputs.items()}
    rng = np.random.default_rng(3)
    outputs = case.forward(inputs)
    cotangents = {k: rng.standard_normal(v.shape) + 1j * rng.standard_normal(v.shape) for k, v in outputs.items()}
    gradient = case.adjoint(inputs, cotangents)
    name = "strength_glass_a_x"
    direction = rng.random(inputs[name].shape)

    def value(h):
        return sum(np.vdot(cotangents[k], v).real for k, v in case.evaluate({**inputs, name: h * direction}).items())

    slopes = [(value(h) - value(0.0)) / h for h in (2e-4, 1e-4)]
    assert np.vdot(gradient[name], direction) == pytest.approx(2 * slopes[1] - slopes[0], rel=1e-6)


def test_input_given_is_the_background():
    """Strengths given as the background has them change nothing."""
    case, _ = beside_conductor(("metal", "glass_a"))
    program = case.program
    inputs = {f"strength_{name}_{c[1]}": part.strength[c][program.box.slices[c]]
              for name, part in program.medium.dispersive.items() for c in program.grid.electric}  # fmt: skip
    without, given = case.evaluate({})["field"], case.evaluate(inputs)["field"]
    assert np.array_equal(without, given) and np.any(given)
    doubled = case.evaluate({k: 2 * v for k, v in inputs.items()})["field"]
    assert np.linalg.norm(doubled - given) > 1e-3 * np.linalg.norm(given)


def test_a_density_acts_through_strength_and_permittivity():
    """Gold by a density of pixels, from the tape: the gradient held against central differences of plain runs."""
    grid = YeeGrid((24, 22), (10e-9, 10e-9), (0.0, 0.0), "hz")
    gold = dispersive_material("gold")
    box = Box.covering(grid, (80e-9, 80e-9), (160e-9, 140e-9))
    solver = FdtdMaxwell(
        Medium.uniform(grid).filled("gold", gold, {}),
        [point_dipole("dipole", (62e-9, 110e-9), "ey", GaussianPulse(5e14, 4e14))],
        [FieldMonitor("field", (175e-9, 110e-9), (0.0, 0.0), ("ey",), [5e14])], boundaries=[Cpml(5), Cpml(5)],
        run_length=Steps(300), box=box, designed="gold", minimum_permittivity=1.0,
    )  # fmt: skip

    def objective(rho):
        inputs = {}
        for c in grid.electric:
            share = component_average(rho, (80e-9, 80e-9), 20e-9, grid, c, [(s.start, s.stop) for s in box.slices[c]])
            inputs["permittivity_" + c[1]] = linear_permittivity(share, 1.0, gold.eps_inf)
            inputs["strength_gold_" + c[1]] = share
        return inputs

    rng = np.random.default_rng(4)
    rho, direction = 0.2 + 0.6 * rng.random((4, 3)), rng.standard_normal((4, 3))

    @taped
    def intensity(field):
        return 1e30 * np.sum(np.real(field * np.conj(field)))

    with recording():
        control = Array(rho)
        value = intensity(solve(solver, **objective(control))["field"])
        gradient = ReducedFunctional(value, Control(control)).derivative()

    def plain(h):
        return 1e30 * np.sum(np.abs(solver.evaluate(objective(rho + h * direction))["field"]) ** 2)

    slopes = [(plain(h) - plain(-h)) / (2 * h) for h in (2e-4, 1e-4)]
    assert np.vdot(np.asarray(gradient), direction) == pytest.approx((4 * slopes[1] - slopes[0]) / 3, rel=1e-6)


# -- planted faults ---------------------------------------------------------------------------------------------------


def share_of_poles_left_out_before(monkeypatch):
    """``h`` in place of ``g``: the poles' share in the weight of the old field without what W had of it."""
    right = dispersive.DispersivePlaces.__init__

    def wrong(self, *args):
        right(self, *args)
        self.poles = self.poles._replace(now=self.next.astype(self.dtype))

    monkeypatch.setattr(dispersive.DispersivePlaces, "__init__", wrong)


def conjugate_in_the_adjoint(monkeypatch):
    """The adjoint's poles with the conjugates of their decays but not of their drives."""
    right = propagation.Propagation.__init__

    def wrong(self, *args, **options):
        right(self, *args, **options)
        d = self.adjoint_scheme.dispersive
        poles = d.poles._replace(decay=d.poles.decay * np.array([1, -1]))
        self.adjoint_scheme = self.adjoint_scheme._replace(dispersive=d._replace(poles=poles))

    monkeypatch.setattr(propagation.Propagation, "__init__", wrong)


def strength_slightly_off(monkeypatch):
    right = propagation.Gradient.strength
    monkeypatch.setattr(propagation.Gradient, "strength", lambda self, *which: (1 + 1e-9) * right(self, *which))


def state_not_restored(monkeypatch):
    """A checkpoint that forgets the memory of the poles."""
    from adjointdesign.solvers.fdtd_maxwell.state import State

    monkeypatch.setattr(State, "arrays", property(lambda self: self.fields + self.psi_h + self.psi_e))


@pytest.mark.parametrize("fault", [share_of_poles_left_out_before, conjugate_in_the_adjoint, strength_slightly_off])
def test_planted_fault_is_caught(fault, monkeypatch):
    fault(monkeypatch)
    case, inputs = make("ez", "mixed", dispersive=True)
    assert dot_product_test(case, inputs, np.random.default_rng(SEED)) > 1e-11


def test_planted_fault_of_checkpoints_is_caught(monkeypatch):
    case, inputs = make("ez", "mixed", dispersive=True, schedule="revolve", memory_budget=200_000)
    assert dot_product_test(case, inputs, np.random.default_rng(SEED)) < 1e-12
    state_not_restored(monkeypatch)
    case, inputs = make("ez", "mixed", dispersive=True, schedule="revolve", memory_budget=200_000)
    assert dot_product_test(case, inputs, np.random.default_rng(SEED)) > 1e-6


def test_planted_fault_of_second_order_is_caught(monkeypatch):
    """The currents that a change of strength drives left out of the second-order sweep."""
    right = propagation.Propagation._drives

    def without(self, drives, source, first, last):
        return right(self, None if source else drives, source, first, last)

    monkeypatch.setattr(propagation.Propagation, "_drives", without)
    case, inputs = make("ez", "mixed", dispersive=True)
    assert second_order_symmetry(case, inputs, np.random.default_rng(SEED)) > 1e-6


def test_poles_are_imported_by_the_kernels_stamp():
    from adjointdesign.solvers.fdtd_maxwell import compiled

    assert poles.__name__.rpartition(".")[2] in compiled._SOURCES
