import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cascade.studies.showers.array import axial, nearest_axial, positions, site
from cascade.studies.showers.settings import ArraySettings

odd = st.integers(1, 8).map(lambda half: 2 * half + 1)
arrays = st.builds(ArraySettings, rows=odd, columns=odd, spacing=st.floats(10, 5000))


def test_rows_are_those_of_the_published_toy():
    """Offset rows: x += ½ (row mod 2), y *= sin 60°, then centred on the station in the middle."""
    array = ArraySettings()
    row, column = np.divmod(np.arange(81), 9)
    x, y = column + 0.5 * (row % 2), row * np.sin(np.pi / 3)
    where = 1500 * np.stack([x - x[40], y - y[40], np.zeros(81)], axis=1)
    np.testing.assert_allclose(positions(array), where, atol=1e-9)


@given(arrays)
def test_the_central_station_is_the_origin(array):
    centre = array.rows * array.columns // 2
    assert not positions(array)[centre].any()
    assert not axial(array)[centre].any()


@given(arrays)
def test_neighbours_stand_one_spacing_apart(array):
    where = positions(array)[:, :2]
    apart = np.linalg.norm(where[:, np.newaxis] - where, axis=2) + 1e9 * np.eye(len(where))
    np.testing.assert_allclose(apart.min(axis=1), array.spacing)
    inside = np.ptp(axial(array), axis=0).min() > 2
    if inside:
        centre = array.rows * array.columns // 2
        assert np.sum(np.isclose(apart[centre], array.spacing)) == 6


@given(arrays)
def test_axial_coordinates_and_sites_belong_together(array):
    coordinates = axial(array)
    assert len(np.unique(coordinates, axis=0)) == len(coordinates)
    assert np.array_equal(site(array, coordinates), np.arange(len(coordinates)))
    lattice = np.array([[1, 0], [0.5, np.sqrt(3) / 2]])
    np.testing.assert_allclose(positions(array)[:, :2], array.spacing * coordinates @ lattice)


@given(arrays, st.integers(-30, 30), st.integers(-30, 30))
def test_off_the_array_there_is_no_site(array, q, r):
    found = site(array, np.array([q, r]))
    there = (axial(array) == [q, r]).all(axis=1)
    assert found == (np.argmax(there) if there.any() else -1)


@given(arrays, st.integers(0, 2**32 - 1))
def test_the_nearest_point_of_the_lattice_is_found(array, seed):
    """Compared with the distances to all points about."""
    reach = np.arange(-6, 7)
    points = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    lattice = array.spacing * np.array([[1, 0], [0.5, np.sqrt(3) / 2]])
    where = np.random.default_rng(seed).uniform(-2, 2, (50, 2)) * array.spacing
    apart = np.linalg.norm(where[:, np.newaxis] - points @ lattice, axis=2)
    found = nearest_axial(array, where)
    assert found.dtype.kind == "i"
    np.testing.assert_allclose(
        np.linalg.norm(where - found @ lattice, axis=1), apart.min(axis=1), rtol=1e-9
    )
    with_height = np.concatenate([where, np.full((50, 1), 1e5)], axis=1)
    assert np.array_equal(nearest_axial(array, with_height), found)


@pytest.mark.parametrize("size", [{"rows": 8}, {"columns": 4}, {"rows": 1}, {"spacing": 0.0}])
def test_an_array_has_a_centre(size):
    with pytest.raises(ValidationError, match=next(iter(size))):
        ArraySettings(**size)
