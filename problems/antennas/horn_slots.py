"""Slots in the wall of a horn: the corrugated profile, and how it moves with the smooth one and with the depth of each slot.

The slots are perpendicular to the axis: their sides are rings at constant z. Lips and floor keep the slope of the smooth profile, so
that a slot of no depth is no slot. All moves are along r.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adjointdesign.errors import InputError

FINEST = 1 / 8
"""Of the mean edge of the smooth profile: finer slots, teeth and walls would need a finer mesh."""
SLENDER = 1.5
"""Length of an edge on a slot's side over the width of the slot, at most."""


@dataclass(frozen=True)
class Corrugation:
    """A corrugated profile.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Corners (r, z), m, from the throat on.
    parts : ndarray, shape (n, slots)
        Of the depth of each slot by which a corner lies above the smooth profile.
    depths : ndarray, shape (slots,)
        m, from the throat on.
    edges : ndarray, shape (slots, 2)
        Values of z, m, between which the slots lie.
    least : float
        What slots, teeth and the conductor above a slot measure at least, m.
    room : ndarray, shape (slots,)
        Largest depth, m, that leaves so much of the conductor where the smooth profile is as in ``points``.
    """

    points: np.ndarray
    parts: np.ndarray
    depths: np.ndarray
    edges: np.ndarray
    least: float
    room: np.ndarray


def corrugated(smooth: np.ndarray, casing: np.ndarray, slots: int, width: float, depths: tuple[float, float]) -> Corrugation:
    """Cut slots at even distances, with half a tooth at either end, into a smooth profile.

    Parameters
    ----------
    smooth : ndarray, shape (n, 2)
        Corners (r, z) of the smooth profile, m.
    casing : ndarray, shape (m, 2, 2)
        Edges of the rest of the conductor.
    slots, width, depths
        See `HornSpecification`.

    Raises
    ------
    InputError
        When the slots do not fit the profile or the conductor, or are too fine for the mesh.
    """
    if smooth[0, 1] > smooth[-1, 1]:
        smooth = smooth[::-1]
    r, z = smooth.T
    if not np.all(np.diff(z) > 0):
        raise InputError("specification.slots", "0 for a profile that turns back along the axis", slots, "take another mesh")
    length, edge = z[-1] - z[0], float(np.linalg.norm(np.diff(smooth, axis=0), axis=1).mean())
    least = FINEST * edge
    enough = f"{least:.3g} m or more, an eighth of the mesh's edges on the profile"
    if width < least:
        raise InputError("specification.slot_width", enough, f"{width:.3g} m", "widen the slots, or take a finer mesh")
    if slots * (width + least) > length:
        most = int(length / (width + least))
        expected = f"at most {most} of {width:.3g} m, with teeth of {least:.3g} m, in a flare {length:.3g} m long"
        raise InputError("specification.slots", expected, slots, "take fewer, or narrower ones")
    if min(depths) < least:
        raise InputError("specification.slot_depths", enough, f"{min(depths):.3g} m", "deepen the slots; slots=0 is the smooth horn")
    pitch = length / slots
    middle = z[0] + pitch * (np.arange(slots) + 0.5)
    edges = middle[:, None] + np.array([-0.5, 0.5]) * width
    first = np.linspace(*depths, slots)
    room = np.array([_room(smooth, casing, low, high) for low, high in edges]) - least
    if np.any(first > room):
        j = int(np.argmax(first - room))
        expected = f"at most {room[j]:.3g} m in slot {j + 1}, which leaves {least:.3g} m of the conductor"
        remedy = "make it less deep, or take a mesh with a thicker wall, such as horn-thick"
        raise InputError("specification.slot_depths", expected, f"{first[j]:.3g} m", remedy)
    places, parts, owner = _corners(z[0], z[-1], edges, first, edge)
    matrix = np.zeros((len(places), slots))
    inside = owner >= 0
    matrix[np.flatnonzero(inside), owner[inside]] = parts[inside]
    points = np.stack([np.interp(places, z, r) + matrix @ first, places], axis=1)
    points[[0, -1]] = smooth[[0, -1]]
    return Corrugation(points, matrix, first, edges, least, room)


def _corners(start: float, stop: float, edges, depths, size: float):
    """Of each corner z, the part of the depth, and the slot (-1: of none)."""

    def line(a: float, b: float, length: float, longest: float) -> np.ndarray:
        """From a to b without a."""
        return np.linspace(a, b, 1 + max(1, math.ceil(length / longest - 1e-9)))[1:]

    z, part, owner = [start], [0.0], [-1]

    def add(places, parts, slot: int) -> None:
        places, parts = np.broadcast_arrays(places, parts)
        z.extend(places)
        part.extend(parts)
        owner.extend([slot] * len(places))

    for j, ((low, high), depth) in enumerate(zip(edges, depths, strict=True)):
        up = line(0.0, 1.0, depth, min(size, SLENDER * (high - low)))
        add(line(z[-1], low, low - z[-1], size), 0.0, -1)
        add(low, up, j)
        add(line(low, high, high - low, size), 1.0, j)
        add(high, 1.0 - up, j)
    add(line(z[-1], stop, stop - z[-1], size), 0.0, -1)
    return np.array(z), np.array(part), np.array(owner)


def _room(smooth, casing, low: float, high: float) -> float:
    """How far the conductor reaches above the smooth profile between two places."""
    places = [low, high, *(z for z in casing[..., 1].ravel() if low < z < high)]
    return min(ceiling(casing, r, z) - r for z, r in ((z, np.interp(z, smooth[:, 1], smooth[:, 0])) for z in places))


def ceiling(casing: np.ndarray, r: float, z: float) -> float:
    """Radius at which the conductor ends above a place in it, m."""
    (ra, za), (rb, zb) = casing[:, 0].T, casing[:, 1].T
    crossed = ((za - z) * (zb - z) <= 0) & (za != zb)
    at = (ra + (z - za) / np.where(crossed, zb - za, 1.0) * (rb - ra))[crossed]
    return float(np.min(at[at > r], initial=math.inf))
