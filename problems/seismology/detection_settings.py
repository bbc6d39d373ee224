"""Settings of the problem `detection-network`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from adjointdesign.problem import Settings

Positive = Annotated[float, Field(gt=0)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Source(Settings):
    """Source and crust of the relation "brune", see `relations.BruneSource`; its band is that of the noise."""

    stress_drop: Positive = 3e6
    speed: Positive = 3500.0
    density: Positive = 2800.0
    q0: Positive = 200.0
    eta: Annotated[float, Field(ge=-2, le=2)] = 0.5
    kappa: Annotated[float, Field(ge=0, le=1)] = 0.03
    spreading: Positive = 1.0


class DetectionSpecification(Settings):
    """Earthquakes, stations, and what it takes to detect.

    ``catalog`` and ``network`` name files (see `catalog.py` and `network.py`); empty for the real ones of the demo. ``area`` names GeoJSON
    polygons within which stations may be put; empty for anywhere within reach. Stations of the codes ``fixed`` stay; ``added`` new ones
    begin amid earthquakes far from others. Any two stations are to be ``spacing`` (m) apart, unless both are fixed.

    An event is detected when ``k`` stations record a peak of ground displacement, after the ``relation`` (see `relations.py`), above
    ``signal_to_noise`` times the root mean square of the noise in the ``band`` (Hz), with log-normal ``scatter`` (decimal logarithm).
    ``noise`` is 0 for Peterson's new low noise model, 1 for the high one, and linear in decibels between; ``noise_map`` names a grid of
    such numbers in its place. ``source`` is for the relation "brune" alone. Events of ``magnitudes`` count; ``weights`` "bins" gives every bin of magnitudes, ``bin`` wide, the same
    weight in all.

    ``detection`` is the mean probability asked for; completeness is that at which a network detects with probability ``confidence`` at
    ``depth`` (m).
    """

    catalog: str = ""
    network: str = ""
    area: str = ""
    k: Count = 5
    relation: str = "bakun-joyner-1984"
    source: Source = Source()
    noise: Annotated[float, Field(ge=-0.5, le=1.5)] = 0.9
    noise_map: str = ""
    band: tuple[Positive, Positive] = (2.0, 10.0)
    signal_to_noise: Positive = 4.0
    scatter: Positive = 0.25
    magnitudes: tuple[float, float] = (-2.0, 10.0)
    weights: Literal["equal", "bins"] = "equal"
    bin: Positive = 0.5
    fixed: tuple[str, ...] = ()
    added: Annotated[int, Field(ge=0, le=1000)] = 0
    spacing: Annotated[float, Field(ge=0)] = 1000.0
    detection: Probability = 0.9
    confidence: Probability = 0.95
    depth: Annotated[float, Field(ge=0, le=8e5)] = 8e3


class DetectionDiscretization(Settings):
    """Map of completeness: ``nodes`` along each side. ``threads`` that share the events; 0 for all cores."""

    nodes: Annotated[int, Field(ge=4, le=1000)] = 40
    threads: Annotated[int, Field(ge=0, le=1024)] = 0


class DetectionStage(Settings):
    """One stage: the scatter is ``softness`` times the true one, so that stations far from detecting have a gradient too."""

    softness: Annotated[float, Field(ge=1, le=20)] = 1.0
    evaluations: Count = 40


class DetectionOptimization(Settings):
    """What is maximized, and how far stations may go.

    ``objective`` "detection" (the mean probability) or "completeness" (its mean over the map is lowered). ``reach`` (m) is how far a
    station may move to each side, east and north; ``initial_noise`` (a part of the reach) varies the start by the seed. Under "lbfgsb" the
    constraints cost ``penalty`` times the square of what they miss.
    """

    objective: Literal["detection", "completeness"] = "detection"
    reach: Positive = 15e3
    method: Literal["lbfgsb", "mma", "ccsa"] = "lbfgsb"
    penalty: Positive = 0.1
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 1e-4
    initial_noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    wall_time: Positive | None = None
    stages: tuple[DetectionStage, ...] = (DetectionStage(softness=4.0), DetectionStage(softness=2.0), DetectionStage(evaluations=80))
