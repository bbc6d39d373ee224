"""The command with a problem whose ranks share the work, without finite elements; environment variables make it fail.

``FAULT=KIND,RANK,EVALUATION``: what that rank meets in that evaluation. ``PAUSE``: seconds an evaluation takes.
"""

import errno
import functools
import os
import resource
import signal
import sys
import time
from importlib.metadata import EntryPoint

import numpy as np
from mpi4py import MPI

from adjointdesign import cli, parallel, problems
from adjointdesign.errors import InputError
from adjointdesign.optimize.stages import Stage
from adjointdesign.optimize.stopping import Stopping
from adjointdesign.problem import Problem, Settings, Target
from adjointdesign.tape import Array, Solver, solve
from adjointdesign.tape.block import Operation, record

WORLD = MPI.COMM_WORLD
KIND, RANK, WHEN = (os.environ.get("FAULT") or "none,0,0").split(",")


class Links(Settings):
    count: int = 12


class Steps(Settings):
    evaluations: int = 6


class Share(Operation):
    """The links of this rank, of all that there are."""

    name = "share"

    def __init__(self, count):
        self.mine = np.array_split(np.arange(count), WORLD.size)[WORLD.rank]

    def evaluate(self, values):
        return [values[0].ravel()[self.mine]]

    def tangent(self, values, tangents):
        return self.evaluate(tangents)

    def adjoint(self, values, cotangents, wanted):
        result = np.zeros(values[0].shape)
        result.flat[self.mine] = cotangents[0]
        return [result]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        return self.adjoint(values, cotangent_tangents, wanted)


class Chain(Solver):
    """Sag and price of a chain: the sums of ``weight / k`` and of ``k`` over the links of all ranks."""

    comm = WORLD

    def __init__(self, count):
        self.weight = np.linspace(1.0, 3.0, count)[Share(count).mine]

    def totals(self, sag, price):
        sags, prices = zip(*WORLD.allgather((sag.sum(), price.sum())))
        return {"sag": sum(sags), "price": sum(prices)}

    def forward(self, inputs):
        return self.totals(self.weight / inputs["k"], inputs["k"])

    def tangent(self, inputs, tangents):
        return self.totals(-self.weight / inputs["k"] ** 2 * tangents["k"], tangents["k"])

    def adjoint(self, inputs, cotangents):
        return {"k": cotangents.get("price", 0.0) - cotangents.get("sag", 0.0) * self.weight / inputs["k"] ** 2}

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents):
        bent = 2 * cotangents.get("sag", 0.0) * self.weight / inputs["k"] ** 3 * tangents["k"]
        return {"k": bent + self.adjoint(inputs, cotangent_tangents)["k"]}


class SharedChain(Problem):
    name, summary = "shared-chain", "a chain whose links the ranks share"
    Specification, Discretization, Optimization = Links, Settings, Steps
    done = 0

    @property
    def design_shape(self):
        return self.specification.count // 2, 2

    def initial_design(self, rng):
        return rng.uniform(0.9, 1.1, self.design_shape)

    def bounds(self):
        return 0.5, 8.0

    def stages(self):
        stop = Stopping(ftol=0, max_evaluations=self.optimization.evaluations)
        return Stage("first", {"factor": 0.5}, "lbfgsb", stop), Stage("last", {"factor": 1.0}, "mma", stop)

    def density(self, parameters, stage):
        WORLD.Barrier()  # as a filter on a mesh: all ranks are needed
        return stage["factor"] * (parameters if isinstance(parameters, Array) else Array(parameters))

    def medium(self, density):
        operation, k = Share(self.specification.count), np.asarray(density)
        found = operation.evaluate([k])
        return {"k": record(operation, [density], found, comm=WORLD, reduce_over=WORLD, floats=False)[0]}

    def solve(self, medium):
        fail("collective")
        found = solve(self.solver(), **medium)
        fail("alone")
        return found

    def solver(self):
        return Chain(self.specification.count)

    def readings(self, fields):
        return fields

    def objective(self, readings, stage):
        return readings["sag"] + readings["price"]

    def targets(self):
        return (Target("sag", -1, 30.0, unit="mm"),)

    def deliver(self, folder, parameters, status):
        if KIND == "delivery" and WORLD.rank == int(RANK):
            raise OSError(errno.ENOSPC, "No space left on device", str(folder / "design.h5"))
        super().deliver(folder, parameters, status)
        (folder / f"rank{WORLD.rank}.txt").touch()


def fail(place):
    """What ``FAULT`` asks for, once: before the solver, where all are to meet it, or after it."""
    if place == "collective":
        time.sleep(float(os.environ.get("PAUSE", 0)))
        SharedChain.done += 1
    if SharedChain.done != int(WHEN):
        return
    if (place, KIND) == ("collective", "all"):
        raise InputError("chain", "one that holds", "another", "mend it")
    if place == "alone" and WORLD.rank == int(RANK):
        if KIND == "input":
            raise InputError("link", "one that holds", "another", "mend it")
        if KIND == "bug":
            raise ZeroDivisionError("no link")
        if KIND == "disk":  # files cannot grow any more
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        if KIND == "signal":
            signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    entry = EntryPoint("shared-chain", "shared_chain:SharedChain", "adjointdesign.problems")
    sys.modules["shared_chain"] = sys.modules["__main__"]
    problems.entry_points = lambda group: (entry,)
    # Ranks that wait for another one give up sooner than users' ranks do.
    patience = functools.partial(parallel.all_here, 1.0)
    cli.all_here = parallel.all_here = patience
    cli.main()
