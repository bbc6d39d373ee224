"""Extrapolated transforms against closed forms of sums of damped oscillations, and their derivatives."""

import numpy as np
import pytest
from autograd.test_util import check_grads
from taped_derivatives import check_derivatives

from adjointdesign.errors import InputError
from adjointdesign.objectives.extrapolation import ringing_error, ringing_rest, ringing_transform
from adjointdesign.objectives.least_squares import least_norm, least_squares

BAND = np.linspace(5e9, 10e9, 21)
DT = 1 / 10e9 / 30


def ringing(frequencies, qualities, amplitudes, dt, steps):
    """A sum of damped oscillations, and the transform of all of it, a geometric series each."""
    rates = -2j * np.pi * frequencies - np.pi * frequencies / qualities
    signal = np.real(amplitudes @ np.exp(np.outer(rates * dt, np.arange(steps))))
    turn = 2j * np.pi * BAND * dt
    whole = 0.0
    for c, s in [*zip(amplitudes, rates), *zip(amplitudes.conj(), rates.conj())]:
        whole = whole + 0.5 * c * dt * np.exp(0.5 * turn) / (1 - np.exp(s * dt + turn))
    return signal, whole


def recorded(signal, dt):
    return dt * np.exp(2j * np.pi * np.outer(BAND, (np.arange(len(signal)) + 0.5) * dt)) @ signal


def some_ringing(rng, steps=None):
    """One to eight oscillations, within and around the band, recorded for 0.3 to 3 times the longest one's decay."""
    count, dt = rng.integers(1, 9), 1 / (10e9 * rng.integers(20, 60))
    frequencies, qualities = rng.uniform(2e9, 14e9, count), 10 ** rng.uniform(0.5, 2.7, count)
    amplitudes = 10 ** rng.uniform(-2, 0, count) * np.exp(2j * np.pi * rng.uniform(size=count))
    lasts = 1 / (np.pi * frequencies / qualities).min() / dt
    steps = int(np.clip(rng.uniform(0.3, 3) * lasts, 800, 5000))
    return dt, *ringing(frequencies, qualities, amplitudes, dt, steps)


def test_what_is_left_is_found_and_the_estimate_bounds_the_error():
    """Random cases, noise of nothing to 1e-3: the estimate holds over the band, nearly always at each frequency."""
    rng, each, band, gains = np.random.default_rng(1), [], [], []
    for _ in range(40):
        dt, signal, whole = some_ringing(rng)
        noise = rng.choice([0.0, 1e-9, 1e-7, 1e-5, 1e-3]) * rng.standard_normal(len(signal))
        # The noise's own transform over the time of the record is not an error of the extrapolation.
        error = np.abs(ringing_transform(signal + noise, dt, 0.0, BAND) - recorded(noise, dt) - whole)
        estimate = ringing_error(signal + noise, dt, 0.0, BAND)
        each.append(np.max(error / estimate))
        band.append(error.max() / estimate.max())
        gains.append(np.abs(recorded(signal, dt) - whole).max() / error.max())
    assert max(band) < 1 and max(each) < 2 and np.quantile(each, 0.95) < 1
    assert np.median(band) > 0.02  # nor is it many times too large
    assert np.median(gains) > 100


def test_the_pulse_itself_is_not_fitted():
    """Anything may happen while a source is on; samples count from its end."""
    rng = np.random.default_rng(2)
    free, whole = ringing(np.array([7e9]), np.array([80.0]), np.array([1.0 + 0.5j]), DT, 900)
    pulse = rng.standard_normal(900)
    late = np.exp(2j * np.pi * BAND * 900 * DT)
    found = ringing_transform(np.concatenate([pulse, free]), DT, 900 * DT, BAND)
    assert found == pytest.approx(recorded(pulse, DT) + late * whole, rel=1e-8)
    # Were it fitted, nothing would be found.
    assert ringing_error(np.concatenate([pulse, free]), DT, 0.0, BAND).max() > 1e-3 * np.abs(whole).max()


def test_a_resting_charge_is_no_obstacle():
    """A constant has a transform off zero frequency, ``dt w^(1/2) / (1 - w)``, and its size counts as uncertain."""
    free, whole = ringing(np.array([7e9]), np.array([80.0]), np.array([1.0 + 0j]), DT, 900)
    turn = 2j * np.pi * BAND * DT
    rest = 1e-3 * DT * np.exp(0.5 * turn) / (1 - np.exp(turn))
    found = ringing_transform(free + 1e-3, DT, 0.0, BAND)
    assert found == pytest.approx(whole + rest, rel=1e-7)
    assert np.all(ringing_error(free + 1e-3, DT, 0.0, BAND) >= np.abs(rest))


