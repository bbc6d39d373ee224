"""A time stepper that is not FDTD, checkpointed by the package's time loop: logistic growth at designed rates."""

import numpy as np
from truss_problem import SHAPE, Truss

from adjointdesign.problem import Problem, Settings
from adjointdesign.tape import Footprint, Solver
from adjointdesign.timeloop.march import March
from adjointdesign.timeloop.schedules import parse_bytes, plan

STEPS = 240


class Growth(Solver):
    """``x <- x + h k x (1 - x)``, STEPS times, from one tenth."""

    h = 0.02

    def __init__(self, schedule, memory_budget):
        self.schedule, self.budget = schedule, parse_bytes(memory_budget)
        self.marches = []

    def footprint(self):
        size = 8 * int(np.prod(SHAPE))
        return Footprint(STEPS, size, size)

    def _run(self, k, dk=None):
        _, step_bytes, state_bytes = self.footprint()
        runs = 1 if dk is None else 2
        chosen = plan(STEPS, runs * step_bytes, runs * state_bytes, self.budget, self.schedule)
        sweep = Sweep(self.h * k, self.h * (0 * k if dk is None else dk), chosen)
        march = March(chosen.schedule(), chosen.units, sweep)
        self.marches.append((chosen, sweep))
        march.forward()
        return sweep, march

    def forward(self, inputs):
        return {"u": self._run(inputs["k"])[0].x}

    def tangent(self, inputs, tangents):
        return {"u": self._run(inputs["k"], tangents["k"])[0].dx}

    def adjoint(self, inputs, cotangents):
        sweep, march = self._run(inputs["k"])
        sweep.start = cotangents["u"], 0 * cotangents["u"]
        march.reverse()
        return {"k": self.h * sweep.gradient}

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents):
        sweep, march = self._run(inputs["k"], tangents["k"])
        zero = np.zeros(SHAPE)
        sweep.start = cotangents.get("u", zero), cotangent_tangents.get("u", zero)
        march.reverse()
        return {"k": self.h * sweep.second}


class Sweep:
    def __init__(self, k, dk, chosen):
        self.k, self.dk, self.length = k, dk, chosen.steps_per_unit
        self.x, self.dx, self.kept, self.advanced = np.full(SHAPE, 0.1), np.zeros(SHAPE), {}, 0

    def advance(self, first, last, keep, replay):
        for unit in range(first, last):
            levels = []
            for _ in range(unit * self.length, min((unit + 1) * self.length, STEPS)):
                levels.append((self.x, self.dx))
                x, dx = self.x, self.dx
                self.x = x + self.k * x * (1 - x)
                self.dx = dx + self.k * (1 - 2 * x) * dx + self.dk * x * (1 - x)
            self.advanced += 1
            if keep:
                self.kept[unit] = levels

    def save(self):
        return self.x, self.dx

    def restore(self, state):
        self.x, self.dx = state

    def begin_reverse(self):
        self.a, self.da = self.start
        self.gradient, self.second = np.zeros(SHAPE), np.zeros(SHAPE)

    def reverse(self, last, first, drop):
        for unit in range(last - 1, first - 1, -1):
            for x, dx in reversed(self.kept[unit]):
                a, da, slope = self.a, self.da, 1 + self.k * (1 - 2 * x)
                self.gradient += a * x * (1 - x)
                self.second += da * x * (1 - x) + a * (1 - 2 * x) * dx
                self.a, self.da = a * slope, da * slope + a * ((1 - 2 * x) * self.dk - 2 * self.k * dx)
            if drop:
                del self.kept[unit]


class Scheduled(Settings):
    schedule: str = "auto"
    memory_budget: str = "1MiB"


class GrowthProblem(Truss):
    """The readings and objective of the truss, of grown populations."""

    name = "growth"
    summary = "logistic growth"
    Discretization = Scheduled
    made: list = []

    def __init__(self, specification=None, discretization=None, optimization=None):
        discretization = discretization or Scheduled()
        Problem.__init__(self, specification or Settings(), discretization, optimization or Settings())
        self._chain = Growth(discretization.schedule, discretization.memory_budget)
        self.made.append(self._chain)
