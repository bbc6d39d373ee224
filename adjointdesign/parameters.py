"""Design parameters in files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.files import atomic_write


def write_parameters(path, parameters: np.ndarray, readings: Mapping[str, np.ndarray], **attributes) -> None:
    """Write an HDF5 file with the dataset ``parameters``, the group ``readings`` and attributes, whole or not at all.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    import h5py

    # In memory first: HDF5 can crash the process when it meets a full disk.
    with h5py.File(Path(path).name, "w", driver="core", backing_store=False) as file:
        file.attrs.update(attributes)
        file["parameters"] = parameters
        group = file.create_group("readings")
        for name, values in readings.items():
            group[name] = np.asarray(values)
        file.flush()
        image = file.id.get_file_image()
    atomic_write(path, image)


def read_parameters(path, shape: tuple[int, ...]) -> np.ndarray:
    """Read design parameters of a given shape.

    Parameters
    ----------
    path : path-like
        By its ending: ``npy`` (an array) or ``h5`` (the dataset ``parameters``, such as in a run's ``design.h5``).
    shape : tuple of int
        What is expected.

    Raises
    ------
    InputError
        When the file is missing or unreadable, of unknown ending or of the wrong shape, or holds what is not finite.
    """
    path, what = Path(path), f"design file {path}"
    if path.suffix not in (".npy", ".h5"):
        raise InputError(what, "a file that ends in npy or h5", f"the ending {path.suffix!r}", "convert or rename it")
    if not path.is_file():
        raise InputError(what, "an existing file", "none", "check the path")
    try:
        values = np.load(path, allow_pickle=False) if path.suffix == ".npy" else _dataset(path)
    except (OSError, ValueError, EOFError, KeyError) as error:
        words = "one array in NumPy's format" if path.suffix == ".npy" else "an HDF5 file with a dataset 'parameters'"
        raise InputError(what, words, str(error).splitlines()[0], "export it again") from error
    if getattr(values, "shape", None) != tuple(shape) or values.dtype.kind not in "biuf":
        got = f"{getattr(values, 'dtype', type(values).__name__)} of shape {getattr(values, 'shape', '?')}"
        raise InputError(what, f"real numbers of shape {tuple(shape)}", got, "export the design parameters")
    if not np.all(np.isfinite(values)):
        raise InputError(what, "finite values", f"{np.sum(~np.isfinite(values))} that are not", "fill them in")
    return values.astype(float)


def _dataset(path: Path) -> np.ndarray:
    import h5py

    with h5py.File(path, "r") as file:
        return file["parameters"][()]
