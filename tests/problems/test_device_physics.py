"""Devices against physics that does not depend on how they are simulated: energy, reciprocity, symmetry, transparency."""

import numpy as np
import pytest
from device_cases import PLANE, blobs, device, guide, straight
from scipy.optimize import brentq

from adjointdesign.constants import C0
from adjointdesign.design.symmetry import symmetrize
from adjointdesign.problem import value_and_gradient
from adjointdesign.problems.photonics.deliver import decibels, fields, s_matrix


@pytest.mark.parametrize("name", PLANE)
def test_gradient_of_the_objective(name):
    """One random direction against central differences of the objective, at a gray design and the first stage."""
    problem = device(name, "discretization.run_time=60e-15")
    stage = problem.stages()[0].parameters
    x = 0.2 + 0.6 * blobs(problem.design_shape)
    direction = blobs(x.shape, seed=4) - 0.5
    values, jacobian, constraints, _, _ = value_and_gradient(problem, x, stage)
    h = 5e-5
    above, below = (float(problem.evaluate(x + sign * h * direction, stage).objective) for sign in (1, -1))
    slope = (above - below) / (2 * h)
    assert values.shape == (1,) and constraints.size == 0 and abs(slope) > 1e-2
    assert jacobian[0] @ direction.ravel() == pytest.approx(slope, rel=1e-5)


def test_gradients_of_a_min_max_with_constraints():
    """The last stage's form: every miss and both length scales, each row against central differences."""
    problem = device("waveguide-bend", "discretization.run_time=60e-15", "specification.wavelengths=[1265e-9, 1295e-9]")
    stage = {"steepness": 16.0, "length_scale": True, "minimax": True}
    x = 0.2 + 0.6 * blobs(problem.design_shape)
    direction = blobs(x.shape, seed=4) - 0.5
    values, jacobian, constraints, rows, _ = value_and_gradient(problem, x, stage)
    assert values.shape == (4,) and constraints.shape == (2,)

    def all_values(point):
        result = problem.evaluate(point, stage)
        return np.concatenate([np.asarray(result.objective), [float(c) for c in result.constraints.values()]])

    h = 1e-5
    slopes = (all_values(x + h * direction) - all_values(x - h * direction)) / (2 * h)
    np.testing.assert_allclose(np.vstack([jacobian, rows]) @ direction.ravel(), slopes, rtol=1e-4)


@pytest.mark.parametrize("overrides", [(), ("discretization.precision=single",)], ids=["double", "single"])
def test_a_straight_guide_passes_everything(overrides):
    """|S21| is 0 dB and S11 below -60 dB."""
    problem = straight(*overrides)
    s = s_matrix(problem, guide(problem))
    db = decibels(s)
    assert np.abs(db["S21"]).max() < 1e-3 and np.abs(db["S12"]).max() < 1e-3
    assert db["S11"].max() < -60 and db["S22"].max() < -60


def test_the_phase_of_a_straight_guide():
    """It turns over frequency as the slab's group index says, off by the grid's dispersion, which shrinks as spacing^2."""
    errors = []
    for spacing in (40e-9, 20e-9):
        problem = straight(f"discretization.spacing={spacing}", "specification.stub_length=800e-9")
        readings = problem.respond(guide(problem))
        distance = 1.6e-6 + 2 * 0.45 * 800e-9  # monitors 9 and 18 cells from the design region
        phase = np.unwrap(np.angle(np.asarray(readings["S21"])))
        seconds = np.polyfit(problem.frequencies, phase, 1)[0] / (2 * np.pi)
        errors.append(seconds * C0 / distance / group_index(1.28e-6) - 1)
    assert 0 < errors[1] < 0.012 and 1.8 < np.log2(errors[0] / errors[1]) < 2.4


