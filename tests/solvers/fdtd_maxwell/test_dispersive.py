"""Dispersive media do to waves what their permittivity says: in closed form, against Fresnel, and without end."""

import logging
from dataclasses import replace

import numpy as np
import pytest
from fdtd_cases import layered_medium

from adjointdesign.constants import C0, EPS0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.media.dispersive_library import dispersive_material
from adjointdesign.monitors import FieldMonitor, FluxMonitor, ModeMonitor, power
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, Decay, Dispersive, FdtdMaxwell, Medium, Pec, Periodic, Steps
from adjointdesign.solvers.fdtd_maxwell.program import courant_time_step
from adjointdesign.sources import GaussianPulse, ModeSource, UniformCurrent, point_dipole
from adjointdesign.verification.orders import observed_order

F0 = 2e14
FREQUENCIES = F0 * np.array([0.8, 0.95, 1.0, 1.1])
MATERIALS = {
    "drude": Dispersion.drude(2.0, 3.5e14, 1.5e14),
    "lorentz": Dispersion.lorentz(2.0, 1.5, 2.2e14, 4e14),
    "debye": Dispersion.debye(2.0, 2.0, 6e-16),
    "all": Dispersion.combined(
        1.5, Dispersion.drude(1.0, 2e14, 2e14), Dispersion.lorentz(1.0, [1.0, 0.3], [3e14, 1e14], [3e14, 2e15]),
        Dispersion.debye(1.0, 0.5, 2e-15, conductivity=1e3),
    ),
}  # fmt: skip


def uniform(material, strength=1.0, conductivity=0.0, cells=(3, 4), **options):
    """A periodic cell wholly of one material, driven by the same current everywhere: its field has no curl."""
    grid = YeeGrid(cells, (20e-9, 20e-9), (0.0, 0.0), "ez")
    medium = Medium(
        grid, {"ez": np.full(grid.shape, material.eps_inf)}, {"ez": np.full(grid.shape, conductivity)},
        dispersive={"material": Dispersive(material, {"ez": np.full(grid.shape, strength)})},
    )  # fmt: skip
    middle = tuple(e / 2 for e in grid.extent)
    source = UniformCurrent("everywhere", middle, "ez", GaussianPulse(F0, F0), grid.extent)
    monitor = FieldMonitor("field", middle, (0.0, 0.0), ("ez",), FREQUENCIES)
    return FdtdMaxwell(medium, [source], [monitor], boundaries=[Periodic(), Periodic()], **options), source


@pytest.mark.parametrize("strength", [1.0, 0.3])
@pytest.mark.parametrize("name", MATERIALS)
def test_the_permittivity_is_that_of_the_bilinear_rule(name, strength):
    """Without curl the step reads ``-2i sin(w dt/2) eps E = -(dt/eps0) J``: eps to rounding, and no other one."""
    material, sigma = MATERIALS[name], 1e4  # by which a static field decays
    solver, source = uniform(material, strength, sigma, run_length=Steps(1), courant=0.9)
    dt = solver.dt
    solver.steps = int((source.waveform.duration + 6e-13) / dt)
    field = solver.evaluate({})["field"][..., 0, 0].reshape(len(FREQUENCIES), -1)[:, 0]
    times = (np.arange(solver.steps) + 0.5) * dt
    current = dt * np.exp(2j * np.pi * np.outer(FREQUENCIES, times)) @ np.real(source.waveform(times))
    lost = 1j * sigma / (2 * np.pi * EPS0)
    expected = material.eps_inf + strength * material.scheme_susceptibility(FREQUENCIES, dt)
    expected = expected + lost * np.pi * dt / np.tan(np.pi * FREQUENCIES * dt)
    found = current * dt / (EPS0 * 2j * np.sin(np.pi * FREQUENCIES * dt) * field)
    assert found == pytest.approx(expected, rel=1e-12)
    exact = material.eps_inf + strength * material.susceptibility(FREQUENCIES) + lost / FREQUENCIES
    assert np.all(np.abs(found / exact - 1) > 1e-6) and found == pytest.approx(exact, rel=2e-2)


EDGES = np.array([0.0, 0.2e-6, 0.35e-6])


def fresnel(material):
    """Transmitted and reflected share of the power at two layers, one of the material, one of permittivity 3.

    M. Born and E. Wolf, Principles of Optics, 7th ed., section 1.6.2.
    """
    shares = []
    for f in FREQUENCIES:
        matrix = np.eye(2, dtype=complex)
        for thickness, eps in zip(np.diff(EDGES), (material.permittivity(f), 3.0)):
            n = np.sqrt(complex(eps))
            phase = 2 * np.pi * f / C0 * n * thickness
            matrix = matrix @ [[np.cos(phase), -1j * np.sin(phase) / n], [-1j * n * np.sin(phase), np.cos(phase)]]
        (a, b), (c, d) = matrix
        shares.append((abs(2 / (a + b + c + d)) ** 2, abs((a + b - c - d) / (a + b + c + d)) ** 2))
    return np.array(shares).T


