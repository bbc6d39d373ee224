"""The problem `detection-network`, on a small synthetic network with a known optimum and on the real one of the demo."""

import json

import numpy as np
import pytest
from adjointdesign.problems.seismology.geography import geodetic, moved

from adjointdesign import configuration
from adjointdesign.errors import InputError
from adjointdesign.problem import value_and_gradient
from adjointdesign.problems import find

pytest.importorskip("obspy")
pytest.importorskip("pyproj")

MIDDLE = 179.95, 84.0
"""Longitude and latitude: by the date line and near a pole."""


def places(east, north):
    """Longitudes and latitudes of places in km from the middle."""
    start = np.broadcast_to([*MIDDLE, 0.0], (len(east), 3))
    longitude, latitude, _ = geodetic(moved(start, 1e3 * np.asarray(east), 1e3 * np.asarray(north)))
    return np.asarray(longitude).tolist(), np.asarray(latitude).tolist()


def files(folder, events, stations, magnitudes, depth=10e3):
    """CSV files of events and stations in km from the middle; the settings that name them."""
    rows = ["longitude,latitude,depth_m,magnitude,magnitude_type,time"]
    rows += [f"{x!r},{y!r},{depth!r},{float(m)!r},ML,{1e9 + 100 * i}" for i, (x, y, m) in enumerate(zip(*places(*events), magnitudes))]
    (folder / "events.csv").write_text("\n".join(rows))
    rows = ["code,longitude,latitude,elevation_m"] + [f"XX.S{i},{x!r},{y!r},0.0" for i, (x, y) in enumerate(zip(*places(*stations)))]
    (folder / "stations.csv").write_text("\n".join(rows))
    return [f"specification.catalog={folder / 'events.csv'}", f"specification.network={folder / 'stations.csv'}"]


def build(*overrides):
    return configuration.load(find("detection-network"), overrides=overrides).build()


@pytest.fixture(scope="module")
def polygon(tmp_path_factory):
    """Five stations in a regular polygon, 40 km around one earthquake."""
    angles = 2 * np.pi * np.arange(5) / 5
    named = files(tmp_path_factory.mktemp("polygon"), ([0.0], [0.0]), (40 * np.cos(angles), 40 * np.sin(angles)), [1.6])
    return angles, [*named, "specification.k=3", "specification.spacing=0"]


def test_symmetric_network(polygon):
    """Gradients of equal size, to what the ellipsoid has against symmetry, and toward the earthquake, to 3 degrees by which north turns."""
    angles, named = polygon
    _, jacobian, *_ = value_and_gradient(build(*named), np.zeros(10), {"softness": 1.0})
    gradient = jacobian.reshape(5, 2)
    inward = gradient @ np.stack([np.cos(angles), np.sin(angles)], axis=1).T
    assert np.diag(inward).min() > 0
    sizes = np.linalg.norm(gradient, axis=1)
    assert np.ptp(sizes) < 1e-6 * sizes.mean()
    np.testing.assert_allclose(np.diag(inward), sizes, rtol=2e-3)


