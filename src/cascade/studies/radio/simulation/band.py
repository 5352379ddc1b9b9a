"""The frequencies of a trace within the band, and the way from them to times.

A trace is real and periodic over its length, and only frequencies within the band have an
amplitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from cascade.studies.radio.settings.sources import SamplingSettings


@dataclass(frozen=True)
class Band:
    """Frequencies of traces of ``samples`` samples at ``rate`` [MHz] from ``low`` to ``high``."""

    samples: int
    rate: float
    low: float
    high: float

    @classmethod
    def of(cls, settings: SamplingSettings) -> Band:
        """Return the band that settings describe."""
        return cls(settings.samples, settings.rate, *settings.band)

    @cached_property
    def inside(self) -> slice:
        """Where the band lies in a spectrum of ``rfft``."""
        every = fft.rfftfreq(self.samples, 1 / self.rate)
        ends = [self.low * (1 - 1e-12), self.high * (1 + 1e-12)]  # rounding takes no edge away
        first, last = np.searchsorted(every, ends)
        return slice(int(first), int(last))

    @cached_property
    def frequency(self) -> np.ndarray:
        """Frequencies within the band [MHz], (bins,)."""
        return fft.rfftfreq(self.samples, 1 / self.rate)[self.inside]

    @cached_property
    def time(self) -> np.ndarray:
        """Times of the samples [µs], (samples,)."""
        return np.arange(self.samples) / self.rate

    def spectrum(self, traces: np.ndarray) -> np.ndarray:
        """Return the amplitudes within the band, (…, samples) → complex (…, bins)."""
        return fft.rfft(traces)[..., self.inside]

    def traces(self, spectrum: np.ndarray) -> np.ndarray:
        """Return the traces with these amplitudes, (…, bins) → (…, samples)."""
        whole = np.zeros((*spectrum.shape[:-1], self.samples // 2 + 1), spectrum.dtype)
        whole[..., self.inside] = spectrum
        return fft.irfft(whole, self.samples, overwrite_x=True)

    def analytic(self, spectrum: np.ndarray) -> np.ndarray:
        """Return the analytic signals: real part the trace, modulus its Hilbert envelope."""
        whole = np.zeros((*spectrum.shape[:-1], self.samples), spectrum.dtype)
        whole[..., self.inside] = 2 * spectrum
        return fft.ifft(whole, overwrite_x=True)
