"""A run that rings on is not taken for one that has decayed."""

import logging

from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import Cpml, Decay, FdtdMaxwell, Medium, Pec
from adjointdesign.sources import GaussianPulse, point_dipole


def solver(face, every, cells):
    """A dipole in a square of 20 nm cells."""
    grid = YeeGrid((cells, cells), (20e-9, 20e-9), (0.0, 0.0), "ez")
    middle = (10e-9 * cells, 10e-9 * cells)
    return FdtdMaxwell(
        Medium.uniform(grid), [point_dipole("dipole", middle, "ez", GaussianPulse(4e14, 2e14))],
        [FieldMonitor("field", middle, (0.0, 0.0), ("ez",))], boundaries=[face, face],
        run_length=Decay(1e-6, max_time=2e-13, every=every),
    )  # fmt: skip


def test_a_lossless_box_never_decays(caplog):
    """Looked at every step, its electric energy alone falls below any threshold twice a period."""
    box = solver(Pec(), 1, 30)
    with caplog.at_level(logging.WARNING):
        box.evaluate({})
    assert "fell only to" in caplog.text
    assert box.steps * box.dt >= 2e-13


def test_an_open_domain_does(caplog):
    opened = solver(Cpml(10), 50, 50)
    with caplog.at_level(logging.WARNING):
        opened.evaluate({})
    assert not caplog.text
    assert opened.steps * opened.dt < 1e-13
