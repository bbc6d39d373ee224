"""Resistors and capacitors against transmission lines in closed form."""

import numpy as np
import pytest
from port_lines import FREQUENCIES, D, chain_matrix, discrete_line, end_ports, plates, s_parameters

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.solvers.fdtd_maxwell.medium import Medium
from adjointdesign.sources import Capacitor, Inductor, LumpedPort, Resistor, SeriesCircuit, load_lumped

CASES = [("hz", "x", "y"), ("3d", "z", "x")]


def loaded_line(kind, along, gap, elements, graded=False):
    """Reflection at one end of a line with elements alone at the other, in parallel; and all that the closed form needs."""
    grid, axes, boundaries = plates(kind, along, gap)
    if graded:
        lines = [grid.lines(a) for a in range(grid.ndim)]
        lines[axes[1]] = np.array([0.0, 0.3, 0.9, 1.3, 2.4]) * D
        grid = YeeGrid.graded(lines, kind)
    first, last = end_ports(grid, axes, (1.0, 1.0))
    there = dict(axis=last.axis, center=last.center, size=last.size, share=1.0)
    made = [make(name=f"element {n}", **there, **value) for n, (make, value) in enumerate(elements)]
    s, dt = s_parameters(grid, boundaries, [first], made, steps=9000 if graded else 4000)
    return s[:, 0, 0], first.impedance, grid, axes, dt


def expected_reflection(grid, axes, dt, admittance, impedance):
    """Of a line closed by an admittance, seen through a port."""
    if grid.graded_lines is not None:  # across the line only, so that it is the same line
        spacing = tuple(e / n for e, n in zip(grid.extent, grid.cells))
        grid = YeeGrid(grid.cells, spacing, grid.origin, grid.polarization)
    length, wavenumber, line = discrete_line(grid, axes, dt)
    a, b, c, d = chain_matrix(length, wavenumber, line)
    seen = (a + b * admittance) / (c + d * admittance)
    return (seen - impedance) / (seen + impedance)


@pytest.mark.parametrize("kind,along,gap", CASES)
@pytest.mark.parametrize("ratio", [0.2, 1.0, 3.0])
def test_a_resistor_reflects_as_its_resistance(kind, along, gap, ratio):
    """To rounding; and at low frequency ``(R - Z) / (R + Z)``."""
    line = end_ports(*plates(kind, along, gap)[:2], (1.0, 1.0))[0].impedance
    s, z, grid, axes, dt = loaded_line(kind, along, gap, [(Resistor, dict(resistance=ratio * line))])
    assert s == pytest.approx(expected_reflection(grid, axes, dt, 1 / (ratio * line), z), abs=1e-11)
    assert np.abs(s[0]) == pytest.approx(abs(ratio - 1) / (ratio + 1), abs=2e-3)


@pytest.mark.parametrize("kind,along,gap,graded", [(*c, False) for c in CASES] + [("hz", "x", "y", True)])
def test_a_capacitor_beside_a_resistor_adds_its_susceptance(kind, along, gap, graded):
    """``Y = 1/R - i (2 C / dt) tan(w dt / 2)`` to rounding, which is ``- i w C`` to second order."""
    line = end_ports(*plates(kind, along, gap)[:2], (1.0, 1.0))[0].impedance
    capacitance = 2 / (2 * np.pi * 5e9 * line)
    elements = [(Capacitor, dict(capacitance=capacitance)), (Resistor, dict(resistance=2 * line))]
    s, z, grid, axes, dt = loaded_line(kind, along, gap, elements, graded)
    y = 0.5 / line - 2j * capacitance / dt * np.tan(np.pi * FREQUENCIES * dt)
    assert s == pytest.approx(expected_reflection(grid, axes, dt, y, z), abs=1e-11)
    continuous = expected_reflection(grid, axes, dt, 0.5 / line - 2j * np.pi * FREQUENCIES * capacitance, z)
    assert 1e-5 < np.abs(s - continuous).max() < 2e-2


def warped(dt):
    """``-i W``, what the scheme makes of ``-i w``."""
    return -2j / dt * np.tan(np.pi * FREQUENCIES * dt)


@pytest.mark.parametrize("kind,along,gap,graded", [(*c, False) for c in CASES] + [("hz", "x", "y", True)])
@pytest.mark.parametrize("resistance", [1e-3, 0.5])
def test_an_inductor_has_its_resistance_in_series(kind, along, gap, graded, resistance):
    """Beside a resistor, which ends its current; to rounding, of which little resistance leaves less."""
    line = end_ports(*plates(kind, along, gap)[:2], (1.0, 1.0))[0].impedance
    inductance, resistance = 0.7 * line / (2 * np.pi * 5e9), resistance * line
    elements = [(Inductor, dict(inductance=inductance, resistance=resistance)), (Resistor, dict(resistance=2 * line))]
    s, z, grid, axes, dt = loaded_line(kind, along, gap, elements, graded)
    y = 0.5 / line + 1 / (resistance + warped(dt) * inductance)
    assert s == pytest.approx(expected_reflection(grid, axes, dt, y, z), abs=1e-10)


