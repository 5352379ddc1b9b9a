import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.studies.showers import symmetry
from cascade.studies.showers.array import axial, nearest_axial, positions, site
from cascade.studies.showers.settings import ArraySettings

ARRAYS = [ArraySettings(), ArraySettings(rows=5, columns=9), ArraySettings(rows=7, columns=3)]
elements = st.integers(0, symmetry.ORDER - 1)


def test_turns_go_counter_clockwise_and_the_mirror_comes_first():
    east, north = np.eye(2)
    matrices = symmetry.planar()
    for s in range(12):
        turn, mirrored = s % 6, s // 6
        angle = np.radians(60 * turn) + (np.pi if mirrored else 0)
        np.testing.assert_allclose(matrices[s] @ east, [np.cos(angle), np.sin(angle)], atol=1e-15)
        # north is not moved by the mirror
        angle = np.radians(90 + 60 * turn)
        np.testing.assert_allclose(matrices[s] @ north, [np.cos(angle), np.sin(angle)], atol=1e-15)
        assert (symmetry.TURN[s], symmetry.MIRRORED[s]) == (turn, mirrored)


def test_half_turn_and_mirror_are_exact():
    matrices = symmetry.planar()
    assert np.array_equal(matrices[0], np.eye(2))
    assert np.array_equal(matrices[3], -np.eye(2))
    assert np.array_equal(matrices[6], np.diag([-1, 1]))
    assert np.array_equal(matrices[9], np.diag([1, -1]))


@given(elements, elements)
def test_they_form_a_group(first, second):
    products = []
    for matrices in (symmetry.planar(), symmetry.lattice()):
        both = matrices[second] @ matrices[first]
        products.append(np.flatnonzero(np.isclose(matrices, both).all(axis=(1, 2))).tolist())
        undone = matrices[symmetry.INVERSE[first]] @ matrices[first]
        np.testing.assert_allclose(undone, np.eye(2), atol=1e-15)
    # the plane and the axial coordinates multiply alike
    assert products[0] == products[1]
    assert len(products[0]) == 1


@given(elements, st.integers(-9, 9), st.integers(-9, 9))
def test_axial_coordinates_turn_as_the_plane_does(element, q, r):
    lattice = np.array([[1, 0], [0.5, np.sqrt(3) / 2]])
    moved = symmetry.lattice()[element] @ [q, r]
    in_plane = symmetry.planar()[element] @ ([q, r] @ lattice)
    np.testing.assert_allclose(moved @ lattice, in_plane, atol=1e-12)


@pytest.mark.parametrize("array", ARRAYS, ids=str)
def test_sites_go_where_their_stations_go(array):
    where = positions(array)[:, :2]
    for element, table in enumerate(symmetry.images(array)):
        moved = where @ symmetry.planar()[element].T
        assert np.array_equal(table, site(array, nearest_axial(array, moved)))
        there = table >= 0
        np.testing.assert_allclose(moved[there], where[table[there]], atol=1e-9)
        assert len(np.unique(table[there])) == there.sum()


@pytest.mark.parametrize("array", ARRAYS, ids=str)
def test_filling_undoes_moving(array):
    images, preimages = symmetry.images(array), symmetry.preimages(array)
    assert images.shape == preimages.shape == (12, array.rows * array.columns)
    for to, source in zip(images, preimages, strict=True):
        there = to >= 0
        assert np.array_equal(source[to[there]], np.flatnonzero(there))
        assert there.sum() == (source >= 0).sum()


def test_sites_within_the_hexagon_stay_on_the_default_array():
    q, r = axial(ArraySettings()).T
    spacings = np.maximum(np.abs(q), np.maximum(np.abs(r), np.abs(q + r)))
    stays = (symmetry.images(ArraySettings()) >= 0).all(axis=0)
    assert np.array_equal(stays, spacings <= 4)
    assert stays.sum() == 61
