import numpy as np
import pytest

from cascade.plotting.histograms import density, ratio


def test_density_has_unit_area_and_poisson_errors():
    values = np.random.default_rng(1).normal(size=10_000)
    edges = np.linspace(-6, 6, 25)
    histogram = density(values, edges)
    assert (histogram.value * np.diff(edges)).sum() == pytest.approx(1)
    counts = np.histogram(values, edges)[0]
    np.testing.assert_allclose(histogram.error * np.diff(edges) * len(values), np.sqrt(counts))


def test_weights_enter_value_and_error():
    histogram = density(np.array([0.5, 0.5, 1.5]), np.array([0.0, 1.0, 2.0]), np.array([1, 2, 3]))
    np.testing.assert_allclose(histogram.value, [0.5, 0.5])
    np.testing.assert_allclose(histogram.error, [np.sqrt(5) / 6, 0.5])


def test_what_lies_outside_is_kept_in_the_norm():
    histogram = density(np.array([0.5, 5.0]), np.array([0.0, 1.0]))
    assert histogram.value[0] == pytest.approx(0.5)
    assert histogram.outside == pytest.approx(0.5)


def test_error_is_the_spread_of_repeated_experiments():
    rng = np.random.default_rng(2)
    edges = np.linspace(0, 1, 6)
    draws = [density(rng.random(400), edges, rng.gamma(2, 1, 400)) for _ in range(400)]
    spread = np.std([draw.value for draw in draws], axis=0)
    # the fixed total lowers the spread of a share p by √(1 − p)
    expected = np.mean([draw.error for draw in draws], axis=0) * np.sqrt(0.8)
    np.testing.assert_allclose(spread, expected, rtol=0.12)


def test_ratio_is_undefined_where_the_reference_is_empty():
    edges = np.array([0.0, 1.0, 2.0])
    both, one = density(np.array([0.5, 1.5]), edges), density(np.array([0.5]), edges)
    value, error, reference_error = ratio(both, one)
    assert value[0] == pytest.approx(0.5)
    assert np.isnan([value[1], error[1], reference_error[1]]).all()
    assert reference_error[0] == pytest.approx(1)


def test_no_events_no_warning():
    histogram = density(np.empty(0), np.array([0.0, 1.0]))
    assert histogram.value[0] == 0
    assert histogram.outside == 0