def simulated(material, polarization, cells_in_first_layer):
    """The same shares from two runs, with and without the layers, in a periodic strip."""
    d = EDGES[1] / cells_in_first_layer
    layer, margin = Cpml(cells=20), 0.6e-6
    cells = int(round((EDGES[-1] + 2 * margin) / d)) + 2 * layer.cells
    grid = YeeGrid((4, cells), (d, d), (0.0, -margin - layer.cells * d), polarization)
    driven, width = {"ez": "ez", "hz": "ex"}[polarization], 4 * d
    pulse = GaussianPulse(F0, 0.6 * F0)
    source = UniformCurrent("sheet", (width / 2, -0.5e-6), driven, pulse, (width, 0.0))
    places = {"in": -0.3e-6, "out": 0.65e-6}
    monitors = [FluxMonitor(name, (width / 2, y), "y", width, FREQUENCIES) for name, y in places.items()]
    layers = layered_medium(grid, "y", EDGES, [1.0, material.eps_inf, 3.0, 1.0])
    marked = layered_medium(grid, "y", EDGES, [1.0, 2.0, 1.0, 1.0]).permittivity
    share = {c: np.clip(v - 1, 0, 1) for c, v in marked.items()}
    readings = []
    for medium in (replace(layers, dispersive={"layer": Dispersive(material, share)}), Medium.uniform(grid)):
        solver = FdtdMaxwell(
            medium, [source], monitors, boundaries=[Periodic(), layer], run_length=Steps(1), courant=0.9,
            minimum_permittivity=1.0,
        )  # fmt: skip
        solver.steps = int((pulse.duration + 90e-15) / solver.dt)
        readings.append(solver.evaluate({}))
    there, empty = readings
    incident = power(empty["in"])
    return np.array([power(there["out"]) / incident, -power(there["in"] - empty["in"]) / incident])


@pytest.mark.parametrize("polarization", ["ez", "hz"])
@pytest.mark.parametrize("name", ["drude", "lorentz", "debye"])
def test_layers_transmit_and_reflect(name, polarization):
    expected = fresnel(MATERIALS[name])
    sizes = (8, 11, 15, 20)
    errors = [np.abs(simulated(MATERIALS[name], polarization, n) - expected).max() for n in sizes]
    assert observed_order(1 / np.array(sizes), errors).order == pytest.approx(2.0, abs=0.2)
    assert errors[-1] < 3e-3


@pytest.mark.parametrize("name", ["gold", "silica", "FR-4"])
def test_time_step_of_vacuum_is_stable(name):
    """Any share of strong poles at 0.99 of the limit of eps_inf: no field grows in thirty thousand steps."""
    material = dispersive_material(name)
    grid = YeeGrid((9, 8), (5e-9, 6e-9), (0.0, 0.0), "hz")
    rng = np.random.default_rng(2)
    shares = {c: rng.random(grid.shape) for c in grid.electric}
    medium = Medium.uniform(grid).filled("material", material, shares)
    solver = FdtdMaxwell(
        medium, [point_dipole("dipole", (22e-9, 25e-9), "ex", GaussianPulse(1e15, 2e15))],
        [FieldMonitor("field", (22.5e-9, 24e-9), grid.extent, grid.components)], boundaries=[Periodic(), Pec()],
        run_length=Steps(30_000), courant=0.99, minimum_permittivity=1.0,
    )  # fmt: skip
    assert solver.dt == courant_time_step(grid, 1.0, 0.99)
    field = np.abs(solver.evaluate({})["field"])
    assert np.all(np.isfinite(field)) and field[20_000:].max() <= 1.01 * field[:20_000].max() > 0


def test_poles_that_ring_keep_a_decaying_run_going(caplog):
    """A plasma that oscillates has no field at all twice a period: what its carriers store counts as well."""
    plasma, rule = Dispersion.drude(1.0, 2e14, 1e10), Decay(1e-4, max_time=5e-14, every=1)
    solver, _ = uniform(plasma, cells=(30, 40), run_length=rule)
    with caplog.at_level(logging.WARNING):
        solver.evaluate({})
    assert "fell only to" in caplog.text
    energies, propagation = [], solver._propagation({}, 6000, 50)
    strengths = [solver.program.strengths(c, {}) for c in solver.program.grid.electric]
    for block in range(120):
        propagation.advance(block, block + 1, keep=False, replay=True)
        energies.append(solver._energy(propagation, strengths))
    after = np.array(energies[60:])
    assert after.max() / after.min() < 1.1 and after.min() > 0.1 * max(energies)


