"""`taped`: functions written with autograd.numpy, recorded as one block each.

With autograd's own cotangent ``G`` (``dJ = Re sum(G dz)``; ours is its conjugate) let ``F(x; u) = Re sum(u f(x))``.
Then ``J^T u = grad_x F``, ``J t = grad_u Re sum(t grad_x F)`` (linear in u, so taken at u = 0) and the derivative of
``J^T u`` along t is ``grad_x Re sum(t grad_x F)``: reverse mode alone serves all three, for every function that
autograd knows, real or complex.
"""

from __future__ import annotations

import functools
import warnings

import numpy as np
from pyadjoint.tape import annotate_tape, stop_annotating

from adjointdesign.errors import InputError
from adjointdesign.tape.block import Operation, frozen_copy, is_taped, raw, record


class _Slot:
    """Place of a differentiable value among the positional arguments."""

    def __init__(self, index: int):
        self.index = index


def _split(arguments, active: list, freeze: bool):
    """Replace differentiable values (also in lists and tuples) by slots, collecting them in ``active``."""
    if is_taped(arguments):
        active.append(arguments)
        return _Slot(len(active) - 1)
    if type(arguments) in (list, tuple):
        return type(arguments)(_split(a, active, freeze) for a in arguments)
    if _hides_taped(arguments):
        raise InputError(
            "argument", "differentiable values in lists and tuples at most", type(arguments).__name__, "unpack it first"
        )
    return frozen_copy(arguments) if freeze and isinstance(arguments, np.ndarray) else arguments


