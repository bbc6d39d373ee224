"""How probably a network detects: at least k of its stations, each with a probability of its own.

With independent stations the number of detections is Poisson-binomial. Its distribution follows from one station after the other
(R. E. Barlow and K. D. Heidtmann, IEEE Trans. Reliab. R-33, 322 (1984)); the derivative of the probability of at least k in that of one
station is the probability that exactly k - 1 of the others detect.

A station detects an event when the logarithm of the amplitude there, of normal scatter ``sigma``, exceeds its threshold:

    p = Phi(z),  z = (level - loss(r) - threshold) / sigma,  r = |position - event|,

with ``level`` the amplitude that the event has at no loss, as a decimal logarithm. For ``sigma`` to zero that is the hard trigger, whose
derivative is zero almost everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pyadjoint.tape import stop_annotating

from adjointdesign.errors import InputError
from adjointdesign.tape import Array, Solver
from adjointdesign.tape.block import Operation, raw, record

CHUNK = 2048
"""Events that are done together: what sums over events are sums of, so that they are the same for any number of threads."""
_STATIONS = ("positions", "thresholds")
"""Inputs of the solvers."""


@dataclass(frozen=True)
class Attenuation:
    """Loss of an amplitude over a distance r in m, as a decimal logarithm: ``logarithm log10(r) + linear r + offset + near exp(-decay r)``."""

    linear: float
    logarithm: float
    offset: float
    near: float = 0.0
    decay: float = 0.0

    def __call__(self, distance):
        """The loss at distances in m."""
        r = np.asarray(distance, dtype=float)
        return self.logarithm * np.log10(r) + self.linear * r + self.offset + self.near * np.exp(-self.decay * r)

    @cached_property
    def coefficients(self) -> np.ndarray:
        """As the kernels take them."""
        return np.array([self.linear, self.logarithm, self.offset, self.near, self.decay])


def at_least(probabilities, k: int):
    """Probability that at least ``k`` stations detect, on the tape.

    Parameters
    ----------
    probabilities : Array or ndarray, shape (events, stations)
        Of each station to detect each event; an `Array` may be distributed over the events.
    k : int
        How many have to.

    Returns
    -------
    Array or ndarray, shape (events,)

    Raises
    ------
    InputError
        When ``k`` is not between 1 and the number of stations, or something is no probability.
    """
    values = np.asarray(raw(probabilities), dtype=float)
    if values.ndim != 2:
        raise InputError("probabilities", "an array of events and stations", f"shape {values.shape}", "add the missing axis")
    require_enough(k, values.shape[1])
    if not np.all((values >= 0) & (values <= 1)):
        raise InputError("probabilities", "numbers from 0 to 1", f"from {values.min():g} to {values.max():g}", "correct them")
    operation = _AtLeast(int(k))
    if not isinstance(probabilities, Array):
        return operation.evaluate([values])[0]
    with stop_annotating():
        results = operation.evaluate([values])
    return record(operation, [probabilities], results, comm=probabilities.comm, reduce_over=probabilities.comm)[0]


def require_enough(k: int, stations: int) -> None:
    """Refuse a number of detections that the stations cannot reach.

    Raises
    ------
    InputError
        When ``k`` is not a whole number from 1 to ``stations``.
    """
    if int(k) != k or not 1 <= k <= stations:
        raise InputError("k", f"a whole number from 1 to the number of stations, {stations}", k, "ask for fewer detections, or add stations")


class _AtLeast(Operation):
    name = "at least k"

    def __init__(self, k: int):
        self.k = k

    def _kernels(self):
        from adjointdesign.objectives import detection_kernels

        return detection_kernels

    def evaluate(self, values):
        out = np.empty(len(values[0]))
        self._kernels().reached_all(values[0], self.k, out)
        return [out]

    def _decisive(self, p):
        out = np.empty_like(p)
        self._kernels().decisive_all(p, self.k, out)
        return out

    def tangent(self, values, tangents):
        return [None if tangents[0] is None else np.sum(self._decisive(values[0]) * tangents[0], axis=1)]

    def adjoint(self, values, cotangents, wanted):
        return [self._decisive(values[0]) * cotangents[0][:, None]]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        (p,), (dp,), (g,), (dg,) = values, tangents, cotangents, cotangent_tangents
        total = np.zeros_like(p)
        if dg is not None:
            total += self._decisive(p) * dg[:, None]
        if dp is not None and g is not None:
            weight, change = np.empty_like(p), np.empty_like(p)
            self._kernels().decisive_tangent_all(p, np.ascontiguousarray(dp), self.k, weight, change)
            total += change * g[:, None]
        return [total]


@dataclass(frozen=True)
class Network:
    """Where events are, and how a network sees them.

    Parameters
    ----------
    events : ndarray, shape (n, 3)
        Hypocenters, Cartesian, m.
    attenuation : Attenuation
        Loss over the distance.
    sigma : float
        Scatter of the logarithm of an amplitude, and of the trigger.
    k : int
        How many stations have to detect.
    threads : int, optional
        How many work; as many as Numba has (``NUMBA_NUM_THREADS``) by default.
    """

    events: np.ndarray
    attenuation: Attenuation
    sigma: float
    k: int
    threads: int | None = None

    def __post_init__(self):
        events = np.ascontiguousarray(self.events, dtype=float)
        object.__setattr__(self, "events", events)
        if events.ndim != 2 or events.shape[1] != 3 or not np.all(np.isfinite(events)):
            raise InputError("events", "finite numbers of shape (n, 3)", f"shape {events.shape}", "give Cartesian hypocenters in m")
        if not 0 < self.sigma < np.inf:
            raise InputError("sigma", "a positive scatter (decimal logarithm)", self.sigma, "correct it; a hard trigger has no derivative")

    def over_chunks(self, work: Callable[[slice], object]) -> list:
        """``work`` of every chunk of events, in order."""
        chunks = [slice(i, min(i + CHUNK, len(self.events))) for i in range(0, len(self.events), CHUNK)]
        threads = min(self.threads or _threads(), len(chunks))
        if threads <= 1:
            return [work(c) for c in chunks]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(work, chunks))

    def stations(self, inputs) -> tuple:
        """What kernels take of the stations and the physics."""
        positions, thresholds = (np.ascontiguousarray(inputs[name], dtype=float) for name in _STATIONS)
        if positions.ndim != 2 or positions.shape[1] != 3 or thresholds.shape != positions.shape[:1]:
            raise InputError(
                "positions and thresholds", "shapes (stations, 3) and (stations,)", f"{positions.shape} and {thresholds.shape}",
                "give one of each a station",
            )  # fmt: skip
        require_enough(self.k, len(positions))
        return positions, thresholds, self.attenuation.coefficients, float(self.sigma), int(self.k)

    def detected(self, inputs, levels: np.ndarray) -> np.ndarray:
        """Probability of every event of these levels to be detected."""
        from adjointdesign.objectives.detection_kernels import detected

        stations, out = self.stations(inputs), np.empty(len(self.events))
        self.over_chunks(lambda c: detected(self.events[c], levels[c], *stations, out[c]))
        return out

    def adjoint(self, inputs, levels: np.ndarray, cotangents: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Transpose of the Jacobian of `detected`, to positions, thresholds and levels; and what that gives itself."""
        from adjointdesign.objectives.detection_kernels import detected_adjoint

        stations, to_levels, out = self.stations(inputs), np.empty(len(self.events)), np.empty(len(self.events))

        def work(c: slice):
            parts = np.zeros_like(stations[0]), np.zeros_like(stations[1])
            detected_adjoint(self.events[c], levels[c], *stations, cotangents[c], *parts, to_levels[c], out[c])
            return parts

        return *_sums(self.over_chunks(work), stations), to_levels, out

    def second(self, inputs, levels, cotangents, tangents, dlevels, dcotangents) -> tuple:
        """Derivative of `adjoint` along tangents: to positions, thresholds and levels; and that of `detected`."""
        from adjointdesign.objectives.detection_kernels import detected_second

        stations, to_levels, change = self.stations(inputs), np.empty(len(self.events)), np.empty(len(self.events))
        moves = [
            np.ascontiguousarray(tangents[name], dtype=float) if tangents.get(name) is not None else np.zeros_like(station)
            for name, station in zip(_STATIONS, stations)
        ]

        def work(c: slice):
            parts = np.zeros_like(stations[0]), np.zeros_like(stations[1])
            detected_second(
                self.events[c], levels[c], *stations, cotangents[c], dcotangents[c], *moves, dlevels[c], *parts, to_levels[c], change[c]
            )
            return parts

        return *_sums(self.over_chunks(work), stations), to_levels, change


