"""What a station makes of its particles: noise, pedestal, trigger, time.

A bin with S particles reads max(S + 5 % S n₁ + 1.2 (1 + 0.5 n₂), 0) with normal n₁, n₂, in the
default settings. A station whose bins add up to less than a threshold is silent.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri

from cascade.studies.showers.settings.sources import DetectorSettings

GRID = 2**16
"""Points on which the law of a noise bin is tabled, to find how often noise alone triggers."""


def read_out(
    rng: np.random.Generator, particles: np.ndarray, settings: DetectorSettings
) -> np.ndarray:
    """Return traces with noise from particles per bin, both (n, bins) in float32."""
    s = settings
    # the two normal numbers of a bin add up to one
    relative = np.float32(s.relative_noise) * particles
    spread = np.sqrt(relative * relative + np.float32((s.pedestal * s.pedestal_spread) ** 2))
    noise = rng.standard_normal(particles.shape, dtype=np.float32)
    noise *= spread
    noise += particles
    noise += np.float32(s.pedestal)
    return np.maximum(noise, 0, out=noise)


def rounded(signals: np.ndarray, digits: int) -> np.ndarray:
    """Return signals ≥ 0 (float32) rounded to so many significant binary digits."""
    cut = 24 - digits  # a float32 has 24
    if not cut:
        return signals
    half, mask = np.uint32(1 << (cut - 1)), np.uint32(0xFFFFFFFF << cut & 0xFFFFFFFF)
    return ((signals.view(np.uint32) + half) & mask).view(np.float32)


def threshold(bins: int, settings: DetectorSettings) -> float:
    """Return the sum of a trace [particles] from which on a station is no longer silent."""
    return bins * settings.pedestal * settings.threshold


@cache  # a block asks for it many times, and settings are few
def noise_trigger_probability(bins: int, settings: DetectorSettings) -> float:
    """Return how often a station without particles triggers: P(sum of its bins ≥ threshold).

    The law of a bin, a normal clipped at 0, is folded with itself by Fourier transform.
    """
    spread = settings.pedestal * settings.pedestal_spread
    limit = threshold(bins, settings)
    if spread == 0:
        return float(bins * settings.pedestal >= limit)
    # the sum stays below this but once in 10²³
    top = bins * settings.pedestal + 10 * spread * np.sqrt(bins) + bins * spread
    step = max(top, 1.5 * limit) / GRID
    edges = (np.arange(GRID + 1) - 0.5) * step
    single = np.diff(ndtr((edges - settings.pedestal) / spread))
    single[0] += ndtr((edges[0] - settings.pedestal) / spread)
    law = np.fft.irfft(np.fft.rfft(single, 2 * GRID) ** bins, 2 * GRID)
    return float(np.clip(law[np.arange(2 * GRID) * step >= limit].sum(), 0, 1))


def noise_traces(
    rng: np.random.Generator, number: int, bins: int, settings: DetectorSettings
) -> np.ndarray:
    """Draw traces of stations without particles that trigger nevertheless: (number, bins).

    A bin's law, tilted by exp(θ x), has its mean at the threshold; drawn from it, a trace with sum
    Σ ≥ T is kept with the probability exp(−θ (Σ − T)). That undoes the tilt: the law is that of
    noise given that it triggers, though this happens only a few times in 10⁴ stations.
    """
    mean, spread = settings.pedestal, settings.pedestal * settings.pedestal_spread
    limit = threshold(bins, settings)
    if spread == 0 or not number:
        return np.full((number, bins), mean, np.float32)
    tilt = max(limit / bins - mean, 0) / spread**2
    centre = mean + tilt * spread**2
    clipped = ndtr(-mean / spread)
    positive = np.exp(tilt * mean + (tilt * spread) ** 2 / 2) * ndtr(centre / spread)
    kept: list[np.ndarray] = []
    while sum(map(len, kept)) < number:
        u = rng.random((8 * number + 8, bins))
        # what u leaves above the share of clipped bins is the quantile of a truncated normal
        above = np.maximum(u - clipped / (clipped + positive), 0) * (clipped + positive) / positive
        tail = ndtr(-centre / spread)
        trace = np.where(above > 0, centre + spread * ndtri(tail + above * (1 - tail)), 0)
        total = trace.sum(axis=1)
        likely = np.exp(-tilt * np.maximum(total - limit, 0))
        kept.append(trace[(total >= limit) & (rng.random(len(total)) < likely)])
    return np.concatenate(kept)[:number].astype(np.float32)


def timing_error(particles: np.ndarray, settings: DetectorSettings) -> np.ndarray:
    """Return the standard deviation of a station's time [ns], of the particles' shape."""
    return settings.jitter / (1 + np.log10(1 + np.asarray(particles, np.float64)))
