"""Compiled counts of detections: how many of several stations detect, and what that hangs on.

All sums are of terms that are not negative, so that small probabilities are exact to a few roundings as well. Loops run over events, and
what one event needs is kept for one event only.
"""

import math

import numba
import numpy as np

from adjointdesign.kernel_cache import provide_kernel_cache

provide_kernel_cache()
_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}
_SQRT_HALF, _DENSITY, _LOG10_E = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi), math.log10(math.e)
LINEAR, LOGARITHM, OFFSET, NEAR, DECAY = range(5)
"""Places in the coefficients of an `attenuation`."""


@numba.njit(**_OPTIONS)
def reached(p, q, k, counts):
    """Probability that at least ``k`` detect; ``q = 1 - p``, and ``counts`` is room for ``k + 1`` numbers."""
    counts[:] = 0.0
    counts[0] = 1.0
    for i in range(p.size):
        counts[k] += counts[k - 1] * p[i]
        for j in range(k - 1, 0, -1):
            counts[j] = counts[j] * q[i] + counts[j - 1] * p[i]
        counts[0] *= q[i]
    return counts[k]


@numba.njit(**_OPTIONS)
def decisive(p, q, k, before, after, weight):
    """Probability that at least ``k`` detect; fill ``weight`` with its derivative in ``p``, the probability that ``k - 1`` of the others do.

    ``before``, shape (n + 1, k), gets the probabilities of 0 to k - 1 detections by stations up to each; ``after`` is room for k numbers.
    """
    n, whole = p.size, 0.0
    before[0, :] = 0.0
    before[0, 0] = 1.0
    for i in range(n):
        whole += before[i, k - 1] * p[i]
        for j in range(k - 1, 0, -1):
            before[i + 1, j] = before[i, j] * q[i] + before[i, j - 1] * p[i]
        before[i + 1, 0] = before[i, 0] * q[i]
    after[:] = 0.0
    after[0] = 1.0
    for i in range(n - 1, -1, -1):
        total = 0.0
        for j in range(k):
            total += before[i, j] * after[k - 1 - j]
        weight[i] = total
        for j in range(k - 1, 0, -1):
            after[j] = after[j] * q[i] + after[j - 1] * p[i]
        after[0] *= q[i]
    return whole


@numba.njit(**_OPTIONS)
def decisive_tangent(p, q, dp, k, before, dbefore, after, dafter, weight, dweight):
    """`decisive` and its derivative along ``dp``."""
    n = p.size
    before[0, :] = 0.0
    before[0, 0] = 1.0
    dbefore[0, :] = 0.0
    for i in range(n):
        for j in range(k - 1, 0, -1):
            before[i + 1, j] = before[i, j] * q[i] + before[i, j - 1] * p[i]
            dbefore[i + 1, j] = dbefore[i, j] * q[i] + dbefore[i, j - 1] * p[i] + (before[i, j - 1] - before[i, j]) * dp[i]
        before[i + 1, 0] = before[i, 0] * q[i]
        dbefore[i + 1, 0] = dbefore[i, 0] * q[i] - before[i, 0] * dp[i]
    after[:] = 0.0
    after[0] = 1.0
    dafter[:] = 0.0
    for i in range(n - 1, -1, -1):
        total, change = 0.0, 0.0
        for j in range(k):
            total += before[i, j] * after[k - 1 - j]
            change += dbefore[i, j] * after[k - 1 - j] + before[i, j] * dafter[k - 1 - j]
        weight[i], dweight[i] = total, change
        for j in range(k - 1, 0, -1):
            dafter[j] = dafter[j] * q[i] + dafter[j - 1] * p[i] + (after[j - 1] - after[j]) * dp[i]
            after[j] = after[j] * q[i] + after[j - 1] * p[i]
        dafter[0] = dafter[0] * q[i] - after[0] * dp[i]
        after[0] *= q[i]


