"""Shipped devices have the published geometry (Schubert et al., ACS Photonics 9, 2327 (2022), and their published code)."""

import math

import numpy as np
import pytest
from device_cases import PLANE, Straight, device, guide, straight

from adjointdesign import configuration
from adjointdesign.errors import InputError
from adjointdesign.problem import Target

NM = 1e-9
PORTS = {  # side, offset in nm, mode
    "waveguide-bend": [("west", 0, 0), ("south", 0, 0)],
    "mode-converter": [("west", 0, 0), ("east", 0, 1)],
    "beam-splitter": [("west", 760, 0), ("east", 760, 0), ("east", -760, 0), ("west", -760, 0)],
    "demultiplexer": [("west", 0, 0), ("east", 1000, 0), ("east", -1000, 0)],
    "soi-bend": [("west", 0, 0), ("south", 0, 0)],
}
"""Beam splitter: (1.12 um + 0.4 um) / 2. Demultiplexer: 1.6 um - 0.4 um - 0.2 um, so that outer edges are 400 nm inside."""
SIZES = {"waveguide-bend": (160, 160), "mode-converter": (160, 160), "beam-splitter": (320, 200), "demultiplexer": (320, 320)}


@pytest.mark.parametrize("name", PORTS)
def test_ports(name):
    found = [(p.side, round(p.offset / NM, 6), p.mode) for p in device(name).ports()]
    assert found == PORTS[name]


@pytest.mark.parametrize("name", PLANE)
def test_published_numbers_are_the_defaults(name):
    problem = device(name, preset=None)
    s = problem.specification
    assert problem.design_shape == SIZES[name] and s.pixel == 10e-9
    assert tuple(round(w / NM) for w in s.wavelengths) == (1265, 1270, 1275, 1285, 1290, 1295)
    assert (s.guide_width, s.stub_length, s.padding, s.mode_margin) == (400e-9, 720e-9, 400e-9, 520e-9)
    assert (s.core_permittivity, s.cladding_permittivity) == (12.25, 2.25)


def test_large_demultiplexer():
    problem = device("demultiplexer", preset="large")
    assert problem.design_shape == (640, 640)
    assert [round(p.offset / NM, 6) for p in problem.ports()] == [0, 2680, -2680]  # 3.2 um - 0.32 um - 0.2 um


