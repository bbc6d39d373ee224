"""GDSII files against areas in closed form and against gdstk's own reading of them."""

import math
import resource

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.report.deliverables.gds import read_gds, save_cells, write_gds

gdstk = pytest.importorskip("gdstk")

PIXEL = 10e-9
SHAPE = (60, 40)
ORIGIN = (-300e-9, -200e-9)
CENTERS = np.meshgrid(
    *(o + (np.arange(n) + 0.5) * PIXEL for o, n in zip(ORIGIN, SHAPE)), indexing="ij"
)  # fmt: skip


def disc(x, y, radius):
    """Level set of a disc, linear in the distance, 0.5 on its circle."""
    return 0.5 + (radius - np.hypot(CENTERS[0] - x, CENTERS[1] - y)) / 200e-9


def save(path, *polygons, cells=("TOP",), **options):
    """A GDSII file from elsewhere: its units are not ours."""
    library = gdstk.Library(unit=1e-9, precision=1e-12)
    for name in cells:
        library.new_cell(name).add(*(gdstk.Polygon(points, **options) for points in polygons))
    library.write_gds(path)
    return path


def test_a_disc_comes_back_with_its_area_and_place(tmp_path):
    """Area pi r^2 and centroid, to well below a pixel; read at several resolutions."""
    x, y, radius = -100e-9, 33e-9, 95e-9
    write_gds(tmp_path / "d.gds", disc(x, y, radius), PIXEL, ORIGIN)
    for refine in (1, 2):
        shape, pixel = tuple(n * refine for n in SHAPE), PIXEL / refine
        density = read_gds(tmp_path / "d.gds", shape, pixel, ORIGIN)
        assert density.sum() * pixel**2 == pytest.approx(math.pi * radius**2, rel=2e-3)
        cx = [o + (np.arange(n) + 0.5) * pixel for o, n in zip(ORIGIN, shape)]
        assert density.sum(1) @ cx[0] / density.sum() == pytest.approx(x, abs=0.05e-9)
        assert density.sum(0) @ cx[1] / density.sum() == pytest.approx(y, abs=0.05e-9)


def test_holes_and_islands_survive(tmp_path):
    """A ring with an island in its hole: what is between the radii is void."""
    r = np.hypot(CENTERS[0], CENTERS[1])
    ring = 0.5 + np.maximum(40e-9 - r, np.minimum(r - 90e-9, 150e-9 - r)) / 100e-9
    write_gds(tmp_path / "d.gds", ring, PIXEL, ORIGIN)
    density = read_gds(tmp_path / "d.gds", SHAPE, PIXEL, ORIGIN)
    area = math.pi * (40e-9**2 + 150e-9**2 - 90e-9**2)
    assert density.sum() * PIXEL**2 == pytest.approx(area, rel=3e-3)
    assert density[30, 20] == pytest.approx(1) and density[30 + 6, 20] == pytest.approx(0)


def test_solid_at_the_border_meets_the_guide(tmp_path):
    """A straight guide through the region: no gap and no overlap with the guides outside, to the database unit."""
    strip = 0.5 + (100e-9 - np.abs(CENTERS[1])) / 100e-9
    half = SHAPE[0] * PIXEL / 2
    guides = [((-math.inf, -half), (-100e-9, 100e-9)), ((half, math.inf), (-100e-9, 100e-9))]
    write_gds(tmp_path / "d.gds", strip, PIXEL, ORIGIN, guides, guide_length=1e-6)
    cell = gdstk.read_gds(tmp_path / "d.gds").cells[0]
    merged = gdstk.boolean(cell.polygons, [], "or", 1e-4)
    ((low, high),) = [p.bounding_box() for p in merged]
    assert len(merged) == 1 and merged[0].area() == pytest.approx(2.6 * 0.2, rel=1e-9)
    assert (low, high) == (pytest.approx((-1.3, -0.1)), pytest.approx((1.3, 0.1)))
    assert sum(p.area() for p in cell.polygons) == pytest.approx(merged[0].area(), rel=1e-9)
    assert sorted((p.layer, p.datatype) for p in cell.polygons) == [(1, 0), (1, 1), (1, 1)]
    assert np.all(read_gds(tmp_path / "d.gds", SHAPE, PIXEL, ORIGIN)[0, 11:29] == pytest.approx(1))