@pytest.mark.parametrize("kind,along,gap,graded", [(*c, False) for c in CASES] + [("hz", "x", "y", True)])
@pytest.mark.parametrize("resistance", [0.4, 3.0])
def test_a_series_circuit_is_one(kind, along, gap, graded, resistance):
    """Resonant at 5 GHz, under- and overdamped; alone, and so a short at resonance but for its resistance."""
    line = end_ports(*plates(kind, along, gap)[:2], (1.0, 1.0))[0].impedance
    reactance, resistance = 0.8 * line, resistance * line
    inductance, capacitance = reactance / (2 * np.pi * 5e9), 1 / (2 * np.pi * 5e9 * reactance)
    circuit = dict(resistance=resistance, inductance=inductance, capacitance=capacitance)
    s, z, grid, axes, dt = loaded_line(kind, along, gap, [(SeriesCircuit, circuit)], graded)
    y = 1 / (resistance + warped(dt) * inductance + 1 / (warped(dt) * capacitance))
    assert s == pytest.approx(expected_reflection(grid, axes, dt, y, z), abs=1e-10)


def test_elements_with_memory_need_names_of_their_own():
    grid, axes, _ = plates("hz", "x", "y")
    port = end_ports(grid, axes, (1.0, 1.0))[0]
    place = dict(axis=port.axis, center=port.center, size=port.size, share=1.0, inductance=1e-9, resistance=1.0)
    with pytest.raises(InputError, match="inductor 'coil': name"):
        load_lumped(Medium.uniform(grid), [Inductor(name="coil", **place), Inductor(name="coil", **place)])


@pytest.mark.parametrize("order", ["C", "F"])
def test_elements_add_to_what_is_there_and_leave_the_rest(order):
    """However the medium's arrays lie in memory."""
    grid, axes, _ = plates("hz", "x", "y")
    medium = Medium(grid, {c: np.full(grid.shape, 2.0) for c in grid.electric}, {"ey": np.full(grid.shape, 0.1, order=order)})
    port = end_ports(grid, axes, (1.0, 1.0))[0]
    place = dict(axis=port.axis, center=port.center, size=port.size, share=1.0)
    new = load_lumped(medium, [port, Resistor(name="r", **place, resistance=port.impedance)])
    indices = port.edges(medium).indices.ravel()
    added = port.edges(medium).density(1 / port.impedance)
    assert new.conductivity["ey"].ravel()[indices] == pytest.approx(0.1 + 2 * added)
    assert np.count_nonzero(new.conductivity["ey"] != 0.1) == indices.size
    assert np.all(medium.conductivity["ey"] == 0.1)
    assert new.permittivity["ey"] is medium.permittivity["ey"]


@pytest.mark.parametrize(
    ("make", "value"),
    [(Resistor, dict(resistance=0.0)), (Resistor, dict(resistance=np.inf)), (Capacitor, dict(capacitance=-1e-12)),
     (Capacitor, dict(capacitance=None)), (Inductor, dict(inductance=0, resistance=1.0)),
     (Inductor, dict(resistance=0.0, inductance=1e-9)), (SeriesCircuit, dict(capacitance="1p", resistance=1, inductance=1e-9)), (LumpedPort, dict(impedance=True))],
)  # fmt: skip
def test_bad_values_are_refused(make, value):
    with pytest.raises(InputError, match=next(iter(value))):
        make(name="e", axis="z", center=(0.0, 0.0, 0.0), size=(0.0, 0.0, 1.0), **value)


def test_a_critically_damped_circuit_is_refused_and_one_a_part_in_a_million_off_is_right():
    """Its admittance against ``1 / (R - i w L + i / (w C))``; the refusal names what the user gave, and the remedy helps."""
    grid, axes, _ = plates("hz", "x", "y")
    port = end_ports(grid, axes, (1.0, 1.0))[0]
    place = dict(name="c", axis=port.axis, center=port.center, size=port.size, share=1.0, inductance=1e-9, capacitance=1e-12)
    critical = 2 * np.sqrt(1e-9 / 1e-12)
    with pytest.raises(InputError, match=r"series circuit 'c': resistance: expected another .* 63.2456 ohm, got 63.2456 ohm") as refusal:
        SeriesCircuit(resistance=critical, **place)
    assert "\n" not in str(refusal.value)
    f = np.array([0.1e9, 1e9, 5e9, 20e9])
    for off in (-1e-6, 1e-6):
        resistance = critical * (1 + off)
        circuit = SeriesCircuit(resistance=resistance, **place)
        _, _, material = circuit.loaded(Medium.uniform(grid))["dispersive"]
        share = material.susceptibility(f) / material.susceptibility(0.0)
        w = 2 * np.pi * f
        assert share * -1j * w * 1e-12 == pytest.approx(1 / (resistance - 1j * w * 1e-9 + 1j / (w * 1e-12)), rel=1e-9)
