"""The far-field transform and its adjoint, alone and through the solver; what it refuses."""

import numpy as np
import pytest
from far_field_cases import DIRECTIONS, F0, LENGTH, PULSE
from stand_in import StandInMedium

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.monitors import FarFieldMonitor, RadiatedPowerMonitor, power
from adjointdesign.objectives.far_field import (
    circle_directions,
    directivity,
    radiated_power,
    radiation_intensity,
    sphere_directions,
)
from adjointdesign.objectives.far_field_pattern import least_gain
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, FdtdMaxwell, Medium, Pec, Periodic, Pmc, Steps
from adjointdesign.sources import point_dipole
from adjointdesign.tape import Array, ReducedFunctional, recording, solve, taped
from adjointdesign.verification.dot_product import check_solver
from adjointdesign.verification.taylor import taylor_test

D = LENGTH / 12
FREQUENCIES = F0 * np.array([0.9, 1.1])


def graded(polarization, cells=10):
    ndim = 3 if polarization == "3d" else 2
    rng = np.random.default_rng(3)
    return YeeGrid.graded([np.r_[0, np.cumsum(D * (0.7 + 0.6 * rng.random(cells)))] for _ in range(ndim)], polarization)


def uniform_medium(grid):
    return StandInMedium(grid, {c: np.full(grid.shape, 1.3) for c in grid.electric})


CASES = [
    ("3d", {}, np.random.default_rng(1).uniform(-3, 3, (600, 2))),  # more than a block of directions
    ("3d", {"-z": "pmc", "+x": "pec"}, sphere_directions(5)[0]),
    ("3d", {"+y": "pmc"}, DIRECTIONS),
    ("ez", {"-x": "pmc"}, np.linspace(0, 6, 7)),
    ("hz", {"+y": "pec"}, np.linspace(0, 6, 7)),
]


@pytest.mark.parametrize("polarization,ground,directions", CASES)
@pytest.mark.parametrize("monitor", [FarFieldMonitor, RadiatedPowerMonitor])
def test_transpose_is_the_adjoint(monitor, polarization, ground, directions):
    grid = graded(polarization)
    low, high = (np.array([grid.lines(a)[n] for a in range(grid.ndim)]) for n in (2, 8))
    for face in ground:
        bound, end = (high, -1) if face[0] == "+" else (low, 0)
        bound["xyz".index(face[1])] = grid.lines("xyz".index(face[1]))[end]
    box = (tuple((low + high) / 2), tuple(high - low), FREQUENCIES)
    extra = (directions, ground) if monitor is FarFieldMonitor else (ground,)
    placement = monitor("far", *box, *extra).place(uniform_medium(grid), 1e-11)
    rng = np.random.default_rng(5)

    def some(*shape):
        return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)

    z = {c: some(2, i.size) for c, i in placement.indices.items()}
    y = placement.read(z)
    g = some(*placement.shape)
    assert y.shape == placement.shape
    back = placement.transpose(g)
    assert {c: b.shape for c, b in back.items()} == {c: x.shape for c, x in z.items()}
    assert sum(np.vdot(back[c], z[c]) for c in z) == pytest.approx(np.vdot(g, y), rel=1e-11)


def small_antenna(polarization):
    """A dipole beside a designed block, with far field and power, at walls of both kinds; and inputs."""
    ndim = 3 if polarization == "3d" else 2
    cells = (15, 13, 12)[:ndim]
    grid = YeeGrid(cells, (D,) * ndim, (0.0,) * ndim, polarization)
    center, size = (5 * D, 6.5 * D, 3 * D)[:ndim], (6 * D, 5 * D, 6 * D)[:ndim]
    low = (3.1 * D, 4.9 * D, 0.0)[:ndim]
    box = Box.covering(grid, low, tuple(x + 3.9 * D for x in low))
    directions, weights = sphere_directions(4) if ndim == 3 else circle_directions(9)
    ground = {"-z": "pec"} if ndim == 3 else {}
    component = "ez" if polarization == "3d" else polarization
    monitors = [
        FarFieldMonitor("far", center, size, FREQUENCIES, directions, ground),
        RadiatedPowerMonitor("out", center, size, FREQUENCIES, ground),
    ]
    boundaries = [Cpml(2), Cpml(2), (Pec(), Cpml(2))][:ndim]
    solver = FdtdMaxwell(
        Medium.uniform(grid), [point_dipole("feed", (4.2 * D, 6.6 * D, 2.1 * D)[:ndim], component, PULSE)], monitors,
        boundaries=boundaries, run_length=Steps(220), box=box, conductivity_gradient=True, threads=1,
    )  # fmt: skip
    rng = np.random.default_rng(7)
    inputs = {f"permittivity_{c[1]}": 1.3 + 2 * rng.random(box.shape(c)) for c in grid.electric}
    inputs |= {f"conductivity_{c[1]}": 0.01 * (0.2 + rng.random(box.shape(c))) for c in grid.electric}
    return solver, inputs, weights


