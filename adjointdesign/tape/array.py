"""The array type of the tape: dense, real or complex, optionally spread over the ranks of a communicator."""

from __future__ import annotations

import importlib

import numpy as np

# Part of pyadjoint, which registers a stub for NumPy's arrays when it is imported (by firedrake.adjoint, say): first this
# import, then the registration at the end of this module, so that ours is the one that stays.
import numpy_adjoint  # noqa: F401
from pyadjoint.overloaded_type import OverloadedType, register_overloaded_type

from adjointdesign.errors import InputError
from adjointdesign.tape.operators import Operators


class Array(Operators, OverloadedType):
    """A dense array whose operations go on the tape.

    The data are copied on the way in and read-only from then on, so that nothing recorded can change behind the tape;
    to change a value, make a new `Array`. Arithmetic, indexing and NumPy functions of an `Array` are recorded;
    ``numpy.asarray(x)`` and ``x.data`` read the values off the tape.

    Parameters
    ----------
    data : array_like
        Real or complex values of any shape; integers become double precision.
    comm : mpi4py communicator, optional
        Its ranks own disjoint parts of one array, in rank order along the first axis; the sizes may differ.

    Raises
    ------
    InputError
        When the data are not numbers, or a distributed array has no axis.
    """

    def __init__(self, data, comm=None):
        OverloadedType.__init__(self)
        data = np.array(data.data if isinstance(data, Array) else data)
        if data.dtype.kind in "biu":
            data = data.astype(float)
        if data.dtype.kind not in "fc":
            raise InputError("data", "real or complex numbers", f"dtype {data.dtype}", "convert the data to numbers")
        if comm is not None and data.ndim == 0:
            raise InputError("data", "at least one axis to distribute", "a scalar", "leave comm out for scalars")
        data.flags.writeable = False
        self._data = data
        self.comm = comm

    @property
    def data(self) -> np.ndarray:
        """The values (of this rank's part), read-only."""
        return self._data

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of this rank's part."""
        return self._data.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of the values."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """Number of values of this rank's part."""
        return self._data.size

    def __array__(self, dtype=None, copy=None):
        return np.array(self._data, dtype=dtype, copy=copy)

    def __len__(self):
        return len(self._data)

    def __float__(self):
        return float(self._data)

    def __repr__(self):
        return f"Array({self._data!r})" if self.comm is None else f"Array({self._data!r}, comm={self.comm!r})"

    __str__ = __repr__

    # What pyadjoint asks of a type. A checkpoint is another Array on the same read-only data: it costs no memory.

    @classmethod
    def _ad_init_object(cls, obj):
        return cls(obj, getattr(obj, "comm", None))

    def _ad_init_zero(self, dual=False):
        return Array(np.zeros_like(self._data), self.comm)

    def _share(self) -> Array:
        other = Array.__new__(Array)
        OverloadedType.__init__(other)
        other._data, other.comm = self._data, self.comm
        return other

    def _ad_create_checkpoint(self):
        return self._share()

    def _ad_restore_at_checkpoint(self, checkpoint):
        return checkpoint._share()

    def _ad_copy(self):
        return self._share()

    def _ad_mul(self, other):
        return Array(self._data * _plain(other), self.comm)

    def _ad_add(self, other):
        return Array(self._data + _plain(other), self.comm)

    def _ad_imul(self, other):
        self._data = self._ad_mul(other)._data
        return self

    def _ad_iadd(self, other):
        self._data = self._ad_add(other)._data
        return self

    def _ad_dot(self, other):
        """Real inner product ``Re sum(conj(self) other)``, bitwise the same on every rank."""
        local = float(np.vdot(self._data, _plain(other)).real)
        # Summed in rank order everywhere: an allreduce does not promise the same rounding on every rank.
        return local if self.comm is None else float(sum(self.comm.allgather(local)))

    def _ad_dim(self):
        local = self._data.size * (2 if np.iscomplexobj(self._data) else 1)
        return local if self.comm is None else int(sum(self.comm.allgather(local)))

    def _ad_convert_riesz(self, value, riesz_map=None):
        value = np.asarray(_plain(value))
        if riesz_map is None or (isinstance(riesz_map, str) and riesz_map == "l2"):
            return Array(value, self.comm)
        import scipy.sparse.linalg

        if callable(riesz_map) and not isinstance(riesz_map, scipy.sparse.linalg.LinearOperator):
            return Array(np.reshape(np.asarray(riesz_map(value)), self.shape), self.comm)
        if self.comm is None and scipy.sparse.issparse(riesz_map):
            return Array(scipy.sparse.linalg.spsolve(riesz_map.tocsc(), value.ravel()).reshape(self.shape))
        if self.comm is None and isinstance(riesz_map, np.ndarray) and riesz_map.shape == (self.size, self.size):
            return Array(np.linalg.solve(riesz_map, value.ravel()).reshape(self.shape))
        raise InputError(
            "riesz_map",
            f"None, 'l2', a callable, or a sparse or dense inner-product matrix of {self.size} rows"
            + (" (callable only for a distributed array)" if self.comm is not None else ""),
            f"{type(riesz_map).__name__}",
            "give a callable that solves with the inner product",
        )

    def _real_values(self) -> np.ndarray:
        """Flat float64 copy of the part, complex values as (real, imaginary) pairs."""
        if np.iscomplexobj(self._data):
            return np.stack([self._data.real, self._data.imag], axis=-1).astype(float).ravel()
        return self._data.astype(float).ravel()

    def _set_real_values(self, flat: np.ndarray):
        if np.iscomplexobj(self._data):
            flat = flat[0::2] + 1j * flat[1::2]
        data = np.array(flat, dtype=self.dtype).reshape(self.shape)
        data.flags.writeable = False
        self._data = data

    @staticmethod
    def _ad_to_list(m):
        flat = m._real_values()
        return (flat if m.comm is None else np.concatenate(m.comm.allgather(flat))).tolist()

    @staticmethod
    def _ad_assign_numpy(dst, src, offset):
        local = dst.size * (2 if np.iscomplexobj(dst.data) else 1)
        sizes = [local] if dst.comm is None else dst.comm.allgather(local)
        start = offset + (0 if dst.comm is None else sum(sizes[: dst.comm.rank]))
        dst._set_real_values(np.asarray(src[start : start + local], dtype=float))
        return dst, offset + sum(sizes)

    def _ad_to_petsc(self, vec=None):
        petsc = _petsc()
        complex_build = np.issubdtype(petsc.ScalarType, np.complexfloating)
        flat = self._data.ravel() if complex_build else self._real_values()
        if vec is None:
            vec = petsc.Vec().createMPI((flat.size, None), comm=self.comm or petsc.COMM_SELF)
        vec.setArray(flat.astype(petsc.ScalarType))
        return vec

    def _ad_from_petsc(self, vec):
        flat = np.array(vec.getArray())
        if np.iscomplexobj(flat):
            flat = np.stack([flat.real, flat.imag], axis=-1).ravel() if np.iscomplexobj(self._data) else flat.real
        self._set_real_values(flat)

    @property
    def _ad_str(self):
        return f"Array{self.shape}"


register_overloaded_type(Array, classes=np.ndarray)


def _plain(value):
    return value.data if isinstance(value, Array) else value


def _petsc():
    try:
        return importlib.import_module("petsc4py.PETSc")
    except ImportError:
        raise InputError(
            "PETSc vector of an Array", "petsc4py", "not installed", "install petsc4py, or use the SciPy drivers"
        ) from None
