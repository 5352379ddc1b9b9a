"""Energy fluence of waves whose energy is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.studies.radio.fluence import PER_SQUARE, fluence

IMPEDANCE = 376.730
"""Of the vacuum [Ω]: 1 / (ε₀ c)."""
ELECTRONVOLT = 1.602177e-19


@pytest.mark.parametrize("rate", [180.0, 1000.0])
def test_a_sine_of_known_amplitude(rate):
    time = np.arange(int(5 * rate)) / rate  # 5 µs are whole periods
    field = np.array([[1.0], [120.0]]) * np.sin(2 * np.pi * 40 * time)
    watts = (np.array([1.0, 120.0]) * 1e-6) ** 2 / 2 / IMPEDANCE
    assert fluence(field, rate) == pytest.approx(watts * 5e-6 / ELECTRONVOLT, rel=1e-5)


def test_a_constant_field_for_a_microsecond():
    assert fluence(np.ones(180), 180.0) == pytest.approx(PER_SQUARE)
    assert pytest.approx(1e-18 / IMPEDANCE / ELECTRONVOLT, rel=1e-5) == PER_SQUARE


@given(st.floats(0.01, 1e4), st.integers(0, 2**32 - 1))
def test_it_goes_with_the_square_of_the_field(factor, seed):
    field = np.random.default_rng(seed).normal(size=(3, 2, 50)).astype(np.float32)
    assert fluence(field, 180.0).shape == (3, 2)
    scaled = fluence(np.float32(factor) * field, 180.0)
    assert scaled == pytest.approx(factor**2 * fluence(field, 180.0), rel=1e-5)
