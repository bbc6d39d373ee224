"""Linear readings of a field: components, mode amplitudes, and the fields whose product is a flux."""

from adjointdesign.monitors.fields import FieldMonitor
from adjointdesign.monitors.flux import FluxMonitor, power
from adjointdesign.monitors.modes import ModeMonitor
from adjointdesign.monitors.placement import LinearPlacement, Monitor, Placement

__all__ = ["FieldMonitor", "FluxMonitor", "LinearPlacement", "ModeMonitor", "Monitor", "Placement", "power"]
