"""Plane fronts: recovered truth, errors that mean what they say, degenerate events."""

import numpy as np
import pytest

from cascade.studies.showers.array import positions
from cascade.studies.showers.baselines.front_fit import (
    axis_uncertainty,
    barycentre,
    fit_front,
    unit_vector,
)
from cascade.studies.showers.baselines.observables import Stations
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.settings import ArraySettings, DetectorSettings
from cascade.studies.showers.simulation.detector import timing_error

DETECTOR = DetectorSettings()
EXACT = DetectorSettings(jitter=0.0)
SITES = positions(ArraySettings())[[30, 31, 39, 40, 41, 48, 49]]


def axes(number, rng, zenith=60):
    sine = np.sqrt(rng.uniform(0, np.sin(np.radians(zenith)) ** 2, number))
    azimuth = rng.uniform(0, 2 * np.pi, number)
    return unit_vector(np.stack([sine * np.cos(azimuth), sine * np.sin(azimuth)], axis=1))


def made(position, time, signal):
    """Events with the same number of stations: position (…, n, 3), time (events, n)."""
    events, number = time.shape
    position = np.broadcast_to(position, (events, number, 3)).reshape(-1, 3)
    signal = np.broadcast_to(signal, (events, number)).reshape(-1)
    return Stations(
        np.full(events, number),
        np.repeat(np.arange(events), number),
        np.array(position),
        time.reshape(-1),
        np.array(signal)[:, np.newaxis],
        np.array(signal),
    )


def plane(axis, position):
    return -np.einsum("ei,...i->e...", axis, position) / SPEED_OF_LIGHT


def angle(first, second):
    return np.arctan2(
        np.linalg.norm(np.cross(first, second), axis=-1), np.sum(first * second, axis=-1)
    )


@pytest.mark.parametrize("heights", [0.0, 100.0])
def test_a_plane_front_without_errors_is_found_again(heights):
    rng = np.random.default_rng(1)
    axis = axes(200, rng)
    site = SITES + np.stack([np.zeros(7), np.zeros(7), rng.normal(0, heights, 7)], axis=1)
    offset = rng.uniform(-1e4, 1e4, (200, 1))
    found = made(site, plane(axis, site) + offset, rng.uniform(20, 1e4, (200, 7)))
    front = fit_front(found, EXACT)
    # heights are put in step by step
    assert angle(front.axis, axis).max() < (1e-6 if not heights else 2e-3)
    weights = np.ones(len(found))
    centre = barycentre(found, weights)
    if not heights:
        expected = plane(axis, np.zeros(3)) + offset[:, 0]
        passage = front.time + np.einsum("ei,ei->e", centre, front.axis) / SPEED_OF_LIGHT
        np.testing.assert_allclose(passage, expected, atol=1e-3)


def test_errors_are_as_large_as_they_say():
    rng = np.random.default_rng(2)
    axis = axes(4000, rng)
    signal = 10 ** rng.uniform(1.5, 4, (4000, 7))
    time = plane(axis, SITES) + rng.normal(size=(4000, 7)) * timing_error(signal, DETECTOR)
    front = fit_front(made(SITES, time, signal), DETECTOR)
    off = front.axis[:, :2] - axis[:, :2]
    pulls = np.einsum("ei,eij,ej->e", off, np.linalg.inv(front.covariance), off)
    assert np.mean(pulls) == pytest.approx(2, abs=0.15)
    spread = angle(front.axis, axis) / axis_uncertainty(front.axis, front.covariance)
    assert np.sqrt(np.mean(spread**2) / 2) == pytest.approx(1, abs=0.05)


def test_few_stations_leave_the_axis_upright():
    rng = np.random.default_rng(3)
    axis = axes(50, rng)
    np.testing.assert_allclose(
        fit_front(made(SITES[:0], np.zeros((3, 0)), 0.0), DETECTOR).axis, [[0, 0, 1]] * 3
    )
    one = fit_front(made(SITES[:1], rng.normal(size=(3, 1)), 100.0), DETECTOR)
    np.testing.assert_allclose(one.axis, [[0, 0, 1]] * 3)
    # on a line along x, v is unknown and stays 0, u is found
    line = positions(ArraySettings())[[38, 39, 40, 41]]
    front = fit_front(made(line, plane(axis, line), 1e3), EXACT)
    np.testing.assert_allclose(front.axis[:, 1], 0, atol=1e-9)
    np.testing.assert_allclose(front.axis[:, 0], axis[:, 0], atol=1e-6)
    assert front.covariance[0, 1, 1] == pytest.approx(0.25)


def test_absurd_times_give_an_axis_above_the_horizon():
    time = np.array([[0.0, 1e6, -1e6, 3e5, 0, 0, 0]])
    front = fit_front(made(SITES, time, 1e3), DETECTOR)
    assert np.linalg.norm(front.axis[0]) == pytest.approx(1)
    assert front.axis[0, 2] >= np.cos(np.radians(85.01))
