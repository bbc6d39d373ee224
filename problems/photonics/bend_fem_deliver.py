"""The final bend by finite elements: its files, and its S-parameters as the FDTD solver has them."""

from __future__ import annotations

import io
import logging
from functools import partial
from pathlib import Path

import numpy as np
from adjointdesign.problems.photonics import deliver as devices
from adjointdesign.problems.photonics.device import DeviceDiscretization
from adjointdesign.problems.photonics.waveguide_bend import WaveguideBend

from adjointdesign.files import atomic_write
from adjointdesign.grid.mesh_vtk import write_vtk
from adjointdesign.parallel import led

logger = logging.getLogger(__name__)
FDTD_SPACING = 20e-9
"""Cells of the FDTD run, m: those of `waveguide-bend`."""


def deliver(device, folder: Path, parameters: np.ndarray, status: str) -> None:
    """Write what `adjointdesign.problems.photonics.deliver` does, ``design.npy``, ``field.vtu`` and the group ``results_fdtd``.

    That holds the S-parameters of the same pixels by FDTD. Under MPI all ranks compute by elements, and the first one does
    the rest.
    """

    def first(call):
        devices.deliver(device, folder, parameters, status, partial(call, "simulate"))
        _add(device, folder)

    led(first, simulate=partial(devices.simulated, device))
    density = device.density(parameters, {"steepness": np.inf})
    fields, permittivity = device.model.solutions(np.asarray(density))
    names = [f"ez at {1e9 * w:.6g} nm" for w in device.specification.wavelengths]
    write_vtk(Path(folder) / "field.vtu", permittivity=permittivity, **dict(zip(names, fields, strict=True)))


def fdtd(device) -> WaveguideBend:
    """The same device for the FDTD solver, on cells that are no larger."""
    spacing = min(FDTD_SPACING, device.discretization.spacing)
    return WaveguideBend(device.specification, DeviceDiscretization(spacing=spacing), device.optimization)


def _add(device, folder: Path) -> None:
    import h5py

    other = fdtd(device)
    logger.info("simulating the design by FDTD at a spacing of %.3g m", other.discretization.spacing)
    with h5py.File(folder / "design.h5", "r+", driver="core", backing_store=False) as file:
        density = file["density"][()]
        devices.add_results(file, "results_fdtd", other, devices.s_matrix(other, density))
        devices.write(file, folder / "design.h5")
    values = io.BytesIO()
    np.save(values, density)
    atomic_write(folder / "design.npy", values.getvalue())


def summarize(folder: Path) -> list[str]:
    """Targets on the elements' cells, from the GDSII file and by FDTD, and length scale, in words."""
    import h5py

    *targets, length = devices.summarize(folder)
    with h5py.File(folder / "design.h5") as file:
        found = dict(file["results_fdtd"].attrs)
    return [*targets, f"targets {devices.met(found['worst_db'])} by FDTD at {found['spacing'] * 1e9:.3g} nm", length]
