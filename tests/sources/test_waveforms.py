"""Waveforms against numerical integrals and the formulas they are known by."""

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.sources.waveforms import ContinuousWave, GaussianPulse, RickerWavelet, SampledWaveform

F0 = 200e12


def transform(waveform, frequency, end):
    """``int Re w exp(+i w t) dt`` by the trapezoidal rule."""
    t = np.linspace(0, end, 40001)
    return np.trapezoid(np.real(waveform(t)) * np.exp(2j * np.pi * frequency * t), t)


@pytest.mark.parametrize("pulse", [GaussianPulse(F0, 0.3 * F0), RickerWavelet(F0)], ids=["gaussian", "ricker"])
@pytest.mark.parametrize("ratio", [0.9, 1.0, 1.15])
def test_spectrum_is_the_transform(pulse, ratio):
    expected = transform(pulse, ratio * F0, pulse.duration)
    assert pulse.spectrum(ratio * F0) == pytest.approx(expected, rel=1e-6, abs=0)


def test_gaussian_bandwidth_is_full_width_at_half_maximum():
    pulse = GaussianPulse(F0, 0.2 * F0)
    peak, low, high = np.abs(pulse.spectrum(F0 * np.array([1.0, 0.9, 1.1])))
    assert low / peak == pytest.approx(0.5, rel=1e-12)
    assert high / peak == pytest.approx(0.5, rel=1e-12)


def test_gaussian_is_negligible_at_both_ends():
    pulse = GaussianPulse.covering(F0 * np.array([0.9, 1.1]))
    assert pulse.frequency == pytest.approx(F0) and pulse.bandwidth == pytest.approx(0.2 * F0)
    assert np.all(np.abs(pulse(np.array([0.0, pulse.duration]))) < 2e-8)


def test_ricker_real_part_is_the_wavelet_and_imaginary_part_its_hilbert_transform():
    pulse = RickerWavelet(F0)
    t = np.linspace(-40 / F0, 44 / F0, 2**15, endpoint=False)
    x2 = (np.pi * F0 * (t - pulse.delay)) ** 2
    assert np.real(pulse(t)) == pytest.approx((1 - 2 * x2) * np.exp(-x2), abs=1e-12)
    spectrum = np.fft.fft(pulse(t))  # exp(-i w t) of positive frequency sits at the negative frequencies of the FFT
    positive = np.fft.fftfreq(t.size) > 0
    assert np.abs(spectrum[positive]).max() < 1e-4 * np.abs(spectrum).max()


def test_continuous_wave_rises_smoothly_and_has_no_spectrum():
    wave = ContinuousWave(F0, ramp=5 / F0)
    t = np.array([0.0, 2.5, 5.0, 20.0]) / F0
    assert np.abs(wave(t)) == pytest.approx([0.0, 0.5, 1.0, 1.0], abs=1e-12)
    assert wave.duration == np.inf
    with pytest.raises(InputError, match="GaussianPulse"):
        wave.spectrum(F0)


def test_sampled_waveform_follows_the_pulse_it_samples():
    pulse = GaussianPulse(F0, 0.3 * F0)
    step = 0.02 / F0
    sampled = SampledWaveform(step, np.real(pulse(step * np.arange(int(pulse.duration / step)))), F0)
    t = np.linspace(0, pulse.duration, 3001)
    assert np.abs(sampled(t) - pulse(t)).max() < 3e-3  # linear interpolation: (2 pi 0.02)^2 / 8
    assert sampled.spectrum(1.1 * F0) == pytest.approx(transform(sampled, 1.1 * F0, pulse.duration), rel=1e-4, abs=0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: GaussianPulse(-F0, F0),
        lambda: GaussianPulse(F0, 0),
        lambda: RickerWavelet(np.nan),
        lambda: ContinuousWave(F0, -1),
        lambda: SampledWaveform(1e-16, [np.inf, 1], F0),
    ],
)
def test_bad_values_are_refused(make):
    with pytest.raises(InputError):
        make()
