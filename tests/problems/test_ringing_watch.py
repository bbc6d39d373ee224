"""What is left at the end of a run, of decays that are known."""

import numpy as np
import pytest
from adjointdesign.problems.antennas.ringing_watch import FAR, RingingWatch, remaining_energy

PERIOD = 50


def ringing(rate, steps=2000):
    """A damped oscillation whose energy falls by exp(-rate) a period."""
    n = np.arange(steps)
    return np.exp(-0.5 * rate * n / PERIOD) * np.cos(2 * np.pi * n / PERIOD)


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.5, 1.0])
def test_energy_that_is_left(rate):
    assert remaining_energy(ringing(rate), PERIOD) == pytest.approx(np.exp(-rate * (2000 / PERIOD - 1)), rel=1e-6)
    pulse = np.concatenate([np.zeros(300), 5 * np.sin(2 * np.pi * np.arange(PERIOD) / PERIOD), np.zeros(150)])
    late = np.concatenate([pulse, 1e-3 * ringing(rate)])
    share = np.sum((1e-3 * ringing(rate)[-PERIOD:]) ** 2) / np.sum(pulse**2)
    assert remaining_energy(late, PERIOD) == pytest.approx(share, rel=1e-6)


def test_nothing_and_next_to_nothing():
    assert remaining_energy(np.zeros(100), PERIOD) == 0.0
    assert remaining_energy(np.ones(PERIOD // 2), PERIOD) == 1.0


def test_told_when_it_is_far_too_much_and_again_when_it_is_far_more(caplog):
    watch = RingingWatch(1e-6, PERIOD)
    for left, rung_down, told in ((1e-7, True, 0), (0.9 * FAR * 1e-6, True, 0), (2e-5, False, 1), (3e-5, False, 1), (3e-3, False, 2), (1e-7, True, 2)):
        watch.look(ringing(-np.log(left) / (2000 / PERIOD - 1)))
        assert (watch.rung_down, len(caplog.records)) == (rung_down, told)
        assert watch.summary == {"rung_down": rung_down, "remaining_energy": pytest.approx(left), "decay": 1e-6}
