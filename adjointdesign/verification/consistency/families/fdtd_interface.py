"""Two gradients in FDTD of a reading behind an interface that moves: what averaging over cells does to them.

Vacuum on the left of ``x = a``, a dielectric on the right, the dipole before and the reading behind. The control moves
the interface by ``V(y)``. Program: permittivity by the share of each cell that the dielectric fills, differentiated by
the chain rule. Equations (S. G. Johnson et al., Phys. Rev. E 65, 066611 (2002)), with j = -i w eps0:

    dR / S = j / S integral over the interface of V [(eps1 - eps2) F_t . A_t - (1/eps1 - 1/eps2) D_n B_n],          (2)

with D and B the displacements ``eps F``, ``eps A``: what is continuous there. The interface is a quarter of a cell
beyond a node on every level, and the closed form of each level knows it: so the share of the cells that it cuts is the
same.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adjointdesign.constants import C0, EPS0, MU0
from adjointdesign.monitors.fields import FieldMonitor
from adjointdesign.verification.consistency.comparison import Sample
from adjointdesign.verification.consistency.families.fdtd_product import (
    FREQUENCIES,
    WAVELENGTH,
    Layout,
    Level,
    by_adjoint,
    directions,
)

DENSE = 2.25
_PLACE = 0.8


def measure(n: float, polarization: str, average: str) -> Sample:
    """Both gradients at ``n`` cells a wavelength.

    ``average``: "box" (share of the cell around a place), "hat" (weights that fall linearly over two cells), "none";
    for the component across the interface permittivities are averaged by them, with "harmonic" their inverses over the
    cell.
    """
    layout, at = moving(n, polarization, average)
    level = Level(layout, n)
    discrete, objective = by_adjoint(level)
    exact, exact_objective = layered(layout, at)
    return Sample(discrete, by_interface(level, at), exact, objective, exact_objective)


def moving(n: float, polarization: str, average: str, moved: float = 0.0, along: int = 0) -> tuple[Layout, float]:
    """The layout of `measure`, and where the interface is; it may have moved along a direction (wavelengths)."""
    at = _PLACE + 0.25 / n
    component = "ez" if polarization == "ez" else "ex"
    block = ((at - 2.5 / n, at + 2.5 / n), (0.0, 1.2))
    layout = Layout(polarization, component, source=(0.4, 0.3), receiver=(1.2, 0.9), block=block, periods=26.0)
    return replace(
        layout,
        permittivity=lambda c, h, x, y: _permittivity(average, c, h, x - at - moved * _moves(layout, y)[along])[0],
        change=lambda c, h, x, y: _permittivity(average, c, h, x - at)[1] * _moves(layout, y),
    ), at


def _moves(layout: Layout, y: np.ndarray) -> np.ndarray:
    return directions(layout.block[1:], y)


def _permittivity(average: str, component: str, h: float, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Permittivity at a distance ``x`` from the interface, and its change where the interface moves by one."""
    u = x / h
    if average == "hat":
        s = np.clip(u, -1.0, 1.0)
        share, change = 0.5 + s - 0.5 * s * np.abs(s), -(1 - np.abs(s)) / h
    elif average == "none":
        share, change = (u > 0).astype(float), np.zeros_like(u)
    else:
        share, change = np.clip(u + 0.5, 0.0, 1.0), np.where(np.abs(u) < 0.5, -1 / h, 0.0)
    if average == "harmonic" and component == "ex":
        value = 1 / (1 + (1 / DENSE - 1) * share)
        return value, -(value**2) * (1 / DENSE - 1) * change
    return 1 + (DENSE - 1) * share, (DENSE - 1) * change