@pytest.mark.parametrize("quality", [1e9, -100.0])
def test_what_does_not_decay_has_no_estimate(quality):
    signal, _ = ringing(np.array([7e9, 9e9]), np.array([50.0, quality]), np.array([1.0, 1.0 + 0j]), DT, 900)
    assert np.all(np.isinf(ringing_error(signal, DT, 0.0, BAND)))


def test_too_little_has_no_estimate_and_noise_a_large_one():
    signal, whole = ringing(np.array([7e9]), np.array([80.0]), np.array([1.0 + 0j]), DT, 900)
    assert np.all(np.isinf(ringing_error(signal, DT, 830 * DT, BAND)))
    assert ringing_transform(signal, DT, 830 * DT, BAND) == pytest.approx(recorded(signal, DT), rel=1e-12)
    assert np.all(np.isinf(ringing_error(signal, DT, 2000 * DT, BAND)))
    noise = np.random.default_rng(3).standard_normal(900)
    assert ringing_error(noise, DT, 0.0, BAND).max() > 0.3 * np.abs(recorded(noise, DT)).max()


def test_silence():
    assert np.all(ringing_transform(np.zeros(900), DT, 0.0, BAND) == 0)
    assert np.all(ringing_error(np.zeros(900), DT, 0.0, BAND) == 0)


def test_derivatives_of_both_orders():
    """By Taylor tests on the tape; against the closed form, whose real and imaginary part move with the signal."""
    signal, _ = ringing(np.array([6e9, 8e9]), np.array([30.0, 60.0]), np.array([1.0, 0.5j]), DT, 300)
    # Noise makes the least squares matter: without it every recurrence of more than four terms fits.
    signal = signal + 1e-2 * np.random.default_rng(4).standard_normal(300)
    check_derivatives(lambda x: _parts(ringing_transform(x, DT, 20 * DT, BAND[::5])), signal)


def _parts(z):
    from adjointdesign.tape import taped

    @taped
    def parts(values):
        import autograd.numpy as anp

        return 1e10 * anp.concatenate([anp.real(values), anp.imag(values)])

    return parts(z)


def test_the_transform_follows_frequency_and_quality():
    """With a small change of both it changes as its closed form does."""

    def case(frequency, quality):
        return ringing(np.array([frequency]), np.array([quality]), np.array([1.0 + 0j]), DT, 400)

    up, down = case(7e9 * (1 + 1e-5), 60.0 * (1 + 1e-5)), case(7e9 * (1 - 1e-5), 60.0 * (1 - 1e-5))
    here, _ = case(7e9, 60.0)
    step = (up[0] - down[0]) / 2
    found = (ringing_transform(here + step, DT, 0.0, BAND) - ringing_transform(here - step, DT, 0.0, BAND)) / 2
    assert found == pytest.approx((up[1] - down[1]) / 2, rel=1e-4)


def test_least_squares_and_its_transpose_have_derivatives():
    rng = np.random.default_rng(5)
    matrix, long, short = rng.standard_normal((7, 3)), rng.standard_normal(7), rng.standard_normal(3)
    assert least_squares(matrix, long) == pytest.approx(np.linalg.lstsq(matrix, long, rcond=None)[0])
    assert least_norm(matrix, short) == pytest.approx(np.linalg.pinv(matrix).T @ short)
    check_grads(least_squares, modes=["rev"], order=2)(matrix, long)
    check_grads(least_norm, modes=["rev"], order=2)(matrix, short)


def test_bad_input():
    signal = np.ones(100)
    with pytest.raises(InputError, match="signal: expected finite numbers"):
        ringing_transform(np.full(100, np.nan), DT, 0.0, BAND)
    with pytest.raises(InputError, match="shape \\(10, 10\\)"):
        ringing_transform(signal.reshape(10, 10), DT, 0.0, BAND)
    with pytest.raises(InputError, match="frequencies: expected between 0 and 1.5e"):
        ringing_error(signal, DT, 0.0, [1e9, 2e11])
    with pytest.raises(InputError, match="pulse_end"):
        ringing_error(signal, DT, -1.0, BAND)
    with pytest.raises(InputError, match="pulse_end"):
        ringing_rest(signal, DT, np.inf, BAND)
    with pytest.raises(InputError, match="dt: expected a positive time step"):
        ringing_error(signal, 0.0, 0.0, BAND)
    with pytest.raises(InputError, match="signal: expected an array of numbers.*list"):
        ringing_transform([1.0] * 100, DT, 0.0, BAND)
