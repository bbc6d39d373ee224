"""Bodies with a permeability: duality with bodies of permittivity, resonances, and refusals."""

import numpy as np
import pytest
from fdtd_cases import Current, Pulse, ringing_frequencies, scheme_frequency

from adjointdesign.constants import C0, ETA0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, FdtdMaxwell, Medium, Pec, Periodic, Pmc, Steps
from adjointdesign.sources import GaussianPulse


def test_a_magnetic_body_is_the_dual_of_a_dielectric_one():
    """E -> eta0 H, H -> -E / eta0, epsilon <-> mu, electric walls <-> magnetic ones: the same numbers half a step apart.

    The grid of the one is that of the other moved by half a cell, so the fields agree at second order only; the
    frequencies at which they ring, in a body that fills the domain, agree to rounding with the scheme's own.
    """
    side, cells, index = 1.0, (12, 10), np.sqrt(1.3 * 1.7)
    for polarization, driven, faces in (("ez", "ez", Pec()), ("hz", "hz", Pec()), ("hz", "hz", Pmc())):
        grid = YeeGrid(cells, tuple(side / n for n in cells), (0.0, 0.0), polarization)
        wave = np.sin if (driven == "ez") == isinstance(faces, Pec) else np.cos
        profile = np.ones(())
        for a, m in enumerate((2, 1)):
            along = wave(np.pi * m * grid.coordinates(driven, a) / side)
            along[: grid.nodes(driven, a).start] = along[grid.nodes(driven, a).stop :] = 0
            profile = np.multiply.outer(profile, along)
        frequency = C0 / index / 2 * np.hypot(2, 1)
        pulse = Pulse(frequency, 5 / frequency)
        medium = Medium.uniform(grid, 1.3)
        magnetic = {c: np.full(grid.shape, 1.7) for c in grid.components if c not in grid.electric}
        medium = Medium(grid, medium.permittivity, permeability=magnetic)
        solver = FdtdMaxwell(medium, [Current("mode", {driven: profile}, pulse)], [FieldMonitor("at", (0.37, 0.29), (0.0, 0.0), (driven,))],
                             boundaries=[faces, faces], run_length=Steps(1), courant=0.9)  # fmt: skip
        solver.steps = int(17 / frequency / solver.dt)
        signal = solver.evaluate({})["at"].ravel()[int(pulse.duration / solver.dt) + 2 :]
        every = max(1, int(0.1 / frequency / solver.dt))
        found = ringing_frequencies(signal[::every], every * solver.dt, 1)
        expected = scheme_frequency(solver.dt, grid.spacing, (2 * np.pi, np.pi), index)
        assert found == pytest.approx([expected], rel=1e-9)


def test_the_wave_impedance_follows():
    """In a magnetic half of a layer ``E / H = eta0 sqrt(mu)``: a plane pulse is reflected by ``(sqrt(mu) - 1) / (sqrt(mu) + 1)``."""
    cells, d, mu = 4000, 1e-3, 4.0
    grid = YeeGrid((cells, 1), (d, d), (0.0, 0.0), "ez")
    values = {c: np.ones(grid.shape) for c in ("hx", "hy")}
    for c in values:
        values[c][grid.coordinates(c, 0) > 2.0] = mu
    frequency = 3e9
    pulse = GaussianPulse(frequency, frequency)
    profile = np.zeros(grid.shape)
    profile[1000] = 1 / d
    ends = {}
    for name, magnetic in (("empty", {}), ("half", values)):
        medium = Medium(grid, Medium.uniform(grid).permittivity, permeability=magnetic)
        probe = FieldMonitor("at", (1.5, d / 2), (0.0, 0.0), ("ez", "hy"), [frequency])
        solver = FdtdMaxwell(medium, [Current("sheet", {"ez": profile}, pulse)], [probe], boundaries=[Pec(), Periodic()], run_length=Steps(1))
        solver.steps = int((1.7 / C0 + pulse.duration) / solver.dt)
        ends[name] = solver.evaluate({})["at"].reshape(2)
    incident, reflected = ends["empty"][0], ends["half"][0] - ends["empty"][0]
    assert abs(reflected / incident) == pytest.approx((np.sqrt(mu) - 1) / (np.sqrt(mu) + 1), rel=3e-3)
    assert (ends["half"] - ends["empty"])[0] / (ends["half"] - ends["empty"])[1] == pytest.approx(ETA0, rel=2e-3)


