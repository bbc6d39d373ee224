"""How the kernels are compiled: options, the cache on disk, and the processor's treatment of denormal numbers."""

import hashlib
import platform
from pathlib import Path

import llvmlite
import numba
from llvmlite import ir
from numba.core.caching import IndexDataCacheFile
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.extending import intrinsic

from adjointdesign.kernel_cache import provide_kernel_cache, shared_folder

provide_kernel_cache()  # for whoever imports the solver: `entry` needs it, and numba refuses without
OPTIONS = {"nogil": True, "fastmath": {"contract", "nsz", "arcp"}, "error_model": "numpy"}
"""Compilation options of every kernel: contraction to fused multiply-add, but no reassociation, so runs repeat bit by
bit."""

kernel = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)
"""Compile a function that only compiled functions call (without the wrappers that Python would need: half the time)."""


class _Distinct(CompilerBase):
    """Numba's usual pipeline, with the promise to LLVM that arguments share no memory, which numba keeps a flag for but
    offers no option. Without it every row begins with comparisons of addresses (a third of the time in a row of 64
    cells)."""

    def define_pipelines(self):
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


distinct = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, pipeline_class=_Distinct, **OPTIONS)
"""Compile a `kernel` whose array arguments share no memory."""

pasted = numba.njit(inline="always", **OPTIONS)
"""Compile a short function by pasting it into its callers: one level of calls less for LLVM to go through again."""

_X86 = platform.machine().lower() in ("x86_64", "amd64")
_FLUSH = 0x9FC0  # default MXCSR with flush-to-zero and denormals-are-zero set
_DEFAULT = 0x1F80


def entry(function):
    """Compile a function that Python calls, and keep it on disk with all that it calls.

    Numba holds a cached function to be fresh as long as its own file is. Here it also depends on the kernels in the
    files beside it, so the stamp that is compared is the content of all of them; and what has the same content is the same
    kernel, in whichever copy of the package it lies.
    """
    dispatcher = numba.njit(cache=True, no_cfunc_wrapper=True, **OPTIONS)(function)
    cache, stamp = dispatcher._cache, _stamp()
    cache._cache_path = shared_folder(stamp) or cache._cache_path
    cache._cache_file = IndexDataCacheFile(cache._cache_path, cache._impl.filename_base, stamp)
    return dispatcher


_SOURCES = ("compiled", "faces", "gates", "kernels", "poles", "rows", "sweep", "team")
"""Files of this folder that hold compiled code."""


def _stamp() -> str:
    """Digest of the sources of all compiled code, and of what compiles them."""
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__}".encode())
    for name in _SOURCES:
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()


def _write_mxcsr(value):
    def codegen(context, builder, signature, args):
        if _X86:
            slot = builder.alloca(ir.IntType(32))
            builder.store(ir.Constant(ir.IntType(32), value), slot)
            pointer = builder.bitcast(slot, ir.IntType(8).as_pointer())
            kind = ir.FunctionType(ir.VoidType(), [pointer.type])
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse.ldmxcsr", (), kind), [pointer])
        return context.get_dummy_value()

    return codegen


@intrinsic
def flush_denormals(typingctx):
    """Treat denormal numbers as zero on this thread: decaying fields would otherwise slow the update many times."""
    return numba.types.void(), _write_mxcsr(_FLUSH)


@intrinsic
def keep_denormals(typingctx):
    """Restore the processor's default treatment of denormal numbers on this thread."""
    return numba.types.void(), _write_mxcsr(_DEFAULT)
