"""Isolated stations and silent neighbours."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.studies.showers.array import axial, positions, site
from cascade.studies.showers.baselines.neighbours import isolated, silent_neighbours
from cascade.studies.showers.baselines.observables import Stations
from cascade.studies.showers.settings import ArraySettings

ARRAY = ArraySettings()


def triggered(*events, array=ARRAY):
    """Events given by the axial coordinates of their stations."""
    counts = np.array([len(event) for event in events])
    coordinates = np.array([place for event in events for place in event]).reshape(-1, 2)
    number = len(coordinates)
    return Stations(
        counts,
        np.repeat(np.arange(len(events)), counts),
        positions(array)[site(array, coordinates)],
        np.zeros(number),
        np.ones((number, 1)),
        np.ones(number),
    )


def test_a_station_far_from_all_others_is_isolated():
    found = triggered([(0, 0), (1, 0), (0, 4)], [(2, 0), (-2, 0)], [], [(3, 0)])
    np.testing.assert_array_equal(isolated(found, ARRAY), [0, 0, 1, 0, 0, 0])


def test_silent_neighbours_ring_the_triggered_ones():
    event, place = silent_neighbours(triggered([(0, 0)], [], [(0, 0), (1, 0)]), ARRAY)
    assert list(np.bincount(event)) == [6, 0, 8]
    distance = np.linalg.norm(place[event == 0], axis=1)
    np.testing.assert_allclose(distance, 1500, rtol=1e-9)


def test_beyond_the_largest_hexagon_no_station_is_known_to_be_silent():
    event, place = silent_neighbours(triggered([(4, 0)]), ARRAY)
    # half of the ring lies outside
    assert len(event) == 3
    coordinates = axial(ARRAY)
    inside = np.abs(np.column_stack([coordinates, coordinates.sum(axis=1)])).max(axis=1) <= 4
    known = {tuple(row) for row in np.round(positions(ARRAY)[inside])}
    assert {tuple(row) for row in np.round(place)} <= known


def test_stations_off_the_lattice_are_complained_about():
    found = triggered([(1, 0), (1, 1)], array=ArraySettings(spacing=1000.0))
    with pytest.raises(CascadeError, match=r"array: a station stands \d+ m from .* 1500 m spacing"):
        silent_neighbours(found, ARRAY)
