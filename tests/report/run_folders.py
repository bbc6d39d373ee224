"""Run folders made up for tests: complete ones, and ones that were stopped on the way."""

import json

import h5py
import numpy as np

from adjointdesign.optimize.evaluation import Evaluation
from adjointdesign.optimize.history import History

WAVELENGTHS = np.array([1265e-9, 1275e-9, 1285e-9, 1295e-9])
SHAPE, PIXEL = (40, 30), 20e-9
ORIGIN = (-400e-9, -300e-9)
GOALS = [
    {"reading": "S21", "sense": 1, "bound": -3.0, "wavelengths": [0, 1]},
    {"reading": "S31", "sense": 1, "bound": -3.0, "wavelengths": [2, 3]},
    {"reading": "S31", "sense": -1, "bound": -20.0, "wavelengths": [0, 1]},
    {"reading": "S21", "sense": -1, "bound": -20.0, "wavelengths": [2, 3]},
    {"reading": "S11", "sense": -1, "bound": -20.0, "wavelengths": [0, 1, 2, 3]},
]
"""A demultiplexer's: two bands, two outputs."""
CONFIG = """problem = "{name}"
preset = ""
seed = 3

[specification]
wavelengths = [1.265e-6, 1.275e-6, 1.285e-6, 1.295e-6]
label = "<script>alert(1)</script> & more"

[discretization]
spacing = 2e-8
pml_cells = 4

[optimization]
minimum_length = 8e-8

[[optimization.stages]]
steepness = 8.0
method = "lbfgsb"
"""


def s_matrix(wavelengths, scale=1.0):
    """A splitter by wavelength that meets its targets at ``scale`` 1: amplitudes in dB, symmetric, with some phase."""
    low = 1 / (1 + np.exp((wavelengths - 1280e-9) / 1e-9))
    s = np.zeros((wavelengths.size, 3, 3), complex)
    for out, share in ((1, low), (2, 1 - low)):
        amplitude = 10 ** ((-30 + 29 * share**scale) / 20)
        s[:, out, 0] = s[:, 0, out] = amplitude * np.exp(2j * np.pi * 2e-6 / wavelengths)
    s[:, 0, 0] = 10 ** (-26 / 20)
    return s


def level_set():
    """A tapered arm with a hole, reaching the left border."""
    x, y = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    return np.clip(0.5 + np.minimum(0.45 - np.abs(y) - 0.1 * x, 3 * (np.hypot(x - 0.1, y) - 0.2)), 0, 1)


def write_config(folder, name="demultiplexer-of-another-package"):
    """The least that makes a folder a run's."""
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(CONFIG.format(name=name))


def write_history(folder, evaluations=12):
    """A history of two stages, the second with a constraint that is violated at first."""
    rng = np.random.default_rng(0)
    n = SHAPE[0] * SHAPE[1]
    with History.create(folder / "history.h5", {}) as history:
        for i in range(evaluations):
            stage = int(i >= evaluations // 2)
            worst = 8.0 / (1 + i) - 1.0
            x = (
                level_set().ravel()
                if i == evaluations - 1
                else np.clip(level_set().ravel() + rng.normal(size=n) / (i + 1), 0, 1)
            )
            violated = 0.1 if stage and i < evaluations // 2 + 2 else -0.1
            readings = {"S11": np.full(4, -20 - worst), "S21": np.full(4, -3 - worst), "S31": np.full(4, -3 - worst)}
            history.append(
                stage,
                Evaluation(
                    x, np.array([worst + 0.5]), np.zeros((1, n)),
                    np.array([violated] if stage else []), np.zeros((int(stage), n)),
                    readings | {"worst_db": np.array(worst)},
                ),
                2.0 * (i + 1),
            )  # fmt: skip


def write_design(folder, missed=False):
    """A design; with ``missed`` the device in its GDSII file does not meet the targets."""
    filtered = level_set()
    x, y = (o + (np.arange(n) + 0.5) * PIXEL for o, n in zip(ORIGIN, SHAPE))
    with h5py.File(folder / "design.h5", "w") as file:
        file.attrs.update(
            problem="demultiplexer", pixel=PIXEL, origin_x=ORIGIN[0], origin_y=ORIGIN[1], status="converged"
        )
        file["parameters"] = file["filtered"] = filtered
        file["density"] = file["binary"] = (filtered > 0.5).astype(float)
        file["surroundings"] = np.pad(np.zeros(SHAPE), 10)
        for name, spacing, scale in (("results", 20e-9, 1.0), ("results_gds", 10e-9, 9.0 if missed else 1.1)):
            group = file.create_group(name)
            group["wavelengths"], group["s_parameters"] = (
                WAVELENGTHS,
                s_matrix(WAVELENGTHS, scale if not missed else 1.0),
            )
            group.attrs.update(spacing=spacing)
            if missed and name == "results_gds":
                group["s_parameters"][...] = 0.1
        fine = np.linspace(1250e-9, 1310e-9, 41)
        file["spectrum/wavelengths"], file["spectrum/s_parameters"] = fine, s_matrix(fine)[:, :, 0]
        waves = [np.exp(2j * np.pi * x[:, None] / w) * np.exp(-((y / 2e-7) ** 2)) for w in WAVELENGTHS]
        file["fields/ez"] = np.array(waves).astype(np.complex64)
        file["fields/x"], file["fields/y"], file["fields/permittivity"] = x, y, 1 + 11 * filtered
        file.create_group("length_scale").attrs.update(solid=120e-9, void=80e-9, minimum=80e-9, resolution=20e-9)
        file.create_group("targets").attrs["json"] = json.dumps(GOALS)


def write_certificate(folder, passed=True):
    """A certificate; one that failed says what."""
    steps = 10.0 ** -np.arange(1, 5)
    tests = {
        "taylor": {"steps": list(steps), "remainders": list(steps**2), "order": 2.0},
        "hessian_taylor": {"steps": list(steps), "remainders": list(steps**3), "order": 3.0},
    }
    found = {
        "passed": passed, "taylor_order": 2.0 if passed else 1.01, "hessian_taylor_order": 3.0, "precision": "double",
        "dot_product_residual": 2e-15, "gradient_cost": 2.25,
        "failures": [] if passed else [{"what": "taylor_order", "expected": ">= 1.9", "got": 1.01}],
        "details": {**tests, "limits": {"taylor_order": 1.9, "hessian_taylor_order": 2.85, "dot_product": 1e-12,
                                         "schedules": 1e-10, "other_control": 1e-12},
                    "schedules": {"memory": {"other_control_difference": 0.0}, "disk": {"skipped": "<no room>"}},
                    "cost": {"median": 2.25, "spread": [2.1, 2.4]}},
    }  # fmt: skip
    (folder / "certificate.json").write_text(json.dumps(found))


def write_provenance(folder):
    """Versions and machine."""
    found = {
        "command": "/a/private/place/bin/adjointdesign run x",
        "seed": 3,
        "versions": {"numpy": "2.4"},
        "git_commit": None,
    }
    (folder / "provenance.json").write_text(json.dumps(found))


def write_run(folder, missed=False, passed=True):
    """A complete run."""
    write_config(folder)
    write_history(folder)
    write_design(folder, missed)
    write_certificate(folder, passed)
    write_provenance(folder)
    return folder
