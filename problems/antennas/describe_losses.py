"""What takes the power that an antenna does not radiate: its media by name, resistive sheets, lumped elements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adjointdesign.problems.antennas.geometry.build import Model
from adjointdesign.problems.antennas.geometry.raster import resistive


def loss_parts(model: Model) -> dict[str, object]:
    """Media that hold a part of the losses of an antenna each, its ports' impedances in none of them.

    Returns
    -------
    dict of str to Medium
        ``media`` (those with a conductivity), each dispersive one under its own name, ``sheets`` (of a resistance) and
        ``elements`` (lumped), for `LossPlacement.taken_by`; those without loss left out.
    """
    from adjointdesign.sources import load_lumped

    antenna, grid, bare = model.antenna, model.grid, model.bare
    sheets = {c: resistive(antenna, grid, c) for c in grid.electric}
    static = {c: np.maximum(values - sheets.get(c, 0.0), 0.0) for c, values in bare.conductivity.items()}
    loaded = load_lumped(bare, model.elements)
    lumped = {c: values - bare.conductivity.get(c, 0.0) for c, values in loaded.conductivity.items()}
    parts = {name: ({}, {name: part}) for name, part in bare.dispersive.items()}
    parts |= {"media": (static, {}), "sheets": (sheets, {})}
    parts["elements"] = (lumped, {n: part for n, part in loaded.dispersive.items() if n not in bare.dispersive})
    return {
        name: replace(bare, conductivity=conductivity, dispersive=dispersive)
        for name, (conductivity, dispersive) in parts.items()
        if dispersive or any(np.any(values) for values in conductivity.values())
    }
