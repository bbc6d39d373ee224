"""Mode amplitudes and flux of fields that are known in the discrete scheme itself."""

import numpy as np
import pytest
from autograd.test_util import check_grads
from plain_yee import curl
from stand_in import StandInMedium

from adjointdesign.constants import C0, MU0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors import FluxMonitor, ModeMonitor, power
from adjointdesign.sources import GaussianPulse, ModeSource

F0 = C0 / 1.28e-6
D = 50e-9
CASES = [(p, a) for p in ("ez", "hz") for a in "xy"] + [("3d", a) for a in "xyz"]


def lines(cells, size, even=False):
    """Node positions of cells from half to one and a half times a size, or of that size."""
    sizes = np.ones(cells) if even else np.random.default_rng(8).uniform(0.5, 1.5, cells)
    return size * np.r_[0.0, np.cumsum(sizes)]


def guide(kind, axis, graded=False):
    """A block of index 3.5 off the middle of a box of index 1.5, uniform along ``axis``."""
    a = AXES.index(axis)
    ndim = 3 if kind == "3d" else 2
    shape = [17, 18, 13][:ndim]
    shape[a] = 6
    grid = YeeGrid(tuple(shape), (D,) * ndim, (0.0,) * ndim, kind)
    if graded:
        grid = YeeGrid.graded([lines(n, D, even=b == a) for b, n in enumerate(shape)], kind)
    permittivity = {}
    for c in grid.electric:
        inside = np.ones(grid.shape, bool)
        for b in range(ndim):
            x = grid.coordinates(c, b).reshape([-1 if i == b else 1 for i in range(ndim)])
            inside &= (b == a) | ((x > 0.11e-6) & (x < 0.44e-6))
        permittivity[c] = np.where(inside, 12.25, 2.25)
    center = tuple(e / 2 for e in grid.extent)
    widths = tuple(e for b, e in enumerate(grid.extent) if b != a)
    return StandInMedium(grid, permittivity), 0.5 * D / C0, center, widths


def superposed(monitor_window, modes, amplitudes, axis):
    """Phasors of ``sum_m a_m forward + b_m backward``, storage arrays, on every plane along ``axis``."""
    grid, a = monitor_window.grid, AXES.index(axis)
    fields = {c: np.zeros(grid.shape, complex) for c in grid.components}
    for mode, (forward, backward) in zip(modes, amplitudes):
        for c in grid.components:
            on_node_plane = (c[0] == "e") != (c[1] == axis)
            steps = np.arange(grid.shape[a]) - 1 - monitor_window.node + (0 if on_node_plane else 0.5)
            sign = -1 if (c[1] == axis) == (c[0] == "e") else 1
            phase = np.exp(2j * mode.half_step * steps)
            along = (forward * phase + sign * backward / phase).reshape([-1 if b == a else 1 for b in range(grid.ndim)])
            profile = np.zeros([n for b, n in enumerate(grid.shape) if b != a], complex)
            profile[np.ix_(*[s for b, s in enumerate(monitor_window.slots(c)) if b != a])] = mode.fields[c]
            fields[c] += np.expand_dims(profile, a) * along
    return fields


def sampled(placement, fields):
    return {c: np.stack([f[c].ravel()[i] for f in fields]) for c, i in placement.indices.items()}


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize("kind,axis", CASES)
def test_mode_amplitudes_are_separated_exactly(kind, axis, graded):
    medium, dt, center, widths = guide(kind, axis, graded)
    frequencies = [F0, 1.07 * F0]
    placement = ModeMonitor("m", center, axis, widths, (0, 2), frequencies).place(medium, dt)
    everything = ModeMonitor("all", center, axis, widths, (0, 1, 2), frequencies).place(medium, dt)
    rng = np.random.default_rng(2)
    amplitudes = rng.standard_normal((2, 3, 2)) + 1j * rng.standard_normal((2, 3, 2))
    fields = [superposed(modes[0].window, modes, a, axis) for modes, a in zip(everything.modes, amplitudes)]
    reading = placement.read(sampled(placement, fields))
    assert reading.shape == placement.shape == (2, 2, 2)
    assert reading == pytest.approx(amplitudes[:, [0, 2]], abs=1e-10)

    flux = FluxMonitor("p", center, axis, widths, frequencies).place(medium, dt)
    carried = np.sum(np.abs(amplitudes[..., 0]) ** 2 - np.abs(amplitudes[..., 1]) ** 2, axis=1)
    assert power(flux.read(sampled(flux, fields))) == pytest.approx(carried, abs=1e-10)


