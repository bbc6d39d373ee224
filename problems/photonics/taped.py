"""Small taped functions of the photonic problems."""

from __future__ import annotations

import autograd.numpy as anp

from adjointdesign.tape import taped


@taped
def add_guides(design, guides, layer):
    """Core fraction of the box: the design's (extruded over ``layer`` in three dimensions) plus the fixed guides'."""
    return (design if layer is None else design[:, :, anp.newaxis] * layer) + guides
