"""Linear readings of a field: components, mode amplitudes, and the fields whose product is a flux."""

from adjointdesign.monitors.dissipation import DissipatedPowerMonitor
from adjointdesign.monitors.far_field import FarFieldMonitor
from adjointdesign.monitors.far_field_power import RadiatedPowerMonitor
from adjointdesign.monitors.fields import FieldMonitor
from adjointdesign.monitors.flux import FluxMonitor, power
from adjointdesign.monitors.line import LineMonitor
from adjointdesign.monitors.line_integrals import CurrentMonitor, VoltageMonitor
from adjointdesign.monitors.modes import ModeMonitor
from adjointdesign.monitors.placement import LinearPlacement, Monitor, Placement
from adjointdesign.monitors.port import PortMonitor
from adjointdesign.monitors.wave_port import WavePortMonitor, WaveSignalMonitor

__all__ = [
    "CurrentMonitor",
    "DissipatedPowerMonitor",
    "FarFieldMonitor",
    "FieldMonitor",
    "FluxMonitor",
    "LineMonitor",
    "LinearPlacement",
    "ModeMonitor",
    "Monitor",
    "Placement",
    "PortMonitor",
    "RadiatedPowerMonitor",
    "VoltageMonitor",
    "WavePortMonitor",
    "WaveSignalMonitor",
    "power",
]
