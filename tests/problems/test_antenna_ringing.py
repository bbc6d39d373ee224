"""What the end of a run left out: estimates and extrapolation of S-parameters against runs that have rung down."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from adjointdesign.objectives.extrapolation import ringing_error
from adjointdesign.objectives.network import lumped_s_parameters
from adjointdesign.problems.antennas.describe_results import PortRun, Results
from adjointdesign.problems.antennas.describe_ringing import (
    RUNG_DOWN,
    Ringing,
    ringing_line,
    ringing_summary,
    transforms,
)

BAND, DT, STEPS = np.linspace(5e9, 10e9, 41), 1 / 10e9 / 30, 12000
IMPEDANCES = [9.0, 400.0]


def network():
    """Voltages of two ports of unlike impedance, ``[run][port]``, with one resonance, and the drive's transform."""
    t = np.arange(STEPS) * DT
    free = np.where(t > 200 * DT, np.exp(-np.pi * 7.4e9 / 40 * t) * np.cos(2 * np.pi * 7.4e9 * t), 0.0)
    return [[0.8 * free, 0.02 * free], [0.02 * free, 0.5 * free]], np.full(len(BAND), 60 * DT) * np.exp(1j * BAND / 1e9)


def ends(steps):
    """Both runs cut after some steps, as the results of an antenna."""
    signals, drive = network()
    model = SimpleNamespace(
        ports=[SimpleNamespace(impedance=z) for z in IMPEDANCES], pulse=SimpleNamespace(duration=200 * DT),
        frequencies=BAND,
    )  # fmt: skip
    return Results(model, [PortRun([s[:steps] for s in run], drive, drive, None, None, DT, 0.0) for run in signals])


def test_estimates_are_of_s_parameters_of_any_impedance():
    """Each holds for its run's column of S, at most three times the error: impedances count rightly."""
    signals, drive = network()

    def s(voltages):
        return lumped_s_parameters(voltages, [drive, drive], IMPEDANCES)

    whole, cut = s([transforms(run, DT, BAND) for run in signals]), ends(1000)
    recorded = s([r.recorded for r in cut.ringing])
    for n, run in enumerate(cut.ringing):
        error = np.abs(recorded - whole)[:, :, n].max()
        assert 0.33 * run.truncation_error < error <= run.truncation_error
        assert run.left_out == pytest.approx(error, rel=1e-6)
        # The longer run has an end as well, at 5e-10.
        assert run.extrapolated and np.abs(cut.s_parameters - whole)[:, :, n].max() <= run.extrapolation_error + 1e-9
        assert run.extrapolation_error < 1e-6 * error
    # Port 1 when port 2 is driven: its voltage counts 20 / 3 times.
    other = replace(cut.ringing[1], signals=signals[1][:1], shares=cut.ringing[1].shares[:1])
    same = replace(other, shares=[1.0])
    for found, plain in [(other.truncation_error, same.truncation_error), (other.left_out, same.left_out),
                         (other.extrapolation_error, same.extrapolation_error)]:  # fmt: skip
        assert found / plain == pytest.approx(20 / 3)
    estimate = ringing_error(other.signals[0], DT, 200 * DT, BAND).max() / np.abs(drive[0])
    assert same.extrapolation_error / estimate == pytest.approx(2.0)  # S = 2 V / V_s - 1


def test_what_is_said_of_it():
    rested, cut, short = (ringing_summary(ends(n).ringing) for n in (STEPS, 1000, 230))
    assert rested["rung_down"] and "rung down:" in ringing_line(rested | {"far_field": None}, "wait")
    assert not cut["rung_down"] and cut["extrapolated"] and cut["left_out"] > RUNG_DOWN > cut["extrapolation_error"]
    told = ringing_line(cut | {"far_field": None}, "raise run.periods")
    assert "NOT RUNG DOWN" in told and f"{cut['left_out']:.1e}" in told and told.endswith("; raise run.periods")
    assert "far fields" not in told and "far fields" in ringing_line(cut | {"far_field": {"feed": {}}}, "wait")
    assert not short["extrapolated"] and short["extrapolation_error"] is None
    assert "an estimated" in ringing_line(short, "wait") and "beyond" not in ringing_line(short, "wait")
    assert "is not known; wait" in ringing_line(short | {"truncation_error": None}, "wait")