def test_optimum_that_is_known(polygon, tmp_path):
    """With room to move, all stations end above the one earthquake, where the gradient vanishes."""
    from adjointdesign import study

    _, named = polygon
    overrides = [*named, "optimization.reach=60e3", "discretization.nodes=5", "optimization.tolerance=0",
                 "optimization.stages=[{softness=3.0, evaluations=15}, {softness=1.0, evaluations=15}]"]  # fmt: skip
    settings = configuration.load(find("detection-network"), overrides=overrides)
    result = study.optimize(settings, tmp_path)
    problem = settings.build()
    positions = np.asarray(problem.density(result.x, {}))
    above = np.linalg.norm(positions - positions.mean(axis=0), axis=1)
    assert above.max() < 1e3
    r = 10e3
    z = (1.6 - problem.relation.attenuation()(r) - problem.medium(positions)["thresholds"][0]) / 0.25
    from scipy.stats import binom, norm

    assert 1 - result.value == pytest.approx(binom.sf(2, 5, norm.cdf(z)), abs=1e-4)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Six stations, one of them fixed, a new one, and twelve earthquakes, within a triangle."""
    folder, rng = tmp_path_factory.mktemp("small"), np.random.default_rng(1)
    named = files(folder, rng.uniform(-40, 40, (2, 12)), rng.uniform(-40, 40, (2, 6)), rng.uniform(1, 2, 12))
    ring = [list(map(float, p)) for p in zip(*places([-150, 150, 0, -150], [-90, -90, 160, -90]))]
    (folder / "area.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    return [*named, f"specification.area={folder / 'area.geojson'}", "specification.k=3", "specification.fixed=['XX.S2']",
            "specification.added=1", "specification.spacing=10e3", "specification.weights=bins", "discretization.nodes=4",
            "optimization.stages=[{softness=2.0, evaluations=4}, {softness=1.0, evaluations=4}]", "discretization.threads=1"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["detection", "completeness"])
def test_certificate(small, objective):
    """Orders 2 and 3, dot products of solver and program, constraints."""
    from adjointdesign.verification.certificate import certify

    problem = build(*small, f"optimization.objective={objective}")
    certificate = certify(problem, np.random.default_rng(0))
    assert certificate.passed, certificate.failures


def test_what_moves(small):
    """All but the fixed station; the new one begins at an earthquake; a constraint is violated by what it forbids."""
    problem = build(*small)
    assert problem.design_shape == (12,) and problem.given.network.codes[-1] == "XX.NEW1"
    x = np.random.default_rng(0).uniform(-1, 1, 12)
    before, after = problem.given.network, problem.network_of(x)
    assert (after.longitude[2], after.latitude[2]) == (before.longitude[2], before.latitude[2])
    apart = np.linalg.norm(after.positions() - before.positions(), axis=1)
    np.testing.assert_allclose(np.delete(apart, 2), 15e3 * np.linalg.norm(x.reshape(6, 2), axis=1), rtol=1e-3)
    constraints = {name: np.asarray(values) for name, values in problem.constraints(np.zeros(12), {}).items()}
    positions = before.positions()
    nearest = np.sort(np.linalg.norm(positions[:, None] - positions, axis=2), axis=1)[:, 1]
    assert np.all((constraints["spacing"] > 0) == (np.delete(nearest, 2) < 10e3))
    assert np.all(constraints["area"] < 0)
    far = problem.constraints(np.full(12, 1.0), {})
    assert build(*small, "optimization.reach=200e3").constraints(np.full(12, 1.0), {})["area"].max() > 0 > far["area"].max()


@pytest.mark.slow
def test_run_from_start_to_end(small, tmp_path):
    """Deliverables read back as the same network, which rates as in the run; stations end apart and within the area."""
    from adjointdesign import study
    from adjointdesign.problems.seismology.network import read_network

    outcome = study.run(find("detection-network"), tmp_path / "run", overrides=[*small, "preset=coarse"])
    assert outcome.passed
    folder = tmp_path / "run"
    rated = json.loads((folder / "rating.json").read_text())
    assert rated["after"]["detection"] > rated["before"]["detection"]
    assert not any("MISSED" in line for line in rated["warnings"])
    problem = build(*small)
    for ending in ("xml", "geojson", "csv"):
        found = problem.evaluate_file(folder / f"stations.{ending}")
        assert found["readings"]["detection"] == pytest.approx(rated["after"]["detection"], rel=1e-9)
    assert json.loads(json.dumps(found))["stations"] == 7
    assert problem.evaluate_file(folder / "design.h5")["readings"]["detection"] == pytest.approx(rated["after"]["detection"], rel=1e-9)
    assert read_network(folder / "stations.csv").codes == problem.given.network.codes
    assert (folder / "stations.kml").is_file()
    assert {p.name for p in problem.pictures(folder)} == {"completeness", "detection", "tracks"}
    assert any("mean probability of detection" in line and "->" in line for line in problem.summarize(folder))
    assert "XX.NEW1" in (folder / "stations.kml").read_text() and (folder / "report.html").is_file()


def test_command_rates_any_network(small, tmp_path):
    """Of one station less, less is detected."""
    from adjointdesign.problems.seismology.network_files import write_network
    from typer.testing import CliRunner

    from adjointdesign.cli import app

    problem, found = build(*small), []
    for wanted in (6, 5):
        path = write_network(tmp_path / f"stations{wanted}.xml", problem.given.network.selected(np.arange(wanted)))
        settings = [word for override in small for word in ("--set", override)]
        done = CliRunner().invoke(app, ["evaluate", "detection-network", "--stations", str(path), "--json", *settings], catch_exceptions=False)
        found.append(json.loads(done.stdout))
    assert [f["stations"] for f in found] == [6, 5]
    assert found[0]["readings"]["detection"] > found[1]["readings"]["detection"]
    assert found[0]["readings"]["completeness"] < found[1]["readings"]["completeness"]


def test_demo_on_real_data():
    """Weighted mean by hand; the relation's range is spoken of only where it is left."""
    problem = build("discretization.nodes=4")
    found = problem.evaluate(np.zeros(problem.design_shape))
    inputs = problem.medium(problem.given.network.positions())
    assert float(found.readings["detection"]) == pytest.approx(problem.solver().probabilities(inputs).mean())
    assert problem.warnings() == []
    other = build("specification.relation=hutton-boore-1987")
    assert "outside of its range, 10 to 700 km" in other.warnings()[0]
    brune = build("specification.relation=brune", "specification.source.q0=100", "discretization.nodes=4")
    assert brune.warnings()[-1].startswith("relation brune: it is for Mw") and brune.relation.q0 == 100
    assert brune.relation.frequency == pytest.approx(np.sqrt(20)) and brune.relation.bandwidth == 8
    weak = build("specification.relation=brune", "specification.source.q0=20", "discretization.nodes=4")
    parameters = np.zeros(40)
    assert 0 < float(weak.evaluate(parameters).readings["detection"]) < float(brune.evaluate(parameters).readings["detection"])


@pytest.mark.parametrize(("override", "words"), [
    ("specification.k=21", "k: expected a whole number from 1 to the number of stations, 20"),
    ("specification.fixed=['XX.NONE']", "specification.fixed: expected codes of the network"),
    ("specification.magnitudes=[5.0, 6.0]", "specification.magnitudes: expected magnitudes of some events"),
    ("specification.catalog=events.xml", "specification.network: expected files of both"),
    ("specification.relation=richter", "relation: expected one of"),
])  # fmt: skip
def test_refusals(override, words):
    with pytest.raises(InputError, match=words):
        build(override).prepare()
