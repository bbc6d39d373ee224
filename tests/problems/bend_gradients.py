"""The gradient of one bend's transmission by both engines, on finer and finer cells: the table of docs/verification.md.

``python tests/problems/bend_gradients.py 40 20 10`` prints it for these sizes of cells, nm.
"""

from __future__ import annotations

import sys
from functools import cache

import numpy as np

from adjointdesign import configuration
from adjointdesign.problems import find
from adjointdesign.tape import Array, Control, ReducedFunctional, recording

NAMES = {"fdtd": "waveguide-bend", "elements": "bend-fem"}
PIXEL = 5e-9
"""At most half a cell: FDTD takes means over cells around its nodes, which lie between pixels."""
COUNT = round(1.6e-6 / PIXEL)


def places():
    """Middles of the pixels over the half width of the design region: -1 to 1 along x and y."""
    x = (2 * np.arange(COUNT) + 1) / COUNT - 1
    return np.meshgrid(x, x, indexing="ij")


def density() -> np.ndarray:
    """A gray quarter of a ring from the western to the southern guide, smooth but for the pixels' steps."""
    x, y = places()
    return 0.95 * np.exp(-(((np.hypot(x + 1, y + 1) - 1) / 0.28) ** 2))


def directions() -> list[np.ndarray]:
    """Three smooth changes of the density."""
    x, y = places()
    return [np.exp(-((x + 0.4) ** 2 + (y + 0.3) ** 2) / 0.15), np.cos(2 * x + y), np.sin(np.pi * x) * np.sin(2 * y)]


@cache
def gradient(engine: str, cell: float, degree: int = 2):
    """Value of ``|S21|^2`` at 1280 nm, and its gradient as a function of place (1/m^2): one value a pixel."""
    overrides = [f"discretization.spacing={cell}", "specification.wavelengths=[1280e-9]", f"specification.pixel={PIXEL}"]
    # Layers of one depth, so that only the cells differ.
    layers = max(8, round(320e-9 / cell))
    overrides += [f"discretization.pml_cells={layers}"]
    overrides += ["discretization.run_time=600e-15"] if engine == "fdtd" else [f"discretization.degree={degree}"]
    problem = configuration.load(find(NAMES[engine]), overrides=overrides).build()
    with recording() as tape:
        control = Array(density())
        transmission = (abs(problem.respond(control)["S21"]) ** 2).sum()
        functional = ReducedFunctional(transmission, Control(control), tape=tape)
        return float(transmission), functional.derivative().data / PIXEL**2


def measures(engine: str, cell: float, degree: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Value with the derivatives along `directions`, and the gradient itself."""
    value, found = gradient(engine, cell, degree)
    return np.array([value, *(np.sum(found * d) * PIXEL**2 for d in directions())]), found


def distances(cell: float, other: float | None = None, degree: int = 2) -> np.ndarray:
    """Of FDTD on cells of a size from elements on cells of this (or another) size, relative: value, derivatives, gradient in L2."""
    (a, g), (b, h) = measures("fdtd", cell), measures("elements", other or cell, degree)
    return np.array([*np.abs(a / b - 1), np.linalg.norm(g - h) / np.linalg.norm(h)])


def main(cells: list[float]) -> None:
    print("cells        value     derivatives                      gradient in L2")
    for engine in NAMES:
        for cell in cells:
            numbers, found = measures(engine, cell)
            print(f"{engine:8s} {cell * 1e9:3.0f} nm  " + "  ".join(f"{n:.6f}" for n in numbers) + f"  {np.linalg.norm(found) * PIXEL:.6e}", flush=True)
    rows = np.array([distances(cell) for cell in cells])
    for cell, row in zip(cells, rows):
        print(f"fdtd against elements, {cell * 1e9:3.0f} nm  " + "  ".join(f"{r:.2e}" for r in row))
    for k in range(1, len(cells)):
        print("order  " + "  ".join(f"{r:.2f}" for r in np.log(rows[k - 1] / rows[k]) / np.log(cells[k - 1] / cells[k])))


if __name__ == "__main__":
    main([float(size) * 1e-9 for size in sys.argv[1:]])
