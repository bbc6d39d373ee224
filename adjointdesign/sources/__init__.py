"""Waveforms, prescribed currents, guided modes and their sources."""

from adjointdesign.sources.currents import UniformCurrent, point_dipole
from adjointdesign.sources.mode_source import ModeSource
from adjointdesign.sources.modes import Mode, solve_modes
from adjointdesign.sources.placing import Injection, Source
from adjointdesign.sources.waveforms import ContinuousWave, GaussianPulse, RickerWavelet, SampledWaveform, Waveform

__all__ = [
    "ContinuousWave",
    "GaussianPulse",
    "Injection",
    "Mode",
    "ModeSource",
    "RickerWavelet",
    "SampledWaveform",
    "Source",
    "UniformCurrent",
    "Waveform",
    "point_dipole",
    "solve_modes",
]
