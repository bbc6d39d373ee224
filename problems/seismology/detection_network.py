"""Where to put seismometers so that earthquakes are detected.

Existing stations, all but the fixed ones, move east and north over the ellipsoid, and new ones with them. An event is detected when at
least k stations trigger; what is raised is the mean probability of that over a catalogue, whose gradient in every station's place is exact.
Distances are those in space, from the hypocenter, so that neither the date line nor a pole is special.
"""

from __future__ import annotations

import copy
import logging
import math
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from adjointdesign.problems.seismology.detection_settings import (
    DetectionDiscretization,
    DetectionOptimization,
    DetectionSpecification,
)
from adjointdesign.problems.seismology.geography import geodetic, moved
from adjointdesign.problems.seismology.relations import BruneSource, outside_range, relation

from adjointdesign.errors import InputError
from adjointdesign.problem import Problem, Target
from adjointdesign.tape import solve, taped

logger = logging.getLogger(__name__)
SHARPNESS = 50.0
"""Of smooth maxima: they lie above the largest of n values, by at most ln(n) / 50, so that what they allow is allowed."""
SAMPLE = 1_000_000
"""Distances that are looked at, at most, for the range of a relation."""
GROUPS = 12
"""Of stations, for constraints."""
MARGIN = 0.05
"""By which constraints are to be met where they enter as a penalty."""
CLOSE = 1e3
"""Unit of the distance to the allowed area, m."""


