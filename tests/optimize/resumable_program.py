"""A run of two stages that test_resume.py kills; ``python resumable_program.py HISTORY SECONDS_AN_EVALUATION``."""

import sys
import time

import numpy as np

from adjointdesign.optimize.history import History
from adjointdesign.optimize.interrupt import interruptible
from adjointdesign.optimize.stages import Formulation, Stage, run_stages
from adjointdesign.optimize.stopping import Stopping

N = 3000
STAGES = [
    Stage("soft", {"beta": 1.0}, "lbfgsb", Stopping(ftol=0, max_evaluations=15)),
    Stage("sharp", {"beta": 4.0}, "mma", Stopping(ftol=0, max_evaluations=25)),
]
RNG = np.random.default_rng(0)
CENTERS, WEIGHTS = RNG.random((3, N)), RNG.random((3, N))


def formulate(stage, x, pause=0.0):
    """Three weighted distances of a projected design: a sum in the first stage, a constrained min-max in the second."""
    beta = stage.parameters["beta"]

    def misfits(x):
        time.sleep(pause)
        density, slope = np.tanh(beta * x), beta / np.cosh(beta * x) ** 2
        residual = density - CENTERS
        return (WEIGHTS * residual**2).sum(axis=1), 2 * WEIGHTS * residual * slope

    def total(x):
        values, rows = misfits(x)
        return values.sum(), rows.sum(axis=0), {"misfits": values, "beta": beta}

    def volume(x):
        return x.mean() - 0.3, np.full(N, 1 / N)

    return Formulation(total) if stage.name == "soft" else Formulation(misfits, [volume], minimax=True)


def main(path, pause):
    with interruptible() as should_stop:
        try:
            history = History.create(path, {"seed": 0})
        except ValueError:
            history = History.open(path, writable=True)
        with history:
            print("ready", flush=True)
            results = run_stages(
                STAGES,
                lambda stage, x: formulate(stage, x, pause),
                np.full(N, 0.5),
                bounds=(0, 1),
                history=history,
                should_stop=should_stop,
            )
    print(results[-1].status, results[-1].x.tobytes().hex()[:64])


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
