"""The problems that come with the toolkit, by name."""

from __future__ import annotations

import difflib
from importlib import import_module
from importlib.metadata import entry_points

from adjointdesign.errors import InputError

_SHIPPED = {
    "waveguide-bend": "photonics.waveguide_bend:WaveguideBend",
    "mode-converter": "photonics.mode_converter:ModeConverter",
    "beam-splitter": "photonics.beam_splitter:BeamSplitter",
    "demultiplexer": "photonics.demultiplexer:Demultiplexer",
    "soi-bend": "photonics.soi_bend:SoiBend",
    "metalens-fem": "photonics.metalens_fem:Metalens",
    "bend-fem": "photonics.bend_fem:BendFem",
    "horn-antenna": "antennas.horn:Horn",
    "dielectric-resonator-antenna": "antennas.resonator:Resonator",
    "patch-antenna": "antennas.patch_antenna:Patch",
    "pixel-antenna": "antennas.pixel_antenna:PixelAntenna",
    "detection-network": "seismology.detection_network:DetectionNetwork",
}
"""Name to module and class; another distribution adds its own by an entry point ``adjointdesign.problems``."""


def names() -> list[str]:
    """Names of all problems, shipped and installed."""
    return [*_SHIPPED, *(e.name for e in entry_points(group="adjointdesign.problems"))]


def find(name: str):
    """The problem class of a name.

    Raises
    ------
    InputError
        When there is none.
    """
    if name in _SHIPPED:
        module, attribute = _SHIPPED[name].split(":")
        return getattr(import_module(f"{__name__}.{module}"), attribute)
    for entry in entry_points(group="adjointdesign.problems"):
        if entry.name == name:
            return entry.load()
    near = difflib.get_close_matches(name, names(), 1)
    remedy = f"did you mean {near[0]}?" if near else "see `adjointdesign list`"
    raise InputError("problem", f"one of {', '.join(names())}", repr(name), remedy)
