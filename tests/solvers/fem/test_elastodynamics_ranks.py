"""Acoustic and elastic waves on several cells are the same on one, two and three ranks; this file is also the program they run."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

ELASTIC, ACOUSTIC = ("density", "p_velocity", "s_velocity"), ("velocity", "density")


def main():
    from firedrake import Function, FunctionSpace, SpatialCoordinate
    from ranks_program import smooth
    from test_elastodynamics import MESHES, pulse

    from adjointdesign.solvers.fem_elastodynamics import FemElastodynamics, MomentTensor, PointForce, PointSource

    numbers = []
    for cells, names in (("triangles", ELASTIC), ("quadrilaterals", ACOUSTIC), ("hexahedra", ACOUSTIC)):
        mesh = MESHES[cells](3)
        d, x = mesh.topological_dimension, SpatialCoordinate(mesh)
        space = FunctionSpace(mesh, "CG" if cells == "triangles" else "Q", 1)
        values = zip(names, (1.0, 2.0, 1.0) if len(names) == 3 else (1.5, 1.0))
        here, s = (0.31, 0.42, 0.53)[:d], pulse(0.1, 0.2)
        sources = [PointSource(here, s)]
        if len(names) == 3:
            sources = [PointForce(here, np.arange(d), s), MomentTensor((0.61, 0.44, 0.27)[:d], np.eye(d)[::-1], s)]
        solver = FemElastodynamics(
            mesh, {name: Function(space).interpolate(v + 0.2 * x[0] * x[1]) for name, v in values}, sources,
            [(0.7, 0.71, 0.72)[:d], (0.35, 0.3, 0.31)[:d]], duration=0.6, samples=6, time_step=0.01, degree=2,
            absorbing=[1, 4], fixed=[2], schedule="revolve", memory_budget="200KB",
        )  # fmt: skip
        inputs = {name: f.dat.data_ro.copy() for name, f in solver.functions.items()}
        directions = {name: smooth(f) for name, f in solver.functions.items()}
        inputs |= solver.settings
        moves = {name: np.ones_like(inputs[name]) for name in ("source_positions", "receiver_positions")}
        outputs = solver.forward(inputs)
        cotangents = {name: np.ones_like(value) for name, value in outputs.items()}
        results = [outputs, solver.tangent(inputs, directions | moves)]
        for result in (
            solver.adjoint(inputs, cotangents), solver.second_adjoint(inputs, directions | moves, cotangents, {})
        ):  # fmt: skip
            results.append({name: result[name] for name in solver.settings})
            numbers += [solver.comm.allreduce(float(np.sum(result[n] * directions[n]))) for n in directions]
        numbers += [float(v) for result in results for value in result.values() for v in np.ravel(value)]
    assert all(other == numbers for other in mesh.comm.allgather(numbers))
    if mesh.comm.rank == 0:
        with open(sys.argv[1], "w") as file:
            json.dump(numbers, file)


@pytest.mark.slow
@pytest.mark.mpi
def test_ranks_agree_on_several_cells(tmp_path):
    from test_ranks import ALLOW

    if shutil.which("mpiexec") is None:
        pytest.skip("needs mpiexec")
    found = []
    for ranks in (1, 2, 3):
        path = tmp_path / f"{ranks}.json"
        run = subprocess.run(
            ["mpiexec", "-n", str(ranks), sys.executable, __file__, str(path)],
            env={**os.environ, **ALLOW}, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        found.append(np.array(json.loads(path.read_text())))
    for other in found[1:]:
        assert other == pytest.approx(found[0], rel=1e-10, abs=1e-12 * np.abs(found[0]).max())


if __name__ == "__main__":
    main()
