"""The Yee scheme in its plainest form, written apart from the package's solver, with perfectly conducting faces.

Both ends of one axis hold a graded medium whose electric and magnetic loss match, so that waves die out there.
"""

import numpy as np

from adjointdesign.constants import EPS0, MU0
from adjointdesign.grid.yee import AXES, OFFSETS


def difference(field, axis, lengths, forward):
    """Difference to the higher (``forward``) or from the lower neighbor over each slot's length, zero where there is none."""
    out = np.zeros_like(field)
    to = [slice(None)] * field.ndim
    to[axis] = slice(0, -1) if forward else slice(1, None)
    out[tuple(to)] = np.diff(field, axis=axis)
    return out / lengths.reshape([-1 if a == axis else 1 for a in range(field.ndim)])


def curl(fields, component, grid, forward):
    """The curl of ``fields`` that drives ``component``."""
    k = AXES.index(component[1])
    other = "h" if component[0] == "e" else "e"
    total = 0.0
    for axis, across, sign in (((k + 1) % 3, (k + 2) % 3, 1), ((k + 2) % 3, (k + 1) % 3, -1)):
        name = other + AXES[across]
        if axis < grid.ndim and name in fields:
            total = total + sign * difference(fields[name], axis, grid.lengths(component, axis), forward)
    return total


def free(grid, component):
    """Slots of ``component`` that the scheme updates; tangential E on the walls stays zero."""
    inner = []
    for a in range(grid.ndim):
        on_face = component[0] == "e" and OFFSETS[component][a] == 0
        inner.append(slice(2, grid.cells[a] + 1) if on_face else grid.nodes(component, a))
    return inner


def run(medium, dt, steps, sources, monitors, absorber=(0, 0)):
    """March ``steps`` steps; returns the reading of each monitor.

    ``absorber`` is ``(axis, cells)``: how many cells at either end of the axis are lossy. The sampled fields are
    physical.
    """
    grid = medium.grid
    axis, depth = absorber
    fields = {c: np.zeros(grid.shape) for c in grid.components}
    keep, decay, gain = {}, {}, {}
    for c in grid.components:
        keep[c] = np.zeros(grid.shape, bool)
        keep[c][tuple(free(grid, c))] = True
        x = (grid.coordinates(c, axis) - grid.origin[axis]) / grid.spacing[axis]
        into = np.clip(np.maximum(depth - x, x - (grid.cells[axis] - depth)) / max(depth, 1), 0, None)
        loss = (into**3 * 0.15).reshape([-1 if a == axis else 1 for a in range(grid.ndim)])  # rate * dt / 2
        decay[c], gain[c] = (1 - loss) / (1 + loss), dt / (1 + loss)
    constant = {c: EPS0 * medium.permittivity[c] if c[0] == "e" else MU0 for c in grid.components}
    placed = [(s, i) for s in sources for i in s.place(medium, dt)]
    placements = {m.name: (m, m.place(medium, dt)) for m in monitors}
    sums = {
        name: {
            c: np.zeros((1 if m.frequencies is None else len(m.frequencies), i.size), complex)
            for c, i in p.indices.items()
        }
        for name, (m, p) in placements.items()
    }

    def advance(kind, time):
        change = {c: curl(fields, c, grid, kind == "h") * (1 if kind == "e" else -1) for c in fields if c[0] == kind}
        for source, injection in placed:
            if injection.component in change:
                current = np.real(injection.profile * source.waveform(np.array(time)))
                change[injection.component].ravel()[injection.indices] -= current
        for c, rate in change.items():
            fields[c] = np.where(keep[c], decay[c] * fields[c] + gain[c] * rate / constant[c], 0.0)

    def sample(kind, time):
        for name, (m, p) in placements.items():
            for c, i in p.indices.items():
                if c[0] == kind:
                    sums[name][c] += dt * np.exp(2j * np.pi * m.frequencies * time)[:, None] * fields[c].ravel()[i]

    for n in range(steps):
        advance("h", n * dt)
        sample("h", (n + 0.5) * dt)
        advance("e", (n + 0.5) * dt)
        sample("e", (n + 1) * dt)
    return {name: p.read(sums[name]) for name, (_, p) in placements.items()}


def steady_residual(medium, dt, frequency, fields, injections):
    """What the fields leave over in the steady equations, relative to the largest term; one array a component.

    ``fields`` are phasors (physical, every component at its own place and instant), ``injections`` those of the
    sources.
    """
    grid = medium.grid
    rate = 2j / dt * np.sin(np.pi * frequency * dt)
    residual, largest = {}, {"e": 0.0, "h": 0.0}
    for c in grid.components:
        constant = EPS0 * medium.permittivity[c] if c[0] == "e" else MU0
        swirl = curl(fields, c, grid, c[0] == "h") * (1 if c[0] == "e" else -1)
        residual[c] = rate * constant * fields[c] + swirl
        largest[c[0]] = max(largest[c[0]], np.abs(swirl).max())
    for injection in injections:
        residual[injection.component].ravel()[injection.indices] -= injection.profile
    return {c: r / largest[c[0]] for c, r in residual.items()}
