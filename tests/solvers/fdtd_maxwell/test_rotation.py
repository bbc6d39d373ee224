"""Storage turned so that rows are long: nobody outside can tell."""

import logging

import numpy as np
import pytest
from exact_cases import BOUNDARIES, GLASS, make

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.monitors import FarFieldMonitor, FieldMonitor, FluxMonitor, ModeMonitor, PortMonitor, power
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, Decay, FdtdMaxwell, Medium, Pec, Periodic, Pmc, Steps, rotation
from adjointdesign.sources import GaussianPulse, LumpedPort, ModeSource, UniformCurrent, load_lumped
from adjointdesign.verification.dot_product import check_solver

D, FREQUENCIES, STEPS = 1e-3, np.array([10e9, 13e9]), 70
DIRECTIONS = np.array([[0.6, 0.5, 0.4], [0.1, 0.9, -0.3], [0.5, 0.1, 0.9]])
CELLS = (13, 12, 24)
KINDS = ("permittivity", "conductivity", "strength_glass")


class Problem:
    """A problem with a long side along z, and with ``turn`` along x or y: what was along axis ``k`` is along ``(k + turn) % 3``.

    On graded lines an eighth of something with a lumped port, a conductor, a guide and its mode, a sheet of current, loss, a
    dispersive material of designed strength, and faces with a permeability; all kinds of boundary but the periodic one.
    """

    def __init__(self, turn):
        self.turn = turn
        sizes = np.ones(CELLS[0])
        sizes[2:5] = 0.9, 0.8, 0.9
        lines = [D * np.r_[0.0, np.cumsum(sizes)], *(D * np.arange(n + 1.0) for n in CELLS[1:])]
        grid = self.grid = YeeGrid.graded(self.along(lines))
        x, y, z = lines
        layer = Cpml(cells=3)
        faces = self.along([(Pmc(), layer), (Pec(), layer), (layer, layer)])
        permittivity, conductor, share = ({self.name(c): np.full(grid.shape, v) for c in ("ex", "ey", "ez")} for v in (1.0, False, 0.0))
        permeability = {self.name("hy"): np.ones(grid.shape)}
        for c in ("ex", "ey", "ez"):
            self.seen(permittivity[self.name(c)])[3:8, 3:9, 13:19] = 15.0
            self.seen(share[self.name(c)])[2:5, 2:4, 8:11] = 0.5
        self.seen(conductor[self.name("ex")])[4:6, 7, 8:11] = True
        self.seen(permeability[self.name("hy")])[4:7, 2:5, 7:10] = 1.7
        medium = Medium(grid, permittivity, conductor=conductor, permeability=permeability).filled("glass", GLASS, share)
        port = LumpedPort(name="port", axis=self.axis(1), center=self.along((x[6], y[3], z[8])), size=self.along((0.0, D, 0.0)),
                          impedance=60.0, designed_metal=True)  # fmt: skip
        pulse = GaussianPulse(12e9, 8e9)
        sheet = UniformCurrent("sheet", self.along((x[-1] / 2, y[-1] / 2, z[4])), self.name("ex"), pulse, self.along((x[-1], y[-1], 0.0)))
        # Windows by the widths along the other axes in their order.
        window = self.along((5 * D, 6 * D, None))
        window = tuple(w for w in window if w is not None)
        middle = self.along((x[5], y[5], z[14]))
        guided = ModeSource("guided", self.along((x[5], y[5], z[16])), self.axis(2), window, pulse)
        unit = self.along(DIRECTIONS)
        directions = np.stack([np.arccos(unit[2] / np.linalg.norm(unit, axis=0)), np.arctan2(unit[1], unit[0])], axis=1)
        monitors = [
            PortMonitor(port, FREQUENCIES),
            FieldMonitor("series", self.along((x[7] + 0.3 * D, y[6], z[10] + 0.4 * D)), (0.0,) * 3, [self.name(c) for c in ("ex", "ey", "ez", "hx", "hy", "hz")]),
            FluxMonitor("flux", middle, self.axis(2), window, FREQUENCIES),
            ModeMonitor("mode", middle, self.axis(2), window, (0,), FREQUENCIES),
            FarFieldMonitor("far", self.along((x[9] / 2, y[8] / 2, z[12])), self.along((x[9], y[8], 16 * D)), FREQUENCIES, directions,
                            ground={"-" + self.axis(0): "pmc", "-" + self.axis(1): "pec"}),
        ]  # fmt: skip
        self.corners = self.along((x[1], y[1], z[7])), self.along((x[6], y[4], z[10]))
        box = Box.covering(grid, *self.corners)
        magnetic = Box.covering(grid, *self.corners, components=(self.name("hz"),))
        least = {"permeability_" + self.axis(2): np.full(magnetic.shape(self.name("hz")), 0.7)}
        self.solver = FdtdMaxwell(
            load_lumped(medium, [port]), [port.source(pulse), sheet, guided], monitors, boundaries=faces, run_length=Steps(STEPS), box=box,
            magnetic_box=magnetic, minimum_permittivity=1.0, extremes=[least], conductivity_gradient=True, designed="glass",
        )  # fmt: skip

    def along(self, values):
        return tuple(values[(a - self.turn) % 3] for a in range(3))

    def axis(self, number):
        return AXES[(number + self.turn) % 3]

    def name(self, component):
        return component[0] + self.axis(AXES.index(component[1]))

    def seen(self, array):
        """The array with its axes as without a turn (a view)."""
        return array.transpose([(k + self.turn) % 3 for k in range(3)])

    def inputs(self):
        rng, box, inputs = np.random.default_rng(2), self.solver.program.box, {}

        def values(shape):
            return rng.random(shape).transpose([(a - self.turn) % 3 for a in range(3)])

        for c in "xyz":
            shape = self.seen(np.empty(box.shape(self.name("e" + c)))).shape
            for kind, least, more in zip(KINDS, (1.2, 0.3, 0.3), (2.0, 0.5, 1.0)):
                inputs[f"{kind}_{self.name('e' + c)[1]}"] = least + more * values(shape)
        magnetic = self.solver.program.magnetic_box.shape(self.name("hz"))
        inputs["permeability_" + self.axis(2)] = 0.8 + values(self.seen(np.empty(magnetic)).shape)
        return inputs | {"amplitudes": np.array([1.0, 0.02 - 0.01j, 1e-3j])}


