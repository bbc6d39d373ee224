"""Bad input to the elastic solver is refused in one line that names it."""

import numpy as np
import pytest
from elastic_cases import LAMBDA, MU, RHO, random_case

from adjointdesign.errors import InputError
from adjointdesign.solvers.fdtd_elastic import Cpml, FdtdElastic, FreeSurface, PointForce, StaggeredGrid
from adjointdesign.sources import RickerWavelet

GRID = StaggeredGrid((40, 40), (10.0, 10.0))
MEDIUM = {"lame_lambda": LAMBDA, "lame_mu": MU, "density": RHO}
FORCE = PointForce((200.0, 200.0), (1.0, 0.0), RickerWavelet(10.0))


def make(grid=GRID, medium=MEDIUM, sources=(FORCE,), receivers=((150.0, 150.0),), **options):
    return FdtdElastic(grid, medium, sources, receivers, **{"steps": 10, "boundaries": [Cpml(6)] * 2, **options})


@pytest.mark.parametrize(
    "change,words",
    [
        ({"receivers": [(150.0, 20.0)]}, "receiver_positions.*between the absorbing layers"),
        ({"sources": [PointForce((20.0, 200.0), (1.0, 0.0), RickerWavelet(10.0))]}, "source_positions"),
        ({"sources": []}, "sources.*at least one"),
        ({"receivers": [(1.0, 2.0, 3.0)]}, "receiver_positions.*shape"),
        ({"medium": {**MEDIUM, "lame_mu": 0.0}}, "lame_mu.*fluid"),
        ({"medium": {**MEDIUM, "density": -1.0}}, "density.*positive"),
        ({"medium": {**MEDIUM, "lame_lambda": -1.1 * MU}}, "lame_lambda"),
        ({"medium": {"density": 1.0}}, "medium.*lame_lambda"),
        ({"medium": {**MEDIUM, "quality": 50.0}}, "medium"),
        ({"boundaries": [FreeSurface(), Cpml(6)]}, "boundary -x"),
        ({"boundaries": [Cpml(6)]}, "boundaries"),
        ({"boundaries": [Cpml(15), Cpml(6)]}, "12 nodes along x"),
        ({"box": ((0, 10), (10, 20))}, "box along x"),
        ({"steps": 0}, "steps"),
        ({"samples": 3}, "samples"),
        ({"courant": 1.5}, "courant"),
        ({"fastest": -1.0}, "fastest"),
        ({"precision": "half"}, "precision"),
    ],
)
def test_bad_arguments_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        make(**change)


def test_bad_parts_are_refused():
    for wrong, words in ((lambda: StaggeredGrid((4, 40), (1.0, 1.0)), "shape"), (lambda: StaggeredGrid((40, 40), (0.0, 1.0)), "spacing"),
                         (lambda: Cpml(2), "cells"), (lambda: Cpml(8, reflection=2.0), "reflection")):  # fmt: skip
        with pytest.raises(InputError, match=words):
            wrong()


def test_bad_inputs_of_a_run_are_refused():
    solver, inputs = random_case()
    cases = (
        ({"velocity": inputs["density"]}, "one of"),
        ({"density": inputs["density"][1:]}, "density.*shape"),
        ({"lame_mu": 10 * inputs["lame_mu"]}, "stable"),
        ({"forces": np.full((1, 2), np.nan)}, "forces.*finite"),
        ({"receiver_positions": inputs["receiver_positions"] + 1e3}, "receiver_positions"),
    )
    for wrong, words in cases:
        with pytest.raises(InputError, match=words):
            solver.evaluate(wrong)
    with pytest.raises(InputError, match="seismograms"):
        solver.adjoint(inputs, {"pressure": np.zeros(3)})
    with pytest.raises(InputError, match="tangent of density"):
        solver.tangent(inputs, {"density": np.zeros(3)})
