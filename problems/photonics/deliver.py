"""The final design of a photonic device: its files, and its S-parameters as re-simulated from its own GDSII."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.objectives.decibels import amplitude_decibels
from adjointdesign.problems.photonics.device import CELLS_PER_WAVELENGTH

logger = logging.getLogger(__name__)
SPECTRUM_POINTS = 41
"""Wavelengths of the fine spectrum."""


def deliver(device, folder: Path, parameters: np.ndarray, status: str, simulate: Callable | None = None) -> None:
    """Write ``design.h5``, ``design.gds`` and ``s_parameters.sNp`` into ``folder``.

    The design is the region where the filtered density exceeds one half. It is judged twice: with the smoothed binary
    density on the optimization's grid, and from the polygons of ``design.gds`` on a grid twice as fine. What does not need
    the fine grid is written before, since a simulation eight times as large may meet what the run did not. ``simulate``
    stands in for `simulated` without its device: under MPI one rank writes, and has all of them simulate.
    """
    from adjointdesign.design import measure_length_scale
    from adjointdesign.report.deliverables.gds import write_gds
    from adjointdesign.report.deliverables.touchstone import write_touchstone

    run = partial(simulated, device) if simulate is None else simulate
    layout, pixel = device.layout, device.specification.pixel
    origin = layout.pixel_origin
    filtered = np.asarray(device.filtered(parameters))
    binary = (filtered > 0.5).astype(np.uint8)
    density = np.asarray(device.density(parameters, {"steepness": np.inf}))
    length = measure_length_scale(binary, pixel, layout.surroundings)
    write_gds(folder / "design.gds", filtered, pixel, origin, layout.guide_rectangles())

    logger.info("simulating the final design")
    own = run("s_matrix", density)
    wavelengths, spectrum = run("fine_spectrum", density)

    import h5py

    # In memory first: HDF5 can crash the process when it meets a full disk.
    with h5py.File("design.h5", "w", driver="core", backing_store=False) as file:
        file.attrs.update(problem=device.name, pixel=pixel, origin_x=origin[0], origin_y=origin[1], status=status)
        file["parameters"], file["filtered"], file["density"], file["binary"] = parameters, filtered, density, binary
        file["surroundings"] = layout.surroundings
        add_results(file, "results", device, own)
        group = file.create_group("spectrum")
        group["wavelengths"], group["s_parameters"] = wavelengths, spectrum
        group = file.create_group("fields")
        for key, value in run("fields", density).items():
            group[key] = value
        group["ez"].attrs["component"] = "ez" if device.polarization == "ez" else "ey"
        group = file.create_group("length_scale")
        group.attrs.update(solid=length.solid, void=length.void, minimum=length.minimum, resolution=length.resolution)
        file.create_group("targets").attrs["json"] = json.dumps(
            [{"reading": t.reading, "sense": t.sense, "bound": t.bound,
              "wavelengths": t.indices(len(device.specification.wavelengths)).tolist()} for t in device.targets()]
        )  # fmt: skip
        write(file, folder / "design.h5")

        fine = refined(device)
        logger.info("simulating design.gds at a spacing of %.3g m", fine.discretization.spacing)
        from_gds = run("s_matrix", read_polygons(fine, folder / "design.gds"), True)
        write_touchstone(
            folder / "s_parameters", device.frequencies, from_gds,
            comments=[f"{device.name}, from design.gds at a spacing of {fine.discretization.spacing:.4g} m"],
        )  # fmt: skip
        add_results(file, "results_gds", fine, from_gds)
        write(file, folder / "design.h5")


def add_results(file, name: str, device, s: np.ndarray) -> None:
    """Add a group with the S-parameters that were found on the grid of ``device``."""
    group = file.create_group(name)
    group.attrs.update(spacing=device.discretization.spacing, worst_db=device.worst(decibels(s)))
    group["wavelengths"], group["s_parameters"] = np.array(device.specification.wavelengths), s


def write(file, path: Path) -> None:
    """Write an HDF5 file that is in memory as it is now, whole or not at all."""
    from adjointdesign.files import atomic_write

    file.flush()
    atomic_write(path, file.id.get_file_image())


def summarize(folder: Path) -> list[str]:
    """Targets and length scale of the design in a run's folder, in words."""
    import h5py

    with h5py.File(folder / "design.h5") as file:
        worst = {name: float(file[name].attrs["worst_db"]) for name in ("results", "results_gds")}
        spacing = file["results_gds"].attrs["spacing"]
        length = file["length_scale"].attrs["minimum"]
    return [
        f"targets {met(worst['results'])} on the design's own grid",
        f"targets {met(worst['results_gds'])} re-simulated from design.gds at {spacing * 1e9:.3g} nm",
        f"minimum length scale {length * 1e9:.0f} nm, measured",
    ]


