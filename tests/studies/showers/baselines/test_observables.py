"""Flat stations, sums over events, shapes of traces."""

import awkward as ak
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm

from cascade.studies.showers.baselines.observables import (
    Stations,
    event_sums,
    hottest,
    ranks,
    shapes,
    stations,
)
from cascade.studies.showers.settings import DetectorSettings

COUNTS = st.lists(st.integers(0, 5), max_size=8)


def flat(counts, signal=None):
    counts = np.array(counts, int)
    number = int(counts.sum())
    signal = np.arange(number, dtype=float) if signal is None else np.asarray(signal, float)
    return Stations(
        counts,
        np.repeat(np.arange(len(counts)), counts),
        np.zeros((number, 3)),
        np.zeros(number),
        signal[:, np.newaxis],
        signal,
    )


@given(COUNTS, st.integers(0, 1000))
def test_event_sums_are_those_of_a_loop(counts, seed):
    found = flat(counts)
    values = np.random.default_rng(seed).normal(size=(len(found), 2))
    ends = np.cumsum(counts)
    expected = [values[end - n : end].sum(axis=0) for end, n in zip(ends, counts, strict=True)]
    sums = event_sums(values, found.event, found.events)
    np.testing.assert_allclose(sums, np.reshape(expected, (len(counts), 2)), atol=1e-12)


@given(COUNTS, st.integers(0, 1000))
def test_ranks_order_each_event_by_itself(counts, seed):
    values = np.random.default_rng(seed).permutation(sum(counts)).astype(float)
    order, rank = ranks(values, np.array(counts, int))
    start = 0
    for number in counts:
        here = order[start : start + number]
        assert sorted(here) == list(range(start, start + number))
        assert list(rank[start : start + number]) == list(range(number))
        assert np.all(np.diff(values[here]) < 0)
        start += number


def test_hottest_leaves_gaps_where_stations_are_missing():
    found = flat([1, 0, 3], [5.0, 1.0, 9.0, 4.0])
    table = hottest(np.array([10.0, 20.0, 30.0, 40.0]), found, 2, np.nan)
    np.testing.assert_array_equal(table, [[10, np.nan], [np.nan, np.nan], [30, 40]])


def test_events_without_stations_stay():
    events = {
        "position": ak.Array([[[0.0, 0, 0], [1500, 0, 0]], [], [[0.0, 0, 0]]]),
        "time": ak.Array([[1.0, 2.0], [], [3.0]]),
        "trace": ak.Array([[[3.2] * 4, [1.2] * 4], [], [[2.2] * 4]]),
    }
    found = stations(events, DetectorSettings())
    assert found.events == 3
    np.testing.assert_array_equal(found.counts, [2, 0, 1])
    np.testing.assert_allclose(found.signal, [8, 0, 4], atol=1e-5)
    kept = found.keep(np.array([True, True, False]))
    np.testing.assert_array_equal(kept.counts, [2, 0, 0])
    none = stations({name: values[1:2] for name, values in events.items()}, DetectorSettings())
    assert (none.events, len(none)) == (1, 0)


def test_quantiles_are_those_of_the_arrival_times():
    """Smooth log-normal traces: what the cumulative gives against the law's own quantiles."""
    law = lognorm(s=0.7, scale=np.array([[150.0], [300.0]]))
    edges = 25.0 * np.arange(401)
    found = shapes(1000 * np.diff(law.cdf(edges), axis=1), 25.0)
    expected = law.ppf([0.1, 0.25, 0.5, 0.75, 0.9])
    # within a bin the arrival is taken to be even
    np.testing.assert_allclose(found.quantiles, expected, atol=3)
    np.testing.assert_allclose(found.early, law.cdf([300.0])[:, 0], atol=1e-4)
    np.testing.assert_allclose(found.rise_time, expected[:, 2] - expected[:, 0], atol=4)
    assert np.all(found.peak < 0.2)


@given(st.integers(0, 1000))
def test_shapes_of_pure_noise_stay_within_the_trace(seed):
    trace = np.random.default_rng(seed).normal(0, 0.6, (5, 80)).astype(np.float32)
    found = shapes(trace, 25.0)
    assert np.all((found.quantiles >= 0) & (found.quantiles <= 2000))
    assert np.all(np.diff(found.quantiles, axis=1) >= 0)
    assert np.all((found.early >= 0) & (found.early <= 1))
    assert np.isfinite(found.peak).all()
