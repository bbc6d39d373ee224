"""Lumped resistors, capacitors and inductors across a gap, and the medium with all that is lumped in it.

On the time average ``Vbar`` of eq. (1) of `lumped_port`, an element of admittance ``Y(w)`` works as ``I = Y(W) Vbar``
with ``W = (2 / dt) tan(w dt / 2)``, exactly as discretised. It is a material on each edge of the gap, added to what is
there: a resistor the conductivity ``l / (R A)``, a capacitor the permittivity ``C l / (eps0 A)``, an inductor a Drude
medium and a series circuit a Lorentz medium of the same kind. What shares edges is in parallel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from adjointdesign.constants import EPS0
from adjointdesign.errors import InputError
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.sources.gap import Gap
from adjointdesign.sources.lumped_port import LumpedPort, check_positive
from adjointdesign.sources.placing import Medium


@dataclass(frozen=True, kw_only=True)
class Resistor(Gap):
    """A resistance across a gap; see `Gap` for the other parameters.

    Parameters
    ----------
    resistance : float
        Ohm (ohm m in two dimensions).
    """

    resistance: float

    kind = "resistor"

    def __post_init__(self):
        super().__post_init__()
        check_positive(f"{self.title}: resistance", self.resistance, "ohm")

    def loaded(self, medium: Medium) -> dict[str, tuple[str, np.ndarray, float]]:
        """What the resistor adds to the medium: a conductivity; see `load_lumped`."""
        edges = self.edges(medium)
        return {"conductivity": (edges.component, edges.indices, edges.density(1 / self.resistance))}


@dataclass(frozen=True, kw_only=True)
class Capacitor(Gap):
    """A capacitance across a gap, beside that of the gap itself; see `Gap` for the other parameters.

    Parameters
    ----------
    capacitance : float
        Farad (F/m in two dimensions).
    """

    capacitance: float

    kind = "capacitor"

    def __post_init__(self):
        super().__post_init__()
        check_positive(f"{self.title}: capacitance", self.capacitance, "farad")

    def loaded(self, medium: Medium) -> dict[str, tuple[str, np.ndarray, float]]:
        """What the capacitor adds to the medium: a relative permittivity; see `load_lumped`."""
        edges = self.edges(medium)
        return {"permittivity": (edges.component, edges.indices, edges.density(self.capacitance) / EPS0)}


@dataclass(frozen=True, kw_only=True)
class Inductor(Gap):
    """An inductance with its resistance in series, ``Y = 1 / (R - i w L)``; see `Gap` for the other parameters.

    Parameters
    ----------
    inductance : float
        Henry (H m in two dimensions).
    resistance : float
        Ohm (ohm m), positive: with none at all, a current once started would never end.
    """

    inductance: float
    resistance: float

    kind = "inductor"

    def __post_init__(self):
        super().__post_init__()
        check_positive(f"{self.title}: inductance", self.inductance, "henry")
        check_positive(f"{self.title}: resistance", self.resistance, "ohm")

    def loaded(self, medium: Medium) -> dict[str, tuple[str, np.ndarray, Dispersion]]:
        """What the inductor adds to the medium: a Drude medium; see `load_lumped`."""
        edges = self.edges(medium)
        plasma = math.sqrt(edges.density(1 / self.inductance) / EPS0) / (2 * math.pi)
        material = Dispersion.drude(1.0, plasma, self.resistance / self.inductance)
        return {"dispersive": (edges.component, edges.indices, material)}


@dataclass(frozen=True, kw_only=True)
class SeriesCircuit(Gap):
    """Resistance, inductance and capacitance in series across a gap; see `Gap` for the other parameters.

    Parameters
    ----------
    resistance, inductance, capacitance : float
        Ohm, henry, farad; ``1 / Y = R - i w L + i / (w C)``. Not critically damped, ``R = 2 sqrt(L / C)``, but by a part in a million.
    """

    resistance: float
    inductance: float
    capacitance: float

    kind = "series circuit"

    def __post_init__(self):
        super().__post_init__()
        for name, unit in (("resistance", "ohm"), ("inductance", "henry"), ("capacitance", "farad")):
            check_positive(f"{self.title}: {name}", getattr(self, name), unit)
        critical = 2 * math.sqrt(self.inductance / self.capacitance)
        if abs((self.resistance / critical) ** 2 - 1) < 1e-8:  # the two poles of its current are one, and not a sum of two
            raise InputError(
                f"{self.title}: resistance", f"another than that of critical damping, 2 sqrt(L/C) = {critical:.6g} ohm", f"{self.resistance:.6g} ohm",
                "change it by a part in a million",
            )  # fmt: skip

    def loaded(self, medium: Medium) -> dict[str, tuple[str, np.ndarray, Dispersion]]:
        """What the circuit adds to the medium: a Lorentz medium; see `load_lumped`."""
        edges = self.edges(medium)
        resonance = 1 / (2 * math.pi * math.sqrt(self.inductance * self.capacitance))
        strength = edges.density(self.capacitance) / EPS0
        material = Dispersion.lorentz(1.0, strength, resonance, self.resistance / self.inductance)
        return {"dispersive": (edges.component, edges.indices, material)}


def load_lumped(medium: Medium, elements) -> Medium:
    """The medium with lumped ports and elements in it.

    A solver's inputs ``permittivity_*`` and ``conductivity_*`` replace the medium within the design box, so what is
    lumped belongs outside of that, or must be added to the inputs too.

    Parameters
    ----------
    medium : Medium
        Medium with its conductors.
    elements : sequence of LumpedPort, Resistor, Capacitor, Inductor or SeriesCircuit
        All of them at once: ports are checked against each other. The names of the last two become dispersive
        materials'.

    Returns
    -------
    Medium
        A copy with conductivity, permittivity and dispersive materials added on the edges of the elements.

    Raises
    ------
    InputError
        When two ports overlap, and as `Gap.edges`.
    """
    elements = list(elements)
    _check_overlap(medium, [e for e in elements if isinstance(e, LumpedPort)])
    grid = medium.grid
    new: dict[str, dict] = {"permittivity": {}, "conductivity": {}}
    dispersive = dict(medium.dispersive)
    for element in elements:
        for quantity, (component, indices, value) in element.loaded(medium).items():
            if quantity == "dispersive":
                if element.name in dispersive:
                    raise InputError(f"{element.title}: name", "one of its own", element.name, "rename it")
                share = np.zeros(grid.shape)
                share.reshape(-1)[indices.ravel()] = 1.0
                # It adds to what is there, of which `filled` would take the place.
                dispersive[element.name] = medium.filled(element.name, value, {component: share}).dispersive[element.name]
                continue
            if component not in new[quantity]:
                old = getattr(medium, quantity).get(component, 0.0)
                new[quantity][component] = np.array(np.broadcast_to(old, grid.shape), dtype=float, order="C")
            new[quantity][component].reshape(-1)[indices.ravel()] += value
    added = {quantity: {**getattr(medium, quantity), **parts} for quantity, parts in new.items()}
    return replace(medium, **added, dispersive=dispersive)


def _check_overlap(medium: Medium, ports) -> None:
    names = [p.name for p in ports]
    if len(set(names)) != len(names):
        raise InputError("names of ports", "all different", ", ".join(names), "rename the repeated ones")
    owners: dict[tuple[str, int], LumpedPort] = {}
    for port in ports:
        edges = port.edges(medium)
        for index in edges.indices.ravel().tolist():
            other = owners.setdefault((edges.component, index), port)
            if other is not port:
                raise InputError(
                    port.title, "edges of its own", f"edges that {other.title} has too", "move or shrink one of the two"
                )
