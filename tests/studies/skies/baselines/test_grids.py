"""Counts of pairs and multiplets: as slow loops say, and blind to order and orientation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.studies.skies.baselines.grids import scan
from cascade.studies.skies.baselines.neighbours import Grid
from cascade.studies.skies.settings.baselines import GridSettings, ScanTreesSettings
from studies.skies.baselines.drawn import drawn, reordered, rows

ORDERS = (1, 3)
CELLS = GridSettings(angles=(5, 20, 70, 180), shares=(0.1, 0.5, 0.9))


def counted(events, cells=CELLS, orders=ORDERS):
    grid = Grid.of(cells, np.shape(events["energy"])[1])
    return scan(events["direction"], events["energy"], grid, orders)


def slow_neighbours(direction, energy, angle, number):
    """Neighbours of each of so many rays of highest energy, falling."""
    highest = np.argsort(-energy)[:number]
    neighbours = np.zeros(number, int)
    for place, one in enumerate(highest):
        for other in highest:
            cosine = np.dot(direction[one].astype(float), direction[other].astype(float))
            if one != other and np.degrees(np.arccos(np.clip(cosine, -1, 1))) < angle:
                neighbours[place] += 1
    return -np.sort(-neighbours)


def test_counts_are_those_of_slow_loops():
    events = drawn(3, 1, rays=40, isotropic=0.0, fractions=[0.5])
    found = counted(events)
    assert found.shape == (3, 3, 3, 4)
    for sky in range(3):
        for row, number in enumerate((4, 20, 36)):
            for column, angle in enumerate(CELLS.angles):
                expected = slow_neighbours(
                    events["direction"][sky], events["energy"][sky], angle, number
                )
                counts = found[sky, :, row, column]
                assert list(counts) == [expected.sum() // 2, expected[0], expected[2]]


def test_all_rays_are_within_half_a_turn():
    found = counted(drawn(5, 2), GridSettings(angles=(180,), shares=(0.5, 1)))
    np.testing.assert_array_equal(found[:, 0, :, 0], [[30 * 29 / 2, 60 * 59 / 2]] * 5)
    np.testing.assert_array_equal(found[:, 1:, :, 0], [[[29, 59]] * 2] * 5)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_neither_order_nor_orientation_changes_a_count(seed):
    rng = np.random.default_rng(seed)
    events = drawn(4, seed, isotropic=0.0)
    expected = counted(events)
    np.testing.assert_array_equal(counted(reordered(events, rng)[0]), expected)
    turned = events["direction"] @ Rotation.random(rng=rng).as_matrix().T.astype(np.float32)
    found = counted(events | {"direction": turned})
    # rounding may carry a pair across an edge
    assert np.abs(found - expected).max() <= 1
    assert np.mean(found == expected) > 0.98


def test_equal_energies_do_not_bring_the_order_back():
    events = drawn(10, 3)
    events["energy"] = np.floor(events["energy"] / 10)
    other, _ = reordered(events, np.random.default_rng(1))
    np.testing.assert_array_equal(counted(other), counted(events))


def test_thresholds_follow_the_number_of_rays():
    assert list(Grid.of(GridSettings(), 500).numbers[:3]) == [25, 50, 100]
    assert list(Grid.of(GridSettings(), 2635).numbers[-2:]) == [2108, 2635]
    # two rays make a pair, one makes none
    assert list(Grid.of(GridSettings(shares=(0.001, 1.0)), 30).numbers) == [2, 30]
    assert list(Grid.of(GridSettings(shares=(0.1, 1.0)), 2).numbers) == [2, 2]


def test_few_rays_are_counted():
    events = drawn(6, 4, rays=2)
    found = counted(events, GridSettings(), orders=(1, 25))
    assert set(np.unique(found)) <= {0, 1}
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    assert counted(rows(events, slice(0)), GridSettings()).shape == (0, 3, 8, 10)


def test_rays_in_one_direction_are_counted():
    close = np.tile(np.array([0.6, 0, 0.8], np.float32), (1, 300, 1))
    found = scan(close, np.ones((1, 300)), Grid.of(GridSettings(), 300))
    assert found[0, 0, -1, 0] == 300 * 299 // 2
    assert found[0, 1, -1, 0] == 299


def test_skies_of_another_size_are_refused():
    events = drawn(2, 5, rays=50)
    with pytest.raises(CascadeError, match="these skies have 50 rays, those of the fit had 60"):
        scan(events["direction"], events["energy"], Grid.of(CELLS, 60))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"angles": [5, 3]}, r"angles: must rise, not \[5.0, 3.0\]"),
        ({"shares": []}, "shares: "),
        ({"shares": [0.5, 1.5]}, r"shares.1: 1.5 is wrong: must be less than or equal to 1"),
        ({"orders": [0]}, r"orders.0: 0 is wrong"),
    ],
)
def test_impossible_cells_are_refused(values, message):
    with pytest.raises(CascadeError, match=message):
        validate(ScanTreesSettings, values)
