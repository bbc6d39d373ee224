"""The finished resonator antenna: its body as files, and the full block with the same feed for comparison."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np

from adjointdesign.files import atomic_write

logger = logging.getLogger(__name__)
RECORD = "body.json"


def write_body(problem, folder: Path, solid: np.ndarray, density: np.ndarray) -> None:
    """Write ``body.stl`` (surface of the whole body, mm) and ``body.vtu`` (densities, and which blocks are solid)."""
    from adjointdesign.problems.antennas.resonator_files import write_blocks, write_surface

    body = problem.body
    if solid.any():
        write_surface(folder / "body.stl", body.whole(solid), body.corner, body.pitch)
    write_blocks(folder / "body.vtu", {"density": body.whole(density), "solid": body.whole(solid).astype(float)}, body.corner, body.pitch)


def deliver(problem, folder: Path, parameters: np.ndarray) -> None:
    """Write ``body.json``: what the body is made of, and what the full block with the same feed gives, simulated in the same way."""
    from adjointdesign.problems.antennas.describe import simulate
    from adjointdesign.problems.antennas.fdtd_deliver import judged
    from adjointdesign.problems.antennas.geometry.description import described

    solid, density = problem.solid(parameters), np.asarray(problem.density(parameters, problem.final_stage))
    block = simulate(described(problem.described(np.ones_like(solid))), lambda line: logger.info("full block: %s", line))
    pieces, grounded = problem.body.pieces(solid)
    volume = 2 * solid.sum() * float(np.prod(problem.body.pitch))
    found = {
        "filled": float(solid.mean()), "volume": volume, "gray": float(np.mean(4 * density * (1 - density))),
        "pieces": pieces, "pieces_on_ground": grounded, "boxes": len(problem.body.boxes(solid)),
        "full_block": {name: np.asarray(values).tolist() for name, values in judged(problem, block).items()},
    }  # fmt: skip
    atomic_write(folder / RECORD, json.dumps(found, indent=1))


def read_record(folder: Path) -> dict | None:
    """What `deliver` wrote; None where it has not."""
    path = folder / RECORD
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def summarize(folder: Path) -> list[str]:
    """Lines for people about the body."""
    found = read_record(folder)
    if found is None:
        return []
    pieces, grounded = found["pieces"], found["pieces_on_ground"]
    floating = f"{pieces - grounded} of them NOT on the ground" if pieces > grounded else "all on the ground"
    lines = [
        f"body: {found['filled']:.0%} of the room, {1e9 * found['volume']:.0f} mm^3, {pieces} piece{'s' * (pieces != 1)}, {floating}; "
        f"gray {found['gray']:.1%} before the threshold",
        "full block with the same feed:",
    ]
    for name, values in found["full_block"].items():
        values = np.array(values)
        lines.append(f"  {name} {values.min():.3g} to {values.max():.3g}")
    return lines
