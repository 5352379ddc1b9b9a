"""The noise's mean power by frequency, and the band in which it has any.

Both come from traces without a pulse. The power of normal noise in one frequency is exponentially
distributed, with a median of ln 2 times its mean: taken from the median, the mean hardly knows of
carriers, which are in few of the traces at any one frequency.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import fft

from cascade.errors import CascadeError
from cascade.studies.radio.baselines.chunks import chunks
from cascade.studies.radio.settings.baselines import BandSettings
from cascade.studies.radio.simulation.band import Band

FEWEST = 20
"""Traces without a pulse, without which nothing can be said about noise."""
MOST = 8000
"""So many tell enough."""
EMPTY = 0.03
"""Outside the band the power is below this share of the mean amplitude's square."""
STEEP = 0.5
"""At an edge of the band the power falls by more than this factor within two frequencies."""
FEWEST_BINS = 8


@dataclass(frozen=True)
class Noise:
    """Broad-band noise.

    Attributes
    ----------
    band
        Frequencies in which it has power.
    power
        Mean of |amplitude|² of ``rfft`` there, float32 (bins,) [(µV/m)²].
    """

    band: Band
    power: np.ndarray

    @classmethod
    def of(cls, traces: np.ndarray, settings: BandSettings) -> Noise:
        """Return the noise in traces without a pulse, (traces, samples) [µV/m].

        Raises
        ------
        CascadeError
            No power, or too few frequencies within the band.
        """
        samples = traces.shape[1]
        edges = settings.band or found_band(traces, settings.rate)
        band = Band(samples, settings.rate, *edges)
        if len(band.frequency) < FEWEST_BINS:
            raise CascadeError(
                f"band: {edges[0]:g} to {edges[1]:g} MHz holds {len(band.frequency)} frequencies "
                f"of a trace of {samples} samples at {settings.rate:g} MHz; take a wider band"
            )
        power = mean_power(traces)[band.inside]
        if not (power > 0).all():
            empty = band.frequency[power <= 0][0]
            raise CascadeError(
                f"band: the training traces have no noise at {empty:.1f} MHz; take a narrower band"
            )
        return cls(band, power.astype(np.float32))

    @property
    def rms(self) -> float:
        """Root mean square of the noise in the band [µV/m]."""
        return float(np.sqrt(2 * self.power.sum(dtype=np.float64))) / self.band.samples

    def record(self) -> dict[str, Any]:
        """Return what a model file keeps of it."""
        band = self.band
        return {
            "samples": band.samples,
            "rate": band.rate,
            "band": np.array([band.low, band.high]),
            "power": self.power,
        }

    @classmethod
    def recorded(cls, model: dict[str, Any]) -> Noise:
        """Return the noise that a model was fitted with."""
        low, high = model["band"]
        return cls(
            Band(int(model["samples"]), float(model["rate"]), float(low), float(high)),
            model["power"],
        )

    def spectra(self, traces: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield which traces, and their amplitudes in the band, complex64 (traces, bins).

        Raises
        ------
        CascadeError
            The traces are of another length than those of the fit.
        """
        if traces.shape[1] != self.band.samples:
            raise CascadeError(
                f"trace: these have {traces.shape[1]} samples, those of the fit had "
                f"{self.band.samples}; fit again on traces of {traces.shape[1]} samples"
            )
        for chunk in chunks(len(traces)):
            yield chunk, self.band.spectrum(np.asarray(traces[chunk], np.float32))


def mean_power(traces: np.ndarray) -> np.ndarray:
    """Return ⟨|amplitude|²⟩ of ``rfft`` from the median, (traces, samples) → (frequencies,)."""
    powers = [np.abs(fft.rfft(traces[chunk])) ** 2 for chunk in chunks(len(traces))]
    return np.median(np.concatenate(powers), axis=0) / np.log(2)


def found_band(traces: np.ndarray, rate: float) -> list[float]:
    """Return the lowest and the highest frequency in which traces have power [MHz].

    A window holds back what carriers leak into far frequencies. It smears the edges by one
    frequency, which has less than half the power of the next one within.

    Raises
    ------
    CascadeError
        The traces are silent.
    """
    samples = traces.shape[1]
    power = mean_power(traces * np.hanning(samples).astype(np.float32))
    power[0] = 0  # an offset is no noise
    beside = np.pad(power, 2)
    largest = np.max([beside[step : step + len(power)] for step in range(5)], axis=0)
    # a mean of amplitudes is less impressed by a carrier in all traces than one of powers
    least = EMPTY * np.mean(np.sqrt(power)) ** 2
    held = np.flatnonzero((power > least) & (power >= STEEP * largest))
    if power.max() <= 0 or len(held) < 2:
        raise CascadeError("trace: the training traces without a pulse (label 0) hold no noise")
    # edges lie between two frequencies
    low, high = (held[[0, -1]] + [-0.5, 0.5]) * rate / samples
    return [float(low), float(min(high, rate / 2))]
