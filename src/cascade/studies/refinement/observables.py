"""What is read off a trace: its signal, how fast it rises, its peak, its spikes.

All functions take traces in particles, (…, bins), the mean noise of a bin (the pedestal) included,
and take that off: a constant, the same for all traces. Noise that is cut off at zero particles
lifts the mean of an empty bin by a little more (0.1 at a spread of one pedestal); this is a
difference between two detectors, and stays in.
"""

from __future__ import annotations

import numpy as np

BIN_WIDTH = 25.0
"""Width of a time bin [ns]."""
PEDESTAL = 1.2
"""Mean noise of a bin [particles]."""
EARLY, MIDDLE = 0.1, 0.5
"""Shares of the signal between whose arrivals a trace rises."""
SIDES = 2
"""Bins on either side that a spike must stand out of."""


def total_signal(trace: np.ndarray, pedestal: float = PEDESTAL) -> np.ndarray:
    """Return the sum of a trace [particles], at least 1: (…, bins) → (…)."""
    bins = np.shape(trace)[-1]
    return np.maximum(np.sum(trace, axis=-1, dtype=np.float64) - bins * pedestal, 1.0)


def peak(trace: np.ndarray, pedestal: float = PEDESTAL) -> np.ndarray:
    """Return the largest bin of a trace [particles], at least 0: (…, bins) → (…)."""
    return np.maximum(np.max(trace, axis=-1).astype(np.float64) - pedestal, 0.0)


def rise_time(
    trace: np.ndarray, bin_width: float = BIN_WIDTH, pedestal: float = PEDESTAL
) -> np.ndarray:
    """Return the time from 10 % to 50 % of the signal [ns]: (…, bins) → (…).

    The particles of a bin are taken to arrive evenly in it. Noise may make the cumulative signal
    fall for a while: there it stays what it was.
    """
    return arrival(trace, MIDDLE, bin_width, pedestal) - arrival(trace, EARLY, bin_width, pedestal)


def arrival(
    trace: np.ndarray, share: float, bin_width: float = BIN_WIDTH, pedestal: float = PEDESTAL
) -> np.ndarray:
    """Return when a share of the signal has come [ns from the start]: (…, bins) → (…)."""
    trace = np.asarray(trace, np.float64)
    bins = trace.shape[-1]
    cumulative = np.cumsum(trace - pedestal, axis=-1)
    cumulative = np.maximum.accumulate(np.maximum(cumulative, 0), axis=-1)
    wanted = share * total_signal(trace, pedestal)[..., np.newaxis]
    after = np.minimum((cumulative < wanted).sum(axis=-1, keepdims=True), bins - 1)
    high = np.take_along_axis(cumulative, after, axis=-1)
    before = np.take_along_axis(cumulative, np.maximum(after - 1, 0), axis=-1)
    low = np.where(after > 0, before, 0.0)
    with np.errstate(over="ignore"):  # of numbers too small to be told apart
        inside = np.clip((wanted - low) / np.where(high > low, high - low, np.inf), 0, 1)
    return (bin_width * (after + inside))[..., 0]


def spikes(
    trace: np.ndarray,
    significance: float = 2.0,
    noise: float = 0.6,
    relative_noise: float = 0.05,
    pedestal: float = PEDESTAL,
) -> np.ndarray:
    """Return how many bins stand out of their neighbourhood, as single muons do: (…, bins) → (…).

    What a bin should hold is read off the cubic polynomial through two bins on either side,
    s = (4 (S₋₁ + S₊₁) − S₋₂ − S₊₂) / 6, which follows the smooth pulse. The bin itself scatters
    about it with the variance V = s + (r s)² + n² (counting, and the detector's noises r and n),
    and s with 17/18 V. The two bins at either end have no neighbourhood and do not count.

    Parameters
    ----------
    significance
        A bin is a spike if it lies above s by more than this times √(V + 17/18 V).
    noise
        Standard deviation of an empty bin, n [particles].
    relative_noise
        Noise relative to a bin's signal, r.

    Returns
    -------
    Array
        Integers.
    """
    signal = np.asarray(trace, np.float64) - pedestal
    inner = signal[..., SIDES:-SIDES]
    near = signal[..., SIDES - 1 : -SIDES - 1] + signal[..., SIDES + 1 : -1]
    far = signal[..., : -2 * SIDES] + signal[..., 2 * SIDES :]
    expected = np.maximum((4 * near - far) / 6, 0)
    variance = expected + (relative_noise * expected) ** 2 + noise**2
    height = significance * np.sqrt((1 + 34 / 36) * variance)
    return np.count_nonzero(inner - expected > height, axis=-1)
