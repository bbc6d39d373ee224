"""Media and metal of a described antenna on its grid, against quadrature and against what each part means."""

import numpy as np
import pytest
from scipy.optimize import brentq

from adjointdesign.constants import C0, EPS0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor
from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.geometry.raster import conductor_of, medium_of
from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell, Steps
from adjointdesign.sources import GaussianPulse, point_dipole

BAND = {"low": 4e9, "high": 6e9}
CLOSED = {axis: ["ground", "ground"] for axis in "xyz"}


def antenna(**parts):
    base = {"name": "test", "band": BAND, "boundaries": CLOSED,
            "domain": {"lower": [0.0, 0.0, 0.0], "upper": [0.04, 0.03, 0.02]}}  # fmt: skip
    return described(base | parts)


def uneven(seed=0):
    """A grid on the domain of `antenna` with uneven cells."""
    rng = np.random.default_rng(seed)
    lines = []
    for n, end in ((9, 0.04), (8, 0.03), (7, 0.02)):
        steps = np.cumsum(1 + 0.4 * rng.random(n))
        lines.append(np.append(0.0, steps / steps[-1]) * end)
    return YeeGrid.graded(lines)


@pytest.mark.parametrize("component", ["ex", "ey", "ez"])
def test_dual_cells_cut_by_a_ball_and_a_tube(component):
    """``1 / <1 / <eps>>`` by plain sums over a fine lattice in each dual cell, written without the code's matrices."""
    solids = [
        {"name": "ball", "shape": "sphere", "medium": "glass", "center": [0.018, 0.014, 0.01], "radius": 0.008},
        {"name": "rod", "shape": "cylinder", "medium": "wax", "axis": "y", "ends": [0.0, 0.03], "center": [0.03, 0.012],
         "radius": 0.006, "priority": 1},
    ]  # fmt: skip
    media = {"glass": {"permittivity": 6.0}, "wax": {"permittivity": 2.0, "conductivity": 0.3}}
    spec, grid = antenna(solids=solids, media=media, grid={"subsamples": 12}), uneven()
    medium = medium_of(spec, grid)
    w, axis = 2 * np.pi * 5e9, "xyz".index(component[1])
    worst = 0.0
    for slot in np.ndindex(*(n - 2 for n in grid.shape)):
        slot = tuple(s + 1 for s in slot)
        ends = [np.clip(grid.borders(component, a)[slot[a] : slot[a] + 2], 0, spec.bounds[a][1]) for a in range(3)]
        x, y, z = np.meshgrid(*(np.linspace(*e, 41)[:-1] + np.diff(e) / 80 for e in ends), indexing="ij")
        eps = np.where((x - 0.018) ** 2 + (y - 0.014) ** 2 + (z - 0.01) ** 2 < 0.008**2, 6.0, 1.0 + 0j)
        eps[(x - 0.03) ** 2 + (z - 0.012) ** 2 < 0.006**2] = 2.0 + 0.3j / (w * EPS0)
        others = tuple(a for a in range(3) if a != axis)
        expected = 1 / np.mean(1 / eps.mean(axis=others))
        found = medium.permittivity[component][slot] + 1j * medium.conductivity[component][slot] / (w * EPS0)
        worst = max(worst, abs(found - expected))
    assert worst < 0.08  # of up to 6, by sampling on both sides


def test_boxes_are_exact_and_absorbing_layers_go_on():
    """A slab from face to face through open boundaries: halves and quarters of dual cells, in the layers as well."""
    slab = {"name": "slab", "shape": "box", "medium": "glass", "lower": [0.0, 0.0, 0.0], "upper": [0.04, 0.03, 0.01]}
    spec = antenna(solids=[slab], media={"glass": {"permittivity": 4.0}}, boundaries={})
    model = build(spec)
    grid, values = model.grid, model.bare.permittivity
    for component, between in (("ex", 2.5), ("ey", 2.5), ("ez", None)):
        z = grid.coordinates(component, 2)
        assert np.ptp(values[component], axis=(0, 1)).max() < 1e-12
        profile = values[component][3, 3]
        assert profile[z < 0.01 - 1e-9] == pytest.approx(4.0)
        assert profile[z > 0.01 + 1e-9] == pytest.approx(1.0)
        if between:
            k = np.argmin(abs(z - 0.01))
            below, above = z[k] - z[k - 1], z[k + 1] - z[k]
            assert profile[k] == pytest.approx((4 * below + above) / (below + above))
    assert grid.lines(2)[0] < -1e-3 and not model.bare.conductor["ex"].any()


