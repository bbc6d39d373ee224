"""The pixels of a slab device on its three-dimensional grid, against sampling at many points of each dual cell."""

import numpy as np
import pytest

from adjointdesign import configuration
from adjointdesign.problems import find


@pytest.fixture(scope="module")
def bend():
    return configuration.load(find("soi-bend"), overrides=["preset=coarse"]).build()


@pytest.mark.parametrize("component", ["ex", "ey", "ez"])
def test_core_fraction_of_a_slab_is_the_sampled_mean(bend, component):
    pixel, (nx, ny), bottom, top = bend.specification.pixel, bend.design_shape, *bend.slab()
    density = np.random.default_rng(0).uniform(size=(nx, ny))
    fraction = np.asarray(bend.layout.core_fractions(density)[component])

    # Midpoints of 20 equal parts of a cell of 50 nm: 2.5 nm divides pixels of 20 nm and every edge in the plane.
    spacing, parts = bend.discretization.spacing, 20
    steps = ((np.arange(parts) + 0.5) / parts - 0.5) * spacing
    x, y, z = (
        (bend.layout.grid.coordinates(component, a)[bend.layout.box.slices[component][a]][:, None] + steps).ravel()
        for a in range(3)
    )
    i, j = (np.floor(v / pixel + n / 2 + 1e-9).astype(int) for v, n in ((x, nx), (y, ny)))
    inside = np.multiply.outer((i >= 0) & (i < nx), (j >= 0) & (j < ny))
    plane = np.where(inside, density[np.ix_(np.clip(i, 0, nx - 1), np.clip(j, 0, ny - 1))], 0.0)
    half = bend.specification.guide_width / 2
    plane += np.multiply.outer(x < -nx * pixel / 2, np.abs(y) < half)
    plane += np.multiply.outer(np.abs(x) < half, y < -ny * pixel / 2)
    plane = plane.reshape(x.size // parts, parts, y.size // parts, parts).mean(axis=(1, 3))
    layer = ((z > bottom) & (z < top)).reshape(-1, parts).mean(axis=1)

    sampling = 1 / parts  # the layer's faces lie between two samples
    assert fraction.shape == plane.shape + layer.shape
    assert np.abs(fraction - plane[..., None] * layer).max() <= sampling
    full = layer == 1.0
    assert np.abs(fraction - plane[..., None] * layer)[..., full].max() < 1e-12