def _hides_taped(value) -> bool:
    """Whether a container that is not looked into holds a differentiable value, whose gradient would silently be zero."""
    if isinstance(value, dict):
        return any(is_taped(v) or _hides_taped(v) for v in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(is_taped(v) or _hides_taped(v) for v in value)
    return isinstance(value, np.ndarray) and value.dtype == object and any(is_taped(v) for v in value.flat)


def _join(template, values):
    """Fill the slots of ``template`` with ``values``."""
    if isinstance(template, _Slot):
        return values[template.index]
    if type(template) in (list, tuple):
        return type(template)(_join(t, values) for t in template)
    return template


def _is_inexact(value) -> bool:
    return isinstance(value, (float, complex, np.ndarray, np.generic)) and np.asarray(value).dtype.kind in "fc"


def _conj(value):
    return None if value is None else np.conj(value)


class _AutogradOperation(Operation):
    """Products with the Jacobian of ``call(values) -> list of arrays`` through autograd."""

    def __init__(self, name: str, call):
        self.name = name
        self.call = call
        self.zeros = None

    def evaluate(self, values):
        results = self.call(values)
        self.zeros = [np.zeros_like(r) for r in results]
        return results

    def _functional(self, xs, us):
        """``F(x; u)``, u in autograd's convention."""
        import autograd.numpy as anp

        total = 0.0
        for output, u in zip(self.call(xs), us):
            if u is not None:
                total = total + anp.sum(anp.real(u * output))
        return total

    def _gradient(self, function, xs, wanted):
        """Gradient of the real ``function(xs)`` with respect to the inputs ``wanted``, by index."""
        from autograd.core import make_vjp

        order = sorted(wanted)

        def of_wanted(part):
            full = list(xs)
            for position, index in enumerate(order):
                full[index] = part[position]
            return function(full)

        with warnings.catch_warnings():
            # A result that does not depend on an input has the derivative zero, which is no reason to warn.
            warnings.filterwarnings("ignore", "Output seems independent of input")
            vjp, _ = make_vjp(of_wanted, tuple(xs[i] for i in order))
        gradient = vjp(1.0)
        return {index: gradient[position] for position, index in enumerate(order)}

    def _along(self, xs, us, tangents):
        """``Re sum(t grad_x F(x; u))``."""
        import autograd.numpy as anp

        moving = {i for i, t in enumerate(tangents) if t is not None}
        if not moving:
            return 0.0
        gradient = self._gradient(lambda x: self._functional(x, us), xs, moving)
        total = 0.0
        for i in moving:
            total = total + anp.sum(anp.real(tangents[i] * gradient[i]))
        return total

    def adjoint(self, values, cotangents, wanted):
        us = [_conj(g) for g in cotangents]
        gradient = self._gradient(lambda x: self._functional(x, us), values, wanted)
        return [_conj(gradient.get(i)) for i in range(len(values))]

    def tangent(self, values, tangents):
        gradient = self._gradient(
            lambda us: self._along(values, us, tangents), self.zeros, set(range(len(self.zeros)))
        )
        return [gradient[k] for k in range(len(self.zeros))]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        us, us_dot = [_conj(g) for g in cotangents], [_conj(g) for g in cotangent_tangents]
        gradient = self._gradient(
            lambda x: self._along(x, us, tangents) + self._functional(x, us_dot), values, wanted
        )
        return [_conj(gradient.get(i)) for i in range(len(values))]


def _common_comm(active):
    comms = [a.comm for a in active if getattr(a, "comm", None) is not None]
    if any(c != comms[0] for c in comms[1:]):
        raise InputError("comm", "the same communicator for every array", comms, "make the arrays on one communicator")
    return comms[0] if comms else None


def taped(function):
    """Make a function written with ``autograd.numpy`` differentiable on the tape, to second order, real or complex.

    Positional arguments that are `Array` or AdjFloat, also in lists and tuples, are differentiable; everything else,
    keyword arguments included, is constant and copied when recorded. With a distributed `Array` the function is applied
    to each rank's part and must return arrays distributed the same way.

    Parameters
    ----------
    function : callable
        Pure function of arrays, written with ``autograd.numpy``. It receives plain NumPy arrays and floats.

    Returns
    -------
    callable
        Returns an `Array` for each array, an AdjFloat for each real scalar, and plain values for integers and booleans;
        a tuple when the function returns a tuple. Without differentiable arguments it is the function itself.

    Raises
    ------
    InputError
        When a differentiable value comes as a keyword argument, when the function returns something that is not
        numbers, or when it returns a scalar from a distributed array.
    """
    name = getattr(function, "__name__", "function")

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        annotate = annotate_tape()
        active: list = []
        template = _split(args, active, annotate)
        for key, value in kwargs.items():
            if is_taped(value) or _hides_taped(value):
                raise InputError(
                    f"{key} of {name}",
                    "a constant, as keyword arguments are not differentiated",
                    type(value).__name__,
                    "pass it as a positional argument, or its plain value",
                )
        if not active:
            return function(*args, **kwargs)
        if annotate:
            kwargs = {k: frozen_copy(v) if isinstance(v, np.ndarray) else v for k, v in kwargs.items()}
        comm = _common_comm(active)

        def call_all(values):
            return function(*_join(template, values), **kwargs)

        with stop_annotating():
            result = call_all([raw(a) for a in active])
        several = isinstance(result, (tuple, list))
        outputs = list(result) if several else [result]
        inexact = [k for k, value in enumerate(outputs) if _is_inexact(value)]
        for k, value in enumerate(outputs):
            if k not in inexact and not isinstance(value, (bool, int, np.generic, np.ndarray, tuple)):
                got = type(value).__name__
                raise InputError(f"result of {name}", "numbers or a tuple of them", got, "return arrays")
            if comm is not None and k in inexact and np.ndim(value) == 0:
                raise InputError(
                    f"result of {name}",
                    "an array distributed like the arguments",
                    "a scalar of one rank's part",
                    "reduce over the ranks with .sum(), .mean() or .dot() of the Array",
                )

        def call(values):
            got = call_all(values)
            return [got[k] for k in inexact] if several else [got]

        operation = _AutogradOperation(name, call)
        results = [outputs[k] for k in inexact]
        operation.zeros = [np.zeros_like(r) for r in results]
        wrapped = record(operation, active, results, comm=comm, reduce_over=comm)
        for k, value in zip(inexact, wrapped):
            outputs[k] = value
        return type(result)(outputs) if several else outputs[0]

    return wrapper
