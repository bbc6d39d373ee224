"""Figures of merit of what radiates."""

from __future__ import annotations

import autograd.numpy as anp

from adjointdesign.constants import C0, MU0
from adjointdesign.tape import taped


@taped
def realized_gain(far, powers):
    """Realized gain of a body of revolution: ``4 pi`` times the power per solid angle over the power that comes in.

    Parameters
    ----------
    far : ndarray, shape (frequencies, angles)
        As `adjointdesign.solvers.fem_helmholtz.far_field` reads it, A: at a distance R the field ``|H|`` is ``|far| / (2 R)``.
    powers : ndarray, shape (frequencies,)
        Of the incoming wave, W.
    """
    return anp.pi * (MU0 * C0) / 2 * anp.abs(far) ** 2 / powers[:, None]
