"""Refinement of problems: a model with a known order, and the bend, whose scheme is of second order."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from adjointdesign import cli
from adjointdesign.errors import InputError
from adjointdesign.problem import Evaluation, Problem, Settings
from adjointdesign.verification.convergence import converge, limit_of


class Spacing(Settings):
    spacing: float = 0.5
    shape: tuple[int, ...] = (3,)


class Model(Problem):
    """``J = sum(p^2) (1 + h^2)``, whose limit is ``sum(p^2)``."""

    name, summary = "model", "of second order"

    def __init__(self, specification, discretization, optimization):
        super().__init__(specification, discretization, optimization)

    def evaluate(self, parameters, stage=None):
        return Evaluation((parameters * parameters).sum() * (1 + self.discretization.spacing**2), {})

    @property
    def design_shape(self):
        return self.discretization.shape

    def refined(self, factor):
        return self.rebuilt(spacing=self.discretization.spacing / factor)


class Growing(Model):
    def refined(self, factor):
        return self.rebuilt(shape=(4,))


def model(kind=Model):
    return kind(Settings(), Spacing(), Settings())


def test_order_limit_error_and_what_a_tolerance_takes():
    point = np.array([1.0, 2.0, 2.0])
    found = converge(model(), point, {}, 4, ratio=1.5)
    assert found.limit.order == pytest.approx(2) and found.limit.value == pytest.approx(9)
    fine = 0.5 / 1.5**3
    assert found.limit.error == pytest.approx(1.25 * 9 * fine**2)
    assert found.gradient_order == pytest.approx(2, abs=0.01)
    assert found.gradient_error == pytest.approx(1.25 * fine**2, rel=0.05)
    factor = found.factor_for(1e-3)
    assert 1.25 * 9 * (0.5 / factor) ** 2 == pytest.approx(1e-3)
    assert "order 2.00, limit 9" in str(found)


def test_values_that_do_not_converge_have_no_limit_but_an_error():
    found = limit_of([1.0, 1.2, 1.1], 2.0)
    assert found.order is None and found.value is None and found.error == pytest.approx(0.2)


def test_refusals():
    with pytest.raises(InputError, match="--levels: expected at least 3"):
        converge(model(), np.ones(3), {}, 2)
    with pytest.raises(InputError, match="--ratio: expected above 1"):
        converge(model(), np.ones(3), {}, ratio=1.0)
    with pytest.raises(InputError, match=r"design parameters: expected the same on every refinement, \(3,\), got \(4,\)"):
        converge(model(Growing), np.ones(3), {})
    with pytest.raises(InputError, match="problem: expected one that can be refined"):
        Problem.refined(model(), 2)


@pytest.mark.slow
def test_the_bend_converges_with_order_two():
    settings = ["--set", "preset=coarse", "--set", "specification.wavelengths=[1280e-9]", "--tolerance", "0.01", "--json"]
    result = CliRunner().invoke(cli.app, ["converge", "waveguide-bend", *settings], standalone_mode=False)
    found = json.loads(result.stdout)
    assert result.return_value == 0 and len(found["levels"]) == 3
    assert found["objective_order"] == pytest.approx(2, abs=0.3) and found["gradient_order"] == pytest.approx(2, abs=0.3)
    assert found["factor_for_tolerance"] > 4
