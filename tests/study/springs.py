"""A problem without fields, ports or pixels: a chain of springs that shall sag little and cost little."""

import autograd.numpy as anp
import numpy as np

from adjointdesign.optimize.penalty import Penalty
from adjointdesign.optimize.stages import Stage
from adjointdesign.optimize.stopping import Stopping
from adjointdesign.problem import Problem, Settings, Target
from adjointdesign.tape import taped


class ChainSettings(Settings):
    links: int = 6
    load: float = 2.0  # N
    largest_sag: float = 4.0  # mm


class Steps(Settings):
    evaluations: int = 6


@taped
def sag(stiffness, load):
    """Displacement (mm) of every mass below the top."""
    return anp.cumsum(load / stiffness)


@taped
def last(u):
    return u[-1] ** 2


@taped
def excess(stiffness):
    return anp.sum(stiffness) / 20.0 - 1.0


class Springs(Problem):
    name, summary = "springs", "a chain that sags little"
    Specification, Discretization, Optimization = ChainSettings, Settings, Steps
    presets = {"coarse": {"specification": {"links": 3}}}

    @property
    def design_shape(self):
        return (self.specification.links,)

    def initial_design(self, rng):
        return rng.uniform(0.9, 1.1, self.design_shape)

    def bounds(self):
        return 0.5, 8.0

    def stages(self):
        stop = Stopping(max_evaluations=self.optimization.evaluations)
        return Stage("free", {"budget": False}, "lbfgsb", stop), Stage(
            "budget", {"budget": True}, "lbfgsb", stop, penalty=Penalty(100.0, 0.01)
        )

    def density(self, parameters, stage):
        return parameters

    def medium(self, density):
        return density

    def solve(self, medium):
        return sag(medium, self.specification.load)

    def readings(self, fields):
        return {"sag": fields}

    def objective(self, readings, stage):
        return last(readings["sag"])

    def constraints(self, parameters, stage):
        return {"budget": excess(parameters)} if stage["budget"] else {}

    def targets(self):
        return (Target("sag", -1, self.specification.largest_sag, unit="mm"),)

    def report(self, readings):
        return {"sag": np.asarray(readings["sag"])}
