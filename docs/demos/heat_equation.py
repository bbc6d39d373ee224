"""An outside time stepper on the tape: the heat equation u_t = (k u_x)_x in NumPy, with its certificate."""

import numpy as np

from adjointdesign.tape import Array, Control, ReducedFunctional, Solver, minimize, recording, solve
from adjointdesign.verification.dot_product import check_solver


class Heat(Solver):
    """Explicit Euler steps ``u += -r D^T (k D u)``: u on n points, k on the n - 1 cells between, insulated ends."""

    steps, r = 60, 0.2  # r = dt / dx^2; stable for r k < 1/2

    def march(self, k, u, source=None):
        """The history of u; ``source`` is added to the right-hand side of each step (the tangent needs it)."""
        history = [u]
        for n in range(self.steps):
            u = u + self.r * np.diff(k * np.diff(u), prepend=0, append=0) + (0 if source is None else source[n])
            history.append(u)
        return np.array(history)

    def forward(self, inputs):
        return {"final": self.march(inputs["k"], inputs["u0"])[-1]}

    def tangent(self, inputs, tangents):
        dk, du0 = (tangents.get(name, 0 * inputs[name]) for name in ("k", "u0"))
        u = self.march(inputs["k"], inputs["u0"])
        source = self.r * np.diff(dk * np.diff(u[:-1]), axis=1, prepend=0, append=0)
        return {"final": self.march(inputs["k"], du0, source)[-1]}

    def adjoint(self, inputs, cotangents):
        # A step is symmetric in u: its transpose is the same step, run backward.
        u = self.march(inputs["k"], inputs["u0"])
        p = self.march(inputs["k"], cotangents["final"])[::-1]
        return {"k": -self.r * np.sum(np.diff(p[1:]) * np.diff(u[:-1]), axis=0), "u0": p[0]}

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents):
        k, zero = inputs["k"], 0 * inputs["u0"]
        dk, du0 = tangents.get("k", 0 * k), tangents.get("u0", zero)
        u, p = self.march(k, inputs["u0"]), self.march(k, cotangents.get("final", zero))[::-1]
        flux = self.r * np.diff(dk * np.diff(u[:-1]), axis=1, prepend=0, append=0)
        du = self.march(k, du0, flux)
        push = self.r * np.diff(dk * np.diff(p[1:]), axis=1, prepend=0, append=0)
        dp = self.march(k, cotangent_tangents.get("final", zero), push[::-1])[::-1]
        dot = np.diff(dp[1:]) * np.diff(u[:-1]) + np.diff(p[1:]) * np.diff(du[:-1])
        return {"k": -self.r * np.sum(dot, axis=0), "u0": dp[0]}


if __name__ == "__main__":
    x = np.linspace(0, 1, 33)
    print(check_solver(Heat(), {"k": 1 + 0.5 * np.sin(5 * x[1:]), "u0": np.exp(-20 * x**2)}, np.random.default_rng(1)))

    u0 = np.exp(-20 * x**2)
    target = Heat().forward({"k": 1 + 0.5 * np.sin(5 * x[1:]), "u0": u0})["final"]
    with recording():  # find the conductivity that led to the target
        k = Array(np.ones(32))
        misfit = ((solve(Heat(), k=k, u0=u0)["final"] - target) ** 2).sum()
        functional = ReducedFunctional(misfit, Control(k))
    print(f"misfit {float(misfit):.1e} -> {minimize(functional, bounds=(0.1, 2.4)).value:.1e}")
