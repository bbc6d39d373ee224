"""What is left at the end of a run, of decays that are known."""

import numpy as np
import pytest
from adjointdesign.problems.antennas.ringing_watch import FAR, RingingWatch, remaining_energy

WIDTH, STEPS = 25, 2000


def ringing(fall):
    """A damped oscillation whose energy falls by exp(-fall) in half a period."""
    n = np.arange(STEPS)
    return np.exp(-0.5 * fall * n / WIDTH) * np.cos(np.pi * n / WIDTH)


@pytest.mark.parametrize("fall", [0.0, 0.02, 0.2, 0.4])
def test_energy_that_is_left(fall):
    """At the very end, over the mean of the first half period; and after a pulse that is larger."""
    end, first = np.exp(-fall * STEPS / WIDTH), -np.expm1(-fall) / fall if fall else 1.0
    assert remaining_energy(ringing(fall), WIDTH) == pytest.approx(end / first, rel=1e-3)
    pulse = 5 * np.sin(np.pi * np.arange(WIDTH) / WIDTH)
    late = np.concatenate([np.zeros(300), pulse, np.zeros(150), 1e-3 * ringing(fall)])
    assert remaining_energy(late, WIDTH) == pytest.approx(0.5 * WIDTH * 1e-6 * end / np.sum(pulse**2), rel=0.05)


def test_nothing_and_next_to_nothing():
    assert remaining_energy(np.zeros(100), WIDTH) == 0.0
    assert remaining_energy(np.ones(WIDTH // 2), WIDTH) == 1.0
    assert remaining_energy(np.ones(WIDTH), WIDTH) == 1.0


def test_told_when_it_is_far_too_much_and_again_when_it_is_far_more(caplog):
    watch = RingingWatch(1e-6, WIDTH)
    for left, rung_down, told in ((1e-7, True, 0), (0.9 * FAR * 1e-6, True, 0), (2e-5, False, 1), (3e-5, False, 1), (3e-3, False, 2), (1e-7, True, 2)):
        watch.look(ringing(-np.log(left) * WIDTH / STEPS))
        assert (watch.rung_down, len(caplog.records)) == (rung_down, told)
        assert watch.summary == {"rung_down": rung_down, "remaining_energy": pytest.approx(left, rel=0.2), "decay": 1e-6}
