"""Run under mpiexec by test_compare.py: estimates made of many blocks, in hexadecimal, the same on all ranks."""

import gaussian as g

from adjointdesign.uncertainty import Sampling, score, smoothed


def estimates(comm):
    """Ten numbers of four estimates."""
    found = []
    for method in ("random", "sobol"):
        sampling = Sampling(1024, 3, method, groups=8, chunk=70, comm=comm)
        for estimate in (score(g.TRIGGER, g.THETA, sampling), smoothed(g.TRIGGER, g.THETA, sampling, 0.5).extrapolated):
            found += [estimate.gradient[0].hex(), estimate.gradient_error[1].hex()]
        found.append(estimate.value_error.hex())
    return found


if __name__ == "__main__":
    from mpi4py import MPI

    numbers = estimates(MPI.COMM_WORLD)
    assert all(other == numbers for other in MPI.COMM_WORLD.allgather(numbers))
    if MPI.COMM_WORLD.rank == 0:
        print(*numbers)