@pytest.mark.parametrize("polarization", ["ez", "hz"])
def test_magnetic_energy_counts_with_the_permeability(polarization):
    """Of a closed box's fields both kinds of energy take turns: their sum, by which a run's decay is judged, rests."""
    grid = YeeGrid((24, 20), (1e-3, 1e-3), (0.0, 0.0), polarization)
    rng = np.random.default_rng(3)
    magnetic = {c: rng.uniform(3.0, 6.0, grid.shape) for c in grid.components if c not in grid.electric}
    driven = next(c for c in grid.components if c[1] == "z")
    shape = np.zeros(grid.shape)
    shape[8, 9] = 1e6
    solver = FdtdMaxwell(
        Medium(grid, Medium.uniform(grid, 1.5).permittivity, permeability=magnetic),
        [Current("kick", {driven: shape}, GaussianPulse(3e9, 4e9))], [], boundaries=[Pec(), Pec()], run_length=Steps(900),
    )  # fmt: skip
    energies, propagation = [], solver._propagation({}, 900, 3)
    strengths = [solver.program.strengths(c, {}) for c in grid.electric]
    for block in range(300):
        propagation.advance(block, block + 1, keep=False, replay=True)
        energies.append(solver._energy(propagation, strengths))
    after = np.array(energies[-80:])
    assert 0 < after.min() and after.max() / after.min() < 1.2


GRID = YeeGrid((20, 20), (1e-3, 1e-3), (0.0, 0.0), "ez")


def bodied(where, **options):
    values = np.ones(GRID.shape)
    values[where] = 2.0
    return FdtdMaxwell(Medium(GRID, Medium.uniform(GRID).permittivity, permeability={"hy": values}), [], [], run_length=Steps(1),
                       boundaries=[Cpml(cells=5), (Pec(), Pec())], **options)  # fmt: skip


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="absorbing layers"):
        bodied((slice(4, 8), slice(8, 10)))
    with pytest.raises(InputError, match="absorbing layers"):
        bodied((slice(8, 18), slice(8, 10)))
    solver = bodied((slice(6, 16), slice(8, 10)), magnetic_box=Box.covering(GRID, (8e-3, 8e-3), (12e-3, 12e-3), components=("hx",)))
    shape = solver.program.permeability.box.shape("hx")
    with pytest.raises(InputError, match="permittivity and permeability: expected a medium that is stable"):
        solver.evaluate({"permeability_x": np.full(shape, 0.1)})
    with pytest.raises(InputError, match="permeability_x: expected an array of shape"):
        solver.evaluate({"permeability_x": np.ones((2, 2))})
    with pytest.raises(InputError, match="one of permittivity_z, conductivity_z, permeability_x, amplitudes"):
        solver.evaluate({"permeability_y": np.ones(shape)})
    both = Box.covering(GRID, (0.0, 0.0), (2e-2, 2e-2), components=("hy",))  # and with it both images of the nodes of a periodic axis
    with pytest.raises(InputError, match="box of hy along y"):
        FdtdMaxwell(Medium.uniform(GRID), [], [], boundaries=[Pec(), Periodic()], run_length=Steps(1), magnetic_box=both)
    with pytest.raises(InputError, match="magnetic_box"):
        bodied((slice(8, 9), slice(8, 9)), magnetic_box=Box.everywhere(GRID, (False, False)))
    with pytest.raises(InputError, match="one of the components"):
        Medium(GRID, Medium.uniform(GRID).permittivity, permeability={"ez": np.ones(GRID.shape)})