@pytest.mark.parametrize("polarization", ["ez", "hz", "3d"])
def test_derivatives_are_exact(polarization):
    solver, inputs, _ = small_antenna(polarization)
    check = check_solver(solver, inputs, np.random.default_rng(5))
    assert check["passed"], str(check)


@pytest.mark.parametrize("order", [1, 2])
def test_gradient_of_the_least_directivity_of_a_cone(order):
    """Through solver, far field and figure of merit, in permittivity and conductivity: Taylor orders 2 and 3."""
    solver, inputs, weights = small_antenna("3d")
    spectrum = PULSE.spectrum(FREQUENCIES)[:, None, None]
    upward = np.arange(len(weights)) < 24

    def merit(readings):
        intensity = radiation_intensity(taped(lambda far: far / spectrum)(readings["far"]))
        through = taped(power)(readings["out"], np.ravel(spectrum))
        values = least_gain(directivity(intensity, radiated_power(intensity, weights)), upward, 0.5)
        return taped(lambda v, p: np.float64(1) * (v[0] + 0.3 * v[1]) + 1e-3 * p[0])(values, through)

    with recording():
        controls = {name: Array(value) for name, value in inputs.items()}
        functional = ReducedFunctional(merit(solve(solver, **controls)), list(controls.values()))
    rng = np.random.default_rng(11)
    points = list(controls.values())
    along = [Array(rng.standard_normal(p.data.shape) * 0.1 * p.data.mean()) for p in points]
    result = taylor_test(functional, points, along, order)
    assert result.passed, str(result)


def conductor(grid, **slots):
    held = {c: np.zeros(grid.shape, bool) for c in grid.electric}
    for c, index in slots.items():
        held[c][index] = True
    return held


def test_a_ground_plane_inside_the_domain():
    """Metal all over the face will do; what is beneath does not matter."""
    grid = YeeGrid((12, 12, 12), (D,) * 3, (0.0,) * 3, "3d")
    medium = uniform_medium(grid)
    box = ((6 * D, 6 * D, 5 * D), (6 * D, 6 * D, 6 * D), FREQUENCIES, DIRECTIONS, {"-z": "pec"})
    medium.conductor = conductor(grid, ex=np.s_[..., 3], ey=np.s_[..., 3])
    medium.permittivity["ez"][..., :3] = 4.0
    placement = FarFieldMonitor("far", *box).place(medium, 1e-11)
    assert placement.box.low == (3, 3, 2) and placement.box.permittivity == 1.3
    medium.conductor["ey"][6, 6, 3] = False
    with pytest.raises(InputError, match="face -z: expected the domain's own face, or a conductor all over it"):
        FarFieldMonitor("far", *box).place(medium, 1e-11)


@pytest.mark.parametrize("wrong,message", [
    (dict(size=(-1, 1, 1)), "size"),
    (dict(center=1.0), "center"),
    (dict(frequencies=[-1.0]), "frequencies"),
    (dict(directions=[0.1, 0.2]), "directions"),
    (dict(directions=[[0.1, 0.2, 0.3]]), "directions"),
    (dict(directions=[[0.1, np.nan]]), "directions"),
    (dict(directions="up"), "directions"),
    (dict(ground={"z": "pec"}), "ground"),
    (dict(ground={"-z": "metal"}), "ground"),
    (dict(ground="-z"), "ground"),
    (dict(ground={"-z": "pec", "+z": "pec"}), "one plane an axis"),
    (dict(phase_center=(0.0, 0.0)), "phase_center"),
    (dict(size=(6 * D, 6 * D, 20 * D)), "within the domain"),
    (dict(center=(6 * D, 6 * D, 3 * D)), "face -z: expected a plane inside the domain"),
    (dict(size=(6 * D, 6 * D, 0.4 * D)), "at least 2 cells"),
    (dict(ground={"-z": "pmc"}), "face -z: expected the domain's own face"),
    (dict(frequencies=[4.9 * F0]), "more than pi cells a wavelength"),
])  # fmt: skip
def test_bad_monitors_are_refused(wrong, message):
    grid = YeeGrid((12, 12, 12), (D,) * 3, (0.0,) * 3, "3d")
    good = dict(center=(6 * D,) * 3, size=(6 * D,) * 3, frequencies=FREQUENCIES, directions=DIRECTIONS)
    with pytest.raises(InputError, match=message):
        FarFieldMonitor("far", **(good | wrong)).place(uniform_medium(grid), 1e-11)


