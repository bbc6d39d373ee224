"""Numbers on grids of longitude and latitude (masks, maps of noise and of cost), from NetCDF or CSV; smooth between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.catalog import check_coordinates
from adjointdesign.problems.seismology.geography import geodetic
from adjointdesign.problems.seismology.tables import LATITUDE, LONGITUDE, Table
from adjointdesign.tape import taped


@dataclass(frozen=True, eq=False)
class Grid:
    """Values at the nodes of a grid.

    Parameters
    ----------
    longitude, latitude : ndarray, shapes (n,) and (m,)
        deg, ascending; longitudes may run past 180, over less than 360.
    values : ndarray, shape (n, m)
        NaN where nothing is known.

    Raises
    ------
    InputError
        When the axes do not ascend, are too short, or do not fit the values.
    """

    longitude: np.ndarray
    latitude: np.ndarray
    values: np.ndarray

    def __post_init__(self):
        for name in ("longitude", "latitude", "values"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=float))
        for name in ("longitude", "latitude"):
            axis = getattr(self, name)
            if axis.ndim != 1 or axis.size < 2 or not np.all(np.diff(axis) > 0):
                raise InputError(
                    f"{name} of the grid", "at least two values that ascend", f"{axis.size} values", "sort them"
                )
        if self.values.shape != (self.longitude.size, self.latitude.size):
            expected = f"shape {(self.longitude.size, self.latitude.size)}, longitude by latitude"
            raise InputError("values of the grid", expected, self.values.shape, "give one value a node")
        check_coordinates("grid", "corner", self.longitude[[0, -1]], self.latitude[[0, -1]], ["first", "last"])
        if np.ptp(self.longitude) >= 360 + 1e-9:
            raise InputError(
                "longitude of the grid", "less than once around", f"{np.ptp(self.longitude):g} deg", "cut it"
            )

    @property
    def middle(self) -> float:
        """Longitude of the middle, deg: the cut, where longitudes jump, lies opposite."""
        return 0.5 * (self.longitude[0] + self.longitude[-1])

    def _along(self, longitude):
        return (longitude - self.middle + 180.0) % 360.0 - 180.0 + self.middle

    @property
    def closed(self) -> bool:
        """Whether the grid goes around the globe: what is between its last meridian and its first is one step, too."""
        return 360.0 - np.ptp(self.longitude) < 1.5 * np.max(np.diff(self.longitude))

    def covers(self, longitude, latitude) -> np.ndarray:
        """Whether places (deg) lie on the grid."""
        lon, lat = self._along(np.asarray(longitude, dtype=float)), np.asarray(latitude, dtype=float)
        between = self.closed | (lon >= self.longitude[0]) & (lon <= self.longitude[-1])
        return between & (lat >= self.latitude[0]) & (lat <= self.latitude[-1])

    @cached_property
    def _spline(self):
        from scipy.interpolate import RectBivariateSpline

        if not np.all(np.isfinite(self.values)):
            raise InputError("map", "a number at every node", "NaN at some", "fill the gaps before, or cut the map")
        if min(self.values.shape) < 4:
            raise InputError("map", "at least 4 by 4 nodes", self.values.shape, "give a finer map, or one number")
        longitude, values = self.longitude, self.values
        if self.closed:
            # Nodes from the other side, so many that the spline does not know where it ends.
            more = min(12, longitude.size)
            longitude = np.concatenate([longitude[-more:] - 360.0, longitude, longitude[:more] + 360.0])
            values = np.concatenate([values[-more:], values, values[:more]])
        return RectBivariateSpline(longitude, self.latitude, values, s=0)

    def at(self, positions):
        """Values at Cartesian positions of shape (n, 3), m, by bicubic splines through the nodes; on the tape.

        Continuous with first and second derivatives. Beyond the edge it stays what it is there; a grid around the globe
        has no edge to the east. At a pole, where longitudes have no derivative, neither has this.

        Raises
        ------
        InputError
            When the grid has gaps or less than 4 nodes along an axis.
        """
        return _interpolated(positions, self)


@primitive
def _evaluate(spline, x, y, nx: int, ny: int):
    return spline.ev(x, y, dx=nx, dy=ny)


defvjp(
    _evaluate,
    None,
    lambda result, spline, x, y, nx, ny: lambda g: g * _evaluate(spline, x, y, nx + 1, ny),
    lambda result, spline, x, y, nx, ny: lambda g: g * _evaluate(spline, x, y, nx, ny + 1),
)


@taped
def _interpolated(positions, grid: Grid):
    longitude, latitude, _ = geodetic(positions)
    longitude = anp.mod(longitude - grid.middle + 180.0, 360.0) - 180.0 + grid.middle
    x = longitude if grid.closed else anp.clip(longitude, grid.longitude[0], grid.longitude[-1])
    y = anp.clip(latitude, grid.latitude[0], grid.latitude[-1])
    return _evaluate(grid._spline, x, y, 0, 0)


def read_grid(path, value: tuple[str, ...] = ("value", "z")) -> Grid:
    """Read a grid: NetCDF (``.nc``, classic or version 4) or CSV with a row a node (longitude, latitude, value).

    In a NetCDF file the values are the variable of one of the names ``value``, else the only one of two dimensions,
    which are longitude and latitude in any order; what equals ``_FillValue`` is NaN. Longitudes from 0 to 360 and
    from -180 to 180 are both fine, and a last meridian that repeats the first is dropped.

    Parameters
    ----------
    path : path-like
    value : tuple of str
        Names that the values may have.

    Raises
    ------
    InputError
        When the file cannot be read or holds no grid.
    """
    longitude, latitude, values = (_from_csv if Path(path).suffix.lower() == ".csv" else _from_netcdf)(path, value)
    if longitude.size > 2 and np.isclose(longitude.max() - longitude.min(), 360.0):
        keep = longitude < longitude.max()
        longitude, values = longitude[keep], values[keep]
    longitude = _in_one_line(longitude)
    along, up = np.argsort(longitude), np.argsort(latitude)
    try:
        return Grid(longitude[along], latitude[up], values[np.ix_(along, up)])
    except InputError as error:
        raise InputError(f"{path}: {error.what}", error.expected, error.got, error.remedy) from None


def _in_one_line(longitude: np.ndarray) -> np.ndarray:
    """Longitudes such that the widest gap around the globe is outside of the grid: it may lie across the date line."""
    order = np.argsort(longitude)
    gaps = np.diff(longitude[order], append=longitude[order[0]] + 360.0)
    if gaps[-1] >= np.max(gaps) * (1 - 1e-6):
        return longitude
    first = longitude[order[int(np.argmax(gaps)) + 1]]
    return first + np.mod(longitude - first, 360.0)


def _from_csv(path, value: tuple[str, ...]):
    table = Table(path)
    lon, lat, cells = table.numbers(LONGITUDE), table.numbers(LATITUDE), table.numbers(value)
    longitude, latitude = np.unique(lon), np.unique(lat)
    values = np.full((longitude.size, latitude.size), np.nan)
    index = np.searchsorted(longitude, lon), np.searchsorted(latitude, lat)
    values[index] = cells
    if cells.size != values.size or np.any(np.isnan(values)):
        expected = f"{longitude.size} longitudes by {latitude.size} latitudes, each pair once"
        raise InputError(f"grid {path}", expected, f"{cells.size} rows", "give every node of a rectangle")
    return longitude, latitude, values


def _from_netcdf(path, value: tuple[str, ...]):
    variables = _netcdf_variables(path)
    names = {name.lower(): name for name in variables}
    axes = [next((names[n] for n in wanted if n in names), None) for wanted in (LONGITUDE + ("x",), LATITUDE + ("y",))]
    flat = [name for name, (_, array) in variables.items() if array.ndim == 2]
    chosen = next((names[n] for n in value if n in names), flat[0] if len(flat) == 1 else None)
    if None in axes or chosen is None:
        got = ", ".join(f"{name}{array.shape}" for name, (_, array) in variables.items()) or "no variable"
        expected = f"variables longitude, latitude and {' or '.join(value)}"
        raise InputError(f"grid {path}", expected, got, "rename the variables")
    dimensions, values = variables[chosen]
    longitude, latitude = (np.asarray(variables[name][1], dtype=float) for name in axes)
    if (
        dimensions == (axes[1], axes[0])
        or dimensions != (axes[0], axes[1])
        and values.shape == (latitude.size, longitude.size)
    ):
        values = values.T
    if values.shape != (longitude.size, latitude.size):
        raise InputError(f"{chosen} in {path}", "dimensions longitude and latitude", values.shape, "give a plain grid")
    return longitude, latitude, values


def _netcdf_variables(path) -> dict:
    """Names of dimensions and values of all variables of numbers, with NaN for missing ones."""
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise InputError(str(path), "a NetCDF file", error.strerror, "check the path") from error
    found = {}
    if magic[:3] == b"CDF":
        from scipy.io import netcdf_file

        with netcdf_file(path, "r", mmap=False) as file:
            for name, variable in file.variables.items():
                scale, offset = getattr(variable, "scale_factor", 1.0), getattr(variable, "add_offset", 0.0)
                fill = getattr(variable, "_FillValue", None)
                found[name] = (variable.dimensions, _cleaned(variable[:], fill, scale, offset))
    elif magic == b"\x89HDF":
        import h5py

        with h5py.File(path, "r") as file:
            for name, data in file.items():
                if isinstance(data, h5py.Dataset) and data.dtype.kind in "iuf":
                    scales = tuple(_scale_name(dimension) for dimension in data.dims)
                    given = {"_FillValue": None, "scale_factor": 1.0, "add_offset": 0.0}
                    given |= {key: np.ravel(data.attrs[key])[0] for key in given if key in data.attrs}
                    found[name] = (scales, _cleaned(data[()], *given.values()))
    else:
        raise InputError(str(path), "a NetCDF file, or CSV in a file named .csv", "another format", "convert it")
    return found


def _scale_name(dimension) -> str:
    return dimension[0].name.rsplit("/", 1)[1] if len(dimension) else ""


def _cleaned(values, fill, scale, offset) -> np.ndarray:
    numbers = np.array(values, dtype=float)
    if fill is not None:
        numbers[np.asarray(values) == fill] = np.nan
    return numbers * scale + offset
