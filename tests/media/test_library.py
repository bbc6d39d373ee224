import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.media.library import MATERIALS, permittivity


# Measured indices (Salzberg and Villa 1957, from which the fit deviates by about 1e-4; Malitson 1965, by 1e-5), and
# indices quoted by refractiveindex.info for the same sources (Si at 6.18 micrometers, Si3N4 at 1.55).
@pytest.mark.parametrize("material, wavelength, index, tolerance", [
    ("Si", 1.3673e-6, 3.4962, 3e-4),
    ("Si", 1.5295e-6, 3.4795, 3e-4),
    ("Si", 6.18e-6, 3.42009, 1e-5),
    ("Si", 11.04e-6, 3.4176, 3e-4),
    ("SiO2", 0.589262e-6, 1.45841, 2e-5),
    ("SiO2", 1.52952e-6, 1.44427, 2e-5),
    ("Si3N4", 1.55e-6, 1.9963, 2e-4),
    ("vacuum", 1.0, 1.0, 0.0),
])
def test_index_as_published(material, wavelength, index, tolerance):
    assert np.sqrt(permittivity(material, wavelength)) == pytest.approx(index, abs=tolerance)


@pytest.mark.parametrize("name", MATERIALS)
def test_range_is_enforced_and_index_falls_with_wavelength(name):
    shortest, longest = MATERIALS[name].valid
    if name == "vacuum":
        shortest, longest = 1e-9, 1.0
    values = permittivity(name, np.linspace(shortest, longest, 50))
    assert values.shape == (50,) and np.all(np.diff(values) <= 0)
    if name != "vacuum":
        for wavelength in (0.99 * shortest, 1.01 * longest, np.nan):
            with pytest.raises(InputError, match="^wavelength"):
                permittivity(name, wavelength)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="^material.*SiO2"):
        permittivity("silica", 1.55e-6)
    with pytest.raises(InputError, match="^wavelength"):
        permittivity("vacuum", -1.0)