def met(worst: float) -> str:
    return f"met with {-worst:.2f} dB to spare" if worst <= 0 else f"MISSED by {worst:.2f} dB"


def refined(device):
    """The same device with half the spacing, and with pixels of half that, so that polygons enter finely."""
    fine = device.refined(2)
    pixel = device.specification.pixel
    parts = max(1, int(np.ceil(2 * pixel / fine.discretization.spacing - 1e-6)))  # whole parts, so that they fill the region as pixels do
    specification = device.specification.model_copy(update={"pixel": pixel / parts})
    return type(device)(specification, fine.discretization, device.optimization)


def read_polygons(device, path: Path) -> np.ndarray:
    """Area fraction of each pixel that the polygons of a GDSII file cover."""
    from adjointdesign.report.deliverables.gds import read_gds

    return read_gds(path, device.design_shape, device.specification.pixel, device.layout.pixel_origin)


def simulated(device, what: str, density: np.ndarray, fine: bool = False):
    """One of the simulations of `deliver`: "s_matrix", "fine_spectrum" or "fields", on the device's grid or on a `refined` one."""
    asked = {"s_matrix": s_matrix, "fine_spectrum": fine_spectrum, "fields": lambda device, density: device.fields(density)}
    return asked[what](refined(device) if fine else device, density)


def s_matrix(device, density: np.ndarray) -> np.ndarray:
    """All S-parameters, one run a port: shape ``(wavelengths, out, in)``."""
    medium = device.medium(density)
    columns = []
    for driven in range(len(device.layout.ports)):
        readings = device.readings(device.solve(medium, driven), driven)
        columns.append(np.stack([np.asarray(s) for s in readings.values()], axis=-1))
    return np.stack(columns, axis=-1)


def decibels(s: np.ndarray) -> dict[str, np.ndarray]:
    """S-parameters in dB by name."""
    db, count = amplitude_decibels(s), s.shape[1]
    return {f"S{i + 1}{j + 1}": db[:, i, j] for i in range(count) for j in range(count)}


def fine_spectrum(device, density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """S-parameters of the driven port over the band and half of it on either side."""
    low, high = min(device.specification.wavelengths), max(device.specification.wavelengths)
    beyond = 0.5 * (high - low) or 0.01 * high
    # No shorter than the grid resolves.
    shortest = CELLS_PER_WAVELENGTH * device.discretization.spacing * np.sqrt(device.specification.core_permittivity)
    wavelengths = np.linspace(max(low - beyond, min(low, 1.0001 * shortest)), high + beyond, SPECTRUM_POINTS)
    return wavelengths, device.spectrum(wavelengths, density)


def fields(device, density: np.ndarray) -> dict[str, np.ndarray]:
    """Electric field at every wavelength over the (cut) plane, with port 1 driven, and the permittivity there."""
    from adjointdesign.monitors import FieldMonitor
    from adjointdesign.tape import solve

    layout, grid = device.layout, device.layout.grid
    component = "ez" if grid.polarization == "ez" else "ey"
    middle = [o + 0.5 * e for o, e in zip(grid.origin, grid.extent)]
    size = list(grid.extent)
    if layout.slab is not None:
        middle[2], size[2] = sum(layout.slab) / 2, 0.0
    # Stay off the outermost half cells, where not every component has neighbors on both sides.
    size = [max(0.0, e - grid.spacing[0]) for e in size]
    monitor = FieldMonitor("field", tuple(middle), tuple(size), (component,), C0 / np.array(device.specification.wavelengths))
    solver = layout.solver(0, device.frequencies, device.discretization, extra=(monitor,))
    medium = {name: np.asarray(value) for name, value in device.medium(density).items()}
    reading = np.asarray(solve(solver, **medium)["field"])[:, 0]
    reading = reading.reshape(reading.shape[:3])
    where = solver.program.doors.placements[-1].coordinates
    full = solver.program.medium.permittivity[component].copy()
    full[layout.box.slices[component]] = medium[f"permittivity_{component[1]}"]
    cut = full if layout.slab is None else full[:, :, np.argmin(np.abs(grid.coordinates(component, 2) - middle[2]))]
    return {
        "ez": reading.astype(np.complex64),
        "x": np.asarray(where[0]),
        "y": np.asarray(where[1]),
        "permittivity": cut[grid.interior(component)[:2]],
        "permittivity_x": grid.coordinates(component, 0)[grid.interior(component)[0]],
        "permittivity_y": grid.coordinates(component, 1)[grid.interior(component)[1]],
    }