class DetectionNetwork(Problem):
    """Parameters -> displacements -> places of stations -> amplitudes, triggers -> mean probability of detection."""

    name: ClassVar = "detection-network"
    summary: ClassVar = "stations of a seismic network moved so that more of its earthquakes are detected"
    Specification: ClassVar = DetectionSpecification
    Discretization: ClassVar = DetectionDiscretization
    Optimization: ClassVar = DetectionOptimization
    presets: ClassVar = {
        "coarse": {
            "discretization": {"nodes": 12},
            "optimization": {"stages": [{"softness": 3.0, "evaluations": 8}, {"softness": 1.0, "evaluations": 8}]},
        },
    }

    def __init__(self, specification, discretization, optimization):
        super().__init__(specification, discretization, optimization)
        if not optimization.stages:
            raise InputError("optimization.stages", "at least one stage", 0, "add one")
        low, high = specification.magnitudes
        if not low < high:
            raise InputError("specification.magnitudes", "the lower one first", f"{low:g} and {high:g}", "swap them")
        low, high = specification.band
        if not low < high:
            raise InputError("specification.band", "the lower frequency first", f"{low:g} and {high:g} Hz", "swap them")
        self.relation = relation(specification.relation)
        if isinstance(self.relation, BruneSource):
            self.relation = BruneSource(frequency=math.sqrt(low * high), bandwidth=high - low, **specification.source.model_dump())
        self._softness = 1.0

    def prepare(self) -> None:
        """Read the files, and say where the relation is used beyond its range."""
        for line in self.warnings():
            logger.warning(line)

    # -- what is given ------------------------------------------------------------------------------------------------

    @cached_property
    def given(self):
        """Catalogue, network as it is, which stations are fixed, and the allowed area."""
        from adjointdesign.problems.seismology.detection_given import given

        return given(self.specification)

    @property
    def design_shape(self) -> tuple[int, ...]:
        """East and north of every station that moves."""
        return (2 * len(self.given.movable),)

    def initial_design(self, rng) -> np.ndarray:
        """The network as it is, with noise if asked for."""
        return self.optimization.initial_noise * rng.uniform(-1, 1, self.design_shape)

    def bounds(self) -> tuple[float, float]:
        """The reach to each side."""
        return -1.0, 1.0

    @cached_property
    def levels(self) -> np.ndarray:
        """Amplitudes of the events at no loss."""
        return self.relation.level(self.given.catalog.magnitude)

    @cached_property
    def noise(self):
        """Ground displacement at any place, root mean square."""
        from adjointdesign.problems.seismology.detection_given import noise_of

        return noise_of(self.specification)

    def weights(self) -> np.ndarray:
        """Of the events."""
        magnitudes = self.given.catalog.magnitude
        if self.specification.weights == "equal":
            return np.ones(len(magnitudes))
        _, which, counts = np.unique(self.bins(), return_inverse=True, return_counts=True)
        return 1.0 / counts[which]

    def bins(self) -> np.ndarray:
        """Number of the bin of each event's magnitude."""
        return np.floor(self.given.catalog.magnitude / self.specification.bin + 1e-9)

    def warnings(self) -> list[str]:
        """Where the relation is used for what it was not found for; of many distances, by a sample of the events."""
        catalog, positions = self.given.catalog, self.given.network.positions()
        every = -(-len(catalog) * len(positions) // SAMPLE)
        apart = np.linalg.norm(catalog.positions()[::every, None] - positions, axis=2)
        return outside_range(self.relation, apart, catalog.magnitude, set(catalog.magnitude_type))

    def _physics(self, events: np.ndarray):
        from adjointdesign.objectives.detection import Network

        s = self.specification
        return Network(events, self.relation.attenuation(), s.scatter * self._softness, s.k, self.discretization.threads or None)

    def solver(self):
        """The mean over the catalogue."""
        return self._mean

    @cached_property
    def _mean(self):
        from adjointdesign.objectives.detection import MeanDetection

        return MeanDetection(self._physics(self.given.catalog.positions()), self.levels, self.weights())

    @cached_property
    def map(self):
        """Places of the map of completeness."""
        from adjointdesign.problems.seismology.detection_given import map_of

        return map_of(self.given, self.specification.depth, self.discretization.nodes)

    @cached_property
    def completeness(self):
        """Level of completeness at the places of the map."""
        from adjointdesign.objectives.completeness import Completeness

        return Completeness(self._physics(self.map.positions), self.specification.confidence)

    def softened(self, softness: float) -> DetectionNetwork:
        """The same problem with more scatter."""
        if softness == self._softness:
            return self
        self.given, self._mean  # noqa: B018 - read once, for all
        other = copy.copy(self)
        other._softness = softness
        for name in ("_mean", "completeness"):
            other.__dict__.pop(name, None)
        other._true = self._mean
        return other

    # -- the flow -----------------------------------------------------------------------------------------------------

    def evaluate(self, parameters, stage=None):
        """As of any problem; a stage has a softness."""
        stage = self.final_stage if stage is None else stage
        return Problem.evaluate(self.softened(stage["softness"]), parameters, stage)

    def density(self, parameters, stage):
        """Cartesian places of all stations, m; shape (stations, 3)."""
        return _places(parameters, self.given.movable, self.given.network.places, self.optimization.reach)

    def medium(self, positions):
        """Places and thresholds."""
        noise = self.noise.log_amplitude(positions) * (1 / np.log(10))
        return {"positions": positions, "thresholds": noise + np.log10(self.specification.signal_to_noise)}

    def solve(self, medium):
        """Mean probability of detection with the scatter of the stage, and with the true one; level of completeness."""
        found = {"mean": solve(self._mean, **medium)["mean"]}
        plain = {name: np.asarray(value) for name, value in medium.items()}
        found["true"] = np.asarray(found["mean"]) if self._softness == 1 else self._true.evaluate(plain)["mean"]
        if self.optimization.objective == "completeness":
            found["level"] = solve(self.completeness, **medium)["level"]
        return found

    def readings(self, fields) -> dict[str, Any]:
        """Probability of detection, true and with the scatter of the stage; mean level of completeness where that is lowered."""
        found = {"detection": fields["true"], "softened": fields["mean"]}
        if "level" in fields:
            found["level"] = _mean_of(fields["level"])
        return found

    def objective(self, readings, stage):
        """Probability to miss an event, or mean level of completeness."""
        return readings["level"] if "level" in readings else _missed(readings["softened"])

    def constraints(self, parameters, stage) -> dict[str, Any]:
        """Distances between stations, and to the allowed area."""
        found, positions = {}, self.density(parameters, stage)
        if self.specification.spacing > 0 and len(positions) > 1:
            found["spacing"] = _crowding(positions, self.given.movable, self.specification.spacing)
        if self.given.area is not None:
            outside = self.given.area.signed_distance(positions[self.given.movable])
            found["area"] = _worst(outside / CLOSE)
        return found

    def report(self, readings):
        """As numbers."""
        return {name: np.asarray(value) for name, value in readings.items()}

    def targets(self):
        """The mean probability."""
        return (Target("detection", 1, self.specification.detection),)

    def stages(self):
        """The softest first."""
        from adjointdesign.optimize.penalty import Penalty
        from adjointdesign.optimize.stages import Stage
        from adjointdesign.optimize.stopping import Stopping

        o = self.optimization
        return tuple(
            Stage(
                f"scatter times {s.softness:g}", {"softness": s.softness}, o.method,
                Stopping(ftol=o.tolerance, max_evaluations=s.evaluations), penalty=Penalty(o.penalty, MARGIN),
            )
            for s in o.stages
        )  # fmt: skip

    def network_of(self, parameters):
        """The network that parameters describe."""
        from adjointdesign.problems.seismology.network import Network

        given = self.given.network
        longitude, latitude, _ = (np.array(v) for v in geodetic(np.asarray(self.density(np.asarray(parameters), {}))))
        stays = np.setdiff1d(np.arange(len(given)), self.given.movable)
        longitude[stays], latitude[stays] = given.longitude[stays], given.latitude[stays]
        return Network(given.codes, longitude, latitude, given.elevation)

    # -- files --------------------------------------------------------------------------------------------------------

    def deliver(self, folder, parameters, status):
        """Write design.h5, stations.xml, .geojson, .kml and .csv, and rating.json; see `detection_deliver.py`."""
        from adjointdesign.problems.seismology.detection_deliver import deliver

        deliver(self, folder, parameters, status)

    def pictures(self, folder):
        """Maps before and after, and the stations' tracks."""
        from adjointdesign.problems.seismology.detection_pictures import pictures

        return pictures(self, folder)

    def summarize(self, folder):
        """What the network detects, before and after."""
        from adjointdesign.problems.seismology.detection_deliver import summarize

        return summarize(folder)

    def evaluate_file(self, path):
        """Rate design parameters (h5, npy), or any network that a file describes: StationXML, GeoJSON, CSV."""
        from adjointdesign.problems.seismology.detection_deliver import evaluate_file

        return evaluate_file(self, path)

    def table(self, result) -> str:
        """What `evaluate_file` gave, for people."""
        from adjointdesign.problems.seismology.detection_deliver import table

        return table(self, result)


@taped
def _places(parameters, movable, start, reach):
    import autograd.numpy as anp

    # A matrix puts the stations that move at their rows: autograd has no assignment.
    scatter = np.zeros((len(start), len(movable)))
    scatter[movable, np.arange(len(movable))] = reach
    moves = anp.dot(scatter, anp.reshape(parameters, (len(movable), 2)))
    return moved(start, moves[:, 0], moves[:, 1])


@taped
def _missed(detection):
    import autograd.numpy as anp

    return anp.sum(1.0 - detection)


@taped
def _mean_of(levels):
    import autograd.numpy as anp

    return anp.mean(levels)


@taped
def _crowding(positions, movable, spacing):
    """Of stations that move, smooth maximum over all others of ``1 - distance^2 / spacing^2``, in groups."""
    import autograd.numpy as anp

    apart = positions[movable][:, None, :] - positions[None, :, :]
    near = 1.0 - anp.sum(apart**2, axis=2) / spacing**2
    itself = np.zeros(near.shape)
    itself[np.arange(len(movable)), movable] = np.inf
    return _worst(near - itself)


@taped
def _worst(values):
    """Smooth maximum of every group of rows: not one number a station, each of which costs a gradient."""
    import autograd.numpy as anp

    groups, found = min(GROUPS, len(values)), []
    for g in range(groups):
        own = anp.ravel(values[g::groups])
        top = anp.max(own)
        found.append(top + anp.log(anp.sum(anp.exp(SHARPNESS * (own - top)))) / SHARPNESS)
    return anp.stack(found)