def _threads() -> int:
    import numba

    return numba.config.NUMBA_NUM_THREADS


def _sums(parts: list, stations: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Over the chunks, in their order."""
    total = np.zeros_like(stations[0]), np.zeros_like(stations[1])
    for part in parts:
        for into, values in zip(total, part):
            into += values
    return total


class MeanDetection(Solver):
    """Mean probability of detection over events, or over each of several groups of them, by positions and thresholds of the stations.

    Inputs ``positions`` (stations, 3), Cartesian, m, and ``thresholds`` (stations,), decimal logarithms; output ``mean``, of the shape of
    ``weights`` without its last axis. Memory is that of the events, however many stations there are: the adjoint computes again.

    Parameters
    ----------
    network : Network
        Events and physics.
    levels : ndarray, shape (events,)
        Amplitudes at no loss, decimal logarithms.
    weights : ndarray, shape (events,) or (groups, events)
        Not negative, not all zero in a group.
    ranks : mpi4py communicator, optional
        Each of its ranks has events of its own; stations and results are the same on all.
    """

    def __init__(self, network: Network, levels, weights, ranks=None):
        self.network, self.ranks = network, ranks
        self.levels = np.ascontiguousarray(levels, dtype=float)
        weights = np.asarray(weights, dtype=float)
        count = len(network.events)
        if self.levels.shape != (count,) or weights.shape[-1:] != (count,) or weights.ndim not in (1, 2):
            got = f"shapes {self.levels.shape} and {weights.shape}"
            raise InputError("levels and weights", f"one for each of {count} events", got, "give one of each an event")
        total = self._over_ranks(np.sum(weights, axis=-1))
        if np.any(weights < 0) or not np.all(total > 0):
            raise InputError("weights", "numbers of at least 0, with a positive sum", "others", "correct them")
        self.weights = weights / np.expand_dims(total, -1)
        self._gradient: tuple | None = None

    def _over_ranks(self, value):
        """Sum over the ranks in their order, so that it is the same on all, bit by bit."""
        return value if self.ranks is None else sum(self.ranks.allgather(value))

    def probabilities(self, inputs) -> np.ndarray:
        """Probability of detection of every event (of this rank)."""
        return self.network.detected(inputs, self.levels)

    def evaluate(self, inputs):
        """Mean of the probabilities."""
        return {"mean": np.asarray(self._over_ranks(self.weights @ self.probabilities(inputs)))}

    def forward(self, inputs):
        """Mean of the probabilities; of a single mean the gradient comes along for half as much again, and is kept."""
        if self.weights.ndim == 2:
            return self.evaluate(inputs)
        *gradient, _, out = self.network.adjoint(inputs, self.levels, self.weights)
        self._gradient = [np.array(inputs[name]) for name in _STATIONS], [self._over_ranks(g) for g in gradient]
        return {"mean": np.asarray(self._over_ranks(self.weights @ out))}

    def _second(self, inputs, tangents, cotangents, dcotangents):
        flat = np.zeros(len(self.levels))
        return self.network.second(inputs, self.levels, cotangents, tangents, flat, dcotangents)

    def tangent(self, inputs, tangents):
        """Along tangents of positions and thresholds."""
        flat = np.zeros(len(self.levels))
        change = self._second(inputs, tangents, flat, flat)[3]
        return {"mean": np.asarray(self._over_ranks(self.weights @ change))}

    def _by_event(self, cotangents) -> np.ndarray:
        mean = cotangents.get("mean")
        return np.zeros(len(self.levels)) if mean is None else np.tensordot(mean, self.weights, axes=np.ndim(mean))

    def adjoint(self, inputs, cotangents):
        """To positions and thresholds."""
        if self._gradient is not None and all(np.array_equal(a, inputs[n]) for a, n in zip(self._gradient[0], _STATIONS)):
            return {name: cotangents.get("mean", 0.0) * g for name, g in zip(_STATIONS, self._gradient[1])}
        found = self.network.adjoint(inputs, self.levels, self._by_event(cotangents))
        return {name: self._over_ranks(g) for name, g in zip(_STATIONS, found)}

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents):
        """To positions and thresholds."""
        found = self._second(inputs, tangents, self._by_event(cotangents), self._by_event(cotangent_tangents))
        return {name: self._over_ranks(g) for name, g in zip(_STATIONS, found)}
