"""Arithmetic, indexing and NumPy functions of an `Array`, each recorded on the tape."""

from __future__ import annotations

import functools

from adjointdesign.errors import InputError


@functools.cache
def _recorded(name: str, module: str = "numpy"):
    """The taped counterpart of the NumPy function ``name``."""
    # Imported late: `taped` needs the Array that these operators belong to, and autograd takes a while to start.
    import autograd.numpy
    from autograd.core import VJPNode, primitive_vjps
    from autograd.tracer import notrace_primitives

    from adjointdesign.tape.taped import taped

    namespace = autograd.numpy if module == "numpy" else getattr(autograd.numpy, module.removeprefix("numpy."), None)
    function = getattr(namespace, name, None)
    known = function in primitive_vjps or function in notrace_primitives[VJPNode]
    if function is None or (getattr(function, "_is_autograd_primitive", False) and not known):
        raise InputError(
            f"{module}.{name} of an Array",
            "a function that autograd can differentiate",
            name,
            "use another function, or read the values with .data (off the tape)",
        )
    return taped(function)


@functools.cache
def _method(name: str):
    """The taped counterpart of a small function of this module."""
    from adjointdesign.tape.taped import taped

    return taped(globals()[name])


def _index(x, key):
    return x[key]


class Operators:
    """Operators of `Array`; ``self.data`` and ``self.comm`` come from there."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or kwargs:
            raise InputError(
                f"numpy.{ufunc.__name__} of an Array",
                "a plain call",
                method if method != "__call__" else ", ".join(kwargs),
                "call it without further arguments, or read the values with .data (off the tape)",
            )
        return _recorded(ufunc.__name__)(*inputs)

    def __array_function__(self, func, types, args, kwargs):
        return _recorded(func.__name__, func.__module__)(*args, **kwargs)

    def __add__(self, other):
        return _recorded("add")(self, other)

    def __radd__(self, other):
        return _recorded("add")(other, self)

    def __sub__(self, other):
        return _recorded("subtract")(self, other)

    def __rsub__(self, other):
        return _recorded("subtract")(other, self)

    def __mul__(self, other):
        return _recorded("multiply")(self, other)

    def __rmul__(self, other):
        return _recorded("multiply")(other, self)

    def __truediv__(self, other):
        return _recorded("divide")(self, other)

    def __rtruediv__(self, other):
        return _recorded("divide")(other, self)

    def __pow__(self, other):
        return _recorded("power")(self, other)

    def __rpow__(self, other):
        return _recorded("power")(other, self)

    def __neg__(self):
        return _recorded("negative")(self)

    def __abs__(self):
        return _recorded("absolute")(self)

    def __matmul__(self, other):
        self._refuse_distributed("a matrix product")
        return _recorded("matmul")(self, other)

    def __rmatmul__(self, other):
        self._refuse_distributed("a matrix product")
        return _recorded("matmul")(other, self)

    def __getitem__(self, key):
        self._refuse_distributed("indexing")
        return _method("_index")(self, key)

    def _refuse_distributed(self, what: str):
        if self.comm is not None:
            raise InputError(what, "an array that every rank holds", "a distributed one", "call .gather() first")

    @property
    def real(self):
        """Real part."""
        return _recorded("real")(self)

    @property
    def imag(self):
        """Imaginary part."""
        return _recorded("imag")(self)

    @property
    def T(self):  # noqa: N802
        """Transpose."""
        self._refuse_distributed("a transpose")
        return _recorded("transpose")(self)

    def conj(self):
        """Complex conjugate."""
        return _recorded("conj")(self)

    def ravel(self):
        """The values (of this rank's part) in one axis, C order."""
        return _recorded("ravel")(self)

    def reshape(self, *shape):
        """The values in another shape, C order."""
        self._refuse_distributed("reshaping")
        return _recorded("reshape")(self, shape[0] if len(shape) == 1 else shape)

    def sum(self, axis=None):
        """Sum over one or more axes, or of all values on all ranks.

        Raises
        ------
        InputError
            When a distributed array is summed along some axes only and the first is one of them.
        """
        if self.comm is None:
            return _recorded("sum")(self, axis=axis)
        if axis is None:
            from adjointdesign.tape.distributed import global_sum

            return global_sum(self)
        axes = axis if isinstance(axis, tuple) else (axis,)
        if any(a % self.ndim == 0 for a in axes):
            self._refuse_distributed("a sum along the first axis")
        return _recorded("sum")(self, axis=axis)

    def mean(self):
        """Mean of all values on all ranks."""
        size = self.size if self.comm is None else sum(self.comm.allgather(self.size))
        return self.sum() / size

    def dot(self, other):
        """Real inner product ``Re sum(conj(self) other)`` over all ranks."""
        return (self.conj() * other).real.sum()

    def gather(self):
        """The whole array on every rank, joined along the first axis in rank order."""
        from adjointdesign.tape.distributed import gather

        return gather(self)
