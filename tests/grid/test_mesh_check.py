"""Every fault planted in a mesh is refused, with the place; what is only untidy is put right. No Firedrake, no files."""

import math

import numpy as np
import pytest
from mesh_cases import DIMENSIONS, FACET, bare, lattice, square

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_cells import KINDS
from adjointdesign.grid.mesh_check import sound_mesh
from adjointdesign.grid.mesh_read import Block, FileMesh, Group


def volume(points, cells, kind):
    """Of each cell, signed, by the corners of its outward facets and the divergence theorem."""
    total = np.zeros(len(cells))
    for facet in KINDS[kind].facets:
        x = points[cells[:, facet]]
        if x.shape[2] == 2:
            total += np.cross(np.pad(x[:, 0], ((0, 0), (0, 1))), np.pad(x[:, 1], ((0, 0), (0, 1))))[:, 2] / 2
        else:
            for i in range(1, x.shape[1] - 1):
                total += np.einsum("ni,ni->n", x[:, 0], np.cross(x[:, i], x[:, i + 1])) / 6
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_a_tidy_mesh_stays_as_it_is(kind):
    points, cells = lattice(kind)
    sound = sound_mesh(bare(kind, points, cells))
    assert np.array_equal(sound.cells, cells) and np.array_equal(sound.points, points) and not sound.notes


@pytest.mark.parametrize("kind", KINDS)
def test_numbering_that_runs_backward_is_put_right(kind):
    points, cells = lattice(kind)
    backward = np.random.default_rng(1).random(len(cells)) < 0.4
    mixed = np.where(backward[:, None], cells[:, KINDS[kind].mirror], cells)
    sound = sound_mesh(bare(kind, points, mixed))
    volumes = volume(sound.points, sound.cells, kind)
    assert (volumes > 0).all() and volumes.sum() == pytest.approx(1, rel=1e-13)
    assert sound.notes == [f"{backward.sum()} cells renumbered to positive orientation"]


def test_a_cell_turned_inside_out_is_refused_by_number_and_place():
    points, cells = lattice("triangle")
    # The corner (0, 1) belongs to one cell alone; it goes through the opposite side.
    (corner,) = np.flatnonzero((points == [0, 1]).all(axis=1))
    assert np.flatnonzero((cells == corner).any(axis=1)).tolist() == [5]
    points[corner] = [0.3, 0.7]
    place = points[cells[5]].mean(axis=0)
    with pytest.raises(InputError, match="inverted, which overlaps its neighbors") as error:
        sound_mesh(bare("triangle", points, cells))
    assert f"cell 5 (counted from 0) at ({place[0]:.6g}, {place[1]:.6g}) m;" in str(error.value)


def test_an_inner_node_that_left_its_star_is_found():
    points, cells = lattice("tetra")
    (middle,) = np.flatnonzero(np.isclose(points, 1 / 3).all(axis=1))
    points[middle] = 0.9
    with pytest.raises(InputError, match="inverted, which overlaps its neighbors: cell .* and .* more"):
        sound_mesh(bare("tetra", points, cells))


@pytest.mark.parametrize("kind", ["quad", "hexahedron"])
def test_a_cell_that_is_not_convex_is_refused(kind):
    points, cells = lattice(kind)
    (corner,) = np.flatnonzero((points == 1).all(axis=1))
    points[corner] = 0.7
    with pytest.raises(InputError, match=rf"tangled: cell {len(cells) - 1} \(counted from 0\) at \(0\.\d+, "):
        sound_mesh(bare(kind, points, cells))


def test_quadrilaterals_with_crossed_sides_are_refused():
    points, cells = lattice("quad")
    cells[4] = cells[4][[0, 2, 1, 3]]
    with pytest.raises(InputError, match="tangled: cell 4 "):
        sound_mesh(bare("quad", points, cells))


def test_a_flat_cell_is_refused():
    points, cells = lattice("triangle")
    (corner,) = np.flatnonzero((points == [0, 1]).all(axis=1))
    points[corner] = [1 / 6, 5 / 6]
    with pytest.raises(InputError, match="flat one: cell 5 "):
        sound_mesh(bare("triangle", points, cells))


def test_an_isolated_cell_is_refused():
    points, cells = lattice("triangle")
    points, cells = np.vstack([points, [[3, 3], [4, 3], [3, 4]]]), np.vstack([cells, len(points) + np.arange(3)])
    with pytest.raises(InputError, match=r"isolated one: cell 18 \(counted from 0\) at \(3.33333, 3.33333\) m;"):
        sound_mesh(bare("triangle", points, cells))


