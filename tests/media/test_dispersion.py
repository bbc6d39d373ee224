"""Dispersive media: textbook formulas, refusal of gain, causal loss tangents, and the library against what was published."""

import numpy as np
import pytest

from adjointdesign.constants import C0, EPS0
from adjointdesign.errors import InputError
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.media.dispersive_library import dispersive_material, dispersive_materials
from adjointdesign.media.library import MATERIALS, permittivity
from adjointdesign.media.loss_tangent import loss_tangent

F = np.geomspace(1e12, 1e16, 60)
W = 2 * np.pi * F


def test_models_are_those_of_textbooks():
    debye = Dispersion.debye(2.0, [3.0, 0.5], [1e-14, 2e-13], conductivity=5.0)
    assert debye.permittivity(F) == pytest.approx(
        2 + 3 / (1 - 1e-14j * W) + 0.5 / (1 - 2e-13j * W) + 5j / (EPS0 * W), rel=1e-13
    )
    drude = Dispersion.drude(1.5, 2e15, 1e14)
    assert drude.permittivity(F) == pytest.approx(1.5 - (4e15 * np.pi) ** 2 / (W**2 + 1e14j * W), rel=1e-9)
    w0 = 2 * np.pi * 3e14
    for damping in (0.0, 1e13, 1.9 * w0, 5 * w0):
        lorentz = Dispersion.lorentz(1.0, 2.0, 3e14, damping)
        assert lorentz.permittivity(F) == pytest.approx(1 + 2 * w0**2 / (w0**2 - W**2 - 1j * damping * W), rel=1e-11)
    both = Dispersion.combined(3.0, drude, lorentz)
    assert both.permittivity(F) == pytest.approx(3 + drude.susceptibility(F) + lorentz.susceptibility(F), rel=1e-12)


def test_the_scheme_sees_the_medium_at_the_warped_frequency():
    dt = 1e-17
    medium = Dispersion.combined(1.0, Dispersion.drude(1.0, 2e15, 1e14), Dispersion.lorentz(1.0, 2.0, 3e14, 1e13))
    warped = np.tan(np.pi * F * dt) / (np.pi * dt)
    assert medium.scheme_susceptibility(F, dt) == pytest.approx(medium.susceptibility(warped), rel=1e-12)


def test_response_is_causal():
    """Kramers and Kronig: the real part at one frequency from the loss at all, by the trapezoidal rule."""
    medium = Dispersion.combined(2.0, Dispersion.lorentz(1.0, 1.5, 3e14, 3e14), Dispersion.debye(1.0, 0.7, 2e-15))
    x = np.linspace(0, 3e18, 3_000_001)[1:]
    loss, w0 = medium.permittivity(x / (2 * np.pi)).imag, x[2500] + 0.5 * (x[1] - x[0])
    whole = 2 / np.pi * np.sum(x * loss / (x**2 - w0**2)) * (x[1] - x[0])
    assert medium.permittivity(w0 / (2 * np.pi)).real - 2 == pytest.approx(whole, rel=2e-3)


ACTIVE = {
    "inverted resonance": lambda: Dispersion(1.0, 0.0, (-1e13 + 1e15j,), (1e14j,)),
    "inverted resonance without damping": lambda: Dispersion(1.0, 0.0, (1e15j,), (1e14j,)),
    "dispersion that is absorption": lambda: Dispersion(1.0, 0.0, (-1e13 + 1e15j,), (1e14 + 0j,)),
    "negative relaxation": lambda: Dispersion(2.0, 0.0, (-1e13,), (-1e13,)),
    "carriers with too little conductivity": lambda: Dispersion(1.0, 0.9 * EPS0 * 1e14, (-1e13,), (-1e14,)),
    "narrow gain within broad loss": lambda: Dispersion(1.0, 0.0, (-1e14, -1e9 + 1e13j), (1e13, 1e10j)),
}  # fmt: skip