TARGETS = {
    "waveguide-bend": {"S21 >= -0.5 dB": range(6), "S11 <= -20 dB": range(6)},
    "mode-converter": {"S21 >= -0.5 dB": range(6), "S11 <= -20 dB": range(6)},
    "beam-splitter": dict.fromkeys(("S21 >= -3.5 dB", "S31 >= -3.5 dB", "S11 <= -20 dB", "S41 <= -20 dB"), range(6)),
    "demultiplexer": {
        "S21 >= -3 dB": range(3), "S31 >= -3 dB": range(3, 6), "S21 <= -20 dB": range(3, 6), "S31 <= -20 dB": range(3),
        "S11 <= -20 dB": range(6),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PLANE)
def test_targets(name):
    assert {str(t): range(t.where[0], t.where[-1] + 1) for t in device(name).targets()} == TARGETS[name]


def test_worst_readings_of_two_targets():
    """S21 of the demultiplexer is to pass at three wavelengths and to be rejected at three: the worse miss counts."""
    problem = device("demultiplexer")
    s_db = {"S11": np.full(6, -25.0), "S21": np.array([-2, -4, -2, -30, -15, -30.0]), "S31": np.array([-30] * 3 + [-2.0] * 3)}
    assert problem.worst_readings(s_db) == {"S11": -25.0, "S21": -15.0, "S31": -2.0}
    assert problem.worst(s_db) == 5.0


@pytest.mark.parametrize("name", PORTS)
@pytest.mark.parametrize("preset", ["coarse", None])
def test_planes_lie_in_the_stubs_between_design_and_absorber(name, preset):
    """Sources and monitors: at 576 nm and 324 nm of the published 720 nm, beyond the design, short of the layers."""
    problem = device(name, preset=preset)
    layout, s, d = problem.layout, problem.specification, problem.discretization
    for port, rectangle in zip(layout.ports, layout.guide_rectangles()):
        half = s.design_size[port.axis] / 2
        for fraction in (0.8, 0.45):
            center, size = layout.plane(port, fraction * s.stub_length)
            away = abs(center[port.axis]) - half
            assert math.isclose(away, fraction * s.stub_length, rel_tol=1e-9) and center[1 - port.axis] == port.offset
            assert size[0] == pytest.approx(s.guide_width + 2 * s.mode_margin)
            low = layout.grid.origin[port.axis] + d.pml_cells * d.spacing
            high = layout.grid.origin[port.axis] + layout.grid.extent[port.axis] - d.pml_cells * d.spacing
            assert low < center[port.axis] < high
        assert math.isinf(min(rectangle[port.axis])) or math.isinf(max(rectangle[port.axis]))
        assert np.ptp(rectangle[1 - port.axis]) == pytest.approx(s.guide_width)


@pytest.mark.parametrize("name", PORTS)
def test_box_covers_the_design_and_no_more(name):
    """Every node within the design region is in the box, and none farther out than one cell."""
    problem = device(name)
    grid, box, size = problem.layout.grid, problem.layout.box, problem.specification.design_size
    for component in grid.electric:
        for axis in (0, 1):
            x = grid.coordinates(component, axis)
            inside = np.flatnonzero(np.abs(x) < size[axis] / 2)
            taken = box.slices[component][axis]
            assert taken.start <= inside[0] and inside[-1] < taken.stop
            assert np.abs(x[taken]).max() <= size[axis] / 2 + 1.01 * grid.spacing[axis]


def epsilon(problem, density):
    """Permittivity over the storage with a design in its box, and the coordinates (2D)."""
    layout = problem.layout
    full = problem.solver().program.medium.permittivity["ez"].copy()
    full[layout.box.slices["ez"]] = np.asarray(problem.medium(density)["permittivity_z"])
    return full, layout.grid.coordinates("ez", 0), layout.grid.coordinates("ez", 1)


def at(field, x, y):
    """The value at the node nearest to a point, given by its x and y in m."""
    values, xs, ys = field
    return values[np.argmin(np.abs(xs - x)), np.argmin(np.abs(ys - y))]


@pytest.mark.parametrize("name", PLANE)
def test_permittivity_at_points(name):
    """Core on each guide's axis out to the domain's end, cladding 240 nm from it, and the design's own in its middle."""
    problem = device(name)
    half = [size / 2 for size in problem.specification.design_size]
    void, solid = (epsilon(problem, np.full(problem.design_shape, v)) for v in (0.0, 1.0))
    for side, offset, _ in PORTS[name]:
        sign = -1 if side in ("west", "south") else 1
        for away in (100e-9, 700e-9, 1100e-9):
            for across, expected in ((0, 12.25), (150e-9, 12.25), (250e-9, 2.25), (-250e-9, 2.25)):
                along = sign * (half[0 if side in ("west", "east") else 1] + away)
                point = (along, offset * NM + across) if side in ("west", "east") else (offset * NM + across, along)
                assert at(void, *point) == pytest.approx(expected) == at(solid, *point)
    assert at(void, 0, 0) == pytest.approx(2.25) and at(solid, 0, 0) == pytest.approx(12.25)
    corner = (0.9 * half[0], 0.9 * half[1])
    assert at(solid, *corner) == pytest.approx(12.25) and at(void, *corner) == pytest.approx(2.25)


def test_a_straight_guide_joins_without_a_seam():
    """With a straight guide as density, every cross-section is the same: also where design and stubs meet."""
    problem = device("mode-converter")
    values, _, _ = epsilon(problem, guide(problem))
    interior = values[problem.layout.grid.interior("ez")]
    np.testing.assert_allclose(interior, np.broadcast_to(interior[0], interior.shape), rtol=1e-12)
    # 400 nm of core: the integral of the permittivity's excess across the guide, over the contrast.
    width = np.sum(interior[0] - 2.25) / 10 * problem.discretization.spacing
    assert width == pytest.approx(400e-9, rel=1e-12)


def test_surroundings_of_the_filter_are_the_guides():
    """The frame of 40 pixels around the bend's design: solid on 40 pixels west and south, void elsewhere."""
    frame = device("waveguide-bend").layout.surroundings
    assert frame.shape == (240, 240) and np.isin(frame, (0, 1)).all()
    outside = np.ones((240, 240), bool)
    outside[40:200, 40:200] = False
    assert np.array_equal(np.argwhere(frame * outside > 0).min(axis=0), (0, 0)) and (frame * outside).sum() == 2 * 40 * 40
    assert frame[:40, 100:140].all() and frame[100:140, :40].all()


def test_silicon_layer():
    """220 nm of Si (n = 3.476 at 1550 nm, Li 1980, Salzberg and Villa 1957) in SiO2 (n = 1.444, Malitson 1965)."""
    problem = device("soi-bend")
    s = problem.specification
    assert math.sqrt(s.core_permittivity) == pytest.approx(3.476, abs=3e-3)
    assert math.sqrt(s.cladding_permittivity) == pytest.approx(1.444, abs=1e-3)
    medium = problem.medium(np.ones(problem.design_shape))
    contrast = s.core_permittivity - s.cladding_permittivity
    for component in ("ex", "ey"):  # the layer's thickness, as a sum over cells
        excess = (np.asarray(medium[f"permittivity_{component[1]}"]) - s.cladding_permittivity) / contrast
        middle = excess[excess.shape[0] // 2, excess.shape[1] // 2]
        assert middle.sum() * problem.discretization.spacing == pytest.approx(220e-9, rel=1e-9)


@pytest.mark.parametrize("preset", [None, "coarse"])
@pytest.mark.parametrize("name", PORTS)
def test_mode_windows_stay_clear_of_the_absorber(name, preset):
    """Guide and mode margin on either side lie between the absorbing layers, on every transverse axis."""
    problem = device(name, preset=preset)
    layout, s = problem.layout, problem.specification
    depth = layout.pml_cells * layout.spacing
    for port in layout.ports:
        middles = {1 - port.axis: port.offset} | ({} if layout.slab is None else {2: sum(layout.slab) / 2})
        for axis, middle in middles.items():
            core = s.guide_width if axis < 2 else layout.slab[1] - layout.slab[0]
            reach, low = core / 2 + s.mode_margin, layout.grid.origin[axis]
            assert middle - reach >= low + depth - 1e-12
            assert middle + reach <= low + layout.grid.extent[axis] - depth + 1e-12


def test_ports_of_one_guide_pass_everything():
    """The splitter's guides straight through at 40 nm: 0 dB to the opposite port, nothing beyond -50 dB anywhere else."""
    problem = device("beam-splitter", "discretization.run_time=60e-15")
    y = (np.arange(200) - 99.5) * 10e-9
    guides = np.where(np.abs(np.abs(y) - 0.76e-6) < 0.2e-6, 1.0, 0.0) * np.ones((320, 200))
    found = problem.report(problem.respond(guides))
    assert np.abs(found["S21"]).max() < 0.01
    assert max(found[name].max() for name in ("S11", "S31", "S41")) < -50


@pytest.mark.parametrize("too_much", ["pixels", "memory"])
def test_what_could_not_be_judged_at_half_the_spacing_is_refused_before_the_run(monkeypatch, too_much):
    """Room for the run alone (240 x 240 pixels, or 0.4 MiB of grid); the final check needs some four times as much."""
    problem = device("waveguide-bend", *(["discretization.spacing=20e-9"] if too_much == "pixels" else []))
    if too_much == "pixels":
        monkeypatch.setattr("adjointdesign.problems.photonics.device.MOST_PIXELS", 100_000)
    else:
        monkeypatch.setattr("adjointdesign.memory.available_memory", lambda: 2**20)
    type(problem)(problem.specification, problem.discretization, problem.optimization).solver()
    with pytest.raises(InputError, match="discretization.spacing: expected .* final check runs at half of it") as refusal:
        problem.prepare()
    assert "\n" not in str(refusal.value) and too_much in str(refusal.value) and not problem._solvers


def test_a_target_without_entries_speaks_of_every_wavelength(monkeypatch):
    monkeypatch.setattr(Straight, "targets", lambda self: (Target("S21", 1, -0.5, unit="dB"),))
    problem = straight()
    assert problem.targets()[0].indices(6).tolist() == [0, 1, 2, 3, 4, 5]
    s_db = {"S21": np.array([-0.1, -0.2, -0.9, -0.2, -0.2, -0.2])}
    assert problem.worst(s_db) == pytest.approx(0.4) and problem.worst_readings(s_db) == {"S21": -0.9}


def test_a_target_of_no_reading_is_refused_when_the_device_is_built(monkeypatch):
    monkeypatch.setattr(Straight, "targets", lambda self: (self.target("S31", 1, -0.5),))
    with pytest.raises(InputError, match="target S31 >= -0.5 dB: expected one of the readings S11, S21, got 'S31'"):
        configuration.load(Straight, overrides=["discretization.spacing=40e-9"]).build()
