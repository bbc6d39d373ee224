"""The shipped devices at their coarse preset, and designs for them."""

import numpy as np

from adjointdesign import configuration
from adjointdesign.problems import find
from adjointdesign.problems.photonics import PhotonicDevice, Port
from adjointdesign.problems.photonics.two_port import TwoPortSpecification

PLANE = ("waveguide-bend", "mode-converter", "beam-splitter", "demultiplexer")


def device(name, *overrides, preset="coarse") -> PhotonicDevice:
    """A shipped device."""
    return configuration.load(find(name), overrides=[*([f"preset={preset}"] if preset else []), *overrides]).build()


class Straight(PhotonicDevice):
    """The mode converter's geometry with the fundamental mode at both ports: what a straight guide should pass."""

    name, summary, Specification = "straight", "a straight guide", TwoPortSpecification

    def ports(self):
        return Port("west"), Port("east")

    def targets(self):
        return self.target("S21", 1, -0.5), self.target("S11", -1, -20.0)


def straight(*overrides) -> Straight:
    """The straight guide's device on a 40 nm grid."""
    return configuration.load(Straight, overrides=["discretization.spacing=40e-9", *overrides]).build()


def guide(problem, low=-200e-9, high=200e-9) -> np.ndarray:
    """A density with core where y lies between ``low`` and ``high``, m; in pixels, which these edges must meet."""
    pixel, shape = problem.specification.pixel, problem.design_shape
    y = (np.arange(shape[1]) - shape[1] / 2 + 0.5) * pixel
    return np.where((low < y) & (y < high), 1.0, 0.0) * np.ones(shape)


def blobs(shape, seed=3, width=12) -> np.ndarray:
    """A smooth random density between 0 and 1."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), width, mode="nearest")
    return 0.5 + 0.5 * np.tanh(3 * noise / noise.std())
