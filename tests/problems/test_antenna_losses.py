"""The power balance of described antennas: what is accepted is radiated, dissipated or goes into other ports."""

import numpy as np
import pytest
from test_antenna_describe import short_monopole

from adjointdesign.problems.antennas.describe import simulate, table

RUN = {"run": {"precision": "double", "decay": 1e-13}}
BLOCK = {"shape": "box", "lower": [0.024, -0.024, 0.0], "upper": [0.048, 0.024, 0.048]}
GAP = {"axis": "z", "center": [0.0, 0.0, 0.042], "size": [0.0, 0.0, 0.012]}
ARMS = [
    {"name": "low", "start": [0.0, 0.0, 0.012], "end": [0.0, 0.0, 0.036]},
    {"name": "high", "start": [0.0, 0.0, 0.048], "end": [0.0, 0.0, 0.072]},
]
FEED = {"name": "feed", "axis": "z", "center": [0.0, 0.0, 0.006], "size": [0.0, 0.0, 0.012], "impedance": 36.0}
CASES = {
    "conductivity and a resistive sheet": (
        {"media", "sheets"},
        {"media": {"wet": {"permittivity": 3.0, "conductivity": 0.05}},
         "solids": [{"name": "block", "medium": "wet", **BLOCK}],
         "sheets": [{"name": "film", "axis": "x", "position": -0.024, "resistance": 200.0,
                     "outline": {"shape": "rectangle", "lower": [-0.024, 0.0], "upper": [0.024, 0.048]}}]},
    ),
    "dispersive": (
        {"board"},
        {"media": {"board": {"permittivity": 4.4, "loss_tangent": 0.05, "causal": True}},
         "solids": [{"name": "block", "medium": "board", **BLOCK}]},
    ),
    "resistor and coil": (
        {"elements"},
        {"wires": ARMS, "inductors": [{"name": "coil", "inductance": 5e-9, "resistance": 20.0, **GAP}],
         "resistors": [{"name": "bleeder", "resistance": 400.0, **GAP}]},
    ),
    "metal of finite conductivity": (
        {"poor"},
        {"media": {"poor": {"metal": True, "conductivity": 1e4}},
         "solids": [{"name": "block", "medium": "poor", **BLOCK}]},
    ),
    "two ports and a plane of symmetry": (
        {"media"},
        {"wires": ARMS, "boundaries": {"y": ["symmetry", "open"], "z": ["ground", "open"]},
         "ports": [FEED | {"share": 0.5}, {"name": "load", "impedance": 50.0, "share": 0.5, **GAP}],
         "media": {"wet": {"permittivity": 3.0, "conductivity": 0.05}},
         "solids": [{"name": "block", "medium": "wet", **BLOCK, "lower": [0.024, 0.0, 0.0]}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_power_balance(case):
    losing, changes = CASES[case]
    results = simulate(short_monopole(**RUN, **changes))
    for number, far in enumerate(results.summary()["far_field"].values()):
        assert np.abs(far["power_balance_error"]).max() < 1e-6
        taken = {name: np.array(share) for name, share in far["dissipated_by"].items()}
        assert set(taken) == losing | {"ports"} and all(np.all(taken[name] > 1e-3) for name in losing)
        assert np.all(taken["ports"] > -1e-7) and np.all(taken["ports"] < 3e-3)  # along the cells of a gap
        assert sum(taken.values()) == pytest.approx(np.array(far["dissipated"]))
        # From S-parameters, which know nothing of the box: what goes from port to port.
        s = results.s_parameters[[0, 4, 8]]
        others = sum(np.abs(s[:, p, number]) ** 2 for p in range(s.shape[1]) if p != number)
        assert np.array(far["transferred"]) == pytest.approx(others / (1 - np.abs(s[:, number, number]) ** 2), rel=1e-6)
    assert "dissipated" in table(results) and "power balance" in table(results)