def test_a_slanted_edge_is_straight_up_to_the_border(tmp_path):
    """Solid below y = 0.3 x + 20 nm: every column of pixels, the outermost too, has the area under the line."""
    write_gds(tmp_path / "d.gds", 0.5 + (0.3 * CENTERS[0] + 20e-9 - CENTERS[1]) / 400e-9, PIXEL, ORIGIN)
    density = read_gds(tmp_path / "d.gds", SHAPE, PIXEL, ORIGIN)
    np.testing.assert_allclose(density.sum(1) * PIXEL, 220e-9 + 0.3 * CENTERS[0][:, 0], atol=0.1e-9)


def test_one_design_gives_one_file(tmp_path):
    """The same bytes whenever it is written: the date in it is fixed."""
    for name in ("a.gds", "b.gds"):
        write_gds(tmp_path / name, disc(0, 0, 80e-9), PIXEL, ORIGIN)
    assert (tmp_path / "a.gds").read_bytes() == (tmp_path / "b.gds").read_bytes()
    assert gdstk.gds_timestamp(tmp_path / "a.gds").year == 2000


def test_overlaps_count_once_and_foreign_units_are_understood(tmp_path):
    """Two overlapping rectangles of 100 x 95 nm, drawn in nanometres, cover 150 x 95 nm."""
    square = np.array([[0, 0], [100, 0], [100, 95], [0, 95]])
    save(tmp_path / "f.gds", square, square + [50, 0], layer=1, datatype=0)
    density = read_gds(tmp_path / "f.gds", SHAPE, PIXEL, ORIGIN)
    assert density.max() == pytest.approx(1) and density.sum() == pytest.approx(142.5)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: p, "No such file"),
        (lambda p: p.write_bytes(b"nonsense"), "another format"),
        (lambda p: (save(p, [[0, 0], [9, 0], [9, 9]], layer=1), p.write_bytes(p.read_bytes()[:-6])), "too early"),
        (lambda p: save(p, [[0, 0], [9, 0], [9, 9]], layer=7), "polygons on 7/0 only"),
        (lambda p: save(p), "no polygons"),
        (lambda p: save(p, cells=("A", "B")), "A, B"),
        (lambda p: save(p, [[900, 0], [990, 0], [990, 9]], layer=1), "x 0.9 to 0.99 um"),
    ],
    ids=["missing", "nonsense", "truncated", "wrong-layer", "empty", "two-cells", "outside"],
)
def test_bad_files_are_refused_in_one_line(tmp_path, capfd, make, told):
    """Each with what came, and nothing printed past the error."""
    make(tmp_path / "x.gds")
    with pytest.raises(InputError, match=told) as error:
        read_gds(tmp_path / "x.gds", SHAPE, PIXEL, ORIGIN)
    assert "\n" not in str(error.value)
    assert capfd.readouterr().err == ""


def test_a_level_set_must_be_finite(tmp_path):
    """NaN would silently lose polygons."""
    with pytest.raises(InputError, match="not finite"):
        write_gds(tmp_path / "x.gds", np.full(SHAPE, np.nan), PIXEL, ORIGIN)


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    """No file may grow beyond 4000 bytes, as on a full disk: gdstk says nothing of it."""
    path, cell = tmp_path / "d.gds", gdstk.Cell("METAL")
    cell.add(gdstk.rectangle((0, 0), (1, 1)))
    save_cells(path, [cell])
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    cell.add(*(gdstk.rectangle((k, 0), (k + 1, 1)) for k in range(2000)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        with pytest.raises(OSError):
            save_cells(path, [cell])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [p.name for p in tmp_path.iterdir()] == ["d.gds"] and path.read_bytes() == before