def test_of_noise_nothing_is_known():
    """Whatever the fit makes of it, both estimates say so."""
    signal = np.random.default_rng(7).standard_normal(3000)
    found = Ringing([signal], DT, 200 * DT, BAND, np.full(len(BAND), 60 * DT), [1.0])
    assert min(found.truncation_error, found.extrapolation_error) > 0.3
    rising = np.exp(np.arange(3000) / 2000) * np.cos(np.arange(3000) / 5)
    found = Ringing([rising], DT, 200 * DT, BAND, np.full(len(BAND), 60 * DT), [1.0])
    assert found.truncation_error == np.inf == found.extrapolation_error and not found.extrapolated


def two_modes():
    """A slow weak oscillation beneath a fast one, and its transform over all time in closed form, as one run."""
    t = (np.arange(4200) + 0.5) * DT
    modes = [(1.0, 6e9, 30.0), (1e-5, 8.25e9, 3e5)]
    poles = [(size, 2j * np.pi * f - np.pi * f / q) for size, f, q in modes]
    signal = sum(size * np.exp(pole * t).real for size, pole in poles)
    turn = np.exp(2j * np.pi * BAND * DT)
    whole = 0.0
    for size, pole in poles:
        for p in (pole, np.conj(pole)):
            whole = whole + 0.5 * size * DT * np.exp(0.5 * p * DT) * turn**0.5 / (1 - np.exp(p * DT) * turn)
    return Ringing([signal], DT, 200 * DT, BAND, np.full(len(BAND), 60 * DT), [1.0]), whole


def test_a_slow_oscillation_beneath_a_fast_one_is_seen():
    """The rate at which the largest voltages decay says nothing of it."""
    run, whole = two_modes()
    error = 2 * np.abs(run.recorded[0] - whole).max() / (60 * DT)
    assert error > 0.3 and 0.8 * error < run.truncation_error and not ringing_summary([run])["rung_down"]
    assert run.extrapolated and 2 * np.abs(run.voltages[0] - whole).max() / (60 * DT) < run.extrapolation_error < error


@pytest.mark.parametrize("kind", ["noise", "charge"])
def test_a_port_of_rounding_alone_does_not_ring(kind):
    """However it lasts, beside one that has rung down; alone it would be endless."""
    signals, drive = network()
    rounding = 1e-9 * (np.random.default_rng(0).standard_normal(STEPS) if kind == "noise" else np.ones(STEPS))
    if kind == "noise":
        assert Ringing([rounding], DT, 200 * DT, BAND, drive, [1.0]).truncation_error == np.inf
    found = Ringing([signals[0][0], rounding], DT, 200 * DT, BAND, drive, [1.0, 1.0])
    assert found.truncation_error < RUNG_DOWN


def test_runs_of_which_one_needs_no_extrapolation():
    """That one is extrapolated, and how well, is said of what is used of each run."""
    cut, rested = ends(1000).ringing[0], replace(ends(STEPS).ringing[1], signals=[0 * s for s in network()[0][1]])
    assert cut.extrapolated and not rested.extrapolated
    found = ringing_summary([cut, rested])
    assert found["extrapolated"] and not found["rung_down"] and found["left_out"] == cut.left_out
    assert found["extrapolation_error"] == cut.extrapolation_error
    assert "extrapolated" in ringing_line(found | {"far_field": None}, "wait")
    short = ends(230).ringing[1]
    assert ringing_summary([cut, short])["extrapolation_error"] == pytest.approx(short.truncation_error)