def test_a_cell_that_touches_at_a_corner_only_is_isolated():
    points, cells = lattice("triangle")
    (corner,) = np.flatnonzero((points == 1).all(axis=1))
    points, cells = np.vstack([points, [[2, 1], [2, 2]]]), np.vstack([cells, [corner, len(points), len(points) + 1]])
    with pytest.raises(InputError, match="isolated one: cell 18 "):
        sound_mesh(bare("triangle", points, cells))


def test_two_bodies_are_allowed_and_said():
    points, cells = lattice("triangle")
    sound = sound_mesh(bare("triangle", np.vstack([points, points + 2]), np.vstack([cells, cells + len(points)])))
    assert sound.notes == ["2 parts that share no facet"]
    assert len(sound_mesh(bare("triangle", points, cells[:1])).cells) == 1


def test_nodes_of_no_cell_are_dropped_and_said():
    file = square()
    points = np.vstack([[[9.0, 9.0]], file.points, [[5.0, 5.0]]])
    blocks = [Block(block.type, block.dimension, block.nodes + 1) for block in file.blocks]
    sound = sound_mesh(FileMesh(points, blocks, file.groups, []))
    assert np.array_equal(sound.points, file.points) and "2 nodes of no cell dropped" in sound.notes
    tag, facets = sound.facet_groups["inlet"]
    assert tag == 7 and (sound.points[facets][:, :, 0] == 0).all() and len(facets) == 3
    tag, core = sound.groups["core"]
    assert tag == 7 and (sound.points[sound.cells[core]].mean(axis=1)[:, 0] < 0.5).all() and len(core) == 9


def slit():
    """A square whose two halves have nodes of their own where they meet."""
    points, cells = lattice("triangle", 2)
    right = np.flatnonzero(points[cells].mean(axis=1)[:, 0] > 0.5)
    middle = np.flatnonzero(points[:, 0] == 0.5)
    new = np.arange(len(points))
    new[middle] = len(points) + np.arange(len(middle))
    cells[right] = new[cells[right]]
    return np.vstack([points, points[middle]]), cells


def test_doubled_nodes_are_refused_or_joined():
    points, cells = slit()
    with pytest.raises(InputError, match=r"3 pairs at the same place, one at \(0.5, 0(\.5)?\) m.*merge_nodes=True"):
        sound_mesh(bare("triangle", points, cells))
    sound = sound_mesh(bare("triangle", points, cells), merge_nodes=True)
    assert sound.notes == ["3 doubled nodes joined"] and len(sound.points) == 9


def test_copies_of_cells_are_one_cell_in_both_groups():
    points, cells = lattice("triangle")
    blocks = [Block("triangle", 2, cells), Block("triangle", 2, cells[4:6, [1, 2, 0]])]
    groups = [Group("all", None, 0, np.arange(18)), Group("some", None, 1, np.arange(2))]
    sound = sound_mesh(FileMesh(points, blocks, groups, []))
    assert len(sound.cells) == 18 and "2 copies of cells dropped" in sound.notes
    assert sound.groups["some"][1].tolist() == [4, 5] and len(sound.groups["all"][1]) == 18
    assert {tag for tag, _ in sound.groups.values()} == {1, 2}


@pytest.mark.parametrize(
    "blocks, line",
    [
        ([("triangle", 2, [[0, 1, 2]]), ("quad", 2, [[0, 1, 3, 2]])], "cells of one kind, got 1 triangle and 1 quad"),
        ([("triangle", 2, [[0, 1, 2]]), ("triangle6", 2, [[0, 1, 2, 3, 4, 5]])], "1 triangle and 1 triangle6"),
        ([("wedge", 3, [[0, 1, 2, 3, 4, 5]])], "got wedge"),
        ([("quad8", 2, [[0, 1, 2, 3, 4, 5, 0, 1]])], "got quad8"),
        ([("line", 1, [[0, 1]])], "cells of two or three dimensions, got none"),
        ([], "cells of two or three dimensions, got none"),
        ([("triangle", 2, [[0, 1, 99]])], "nodes with a finite place for every cell"),
        ([("triangle", 2, [[0, 1, -1]])], "nodes with a finite place for every cell"),
    ],
)
def test_cells_that_are_not_read(blocks, line):
    points = np.random.default_rng(0).random((6, 2))
    with pytest.raises(InputError, match=line):
        sound_mesh(FileMesh(points, [Block(*block[:2], np.array(block[2])) for block in blocks], [], []))


def test_a_node_without_a_place_is_refused():
    points, cells = lattice("triangle")
    points[3] = np.nan
    with pytest.raises(InputError, match="finite place"):
        sound_mesh(bare("triangle", points, cells))


