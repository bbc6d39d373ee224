"""A small problem without fields: a chain of springs whose stiffness is designed, solved directly."""

import autograd.numpy as anp
import numpy as np

from adjointdesign.optimize.stages import Stage
from adjointdesign.optimize.stopping import Stopping
from adjointdesign.problem import Problem, Settings
from adjointdesign.tape import Array, Solver, solve, taped

SHAPE = (4, 5)
N = SHAPE[0] * SHAPE[1]


class Chain(Solver):
    """``K(k) u = f`` with a little damping; the reading u is complex."""

    laplacian = 2 * np.eye(N) - np.eye(N, k=1) - np.eye(N, k=-1)
    load = np.linspace(1.0, 2.0, N)

    def matrix(self, k):
        return self.laplacian * (1 + 0.1j) + np.diag(k.ravel())

    def forward(self, inputs):
        return {"u": np.linalg.solve(self.matrix(inputs["k"]), self.load)}

    def tangent(self, inputs, tangents):
        u = self.forward(inputs)["u"]
        return {"u": -np.linalg.solve(self.matrix(inputs["k"]), tangents["k"].ravel() * u)}

    def adjoint(self, inputs, cotangents):
        u, p = self._pair(inputs, cotangents)
        return {"k": -np.real(np.conj(p) * u).reshape(SHAPE)}

    def _pair(self, inputs, cotangents):
        p = np.linalg.solve(self.matrix(inputs["k"]).conj().T, cotangents.get("u", np.zeros(N)))
        return self.forward(inputs)["u"], p

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents):
        u, p = self._pair(inputs, cotangents)
        dk, du = tangents["k"].ravel(), self.tangent(inputs, tangents)["u"]
        moved = cotangent_tangents.get("u", np.zeros(N)) - dk * p
        dp = np.linalg.solve(self.matrix(inputs["k"]).conj().T, moved)
        return {"k": -np.real(np.conj(dp) * u + np.conj(p) * du).reshape(SHAPE)}


@taped
def stiffness(density, steepness):
    return 1 + 3 * anp.tanh(steepness * density) ** 2


@taped
def sizes(u):
    return anp.abs(anp.reshape(u, (4, 5))).sum(axis=1) ** 2


@taped
def excess(parameters):
    return anp.sum(parameters**3) - 4.0


class Truss(Problem):
    """Two stages: a sum of sizes, then the largest of them, with a bound on the volume."""

    name = "truss"
    summary = "a chain of springs"
    Specification = Discretization = Optimization = Settings
    chain = Chain

    def __init__(self):
        super().__init__(Settings(), Settings(), Settings())
        self._chain = self.chain()

    design_shape = SHAPE

    def initial_design(self, rng):
        return rng.uniform(0.3, 0.7, SHAPE)

    def stages(self):
        stop = Stopping(max_evaluations=1)
        return (
            Stage("soft", {"steepness": 1.0}, "lbfgsb", stop),
            Stage("hard", {"steepness": 3.0, "minimax": True}, "mma", stop),
        )

    def density(self, parameters, stage):
        return stiffness(parameters, stage["steepness"])

    def medium(self, density):
        return {"k": density}

    def solver(self):
        return self._chain

    def solve(self, medium):
        return solve(self.solver(), **medium)

    def readings(self, fields):
        return {"sizes": sizes(fields["u"])}

    def objective(self, readings, stage):
        return readings["sizes"] if stage.get("minimax") else readings["sizes"].sum()

    def constraints(self, parameters, stage):
        return {"volume": excess(parameters)} if stage.get("minimax") else {}

    def report(self, readings):
        return {name: value.data if isinstance(value, Array) else value for name, value in readings.items()}
