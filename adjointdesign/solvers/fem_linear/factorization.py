"""One matrix, factorized once (or preconditioned once), solved with it and with its transpose."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import petsctools
from firedrake.petsc import PETSc

from adjointdesign.errors import InputError

DIRECT: dict[str, object] = {
    "ksp_type": "preonly",
    "pc_type": "lu",
    "pc_factor_mat_solver_type": "mumps",
    # MUMPS's own estimate of its memory is short for indefinite matrices, whose pivoting fills in more: percent on top.
    "mat_mumps_icntl_14": 80,
    # Pivots of at least this part of their column: ten times smaller residuals than MUMPS's default of 0.01 on Helmholtz
    # problems, at no measurable cost; tangent and adjoint then agree to the last digits that the condition number leaves.
    "mat_mumps_cntl_1": 0.5,
}
"""PETSc options of the default: a direct solver."""

SYMMETRIC: dict[str, object] = {**DIRECT, "pc_type": "cholesky"}
"""The same for a symmetric matrix, definite or not: half the work and memory."""

ITERATIVE: dict[str, object] = {
    **SYMMETRIC,
    # Flexible: with an inexact preconditioner, plain GMRES returns a solution that misses the residual it has reached.
    "ksp_type": "fgmres",
    "ksp_rtol": 1e-12,
    "ksp_max_it": 200,
    "pc_precision": "single",
    # Low-rank blocks, to this tolerance (Amestoy et al. 2015).
    "mat_mumps_icntl_35": 2,
    "mat_mumps_cntl_7": 1e-3,
}
"""Iterations for larger symmetric systems, preconditioned by low-rank factors in single precision.

They stop at a relative residual of 1e-12, with the matrix and with its transpose; docs/verification.md has iterations, time and
memory. A ``mat_mumps_cntl_7`` of 1e-2 takes less memory and twice the iterations. PETSc's MUMPS must have single precision.
"""


def complete_options(options: Mapping[str, object] | None, default: Mapping[str, object] = DIRECT) -> dict[str, object]:
    """Options for a `Factorization`: those given, over the default unless they choose a solver of their own.

    Iterations stop at a relative residual of 1e-12 if nothing else is said: derivatives are as good as the solves.
    """
    options = dict(options or {})
    if not {"ksp_type", "pc_type"} & options.keys():
        return {**default, **options}
    return options if options.get("ksp_type", "preonly") == "preonly" else {"ksp_rtol": 1e-12, **options}


LARGEST_CONDITION = 1e13
"""A lower bound of the condition number above which a solution has no digits worth reporting."""


class Factorization:
    """Solves with a matrix and with its transpose, for any number of right-hand sides.

    Parameters
    ----------
    matrix : PETSc.Mat
        Assembled, square.
    options : mapping
        PETSc options without prefix, as ``{"ksp_type": "preonly", ...}``.

    Raises
    ------
    InputError
        When an option does not exist, or the matrix is singular.
    """

    def __init__(self, matrix: PETSc.Mat, options: Mapping[str, object]):
        self._matrix = matrix
        self._options = petsctools.OptionsManager(dict(options), default_prefix="adjointdesign")
        self._ksp = PETSc.KSP().create(comm=matrix.comm)
        self._ksp.setOperators(matrix)
        # Rows differ in size by the units of their coefficients, and those of boundary values have a one: each by its own.
        self._sizes = _row_sizes(matrix)
        with self._options.inserted_options():
            self._ksp.setOptionsPrefix(self._options.options_prefix)
            try:
                self._ksp.setFromOptions()
                self._ksp.setUp()
            except PETSc.Error as error:
                raise InputError(
                    "solver options", "names and values that PETSc knows", f"{dict(options)}: {_reason(error)}",
                    "correct them, or install what they name",
                ) from None  # fmt: skip
            self._refuse_unused()

    def _refuse_unused(self):
        known, prefix = PETSc.Options(), self._options.options_prefix
        unused = sorted(name for name in self._options.parameters if not known.used(prefix + name))
        if unused:
            raise InputError(
                "solver options", "options that the chosen solver reads", ", ".join(unused), "correct or remove them"
            )

    def solve(self, right_hand_side: PETSc.Vec, solution: PETSc.Vec) -> None:
        """Solve ``A x = b``.

        Raises
        ------
        InputError
            When the matrix is singular, to rounding, or an iteration does not converge.
        """
        self._run(self._ksp.solve, right_hand_side, solution)
        scaled = right_hand_side.duplicate()
        scaled.pointwiseDivide(right_hand_side, self._sizes)
        self._require_regular(solution, scaled)

    def solve_transposed(self, right_hand_side: PETSc.Vec, solution: PETSc.Vec) -> None:
        """Solve ``A^T x = b`` with the same factors; raises as `solve`."""
        self._run(self._ksp.solveTranspose, right_hand_side, solution)
        scaled = solution.duplicate()
        scaled.pointwiseMult(solution, self._sizes)
        self._require_regular(scaled, right_hand_side)

    def _require_regular(self, solution, right_hand_side):
        """Refuse a solution that has grown too much; with rows (of the transposed, columns) that have been scaled to one."""
        norm = right_hand_side.norm()
        grown = solution.norm() / norm if norm > 0 else 0.0
        if not grown <= LARGEST_CONDITION:
            raise _singular(f"a condition number above {grown:.0e}")

    def _run(self, method, right_hand_side, solution):
        with self._options.inserted_options():
            method(right_hand_side, solution)
        reason = self._ksp.getConvergedReason()
        if reason == PETSc.KSP.ConvergedReason.DIVERGED_PCSETUP_FAILED:
            raise _singular("a singular matrix")
        if reason < 0:
            raise InputError(
                "solver options", "an iteration that converges",
                f"{_name(reason)} after {self._ksp.getIterationNumber()} iterations",
                "use a direct solver (which also tells a singular matrix), a better preconditioner, or more iterations",
            )  # fmt: skip

    def destroy(self) -> None:
        """Release the factors at once, on every rank."""
        self._ksp.destroy()
        self._matrix.destroy()
        self._sizes.destroy()


def _row_sizes(matrix: PETSc.Mat) -> PETSc.Vec:
    """Largest entry of every row, in absolute value; one where there is none."""
    starts, _, values = matrix.getValuesCSR()
    sizes = matrix.createVecLeft()
    filled = np.flatnonzero(np.diff(starts))
    largest = np.ones(len(starts) - 1)
    if filled.size:
        largest[filled] = np.maximum.reduceat(np.abs(values), starts[filled])
    sizes.array_w[:] = np.where(largest > 0, largest, 1.0)
    return sizes


def _singular(found: str) -> InputError:
    return InputError(
        "linear system", "one with a unique solution", found,
        "move the frequency off the resonance, add loss, or fix the field somewhere on the boundary",
    )  # fmt: skip


def _name(reason: int) -> str:
    names = {value: name for name, value in vars(PETSc.KSP.ConvergedReason).items() if isinstance(value, int)}
    return names.get(reason, str(reason))


def _reason(error: PETSc.Error) -> str:
    """What PETSc says, without its trace, in one line."""
    lines = [line.split("] ", 1)[-1].strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line and "() at" not in line and "error code" not in line) or str(error.ierr)
