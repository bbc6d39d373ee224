"""Mesh lines keep what they promise on any input, with about as few cells as a linear program can find."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_lines import Fixed, Region, mesh_lines, metal_edge, thin_layer


def random_input(rng):
    """Fixed positions, some very close, and regions that may be points, overlap, end anywhere or leave the line."""
    positions = rng.random(rng.integers(2, 12))
    if rng.random() < 0.3:
        positions = np.append(positions, positions[0] + 10 ** rng.uniform(-4, -1, 2))
    regions = [Region(-np.inf, np.inf, 10 ** rng.uniform(-2, 0))]
    for _ in range(rng.integers(0, 6)):
        low = rng.choice(positions) if rng.random() < 0.5 else 1.2 * rng.random()
        regions.append(Region(low, low + rng.random() * rng.choice([0, 0.1, 0.3]), 10 ** rng.uniform(-3, -1)))
    return [Fixed(p) for p in rng.permutation(positions)], regions


def steepest(lines):
    cells = np.diff(lines)
    return 1.0 if len(cells) == 1 else max((cells[1:] / cells[:-1]).max(), (cells[:-1] / cells[1:]).max())


def oversized(lines, region):
    """Excess of the longest cell that reaches into a region."""
    low, high = lines[:-1], lines[1:]
    tiny = 1e-8
    if region.high > region.low:
        there = (high > region.low + tiny) & (low < region.high - tiny)
    else:
        there = (high >= region.low - tiny) & (low <= region.high + tiny)
    return ((high - low)[there].max(initial=0.0)) / region.size - 1


@pytest.mark.parametrize("ratio", [1.05, 1.3, 2.0])
def test_any_input_is_honored(ratio):
    rng = np.random.default_rng(0)
    for _ in range(80):
        fixed, regions = random_input(rng)
        lines = mesh_lines(fixed, regions, ratio=ratio)
        assert np.all(np.diff(lines) > 0)
        assert steepest(lines) <= ratio * (1 + 1e-8)
        assert max(oversized(lines, r) for r in regions) < 1e-6
        assert max(np.abs(lines - f.position).min() for f in fixed) < 2e-9
        assert lines[[0, -1]] == pytest.approx([f(x.position for x in fixed) for f in (min, max)])


def test_the_mirrored_input_gives_the_mirrored_line():
    rng = np.random.default_rng(1)
    for _ in range(50):
        fixed, regions = random_input(rng)
        mirrored = [Fixed(-f.position) for f in fixed], [Region(-r.high, -r.low, r.size) for r in regions]
        lines, image = mesh_lines(fixed, regions), mesh_lines(*mirrored)
        assert image == pytest.approx(-lines[::-1], abs=1e-11)


def fewest(lengths, sizes, ratio, limit):
    """The least number of cells with which sizes, ratios and lengths can all hold, by linear programs."""
    least = [int(np.ceil(length / size - 1e-9)) for length, size in zip(lengths, sizes)]

    def possible(counts):
        n = sum(counts)
        owner = np.repeat(np.arange(len(counts)), counts)
        unlike = np.vstack(
            [np.zeros((1, n)), np.eye(n)[:-1] - ratio * np.eye(n)[1:], np.eye(n)[1:] - ratio * np.eye(n)[:-1]]
        )
        return linprog(
            np.zeros(n), A_ub=unlike, b_ub=np.zeros(len(unlike)), A_eq=np.eye(len(counts))[:, owner], b_eq=lengths,
            bounds=[(0, sizes[k]) for k in owner],
        ).status == 0  # fmt: skip

    for total in range(sum(least), limit):
        for extra in itertools.product(range(total - sum(least) + 1), repeat=len(lengths)):
            if sum(extra) == total - sum(least) and possible(np.add(least, extra)):
                return total
    return limit


def test_hardly_more_cells_than_needed():
    """Three cells at most above the fewest that a linear program allows, and a fifth of a cell on average."""
    rng, excess = np.random.default_rng(2), []
    for _ in range(60):
        count = rng.integers(1, 4)
        lengths, sizes = 10 ** rng.uniform(-1.5, 0, count), 10 ** rng.uniform(-1.3, -0.5, count)
        x = np.append(0, np.cumsum(lengths))
        made = len(mesh_lines([Fixed(p) for p in x], [Region(a, b, s) for a, b, s in zip(x, x[1:], sizes)])) - 1
        if made <= 40:
            excess.append(made - fewest(lengths, sizes, 1.3, made))
    assert len(excess) > 40 and max(excess) <= 3 and np.mean(excess) < 0.2


def test_cells_grow_by_the_ratio_away_from_an_edge():
    """Sizes 1, r, r^2, ... up to the largest: the fewest that the ratio allows on a line of just that length."""
    sizes = 1.3 ** np.arange(8.0)
    fixed, regions = metal_edge(0.0, 1.0)
    lines = mesh_lines([*fixed, Fixed(sizes.sum())], [*regions, Region(-np.inf, np.inf, 1e3)])
    assert np.diff(lines) == pytest.approx(sizes, rel=1e-9)


def test_a_uniform_line_is_uniform():
    lines = mesh_lines([Fixed(0.0), Fixed(1.0), Fixed(0.4)], [Region(0.0, 1.0, 0.1)], layers=(3, 2))
    assert lines == pytest.approx(np.linspace(-0.3, 1.2, 16))


def test_thin_layer_and_thirds():
    layer = thin_layer(0.5, 0.53, 4, "coating")
    fixed, regions = metal_edge(0.2, 0.03, outward=1)
    lines = mesh_lines([Fixed(0), Fixed(1), *layer[0], *fixed], [*layer[1], *regions, Region(0, 1, 0.2)])
    assert np.count_nonzero((lines > 0.5 - 1e-9) & (lines < 0.53 + 1e-9)) == 5
    # The edge lies a third of a cell beyond the last node of the metal.
    k = np.searchsorted(lines, 0.2)
    assert (0.2 - lines[k - 1], lines[k] - lines[k - 1]) == pytest.approx((0.01, 0.03))


@pytest.mark.parametrize(
    "fixed,regions,options,message",
    [
        ([Fixed(0), Fixed(1e-3, "strip"), Fixed(1.2e-3, "slot")], [Region(0, 1, 1)], {"smallest": 3e-4},
         "strip at 0.001 m and slot at 0.0012 m"),
        ([Fixed(0), Fixed(1), Fixed(2.9)], [Region(0, 3, 1)], {"smallest": 1.0}, "at least 1 m between"),
        ([Fixed(0), Fixed(1)], [Region(0, 0.5, 0.1)], {}, "none from 0.5 to 1 m"),
        ([Fixed(0)], [Region(0, 1, 0.1)], {}, "at least two"),
        ([Fixed(0), Fixed(np.nan, "port")], [Region(0, 1, 0.1)], {}, "position of port"),
        ([Fixed(0), Fixed(1)], [Region(0, 1, -0.1, "glass")], {}, "cell size of glass"),
        ([Fixed(0), Fixed(1)], [Region(0, 1, 0.1)], {"ratio": 1.0}, "above 1"),
        ([Fixed(0), Fixed(1)], [Region(0, 1, 0.1)], {"layers": (1, -2)}, "whole numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(fixed, regions, options, message):
    with pytest.raises(InputError, match=message) as refusal:
        mesh_lines(fixed, regions, **options)
    assert "\n" not in str(refusal.value)


def test_no_cell_is_shorter_than_the_smallest():
    """Or the line is refused."""
    rng, kept = np.random.default_rng(3), 0
    for _ in range(60):
        fixed, regions = random_input(rng)
        try:
            lines = mesh_lines(fixed, regions, smallest=2e-3)
        except InputError:
            continue
        kept += 1
        assert np.diff(lines).min() >= 2e-3 * (1 - 1e-8)
    assert kept > 10
