"""Waveforms, prescribed currents, guided modes and their sources."""

from adjointdesign.sources.currents import UniformCurrent, point_dipole
from adjointdesign.sources.lumped_elements import Capacitor, Inductor, Resistor, SeriesCircuit, load_lumped
from adjointdesign.sources.lumped_port import LumpedPort, PortSource
from adjointdesign.sources.mode_source import ModeSource
from adjointdesign.sources.modes import Mode, solve_modes
from adjointdesign.sources.placing import Injection, Source
from adjointdesign.sources.wave_port import WaveConstants, WavePort
from adjointdesign.sources.waveforms import ContinuousWave, GaussianPulse, RickerWavelet, SampledWaveform, Waveform

__all__ = [
    "Capacitor",
    "ContinuousWave",
    "GaussianPulse",
    "Inductor",
    "Injection",
    "LumpedPort",
    "Mode",
    "ModeSource",
    "PortSource",
    "Resistor",
    "RickerWavelet",
    "SampledWaveform",
    "SeriesCircuit",
    "Source",
    "UniformCurrent",
    "WaveConstants",
    "WavePort",
    "Waveform",
    "load_lumped",
    "point_dipole",
    "solve_modes",
]