@pytest.mark.parametrize("kind,axis", [("ez", "x"), ("hz", "y"), ("3d", "y")])
@pytest.mark.parametrize("monitor", [ModeMonitor, FluxMonitor])
def test_transpose_is_the_adjoint(monitor, kind, axis):
    medium, dt, center, widths = guide(kind, axis)
    extra = ((0, 1),) if monitor is ModeMonitor else ()
    placement = monitor("m", center, axis, widths, *extra, [F0, 1.1 * F0]).place(medium, dt)
    rng = np.random.default_rng(3)

    def some(*shape):
        return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)

    z = {c: some(2, i.size) for c, i in placement.indices.items()}
    y = placement.read(z)
    g = some(*placement.shape)
    assert y.shape == placement.shape
    back = placement.transpose(g)
    assert sum(np.vdot(back[c], z[c]) for c in z) == pytest.approx(np.vdot(g, y), rel=1e-12)


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize("kind", ["ez", "hz", "3d"])
def test_fluxes_out_of_a_box_balance_the_work_done_inside(kind, graded):
    """Poynting's theorem for random E, and H from Faraday's law of the scheme: exact by summation by parts.

    ``sum_faces P = -(1/2) Re sum_box conj(E) . curl H dV`` with half, quarter and eighth cells on the box's faces.
    """
    ndim = 3 if kind == "3d" else 2
    cells = (9, 8, 10)[:ndim]
    grid = YeeGrid(cells, (D, 1.2 * D, 0.9 * D)[:ndim], (0.0,) * ndim, kind)
    if graded:
        grid = YeeGrid.graded([lines(n, D) for n in cells], kind)
    medium = StandInMedium(grid, {c: np.ones(grid.shape) for c in grid.electric})
    dt = 0.4 * D / C0
    rng = np.random.default_rng(4)
    fields = {c: rng.standard_normal(grid.shape) + 1j * rng.standard_normal(grid.shape) for c in grid.electric}
    rate = 2j / dt * np.sin(np.pi * F0 * dt)
    fields |= {c: curl(fields, c, grid, True) / (MU0 * rate) for c in grid.components if c[0] == "h"}

    low, high = (2, 1, 3)[:ndim], (7, 6, 8)[:ndim]
    bounds = [(grid.lines(a)[n], grid.lines(a)[m]) for a, (n, m) in enumerate(zip(low, high))]
    center = [(p + q) / 2 for p, q in bounds]
    out = 0.0
    for a in range(ndim):
        widths = [q - p for b, (p, q) in enumerate(bounds) if b != a]
        for sign, position in zip((-1, 1), bounds[a]):
            at = tuple(position if b == a else center[b] for b in range(ndim))
            placement = FluxMonitor("p", at, AXES[a], widths, [F0]).place(medium, dt)
            out += sign * power(placement.read(sampled(placement, [fields])))[0]

    work = 0.0
    for c in grid.electric:
        weight = np.array(1.0)
        for a in range(ndim):
            along = np.zeros(grid.shape[a])
            sizes, on_nodes = np.diff(grid.lines(a))[low[a] : high[a]], grid.coordinates(c, a)[1] == 0.0
            if on_nodes:
                along[low[a] + 1 : high[a] + 2] = 0.5 * (np.r_[sizes, 0] + np.r_[0, sizes])
            else:
                along[low[a] + 1 : high[a] + 1] = sizes
            weight = np.multiply.outer(weight, along)
        work += 0.5 * np.sum(weight * np.real(np.conj(fields[c]) * curl(fields, c, grid, False)))
    assert out == pytest.approx(-work, rel=1e-11, abs=0)


def test_power_is_differentiable():
    rng = np.random.default_rng(5)
    reading = rng.standard_normal((2, 2, 3)) + 1j * rng.standard_normal((2, 2, 3))
    check_grads(lambda z: power(z, np.array([1.0, 2j])), modes=["rev"], order=2)(reading)


def test_bad_monitors_are_refused():
    medium, dt, center, widths = guide("ez", "x")
    for make, message in [
        (lambda: ModeMonitor("m", center, "x", widths, (0, -1), [F0]), "mode_orders"),
        (lambda: ModeMonitor("m", center, "x", widths, (), [F0]), "mode_orders"),
        (lambda: ModeMonitor("m", center, "x", widths, (0,), [0.0]), "frequencies"),
        (lambda: ModeMonitor("m", center, "x", widths, (0,), ["red"]), "frequencies"),
        (lambda: ModeMonitor("m", center, "q", widths, (0,), [F0]), "axis"),
        (lambda: ModeMonitor("m", center, "x", widths, (9,), [F0]).place(medium, dt), "propagating modes"),
        (lambda: ModeMonitor("m", center, "x", widths, (0,), [1 / dt]).place(medium, dt), "frequency"),
        (lambda: FluxMonitor("p", center, "x", 5e-6, [F0]).place(medium, dt), "within the domain"),
        (lambda: FluxMonitor("p", (0.0, center[1]), "x", widths, [F0]).place(medium, dt), "half a cell inside"),
    ]:
        with pytest.raises(InputError, match=message):
            make()


@pytest.mark.parametrize("wrong", [dict(axis=0), dict(axis="xy"), dict(axis=None), dict(axis=("x",)), dict(axis=""),
                                   dict(axis="z"), dict(size="wide"), dict(size=None), dict(size=np.nan),
                                   dict(size=(1e-6, (2e-6, 3e-6))), dict(center=0.5e-6), dict(center=("a", "b")),
                                   dict(center=(0.0, np.nan))], ids=str)  # fmt: skip
def test_planes_refuse_the_same_mistakes(wrong):
    """Mode source, mode monitor and flux monitor name themselves and the argument, whatever its type."""
    place = dict(center=(0.4e-6, 0.4e-6), axis="x", size=0.5e-6) | wrong
    for kind, make in {
        "source 's'": lambda: ModeSource("s", **place, waveform=GaussianPulse(F0, 0.1 * F0)),
        "monitor 'm'": lambda: ModeMonitor("m", **place, mode_orders=(0,), frequencies=[F0]),
        "monitor 'f'": lambda: FluxMonitor("f", **place, frequencies=[F0]),
    }.items():
        with pytest.raises(InputError, match=f"{kind}: {next(iter(wrong))}"):
            make()
