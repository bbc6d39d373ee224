"""Settings of a run: defaults, then a TOML file on its preset, then a preset and single settings of the command line."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ValidationError

from adjointdesign.errors import InputError
from adjointdesign.problem import Problem, Settings

SECTIONS = ("specification", "discretization", "optimization")


@dataclass(frozen=True)
class Configuration:
    """All that determines a run.

    Parameters
    ----------
    problem : type of Problem
        Which problem.
    preset : str
        Name of the preset it started from, or empty.
    seed : int
        Seed of the random numbers.
    specification, discretization, optimization : Settings
        Its settings.
    """

    problem: type[Problem]
    preset: str
    seed: int
    specification: Settings
    discretization: Settings
    optimization: Settings

    def build(self) -> Problem:
        """The problem with these settings."""
        return self.problem(self.specification, self.discretization, self.optimization)

    def toml(self) -> str:
        """Complete settings, re-runnable; what is None is left out, since TOML has no word for it."""
        head = {"problem": self.problem.name, "preset": self.preset, "seed": self.seed}
        sections = {s: _without_none(getattr(self, s).model_dump(mode="python")) for s in SECTIONS}
        return tomli_w.dumps(head | sections)


def load(problem: type[Problem], *, file: str | Path | None = None, overrides: Iterable[str] = ()) -> Configuration:
    """Put the settings of a run together.

    Parameters
    ----------
    problem : type of Problem
        Which problem.
    file : path, optional
        TOML file with sections ``specification``, ``discretization``, ``optimization`` and keys ``preset``, ``seed``.
    overrides : iterable of str
        Single settings, ``section.name=value`` (or ``preset=name``, ``seed=number``), in TOML's notation for values. A
        preset named here stands above the file; an empty one takes the file's own preset away.

    Raises
    ------
    InputError
        When a name is unknown, a value is refused, or the file cannot be read.
    """
    data = _read(file, problem) if file is not None else {}
    changes: dict[str, Any] = {}
    for text in overrides:
        _assign(changes, text)
    # A file stands above the preset that it names itself, so that a complete one repeats its run; whoever names a preset
    # beside a file wants that preset's values.
    preset = data.pop("preset", "")
    merged = _merged(_preset(problem, preset), data)
    if "preset" in changes:
        preset = changes.pop("preset")
        named = _preset(problem, preset)
        merged = data if preset == "" else _merged(merged, named)
    merged = _merged(merged, changes)
    seed = merged.pop("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise InputError("seed", "a whole number of at least 0", repr(seed), "correct the seed")
    _refuse_unknown(merged, SECTIONS, "setting", extra=("preset", "seed"))
    classes = (problem.Specification, problem.Discretization, problem.Optimization)
    parts = {name: _validated(cls, merged.get(name, {}), name) for name, cls in zip(SECTIONS, classes)}
    return Configuration(problem, preset, seed, **parts)


def _preset(problem: type[Problem], name) -> Mapping[str, Any]:
    if name == "":
        return {}
    if not isinstance(name, str) or name not in problem.presets:
        raise InputError("preset", f"one of {', '.join(problem.presets) or '(none)'}", repr(name), "choose one of these")
    return problem.presets[name]


def _read(file, problem) -> dict[str, Any]:
    try:
        data = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("--config", "a readable TOML file", f"{file} ({error})", "check the path") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError("--config", "a TOML file", f"{file}: {error}", "correct that line") from error
    named = data.pop("problem", problem.name)
    if named != problem.name:
        raise InputError("--config", f"settings of {problem.name}", f"settings of {named}", "name that problem instead")
    return data


def _assign(data: dict[str, Any], text: str) -> None:
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise InputError("--set", "name=value", repr(text), "write for example discretization.spacing=20e-9")
    *sections, name = path.strip().split(".")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    for section in sections:
        data = data.setdefault(section, {})
        if not isinstance(data, dict):
            raise InputError("--set", f"settings by name in {section}", repr(data), f"write {section}.name=value alone")
    data[name] = parsed


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for key, value in over.items():
        nested = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
        out[key] = _merged(out[key], value) if nested else value
    return out


def _refuse_unknown(data: Mapping[str, Any], known: Iterable[str], what: str, extra: tuple[str, ...] = ()) -> None:
    for name in data:
        if name not in known:
            near = difflib.get_close_matches(name, [*known, *extra], 1)
            remedy = f"did you mean {near[0]}?" if near else "remove it"
            raise InputError(what, f"one of {', '.join((*known, *extra))}", repr(name), remedy)


def _validated(cls: type[BaseModel], values, section: str) -> BaseModel:
    if not isinstance(values, Mapping):
        raise InputError(section, "settings by name", repr(values), f"write {section}.name=value")
    _refuse_unknown(values, cls.model_fields, f"setting in {section}")
    try:
        return cls(**values)
    except ValidationError as failure:
        first = failure.errors()[0]
        where = ".".join([section, *(str(part) for part in first["loc"])])
        message = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        message = f"a value {message}" if message.startswith(("greater", "less")) else message
        remedy = "correct this setting"
        if first["type"] == "extra_forbidden":
            message, remedy = "a known setting", "correct the name or remove it"
        raise InputError(where, message, repr(first["input"]), remedy) from None


def _without_none(value):
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(v) for v in value]
    return value
