"""Thin wires: lattice constants against closed forms, and a wire in a box against its known impedance."""

import math

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import spsolve

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.media.thin_wire import intrinsic_radius, link_factor, thin_wire
from adjointdesign.solvers.fdtd_maxwell import Medium


def test_radius_of_a_bare_line_of_edges():
    """``d exp(-gamma - 3/2 ln 2)`` on squares (Spitzer, P12.3)."""
    assert intrinsic_radius(1.0, 1.0) == pytest.approx(math.exp(-np.euler_gamma - 1.5 * math.log(2)), rel=1e-5)
    assert intrinsic_radius(1.0, 3.0) == pytest.approx(intrinsic_radius(3.0, 1.0), rel=1e-4)


def test_factor_on_squares_is_the_closed_form():
    for radius in (1e-4, 0.01, 0.1, 0.1984, 0.4):
        bare = intrinsic_radius(1.0, 1.0)
        assert 1 / link_factor(radius, 1.0, 1.0) == pytest.approx(1 + 2 / math.pi * math.log(bare / radius), rel=1e-9)


def capacitance(radius, dx, dy, cells):
    """Of a wire in the middle of a grounded square, over eps0 a unit length, by the static equations of the lattice."""
    nx, ny = cells
    index = -np.ones((nx + 1, ny + 1), int)
    index[1:-1, 1:-1] = np.arange((nx - 1) * (ny - 1)).reshape(nx - 1, ny - 1)
    wire = (nx // 2, ny // 2)
    factor = link_factor(radius, dx, dy)
    rows, columns, values = [], [], []
    for step, conductance in (((1, 0), dy / dx), ((0, 1), dx / dy)):
        for i in range(nx + 1 - step[0]):
            for j in range(ny + 1 - step[1]):
                ends = (i, j), (i + step[0], j + step[1])
                g = conductance * (factor if wire in ends else 1.0)
                p, q = (index[e] for e in ends)
                for one, other in ((p, q), (q, p)):
                    if one >= 0:
                        rows, columns, values = rows + [one], columns + [one], values + [g]
                        if other >= 0:
                            rows, columns, values = rows + [one], columns + [other], values + [-g]
    matrix = sparse.csc_array((values, (rows, columns)))
    unit = np.zeros(matrix.shape[0])
    unit[index[wire]] = 1.0
    return 1 / spsolve(matrix, unit)[index[wire]]


@pytest.mark.parametrize("radius", [0.002, 0.02, 0.1])
@pytest.mark.parametrize("cells", [(20, 20), (20, 40), (60, 20)])
def test_a_wire_in_a_square_tube_has_its_capacitance(radius, cells):
    """``C = 2 pi eps0 / ln(1.0787 D / 2a)``: the inner radius of a square of side D is 0.53935 D.

    G. Polya and G. Szego, Isoperimetric Inequalities in Mathematical Physics (1951), table of the square.
    """
    side, a = 20.0, radius
    found = capacitance(a, side / cells[0], side / cells[1], cells)
    assert found == pytest.approx(2 * math.pi / math.log(1.0787 * side / (2 * a)), rel=2e-3)


def test_factors_stand_around_the_wire():
    grid = YeeGrid((6, 6, 8), (1e-2, 2e-2, 1e-2), (0.0, 0.0, 0.0))
    wired = thin_wire(Medium.uniform(grid, 2.0), "z", (3e-2, 6e-2), (2e-2, 6e-2), 1e-3, gaps=[(3.2e-2, 4.2e-2)])
    f = link_factor(1e-3, 1e-2, 2e-2)
    assert np.flatnonzero(wired.conductor["ez"][4, 4]).tolist() == [3, 5, 6] and np.count_nonzero(wired.conductor["ez"]) == 3
    assert np.count_nonzero(wired.permittivity["ex"] != 2.0) == np.count_nonzero(wired.permittivity["ey"] != 2.0) == 2 * 5
    assert np.all(wired.permittivity["ex"][3:5, 4, 3:8] == 2.0 * f) and np.all(wired.permittivity["ey"][4, 3:5, 3:8] == 2.0 * f)
    assert np.all(wired.permeability["hy"][3:5, 4, 3:7] == 1 / f) and np.all(wired.permeability["hx"][4, 3:5, 3:7] == 1 / f)
    assert np.count_nonzero(wired.permeability["hy"] != 1) == 2 * 4
    assert "hz" not in wired.permeability


def test_loss_and_dispersion_get_the_factor_too():
    """The complex permittivity of the radial edges is that beside them times the factor."""
    grid = YeeGrid((6, 6, 8), (1e-2,) * 3, (0.0, 0.0, 0.0))
    soil = Medium(grid, {c: np.full(grid.shape, 5.0) for c in grid.electric}, {c: np.full(grid.shape, 0.1) for c in grid.electric})
    soil = soil.filled("water", Dispersion.debye(2.0, 70.0, 9e-12), lambda x, y, z: 0.3 + 0 * (x + y + z))
    wired, f = thin_wire(soil, "z", (3e-2, 3e-2), (2e-2, 6e-2), 1e-3), link_factor(1e-3, 1e-2, 1e-2)
    for before, after in ((soil.permittivity, wired.permittivity), (soil.conductivity, wired.conductivity),
                          (soil.dispersive["water"].strength, wired.dispersive["water"].strength)):  # fmt: skip
        ratio = after["ex"] / before["ex"]
        assert np.allclose(ratio[3:5, 4, 3:8], f) and np.count_nonzero(ratio != 1) == 10
        assert np.array_equal(after["ez"], before["ez"])


@pytest.mark.parametrize(
    "arguments,message",
    [
        (("z", (3e-2, 6e-2), (2e-2, 6e-2), 6e-3), "below half a cell"),
        (("z", (3e-2, 6e-2), (2e-2, 6e-2), 0.0), "positive"),
        (("z", (3.3e-2, 6e-2), (2e-2, 6e-2), 1e-3), "a node inside"),
        (("z", (0.0, 6e-2), (2e-2, 6e-2), 1e-3), "a node inside"),
        (("z", (3e-2, 6e-2), (2e-2, 2.2e-2), 1e-3), "at least one cell"),
        (("w", (3e-2, 6e-2), (2e-2, 6e-2), 1e-3), "axis of a thin wire"),
    ],
)
def test_wires_that_cannot_be_are_refused(arguments, message):
    grid = YeeGrid((6, 6, 8), (1e-2, 2e-2, 1e-2), (0.0, 0.0, 0.0))
    with pytest.raises(InputError, match=message):
        thin_wire(Medium.uniform(grid), *arguments)


def test_uneven_cells_beside_a_wire_are_refused():
    row = np.array([0.0, 1.0, 2.0, 3.5, 5.0])
    with pytest.raises(InputError, match="equal ones on both sides"):
        thin_wire(Medium.uniform(YeeGrid.graded([row, row, row])), "x", (2.0, 2.0), (1.0, 3.5), 0.1)
