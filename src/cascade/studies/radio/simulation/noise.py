"""What a trace holds besides a pulse: noise of Galaxy and electronics, and interference.

The Galaxy's brightness temperature, and with it the power in a matched antenna, falls as f^−2.55
(Cane, MNRAS 189 (1979) 465); electronics add the same power at all frequencies. In each frequency
the noise is a complex normal number, so that its amplitude is Rayleigh distributed and its phase
uniform.
"""

from __future__ import annotations

import numpy as np

from cascade.studies.radio.settings.sources import InterferenceSettings, NoiseSettings
from cascade.studies.radio.simulation.band import Band


def power(band: Band, settings: NoiseSettings) -> np.ndarray:
    """Return the noise's mean power by frequency, ⟨|amplitude|²⟩ (bins,) of ``rfft`` [(µV/m)²]."""
    galaxy = band.frequency**-settings.index
    share = (1 - settings.floor) * galaxy / galaxy.sum() + settings.floor / len(galaxy)
    # Parseval: the mean square of a real trace is twice the sum of |amplitude|² over samples²
    return share * (settings.rms * band.samples) ** 2 / 2


def draw_noise(
    rng: np.random.Generator, number: int, band: Band, settings: NoiseSettings
) -> np.ndarray:
    """Draw the noise of traces: complex amplitudes within the band (number, bins) [µV/m]."""
    spectrum = power(band, settings)
    normal = rng.standard_normal((number, 2 * len(spectrum)), dtype=np.float32)
    scale = np.sqrt(spectrum / 2).astype(np.float32)
    return normal.view(np.complex64) * scale


def draw_interference(
    rng: np.random.Generator, number: int, band: Band, rms: float, settings: InterferenceSettings
) -> np.ndarray:
    """Draw the interference of traces, (number, samples) float32 in the unit of ``rms``.

    Parameters
    ----------
    rms
        Root mean square of the noise, which amplitudes are given relative to.
    """
    traces = np.zeros((number, band.samples), np.float32)
    lines = rng.integers(settings.lines + 1, size=number)
    for line in range(settings.lines):
        lit = np.flatnonzero(lines > line)
        traces[lit] += _carriers(rng, len(lit), band, rms, settings.line_amplitude)
    hit = np.flatnonzero(rng.random(number) < settings.bursts)
    bursts = _carriers(rng, len(hit), band, rms, settings.burst_amplitude)
    width = _log_uniform(rng, len(hit), settings.burst_width)
    when = rng.uniform(0, band.samples / band.rate, len(hit))
    distance = (band.time - when[:, None]) / width[:, None]
    traces[hit] += bursts * np.exp(-(distance.astype(np.float32) ** 2) / 2)
    return traces


def _carriers(
    rng: np.random.Generator, number: int, band: Band, rms: float, amplitude: list[float]
) -> np.ndarray:
    """Draw carriers of any frequency in the band, (number, samples)."""
    frequency = rng.uniform(band.low, band.high, number).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, number).astype(np.float32)
    height = (rms * _log_uniform(rng, number, amplitude)).astype(np.float32)
    angle = (2 * np.pi * band.time).astype(np.float32) * frequency[:, None] + phase[:, None]
    return height[:, None] * np.cos(angle, out=angle)


def _log_uniform(rng: np.random.Generator, number: int, ends: list[float]) -> np.ndarray:
    return np.exp(rng.uniform(*np.log(ends), number))
