"""What cannot be computed is refused at once, in one line that says what, expected, got and remedy."""

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, Decay, FdtdMaxwell, Medium, Periodic, Pmc, Steps
from adjointdesign.sources import ContinuousWave, GaussianPulse, UniformCurrent, point_dipole

GRID = YeeGrid((30, 20), (50e-9, 50e-9), (0.0, 0.0), "ez")
LAYER = Cpml(cells=5)
SHAPE = (31, 21)
NAN = float("nan")


def dipole(at=(0.7e-6, 0.5e-6), waveform=GaussianPulse(2e14, 1e14)):
    return point_dipole("dipole", at, "ez", waveform)


def solver(source=None, monitor="m", boundaries=(LAYER, LAYER), run_length=Steps(10), **options):
    return FdtdMaxwell(
        Medium.uniform(GRID), [source or dipole()], [FieldMonitor(monitor, (0.8e-6, 0.5e-6), (0.0, 0.0), ("ez",))],
        boundaries=boundaries, run_length=run_length, **options,
    )  # fmt: skip


def ones(shape=SHAPE, value=1.0):
    return {"permittivity_z": np.full(shape, value)}


def medium(values, **others):
    return Medium(GRID, {"ez": values}, **others)


BAD = {
    "source in the absorbing layer": (lambda: solver(dipole((0.1e-6, 0.5e-6))), "between the absorbing layers"),
    "block in the absorbing layer": (
        lambda: solver(UniformCurrent("block", (0.05e-6, 0.5e-6), "ez", GaussianPulse(2e14, 1e14), (0.04e-6, 0.4e-6))),
        "between the absorbing layers.*got 3e-08 to 7e-08 m",
    ),
    "source outside": (lambda: solver(dipole((9e-6, 0.5e-6))), "source 'dipole'"),
    "endless source and decay": (
        lambda: solver(dipole(waveform=ContinuousWave(2e14, 1e-14)), run_length=Decay()),
        "source that never ends.*'dipole'",
    ),
    "layers thicker than the domain": (lambda: solver(boundaries=(Cpml(cells=15), LAYER)), r"layers of \(15, 15\)"),
    "repeated name": (lambda: solver(monitor="dipole"), "all different"),
    "one axis without boundary": (lambda: solver(boundaries=(LAYER,)), "2 faces"),
    "a boundary without list": (lambda: solver(boundaries=LAYER), "2 faces"),
    "boundary class": (lambda: solver(boundaries=(Pmc, LAYER)), "Cpml, Pec, Pmc or Periodic"),
    "half periodic": (lambda: solver(boundaries=((Periodic(), LAYER), LAYER)), "both faces or on none"),
    "run length": (lambda: solver(run_length=100), "Steps"),
    "courant": (lambda: solver(courant=1.2), "courant"),
    "least permittivity": (lambda: solver(minimum_permittivity=-1.0), "minimum_permittivity"),
    "least permittivity zero": (lambda: solver(minimum_permittivity=0.0), "minimum_permittivity"),
    "least permittivity above the medium's": (lambda: solver(minimum_permittivity=2.0).evaluate({}), "at least 2"),
    "precision": (lambda: solver(precision="half"), "double, single"),
    "schedule": (lambda: solver(schedule="best"), "auto, memory, revolve, disk"),
    "threads": (lambda: solver(threads=0), "threads"),
    "budget": (lambda: solver(memory_budget="2 apples"), "memory_budget"),
    "budget of memory": (lambda: solver(schedule="memory", memory_budget=100).forward({}), "at least 52080 bytes"),
    "budget of revolve": (lambda: solver(schedule="revolve", memory_budget=100).forward({}), "choose schedule 'disk'"),
    "steps": (lambda: Steps(0), "Steps.count"),
    "steps not whole": (lambda: Steps(2.5), "Steps.count"),
    "threshold": (lambda: Decay(threshold=NAN), "Decay.threshold"),
    "longest time": (lambda: Decay(max_time=float("inf")), "Decay.max_time"),
    "look every": (lambda: Decay(every=0), "Decay.every"),
    "layer of no cells": (lambda: Cpml(cells=0), "Cpml.cells"),
    "layer of half a cell": (lambda: Cpml(cells=2.5), "Cpml.cells"),
    "stretch": (lambda: Cpml(kappa=0.5), "Cpml.kappa"),
    "index": (lambda: Cpml(index=0.0), "Cpml.index"),
    "strength": (lambda: Cpml(strength=-1.0), "Cpml.strength"),
    "shift": (lambda: Cpml(alpha=NAN), "Cpml.alpha"),
    "box of another component": (lambda: solver(box=Box({"ex": (slice(1, 3), slice(1, 3))})), "components"),
    "box over ghosts": (lambda: solver(box=Box({"ez": (slice(0, 3), slice(1, 3))})), "slots within 1 to 31"),
    "box outside": (lambda: solver(box=Box({"ez": (slice(20, 50), slice(1, 3))})), "got 20 to 49"),
    "empty box": (lambda: solver(box=Box({"ez": (slice(5, 5), slice(1, 3))})), "box of ez"),
    "box with a periodic node twice": (
        lambda: solver(boundaries=(LAYER, Periodic()), box=Box.covering(GRID, (0, 0), GRID.extent)),
        "repeats the first",
    ),
    "design region outside": (lambda: Box.covering(GRID, (1, 1), (2, 2)), "design region"),
    "medium's shape": (lambda: medium(np.ones((3, 3))), r"\(32, 22\)"),
    "medium not a number": (lambda: medium(np.full(GRID.shape, NAN)), "finite"),
    "negative medium": (lambda: medium(np.full(GRID.shape, -1.0)), "positive"),
    "complex medium": (lambda: medium(np.full(GRID.shape, 2 + 1j)), "as a conductivity"),
    "gain": (lambda: medium(np.ones(GRID.shape), conductivity={"ez": -np.ones(GRID.shape)}), "not below zero"),
    "medium of another component": (lambda: Medium(GRID, {"ex": np.ones(GRID.shape)}), "remove it"),
    "medium without component": (lambda: Medium(GRID, {}), "add the rest"),
    "input's shape": (lambda: solver().evaluate(ones((2, 2))), r"permittivity_z.*\(31, 21\)"),
    "input not a number": (lambda: solver().evaluate(ones(value=NAN)), "remove NaN"),
    "unstable input": (lambda: solver().evaluate(ones(value=0.5)), "smaller minimum_permittivity"),
    "complex input": (lambda: solver().evaluate(ones(value=2 + 1j)), "real numbers"),
    "misspelt input": (lambda: solver().evaluate({"permitivity_z": np.ones(SHAPE)}), "permitivity_z"),
    "input of another polarization": (lambda: solver().evaluate({"permittivity_x": np.ones(SHAPE)}), "permittivity_x"),
    "amplitudes": (lambda: solver().evaluate({"amplitudes": np.ones(2)}), "one a source"),
    "amplitude not a number": (lambda: solver().evaluate({"amplitudes": np.array([NAN])}), "finite"),
    "direction in conductivity": (
        lambda: solver().tangent(ones(), {"conductivity_z": np.ones(SHAPE)}), "conductivity_gradient=True",
    ),
    "tangent's shape": (
        lambda: solver().tangent(ones(), ones((2, 2))), r"tangent of permittivity_z.*\(31, 21\).*\(2, 2\)",
    ),
    "tangent that would broadcast": (lambda: solver().tangent(ones(), ones((1, 21))), r"\(31, 21\).*\(1, 21\)"),
    "tangent of amplitudes": (
        lambda: solver().tangent({"amplitudes": np.ones(1)}, {"amplitudes": np.ones(2)}), "one a source",
    ),
    "tangent not a number": (lambda: solver().tangent(ones(), ones(value=NAN)), "tangent of permittivity_z.*remove NaN"),
    "complex tangent": (lambda: solver().tangent(ones(), ones(value=1j)), "tangent of permittivity_z.*real numbers"),
    "tangent's shape, second order": (
        lambda: solver().second_adjoint(ones(), ones((2, 2)), {"m": np.ones((10, 1, 1, 1))}, {}), r"\(31, 21\)",
    ),
    "cotangent's tangent's shape": (
        lambda: solver().second_adjoint(ones(), ones(), {}, {"m": np.ones((9, 1, 1, 1))}), r"\(10, 1, 1, 1\)",
    ),
    "unknown cotangent": (lambda: solver().adjoint(ones(), {"n": np.ones((10, 1, 1, 1))}), "monitors m"),
    "cotangent's shape": (lambda: solver().adjoint(ones(), {"m": np.ones((9, 1, 1, 1))}), r"\(10, 1, 1, 1\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused(name):
    make, message = BAD[name]
    with pytest.raises(InputError, match=message) as refusal:
        make()
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 400


def test_a_source_that_never_ends_runs_a_number_of_steps():
    solver(dipole(waveform=ContinuousWave(2e14, 1e-14))).evaluate({})


def test_decay_stops_when_the_field_has_gone_and_stays_for_all_runs(caplog):
    """Energy falls below the threshold where it was found; later inputs keep the number of steps."""
    case = solver(run_length=Decay(threshold=1e-6, every=20))
    found = case.forward({})["m"].ravel()
    assert case.steps == len(found) and case.steps % 20 == 0
    assert np.abs(found[-20:]).max() < 1e-2 * np.abs(found).max()
    steps = case.steps
    assert len(case.evaluate(ones(value=4.0))["m"]) == steps
    assert not caplog.records
    cut = solver(boundaries=(Pmc(), Pmc()), run_length=Decay(max_time=1e-14))
    cut.evaluate({})
    assert "raise run length max_time" in caplog.text


def test_an_interrupted_adjoint_leaves_no_half_run_behind(monkeypatch):
    """An interrupt within the reverse sweep: the next gradient is that of a fresh solver."""
    fresh, case = solver(), solver()
    cotangents = {"m": np.ones((10, 1, 1, 1))}
    case.forward(ones())

    def interrupted(self, last, first, drop):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("adjointdesign.solvers.fdtd_maxwell.propagation.Propagation.reverse", interrupted)
        with pytest.raises(KeyboardInterrupt):
            case.adjoint(ones(), cotangents)
    got, expected = (s.adjoint(ones(), cotangents)["permittivity_z"] for s in (case, fresh))
    assert np.any(expected) and np.array_equal(got, expected)


@pytest.mark.parametrize("x, side", [(5 * 50e-9, -1), (25 * 50e-9, 1)])
def test_a_source_on_the_inner_edge_of_a_layer_is_no_matter_of_rounding(x, side):
    for beyond in (0.0, 1e-7, 1e-9):
        solver(dipole((x + side * beyond * 50e-9, 0.5e-6)))
    with pytest.raises(InputError, match="between the absorbing layers"):
        solver(dipole((x + side * 1e-5 * 50e-9, 0.5e-6)))
