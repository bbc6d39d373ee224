"""All that touches pyadjoint: the array type, four ways on to the tape, and reduced functionals."""

from pyadjoint import AdjFloat, Control, stop_annotating

from adjointdesign.tape.array import Array
from adjointdesign.tape.functional import ReducedFunctional, recording
from adjointdesign.tape.linear import linear
from adjointdesign.tape.minimize import MinimizeResult, minimize
from adjointdesign.tape.solver import Footprint, Solver, solve
from adjointdesign.tape.taped import taped

__all__ = [
    "AdjFloat",
    "Array",
    "Control",
    "Footprint",
    "MinimizeResult",
    "ReducedFunctional",
    "Solver",
    "linear",
    "minimize",
    "recording",
    "solve",
    "stop_annotating",
    "taped",
]
