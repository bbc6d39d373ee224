"""The gradient of a device's S-parameters as Maxwell's equations have it: products of two forward fields.

With port j driven at amplitude ``a_j`` (1 W each) and field ``E_j``, a change of permittivity changes what leaves port k by

    dS_kj = i omega eps0 / (4 a_k a_j) integral of d(eps) E_k . E_j dV,

by Lorentz's reciprocity theorem for the fields before and after the change (D. M. Pozar, Microwave Engineering, 4th ed.,
section 1.9; convention exp(-i w t)). No adjoint of any program is in this: it is what the gradient by the tape is held against.
"""

from __future__ import annotations

import math

import numpy as np

from adjointdesign.constants import EPS0
from adjointdesign.tape import Array, Control, ReducedFunctional, recording


def continuous_gradient(device, parameters: np.ndarray, stage) -> np.ndarray:
    """Gradient of a device's objective (of the sum of its values, where the largest counts) in its parameters.

    Parameters
    ----------
    device : PhotonicDevice
        With ``frequencies``, ``medium``, ``density`` and ``objective`` of S-parameters ``S11, S21, ...`` (port 1 driven),
        ``driven_response(driven, medium)``, which gives a `Response`, and ``integrals(first, second, factors)`` of fields.
    parameters : ndarray
        Design parameters.
    stage : mapping
        See `Problem.evaluate`.

    Returns
    -------
    ndarray
        Of the shape of the parameters.
    """
    with recording() as tape:
        control = Array(np.asarray(parameters, dtype=float))
        medium = device.medium(device.density(control, stage))
        values = {name: np.asarray(value) for name, value in medium.items()}
        responses = {0: device.driven_response(0, values)}
        first = responses[0]
        omega = 2 * np.pi * device.frequencies
        slopes = {name: np.zeros(value.shape) for name, value in values.items()}
        for k, weight in enumerate(_weights(device, first.readings, stage)):
            if not np.any(weight):
                continue
            if k not in responses:
                responses[k] = device.driven_response(k, values)
            other = responses[k]
            factors = np.conj(weight) * 1j * omega * EPS0 / (4 * other.incident * first.incident)
            for name, integral in device.integrals(other.fields, first.fields, factors).items():
                slopes[name] += integral
        total = sum((medium[name] * slope).sum() for name, slope in slopes.items())
        return ReducedFunctional(total, Control(control), tape=tape).derivative().data


def _weights(device, readings, stage) -> list[np.ndarray]:
    """Per port, dJ/dS as ``dJ = Re sum(conj(g) dS)``, from the objective alone."""
    with recording() as tape:
        taped = {name: Array(np.asarray(value)) for name, value in readings.items()}
        objective = device.objective(taped, stage)
        if isinstance(objective, Array):
            objective = objective.sum()
        functional = ReducedFunctional(objective, [Control(value) for value in taped.values()], tape=tape)
        return [gradient.data for gradient in functional.derivative()]


class Response:
    """What one driven port gives: S-parameters by name, the incident amplitude at each frequency, the fields to be multiplied."""

    def __init__(self, readings, incident: np.ndarray, fields):
        self.readings, self.incident, self.fields = readings, incident, fields


def fdtd_response(device, driven: int, medium) -> Response:
    """By FDTD: the electric field where its components are, in the designed box."""
    from adjointdesign.monitors import FieldMonitor
    from adjointdesign.tape import solve, stop_annotating

    layout, grid = device.layout, device.layout.grid
    monitors = []
    for component, ranges in layout.box.slices.items():
        ends = [(x[0], x[-1]) for x in (grid.coordinates(component, axis)[r] for axis, r in enumerate(ranges))]
        center, size = (tuple(float(f(*e)) for e in ends) for f in (lambda a, b: (a + b) / 2, lambda a, b: b - a))
        monitors.append(FieldMonitor(f"box {component}", center, size, (component,), device.frequencies, colocate=False))
    solver = layout.solver(driven, device.frequencies, device.discretization, extra=tuple(monitors))
    with stop_annotating():
        readings = solve(solver, **medium)
        s = device.readings(readings, driven)
        incident = np.asarray(readings[f"port {driven + 1}"])[layout.ports[driven].inward]
        fields = {f"permittivity_{m.components[0][1]}": np.asarray(readings[m.name])[:, 0] for m in monitors}
    return Response(s, incident, fields)


def fdtd_integrals(device, first, second, factors) -> dict[str, np.ndarray]:
    """Real part of the sum over frequencies of products of fields, each over the cell around its place."""
    volume = math.prod(device.layout.grid.spacing)
    return {name: np.real(np.tensordot(factors, field * second[name], 1)) * volume for name, field in first.items()}
