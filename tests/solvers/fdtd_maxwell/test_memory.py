"""What a run takes beyond its fields and coefficients."""

import tracemalloc

import numpy as np
import pytest

from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, FdtdMaxwell, Medium, Steps
from adjointdesign.sources import GaussianPulse, point_dipole


def case(precision="single", n=80, steps=8, dispersive=False):
    """A plane of four components in a box with absorbing layers, and permittivity in a third of it."""
    d = 20e-9
    grid = YeeGrid((n,) * 3, (d,) * 3, (0.0,) * 3)
    middle = n * d / 2
    plane = FieldMonitor("plane", (middle,) * 3, (0.0, 1.4 * middle, 1.4 * middle), ("ey", "ez", "hy", "hz"), [2e14])
    medium, options = Medium.uniform(grid, 2.25), {}
    if dispersive:
        block = Box.covering(grid, (0.6 * middle,) * 3, (1.4 * middle,) * 3)
        shares = {c: np.zeros(grid.shape) for c in grid.electric}
        for c in grid.electric:
            shares[c][block.slices[c]] = 1.0
        medium = medium.filled("glass", Dispersion.lorentz(2.25, [1.0, 0.5], [3e14, 4e14], 1e13), shares)
        options["designed"] = "glass"
    solver = FdtdMaxwell(
        medium, [point_dipole("dipole", (middle,) * 3, "ez", GaussianPulse(2e14, 1e14))], [plane],
        boundaries=[Cpml(8)] * 3, run_length=Steps(steps), precision=precision, minimum_permittivity=1.0,
        box=Box.covering(grid, (0.7 * middle,) * 3, (1.3 * middle,) * 3), **options,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    box = solver.program.box
    return solver, {f"permittivity_{c[1]}": 1 + rng.random(box.shape(c)) for c in grid.electric}


def peak(function) -> int:
    """Most memory that arrays hold at once while ``function`` runs."""
    function()  # what is kept for reuse, and the compiler's memory, are not of interest
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("precision,dispersive", [("single", False), ("double", False), ("single", True)])
def test_a_run_takes_its_fields_coefficients_and_readings(precision, dispersive):
    """At most 4 % more at 80 cells a side (3 at 128): neither making coefficients nor samples weigh beside them."""
    solver, inputs = case(precision, steps=64, dispersive=dispersive)
    program = solver.program
    made = program.coefficients({}, {}, {}, {})
    coefficients = sum(a.nbytes for a in (*made.ca, *made.cb, *made.dispersive.keep, *made.dispersive.gain))
    if dispersive:
        places = sum(len(flat) for flat in program.places.flat.values())
        assert sum(a.nbytes for a in program.zero_state().poles) == 4 * 4 * places  # two resonances, of two numbers each
    # A slab's temporary arrays, and those of its dispersive places.
    assert peak(lambda: program.coefficients({}, {}, {}, {})) < (1.15 if dispersive else 1.1) * coefficients
    kept = coefficients + sum(a.nbytes for a in program.zero_state().arrays)
    kept += sum(a.nbytes for reading in program.doors.readings(solver.steps) for a in reading.values())
    assert peak(lambda: solver.evaluate(inputs)) < 1.04 * kept


def test_coefficients_made_in_slabs_are_those_of_the_whole(monkeypatch):
    """Bit by bit, with slabs of one row."""
    solver, inputs = case("double", n=24)
    found = []
    for values in (1, 10**9):
        monkeypatch.setattr("adjointdesign.solvers.fdtd_maxwell.program._SLAB_VALUES", values)
        found.append(solver.program.coefficients(*solver._split(inputs)))
    for one, whole in zip(*(made.ca + made.cb for made in found)):
        assert np.array_equal(one, whole)
