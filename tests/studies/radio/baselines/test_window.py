"""Fluences in windows: exact for a pulse within, none of noise on average."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.studies.radio.baselines.window import window_fluence
from cascade.studies.radio.fluence import fluence


def test_a_pulse_in_the_window_counts_whole():
    traces = np.zeros((2, 500), np.float32)
    traces[0, 100:110], traces[1, 300] = 3, -7
    found = window_fluence(traces, np.array([105, 300]) / 0.18, 100, 180)
    np.testing.assert_allclose(found, fluence(traces, 180), rtol=1e-6)


@pytest.mark.parametrize("middle", [0, 3, 250, 499])
def test_noise_counts_nothing_on_average(middle):
    traces = np.random.default_rng(1).normal(scale=5, size=(20000, 500)).astype(np.float32)
    found = window_fluence(traces, np.full(len(traces), middle / 0.18), 100, 180)
    assert abs(found.mean()) < 4 * found.std() / np.sqrt(len(found))


def test_against_a_sum_sample_by_sample():
    traces = np.random.default_rng(2).normal(size=(5, 64)).astype(np.float32)
    for middle in (0, 10, 63):
        inside = np.abs(np.arange(64) - middle) <= 4
        squares = traces.astype(float) ** 2
        energy = (squares[:, inside] - squares[:, ~inside].mean(axis=1, keepdims=True)).sum(axis=1)
        found = window_fluence(traces, np.full(5, middle * 10.0), 40, 100)
        unit = fluence(np.ones(1), 100)
        np.testing.assert_allclose(found, energy * unit, rtol=1e-5, atol=1e-9)


def test_a_window_leaves_room_for_noise():
    with pytest.raises(CascadeError, match=r"window: 900 ns .* 500 samples at 180 MHz; at most 69"):
        window_fluence(np.zeros((1, 500)), np.zeros(1), 900, 180)
    assert window_fluence(np.zeros((1, 500)), np.zeros(1), 691, 180) == 0
