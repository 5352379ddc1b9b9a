import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rayleigh

from cascade.evaluation import resolution
from cascade.evaluation.resolution import angular_distance, binned

NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30)
STATISTICS = (
    resolution.bias, resolution.resolution, resolution.root_mean_square, resolution.containment,
)  # fmt: skip


@given(
    st.floats(1e-12, math.pi - 1e-12),
    st.floats(0, 2 * math.pi),
    st.floats(0, math.pi),
)
def test_a_turn_by_an_angle_is_that_angle(angle, azimuth, zenith):
    # the third axis turned to (zenith, azimuth), and a second vector turned away from it
    sin, cos = math.sin(zenith), math.cos(zenith)
    first = np.array([sin * math.cos(azimuth), sin * math.sin(azimuth), cos])
    across = np.array([cos * math.cos(azimuth), cos * math.sin(azimuth), -sin])
    second = math.cos(angle) * first + math.sin(angle) * across
    assert angular_distance(first, second) == pytest.approx(angle, rel=1e-3, abs=1e-15)
    assert angular_distance(second, first) == angular_distance(first, second)


def test_angles_of_many_vectors():
    vectors = np.eye(3)[:, None], np.concatenate([np.eye(3), -np.eye(3)])
    expected = np.full((3, 6), np.pi / 2)
    expected[range(3), range(3)] = 0
    expected[range(3), range(3, 6)] = np.pi
    np.testing.assert_allclose(angular_distance(*vectors), expected)


def test_a_known_law_has_its_moments_and_its_quantile():
    differences = np.random.default_rng(1).normal(3, 4, 200_000)
    assert resolution.bias(differences) == pytest.approx(3, abs=0.04)
    assert resolution.resolution(differences) == pytest.approx(4, abs=0.03)
    assert resolution.root_mean_square(differences) == pytest.approx(5, abs=0.04)
    distances = np.hypot(*np.random.default_rng(2).normal(0, 2, (2, 200_000)))
    assert resolution.containment(distances) == pytest.approx(2 * rayleigh.ppf(0.68), rel=0.01)
    assert resolution.containment(distances, 0.95) == pytest.approx(
        2 * rayleigh.ppf(0.95), rel=0.01
    )


@given(NUMBERS)
def test_root_mean_square_holds_bias_and_spread(numbers):
    values = np.array(numbers)
    spread = np.mean((values - resolution.bias(values)) ** 2)
    expected = math.sqrt(resolution.bias(values) ** 2 + spread)
    assert resolution.root_mean_square(values) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_replicas_are_worked_out_one_by_one(statistic):
    replicas = np.random.default_rng(3).normal(size=(5, 40)).astype("f4")
    np.testing.assert_allclose(statistic(replicas), [statistic(row) for row in replicas], rtol=1e-6)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_of_no_events_nothing_is_known(statistic):
    assert np.isnan(statistic(np.empty(0)))
    assert np.isnan(statistic(np.empty((4, 0)))).all()


def test_one_event_has_no_spread():
    assert np.isnan(resolution.resolution(np.ones(1)))


def test_classes_of_a_known_distance():
    rng = np.random.default_rng(4)
    first, second = rng.normal(2, 3, 100_000), rng.normal(7, 4, 100_000)
    assert resolution.merit_factor(first, second) == pytest.approx(1, abs=0.02)
    assert resolution.merit_factor(second, first) == resolution.merit_factor(first, second)


def test_a_merit_factor_needs_two_events_of_each_class():
    some = np.array([1.0, 2.0])
    for few in (np.empty(0), np.ones(1)):
        assert np.isnan(resolution.merit_factor(few, some))
        assert np.isnan(resolution.merit_factor(some, few))
    constant = np.ones(2)
    assert resolution.merit_factor(constant, 2 * constant) == np.inf
    assert np.isnan(resolution.merit_factor(constant, constant))


@given(NUMBERS, st.integers(1, 5))
def test_bins_hold_what_a_histogram_counts(numbers, bins):
    variable = np.array(numbers)
    edges = np.linspace(-500, 1000, bins + 1)
    found = binned(resolution.bias, [(variable, variable)], edges, np.random.default_rng(1), 10)
    counts, _ = np.histogram(variable, edges)
    sums, _ = np.histogram(variable, edges, weights=variable)
    assert found.events.tolist() == counts.tolist()
    for value, low, high, count, total in zip(
        found.value, found.low, found.high, counts, sums, strict=True
    ):
        if count:
            assert value == pytest.approx(total / count, abs=1e-6)
            assert low <= value <= high
        else:
            assert np.isnan([value, low, high]).all()


def test_intervals_in_bins_are_standard_errors():
    rng = np.random.default_rng(5)
    variable, edges = rng.uniform(0, 3, 9000), np.arange(4)
    values = rng.normal(variable, 1 + np.floor(variable))
    found = binned(resolution.bias, [(values, variable)], edges, rng, replicas=1000)
    np.testing.assert_allclose(found.centres, [0.5, 1.5, 2.5])
    expected = np.array([1, 2, 3]) / np.sqrt(found.events)
    # the slope within a bin widens it a little
    np.testing.assert_allclose((found.high - found.low) / 2, expected, rtol=0.15)


def test_two_classes_are_compared_bin_by_bin():
    rng = np.random.default_rng(6)
    variable = rng.uniform(0, 2, (2, 8000))
    light = rng.normal(0, 1, 8000), variable[0]
    heavy = rng.normal(np.where(variable[1] < 1, 1, 3), 1), variable[1]
    found = binned(resolution.merit_factor, [light, heavy], np.arange(3), rng)
    np.testing.assert_allclose(found.value, np.array([1, 3]) / math.sqrt(2), rtol=0.06)
    assert found.events.sum() == 16000
