"""What the tests of the elastic solver share: small heterogeneous cases, and Green's functions of the full plane."""

import numpy as np
from scipy.special import hankel1

from adjointdesign.solvers.fdtd_elastic import Cpml, FdtdElastic, FreeSurface, MomentTensor, PointForce, StaggeredGrid
from adjointdesign.sources import RickerWavelet

LAMBDA, MU, RHO = 8e9, 8e9, 2000.0
VP, VS = np.sqrt((LAMBDA + 2 * MU) / RHO), np.sqrt(MU / RHO)


def random_case(top="free", kinds="both", box=None, steps=70, **options):
    """A rough medium, sources and receivers next to the surface and the layers, and inputs of every kind."""
    rng = np.random.default_rng(3)
    grid = StaggeredGrid((26, 25), (10.0, 12.0), (-40.0, 5.0))
    rough = 1 + 0.3 * rng.random((3, *grid.shape))
    medium = {"lame_lambda": LAMBDA * rough[0], "lame_mu": MU * rough[1], "density": RHO * rough[2]}
    pulse = RickerWavelet(30.0, 0.03)
    face = FreeSurface() if top == "free" else Cpml(5)
    shift = 0.0 if top == "free" else 60.0
    sources = []
    if kinds in ("both", "force"):
        sources.append(PointForce((60.3, 31.0 + shift), (1e6, -4e5), pulse))
    if kinds in ("both", "moment"):
        sources.append(MomentTensor((83.1, 75.0 + shift / 2), ((3e7, 1e7), (-2e7, 2e7)), pulse))
    receivers = [(30.2, 7.5 + shift), (121.7, 60.4 + shift / 2)]
    options = {"courant": 0.6, "boundaries": [(Cpml(6), Cpml(5)), (face, Cpml(6))], "box": box, **options}
    solver = FdtdElastic(grid, medium, sources, receivers, steps=steps, **options)
    (i0, i1), (j0, j1) = solver.program.box
    inputs = {name: values[i0:i1, j0:j1] * (1 + 0.1 * rng.random((i1 - i0, j1 - j0))) for name, values in medium.items()}
    return solver, {**inputs, **{name: value for name, value in solver.settings.items() if value.size}}


def full_plane_displacement(offset, force, frequency):
    """Displacement at ``offset`` from a line force per metre, in the frequency domain, ``exp(-i w t)``.

    ``u_i = (i / 4 mu) (H0(ks r) d_ij + ks^-2 d_i d_j (H0(ks r) - H0(kp r))) F_j`` (E. Kausel, Fundamental Solutions in
    Elastodynamics (2006)).
    """
    omega, offset = 2 * np.pi * frequency, np.asarray(offset, float)
    r = np.linalg.norm(offset)
    outer = np.outer(offset, offset) / r**2
    ks = omega / VS
    tensor = hankel1(0, ks * r)[:, None, None] * np.eye(2)
    for k, sign in ((ks, 1), (omega / VP, -1)):
        first, second = -k * hankel1(1, k * r), -(k**2) * (hankel1(0, k * r) - hankel1(1, k * r) / (k * r))
        part = first[:, None, None] / r * (np.eye(2) - outer) + second[:, None, None] * outer
        tensor = tensor + sign * part / ks[:, None, None] ** 2
    return 0.25j / MU * tensor @ np.asarray(force, float)


def full_plane_velocity(offset, force, waveform, times):
    """Velocity in time for a force that varies as the real part of a waveform, shape ``(2, times)``.

    At complex frequencies, which keep the long tail of waves in the plane from wrapping around.
    """
    count, dt = 2**13, 2e-3 / 2
    t = np.arange(count) * dt
    damping = 5.0 / (count * dt)
    spectrum = np.fft.fft(np.real(waveform(t)) * np.exp(-damping * t)).conj() * dt  # exp(+i w t)
    frequency = np.arange(count // 2) / (count * dt) + 1j * damping / (2 * np.pi)
    spectrum = spectrum[: count // 2]
    kept = np.arange(count // 2) / (count * dt) < 8 * waveform.center_frequency
    phasor = np.zeros((count // 2, 2), complex)
    phasor[kept] = (-2j * np.pi * frequency * spectrum)[kept, None] * full_plane_displacement(offset, force, frequency[kept])
    phases = np.exp(-2j * np.pi * frequency[kept] * times[:, None])
    return 2 * np.real(phases @ phasor[kept] - phases[:, :1] * phasor[:1] / 2).T / (count * dt)
