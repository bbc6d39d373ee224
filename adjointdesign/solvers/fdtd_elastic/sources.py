"""What radiates: forces and couples of forces at points."""

from __future__ import annotations

from dataclasses import dataclass

from adjointdesign.sources.waveforms import Waveform


@dataclass(frozen=True)
class PointForce:
    """A force ``s(t) force`` at a point, per metre of the third dimension.

    Parameters
    ----------
    position : tuple of float
        x and depth, m.
    force : tuple of float
        Along x and z, N/m.
    waveform : Waveform
        Its real part is ``s``.
    """

    position: tuple[float, float]
    force: tuple[float, float]
    waveform: Waveform


@dataclass(frozen=True)
class MomentTensor:
    """Couples of forces ``-s(t) div(moment delta)`` at a point, per metre of the third dimension.

    Aki and Richards, Quantitative Seismology, section 3.3. An explosion is the unit tensor; ``s`` rises to one and stays there for
    a dislocation.

    Parameters
    ----------
    position : tuple of float
        x and depth, m.
    moment : tuple of tuple of float
        Rows x and z, N m/m.
    waveform : Waveform
        Its real part is ``s``.
    """

    position: tuple[float, float]
    moment: tuple[tuple[float, float], tuple[float, float]]
    waveform: Waveform