@numba.njit(**_OPTIONS)
def reached_all(p, k, out):
    """`reached` of every row of ``p``."""
    counts = np.empty(k + 1)
    for e in range(p.shape[0]):
        out[e] = reached(p[e], 1.0 - p[e], k, counts)


@numba.njit(**_OPTIONS)
def decisive_all(p, k, out):
    """`decisive` of every row of ``p``."""
    before, after = np.empty((p.shape[1] + 1, k)), np.empty(k)
    for e in range(p.shape[0]):
        decisive(p[e], 1.0 - p[e], k, before, after, out[e])


@numba.njit(**_OPTIONS)
def decisive_tangent_all(p, dp, k, out, dout):
    """`decisive_tangent` of every row of ``p``."""
    n = p.shape[1]
    before, dbefore, after, dafter = np.empty((n + 1, k)), np.empty((n + 1, k)), np.empty(k), np.empty(k)
    for e in range(p.shape[0]):
        decisive_tangent(p[e], 1.0 - p[e], dp[e], k, before, dbefore, after, dafter, out[e], dout[e])


@numba.njit(**_OPTIONS)
def _distance(a, b):
    return math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)


@numba.njit(**_OPTIONS)
def _excess(r, level, threshold, attenuation, sigma):
    """By how many deviations the logarithm of an amplitude is above the threshold; r > 0."""
    loss = attenuation[LOGARITHM] * math.log10(r) + attenuation[LINEAR] * r + attenuation[OFFSET]
    if attenuation[NEAR] != 0.0:
        loss += attenuation[NEAR] * math.exp(-attenuation[DECAY] * r)
    return (level - loss - threshold) / sigma


@numba.njit(**_OPTIONS)
def _slope(r, attenuation, sigma):
    """Derivative of `_excess` in r."""
    slope = attenuation[LOGARITHM] * _LOG10_E / r + attenuation[LINEAR]
    if attenuation[NEAR] != 0.0:
        slope -= attenuation[NEAR] * attenuation[DECAY] * math.exp(-attenuation[DECAY] * r)
    return -slope / sigma


@numba.njit(**_OPTIONS)
def _bend(r, attenuation, sigma):
    """Second derivative of `_excess` in r."""
    bend = -attenuation[LOGARITHM] * _LOG10_E / (r * r)
    if attenuation[NEAR] != 0.0:
        bend += attenuation[NEAR] * attenuation[DECAY] ** 2 * math.exp(-attenuation[DECAY] * r)
    return -bend / sigma


@numba.njit(**_OPTIONS)
def _triggers(event, level, positions, thresholds, attenuation, sigma, far, p, q, z):
    """Fill ``far`` with distances, ``z`` with excesses, and ``p`` and ``q`` with the probabilities to trigger and not to."""
    for i in range(p.size):
        r = far[i] = _distance(positions[i], event)
        if r > 0.0:
            z[i] = _excess(r, level, thresholds[i], attenuation, sigma)
        else:
            z[i] = math.inf
        if z[i] > 0.0:
            q[i] = 0.5 * math.erfc(z[i] * _SQRT_HALF)
            p[i] = 1.0 - q[i]
        else:
            p[i] = 0.5 * math.erfc(-z[i] * _SQRT_HALF)
            q[i] = 1.0 - p[i]


@numba.njit(**_OPTIONS)
def detected(events, levels, positions, thresholds, attenuation, sigma, k, out):
    """Probability of every event to be detected by at least ``k`` stations."""
    n = positions.shape[0]
    p, q, z, far, counts = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(k + 1)
    for e in range(events.shape[0]):
        _triggers(events[e], levels[e], positions, thresholds, attenuation, sigma, far, p, q, z)
        out[e] = reached(p, q, k, counts)


