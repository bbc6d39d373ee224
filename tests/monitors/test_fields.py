"""Field monitors: linear fields come back exactly, from the right places."""

import numpy as np
import pytest
from stand_in import StandInMedium

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import COMPONENTS, YeeGrid
from adjointdesign.monitors import FieldMonitor


def medium(polarization):
    ndim = 3 if polarization == "3d" else 2
    grid = YeeGrid((9, 8, 7)[:ndim], (0.1, 0.2, 0.3)[:ndim], (-0.5, 0.1, 1.0)[:ndim], polarization)
    return StandInMedium(grid, {c: np.ones(grid.shape) for c in grid.electric})


def linear_field(positions, component):
    """``1 + x + 2 y + 3 z``, times one plus the component's number."""
    total = 1.0
    for axis, x in enumerate(positions):
        total = total + (axis + 1) * x.reshape([-1 if a == axis else 1 for a in range(len(positions))])
    return total * (1 + COMPONENTS["3d"].index(component))


def samples(grid, placement, factors):
    """What a solver would hand over: the linear field times each of ``factors``; ghosts hold nonsense."""
    out = {}
    for c, indices in placement.indices.items():
        field = np.full(grid.shape, np.nan)
        coordinates = [grid.coordinates(c, a)[grid.nodes(c, a)] for a in range(grid.ndim)]
        field[grid.interior(c)] = linear_field(coordinates, c)
        out[c] = np.multiply.outer(factors, field.ravel()[indices])
    return out


@pytest.mark.parametrize("polarization", ["ez", "hz", "3d"])
@pytest.mark.parametrize("size", [(0, 0, 0), (0, 0.8, 0.6), (0.4, 0.4, 0), (0.5, 0.6, 0.9)])
def test_linear_fields_are_read_exactly(polarization, size):
    m = medium(polarization)
    grid, factors = m.grid, np.array([1.0, 2j])
    center = (-0.013, 0.86, 2.05)[: grid.ndim]
    monitor = FieldMonitor("f", center, size[: grid.ndim], grid.components, [1e14, 2e14])
    placement = monitor.place(m, 1e-17)
    reading = placement.read(samples(grid, placement, factors))
    assert reading.shape == placement.shape == (2, len(grid.components), *map(len, placement.coordinates))
    for row, c in enumerate(grid.components):
        expected = np.multiply.outer(factors, linear_field(placement.coordinates, c))
        assert reading[:, row] == pytest.approx(expected, rel=1e-12)
    for a, x in enumerate(placement.coordinates):
        if size[a] == 0:
            assert x == pytest.approx([center[a]])
        else:
            assert len(x) == round((monitor.bounds[a][1] - monitor.bounds[a][0]) / grid.spacing[a]) + 1


def test_time_series_and_own_positions():
    m = medium("hz")
    monitor = FieldMonitor("f", (-0.05, 0.9), (0.5, 0.0), "ex", colocate=False)
    placement = monitor.place(m, 1e-17)
    data = samples(m.grid, placement, np.arange(5.0))
    reading = placement.read(data)
    assert placement.shape[0] == -1 and reading.shape == (5, 1, 5, 1) and np.isrealobj(reading)
    assert placement.coordinates[0] == pytest.approx([-0.25, -0.15, -0.05, 0.05, 0.15])
    assert reading[4, 0] == pytest.approx(4 * linear_field(placement.coordinates, "ex"))


def test_the_outermost_value_stands_in_the_last_half_cell():
    m = medium("ez")
    placement = FieldMonitor("f", (-0.5, 0.9), (0, 0), "hy", [1e14]).place(m, 1e-17)
    reading = placement.read(samples(m.grid, placement, np.ones(1)))
    assert reading.ravel() == pytest.approx(linear_field([np.array([-0.45]), np.array([0.9])], "hy").ravel())


@pytest.mark.parametrize("polarization", ["ez", "hz", "3d"])
@pytest.mark.parametrize("frequencies", [None, [1e14, 2e14]])
def test_transpose_is_the_adjoint(polarization, frequencies):
    m = medium(polarization)
    grid = m.grid
    monitor = FieldMonitor(
        "f", (-0.013, 0.86, 2.05)[: grid.ndim], (0.4, 0.0, 0.6)[: grid.ndim], grid.components, frequencies
    )
    placement = monitor.place(m, 1e-17)
    rng = np.random.default_rng(1)

    def some(*shape):
        return rng.standard_normal(shape) + (0 if frequencies is None else 1j * rng.standard_normal(shape))

    z = {c: some(2, i.size) for c, i in placement.indices.items()}
    y = placement.read(z)
    g = some(*y.shape)
    back = placement.transpose(g)
    assert {c: b.shape for c, b in back.items()} == {c: x.shape for c, x in z.items()}
    assert sum(np.vdot(back[c], z[c]) for c in z) == pytest.approx(np.vdot(g, y), rel=1e-13)


def test_bad_monitors_are_refused():
    m = medium("ez")
    for make, message in [
        (lambda: FieldMonitor("f", (0.0, 0.9), (0, 9.0), "ez", [1e14]).place(m, 1e-17), "within the domain"),
        (lambda: FieldMonitor("f", (0.0, 0.9), (0, 0), "ex", [1e14]).place(m, 1e-17), "component"),
        (lambda: FieldMonitor("f", (0.0, 0.9), (0, 0), ("ez", "hx"), colocate=False), "one only"),
        (lambda: FieldMonitor("f", (0.0, 0.9), (0, 0), ()), "at least one"),
        (lambda: FieldMonitor("f", (0.0, 0.9), (0, -1), "ez"), "size"),
        (lambda: FieldMonitor("f", 0.9, (0, 0), "ez"), "center"),
        (lambda: FieldMonitor("f", (0.0, 0.9), 1.0, "ez"), "size"),
        (lambda: FieldMonitor("f", (0.0, 0.9), (0, 0), "ez", [-1e14]), "frequencies"),
    ]:
        with pytest.raises(InputError, match=message):
            make()
