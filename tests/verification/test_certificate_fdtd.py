"""The certificate of a photonic device: passes as it is, and names faults planted in the FDTD solver."""

import numpy as np
import pytest

from adjointdesign.problems import find
from adjointdesign.solvers.fdtd_maxwell import program
from adjointdesign.solvers.fdtd_maxwell.solver import FdtdMaxwell
from adjointdesign.timeloop.march import March
from adjointdesign.verification.certificate import certify


def small_bend(precision="double"):
    """A bend of 0.8 um on a grid of 59 x 59 cells."""
    bend = find("waveguide-bend")
    return bend(
        bend.Specification(design_size=(0.8e-6, 0.8e-6), pixel=40e-9, wavelengths=(1280e-9,)),
        bend.Discretization(spacing=40e-9, run_time=20e-15, pml_cells=8, threads=1, precision=precision),
        bend.Optimization(),
    )


def failed(certificate) -> set[str]:
    return {failure.what.split(" (")[0] for failure in certificate.failures}


def certificate_of(problem=None):
    return certify(problem or small_bend(), np.random.default_rng(3))


def scale_result(monkeypatch, method, factor):
    right = getattr(FdtdMaxwell, method)
    monkeypatch.setattr(
        FdtdMaxwell, method, lambda self, *a: {name: factor * value for name, value in right(self, *a).items()}
    )


@pytest.mark.slow
def test_bend_passes_under_every_schedule():
    certificate = certificate_of()
    assert certificate.failures == []
    assert certificate.taylor_order == pytest.approx(2.0, abs=0.1)
    assert certificate.dot_product_residual < 1e-12
    schedules = certificate.details["schedules"]
    assert list(schedules) == ["memory", "revolve", "disk"]
    # Revolve must run units again more than once, or it proves no more than a copy; disk has a snapshot for each unit.
    assert schedules["revolve"]["recomputed"] > 1.0 and schedules["disk"]["recomputed"] > 0.9


@pytest.mark.slow
def test_coarse_preset_passes_and_is_named():
    bend = find("waveguide-bend")
    preset = bend.presets["coarse"]
    problem = bend(*(getattr(bend, part)(**preset.get(part.lower(), {})) for part in
                     ("Specification", "Discretization", "Optimization")))  # fmt: skip
    certificate = certificate_of(problem)
    assert certificate.failures == []
    assert certificate.as_dict()["preset"] == "coarse"


@pytest.mark.slow
def test_single_precision_states_its_error():
    certificate = certificate_of(small_bend("single"))
    assert certificate.failures == []
    assert 1e-8 < certificate.details["single_precision"]["gradient_error"] < 1e-2
    assert 1e-12 < certificate.dot_product_residual < 5e-4


@pytest.mark.slow
def test_wrong_factor_in_the_gradient(monkeypatch):
    scale_result(monkeypatch, "adjoint", 1.001)
    certificate = certificate_of()
    assert failed(certificate) == {"taylor_order", "hessian_taylor_order", "dot_product_residual"}
    assert certificate.dot_product_residual == pytest.approx(1e-3, rel=0.05)


@pytest.mark.slow
def test_wrong_factor_in_the_second_order_adjoint(monkeypatch):
    scale_result(monkeypatch, "second_adjoint", 1.01)
    assert failed(certificate_of()) == {"hessian_taylor_order"}


@pytest.mark.slow
def test_absorber_that_is_not_transposed(monkeypatch):
    right = program.phases

    def forward_weights(grid, dt, faces, dtype, transposed):
        built = right(grid, dt, faces, dtype, transposed)
        straight = right(grid, dt, faces, dtype, False)
        return tuple(phase._replace(weights=plain.weights) for phase, plain in zip(built, straight))

    monkeypatch.setattr(program, "phases", forward_weights)
    certificate = certificate_of()
    assert "dot_product_residual" in failed(certificate)
    assert certificate.details["dot_product"]["solver"] > 1e-3


@pytest.mark.slow
def test_snapshot_read_back_slightly_wrong(monkeypatch):
    right = March._read

    def read(self, unit, storage, move):
        state, tangent = right(self, unit, storage, move)
        state.fields[-1][...] *= 1 + 1e-6
        return state, tangent

    monkeypatch.setattr(March, "_read", read)
    certificate = certificate_of()
    assert failed(certificate) == {"schedules.revolve.relative_difference", "schedules.disk.relative_difference"}