def test_metal_holds_what_lies_on_it():
    """A block with a sheet, a wire and a hole in it: every held component by its own place, none else."""
    spec = antenna(
        solids=[
            {"name": "block", "shape": "box", "medium": "pec", "lower": [0.0, 0.0, 0.0], "upper": [0.02, 0.01, 0.01]},
            {"name": "hole", "shape": "box", "medium": "vacuum", "lower": [0.005, 0.0, 0.0], "upper": [0.01, 0.01,
            0.01],
             "priority": 2},
        ],
        sheets=[{"name": "fin", "axis": "x", "position": 0.03,
                 "outline": {"shape": "rectangle", "lower": [0.01, 0.005], "upper": [0.02, 0.015]}}],
        wires=[{"name": "post", "start": [0.035, 0.02, 0.0], "end": [0.035, 0.02, 0.01]}],
        boundaries={},
    )  # fmt: skip
    grid = build(spec).grid
    tiny = 1e-6
    for component, along in (("ex", 0), ("ey", 1), ("ez", 2)):
        x, y, z = np.meshgrid(*(grid.coordinates(component, a) for a in range(3)), indexing="ij")
        x, y, z = np.clip(x, 0, 0.04), np.clip(y, 0, 0.03), np.clip(z, 0, 0.02)
        block = (x < 0.02 + tiny) & (y < 0.01 + tiny) & (z < 0.01 + tiny)
        # Its walls stay metal; at the domain's faces the hole goes on.
        block &= ~(
            (x > 0.005 + tiny) & (x < 0.01 - tiny) & (y < 0.01 - tiny) & (z < 0.01 - tiny) & (y > tiny) & (z > tiny)
        )
        inner = (y > tiny) & (
            z > tiny
        )  # the hole's own border counts as metal where the block touches the domain's faces
        fin = (abs(x - 0.03) < tiny) & (y > 0.01 - tiny) & (y < 0.02 + tiny) & (z > 0.005 - tiny) & (z < 0.015 + tiny)
        post = (abs(x - 0.035) < tiny) & (abs(y - 0.02) < tiny) & (z < 0.01 + tiny)
        expected = block | (fin if along != 0 else False) | (post if along == 2 else False)
        found = conductor_of(spec, grid, component)
        assert np.array_equal(found[inner], expected[inner])
        assert found.any()


def test_resistive_sheet_carries_its_resistance():
    """In a strip of the sheet every cut across it has a conductance of ``width / (R length)``, edges included."""
    sheet = {"name": "film", "axis": "z", "position": 0.01, "resistance": 200.0,
             "outline": {"shape": "rectangle", "lower": [0.01, 0.01], "upper": [0.03, 0.02]}}  # fmt: skip
    model = build(antenna(sheets=[sheet]))
    grid, sigma = model.grid, model.bare.conductivity["ex"]
    areas = np.multiply.outer(grid.lengths("ex", 1), grid.lengths("ex", 2))
    conductance = np.sum(sigma * areas, axis=(1, 2))  # times length: of each slice across x
    x = grid.coordinates("ex", 0)
    assert conductance[(x > 0.01) & (x < 0.03)] == pytest.approx(0.01 / 200.0)
    assert not conductance[(x < 0.01) | (x > 0.03)].any()
    assert not model.bare.conductivity["ez"].any()


def test_solids_that_overlap_need_an_order():
    box = {"shape": "box", "lower": [0.0, 0.0, 0.0], "upper": [0.02, 0.02, 0.02]}
    solids = [
        box | {"name": "a", "medium": "vacuum"},
        box | {"name": "b", "medium": "glass", "lower": [0.01, 0.01, 0.01]},
    ]
    media = {"glass": {"permittivity": 2.0}}
    with pytest.raises(InputError, match="solids 'a' and 'b'"):
        build(antenna(solids=solids, media=media))
    solids[1]["priority"] = 1
    model = build(antenna(solids=solids, media=media))
    assert model.bare.permittivity["ex"].max() == pytest.approx(2.0)
    # Touching is not overlapping.
    solids[1] |= {"priority": 0, "lower": [0.02, 0.0, 0.0], "upper": [0.04, 0.02, 0.02]}
    build(antenna(solids=solids, media=media))


def loaded_resonance():
    """Lowest mode with E along y, TE to z, of the box of `antenna` with permittivity 4 below z = 8 mm.

    ``k1 cot(k1 h) + k2 cot(k2 (d - h)) = 0`` (Harrington, Time-Harmonic Electromagnetic Fields, section 4-6, partially
    filled guides), E along y independent of y.
    """
    a, d, h = 0.04, 0.02, 0.008

    def mismatch(f):
        k1, k2 = (np.sqrt(complex(e * (2 * np.pi * f / C0) ** 2 - (np.pi / a) ** 2)) for e in (4.0, 1.0))
        return (k1 / np.tan(k1 * h) + k2 / np.tan(k2 * (d - h))).real

    return brentq(mismatch, 4.6e9, 6.5e9)


