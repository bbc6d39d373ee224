"""Decibels of amplitudes, and where they end."""

from __future__ import annotations

import numpy as np

LEAST_POWER = 1e-12
"""Power, relative to the incident one, below which decibels are not resolved: -120 dB."""
LEAST_AMPLITUDE = 1e-6
"""Its square root."""


def amplitude_decibels(s) -> np.ndarray:
    """``20 log10 |s|``, never below -120 dB; plain NumPy, for what people read."""
    return 20 * np.log10(np.maximum(np.abs(np.asarray(s)), LEAST_AMPLITUDE))
