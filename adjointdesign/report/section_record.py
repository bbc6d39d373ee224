"""What is needed to do it again: commands, files, settings, versions."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from adjointdesign.report.markup import Markup, join, number, row_name, size, table, tag
from adjointdesign.report.run_folder import RunFolder

FILES = (
    ("design.gds", "the device as polygons, ready for a layout tool"),
    ("s_parameters.s*p", "S-parameters for circuit tools (Touchstone, re-simulated from design.gds)"),
    ("*.s1p", "reflection for circuit tools (Touchstone)"),
    ("profile.csv", "the profile of the conductor"),
    ("slots.csv", "where the slots are, and how deep"),
    ("pattern.csv", "gain over the angle"),
    ("*.msh", "the final mesh (Gmsh)"),
    ("field.vtu", "the field (ParaView)"),
    ("design.npy", "the design's density"),
    ("design.h5", "the design: its parameters, and what was found about it"),
    ("history.h5", "every evaluation, with its gradient"),
    ("certificate.json", "how the gradient was verified"),
    ("config.toml", "complete settings, ready to run again"),
    ("provenance.json", "versions, seed and machine"),
    ("log.txt", "what the run said"),
    ("figures/*.png", "the figures of this page"),
)


def reproduce(run: RunFolder) -> Markup:
    """The commands, to be given in the run's folder."""
    name = shlex.quote(run.name)
    commands = ["# the same design once more", f"adjointdesign run {name} --config config.toml --out again"]
    if (run.folder / "design.gds").is_file():
        commands += [
            "# simulate the device in design.gds, or one that was changed",
            f"adjointdesign evaluate {name} --config config.toml --design design.gds",
        ]
    commands += [
        "# verify the gradient",
        f"adjointdesign check {name} --config config.toml",
        "# draw the figures and this page",
        "adjointdesign report .",
    ]
    started = _command(run.provenance or {})
    return join(
        [
            tag("h2", "To do it again"),
            tag("p", "In the folder of this page:"),
            tag("pre", "\n".join(commands)),
            tag("p", "The run was started with ", tag("code", started), ".") if started else "",
            tag("h3", "Files"),
            table(["file", number("size"), "what it is"], _files(run.folder)),
        ]
    )


def _command(provenance) -> str:
    """The command without the place where it was installed."""
    program, _, rest = str(provenance.get("command", "")).partition(" ")
    return f"{Path(program).name} {rest}".strip()


def _files(folder: Path):
    for pattern, words in FILES:
        found = sorted(folder.glob(pattern))
        if len(found) > 1:
            yield [pattern, number(size(sum(p.stat().st_size for p in found))), words]
            continue
        for path in found:
            name = path.relative_to(folder).as_posix()
            yield [tag("a", name, href=quote(name)), number(size(path.stat().st_size)), words]


def settings(run: RunFolder) -> Markup:
    """All settings, in SI units, as in the configuration file."""
    head = {k: v for k, v in run.configuration.items() if not isinstance(v, Mapping)}
    parts = [table((), _rows(head))]
    for name, section in run.configuration.items():
        if isinstance(section, Mapping):
            parts += [tag("h3", name), table((), _rows(section))]
    return join(
        [
            tag("h2", "Settings"),
            tag("p", "Everything that determines the run, in SI units."),
            tag("details", tag("summary", "Show all settings"), *parts),
        ]
    )


def _rows(section: Mapping):
    for name, value in section.items():
        if isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
            for index, entry in enumerate(value, start=1):
                words = ", ".join(f"{k} = {_value(v)}" for k, v in entry.items())
                yield [row_name(f"{name}, {index}"), words]
        else:
            yield [row_name(name), _value(value)]


def _value(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}".replace("inf", "∞")
    if isinstance(value, list):
        return ", ".join(_value(entry) for entry in value) or "(none)"
    return str(value) or "(none)"


def provenance(run: RunFolder) -> Markup:
    """Who made it: versions, machine, commit, times."""
    found = run.provenance
    if not found:
        return Markup("")
    rows = []
    for key, value in found.items():
        if key == "command" or value is None:
            continue
        if isinstance(value, Mapping):
            value = ", ".join(f"{k} {v}" for k, v in value.items())
        rows.append([row_name(key.replace("_", " ")), value])
    return join([tag("h2", "Provenance"), table((), rows)])
