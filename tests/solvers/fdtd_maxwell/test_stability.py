"""The bound on the time step: tight for uniform media, never below the largest eigenvalue, far above separate least values."""

import numpy as np
import pytest
from plain_yee import curl

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.solvers.fdtd_maxwell import Box, FdtdMaxwell, Medium, Pec, Periodic, Steps
from adjointdesign.solvers.fdtd_maxwell.stability import largest_eigenvalue

CELLS = {"ez": (5, 4), "hz": (5, 4), "3d": (4, 3, 3)}


def exact(grid, permittivity, permeability, conductor):
    """Largest eigenvalue of the whole grid's matrix, between walls, column by column."""
    free = []
    for c in grid.electric:
        mask = np.zeros(grid.shape, bool)
        inner = []
        for a in range(grid.ndim):
            nodes = grid.nodes(c, a)
            on_nodes = nodes.stop - nodes.start == grid.cells[a] + 1
            inner.append(slice(nodes.start + 1, nodes.stop - 1) if on_nodes else nodes)
        mask[tuple(inner)] = True
        free += [(c, tuple(i)) for i in np.argwhere(mask & ~conductor.get(c, np.zeros(grid.shape, bool)))]
    matrix = np.zeros((len(free), len(free)))
    for column, (c, place) in enumerate(free):
        fields = {name: np.zeros(grid.shape) for name in grid.components}
        fields[c][place] = 1.0
        magnetic = {}
        for h in grid.components:
            if h[0] == "h":
                own = np.zeros(grid.shape)
                own[grid.interior(h)] = curl(fields, h, grid, True)[grid.interior(h)]
                magnetic[h] = own / permeability.get(h, 1.0)
        for row, (e, at) in enumerate(free):
            matrix[row, column] = curl({**fields, **magnetic}, e, grid, False)[at] / permittivity[e][at]
    return np.linalg.eigvals(matrix).real.max()


def random_case(polarization, seed, graded=True):
    rng = np.random.default_rng(seed)
    cells = CELLS[polarization]
    lines = [np.r_[0, np.cumsum(rng.uniform(0.5, 1.5, n) if graded else np.ones(n))] for n in cells]
    grid = YeeGrid.graded(lines, polarization)
    permittivity = {c: rng.uniform(0.3, 3, grid.shape) for c in grid.electric}
    magnetic = [c for c in grid.components if c[0] == "h"]
    permeability = {c: np.where(rng.random(grid.shape) < 0.5, 1.0, rng.uniform(0.2, 3, grid.shape)) for c in magnetic}
    conductor = {c: rng.random(grid.shape) < 0.1 for c in grid.electric}
    return grid, permittivity, conductor, permeability


@pytest.mark.parametrize("polarization", CELLS)
def test_never_below_the_largest_eigenvalue(polarization):
    for seed in range(6):
        grid, permittivity, conductor, permeability = random_case(polarization, seed)
        for magnetic in (permeability, {}):
            found, true = largest_eigenvalue(grid, permittivity, conductor, magnetic), exact(grid, permittivity, magnetic, conductor)
            assert true <= found * (1 + 1e-12)
            assert found < 10 * true


@pytest.mark.parametrize("polarization", CELLS)
def test_of_a_uniform_medium(polarization):
    """``4 sum 1/d^2 / (eps mu)``, with and without the cells' own matrices."""
    cells = CELLS[polarization]
    grid = YeeGrid(cells, (1.0, 2.0, 0.5)[: len(cells)], (0.0,) * len(cells), polarization)
    permittivity = {c: np.full(grid.shape, 2.0) for c in grid.electric}
    expected = 4 * sum(1 / d**2 for d in grid.spacing) / 2
    assert largest_eigenvalue(grid, permittivity, {}, {}) == pytest.approx(expected, rel=1e-12)
    magnetic = {c: np.full(grid.shape, 3.0) for c in grid.components if c[0] == "h"}
    assert largest_eigenvalue(grid, permittivity, {}, magnetic) == pytest.approx(expected / 3, rel=1e-12)


def test_factors_of_an_edge_cost_less_than_their_least_values_say():
    """Beyond the edge of a sheet: permittivity times f on a link, permeability over f on the face beside it."""
    grid = YeeGrid((8, 8, 8), (1.0, 1.0, 0.5), (0.0, 0.0, 0.0))
    for f in (0.1, 10.0):
        permittivity = {c: np.ones(grid.shape) for c in grid.electric}
        permeability = {"hz": np.ones(grid.shape)}
        conductor = {c: np.zeros(grid.shape, bool) for c in ("ex", "ey")}
        conductor["ex"][:4, :, 5] = conductor["ey"][:5, :, 5] = True
        permittivity["ex"][4, :, 5] = f
        permeability["hz"][4, :, 5] = 1 / f
        bare = 4 * (1 + 1 + 4)
        found = largest_eigenvalue(grid, permittivity, conductor, permeability)
        assert bare < found < 0.5 * bare * max(f, 1 / f)


def test_images_on_periodic_axes_count():
    """What is designed on the first node is on the last one, too, beside a face of little permeability."""
    grid = YeeGrid((8, 8), (1e-3, 1e-3), (0.0, 0.0), "ez")
    little = np.ones(grid.shape)
    little[8, :] = 0.05
    medium = Medium(grid, Medium.uniform(grid).permittivity, permeability={"hy": little})
    box = Box.covering(grid, (0.0, 4e-3), (0.4e-3, 4.4e-3), periodic=(True, False))
    solver = FdtdMaxwell(medium, [], [], boundaries=[Periodic(), Pec()], run_length=Steps(4), box=box)
    with pytest.raises(InputError, match="stable with time steps"):
        solver.evaluate({"permittivity_z": np.full(box.shape("ez"), 0.2)})


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        ({"permeability_x": np.ones((2, 2))}, "extremes: expected inputs of the solver"),
        ({"permitivity_z": np.ones((2, 2))}, "extremes: expected inputs of the solver"),
        ({"permittivity_z": np.ones(3)}, "permittivity_z among extremes: expected an array of shape"),
        ({"permittivity_z": np.full((9, 9), np.nan)}, "permittivity_z among extremes: expected finite"),
    ],
)
def test_extremes_that_are_no_inputs_are_refused(inputs, match):
    grid = YeeGrid.graded([np.arange(9.0) * 1e-3] * 2, "ez")
    with pytest.raises(InputError, match=match):
        FdtdMaxwell(Medium.uniform(grid), [], [], boundaries=[Pec(), Pec()], run_length=Steps(1), extremes=[inputs])
