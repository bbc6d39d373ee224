"""Certificates pass right derivatives and name what is wrong with planted faults."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
from truss_problem import Chain, Truss

from adjointdesign.errors import InputError, StepRejected
from adjointdesign.tape import linear
from adjointdesign.verification.certificate import certify, write_certificate
from adjointdesign.verification.record import FINITE_ELEMENTS


def certificate_of(chain=Chain, problem=Truss):
    return certify(type("Tested", (problem,), {"chain": chain})(), np.random.default_rng(5))


def failed(certificate) -> set[str]:
    """What failed, without the stages."""
    assert certificate.passed == (not certificate.failures)
    return {failure.what.split(" (")[0] for failure in certificate.failures}


def faulty(method, change):
    def wrong(self, *args):
        return change(getattr(Chain, method)(self, *args))

    return type("Faulty", (Chain,), {method: wrong})


def scaled(factor):
    return lambda result: {name: factor * value for name, value in result.items()}


def test_right_derivatives_pass():
    certificate = certificate_of()
    assert certificate.failures == []
    assert certificate.taylor_order == pytest.approx(2.0, abs=0.1)
    assert certificate.hessian_taylor_order == pytest.approx(3.0, abs=0.15)
    assert certificate.dot_product_residual < 1e-14
    assert 0 < certificate.gradient_cost < 100
    details = certificate.details
    assert set(details["stages"]) == {"soft", "hard"}
    assert set(details["dot_product"]) == {"program, soft", "program, hard", "solver"}
    assert list(details["constraints"]) == ["volume"]
    assert details["schedules"]["own"]["other_control_difference"] < 1e-14
    assert "truss: passed" in str(certificate)


def test_a_small_wrong_factor_in_the_adjoint_fails_and_says_by_how_much():
    certificate = certificate_of(faulty("adjoint", scaled(1.001)))
    assert failed(certificate) == {"taylor_order", "hessian_taylor_order", "dot_product_residual"}
    assert certificate.taylor_order == pytest.approx(1.0, abs=0.1)
    assert certificate.details["dot_product"]["solver"] == pytest.approx(1e-3, rel=1e-2)
    assert "FAILED dot_product_residual (solver): expected <= 1e-12, got 0.00" in str(certificate)
    assert not certificate.as_dict()["passed"]


def test_a_wrong_factor_in_tangent_and_adjoint_alike_fails():
    both = type("Both", (faulty("adjoint", scaled(1.001)),), {"tangent": faulty("tangent", scaled(1.001)).tangent})
    assert failed(certificate_of(both)) == {"taylor_order", "hessian_taylor_order"}


def test_a_wrong_second_order_fails_alone():
    certificate = certificate_of(faulty("second_adjoint", scaled(1.01)))
    assert failed(certificate) == {"hessian_taylor_order"}
    assert certificate.hessian_taylor_order == pytest.approx(2.0, abs=0.1)


def test_a_gradient_that_is_not_a_number_fails():
    certificate = certificate_of(faulty("adjoint", scaled(np.nan)))
    assert {"taylor_order", "hessian_taylor_order", "dot_product_residual"} <= failed(certificate)
    assert certificate.as_dict()["taylor_order"] is None
    json.dumps(certificate.as_dict(), allow_nan=False)


class Stale(Chain):
    """Takes the run of the first recording for that of every later one."""

    kept = None

    def adjoint(self, inputs, cotangents):
        self.kept = dict(inputs) if self.kept is None else self.kept
        return super().adjoint(self.kept, cotangents)


class Forgetful(Truss):
    """A fresh solver each recording hides that the solver is stale, until a recording is evaluated again."""

    def solve(self, medium):
        self._chain = self.chain()
        return super().solve(medium)


def test_a_recording_that_is_stale_at_another_control_fails():
    certificate = certificate_of(Stale, Forgetful)
    assert failed(certificate) == {"schedules.own.other_control_difference"}


class WrongConstraint(Truss):
    """Its constraint goes through a matrix whose transpose is wrong by a factor."""

    def constraints(self, parameters, stage):
        import scipy.sparse.linalg

        row = np.arange(1.0, parameters.size + 1)[np.newaxis]
        operator = scipy.sparse.linalg.LinearOperator(
            row.shape, matvec=lambda x: row @ x, rmatvec=lambda y: 1.01 * row.T @ y, dtype=float
        )
        return {"weight": linear(operator)(parameters.ravel()).sum()} if stage.get("minimax") else {}


def test_a_wrong_constraint_gradient_fails_by_its_name():
    certificate = certificate_of(problem=WrongConstraint)
    assert [failure.what for failure in certificate.failures] == ["taylor_order of the constraint 'weight'"]


def test_progress_rises_to_one():
    seen = []
    certify(Truss(), np.random.default_rng(0), progress=lambda fraction, words: seen.append((fraction, words)))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0 and fractions[0] == 0.0
    assert {"Taylor tests, soft", "cost of the gradient", "checkpoint schedules"} <= {words for _, words in seen}


def test_written_certificate_has_the_keys_of_the_interface(tmp_path):
    certificate = certificate_of()
    write_certificate(tmp_path / "certificate.json", certificate)
    read = json.loads((tmp_path / "certificate.json").read_text())
    interface = {"passed", "taylor_order", "hessian_taylor_order", "dot_product_residual", "gradient_cost", "details"}
    assert interface | {"problem", "seed", "ranks", "threads", "versions", "precision", "preset"} <= set(read)
    assert read["seed"] == 5 and read["problem"] == "truss" and read["passed"] is True
    assert set(read["versions"]) - set(FINITE_ELEMENTS) == {"python", "numpy", "numba", "pyadjoint", "adjointdesign"}
    assert ("petsc4py" in read["versions"]) == (find_spec("petsc4py") is not None)
    for test in ("taylor", "hessian_taylor"):
        table = read["details"][test]
        assert len(table["steps"]) == len(table["remainders"]) >= 4 and table["passed"] is True
    low, high = read["details"]["cost"]["spread"]
    assert low <= read["gradient_cost"] <= high
    assert len(read["details"]["cost"]["forward_seconds"]) >= 3


def test_a_design_that_is_refused_is_looked_for_nearer_by():
    """Where designs far from the first one cannot be simulated, the certificate is made closer to it; or it says so."""
    told = []

    class Narrow(Truss):
        room = 0.04

        def begin(self, stage, parameters):
            told.append(np.array(parameters))

        def density(self, parameters, stage):
            if np.max(np.abs(np.asarray(parameters) - 0.5)) > self.room:
                raise StepRejected("a cell of quality 0.1")
            return super().density(parameters, stage)

        def initial_design(self, rng):
            return np.full(self.design_shape, 0.5)

    certificate = certify(Narrow(), np.random.default_rng(5))
    assert certificate.passed and certificate.taylor_order == pytest.approx(2.0, abs=0.1)
    assert np.max(np.abs(told[0] - 0.5)) > Narrow.room > np.max(np.abs(told[-1] - 0.5))
    Narrow.room = -1.0
    with pytest.raises(InputError, match="initial design: expected one around which others can be simulated, got a cell of quality 0.1"):
        certify(Narrow(), np.random.default_rng(5))