def everything(problem):
    """What a problem reads, its gradient and its Hessian's action, as without a turn; of fields with directions the squares."""
    solver, inputs = problem.solver, problem.inputs()
    readings = solver.forward(inputs)
    cotangents = {m: r / np.sum(abs(r) ** 2) for m, r in readings.items()}
    found = {
        "port": readings["port"], "series": readings["series"], "flux": power(readings["flux"]), "mode": abs(readings["mode"]),
        "far": np.sum(abs(readings["far"]) ** 2, axis=1),
    }  # fmt: skip
    gradient = solver.adjoint(inputs, cotangents)
    tangents = {k: v - np.mean(v) for k, v in inputs.items()}
    action = solver.second_adjoint(inputs, tangents, cotangents, {})
    change = solver.tangent(inputs, tangents)
    found["change"] = np.array([np.vdot(cotangents[m], change[m]).real for m in readings])
    for what, part in (("gradient", gradient), ("action", action)):
        for k, v in part.items():
            kind, _, axis = k.rpartition("_")
            found[f"{what} {kind}_{AXES[(AXES.index(axis) - problem.turn) % 3]}" if kind else f"{what} {k}"] = problem.seen(v) if kind else v
    return found


def same(one, other, tolerance=1e-9):
    assert one.keys() == other.keys()
    for k in one:
        assert one[k].shape == other[k].shape and np.max(abs(one[k])) > 0, k
        assert np.max(abs(one[k] - other[k])) < tolerance * np.max(abs(one[k])), k


@pytest.mark.slow
def test_a_problem_on_its_side_is_the_same_problem():
    """Readings, gradients and the Hessian's action with the long side along z, where nothing is turned, and along x and y."""
    straight, *others = (Problem(turn) for turn in range(3))
    assert [p.solver.program.rotation.names for p in (straight, *others)] == ["xyz", "yzx", "zxy"]
    assert all(p.solver.program.turned.grid.cells == CELLS for p in others)
    expected = everything(straight)
    for other in others:
        assert other.solver.dt == pytest.approx(straight.solver.dt, rel=1e-14)
        same(expected, everything(other))


@pytest.mark.slow
def test_derivatives_are_exact_where_storage_is_turned():
    problem = Problem(1)
    check = check_solver(problem.solver, problem.inputs(), np.random.default_rng(4))
    assert check["passed"], str(check)