@pytest.mark.parametrize("axis, note", [(2, []), (1, ["the file's x and z taken for x and y"])])
def test_a_plane_mesh_in_space_becomes_two_dimensional(axis, note):
    points, cells = lattice("triangle")
    sound = sound_mesh(bare("triangle", np.insert(points, axis, 4.0, axis=1), cells))
    assert np.array_equal(sound.points, points) and sound.notes == note


def test_a_surface_in_space_is_refused():
    points, cells = lattice("triangle")
    with pytest.raises(InputError, match="mesh in a plane .* or one of a volume"):
        sound_mesh(bare("triangle", np.column_stack([points, points[:, 0]]), cells))


def test_a_facet_of_three_cells_is_refused():
    points, cells = lattice("triangle")
    points, cells = np.vstack([points, [0.1, 0.4]]), np.vstack([cells, [*cells[0][[0, 2]], len(points)]])
    with pytest.raises(InputError, match="facets of one cell or two, got a cell with a facet of more"):
        sound_mesh(bare("triangle", points, cells))


@pytest.mark.parametrize("line", [[0, 15], [0, 16]])
def test_a_tagged_facet_of_no_cell_is_refused(line):
    points, cells = lattice("triangle")
    with pytest.raises(InputError, match="1 that are of none, one near"):
        sound_mesh(bare("triangle", np.vstack([points, [2, 2]]), cells, Block("line", 1, np.array([line]))))


@pytest.mark.parametrize("kind", KINDS)
def test_every_facet_of_every_cell_can_be_tagged(kind):
    points, cells = lattice(kind, 2)
    facets = cells[:, np.array(KINDS[kind].facets)].reshape(-1, len(KINDS[kind].facets[0]))
    block = Block(FACET[kind], DIMENSIONS[kind] - 1, facets)
    file = bare(kind, points, cells, block)
    sound = sound_mesh(FileMesh(file.points, file.blocks, [Group("all", 3, 1, np.arange(len(facets)))], []))
    assert len(sound.facet_groups["all"][1]) == len(facets)


@pytest.mark.parametrize("scale", [0, -1, math.nan, math.inf])
def test_a_scale_that_is_none(scale):
    with pytest.raises(InputError, match="scale: expected a positive number"):
        sound_mesh(square(), scale=scale)


def test_scale_gives_meters():
    assert np.array_equal(sound_mesh(square(), scale=1e-3).points, 1e-3 * square().points)


def curved(kind, bend):
    """Second-order cells whose edge nodes are moved by ``bend(x)`` from the middles."""
    points, cells = lattice(kind)
    ends = np.sort(cells[:, np.array(KINDS[kind].edges)].reshape(-1, 2), axis=1)
    edges, number = np.unique(ends, axis=0, return_inverse=True)
    middles = points[edges].mean(axis=1)
    nodes = np.hstack([cells, len(points) + number.reshape(len(cells), -1)])
    type_ = {"triangle": "triangle6", "tetra": "tetra10"}[kind]
    places = np.vstack([points, middles + bend(middles)])
    return FileMesh(places, [Block(type_, DIMENSIONS[kind], nodes)], [], []), middles


@pytest.mark.parametrize("kind", ["triangle", "tetra"])
def test_curved_cells_keep_their_middles_whatever_their_numbering(kind):
    file, middles = curved(kind, lambda x: 0.03 * np.sin(5 * x[:, ::-1]))
    nodes, base = file.blocks[0].nodes, KINDS[kind]
    swap = np.arange(nodes.shape[1])
    # Corners 1 and 2 change places: edges go by the table of their ends.
    swap[[1, 2]] = [2, 1]
    for row, (a, b) in enumerate(base.edges):
        ends = {{1: 2, 2: 1}.get(v, v) for v in (a, b)}
        swap[base.corners + row] = base.corners + [set(edge) for edge in base.edges].index(ends)
    nodes[::3] = nodes[::3][:, swap]
    sound = sound_mesh(file)
    straight, bent = sound.bends
    assert "curved (second order)" in sound.notes and len(straight) == len(middles)
    np.testing.assert_allclose(bent, straight + 0.03 * np.sin(5 * straight[:, ::-1]), rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", ["triangle", "tetra"])
def test_curved_edges_that_cross_are_refused(kind):
    file, _ = curved(kind, lambda x: 0.3 * np.sin(5 * x[:, ::-1]))
    with pytest.raises(InputError, match="curved edges that stay apart, got ones that cross: cell "):
        sound_mesh(file)
