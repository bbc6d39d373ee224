"""Design files of every kind, and every way in which one can be wrong."""

import h5py
import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.report.deliverables.design_files import read_design
from adjointdesign.report.deliverables.gds import write_gds

SHAPE, PIXEL, ORIGIN = (12, 8), 10e-9, (-60e-9, -40e-9)
DENSITY = np.round(np.random.default_rng(0).uniform(size=SHAPE), 6)


def read(path):
    return read_design(path, SHAPE, PIXEL, ORIGIN)


def write_csv(path, values):
    np.savetxt(path, values, delimiter=",", fmt="%.6f")


def write_h5(path, values, name="density"):
    with h5py.File(path, "w") as file:
        file[name] = values


WRITERS = {"csv": write_csv, "npy": np.save, "h5": write_h5}


@pytest.mark.parametrize("kind", WRITERS)
def test_arrays_come_back_as_rows_of_x(tmp_path, kind):
    """The same numbers at the same places."""
    path = tmp_path / f"design.{kind}"
    WRITERS[kind](path, DENSITY)
    values, found = read(path)
    assert found == kind
    np.testing.assert_array_equal(values, DENSITY)


def test_gds_gives_area_fractions(tmp_path):
    """The left half solid."""
    x = ORIGIN[0] + (np.arange(SHAPE[0]) + 0.5) * PIXEL
    write_gds(tmp_path / "design.GDS", np.repeat(0.5 - x[:, None] / 100e-9, SHAPE[1], 1), PIXEL, ORIGIN)
    values, found = read(tmp_path / "design.GDS")
    assert found == "gds"
    np.testing.assert_allclose(values, np.repeat((x < 0)[:, None], SHAPE[1], 1), atol=1e-6)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize(
    ("values", "told"),
    [
        (DENSITY.T, "got 8 x 12; transpose it"),
        (DENSITY[1:], "12 x 8 values.*got 11 x 8"),
        (np.where(np.arange(96).reshape(SHAPE) == 17, np.nan, DENSITY), "nan in row 3, column 2"),
        (DENSITY * 255, "between 0 and 1, got values from"),
    ],
    ids=["transposed", "short", "nan", "scaled"],
)
def test_bad_values_are_named(tmp_path, kind, values, told):
    """Whatever the format."""
    path = tmp_path / f"design.{kind}"
    WRITERS[kind](path, values)
    with pytest.raises(InputError, match=told):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("d.csv", b"a,b\n0.1,0.2\n", "line 1: .*'a'; remove the header"),
        ("d.csv", b"0.1;0.2\n", "line 1: .*separated by commas"),
        ("d.csv", b"0.1,0.2\n0.1,x\n", "line 2: .*'x'"),
        ("d.csv", b"0.1,0.2\n0.1\n", "line 2: expected 2 values"),
        ("d.csv", b"\n", "empty file"),
        ("d.csv", b"\xff\xfe\x00", "text file"),
        ("d.npy", b"nonsense", "NumPy's format"),
        ("d.npy", b"", "NumPy's format"),
        ("d.h5", b"nonsense", "HDF5"),
        ("d.txt", b"0.1", "ends in csv, npy, gds, h5"),
        ("d", b"0.1", "no ending"),
    ],
)
def test_unreadable_files_are_refused_in_one_line(tmp_path, name, content, told):
    """With the place of the fault where there is one."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=told) as error:
        read(tmp_path / name)
    assert "\n" not in str(error.value)


def test_missing_files_folders_and_foreign_contents(tmp_path):
    """The rest of what a path can be."""
    with pytest.raises(InputError, match="existing file, got none"):
        read(tmp_path / "none.csv")
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(InputError, match="a folder"):
        read(tmp_path / "folder.npy")
    write_h5(tmp_path / "other.h5", DENSITY, "epsilon")
    with pytest.raises(InputError, match="dataset 'density', got epsilon"):
        read(tmp_path / "other.h5")
    np.save(tmp_path / "complex.npy", DENSITY + 1j)
    with pytest.raises(InputError, match="real numbers"):
        read(tmp_path / "complex.npy")
