"""Prescribed currents: their moments, their continuity and their refusals."""

import numpy as np
import pytest
from stand_in import layered

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.sources import GaussianPulse, UniformCurrent, point_dipole

PULSE = GaussianPulse(200e12, 20e12)
FLAT = YeeGrid((20, 16), (0.1, 0.2), (-1.0, -1.6), "ez")
SOLID = YeeGrid((8, 9, 10), (0.1, 0.2, 0.3), (0.0, 0.0, 0.0), "3d")


def density(source, grid):
    (injection,) = source.place(layered(grid, "x", 0, 1, 1.0, 1.0), 1e-16)
    array = np.zeros(grid.shape, complex)
    array.ravel()[injection.indices] = injection.profile
    assert array.imag.max() == 0
    return array.real


@pytest.mark.parametrize("component", ["ez", "hx", "hy"])
def test_dipole_has_unit_moment_at_its_position_in_two_dimensions(component):
    center = (0.237, -0.411)
    cells = density(point_dipole("d", center, component, PULSE), FLAT) * 0.1 * 0.2
    assert cells.sum() == pytest.approx(1.0)
    for axis in range(2):
        x = FLAT.coordinates(component, axis)
        assert (cells.sum(1 - axis) * x).sum() == pytest.approx(center[axis])


@pytest.mark.parametrize("component", ["ex", "ey", "ez", "hx", "hy", "hz"])
def test_dipole_has_unit_moment_at_its_position_in_three_dimensions(component):
    center = (0.33, 0.77, 1.21)
    cells = density(point_dipole("d", center, component, PULSE), SOLID) * 0.1 * 0.2 * 0.3
    mean = [np.tensordot(np.moveaxis(cells, a, 0), np.ones(cells.shape[1:] if a == 0 else np.delete(cells.shape, a)), 2)
            @ SOLID.coordinates(component, a) for a in range(3)]  # fmt: skip
    assert cells.sum() == pytest.approx(1.0)
    assert mean == pytest.approx(center)


def test_dipole_moves_continuously():
    before, after = (density(point_dipole("d", (0.2 + s, 0.0), "ez", PULSE), FLAT) for s in (-1e-9, 1e-9))
    assert np.abs(before - after).max() < 1e-6 * before.max()


def test_rectangle_carries_its_area_and_is_uniform_inside():
    size = (0.53, 0.9)
    array = density(UniformCurrent("b", (0.02, 0.05), "hx", PULSE, size), FLAT)
    assert array.sum() * 0.1 * 0.2 == pytest.approx(size[0] * size[1])
    assert array.max() == pytest.approx(1.0)


@pytest.mark.parametrize("component", ["ez", "hx", "hy"])
def test_sheet_across_the_domain_is_uniform_up_to_its_faces(component):
    array = density(UniformCurrent("s", (0.0, 0.0), component, PULSE, (2.0, 0.0)), FLAT)
    rows = array.sum(1)[FLAT.nodes(component, 0)] * 0.2
    assert rows == pytest.approx(np.ones(rows.size))
    assert array.sum(1).sum() == pytest.approx(array.sum(1)[FLAT.nodes(component, 0)].sum())  # nothing in ghosts


def test_bad_currents_are_refused():
    medium = layered(FLAT, "x", 0, 1, 1.0, 1.0)
    with pytest.raises(InputError, match="within the domain"):
        point_dipole("d", (3.0, 0.0), "ez", PULSE).place(medium, 1e-16)
    with pytest.raises(InputError, match="component"):
        point_dipole("d", (0.0, 0.0), "ex", PULSE).place(medium, 1e-16)
    with pytest.raises(InputError, match="2 coordinates"):
        point_dipole("d", (0.0, 0.0, 0.0), "ez", PULSE).place(medium, 1e-16)
    with pytest.raises(InputError, match="size"):
        UniformCurrent("d", (0.0, 0.0), "ez", PULSE, (-1.0, 0.0))
    with pytest.raises(InputError, match="size"):
        UniformCurrent("d", (0.0, 0.0), "ez", PULSE, 1.0)
    with pytest.raises(InputError, match="center"):
        point_dipole("d", 0.0, "ez", PULSE)
