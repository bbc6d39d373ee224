"""Dissipated power: what lossy media take is what goes into them, exactly as discretised; its adjoint."""

import numpy as np
import pytest
from far_field_cases import F0, LENGTH, PULSE

from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.monitors import DissipatedPowerMonitor, RadiatedPowerMonitor, power
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, FdtdMaxwell, Medium, Pec, Pmc, Steps
from adjointdesign.sources import point_dipole
from adjointdesign.verification.dot_product import check_solver

D = LENGTH / 14
FREQUENCIES = F0 * np.array([0.8, 1.2])
WALLS = {"pec": Pec, "pmc": Pmc}
MATERIALS = {
    "conductivity": None,
    "debye": Dispersion.debye(2.0, 3.0, 1e-10),
    "lorentz": Dispersion.lorentz(1.5, 2.0, F0, 2e9),
    "drude": Dispersion.drude(1.0, 0.7 * F0, 3e9),
}


def lossy(grid, kind, low, high):
    """A block from node ``low`` to ``high`` along each axis, of a metal edge, and of one kind of loss besides."""

    def block(*x):
        inside = 1.0
        for axis, values in enumerate(x):
            lines = grid.lines(axis)
            inside = inside * ((values >= lines[low[axis]]) & (values <= lines[high[axis]]))
        return inside

    medium = Medium.from_function(grid, lambda *x: 1.0 + block(*x), lambda *x: 0.02 * block(*x))
    conductor = {c: np.zeros(grid.shape, bool) for c in grid.electric}
    conductor[grid.electric[0]][tuple(n + 2 for n in low)] = True
    medium = Medium(grid, medium.permittivity, medium.conductivity if kind == "conductivity" else {}, conductor)
    return medium if kind == "conductivity" else medium.filled("stuff", MATERIALS[kind], lambda *x: 0.7 * block(*x))


def arrangement(polarization, kind, face, box=None):
    """A dipole in an inner box of a graded grid, and beside it, on a wall, a lossy block; all in an outer box."""
    ndim = 3 if polarization == "3d" else 2
    rng = np.random.default_rng(2)
    cells = 20
    grid = YeeGrid.graded([np.r_[0, np.cumsum(D * (0.8 + 0.4 * rng.random(cells)))] for _ in range(ndim)], polarization)
    grid = YeeGrid.graded([_even_ends(grid.lines(a), 5) for a in range(ndim)], polarization)
    lines = [grid.lines(a) for a in range(ndim)]
    low, high = [11] + [7] * (ndim - 1), [14] + [11] * (ndim - 1)
    ground, boundaries = {}, [[Cpml(5), Cpml(5)] for _ in range(ndim)]
    if face:
        axis, wall = AXES.index(face[0]), WALLS[face[1:]]()
        ground, low[axis], boundaries[axis][0] = {f"-{face[0]}": face[1:]}, 0, wall

    def of(first, last):
        ends = [(lines[a][0 if AXES[a] == face[:1] else first[a]], lines[a][last[a]]) for a in range(ndim)]
        return tuple(sum(e) / 2 for e in ends), tuple(e[1] - e[0] for e in ends), FREQUENCIES, ground

    inner, outer = of([7] * ndim, [10] + [12] * (ndim - 1)), of([6] * ndim, [15] + [14] * (ndim - 1))
    monitors = [
        RadiatedPowerMonitor("in", *inner), RadiatedPowerMonitor("out", *outer),
        DissipatedPowerMonitor("lost", *outer), DissipatedPowerMonitor("none", *inner),
    ]  # fmt: skip
    component = "ez" if polarization == "3d" else polarization if polarization == "ez" else "ey"
    place = tuple(x[8] + 0.3 * D for x in lines)
    return FdtdMaxwell(
        lossy(grid, kind, low, high), [point_dipole("dipole", place, component, PULSE)], monitors, boundaries=boundaries,
        run_length=Steps(1500), threads=1, box=box and Box.covering(grid, *box),
    )  # fmt: skip


def _even_ends(lines, layer):
    """Absorbing layers ask for cells of one size."""
    cells = np.diff(lines)
    cells[: layer + 1], cells[-layer - 1 :] = cells[layer], cells[-layer - 1]
    return np.r_[0, np.cumsum(cells)]


PLACES = [("3d", ""), ("ez", "ypmc"), ("hz", "")]
WALLED = [("3d", face, kind) for face in ("zpmc", "ypec") for kind in ("conductivity", "debye")]


@pytest.mark.parametrize("polarization,face,kind", [*((*place, kind) for place in PLACES for kind in MATERIALS), *WALLED])
def test_what_goes_in_and_does_not_come_out_is_dissipated(polarization, face, kind):
    solver = arrangement(polarization, kind, face)
    readings = {name: power(r) for name, r in solver.evaluate({}).items()}
    assert np.all(readings["lost"] > 0.01 * readings["in"]) and np.all(readings["none"] == 0)
    assert (readings["out"] + readings["lost"]) / readings["in"] - 1 == pytest.approx(0, abs=1e-7)  # by what the end of the run cuts off


def test_transpose_is_the_adjoint():
    solver = arrangement("3d", "lorentz", "zpmc")
    placement = solver.program.doors.placements[2]
    rng = np.random.default_rng(5)

    def some(*shape):
        return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)

    z = {c: some(2, i.size) for c, i in placement.indices.items()}
    g = some(*placement.shape)
    y, back = placement.read(z), placement.transpose(g)
    assert y.shape == placement.shape and {c: b.shape for c, b in back.items()} == {c: x.shape for c, x in z.items()}
    assert sum(np.vdot(back[c], z[c]) for c in z) == pytest.approx(np.vdot(g, y), rel=1e-12)


def test_derivatives_are_exact():
    solver = arrangement("ez", "debye", "ypmc", box=((3 * D, 4 * D), (7 * D, 8 * D)))
    solver.steps = 150
    box = solver.program.box
    rng = np.random.default_rng(7)
    inputs = {f"permittivity_{c[1]}": 1.3 + rng.random(box.shape(c)) for c in solver.program.grid.electric}
    check = check_solver(solver, inputs, np.random.default_rng(5))
    assert check["passed"], str(check)


def test_parts_of_the_losses_add_up():
    solver = arrangement("hz", "debye", "")
    medium, placement = solver.program.medium, solver.program.doors.placements[2]
    extra = {c: np.full(medium.grid.shape, 0.01) for c in medium.grid.electric}
    both = Medium(medium.grid, medium.permittivity, extra, medium.conductor, dispersive=medium.dispersive)
    placed = solver.program.doors.monitors[2].place(both, solver.dt)
    rng = np.random.default_rng(3)
    reading = placed.read({c: rng.standard_normal((2, i.size)) + 0j for c, i in placed.indices.items()})
    parts = [Medium(medium.grid, medium.permittivity, extra), medium]
    assert sum(placed.taken_by(part, reading) for part in parts) == pytest.approx(power(reading), rel=1e-12)
    assert placed.shape[2] > placement.shape[2] > 0
