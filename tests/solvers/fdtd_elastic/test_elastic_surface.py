"""The free surface and the absorbing layers: what theory says of the differences, of surface waves, of reciprocity and of energy."""

import numpy as np
import pytest
from elastic_cases import LAMBDA, MU, RHO, VP, VS, random_case
from scipy.optimize import brentq

from adjointdesign.solvers.fdtd_elastic import Cpml, FdtdElastic, FreeSurface, MomentTensor, PointForce, StaggeredGrid
from adjointdesign.solvers.fdtd_elastic.surface import INNER, OUTER, norms, surface_rows
from adjointdesign.sources import RickerWavelet

MEDIUM = {"lame_lambda": LAMBDA, "lame_mu": MU, "density": RHO}


def test_differences_at_the_surface_are_exact_for_parabolas_and_sum_by_parts():
    up, down = surface_rows()
    nodes = np.arange(6.0)
    for power in range(3):
        slope = power * nodes[:4] ** max(power - 1, 0)
        at_halves = power * (nodes[:4] + 0.5) ** max(power - 1, 0)
        assert up @ nodes**power == pytest.approx(at_halves, abs=1e-13)
        assert (down @ (nodes + 0.5) ** power)[power == 0 :] == pytest.approx(slope[power == 0 :], abs=1e-13)
    count = 12
    q, p = np.zeros((count, count)), np.zeros((count, count))
    for k in range(count):
        for offset, value in ((-1, -OUTER), (0, -INNER), (1, INNER), (2, OUTER)):
            if 0 <= k + offset < count:
                q[k, k + offset] = value  # on half node k
                p[k + offset, k] = -value
    q[:4], p[:4] = 0, 0
    q[:4, :6], p[:4, :6] = up, down
    n, h = norms(count, True)
    assert n[:, None] * p == pytest.approx(-(h[:, None] * q).T, abs=1e-14)


def test_rayleigh_wave_has_its_speed():
    """Phase between two places on the surface, against the root of Rayleigh's equation, (2 - x)^2 = 4 sqrt(1 - x) sqrt(1 - x VS^2/VP^2)."""
    root = brentq(lambda x: (2 - x) ** 2 - 4 * np.sqrt(1 - x) * np.sqrt(1 - x * (VS / VP) ** 2), 0.5, 0.99)
    grid = StaggeredGrid((221, 61), (10.0, 10.0))
    places = [(1300.0, 0.0), (1900.0, 0.0)]
    pulse = RickerWavelet(12.0)
    source = PointForce((300.0, 0.0), (0.0, 1e6), pulse)
    solver = FdtdElastic(grid, MEDIUM, [source], places, steps=850, boundaries=[Cpml(12), (FreeSurface(), Cpml(12))])
    vertical, t = solver.evaluate({})["seismograms"][:, 1], solver.times
    frequency = 12.0
    # Windows of one width around the arrivals: body waves are gone, they are faster and die out along the surface.
    phasors = []
    for (x, _), trace in zip(places, vertical):
        middle = pulse.delay + (x - 300.0) / (np.sqrt(root) * VS)
        window = np.cos(np.clip((t - middle) / 0.15, -1, 1) * np.pi / 2) ** 2
        phasors.append(np.sum(trace * window * np.exp(2j * np.pi * frequency * t)))
    expected = 2 * np.pi * frequency * 600.0 / (np.sqrt(root) * VS)
    found = expected + np.angle(phasors[1] / phasors[0] * np.exp(-1j * expected))
    assert found == pytest.approx(expected, rel=3e-3)
    assert abs(phasors[1] / phasors[0]) == pytest.approx(1.0, rel=0.03)  # in the plane it does not spread


def test_force_and_velocity_are_reciprocal_to_rounding():
    """At the surface and below it, between the components, in a rough medium; no neighbor of theirs lies in a layer."""
    solver, inputs = random_case(kinds="force")
    a, b = np.array([82.3, 5.0]), np.array([101.1, 77.7])
    traces = []
    for source, receiver, force, component in ((a, b, (1e6, 0.0), 1), (b, a, (0.0, 1e6), 0)):
        at = {"source_positions": source[None], "receiver_positions": np.stack([receiver, receiver]), "forces": np.array([force])}
        traces.append(solver.evaluate({**inputs, **at})["seismograms"][0, component])
    assert np.abs(traces[0] - traces[1]).max() < 1e-12 * np.abs(traces[0]).max()
    assert np.abs(traces[0]).max() > 0


def test_layers_reflect_little_and_waves_leave():
    """Against a domain so large that no reflection comes back; and long afterwards, with a surface, nothing is left."""

    def run(cells, steps, top, thickness=12):
        count, layer = cells + 2 * thickness + 1, Cpml(thickness, frequency=12.0)
        grid = StaggeredGrid((count, count), (10.0, 10.0), (-5.0 * cells - 10.0 * thickness, -5.0 * cells - 10.0 * thickness * (top is None)))
        depth = -5.0 * cells
        source = PointForce((0.0, depth + 200.0), (1e6, 1e6), RickerWavelet(12.0))
        receivers = [(-180.0, depth + 30.0), (150.0, depth + 330.0)]
        solver = FdtdElastic(grid, MEDIUM, [source], receivers, steps=steps, boundaries=[layer, (top or layer, layer)])
        return solver.evaluate({})["seismograms"]

    small, large = run(40, 260, None), None
    # The same places, 600 m further from every layer.
    grid = StaggeredGrid((185, 185), (10.0, 10.0), (-920.0, -920.0))
    solver = FdtdElastic(grid, MEDIUM, [PointForce((0.0, 0.0), (1e6, 1e6), RickerWavelet(12.0))], [(-180.0, -170.0), (150.0, 130.0)],
                         steps=260, boundaries=[Cpml(12, frequency=12.0)] * 2)  # fmt: skip
    large = solver.evaluate({})["seismograms"]
    assert np.abs(small - large).max() < 2e-3 * np.abs(large).max()
    late = run(40, 4000, FreeSurface())
    assert np.abs(late[..., -200:]).max() < 1e-5 * np.abs(late).max()


def test_explosion_at_depth_is_symmetric():
    """An isotropic moment tensor: mirrored receivers see mirrored motion, to rounding but for the layers' half cell."""
    grid = StaggeredGrid((61, 41), (10.0, 10.0), (-300.0, 0.0))
    source = MomentTensor((0.0, 150.0), ((1e9, 0.0), (0.0, 1e9)), RickerWavelet(12.0))
    solver = FdtdElastic(grid, MEDIUM, [source], [(-120.0, 0.0), (120.0, 0.0)], steps=150, boundaries=[Cpml(10), (FreeSurface(), Cpml(10))])
    left, right = solver.evaluate({})["seismograms"]
    assert np.abs(left[0] + right[0]).max() < 1e-3 * np.abs(left).max()
    assert np.abs(left[1] - right[1]).max() < 1e-3 * np.abs(left).max()
