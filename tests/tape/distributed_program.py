"""Run by test_distributed.py under mpiexec: distributed arrays against the same computation on one rank."""

import sys

import numpy as np
import pyadjoint
from mpi4py import MPI
from pyadjoint import taylor_to_dict

from adjointdesign.errors import InputError
from adjointdesign.tape import AdjFloat, Array, Control, ReducedFunctional, minimize, recording, taped

COMM = MPI.COMM_WORLD
ROWS = 7
WHOLE = np.random.default_rng(2).uniform(0.5, 1.5, (ROWS, 2))
DIRECTION = np.random.default_rng(3).standard_normal((ROWS, 2))
# Unequal parts, so that an assumption of equal ones shows.
BREAKS = [0, 2, ROWS] if COMM.size == 2 else [0, 2, 3, ROWS]
OWN = slice(BREAKS[COMM.rank], BREAKS[COMM.rank + 1])


def objective(x, s):
    """Elementwise work, a replicated factor, a global sum, a gathered neighbour difference."""
    import autograd.numpy as anp

    y = taped(lambda x, s: anp.sin(x) * s)(x, s) * x
    whole = y.gather()
    return (y * y).sum() * s + ((whole[1:] - whole[:-1]) ** 2).sum() + y.mean() + x.dot(y)


def run(x, s):
    with recording():
        return ReducedFunctional(objective(x, s), [Control(x), Control(s)])


def same_everywhere(value):
    return len(set(COMM.allgather(float(value).hex()))) == 1


def refused(action, word):
    try:
        action()
    except InputError as error:
        return word in str(error)
    return False


def main():
    s = AdjFloat(0.7)
    serial = run(Array(WHOLE), s)
    x = Array(WHOLE[OWN], COMM)
    functional = run(x, s)
    direction = [Array(DIRECTION[OWN], COMM), AdjFloat(-0.4)]
    checks = {}
    value = functional([x, s])
    checks["value"] = np.isclose(value, serial([WHOLE, s]), rtol=1e-13) and same_everywhere(value)
    (gx, gs), (rx, rs) = functional.derivative(), serial.derivative()
    checks["derivative"] = gx.comm is COMM and np.allclose(gx.data, rx.data[OWN], rtol=1e-12)
    checks["replicated derivative"] = np.isclose(gs, rs, rtol=1e-12) and same_everywhere(gs)
    whole_direction = [Array(DIRECTION), direction[1]]
    checks["tangent"] = np.isclose(functional.tlm(direction), serial.tlm(whole_direction), rtol=1e-12)
    (hx, hs), (qx, qs) = functional.hessian(direction), serial.hessian(whole_direction)
    checks["hessian"] = np.allclose(hx.data, qx.data[OWN], rtol=1e-11) and np.isclose(hs, qs, rtol=1e-11)
    rates = taylor_to_dict(functional, [x, s], direction)
    checks["taylor"] = min(rates["R1"]["Rate"]) > 1.95 and min(rates["R2"]["Rate"]) > 2.9
    inner = x._ad_dot(direction[0])
    checks["inner product"] = np.isclose(inner, np.sum(WHOLE * DIRECTION), rtol=1e-13) and same_everywhere(inner)
    checks["dimension"] = x._ad_dim() == WHOLE.size
    checks["gather"] = np.array_equal(np.reshape(x._ad_to_list(x), WHOLE.shape), WHOLE)
    z = Array(x.data * (1 + 2j), COMM)
    back, offset = Array._ad_assign_numpy(z._ad_init_zero(), np.array([0.0, *z._ad_to_list(z)]), 1)
    checks["scatter, complex"] = np.array_equal(back.data, z.data) and offset == 1 + 2 * WHOLE.size

    target = WHOLE[::-1]
    with recording():
        x = Array(WHOLE[OWN], COMM)
        misfit = ReducedFunctional(((x - target[OWN]) ** 2).sum(), Control(x))
    result = minimize(misfit)
    checks["minimize"] = np.allclose(result.controls.data, target[OWN], atol=1e-5) and same_everywhere(result.value)
    checks["pyadjoint minimize"] = np.allclose(pyadjoint.minimize(misfit).data, target[OWN], atol=1e-5)

    with recording():
        x = Array(np.ones(2), COMM)
        local = ReducedFunctional(taped(lambda v: v * (1.0 + COMM.rank))(x).gather()[0] * 1.0, Control(x))
        local_by_rank = AdjFloat(1.0 + COMM.rank)
        different = ReducedFunctional(x.sum() * local_by_rank, Control(x))
    checks["same scalar accepted"] = np.isclose(local(np.ones(2)), 1.0)
    checks["different scalars refused"] = refused(lambda: different(np.ones(2)), "bitwise")
    checks["local scalar refused"] = refused(lambda: taped(np.sum)(x), "one rank's part")
    checks["indexing refused"] = refused(lambda: x[0], "gather")

    failed = [name for name, passed in checks.items() if not passed]
    print(f"rank {COMM.rank}: failed {failed}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
