"""Pulses of air showers within the band of an antenna.

The amplitude spectrum is an exponential with a quadratic correction in the exponent, as in the
parametrisation of arXiv:1901.04079's kind of signal (see also Welling et al., arXiv:2102.00258);
it is steeper the farther the antenna stands from the shower axis. The phases are those of a bipolar
pulse, one quarter of a turn at all frequencies, delayed the more the lower the frequency, as by the
group delay of an antenna.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from cascade.studies.radio.settings.sources import PulseSettings
from cascade.studies.radio.simulation.band import Band

STEPS = 8
"""Values that are taken for each sample around the maximum of an envelope."""
EDGE = 1 + 1 / STEPS
"""They reach so far to both sides [samples]."""
REACH = 7
"""Samples to both sides that give these values."""
SHAPE = 8.0
"""β of Kaiser's window: what it passes on from beyond the band is below 1e-4."""


def draw_spectra(rng: np.random.Generator, number: int, band: Band, settings: PulseSettings):
    """Draw pulses: complex amplitudes within the band (number, bins), in arbitrary units.

    Their highest frequency arrives at a time that is uniform over the trace but its margins.
    """
    frequency = band.frequency.astype(np.float32)
    middle, width = (band.low + band.high) / 2, band.high - band.low
    distance = rng.uniform(*settings.distance, number)
    slope = settings.slope + settings.slope_per_distance * distance
    curvature = settings.curvature * rng.standard_normal(number)
    delay = rng.uniform(*settings.delay, number)
    length = band.samples / band.rate
    time = rng.uniform(settings.margin, length - settings.margin - delay)
    polarity = rng.choice([0.25, -0.25], number)
    # phases in turns, reduced to (−½, ½) while they have all digits
    per_bin = band.rate / band.samples
    bins = np.arange(band.inside.start, band.inside.stop)
    turns = polarity[:, None] - (time * per_bin)[:, None] * bins
    turns += (delay / (2 * width))[:, None] * (band.high - band.frequency) ** 2
    turns -= np.rint(turns)
    offset = frequency - np.float32(middle)
    exponent = _column(slope) * offset + _column(curvature) * offset**2
    spectrum = np.empty(turns.shape, np.complex64)
    amplitude, phase = np.exp(exponent), (2 * np.pi * turns).astype(np.float32)
    spectrum.real = amplitude * np.cos(phase)
    spectrum.imag = amplitude * np.sin(phase)
    return spectrum


def _column(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[:, None]


def peak_time(envelope: np.ndarray, rate: float) -> np.ndarray:
    """Return when Hilbert envelopes (…, samples) are largest [ns].

    The square of an envelope has no frequencies beyond the width of the band, so that samples give
    its values between them as well. These are taken around the largest sample, and a parabola
    through the largest three of them gives the maximum.

    Parameters
    ----------
    rate
        Sampling rate [MHz].
    """
    highest = np.argmax(envelope, axis=-1)
    around = (highest[..., None] + np.arange(-REACH, REACH + 1)) % envelope.shape[-1]
    power = np.take_along_axis(envelope, around, axis=-1).astype(np.float64) ** 2
    fine = power @ _between()
    best = 1 + np.argmax(fine[..., 1:-1], axis=-1)
    left, here, right = (
        np.take_along_axis(fine, (best + step)[..., None], axis=-1)[..., 0] for step in (-1, 0, 1)
    )
    bend = left - 2 * here + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1), 0.0)
    return np.maximum(highest + (best + shift) / STEPS - EDGE, 0) * (1e3 / rate)


@cache
def _between() -> np.ndarray:
    """Return the weights of samples in values between them: a sinc within Kaiser's window."""
    place = np.arange(0, 2 * EDGE + 0.5 / STEPS, 1 / STEPS) - EDGE
    apart = place - np.arange(-REACH, REACH + 1)[:, None]
    inside = np.sqrt(np.maximum(1 - (apart / (REACH - 1)) ** 2, 0))
    return np.sinc(apart) * np.i0(SHAPE * inside) / np.i0(SHAPE) * (inside > 0)
