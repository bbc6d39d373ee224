"""Lumped resistors and capacitors across a gap, and the medium with all that is lumped in it.

With the time average ``Vbar`` of eq. (1) of `lumped_port`, a resistor is ``I = Vbar / R`` and a capacitor
``I = - i (2 C / dt) tan(w dt / 2) Vbar``, exactly as discretised: the conductivity ``l / (R A)`` and the permittivity
``C l / (eps0 A)`` on each edge of the gap, added to what is there. What shares edges is in parallel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from adjointdesign.constants import EPS0
from adjointdesign.errors import InputError
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


def load_lumped(medium: Medium, elements) -> Medium:
    """The medium with lumped ports and elements in it.

    A solver's inputs ``permittivity_*`` and ``conductivity_*`` replace the medium within the design box, so what is lumped
    belongs outside of that, or must be added to the inputs too.

    Parameters
    ----------
    medium : Medium
        Medium with its conductors.
    elements : sequence of LumpedPort, Resistor or Capacitor
        All of them at once: ports are checked against each other.

    Returns
    -------
    Medium
        A copy with conductivity and permittivity added on the edges of the elements.

    Raises
    ------
    InputError
        When two ports overlap, and as `Gap.edges`.
    """
    elements = list(elements)
    _check_overlap(medium, [e for e in elements if isinstance(e, LumpedPort)])
    grid = medium.grid
    new: dict[str, dict] = {"permittivity": {}, "conductivity": {}}
    for element in elements:
        for quantity, (component, indices, value) in element.loaded(medium).items():
            if component not in new[quantity]:
                old = getattr(medium, quantity).get(component, 0.0)
                new[quantity][component] = np.array(np.broadcast_to(old, grid.shape), dtype=float)
            new[quantity][component].reshape(-1)[indices.ravel()] += value
    return replace(medium, **{q: {**getattr(medium, q), **parts} for q, parts in new.items()})


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
