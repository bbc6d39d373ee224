"""Small solvers with every kind of boundary, source and monitor, for the tests of exactness."""

import numpy as np

from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.monitors import FieldMonitor, FluxMonitor, ModeMonitor
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, FdtdMaxwell, Medium, Pec, Periodic, Pmc, Steps
from adjointdesign.sources import GaussianPulse, ModeSource, UniformCurrent

from fdtd_cases import layered_medium

F0 = 2e14
LAYER = Cpml(cells=5, kappa=2.0, alpha=1e3)
BOUNDARIES = {
    "layers": [LAYER, LAYER, LAYER],
    "walls": [Pec(), Pmc(), (Pmc(), Pec())],
    "periodic": [Periodic(), Periodic(), Periodic()],
    "periodic and wall": [(Pmc(), Pec()), Periodic(), Pmc()],
    "mixed": [(Pmc(), LAYER), (LAYER, Pec()), Periodic()],
}
CELLS = {"ez": (20, 22), "hz": (20, 22), "3d": (18, 17, 16)}
SPACING = (60e-9, 50e-9, 70e-9)


def graded_lines(cells, spacing):
    """Node positions with cells from half to twice the spacing, equal in the layers and where modes are launched and read."""
    sizes = np.random.default_rng(3).uniform(0.5, 2.0, cells)
    sizes[:6] = sizes[-6:] = 1.2
    sizes[cells // 2 - 1 : cells // 2 + 1] = 0.7
    return spacing * np.r_[0.0, np.cumsum(sizes)]


def with_permeability(medium, boundaries, rng):
    """The medium with a magnetic background, values for designed faces by input name, and their box; away from the guide's modes.

    Between walls also on them, and on planes of symmetry.
    """
    grid = medium.grid
    magnetic = [c for c in grid.components if c not in grid.electric]
    reach = [(1, n + 2) for n in grid.cells] if boundaries in ("walls", "periodic") else [(7, n - 5) for n in grid.cells]
    reach[0] = reach[0][0], 10  # modes are launched and read beyond
    background, slices = {}, {}
    for c in magnetic:
        slices[c] = tuple(slice(max(low, grid.nodes(c, a).start), min(high, grid.nodes(c, a).stop)) for a, (low, high) in enumerate(reach))
        background[c] = np.ones(grid.shape)
        background[c][slices[c]] = 0.6 + rng.random([s.stop - s.start for s in slices[c]])
    whole = Box.everywhere(grid, [boundaries == "periodic"] * grid.ndim, magnetic).slices
    box = Box({c: tuple(slice(s.start, min(s.stop, w.stop)) for s, w in zip(slices[c], whole[c])) for c in magnetic[:2]})
    values = {"permeability_" + c[1]: 0.6 + 2 * rng.random(box.shape(c)) for c in box.slices}
    return Medium(grid, medium.permittivity, medium.conductivity, permeability=background, dispersive=medium.dispersive), {"box": box, **values}


METAL = Dispersion.drude(1.0, 3e14, 2e14)
GLASS = Dispersion.combined(
    1.5, Dispersion.lorentz(1.0, [0.8, 0.5], [3e14, 5e14], [3e14, 5e13]), Dispersion.debye(1.0, 0.4, 2e-15, conductivity=2e3),
    Dispersion.lorentz(1.0, 0.3, 1.5e14, 4e15),
)  # fmt: skip
"""Poles of every kind: free carriers, a relaxation, resonances below and above critical damping, a conductivity."""


def dispersed(medium):
    """The medium with glass in some of it, and metal in places that the design may change, the two overlapping."""
    x0, x1 = (medium.grid.lines(0)[n] for n in (medium.grid.cells[0] // 3, medium.grid.cells[0] - 4))
    y0 = medium.grid.lines(1)[medium.grid.cells[1] // 2]
    glass = medium.filled("glass_a", GLASS, lambda x, y, *z: 0.7 * ((x > x0) & (x < x1) & (y < y0 + 3e-7)))
    return glass.filled("metal", METAL, lambda x, y, *z: 0.5 * ((x < x1) & (y > y0)))


def make(polarization, boundaries, lossy=True, steps=150, background=1.0, cells=None, graded=False, magnetic=False, dispersive=False,
         **options):  # fmt: skip
    """A solver with a guide along x, and inputs for it: random permittivity, conductivity, strengths and amplitudes."""
    cells = cells or CELLS[polarization]
    ndim = len(cells)
    grid = YeeGrid(cells, SPACING[:ndim], (0.0,) * ndim, polarization)
    if graded:
        grid = YeeGrid.graded([graded_lines(n, d) for n, d in zip(cells, SPACING)], polarization)
    rng = np.random.default_rng(7)
    middle = [grid.lines(a)[n // 2] for a, n in enumerate(cells)]
    plane = grid.lines(0)[cells[0] - 5] if graded else middle[0] + 0.18e-6
    medium = layered_medium(grid, "y", [middle[1] - 0.15e-6, middle[1] + 0.15e-6], [1.5, 9.0, 1.5])
    own = {}
    if magnetic:
        medium, own = with_permeability(medium, boundaries, rng)
        options |= {"magnetic_box": own.pop("box"), "extremes": [{name: np.full(v.shape, 0.5) for name, v in own.items()}]}
    if dispersive:
        medium = dispersed(medium)
        options.setdefault("designed", ("metal", "glass_a"))
    widths = tuple(0.5 * e for e in grid.extent[1:])
    pulse = GaussianPulse(F0, 1.5 * F0)
    some = [middle[a] + s for a, s in zip(range(ndim), (0.13e-6, -0.09e-6, 0.08e-6))]
    if magnetic:
        some = [grid.lines(a)[8] + 0.3 * SPACING[a] for a in range(ndim)]
    sources = [UniformCurrent(c, tuple(some), c, pulse) for c in grid.components]
    # Over the whole domain: also on symmetry planes, in layers, and on both images of a periodic node.
    sources.append(UniformCurrent("everywhere", tuple(e / 2 for e in grid.extent), grid.electric[0], pulse, grid.extent))
    sources.append(ModeSource("guided", tuple(middle), "x", widths, pulse))
    frequencies = [F0, 1.2 * F0]
    box = tuple(0.4 * e for e in grid.extent)
    monitors = [
        FieldMonitor("everything", tuple(e / 2 for e in grid.extent), grid.extent, grid.components, frequencies),
        FieldMonitor("series", tuple(middle), tuple(0.0 for _ in box), grid.components),
        FluxMonitor("flux", tuple(middle), "y", tuple(b for a, b in enumerate(box) if a != 1), frequencies),
        ModeMonitor("modes", (plane, *middle[1:]), "x", widths, (0,), frequencies),
    ]
    solver = FdtdMaxwell(
        medium, sources, monitors, boundaries=BOUNDARIES[boundaries][:ndim], run_length=Steps(steps), courant=0.9,
        minimum_permittivity=background, conductivity_gradient=lossy, **options,
    )  # fmt: skip
    inputs = {}
    for c in grid.electric:
        inputs["permittivity_" + c[1]] = 1.2 + 2 * rng.random(solver.program.box.shape(c))
        if lossy:
            inputs["conductivity_" + c[1]] = 1e4 * (0.1 + rng.random(solver.program.box.shape(c)))
        for name in solver.program.places.designed:
            inputs[f"strength_{name}_{c[1]}"] = 0.1 + rng.random(solver.program.box.shape(c))
    inputs |= own
    inputs["amplitudes"] = rng.standard_normal(len(sources)) + 1j * rng.standard_normal(len(sources))
    return solver, inputs
