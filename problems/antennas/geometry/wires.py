"""Wires of given radius in the medium: collinear ones, and the gaps of ports between them, are one wire with gaps."""

from __future__ import annotations

from collections.abc import Iterator

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES
from adjointdesign.media.thin_wire import thin_wire
from adjointdesign.problems.antennas.geometry.description import Antenna

_SAME = 1e-9
"""Positions nearer than this, m, are one."""


def with_wires(antenna: Antenna, medium):
    """The medium with the fields next to wires those of their radii.

    Raises
    ------
    InputError
        When a radius is too large for its cells, wires overlap a gap or each other, or as `thin_wire`.
    """
    taken: dict[tuple, float] = {}
    for axis, position, radius, pieces in wire_lines(antenna):
        for ends, is_gap in pieces:
            if is_gap and taken.setdefault((axis, position, ends), radius) != radius:
                raise InputError(
                    f"wires along {AXES[axis]} on either side of {ends[0]:.6g} to {ends[1]:.6g} m", "one radius where a port or element is between them",
                    f"{taken[axis, position, ends]:.4g} and {radius:.4g} m", "change one",
                )  # fmt: skip
        gaps = [ends for ends, is_gap in pieces if is_gap]
        extent = pieces[0][0][0], max(high for (_, high), _ in pieces)
        medium = thin_wire(medium, AXES[axis], position, extent, radius, gaps)
    return medium


def wire_lines(antenna: Antenna) -> Iterator[tuple[int, tuple[float, ...], float, list]]:
    """Of every unbroken line axis, position across it, radius, and pieces: ends along it, whether it is a gap."""
    groups: dict[tuple, list] = {}
    for wire in antenna.wires:
        if wire.radius:
            across = tuple(b[0] for a, b in enumerate(wire.bounds) if a != wire.axis)
            groups.setdefault((wire.axis, across, wire.radius), []).append((wire.bounds[wire.axis], False))
    for (axis, across, radius), pieces in groups.items():
        for gap in antenna.gaps:
            others = [b for a, b in enumerate(gap.bounds) if a != axis]
            on_line = all(abs(low - x) < _SAME and abs(high - x) < _SAME for (low, high), x in zip(others, across))
            if AXES.index(gap.axis) == axis and on_line:
                pieces.append((gap.bounds[axis], True))
        pieces.sort()
        line = pieces[:1]
        for piece in pieces[1:]:
            if piece[0][0] < line[-1][0][1] - _SAME:
                raise InputError(
                    f"wires along {AXES[axis]} at {across[0]:.6g}, {across[1]:.6g} m", "pieces, and gaps of ports between them, one after the other",
                    f"one from {piece[0][0]:.6g} m within another", "end each where the next begins",
                )  # fmt: skip
            if piece[0][0] > line[-1][0][1] + _SAME:
                yield from _unless_gaps(axis, across, radius, line)
                line = []
            line.append(piece)
        yield from _unless_gaps(axis, across, radius, line)


def _unless_gaps(axis, across, radius, line):
    if not all(is_gap for _, is_gap in line):
        yield axis, across, radius, line
