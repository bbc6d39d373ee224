"""Outlines against gdstk's own geometry, and from files of either kind."""

import gdstk
import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from adjointdesign.problems.antennas.geometry.outlines import Disc, Outline, Polygons, Rectangle

STAR = [(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (2.0, 1.2), (0.0, 3.0)]
"""Concave, with three sides along the axes; the notch is slanted."""


@pytest.mark.parametrize("corners", [STAR, STAR[::-1]])
def test_polygon_inside(corners):
    points = np.random.default_rng(0).uniform(-1, 5, (4000, 2))
    outline = Polygons(points=corners)
    expected = np.array(gdstk.inside(points, [gdstk.Polygon(STAR)]))
    assert np.array_equal(outline.inside(points[:, 0], points[:, 1], 0.0), expected)
    grown = np.array(
        gdstk.inside(points, gdstk.offset(gdstk.Polygon(STAR), 0.1, join="round", tolerance=1e-4, precision=1e-6))
    )
    shrunk = np.array(
        gdstk.inside(points, gdstk.offset(gdstk.Polygon(STAR), -0.1, join="round", tolerance=1e-4, precision=1e-6))
    )
    assert np.mean(outline.inside(points[:, 0], points[:, 1], 0.1) != grown) < 2e-3
    assert np.mean(outline.inside(points[:, 0], points[:, 1], -0.1) != shrunk) < 2e-3
    assert grown.sum() > expected.sum() > shrunk.sum()


@pytest.mark.parametrize("corners", [STAR, STAR[::-1]])
def test_straight_sides_face_outward(corners):
    outline = Polygons(points=corners)
    assert outline.faces(0) == [(0.0, -1), (4.0, 1)]
    assert outline.faces(1) == [(0.0, -1)]
    assert outline.curved and not Polygons(points=STAR[:3] + [(0.0, 3.0)]).curved
    assert outline.bounds == ((0.0, 4.0), (0.0, 3.0))


def test_a_rectangle_is_the_polygon_of_its_corners():
    box = Rectangle(lower=(0.0, 1.0), upper=(2.0, 4.0))
    twin = Polygons(points=[(0.0, 1.0), (2.0, 1.0), (2.0, 4.0), (0.0, 4.0)])
    points = np.random.default_rng(1).uniform(-1, 5, (2, 1000))
    assert np.array_equal(box.inside(*points, 0.0), twin.inside(*points, 0.0))
    assert [box.faces(a) for a in (0, 1)] == [twin.faces(a) for a in (0, 1)]
    assert Disc(center=(1.0, 2.0), radius=0.5).bounds == ((0.5, 1.5), (1.5, 2.5))


def adapted(data, folder):
    return TypeAdapter(Outline).validate_python(data, context={"folder": folder})


def test_gdsii(tmp_path):
    """Cells within cells are flattened, other layers left out, the unit is the file's."""
    library, part, whole = gdstk.Library(unit=1e-3, precision=1e-8), gdstk.Cell("PART"), gdstk.Cell("WHOLE")
    part.add(gdstk.Polygon(STAR, layer=3), gdstk.rectangle((0, 0), (9, 9), layer=4))
    whole.add(gdstk.Reference(part, (10, 0)))
    library.add(part, whole)
    library.write_gds(tmp_path / "star.gds")
    outline = adapted({"shape": "polygon", "file": "star.gds", "layer": 3}, tmp_path)
    assert outline.bounds == (pytest.approx((10e-3, 14e-3)), pytest.approx((0.0, 3e-3)))
    assert len(outline.loops) == 1 and len(outline.loops[0]) == 5
    for data, message in (
        ({"layer": 7}, "at least one polygon"), ({"cell": "HOLE"}, "PART, WHOLE"),
        ({"file": "none.gds"}, "can be read"), ({"file": "star.svg"}, ".gds or .dxf"),
        ({"points": STAR}, "either points or a file"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match=message):
            adapted({"shape": "polygon", "file": "star.gds"} | data, tmp_path)


def test_dxf(tmp_path):
    """Closed polylines and circles of a layer, in the header's unit; open ones are no outline."""
    ezdxf = pytest.importorskip("ezdxf")
    drawing = ezdxf.new(units=ezdxf.units.MM)
    page = drawing.modelspace()
    page.add_lwpolyline(STAR, close=True, dxfattribs={"layer": "TOP"})
    page.add_circle((20, 0), 2, dxfattribs={"layer": "TOP"})
    page.add_lwpolyline([(0, 0), (50, 0), (50, 50)], dxfattribs={"layer": "TOP"})
    page.add_circle((90, 0), 2, dxfattribs={"layer": "BOTTOM"})
    drawing.saveas(tmp_path / "star.dxf")
    outline = adapted({"shape": "polygon", "file": "star.dxf", "layer": "TOP"}, tmp_path)
    assert outline.bounds == (pytest.approx((0.0, 22e-3)), pytest.approx((-2e-3, 3e-3), rel=1e-3))
    circle = next(loop for loop in outline.loops if loop[0, 0] > 0.01)
    assert np.hypot(circle[:, 0] - 20e-3, circle[:, 1]) == pytest.approx(np.full(len(circle), 2e-3), rel=1e-3)
    drawing.units = 0
    drawing.saveas(tmp_path / "unitless.dxf")
    with pytest.raises(ValidationError, match="metres per unit"):
        adapted({"shape": "polygon", "file": "unitless.dxf"}, tmp_path)
    metric = adapted({"shape": "polygon", "file": "unitless.dxf", "layer": "TOP", "unit": 1e-3}, tmp_path)
    assert metric.bounds == outline.bounds
