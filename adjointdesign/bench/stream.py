"""The STREAM triad: the memory bandwidth that a stencil's speed is judged by.

J. D. McCalpin, Memory bandwidth and machine balance in current high performance computers, IEEE TCCA Newsletter (1995).
"""

from __future__ import annotations

import threading
import time

import numba
import numpy as np

from adjointdesign.kernel_cache import provide_kernel_cache

provide_kernel_cache()
_BYTES_PER_VALUE = 24  # two reads and a write of float64; the read that a write allocates is by custom not counted


@numba.njit(nogil=True, cache=True)
def _triad(a, b, c, scalar):
    for i in range(a.size):
        a[i] = b[i] + scalar * c[i]


def triad(values: int, threads: int):
    """A function that runs the triad ``a = b + 3 c`` once and returns the bandwidth, GB/s.

    Parameters
    ----------
    values : int
        Length of each of the three float64 arrays; well beyond the caches for a figure that means memory.
    threads : int
        Number of threads, each on its own part.
    """
    parts = [tuple(np.full(values // threads, float(v)) for v in range(3)) for _ in range(threads)]
    _triad(*(p[:1] for p in parts[0]), 3.0)  # compile

    def once() -> float:
        workers = [threading.Thread(target=_triad, args=(*part, 3.0)) for part in parts[1:]]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        _triad(*parts[0], 3.0)
        for worker in workers:
            worker.join()
        return _BYTES_PER_VALUE * (values // threads) * threads / (time.perf_counter() - start) / 1e9

    return once
