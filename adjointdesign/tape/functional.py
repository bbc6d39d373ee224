"""Recording, and reduced functionals: pyadjoint's own, with its known traps closed.

A trap that pyadjoint leaves open is closed here (the run of blocks that the control does not reach, the scaled
checkpoint, the unscaled tangent, the second derivative without a first) or refused with a clear error.
"""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pyadjoint
from pyadjoint import AdjFloat, Control, Tape, set_working_tape
from pyadjoint.tape import annotate_tape, continue_annotation, no_annotations, pause_annotation, stop_annotating

from adjointdesign.errors import InputError
from adjointdesign.tape.array import Array


@contextmanager
def recording():
    """Record what runs inside on a private tape, which is the value of the ``with`` statement.

    The tape and the state of annotation that were there before come back at the end, whatever happens inside;
    recordings can be nested.
    """
    was_annotating = annotate_tape()
    with set_working_tape(Tape()) as tape:
        continue_annotation()
        try:
            yield tape
        finally:
            if not was_annotating:
                pause_annotation()


class ReducedFunctional(pyadjoint.ReducedFunctional):
    """The recorded functional as a function of its controls, with exact derivatives.

    Only the blocks that lie between the controls and the functional run again; the user's tape is left as it is. Works
    with everything of pyadjoint that takes a ReducedFunctional.

    Parameters
    ----------
    functional : AdjFloat or Array
        The recorded result.
    controls : Control, Array, AdjFloat or a list of them
        With respect to what.
    scale : float
        Factor on the functional and all its derivatives. Fixed from then on.
    tape : pyadjoint.Tape, optional
        The tape of the recording; default the working tape, as within `recording`.
    **callbacks
        pyadjoint's callbacks (``eval_cb_pre``, ``eval_cb_post``, ``derivative_cb_pre``, ...) and
        ``derivative_components``.

    Raises
    ------
    InputError
        When the functional is not on the tape, when a control was not recorded, when the tape has its own checkpoint
        schedule, when values do not fit the controls, when a scalar differs between ranks.
    """

    def __init__(self, functional, controls, *, scale: float = 1.0, tape: Tape | None = None, **callbacks):
        tape = pyadjoint.get_working_tape() if tape is None else tape
        if tape is None:
            raise InputError("tape", "a tape", "no working tape", "record within `with recording() as tape:`")
        if not isinstance(functional, pyadjoint.OverloadedType):
            raise InputError("functional", "a recorded AdjFloat or Array", type(functional).__name__, "record it")
        if tape._checkpoint_manager is not None:
            # Re-evaluated at another control, pyadjoint 2026.10 gives gradients that are off by 0.99 under Revolve and
            # by 0.28 under a mixed schedule (ten steps of a nonlinear map); tangent and Hessian ignore the schedule.
            raise InputError(
                "tape",
                "a tape without a checkpoint schedule of its own",
                type(tape._checkpoint_manager._schedule).__name__,
                "let the solver checkpoint inside its one block (a memory budget), and record without a schedule",
            )
        listed = isinstance(controls, (list, tuple))
        wrapped = [c if isinstance(c, Control) else Control(c) for c in (controls if listed else [controls])]
        part = Tape(blocks=tape.get_blocks(), package_data=tape._package_data)
        variables = {v for b in part.get_blocks() for v in (*b.get_outputs(), *b.get_dependencies())}
        known = variables | {c.block_variable for c in wrapped}
        if functional.block_variable not in known:
            raise InputError(
                "functional",
                "a value on this tape",
                "one that is not",
                "record it with annotation on, or pass its tape",
            )
        part.optimize(controls=wrapped, functionals=[functional])
        self._scale_fixed = False
        super().__init__(functional, wrapped if listed else wrapped[0], scale=scale, tape=part, **callbacks)
        self._scale_fixed = True
        self._communicators = [c.control.comm for c in wrapped if getattr(c.control, "comm", None) is not None]
        self._valid = True
        self._sweep: tuple | None = None

    @property
    def scale(self) -> float:
        """Factor on the functional and all its derivatives."""
        return self._scale

    @scale.setter
    def scale(self, value: float):
        if self._scale_fixed and value != self._scale:
            raise InputError(
                "scale",
                f"the {self._scale} given at construction",
                value,
                "use adjointdesign.tape.minimize, or make a ReducedFunctional with that scale",
            )
        self._scale = value

    def _checked(self, values, what: str) -> list:
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        if len(values) != len(self.controls):
            raise InputError(what, f"{len(self.controls)} of them, one a control", len(values), "give one a control")
        return [self._fitting(value, control.control, what) for value, control in zip(values, self.controls)]

    @staticmethod
    def _fitting(value, control, what: str):
        """``value`` in the type of ``control``."""
        if isinstance(control, Array):
            array = np.asarray(value.data if isinstance(value, Array) else value)
            if array.shape != control.shape:
                raise InputError(what, f"shape {control.shape}", f"shape {array.shape}", "reshape it")
            if np.iscomplexobj(array) and not np.iscomplexobj(control.data):
                raise InputError(what, "real values, as the control is real", "complex ones", "take the real part")
            return Array(array.astype(control.dtype), control.comm)
        if isinstance(control, AdjFloat):
            if np.ndim(value) != 0 or isinstance(value, complex):
                raise InputError(what, "a real number", value, "give a float")
            return AdjFloat(value)
        if not isinstance(value, type(control)):
            raise InputError(what, type(control).__name__, type(value).__name__, "give the type of the control")
        return value

    @no_annotations
    def __call__(self, values):
        """Return the functional at other values of the controls (`Array`, NumPy arrays or floats)."""
        values = self._checked(values, "control value")
        self._valid, self._sweep = False, None
        self.eval_cb_pre(self.controls.delist(values))
        for control, value in zip(self.controls, values):
            control.update(value)
        self.tape.reset_blocks()
        self.tape._recompute_count += 1
        self._expire_matrices()
        # Firedrake's solvers ask the working tape for its count of evaluations.
        with set_working_tape(self.tape), self.marked_controls():
            for block in self.tape.get_blocks():
                block.recompute()
        # A product, not `*=`: the saved output is the checkpoint itself for some types.
        value = self.functional.block_variable.saved_output._ad_mul(self.scale)
        self._require_same_on_ranks(value)
        self._valid = True
        self.eval_cb_post(value, self.controls.delist(values))
        return value

    def _expire_matrices(self):
        """Let Firedrake's solvers with a constant Jacobian assemble it anew, forward and adjoint, in the sweep to come.

        They keep it until the working tape counts one evaluation more than they have seen, which fails where a tape is
        private, and where two functionals share a solver: values and derivatives were then those of another point.
        """
        for block in self.tape.get_blocks():
            solvers = getattr(block, "_ad_solvers", None)
            if solvers is not None:
                solvers["recompute_count"] = self.tape.recompute_count - 1
                solvers["update_adjoint"] = True

    def _require_same_on_ranks(self, value):
        if not isinstance(value, float):
            return
        for comm in self._communicators:
            every = comm.allgather(float(value).hex())
            if len(set(every)) != 1:
                raise InputError(
                    "functional",
                    "bitwise the same value on every rank",
                    ", ".join(every),
                    "reduce with .sum(), .mean() or .dot() of the distributed Array",
                )

    def _require_point(self):
        if not self._valid:
            raise InputError(
                "derivative", "a point that was evaluated", "an evaluation that failed", "evaluate the functional again"
            )

    @no_annotations
    def derivative(self, adj_input=1.0, apply_riesz=False):
        """Return the derivative at the last point, one a control; ``adj_input`` is the cotangent of the functional."""
        self._require_point()
        if isinstance(self.functional, AdjFloat):
            if np.ndim(adj_input) != 0:
                raise InputError(
                    "adj_input",
                    "a number, the cotangent of the functional",
                    f"an array of shape {np.shape(adj_input)}",
                    "do not pass the point (the IPOPT wrapper of pyadjoint does: use adjointdesign.optimize)",
                )
            adj_input = AdjFloat(adj_input)
        elif isinstance(self.functional, Array):
            adj_input = self._fitting(adj_input, self.functional, "adj_input")
        # A control that does not reach the functional is in no block, and would keep the value of another sweep.
        for control in self.controls:
            control.block_variable.reset_variables(("adjoint",))
        self._expire_matrices()
        result = super().derivative(adj_input=adj_input, apply_riesz=apply_riesz)
        self._sweep = self._adjoint_values()
        return result

    def _adjoint_values(self) -> tuple:
        variables = [self.functional.block_variable, *(c.block_variable for c in self.controls)]
        return tuple(v.adj_value for v in variables)

    def _sweep_tangent(self, tangents: list):
        """Fill the tape with the tangents along ``tangents``."""
        self.tape.reset_tlm_values()
        for variable in (self.functional.block_variable, *(c.block_variable for c in self.controls)):
            variable.reset_variables(("tlm",))
        for control, tangent in zip(self.controls, tangents):
            control.tlm_value = tangent
        with stop_annotating(), self.tape.marked_control_dependents(self.controls):
            self.tape.evaluate_tlm(markings=True)

    @no_annotations
    def tlm(self, m_dot):
        """Return the tangent along ``m_dot``, scaled like the functional."""
        self._require_point()
        tangents = self._checked(m_dot, "m_dot")
        values = self.controls.delist([c.tape_value() for c in self.controls])
        self.tlm_cb_pre(values)
        self._sweep_tangent(tangents)
        value = self.functional.block_variable.tlm_value
        result = self.functional._ad_init_zero() if value is None else self.functional._ad_init_object(value)
        result = result._ad_mul(self.scale)
        self.tlm_cb_post(self.functional.block_variable.checkpoint, result, values)
        return result

    @no_annotations
    def hessian(self, m_dot, hessian_input=None, evaluate_tlm=True, apply_riesz=False):
        """Return the Hessian's action on ``m_dot``; runs `derivative` first if that has not been done at this point."""
        self._require_point()
        if self._sweep is None or any(a is not b for a, b in zip(self._sweep, self._adjoint_values())):
            self.derivative()
        tangents = self._checked(m_dot, "m_dot")
        for control in self.controls:
            control.block_variable.reset_variables(("hessian",))
        if evaluate_tlm:
            self._sweep_tangent(tangents)
        tangents = self.controls.delist(tangents)
        return super().hessian(tangents, hessian_input=hessian_input, evaluate_tlm=False, apply_riesz=apply_riesz)