def group_index(wavelength):
    """Of the fundamental TE mode of a 400 nm slab, from its dispersion relation kappa tan(kappa w / 2) = gamma."""

    def effective(wavelength):
        k = 2 * np.pi / wavelength

        def mismatch(n):
            kappa, gamma = k * np.sqrt(12.25 - n**2), k * np.sqrt(n**2 - 2.25)
            return kappa * np.sin(kappa * 200e-9) - gamma * np.cos(kappa * 200e-9)

        # The fundamental mode has kappa w / 2 below pi / 2.
        return brentq(mismatch, np.sqrt(max(2.25, 12.25 - (np.pi / 400e-9 / k) ** 2)) + 1e-9, 3.5 - 1e-9)

    h = 1e-9
    slope = (effective(wavelength + h) - effective(wavelength - h)) / (2 * h)
    return effective(wavelength) - wavelength * slope


def test_a_wall_reflects_everything():
    """Nothing of the straight guide's check is trivially so: a gap of cladding sends power back."""
    problem = straight()
    density = guide(problem)
    density[60:100] = 0.0
    db = decibels(s_matrix(problem, density))
    assert db["S21"].max() < -1 and db["S11"].min() > -20


@pytest.mark.parametrize("name", PLANE)
def test_no_power_is_made(name):
    """A passive device: at every wavelength the outgoing guided power is at most the incoming, whichever port is driven."""
    problem = device(name)
    s = s_matrix(problem, blobs(problem.design_shape))
    power = np.sum(np.abs(s) ** 2, axis=1)
    assert power.max() <= 1 + 1e-3 and power.max() > 0.01


@pytest.mark.parametrize("name", ["waveguide-bend", "mode-converter", "beam-splitter"])
def test_reciprocity(name):
    """S is symmetric (Lorentz) for any design, but for what the modes' overlaps take up of the radiation (0.2 percent)."""
    problem = device(name, "specification.wavelengths=[1265e-9, 1295e-9]")
    s = s_matrix(problem, blobs(problem.design_shape))
    assert np.abs(s).max() > 0.1
    assert np.abs(s - s.transpose(0, 2, 1)).max() < 5e-3


def test_mirror_symmetry_of_the_splitter():
    """A design that is its own mirror image: so is its S-matrix, in y to rounding, and in x but for radiation."""
    problem = device("beam-splitter")
    density = np.asarray(symmetrize(blobs(problem.design_shape), "mirror_x", "mirror_y"))
    s = s_matrix(problem, density)
    mirrored = [3, 2, 1, 0]
    np.testing.assert_allclose(s, s[:, mirrored][:, :, mirrored], atol=1e-9)
    turned = [1, 0, 3, 2]
    # A mode's H is read half a cell to one side of its E: exact for guided modes alone, not for what radiates past.
    np.testing.assert_allclose(s, s[:, turned][:, :, turned], atol=1e-3)


def test_symmetric_design_gives_a_symmetric_field():
    """A straight guide driven in its even mode: the field is even in y, and at full strength behind the device."""
    problem = straight()
    found = fields(problem, guide(problem))
    near = np.abs(found["y"]) < 1.5e-6
    ez, y = found["ez"][..., near], found["y"][near]
    np.testing.assert_allclose(y, -y[::-1], atol=1e-15)
    assert np.abs(ez - ez[..., ::-1]).max() < 1e-5 * np.abs(ez).max()
    middle = np.abs(ez[0, :, len(y) // 2])
    behind = middle[np.abs(found["x"] - 1.1e-6) < 50e-9].mean()
    before = middle[np.abs(found["x"] + 1.1e-6) < 50e-9].mean()
    assert behind == pytest.approx(before, rel=0.02)


@pytest.mark.parametrize("name", ["waveguide-bend", "beam-splitter"])
def test_density_has_the_symmetries_that_are_asked_for(name):
    problem = device(name)
    density = np.asarray(problem.density(blobs(problem.design_shape), {"steepness": 8.0}))
    if name == "waveguide-bend":
        np.testing.assert_allclose(density, density.T, atol=1e-12)
    else:
        np.testing.assert_allclose(density, density[::-1], atol=1e-12)
        np.testing.assert_allclose(density, density[:, ::-1], atol=1e-12)


def test_initial_design_is_that_of_the_seed():
    problem = device("waveguide-bend")
    one, same, other = (problem.initial_design(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert one.shape == (160, 160) and 0.45 <= one.min() < one.max() <= 0.55
