"""Files of a simulated antenna: the numbers, Touchstone, the far-field pattern, its geometry, figures."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np

from adjointdesign.files import atomic_write, make_folder
from adjointdesign.problems.antennas.describe_results import Results


def deliver(results: Results, folder: Path) -> list[Path]:
    """Write everything into a folder, made if it is not there.

    Returns
    -------
    list of Path
        ``results.json``, ``s_parameters.sNp``, ``pattern.csv`` (with a far field), what `write_geometry` writes, and the
        figures, PNG.
    """
    from adjointdesign.problems.antennas.describe_geometry import write_geometry
    from adjointdesign.problems.antennas.describe_pictures import pictures
    from adjointdesign.report.deliverables.touchstone import write_touchstone

    make_folder(folder)
    names = [p.name for p in results.model.ports]
    written = [folder / "results.json"]
    atomic_write(written[0], json.dumps(results.summary(), indent=1))
    comments = [results.model.antenna.name, *filter(None, [results.model.antenna.source])]
    written.append(
        write_touchstone(
            folder / "s_parameters",
            results.model.frequencies,
            results.s_parameters,
            names,
            comments + line_comments(results),
            references_of(results),
        )
    )
    if results.model.antenna.far_field:
        written.append(folder / "pattern.csv")
        atomic_write(written[-1], pattern_table(results))
    written += write_geometry(results.model.antenna, folder)
    for name, content in pictures(results).items():
        written.append(folder / f"{name}.png")
        atomic_write(written[-1], content)
    return written


def references_of(results: Results) -> list[float] | None:
    """One impedance a port for Touchstone, ohm: of a port that refers to its own line that of the first that has a number, so that it stays as it is."""
    given = [getattr(port, "impedance", None) for port in results.model.antenna.ports]
    first = next((z for z in given if z is not None), None)
    return None if first is None else [first if z is None else z for z in given]


def line_comments(results: Results) -> list[str]:
    """What Touchstone has no place for: ports that refer to the impedance of their own line, which varies with the frequency."""
    ports = [p for p in results.model.antenna.wave_ports if getattr(p, "impedance", None) is None]
    middle, waves = len(results.model.frequencies) // 2, results.runs[0].waves
    return [f"port {p.name} refers to its own {p.kind} wave, {waves[p.name].impedance[middle]:.6g} ohm in the middle of the band" for p in ports]


def pattern_table(results: Results) -> str:
    """Far field of every port, frequency and direction, as CSV.

    Phasors of the field times distance, V, for 1 V behind the port's impedance (for a port of a line or guide for 0.25 W of its wave), in
    ``exp(-i w t)`` about the middle of the far-field box.
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["port", "frequency_hz", "theta_deg", "phi_deg", "e_theta_re", "e_theta_im", "e_phi_re", "e_phi_im",
                   "directivity_dbi", "realized_gain_dbi"])  # fmt: skip
    for number, run in enumerate(results.runs):
        far = run.far / run.far_drive[:, None, None]
        radiation = results.radiation(number)
        decibels = [10 * np.log10(np.maximum(radiation[k], 1e-12)) for k in ("directivity", "realized_gain")]
        for i, frequency in enumerate(results.model.antenna.far_frequencies):
            for k, (theta, phi) in enumerate(np.degrees(results.directions)):
                parts = [part for component in far[i, :, k] for part in (component.real, component.imag)]
                values = [frequency, theta, phi, *parts, *(d[i, k] for d in decibels)]
                rows.writerow([results.model.ports[number].name, *(f"{v:.9g}" for v in values)])
    return out.getvalue()
