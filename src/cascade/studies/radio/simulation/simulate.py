"""The toy trace: noise and interference of one antenna, in some traces the pulse of an air shower.

A pulse's signal-to-noise ratio is its largest absolute value over the root mean square of the
broad-band noise in its own trace. Interference does not count: it makes a trace harder to read, not
its pulse weaker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.studies.radio.fluence import fluence
from cascade.studies.radio.settings.sources import DigitiserSettings, TraceSettings
from cascade.studies.radio.simulation.band import Band
from cascade.studies.radio.simulation.noise import draw_interference, draw_noise
from cascade.studies.radio.simulation.pulses import draw_spectra, peak_time

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.events.seeding import Block

CHUNK = 256
"""Traces that are worked on at a time: so many stay in the processor's cache."""
WITHOUT = -1.0
"""Time of a pulse that is not there."""


def simulate(block: Block, settings: TraceSettings) -> Events:
    """Draw a block of traces."""
    rng = block.rng()
    sizes = [min(CHUNK, block.events - first) for first in range(0, block.events, CHUNK)]
    chunks = [_chunk(rng, size, settings) for size in sizes]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def _chunk(rng: np.random.Generator, number: int, settings: TraceSettings) -> Events:
    band = Band.of(settings.sampling)
    label = rng.random(number) < settings.pulses
    lit = np.flatnonzero(label)
    noise = band.traces(draw_noise(rng, number, band, settings.noise))
    rms = root_mean_square(noise[lit])
    interference = draw_interference(rng, number, band, settings.noise.rms, settings.interference)
    noise += interference
    snr = np.zeros(number)
    snr[lit] = np.exp(rng.uniform(*np.log(settings.pulse.snr), len(lit)))
    signal = np.zeros_like(noise)
    time = np.full(number, WITHOUT)
    pulse = band.analytic(draw_spectra(rng, len(lit), band, settings.pulse))
    pulse *= (snr[lit] * rms / np.abs(pulse.real).max(axis=1)).astype(np.float32)[:, None]
    signal[lit] = pulse.real
    time[lit] = peak_time(np.abs(pulse), band.rate)
    trace = noise + signal
    if settings.digitiser:
        trace = digitised(trace, settings.digitiser)
    return {
        "trace": trace,
        "signal": signal,
        "interference": interference,
        "label": label.astype(np.int8),
        "snr": snr.astype(np.float32),
        "noise_rms": root_mean_square(noise),
        "fluence": fluence(signal, band.rate).astype(np.float32),
        "peak_time": time.astype(np.float32),
    }


def root_mean_square(traces: np.ndarray) -> np.ndarray:
    """Return the root mean square of traces, (n, samples) → (n,) float32."""
    return np.sqrt(np.mean(traces**2, axis=1))


def digitised(traces: np.ndarray, settings: DigitiserSettings) -> np.ndarray:
    """Return traces [µV/m] as a converter reads them: rounded to counts, cut off at its ends."""
    half = 1 << (settings.bits - 1)
    count = settings.range / half
    return (np.clip(np.rint(traces / count), -half, half - 1) * count).astype(traces.dtype)