def test_modes_know_the_medium():
    """A mode launched into a dispersive, lossy guide runs one way, and decays as its own propagation constant says."""
    core = Dispersion.lorentz(3.0, 4.0, 4e14, 2e14)
    d, cells = 25e-9, (120, 60)
    grid = YeeGrid(cells, (d, d), (0.0, 0.0), "ez")
    middle = cells[1] * d / 2
    marked = layered_medium(grid, "y", [middle - 0.15e-6, middle + 0.15e-6], [1.0, 2.0, 1.0])
    shares = {"ez": marked.permittivity["ez"] - 1}
    medium = Medium.uniform(grid).filled("core", core, shares)
    places = {"near": 1.0e-6, "far": 2.0e-6}
    monitors = [ModeMonitor(name, (x, middle), "x", (40 * d,), (0,), [F0]) for name, x in places.items()]
    source = ModeSource("mode", (0.6e-6, middle), "x", (40 * d,), GaussianPulse(F0, 0.2 * F0))
    solver = FdtdMaxwell(medium, [source], monitors, boundaries=[Cpml(12, index=1.8)] * 2, run_length=Steps(2500))
    near, far = (solver.evaluate({})[name][0, 0] for name in places)
    mode = monitors[0].place(medium, solver.dt).modes[0][0]
    decay = far[0] / near[0]
    assert decay == pytest.approx(np.exp(2j * mode.half_step * 40), rel=5e-3) and abs(decay) < 0.9
    assert abs(near[1]) < 5e-3 * abs(near[0])


def test_filling_averages_by_volume():
    grid = YeeGrid((6, 6), (1e-8, 1e-8), (0.0, 0.0), "ez")
    gold = dispersive_material("gold")
    half = {"ez": np.full(grid.shape, 0.5)}
    medium = Medium(grid, {"ez": np.full(grid.shape, 3.0)}, {"ez": np.full(grid.shape, 8.0)})
    mixed = medium.filled("a", gold, half).filled("b", Dispersion.debye(5.0, 1.0, 1e-12), half)
    assert np.all(mixed.permittivity["ez"] == 0.5 * (0.5 * 3 + 0.5 * 1) + 0.5 * 5)
    assert np.all(mixed.conductivity["ez"] == 2.0)
    assert np.all(mixed.dispersive["a"].strength["ez"] == 0.25) and np.all(mixed.dispersive["b"].strength["ez"] == 0.5)


def bad(**options):
    grid = YeeGrid((20, 20), (1e-8, 1e-8), (0.0, 0.0), "ez")
    shares = options.pop("shares", {"ez": np.full(grid.shape, 0.5)})
    medium = Medium.uniform(grid).filled("gold", dispersive_material("gold"), shares)
    for again in options.pop("more", ()):
        medium = medium.filled(again, dispersive_material("gold"), shares)
    box = Box.covering(grid, (5e-8, 5e-8), (9e-8, 9e-8))
    inputs = options.pop("inputs", {})
    source = point_dipole("dipole", (1e-7, 1e-7), "ez", GaussianPulse(F0, F0))
    solver = FdtdMaxwell(medium, [source], [], boundaries=[Pec(), Pec()], run_length=Steps(5), box=box, **options)
    return solver.evaluate({k: np.full(solver.program.box.shape("ez"), v) for k, v in inputs.items()})


BAD = {
    "strength that is not designed": (lambda: bad(inputs={"strength_gold_z": 1.0}), "input of FdtdMaxwell"),
    "unknown strength": (lambda: bad(designed="gold", inputs={"strength_silver_z": 1.0}), "strength_gold_z, amp"),
    "unknown design": (lambda: bad(designed=("silver",)), r"among the medium's dispersive materials \(gold\)"),
    "designed twice": (lambda: bad(designed=("gold", "gold")), "each once"),
    "negative strength": (lambda: bad(designed="gold", inputs={"strength_gold_z": -0.1}), "strength_gold_z.*below zero"),
    "more than full": (lambda: bad(shares={"ez": np.full((22, 22), 1.5)}), "from 0 to 1"),
    "share of another component": (lambda: bad(shares={"ex": np.full((22, 22), 0.5)}), "one of the components"),
    "share of another shape": (lambda: bad(shares={"ez": np.full((3, 3), 0.5)}), "shape"),
    "name taken": (lambda: bad(more=("gold",)), "choose another"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(case):
    make, text = BAD[case]
    with pytest.raises(InputError, match=text) as caught:
        make()
    assert "\n" not in str(caught.value)
