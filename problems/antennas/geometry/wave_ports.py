"""Ports of lines and guides on the grid of a description: where their cells are, what their planes hold, and of which mode."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.geometry.description import Antenna
from adjointdesign.problems.antennas.geometry.electric import WavePortSpec
from adjointdesign.problems.antennas.geometry.lines import BEHIND_PORT as BEHIND
from adjointdesign.problems.antennas.geometry.lines import port_cell

WIDE = 3.0
"""Heights of a microstrip over its ground by which the window's other edges are away from it, at least."""
LOWEST = 1e-5
"""Share of its largest value that a pulse's spectrum has at the cutoff of a guide, at most, and on a line, which it would leave charged, at zero."""
WEAKEST = 1e-2
"""The same at the ends of the band, at least."""


def check_places(antenna: Antenna) -> None:
    """Refuse ports whose sources leave the domain, that overlap, or whose plane holds a metal of finite conductivity."""
    reaches = {port.name: reach_of(antenna, port) for port in antenna.wave_ports}
    for port in antenna.wave_ports:
        axis = AXES.index(port.axis)
        (low, high), ends = antenna.bounds[axis], reaches[port.name][axis]
        if ends[0] < low - 1e-9 * (high - low) or ends[1] > high + 1e-9 * (high - low):
            raise InputError(
                f"port '{port.name}' along {port.axis}", f"the plane, its source {BEHIND} cells behind it and a cell beside each within the domain, "
                f"{low:.6g} to {high:.6g} m (absorbers lie outside)", f"{ends[0]:.6g} to {ends[1]:.6g} m", "move the plane, or enlarge the domain",
            )  # fmt: skip
        for part in (*antenna.solids, *antenna.sheets):
            if antenna.medium(part.medium).metal and _meet(part.bounds, reaches[port.name]):
                raise InputError(
                    f"port '{port.name}'", "no metal of finite conductivity in its window", f"'{part.name}'", "let pec take its place at the port"
                )
    others = {gap.name: gap.bounds for gap in antenna.gaps}
    for one, other in [*combinations(reaches, 2), *((a, b) for a in reaches for b in others)]:
        if _meet(reaches[one], reaches[other] if other in reaches else others[other]):
            raise InputError(f"port '{one}'", "no other port or element between its plane and its source", f"'{other}'", "move one of them")


def _meet(one, other) -> bool:
    return all(a <= d and c <= b for (a, b), (c, d) in zip(one, other))


def reach_of(antenna: Antenna, port: WavePortSpec) -> tuple[tuple[float, float], ...]:
    """Bounds of the window from a cell behind the source to a cell before the reference plane, m."""
    axis, cell = AXES.index(port.axis), port_cell(antenna)
    ends = sorted((port.center[axis] + port.direction * cell, port.center[axis] - port.direction * (BEHIND + 1) * cell))
    return tuple((ends[0], ends[1]) if a == axis else b for a, b in enumerate(port.bounds))


def wave_port(antenna: Antenna, medium, spec: WavePortSpec):
    """The `WavePort` of a described one, with the path of its voltage.

    Parameters
    ----------
    antenna : Antenna
        The description.
    medium : Medium
        On its grid.
    spec : WavePortSpec
        The port.

    Raises
    ------
    InputError
        When its plane holds no such line or guide, or no such wave at the lowest frequency of the band.
    """
    from adjointdesign.sources import WavePort

    across = [s for a, s in zip(AXES, spec.size) if a != spec.axis]
    port = WavePort(
        name=spec.name, axis=spec.axis, center=spec.center, size=tuple(across), setback=BEHIND * port_cell(antenna),
        direction=spec.direction, mode_order=getattr(spec, "mode", 0),
    )  # fmt: skip
    window = port.window(medium)
    metal, owner = _conductors(window, medium)
    border = np.ones(metal.shape, bool)
    border[1:-1, 1:-1] = False
    within = [k for k in range(owner.max() + 1) if not border[owner == k].any()]
    if spec.kind != "microstrip" and not metal[border].all():
        raise InputError(
            f"port '{spec.name}'", f"metal all around the plane of a {spec.kind} port", f"none at {np.count_nonzero(border & ~metal)} of the "
            f"{np.count_nonzero(border)} nodes at the window's edges", "let the window end on the walls, or choose another kind",
        )  # fmt: skip
    wanted = 0 if spec.kind == "waveguide" else 1
    if len(within) != wanted:
        raise InputError(
            f"port '{spec.name}'", f"{'one conductor' if wanted else 'no conductor'} in the plane of a {spec.kind} port, apart from what meets the window's edges",
            f"{len(within) or 'none'}", "move or resize the window, or choose another kind",
        )  # fmt: skip
    if wanted:
        start, end = _path(window, metal, owner, within[0])
        if spec.kind == "microstrip":
            _check_room(spec, window, owner == within[0], start, end)
        axis, lines = AXES.index(spec.axis), [medium.grid.lines(a) for a in range(3) if AXES[a] != spec.axis]
        points = [np.insert([line[n] for line, n in zip(lines, node)], axis, spec.center[axis]) for node in (start, end)]
        port = replace(port, voltage=tuple(tuple(map(float, p)) for p in points))
    try:
        port.constants(medium, _step(medium), [antenna.band.low])
    except InputError as error:
        if error.what == "conductor in a mode's window":
            raise InputError(
                f"port '{spec.name}'", "metal whose faces are planes of nodes in its window", "curved or slanted metal, a staircase",
                'choose grid.curved_metal = "cut", or move the faces onto nodes',
            ) from None  # fmt: skip
        if error.what != "mode order":
            raise
        raise InputError(
            f"port '{spec.name}'", f"a wave above its cutoff at band.low, {antenna.band.low:.6g} Hz: {error.expected}", f"mode {port.mode_order}",
            "raise band.low, widen the guide, or ask for a lower mode",
        ) from None  # fmt: skip
    return port