@pytest.mark.parametrize("boundaries", BOUNDARIES)
def test_turned_storage_reads_the_same(boundaries, monkeypatch):
    """Of one problem, periodic axes among them; and how its energy falls, by which a run's length is chosen."""
    found = []
    for last in (2, 0, 1):
        monkeypatch.setattr(rotation, "axis_of_rows", lambda cells, last=last: last)
        solver, inputs = make("3d", boundaries, steps=24, graded=boundaries == "mixed", magnetic=boundaries == "mixed", dispersive=True)
        assert solver.program.rotation.axes[-1] == last
        readings = solver.forward(inputs)
        gradient = solver.adjoint(inputs, {m: r / np.sum(abs(r) ** 2) for m, r in readings.items()})
        propagation = solver._propagation(inputs, 24, 24)
        propagation.advance(0, 1, keep=False, replay=True)
        given = {name: solver.program.rotation.arrays(part) for name, part in solver._split(inputs)[3].items()}
        strengths = [solver.program.strengths(c, given) for c in solver.program.turned.grid.electric]
        found.append({**readings, **{f"gradient {k}": v for k, v in gradient.items()}, "energy": np.array([solver._energy(propagation, strengths)])})
    for other in found[1:]:
        same(found[0], other)


def test_what_is_short_or_flat_or_nearly_a_cube_stays():
    for cells, last in (((8, 8, 8), 2), ((11, 8, 8), 2), ((12, 8, 8), 0), ((8, 12, 8), 1), ((8, 30, 60), 2), ((50, 60, 8), 1)):
        assert rotation.axis_of_rows(cells) == last
    flat = YeeGrid((60, 8), (D,) * 2, (0.0,) * 2, "hz")
    program = FdtdMaxwell(Medium.uniform(flat), [], [], boundaries=[Pec()] * 2, run_length=Steps(1)).program
    assert program.turned.grid is program.grid and program.turned.medium is program.medium


def test_words_name_the_axes_of_the_user():
    problem = Problem(1)  # long along x
    inputs, solver = problem.inputs(), problem.solver
    for name, value in (("permittivity_x", -1.0), ("conductivity_y", -1.0), ("permeability_x", -1.0), ("strength_glass_z", -1.0)):
        with pytest.raises(InputError, match=name):
            solver.evaluate({**inputs, name: np.full(inputs[name].shape, value)})
        with pytest.raises(InputError, match=rf"tangent of {name}: expected an array of shape \({inputs[name].shape[0]},"):
            solver.tangent(inputs, {name: np.zeros((1, 1, 1))})
    grid = YeeGrid((24, 10, 10), (D,) * 3, (0.0,) * 3)
    body = {"hy": np.ones(grid.shape)}
    body["hy"][1:3] = 2.0
    with pytest.raises(InputError, match="permeability along x"):
        FdtdMaxwell(Medium(grid, Medium.uniform(grid).permittivity, permeability=body), [], [], boundaries=[Cpml(3), Pec(), Periodic()], run_length=Steps(1))
    bare = FdtdMaxwell(Medium.uniform(grid), [], [], boundaries=[Pec()] * 3, run_length=Steps(1))
    with pytest.raises(InputError, match="permittivity_x: expected values of at least 1"):
        bare.evaluate({"permittivity_x": np.full(bare.program.box.shape("ex"), 0.5)})


def test_designed_poles_that_ring_keep_a_decaying_run_going(caplog):
    """Strengths that are inputs count in the energy that is watched, as those of the background do."""
    grid = YeeGrid((30, 40), (20e-9,) * 2, (0.0,) * 2, "ez")
    medium = Medium.uniform(grid).filled("plasma", Dispersion.drude(1.0, 2e14, 1e10), {})
    source = UniformCurrent("everywhere", (3e-7, 4e-7), "ez", GaussianPulse(2e14, 2e14), grid.extent)
    solver = FdtdMaxwell(medium, [source], [], boundaries=[Periodic()] * 2, run_length=Decay(1e-4, max_time=5e-14, every=1), designed="plasma")
    with caplog.at_level(logging.WARNING):
        solver.evaluate({"strength_plasma_z": np.ones(solver.program.box.shape("ez"))})
    assert "fell only to" in caplog.text
