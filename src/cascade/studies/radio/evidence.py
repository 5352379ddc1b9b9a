"""Where the truth lies in a trace: explanations of networks are held to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.signal import hilbert

FRACTION = 0.1
"""The pulse is where its envelope is above this share of its maximum."""


def envelope(signal: np.ndarray) -> np.ndarray:
    """Return the Hilbert envelope of traces, in their unit and shape (…, samples)."""
    return np.abs(hilbert(np.asarray(signal, np.float64), axis=-1))


def pulse(events: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which samples the true pulse covers: 1 or 0, int8 (traces, samples).

    It covers those where its Hilbert envelope is above ``FRACTION`` of its maximum; none of a trace
    without a pulse.
    """
    height = envelope(events["signal"])
    largest = height.max(axis=-1, keepdims=True)
    return ((height > FRACTION * largest) & (largest > 0)).astype(np.int8)