@pytest.mark.parametrize("case", ACTIVE)
def test_gain_is_refused(case):
    with pytest.raises(InputError, match="^dispersive medium: expected loss at every frequency.*gain at .* Hz"):
        ACTIVE[case]()


def test_a_sum_may_be_passive_where_a_term_is_not():
    """As in fits of metals: a resonance with a phase, beside enough loss."""
    alone = (-2e15 + 4e15j,), (1e14 - 5e15j,)
    with pytest.raises(InputError, match="gain"):
        Dispersion(1.0, 0.0, (-5e14 + 4e15j,), (2e15 - 3e15j,))
    assert Dispersion(1.0, 1e6, (-5e14 + 4e15j,), (2e15 - 3e15j,)).permittivity(1e14).imag > 0
    assert Dispersion(1.0, 1e5, *alone).permittivity(1e14).imag > 0


BAD = {
    "eps_inf": (lambda: Dispersion(0.0), "eps_inf"),
    "conductivity": (lambda: Dispersion(1.0, -1.0), "conductivity"),
    "growing pole": (lambda: Dispersion(1.0, 0.0, (1e12,), (1e12,)), "real parts not above zero"),
    "pole at zero": (lambda: Dispersion(1.0, 0.0, (0.0,), (1e12,)), "as a conductivity"),
    "lower half of a pair": (lambda: Dispersion(1.0, 0.0, (-1e12 - 1e13j,), (1e12,)), "positive imaginary"),
    "complex residue of a real pole": (lambda: Dispersion(1.0, 0.0, (-1e12,), (1e12 + 1e10j,)), "a real number"),
    "residues missing": (lambda: Dispersion(1.0, 0.0, (-1e12,), ()), "one a pole"),
    "not a number": (lambda: Dispersion(1.0, 0.0, (float("nan"),), (1.0,)), "finite complex"),
    "no damping of carriers": (lambda: Dispersion.drude(1.0, 1e15, 0.0), "collision_rate"),
    "critical damping": (lambda: Dispersion.lorentz(1.0, 1.0, 1e14, 4e14 * np.pi), "twice the angular resonance"),
    "as many times as strengths": (lambda: Dispersion.debye(1.0, [1.0, 2.0], 1e-12), "as many of one"),
    "band beside the frequency": (lambda: loss_tangent(4.0, 0.02, 1e9, (2e9, 3e9)), "^band"),
    "negative loss tangent": (lambda: loss_tangent(4.0, -0.02, 1e9, (1e9, 3e9)), "^tan_delta"),
    "loss beyond what is possible": (lambda: loss_tangent(2.0, 3.0, 1e9, (1e8, 1e10)), "^tan_delta"),
    "impossible tolerance": (lambda: loss_tangent(2.0, 0.01, 1e9, (1e8, 1e10), 1e-15), "^tolerance"),
    "unknown material": (lambda: dispersive_material("unobtainium"), "FR-4.*silica"),
    "band of a material": (lambda: dispersive_material("water", (1e9, 1e14)), "where water is known"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    make, text = BAD[case]
    with pytest.raises(InputError, match=text):
        make()


@pytest.mark.parametrize("band", [(1e9, 3e9), (0.5e9, 20e9), (1e7, 1e11)])
@pytest.mark.parametrize("tan_delta", [1e-4, 0.02, 0.2])
def test_loss_tangent_is_met_and_its_error_is_true(tan_delta, band):
    medium, error = loss_tangent(4.3, tan_delta, 2e9, band)
    eps = medium.permittivity(2e9)
    assert eps.real == pytest.approx(4.3, rel=1e-12) and eps.imag / eps.real == pytest.approx(tan_delta, rel=1e-12)
    eps = medium.permittivity(np.geomspace(*band, 777))
    assert np.max(np.abs(eps.imag / eps.real / tan_delta - 1)) <= error * 1.01 <= 0.0202
    assert len(medium.poles) <= 2 + 2 * np.log10(band[1] / band[0]) and all(a.imag == 0 for a in medium.poles)
    # What causality asks for: the fall of the permittivity over the band (see the module).
    fall = (eps.real[0] - eps.real[-1]) / (2 / np.pi * tan_delta * np.log(band[1] / band[0]))
    assert fall == pytest.approx(4.3, rel=0.35)


def test_no_loss_is_no_dispersion():
    medium, error = loss_tangent(2.2, 0.0, 1e10, (1e9, 2e10))
    assert medium == Dispersion(2.2) and error == 0


# Indices calculated from the same tables by refractiveindex.info (Lorentz-Drude model of gold), wavelengths in micrometers.
@pytest.mark.parametrize("wavelength, n, k", [
    (0.30109, 1.5247, 1.6757), (0.50523, 0.74535, 1.9410), (0.80762, 0.22906, 4.5673), (1.5424, 0.57185, 9.6168),
    (5.1055, 3.5867, 31.539),
])  # fmt: skip
def test_gold_as_published(wavelength, n, k):
    eps = dispersive_material("gold").permittivity(C0 / (wavelength * 1e-6))
    assert np.sqrt(eps) == pytest.approx(n + 1j * k, rel=1e-4)


# P. B. Johnson and R. W. Christy, Phys. Rev. B 6, 4370 (1972): wavelength (micrometers), n, k.
JOHNSON_CHRISTY = {
    "gold": [(0.4959, 1.04, 1.833), (0.5486, 0.43, 2.455), (0.6168, 0.21, 3.272), (0.7045, 0.13, 4.103),
             (0.8211, 0.16, 5.083), (0.9840, 0.22, 6.350), (1.2160, 0.35, 8.145), (1.6100, 0.56, 11.21), (1.9370, 0.92, 13.78)],
    "silver": [(0.4133, 0.05, 2.275), (0.4959, 0.05, 3.093), (0.5486, 0.06, 3.586), (0.6168, 0.06, 4.152),
               (0.7045, 0.04, 4.838), (0.8211, 0.04, 5.727), (0.9840, 0.04, 6.992), (1.2160, 0.09, 8.828),
               (1.6100, 0.15, 11.85), (1.9370, 0.24, 14.08)],
}  # fmt: skip


@pytest.mark.parametrize("name", JOHNSON_CHRISTY)
def test_metals_depart_from_measurements_as_stated(name):
    wavelength, n, k = np.array(JOHNSON_CHRISTY[name]).T
    measured = (n + 1j * k) ** 2
    error = np.abs(dispersive_material(name).permittivity(C0 / (wavelength * 1e-6)) / measured - 1)
    low, high = {"gold": (0.09, 0.23), "silver": (0.18, 0.27)}[name]
    assert low < error.min() and error.max() < high
    assert f"{low:.0%} to {high:.0%}" in dispersive_materials()[name].fit


@pytest.mark.parametrize("name, key", [("silicon", "Si"), ("silica", "SiO2")])
def test_glasses_are_their_formulas(name, key):
    wavelength = np.linspace(*MATERIALS[key].valid, 20)[1:-1]
    assert dispersive_material(name).permittivity(C0 / wavelength) == pytest.approx(permittivity(key, wavelength), rel=1e-9)


def test_water_relaxes_near_nineteen_gigahertz():
    """Static permittivity 78.3 and relaxation near 19.3 GHz at 25 C (Liebe et al.; 8.26 ps is 19.3 GHz)."""
    water = dispersive_material("water")
    assert water.permittivity(1e6).real == pytest.approx(78.3, abs=0.05)
    f = np.linspace(5e9, 50e9, 2000)
    assert f[np.argmax(water.permittivity(f).imag)] == pytest.approx(19.3e9, rel=0.03)


def test_every_entry_says_where_it_comes_from():
    entries = dispersive_materials()
    assert set(entries) >= {"FR-4", "RO4003C", "RO5880", "PTFE", "water", "gold", "silver", "silicon", "silica"}
    for name, entry in entries.items():
        assert entry.name == name and entry.source and entry.fit and 0 < entry.valid[0] < entry.valid[1]
        assert dispersive_material(name, entry.valid) is entry.medium