@numba.njit(**_OPTIONS)
def detected_adjoint(
    events, levels, positions, thresholds, attenuation, sigma, k, cotangents, to_position, to_threshold, to_level, out
):  # fmt: skip
    """`detected`, and its transposed Jacobian: added to ``to_position`` and ``to_threshold``, put into ``to_level``."""
    n = positions.shape[0]
    p, q, z, far, weight = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    before, after = np.empty((n + 1, k)), np.empty(k)
    for e in range(events.shape[0]):
        _triggers(events[e], levels[e], positions, thresholds, attenuation, sigma, far, p, q, z)
        out[e] = decisive(p, q, k, before, after, weight)
        to_level[e] = 0.0
        for i in range(n):
            by_excess = cotangents[e] * weight[i] * _DENSITY * math.exp(-0.5 * z[i] * z[i])
            if by_excess == 0.0:
                continue
            to_threshold[i] -= by_excess / sigma
            to_level[e] += by_excess / sigma
            along = by_excess * _slope(far[i], attenuation, sigma) / far[i]
            for d in range(3):
                to_position[i, d] += along * (positions[i, d] - events[e, d])


@numba.njit(**_OPTIONS)
def detected_second(
    events, levels, positions, thresholds, attenuation, sigma, k,
    cotangents, dcotangents, dpositions, dthresholds, dlevels, to_position, to_threshold, dto_level, change,
):  # fmt: skip
    """The derivative of `detected_adjoint` along tangents of all that it takes; ``change`` gets that of `detected`."""
    n = positions.shape[0]
    p, q, z, far, weight = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    dp, dz, dfar, dweight, density = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    before, dbefore, after, dafter = np.empty((n + 1, k)), np.empty((n + 1, k)), np.empty(k), np.empty(k)
    for e in range(events.shape[0]):
        _triggers(events[e], levels[e], positions, thresholds, attenuation, sigma, far, p, q, z)
        for i in range(n):
            density[i] = _DENSITY * math.exp(-0.5 * z[i] * z[i])
            dfar[i], dz[i], dp[i] = 0.0, 0.0, 0.0
            if density[i] == 0.0:
                continue
            for d in range(3):
                dfar[i] += (positions[i, d] - events[e, d]) * dpositions[i, d] / far[i]
            dz[i] = _slope(far[i], attenuation, sigma) * dfar[i] + (dlevels[e] - dthresholds[i]) / sigma
            dp[i] = density[i] * dz[i]
        decisive_tangent(p, q, dp, k, before, dbefore, after, dafter, weight, dweight)
        change[e] = 0.0
        dto_level[e] = 0.0
        for i in range(n):
            if density[i] == 0.0:
                continue
            change[e] += weight[i] * dp[i]
            first = cotangents[e] * weight[i] * density[i]
            second = density[i] * (
                dcotangents[e] * weight[i] + cotangents[e] * dweight[i] - cotangents[e] * weight[i] * z[i] * dz[i]
            )
            to_threshold[i] -= second / sigma
            dto_level[e] += second / sigma
            r, slope = far[i], _slope(far[i], attenuation, sigma)
            along = slope * first / r
            turned = (second * slope + first * _bend(r, attenuation, sigma) * dfar[i]) / r - along * dfar[i] / r
            for d in range(3):
                to_position[i, d] += turned * (positions[i, d] - events[e, d]) + along * dpositions[i, d]


@numba.njit(**_OPTIONS)
def complete(places, positions, thresholds, attenuation, sigma, k, wanted, low, high, steps, out):
    """The level at which `detected` reaches ``wanted`` at every place, by bisection."""
    n = positions.shape[0]
    p, q, z, far, counts = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(k + 1)
    for e in range(places.shape[0]):
        below, above = low, high
        for _ in range(steps):
            middle = 0.5 * (below + above)
            _triggers(places[e], middle, positions, thresholds, attenuation, sigma, far, p, q, z)
            if reached(p, q, k, counts) >= wanted:
                above = middle
            else:
                below = middle
        out[e] = 0.5 * (below + above)
