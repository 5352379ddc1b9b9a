"""A bank of pulses of known shape and their matched filters.

In noise of power P the template t that stands at time τ has the amplitude a(τ) = ⟨t, x⟩ / ⟨t, t⟩,
where ⟨t, x⟩ = Σ t* x exp(2πi f τ) / P, and a significance of |⟨t, x⟩| / √(⟨t, t⟩ / 2) standard
deviations of a single correlation (Turin, IRE Trans. Inf. Theory 6 (1960) 311). With a complex
amplitude, the analytic signal of the correlation, polarity and phase of the pulse are free.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cascade.errors import CascadeError
from cascade.studies.radio.baselines.spectra import Noise
from cascade.studies.radio.settings.baselines import MatchedFilterSettings
from cascade.studies.radio.simulation.band import Band
from cascade.studies.radio.simulation.pulses import peak_time

LEAST = 1e-6
"""Amplitudes of a template are at least so large beside its largest: none is divided by 0."""


@dataclass(frozen=True)
class Bank:
    """Templates in noise.

    Attributes
    ----------
    templates
        Amplitudes within the band, complex64 (templates, bins), in arbitrary units.
    noise
        The noise that they are sought in.
    """

    templates: np.ndarray
    noise: Noise

    @cached_property
    def filters(self) -> np.ndarray:
        """What whitened amplitudes are multiplied with, (templates, bins).

        The analytic signal of the product is the significance.
        """
        whitened = self.templates.conj() / np.sqrt(self.noise.power)
        norm = np.sqrt(np.sum(np.abs(whitened) ** 2, axis=1, keepdims=True) / 2)
        return (whitened / norm * (self.noise.band.samples / 2)).astype(np.complex64)

    @cached_property
    def peaks(self) -> np.ndarray:
        """When the envelopes of the templates are largest [ns], (templates,)."""
        band = self.noise.band
        return peak_time(np.abs(band.analytic(self.templates)), band.rate)

    def search(self, whitened: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return significance, number of the template and its time [µs], each (traces,).

        Parameters
        ----------
        whitened
            Amplitudes over √P, (traces, bins).
        """
        band = self.noise.band
        power = np.empty((len(whitened), len(self.templates)), np.float32)
        for number, matched in enumerate(self.filters):
            correlation = band.analytic(whitened * matched)
            power[:, number] = (correlation.real**2 + correlation.imag**2).max(axis=1)
        best = power.argmax(axis=1)
        envelope = np.abs(band.analytic(whitened * self.filters[best]))
        return np.sqrt(power.max(axis=1)), best, peak_time(envelope, band.rate) / 1e3

    def placed(self, template: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Return templates by number at times [µs], complex64 (traces, bins)."""
        turns = time[:, None] * self.noise.band.frequency
        return self.templates[template] * np.exp(-2j * np.pi * turns).astype(np.complex64)


def pulse_templates(band: Band, settings: MatchedFilterSettings) -> np.ndarray:
    """Return the simulation's pulses for all delays and slopes, complex64 (templates, bins).

    See ``simulation.pulses`` for the formula; the highest frequency stands at time 0.

    Raises
    ------
    CascadeError
        A pulse is longer than the trace.
    """
    frequency, width = band.frequency, band.high - band.low
    length = band.samples / band.rate
    if max(settings.delays) >= length:
        raise CascadeError(
            f"delays: {max(settings.delays):g} µs is longer than a trace, {length:.3g} µs"
        )
    delay, slope = np.meshgrid(settings.delays, settings.slopes, indexing="ij")
    exponent = slope.reshape(-1, 1) * (frequency - (band.low + band.high) / 2)
    amplitude = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    amplitude = np.maximum(amplitude, LEAST)
    turns = 0.25 + delay.reshape(-1, 1) / (2 * width) * (band.high - frequency) ** 2
    return (amplitude * np.exp(2j * np.pi * turns)).astype(np.complex64)