def test_boxes_that_cut_something_are_refused():
    grid = YeeGrid((12, 12, 12), (D,) * 3, (0.0,) * 3, "3d")
    monitor = FarFieldMonitor("far", (6 * D,) * 3, (6 * D,) * 3, FREQUENCIES, DIRECTIONS)
    at = (10, 6, 6)  # on the face x = 9 D
    loss = {"ey": np.where(conductor(grid, ey=at)["ey"], 0.1, 0.0)}
    for kind, change in {
        "metal on it": lambda m: setattr(m, "conductor", conductor(grid, ey=at)),
        "conductivity on it": lambda m: setattr(m, "conductivity", loss),
        "1.3 to 2": lambda m: m.permittivity["ez"].__setitem__(at, 2.0),
    }.items():
        medium = uniform_medium(grid)
        change(medium)
        with pytest.raises(InputError, match=kind):
            monitor.place(medium, 1e-11)
        with pytest.raises(InputError, match=kind):
            RadiatedPowerMonitor("out", (6 * D,) * 3, (6 * D,) * 3, FREQUENCIES).place(medium, 1e-11)
    magnetic = {"hx": np.where(np.arange(14)[:, None, None] > 8, 1.5, np.ones(grid.shape))}
    material = Dispersion.debye(2.0, 5.0, 1e-11)
    share = np.where(conductor(grid, ey=at)["ey"], 0.1, 0.0)
    for medium, kind in (
        (Medium(grid, Medium.uniform(grid).permittivity, permeability=magnetic), "a magnetic medium on it"),
        (Medium.uniform(grid, 2.0).filled("water", material, {"ey": share}), "a dispersive medium on it"),
    ):
        with pytest.raises(InputError, match=kind):
            monitor.place(medium, 1e-11)
    inside = uniform_medium(grid)
    inside.permittivity["ez"][8, 6, 6] = 2.0
    monitor.place(inside, 1e-11)


def test_walls_of_the_solver_fit():
    """A symmetry plane may be any of the four combinations; the solver runs with it."""
    grid = YeeGrid((10, 10), (D,) * 2, (0.0,) * 2, "hz")
    for wall, kind in ((Pec(), "pec"), (Pmc(), "pmc")):
        for face in ("-x", "+x"):
            center = (2.5 * D if face == "-x" else 7.5 * D, 5 * D)
            monitor = FarFieldMonitor("far", center, (5 * D, 4 * D), FREQUENCIES, [0.3], {face: kind})
            pair = (wall, Cpml(2)) if face == "-x" else (Cpml(2), wall)
            solver = FdtdMaxwell(
                Medium.uniform(grid), [point_dipole("d", center, "ey", PULSE)], [monitor], boundaries=[pair, Cpml(2)],
                run_length=Steps(30), threads=1,
            )  # fmt: skip
            assert np.all(np.isfinite(solver.evaluate({})["far"]))


@pytest.mark.parametrize(
    "boundaries,center,ground",
    [
        ([Cpml(3), Cpml(3)], (4.5, 7.0), {}),  # the box begins in the layer
        ([(Pec(), Cpml(3)), Cpml(3)], (3.0, 7.0), {"-x": "pmc"}),
        ([(Cpml(1), Cpml(3)), Cpml(3)], (3.0, 7.0), {"-x": "pec"}),
        ([Cpml(3), Periodic()], (7.0, 7.0), {}),
    ],
)
def test_boxes_and_grounds_that_are_not_what_they_seem_are_refused(boundaries, center, ground):
    grid = YeeGrid((15, 15), (D, D), (0.0, 0.0), "ez")
    monitor = FarFieldMonitor("far", tuple(x * D for x in center), (6 * D, 6 * D), FREQUENCIES, np.zeros(1), ground)
    with pytest.raises(InputError, match="monitor 'far' at the face"):
        FdtdMaxwell(Medium.uniform(grid), [], [monitor], boundaries=boundaries, run_length=Steps(1))