def ring(model: tuple) -> float:
    """Frequency of the strongest line of the field that a dipole leaves in a closed box, by a matrix pencil."""
    medium, faces = model
    pulse = GaussianPulse(5.4e9, 1.0e9)
    solver = FdtdMaxwell(
        medium, [point_dipole("kick", (0.02, 0.015, 0.009), "ey", pulse)],
        [FieldMonitor("at", (0.017, 0.013, 0.011), (0.0, 0.0, 0.0), ("ey",))], boundaries=faces, run_length=Steps(1),
        precision="double",
    )  # fmt: skip
    after = int(pulse.duration / solver.dt) + 2
    every = int(0.08 / 5.4e9 / solver.dt)
    solver.steps = after + 160 * every
    signal = solver.evaluate({})["at"].ravel()[after::every]
    rows = np.lib.stride_tricks.sliding_window_view(signal, 60)
    u, s, vh = np.linalg.svd(rows, full_matrices=False)
    v = vh[: np.count_nonzero(s > 1e-8 * s[0])].conj().T
    poles = np.linalg.eigvals(np.linalg.pinv(v[:-1]) @ v[1:])
    weights = np.abs(np.linalg.lstsq(poles[None, :] ** np.arange(len(signal))[:, None], signal, rcond=None)[0])
    return float(abs(np.angle(poles[np.argmax(weights)])) / (2 * np.pi * every * solver.dt))


def test_half_filled_box_resonates_as_it_should():
    """From description to ringing, at second order, the dielectric's face between unequal cells."""
    slab = {"name": "slab", "shape": "box", "medium": "glass", "lower": [0.0, 0.0, 0.0], "upper": [0.04, 0.03, 0.008]}
    errors, sizes, exact = [], [], loaded_resonance()
    for cells in (8, 20):
        spec = antenna(solids=[slab], media={"glass": {"permittivity": 4.0}}, grid={"cells_per_wavelength": cells})
        model = build(spec)
        errors.append(ring((model.medium, model.faces)) / exact - 1)
        sizes.append(1 / model.grid.cells[2])
    assert abs(errors[1]) < 2e-3
    assert np.log(errors[0] / errors[1]) / np.log(sizes[0] / sizes[1]) == pytest.approx(2.0, abs=0.2)


def test_dispersive_media_are_what_they_say():
    """At the middle of the band a causal medium and one of constant loss are the same, on faces and corners too."""
    box = {
        "name": "board",
        "shape": "box",
        "medium": "board",
        "lower": [0.01, 0.005, 0.0],
        "upper": [0.03, 0.02, 0.008],
    }
    lossy = {"permittivity": 4.4, "loss_tangent": 0.02}
    constant, causal = (build(antenna(solids=[box], media={"board": m})) for m in (lossy, lossy | {"causal": True}))
    (part,) = causal.bare.dispersive.values()
    w = 2 * np.pi * 5e9
    for c in causal.grid.electric:
        found = causal.bare.permittivity[c] + part.strength[c] * part.material.susceptibility(5e9)
        expected = constant.bare.permittivity[c] + 1j * constant.bare.conductivity[c] / (w * EPS0)
        assert found == pytest.approx(expected, rel=1e-6)
        assert not np.any(causal.bare.conductivity[c])
    assert causal.grid.cells == constant.grid.cells


def test_the_library_knows_its_range():
    media = {"board": {"library": "RO4003C"}}
    box = {"name": "board", "shape": "box", "medium": "board", "lower": [0.0, 0.0, 0.0], "upper": [0.04, 0.03, 0.01]}
    model = build(antenna(solids=[box], media=media))
    (part,) = model.bare.dispersive.values()
    inside = part.material.permittivity(6e9)
    assert inside.real == pytest.approx(3.38, rel=0.02) and part.strength["ez"].max() == pytest.approx(1.0)
    for media, message in (
        ({"board": {"library": "RO4003D"}}, "dispersive material"),
        ({"board": {"library": "silica"}}, "where silica is known"),
        ({"board": {"library": "PTFE", "permittivity": 2.1}}, "media.board.*library alone"),
        ({"board": {"causal": True}}, "media.board.*a loss tangent"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            build(antenna(solids=[box], media=media))