def by_interface(level: Level, at: float) -> np.ndarray:
    """Gradient by (2), with the fields continued from three columns of places within the vacuum."""
    layout, h = level.layout, level.h
    side = layout.inner[1]
    recorders = [
        FieldMonitor(
            c,
            (WAVELENGTH * at - 2 * h, WAVELENGTH * side / 2),
            (4 * h, WAVELENGTH * side),
            (c,),
            FREQUENCIES,
            colocate=False,
        )
        for c in level.grid.electric
    ]
    forward = level.solver(layout.source, [level.reading(), *recorders])
    adjoint = level.solver(layout.receiver, recorders, forward.steps)
    ahead, back = forward.evaluate({}), adjoint.evaluate({})
    factor = -2j * np.pi * FREQUENCIES * EPS0 * WAVELENGTH * h / layout.pulse.spectrum(FREQUENCIES)
    factor = factor * 2 * np.conj(ahead["reading"].ravel()) / np.abs(layout.pulse.spectrum(FREQUENCIES)) ** 2
    total = 0.0
    for recorder in recorders:
        c = recorder.name
        x, y = recorder.place(level.medium, forward.dt).coordinates
        before = np.flatnonzero(x < WAVELENGTH * at - h / 2)[-3:]
        weights = np.linalg.solve(np.vander((x[before] - WAVELENGTH * at) / h, increasing=True).T, [1.0, 0.0, 0.0])
        f, a = (np.einsum("x,fxy->fy", weights, run[c][:, 0, before]) for run in (ahead, back))
        jump = 1 / DENSE - 1 if c == "ex" else 1 - DENSE
        total = total + np.real(_moves(layout, y / WAVELENGTH) @ (f * a * jump).T @ factor)
    return total


def layered(layout: Layout, at: float) -> tuple[np.ndarray, float]:
    """Gradient and objective in closed form: plane waves through the interface, summed along a path below the branch
    points.

    W. C. Chew, Waves and Fields in Inhomogeneous Media, ch. 2. A sheet of unit current exp(i q y) radiates ``E = -w mu0
    / (2 p) exp(i p |x|)`` along z, or ``H = q / (2 p) exp(i p |x|)`` when it flows along x, with ``p = sqrt(k^2 -
    q^2)``.
    """
    y, h = np.linspace(0.0, layout.inner[1], 121, retstep=True)
    moves = _moves(layout, y) * WAVELENGTH * h * WAVELENGTH
    d1, d2 = WAVELENGTH * (at - layout.source[0]), WAVELENGTH * (layout.receiver[0] - at)
    gradient, objective = 0.0, 0.0
    for w in 2 * np.pi * FREQUENCIES:
        k = w / C0
        s, step = np.linspace(-12 * k, 12 * k, 1201, retstep=True)
        bend = 0.5j * np.exp(-((s / (2 * k)) ** 2))
        q, weight = s * (1 - bend), step / (2 * np.pi) * (1 - bend + bend * 2 * (s / (2 * k)) ** 2)
        p1, p2 = (np.sqrt(eps * k**2 - q**2) for eps in (1, DENSE))

        def at_interface(spectrum, y0):
            return np.exp(1j * WAVELENGTH * np.multiply.outer(y - y0, q)) @ (weight * spectrum)

        go1, go2 = np.exp(1j * p1 * d1), np.exp(1j * p2 * d2)
        across = np.exp(1j * WAVELENGTH * q * (layout.receiver[1] - layout.source[1])) * weight
        if layout.polarization == "ez":
            sheet = -w * MU0 / (p1 + p2)
            reading = np.sum(across * sheet * go1 * go2)
            f, a = at_interface(sheet * go1, layout.source[1]), at_interface(sheet * go2, layout.receiver[1])
            products = (1 - DENSE) * f * a
        else:
            passed = p1 + p2 / DENSE
            h1, h2 = q / passed * go1, q / DENSE / passed * go2
            tangential, normal = p2 / (w * EPS0 * DENSE), -q / (w * EPS0)
            reading = np.sum(across * normal / DENSE * h1 * go2)
            source, receiver = layout.source[1], layout.receiver[1]
            products = (
                (1 - DENSE) * at_interface(tangential * h1, source) * at_interface(-p1 / (w * EPS0) * h2, receiver)
            )
            products = products - (1 - 1 / DENSE) * at_interface(normal * h1, source) * at_interface(
                normal * h2, receiver
            )
        gradient = gradient + 2 * np.real(np.conj(reading) * -1j * w * EPS0 * (moves @ products))
        objective += abs(reading) ** 2
    return gradient, float(objective)
