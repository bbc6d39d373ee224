"""The final metalens: its files, its field, and the focus as the FDTD solver has it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
from adjointdesign.problems.photonics.metalens_fdtd import gain

from adjointdesign.parallel import led
from adjointdesign.tape import Array
from adjointdesign.tape import firedrake as bridge

logger = logging.getLogger(__name__)


def deliver(problem, folder: Path, parameters: np.ndarray, status: str) -> None:
    """Write ``design.h5`` and ``design.gds``.

    The design is the region where the filtered density exceeds one half. Its gain is computed by the elements of the
    optimization and, independently, by FDTD on cells of half their size, from the same pixels. Under MPI all ranks compute by
    elements, and the first one does the rest.
    """
    filtered = np.asarray(problem.filtered(parameters))
    density = np.asarray(problem.density(parameters, problem.final_stage))
    own = float(np.asarray(problem.respond(density)["gain"])[0])
    found = fields(problem, density)
    led(lambda call: _write(problem, folder, np.asarray(parameters), filtered, density, own, found, status))


def _write(problem, folder: Path, parameters, filtered, density, own: float, found: dict, status: str) -> None:
    import h5py

    from adjointdesign.design import measure_length_scale
    from adjointdesign.files import atomic_write
    from adjointdesign.report.deliverables.gds import write_gds

    s, origin = problem.specification, problem.pixel_origin
    binary = (filtered > 0.5).astype(np.uint8)
    length = measure_length_scale(binary, s.pixel, np.zeros(tuple(n + 8 for n in binary.shape)))
    write_gds(folder / "design.gds", filtered, s.pixel, origin)
    spacing = problem.discretization.cell / 2
    logger.info("simulating the design by FDTD at a spacing of %.3g m", spacing)
    checked = gain(problem, density, spacing)
    # In memory first: HDF5 can crash the process when it meets a full disk.
    with h5py.File("design.h5", "w", driver="core", backing_store=False) as file:
        file.attrs.update(problem=problem.name, pixel=s.pixel, origin_x=origin[0], origin_y=origin[1], status=status)
        file["parameters"], file["filtered"], file["density"], file["binary"] = parameters, filtered, density, binary
        file.create_group("readings").attrs.update(gain=own, gain_fdtd=checked, fdtd_spacing=spacing)
        group = file.create_group("length_scale")
        group.attrs.update(solid=length.solid, void=length.void, minimum=length.minimum, resolution=length.resolution)
        group = file.create_group("fields")
        for key, value in found.items():
            group[key] = value
        group["ez"].attrs["component"] = "ez"
        file.create_group("targets").attrs["json"] = json.dumps(
            [{"reading": t.reading, "sense": t.sense, "bound": t.bound, "wavelengths": [0]} for t in problem.targets()]
        )
        file.flush()
        atomic_write(folder / "design.h5", file.id.get_file_image())


def fields(problem, density: np.ndarray) -> dict[str, np.ndarray]:
    """Total field over the plane outside of the absorbing layers, mirrored, and the permittivity there."""
    s, d, model = problem.specification, problem.discretization, problem.model
    step = d.cell
    x = np.arange(step / 2, s.aperture / 2 + d.padding, step)
    y = np.arange(-d.padding + step / 2, s.thickness + s.focal_length + d.padding, step)
    points = np.stack([c.ravel() for c in np.meshgrid(x, y, indexing="ij")], axis=1)
    permittivity = np.asarray(model.permittivity(density))
    (system,) = model.solver.systems
    (scattered,) = system.solutions({"permittivity": permittivity})
    # Points at cells' centers: the permittivity of cells is read as the function that it is.
    state = np.asarray(bridge.samples(bridge.array(scattered), system.space, points)).reshape(len(x), len(y), 2)
    cells = np.asarray(bridge.samples(Array(permittivity, model.cells.mesh().comm), model.cells, points)).reshape(len(x), -1)
    total = state[..., 0] + 1j * state[..., 1] + np.exp(2j * np.pi / s.wavelength * y)[None, :]

    def mirrored(values):
        return np.concatenate([values[::-1], values])

    return {
        "ez": mirrored(total)[None].astype(np.complex64), "x": np.concatenate([-x[::-1], x]), "y": y,
        "permittivity": mirrored(cells),
    }  # fmt: skip


def summarize(folder: Path) -> list[str]:
    """Gain by both solvers and length scale of the design in a run's folder, in words."""
    import h5py

    with h5py.File(folder / "design.h5") as file:
        found = dict(file["readings"].attrs)
        length = file["length_scale"].attrs["minimum"]
    return [
        f"gain {found['gain']:.2f} dB by finite elements, {found['gain_fdtd']:.2f} dB by FDTD at {found['fdtd_spacing'] * 1e9:.3g} nm",
        f"minimum length scale {length * 1e9:.0f} nm, measured",
    ]
