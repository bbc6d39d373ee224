"""From magnitude and distance to amplitude: published magnitude relations by name, and Brune's source with attenuation.

Amplitudes are ground displacements in m, zero to peak, in the band in which a Wood-Anderson seismometer records them, as a decimal logarithm:

    log10 A = level - loss(r) - S,  M = log10 A + loss(r) + S    (r: hypocentral distance; S: station correction, added to the magnitude).

Of a magnitude relation the level is the magnitude itself. Relations whose distance is the epicentral one are not here, nor are those
whose coefficients could not be confirmed from two sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.objectives.detection import Attenuation

MILLIMETER = 1e-3 / 2080
"""Ground displacement, m, of one mm on the record of a Wood-Anderson seismometer, whose magnification is 2080: R. A. Uhrhammer and
E. R. Collins, Bull. Seismol. Soc. Am. 80, 702 (1990). (Richter took 2800; 2080 is also what the constants of IASPEI's formula imply.)"""
NANOMETER = 1e-9
KM = 1e3


@dataclass(frozen=True)
class MagnitudeRelation:
    """``M = log10(A / unit) + n log10(r / reference) + K (r - reference) + constant + near exp(-decay r) + S``, r in km.

    Parameters
    ----------
    name, region, source : str
        Its name here, where it was found, and the publication with its equation.
    n, K, reference, constant : float
        Geometrical spreading, anelastic loss (1/km), reference distance (km) and the value there.
    unit : float
        What the amplitude is counted in, m of ground displacement.
    distances : tuple
        Hypocentral distances for which it was found, km.
    near, decay : float
        Correction near the source, and its decay, 1/km.
    residual : float, optional
        Standard deviation of station magnitudes, where the publication has one.
    magnitudes : tuple, optional
        Magnitudes for which it was found, where the publication says.
    """

    name: str
    region: str
    source: str
    n: float
    K: float
    reference: float
    constant: float
    unit: float
    distances: tuple[float, float]
    near: float = 0.0
    decay: float = 0.0
    residual: float | None = None
    magnitudes: tuple[float, float] | None = None
    scale: str = "ML"

    def attenuation(self) -> Attenuation:
        """The loss."""
        constant = self.constant - self.K * self.reference - self.n * math.log10(self.reference * KM) - math.log10(self.unit)
        return Attenuation(linear=self.K / KM, logarithm=self.n, offset=constant, near=self.near, decay=self.decay / KM)

    def level(self, magnitude):
        """The magnitude itself."""
        return np.asarray(magnitude, dtype=float)

    def magnitude_of(self, level):
        """The inverse of `level`."""
        return np.asarray(level, dtype=float)

    def magnitude(self, amplitude, distance, correction=0.0):
        """Magnitude of a ground displacement, zero to peak, and a hypocentral distance, both m; ``correction`` is added."""
        return np.log10(amplitude) + self.attenuation()(distance) + correction


RELATIONS = {
    r.name: r for r in (
        MagnitudeRelation(
            "hutton-boore-1987", "southern California",
            "L. K. Hutton and D. M. Boore, Bull. Seismol. Soc. Am. 77, 2074 (1987), abstract and eq. (2)",
            1.110, 0.00189, 100.0, 3.0, MILLIMETER, (10.0, 700.0), residual=0.21,
        ),
        MagnitudeRelation(
            "bakun-joyner-1984", "central California",
            "W. H. Bakun and W. B. Joyner, Bull. Seismol. Soc. Am. 74, 1827 (1984), eq. (3); range as in NMSOP-2, DS 3.1",
            1.000, 0.00301, 100.0, 3.0, MILLIMETER, (0.0, 400.0),
        ),
        MagnitudeRelation(
            "iaspei", "crust that attenuates like southern California's",
            "IASPEI, Standard procedures for magnitude determinations, eq. (1)",
            1.11, 0.00189, 1.0, -2.09 + 0.00189, NANOMETER, (0.0, 1000.0),
        ),
        MagnitudeRelation(
            "luckett-2019", "British Isles, also within 10 km",
            "R. Luckett, L. Ottemoller, A. Butcher and B. Baptie, Geophys. J. Int. 216, 1145 (2019), abstract",
            1.11, 0.00189, 1.0, -2.09 + 0.00189, NANOMETER, (0.0, 1000.0), near=-1.16, decay=0.2,
        ),
    )
}  # fmt: skip
"""The relations by name."""


@dataclass(frozen=True)
class BruneSource:
    """Displacement of S waves in a narrow band around ``frequency``, of an earthquake after Brune in a homogeneous crust.

    Far-field spectrum (J. N. Brune, J. Geophys. Res. 75, 4997 (1970) and 76, 5002 (1971); constants as in D. M. Boore, Pure Appl. Geophys.
    160, 635 (2003)):

        Omega(f) = radiation surface M0 / (4 pi density speed^3) / (1 + (f / fc)^2) G(r) exp(-pi f r / (Q(f) speed)) exp(-pi kappa f),
        fc = 2.34 / (2 pi) speed (16 stress_drop / (7 M0))^(1/3),  G(r) = (r / 1 km)^-spreading / 1 km,  Q(f) = q0 (f / 1 Hz)^eta,

    and the pulse through a filter of that band without phase has the peak 2 bandwidth Omega(frequency). The magnitude is the moment's:
    log10 M0 = 1.5 M + 9.05 (N m; T. C. Hanks and H. Kanamori, J. Geophys. Res. 84, 2348 (1979)).

    Parameters
    ----------
    frequency, bandwidth : float
        Hz.
    stress_drop : float
        Pa.
    speed, density : float
        Of S waves at the source, m/s; kg/m^3.
    q0, eta, kappa : float
        Quality factor at 1 Hz and its power; loss at the site, s.
    spreading : float
        Power of the geometrical spreading.
    radiation, surface : float
        Average of the radiation pattern over the sphere and the two horizontal components' share; amplification at the free surface.
    """

    frequency: float = 5.0
    bandwidth: float = 5.0
    stress_drop: float = 3e6
    speed: float = 3500.0
    density: float = 2800.0
    q0: float = 200.0
    eta: float = 0.5
    kappa: float = 0.03
    spreading: float = 1.0
    radiation: float = 0.55 / math.sqrt(2)
    surface: float = 2.0

    name = "brune"
    region = "a homogeneous crust"
    source = "Brune 1970 and 1971"
    distances = (0.0, math.inf)
    magnitudes = (0.5, 9.5)
    """Where one stress drop fits high-frequency amplitudes: D. M. Boore, Bull. Seismol. Soc. Am. 76, 43 (1986)."""
    scale = "Mw"
    residual = None

    def __post_init__(self):
        for name in ("frequency", "bandwidth", "stress_drop", "speed", "density", "q0", "spreading", "radiation", "surface"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} of the source", "a positive number", getattr(self, name), "correct it")

    def corner(self, magnitude):
        """Corner frequency, Hz."""
        return 2.34 / (2 * math.pi) * self.speed * np.cbrt(16 * self.stress_drop / (7 * moment(magnitude)))

    def attenuation(self) -> Attenuation:
        """The loss over the distance."""
        quality = self.q0 * self.frequency**self.eta
        absorption = math.pi * self.frequency * math.log10(math.e) / (quality * self.speed)
        return Attenuation(linear=absorption, logarithm=self.spreading, offset=math.log10(KM) * (1 - self.spreading))

    def level(self, magnitude):
        """What of the amplitude comes from the source and the site."""
        f = self.frequency
        flat = self.radiation * self.surface / (4 * math.pi * self.density * self.speed**3) * 2 * self.bandwidth
        below = np.log10(1 + (f / self.corner(magnitude)) ** 2)
        return math.log10(flat) + np.log10(moment(magnitude)) - below - math.pi * self.kappa * f * math.log10(math.e)

    def magnitude_of(self, level):
        """The inverse of `level`, by bisection between magnitudes -5 and 12."""
        level = np.asarray(level, dtype=float)
        low, high = np.full(level.shape, -5.0), np.full(level.shape, 12.0)
        for _ in range(60):
            middle = 0.5 * (low + high)
            above = self.level(middle) > level
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return 0.5 * (low + high)


def moment(magnitude):
    """Seismic moment, N m, of a moment magnitude: M = 2/3 log10 M0 - 10.7, M0 in dyn cm (Hanks and Kanamori 1979)."""
    return 10.0 ** (1.5 * (np.asarray(magnitude, dtype=float) + 10.7) - 7)


def relation(name: str) -> MagnitudeRelation | BruneSource:
    """The relation of a name.

    Raises
    ------
    InputError
        When there is none.
    """
    if name == BruneSource.name:
        return BruneSource()
    if name not in RELATIONS:
        raise InputError("relation", f"one of {', '.join([*RELATIONS, BruneSource.name])}", repr(name), "choose one of these")
    return RELATIONS[name]


def outside_range(used: MagnitudeRelation | BruneSource, distances, magnitudes, scales=()) -> list[str]:
    """What to say where a relation is used for what it was not found for.

    Parameters
    ----------
    used : MagnitudeRelation or BruneSource
        The relation.
    distances : ndarray
        Hypocentral distances, m.
    magnitudes : ndarray
        Magnitudes of the events.
    scales : iterable of str
        Their scales.

    Returns
    -------
    list of str
        A line each for distances, magnitudes and other scales of magnitude; empty when all is within range.
    """
    lines, r = [], np.asarray(distances) / KM
    for what, values, limits, unit in (("distances", r, used.distances, " km"), ("magnitudes", np.asarray(magnitudes), used.magnitudes, "")):
        if limits is None or not values.size:
            continue
        share = np.mean((values < limits[0]) | (values > limits[1]))
        if share > 0:
            lines.append(
                f"relation {used.name}: {what} from {values.min():.3g} to {values.max():.3g}{unit}, {100 * share:.2g} % of them outside of its range, "
                f"{limits[0]:g} to {limits[1]:g}{unit}"
            )
    others = sorted({s or "unnamed" for s in scales if not s.lower().startswith(used.scale.lower())})
    if others:
        lines.append(f"relation {used.name}: it is for {used.scale}, and magnitudes of other scales ({', '.join(others)}) are taken for that")
    return lines


PRIOR = {3: (4.81, 0.0883, -4.36, 0.19), 4: (5.96, 0.0803, -5.80, 0.18), 5: (9.42, 0.0598, -9.60, 0.18)}
"""Coefficients and scatter of `prior_completeness` by the number of stations."""


def prior_completeness(distance, k: int) -> tuple[np.ndarray, float]:
    """Magnitude of completeness from the distance to the k-th nearest station alone, and its scatter.

    ``c1 d^c2 + c3``, d in km: A. Mignan, M. J. Werner, S. Wiemer, C.-C. Chen and Y.-M. Wu, Bull. Seismol. Soc. Am. 101, 1371 (2011), as found
    for Taiwan; for other networks c3 is to be fitted (A. Mignan and G. Chouliaras, Seismol. Res. Lett. 85, 657 (2014)).

    Parameters
    ----------
    distance : array_like
        To the k-th nearest station, m.
    k : {3, 4, 5}
        Which.

    Raises
    ------
    InputError
        For another k.
    """
    if k not in PRIOR:
        raise InputError("k", "3, 4 or 5", k, "take one of these")
    c1, c2, c3, scatter = PRIOR[k]
    return c1 * (np.asarray(distance, dtype=float) / KM) ** c2 + c3, scatter