def _step(medium) -> float:
    """A time step that is stable wherever, s: where the solver's own is not known yet."""
    return 0.1 * min(medium.grid.spacing) / C0


def _conductors(window, medium) -> tuple[np.ndarray, np.ndarray]:
    """Which nodes of a window are metal, and for each the number of its conductor, -1 where there is none."""
    across = [a for a in range(3) if a != window.axis]

    def held(axis):
        component = "e" + AXES[axis]
        slots = window.slots(component, edges=True)
        values = np.asarray(medium.conductor.get(component, np.zeros(medium.grid.shape, bool)))
        return np.squeeze(values[np.ix_(*slots)], axis=window.axis)

    metal, (one, two) = held(window.axis), (held(a) for a in across)
    numbers = np.arange(metal.size).reshape(metal.shape)
    ends = [(numbers[:-1][one], numbers[1:][one]), (numbers[:, :-1][two], numbers[:, 1:][two])]
    for low, high in ends:
        metal.flat[low] = metal.flat[high] = True
    rows, columns = (np.concatenate(e) for e in zip(*ends))
    graph = sparse.coo_array((np.ones(rows.size), (rows, columns)), shape=(metal.size, metal.size))
    _, labels = connected_components(graph, directed=False)
    owner = np.full(metal.shape, -1)
    owner[metal] = np.unique(labels.reshape(metal.shape)[metal], return_inverse=True)[1]
    return metal, owner


def _path(window, metal: np.ndarray, owner: np.ndarray, inner: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Nodes of the grid on what surrounds a conductor, and on it, at the ends of the shortest way from its middle out along an axis."""
    across = [a for a in range(3) if a != window.axis]
    low = [window.low[a] for a in across]
    lines = [window.grid.lines(a) for a in across]
    nodes = np.argwhere(owner == inner)
    places = np.stack([line[n + k] for line, n, k in zip(lines, nodes.T, low)], axis=1)
    middle = nodes[np.argmin(np.sum((places - 0.5 * (places.max(axis=0) + places.min(axis=0))) ** 2, axis=1))]
    found = []
    for k in (0, 1):
        for sign in (1, -1):
            at, last = middle.copy(), middle.copy()
            while 0 <= at[k] < metal.shape[k]:
                if owner[tuple(at)] == inner:
                    last = at.copy()
                elif metal[tuple(at)] or at[k] in (0, metal.shape[k] - 1):
                    break
                at[k] += sign
            start, end = (tuple(int(n) + m for n, m in zip(p, low)) for p in (at, last))
            found.append((abs(lines[k][start[k]] - lines[k][end[k]]), start, end))
    return min(found)[1:]


def _check_room(spec: WavePortSpec, window, strip: np.ndarray, start, end) -> None:
    """Refuse a window whose edges are near a strip: they act as conductors on its wave."""
    across = [a for a in range(3) if a != window.axis]
    lines = [window.grid.lines(a) for a in across]
    k = int(start[0] == end[0])
    height = abs(lines[k][start[k]] - lines[k][end[k]])
    nodes, rooms = np.argwhere(strip), []
    for j, a in enumerate(across):
        low, high = (lines[j][window.low[a] + n] for n in (nodes[:, j].min(), nodes[:, j].max()))
        rooms += [low - lines[j][window.low[a]], lines[j][window.high[a]] - high]
    rooms.pop(2 * k + (start[k] > end[k]))
    if min(rooms) < WIDE * height * (1 - 1e-6):
        raise InputError(
            f"port '{spec.name}'", f"edges of its window {WIDE:g} heights of the strip ({WIDE * height:.4g} m) or more away from it, but for the ground",
            f"{min(rooms):.4g} m", "widen the window: its edges act as conductors on the wave",
        )  # fmt: skip


def cutoff(phase_constant: np.ndarray, frequencies: np.ndarray) -> float:
    """Cutoff of a wave, Hz, from phase constants (1/m) at the ends of a band as of a guide filled evenly; zero on a line."""
    beta, k = (np.abs(values[[0, -1]]) for values in (np.asarray(phase_constant), 2 * math.pi * np.asarray(frequencies) / C0))
    index = max(float(np.diff(beta**2)[0] / np.diff(k**2)[0]), 1e-6)
    return math.sqrt(max(index * k[0] ** 2 - beta[0] ** 2, 0.0) / index) * C0 / (2 * math.pi)


def guide_pulse(ports, medium, pulse, frequencies: np.ndarray):
    """A pulse that covers a band and has next to nothing at the cutoff of guides, or at zero on lines.

    Parameters
    ----------
    ports : sequence of WavePort
        Of guides and lines.
    medium : Medium
        On its grid.
    pulse : GaussianPulse
        That of the band without them.
    frequencies : ndarray
        Those of the band, Hz.
    """
    width = pulse.bandwidth
    ends = np.array([frequencies.min(), frequencies.max()])
    for port in ports:
        lowest = cutoff(port.constants(medium, _step(medium), ends).propagation.imag, ends)
        most = 2 * (pulse.frequency - lowest) / math.sqrt(math.log2(1 / LOWEST))
        least = 2 * (pulse.frequency - ends[0]) / math.sqrt(math.log2(1 / WEAKEST))
        width = min(width, max(most, least))
    return type(pulse)(pulse.frequency, width)
