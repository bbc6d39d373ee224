"""What a run's folder holds, read part by part: a part that is missing, as in a run that was stopped, is None."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import EllipsisType
from typing import Any

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.objectives.decibels import amplitude_decibels
from adjointdesign.problem import Picture

@dataclass(frozen=True)
class Results:
    """S-parameters of one simulation.

    Parameters
    ----------
    wavelengths : ndarray, shape (n,)
        m.
    s_parameters : ndarray, shape (n, N) or (n, N, N)
        Complex, ``[wavelength, port out, port in]``; without the last axis port 1 is driven.
    spacing : float or None
        Cell size of the simulation, m.
    """

    wavelengths: np.ndarray
    s_parameters: np.ndarray
    spacing: float | None = None

    @property
    def decibels(self) -> dict[str, np.ndarray]:
        """Magnitudes in dB by name, "S21" for port 2 out and port 1 in."""
        s = self.s_parameters if self.s_parameters.ndim == 3 else self.s_parameters[:, :, None]
        db = amplitude_decibels(s)
        return {f"S{i + 1}{j + 1}": db[:, i, j] for j in range(s.shape[2]) for i in range(s.shape[1])}


@dataclass(frozen=True)
class Design:
    """The final design, as in ``design.h5``; arrays by their names there.

    A planar one (a density on pixels) has ``filtered``, and the attributes that place its pixels; others need not.
    """

    arrays: dict[str, np.ndarray]
    fields: dict[str, Any]
    attributes: dict[str, Any]
    length_scale: dict[str, float]
    results: Results | None
    results_gds: Results | None
    spectrum: Results | None

    @property
    def planar(self) -> bool:
        """Whether it is a density on the pixels of a plane."""
        return "filtered" in self.arrays

    @property
    def pixel(self) -> float:
        """Pixel size, m."""
        return float(self.attributes["pixel"])

    @property
    def origin(self) -> tuple[float, float]:
        """Lower corner of pixel (0, 0), m."""
        return float(self.attributes["origin_x"]), float(self.attributes["origin_y"])


@dataclass(frozen=True)
class Trace:
    """The history of a run, evaluation by evaluation."""

    objective: np.ndarray
    stage: np.ndarray
    elapsed: np.ndarray
    violation: np.ndarray
    readings: dict[str, np.ndarray]
    parameters: list[np.ndarray] = field(repr=False)


@dataclass(frozen=True)
class Goal:
    """One target of the problem: see `adjointdesign.problem.Target`."""

    reading: str
    sense: int
    bound: float
    where: tuple[int, ...] | EllipsisType
    unit: str = ""

    @property
    def relation(self) -> str:
        """What is asked of the reading, "≥ −0.5 dB"."""
        return f"{'≥' if self.sense > 0 else '≤'} {self.bound:g} {self.unit}".rstrip().replace("-", "−")

    def misses(self, values: np.ndarray) -> np.ndarray:
        """By how much the entries that count miss the bound (negative: met); the last axis of ``values`` is the entries."""
        return self.sense * (self.bound - (values if self.where is ... else values[..., list(self.where)]))

    def met(self, value: float) -> bool:
        """Whether a value meets the bound."""
        return self.sense * (value - self.bound) >= 0


class RunFolder:
    """A run's folder.

    Parameters
    ----------
    folder : path-like
        The folder that `run` wrote.
    problem : Problem, optional
        The problem itself, for port numbers, names of stages and projected designs; without it these are left out.

    Raises
    ------
    InputError
        When it holds no run, or, as a part is read, when that part is damaged.
    """

    def __init__(self, folder: str | os.PathLike, problem=None):
        self.folder = Path(folder)
        self.problem = problem
        if not (self.folder / "config.toml").is_file():
            got = f"{folder} without it" if self.folder.is_dir() else f"{folder}, which is no folder"
            raise InputError(
                "DIR", "the folder of a run, with its config.toml", got, "give the folder that `run` wrote"
            )

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """The settings as they are in ``config.toml``."""
        try:
            return tomllib.loads((self.folder / "config.toml").read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise _damaged(self.folder / "config.toml", error) from error

    @property
    def name(self) -> str:
        """Name of the problem."""
        return str(self.configuration.get("problem", "unnamed problem"))

    @cached_property
    def provenance(self) -> dict[str, Any] | None:
        """Contents of ``provenance.json``."""
        return self._json("provenance.json")

    @cached_property
    def certificate(self) -> dict[str, Any] | None:
        """Contents of ``certificate.json``."""
        return self._json("certificate.json")

    def _json(self, name: str):
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise _damaged(path, error) from error
        if not isinstance(content, dict):
            raise _damaged(path, "no JSON object")
        return content

    @cached_property
    def trace(self) -> Trace | None:
        """The history; None when there is none or it is empty."""
        from adjointdesign.optimize.history import History

        path = self.folder / "history.h5"
        if not path.is_file():
            return None
        with History.open(path) as history:
            if len(history) == 0:
                return None
            names = history[0].evaluation.readings
            readings = {name: history.values(name) for name in names}
            return Trace(
                history.values("objective"), history.values("stage"), history.values("elapsed"),
                np.array([history[i].evaluation.violation for i in range(len(history))]),
                {name: values.reshape(len(history), -1) for name, values in readings.items()},
                list(history.values("x")),
            )  # fmt: skip

    @cached_property
    def design(self) -> Design | None:
        """The final design; None when the run did not come to one."""
        import h5py

        path = self.folder / "design.h5"
        if not path.is_file():
            return None
        try:
            with h5py.File(path, "r") as file:
                groups = {name: item for name, item in file.items() if isinstance(item, h5py.Group)}
                fields = {name: item[()] for name, item in groups.get("fields", {}).items()}
                if "ez" in fields:
                    fields["component"] = _text(groups["fields"]["ez"].attrs.get("component", "ez"))
                attributes = dict(file.attrs)
                plane = [("filtered", file)] + [(k, attributes) for k in ("pixel", "origin_x", "origin_y")]
                if "parameters" in file and not any(needed in held for needed, held in plane):
                    plane = []  # a design of another kind
                for needed, held in plane:
                    if needed not in held:
                        raise _damaged(path, f"it has no {needed!r}")
                targets = groups["targets"].attrs.get("json") if "targets" in groups else file.attrs.get("targets")
                attributes["targets"] = None if targets is None else _text(targets)
                return Design(
                    {name: item[()] for name, item in file.items() if isinstance(item, h5py.Dataset)},
                    fields,
                    attributes,
                    {k: float(v) for k, v in groups["length_scale"].attrs.items()} if "length_scale" in groups else {},
                    *(_results(groups.get(name)) for name in ("results", "results_gds", "spectrum")),
                )  # fmt: skip
        except (OSError, KeyError) as error:
            raise _damaged(path, error) from error

    @cached_property
    def goals(self) -> tuple[Goal, ...]:
        """The targets, from the design or else from the problem."""
        if self.design is not None and self.design.attributes["targets"] is not None:
            listed = json.loads(self.design.attributes["targets"])
            return tuple(Goal(t["reading"], t["sense"], t["bound"], tuple(t["wavelengths"]), "dB") for t in listed)
        if self.problem is None:
            return ()
        return tuple(
            Goal(t.reading, t.sense, t.bound, t.where if t.where is ... else tuple(map(int, t.where)), t.unit)
            for t in self.problem.targets()
        )

    @cached_property
    def misses(self) -> np.ndarray | None:
        """Largest miss of any target in each evaluation; None without targets, or when they have different units."""
        if self.trace is None or not self.goals or len({goal.unit for goal in self.goals}) > 1:
            return None
        if any(goal.reading not in self.trace.readings for goal in self.goals):
            return None
        return np.max([g.misses(self.trace.readings[g.reading]).max(axis=1) for g in self.goals], axis=0)

    @cached_property
    def pictures(self) -> tuple[Picture, ...]:
        """Those that the problem draws itself."""
        return () if self.problem is None else tuple(self.problem.pictures(self.folder))

    @property
    def unit(self) -> str:
        """Unit of the first target, with a space before it; that of all where there are `misses`."""
        return f" {self.goals[0].unit}" if self.goals and self.goals[0].unit else ""

    def worst(self, results: Results | None) -> float | None:
        """Largest miss of any target, dB (negative: met with that much to spare); None without results or targets."""
        if results is None or not self.goals:
            return None
        db = results.decibels
        return max(float(np.max(g.misses(db[g.reading]))) for g in self.goals)


def _results(group) -> Results | None:
    if group is None or "s_parameters" not in group:
        return None
    spacing = group.attrs.get("spacing")
    return Results(group["wavelengths"][()], group["s_parameters"][()], None if spacing is None else float(spacing))


def _text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _damaged(path: Path, error) -> InputError:
    return InputError(str(path), "an undamaged file of a run", f"a damaged one ({error})", "restore it or run again")
