"""A user's traces at the study's rate, band and length.

Traces are filtered and resampled by their Fourier series, in which they are periodic: a jump from
the last sample to the first rings at both ends.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import fft
from scipy.signal import hilbert, resample

from cascade.studies.radio.ingestion.entries import Entries
from cascade.studies.radio.settings.ingest import ReadingSettings
from cascade.studies.radio.simulation.band import Band

MICROVOLTS = {"uV/m": 1.0, "mV/m": 1e3, "V/m": 1e6}
SILENCE = 1e-6
"""Less than this share of a trace's largest value is rounding of single precision."""


def read_parts(entries: Entries, settings: ReadingSettings) -> dict[str, np.ndarray]:
    """Return all parts of the traces [µV/m], filtered, resampled and cut alike: (entries, samples).

    Raises
    ------
    CascadeError
        A trace is not finite, is 0, has nothing within the band, or does not have the length that
        is wanted.
    """
    lengths = entries.lengths()
    factor = settings.scale * MICROVOLTS[settings.unit]
    made = {}
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        _check_length(entries, places[0], length, settings)
        found = entries.parts(places, factor)
        parts = {part: resampled(traces, settings) for part, traces in found.items()}
        silent = np.abs(parts["trace"]).max(axis=1) < SILENCE * np.abs(found["trace"]).max(axis=1)
        if silent.any():
            text = f"has nothing within the band {settings.band}; check 'file_rate' and 'band'"
            raise entries.mistake("trace", places[int(np.argmax(silent))], text)
        first = _first(parts["trace"], settings)
        width = min(settings.samples, parts["trace"].shape[1] - first.max())
        window = first[:, None] + np.arange(width)
        for part, traces in parts.items():
            rows = made.setdefault(part, np.zeros((len(lengths), settings.samples)))
            rows[places, :width] = np.take_along_axis(traces, window, axis=1)
    return made


def resampled(traces: np.ndarray, settings: ReadingSettings) -> np.ndarray:
    """Return traces at the new rate and within the band, (n, old samples) → (n, new samples).

    Zeros at the end first fill up the time that is a whole number of samples at both rates.
    """
    length, ratio = traces.shape[1], settings.ratio
    periods = -(-length // ratio.denominator)
    old, new = periods * ratio.denominator, periods * ratio.numerator
    traces = np.pad(traces, ((0, 0), (0, old - length)))
    if settings.band is None:
        made = traces if old == new else resample(traces, new, axis=1)
    else:
        band = Band(old, settings.file_rate, *settings.band)
        spectrum = np.zeros((len(traces), new // 2 + 1), complex)
        spectrum[:, band.inside] = band.spectrum(traces) * (new / old)
        made = fft.irfft(spectrum, new)
    return made[:, : math.floor(length * ratio)]


def _first(traces: np.ndarray, settings: ReadingSettings) -> np.ndarray:
    """Return the first sample of each trace's window, (n,)."""
    if settings.window != "centred":
        return np.full(len(traces), settings.window or 0)
    highest = np.argmax(np.abs(hilbert(traces, axis=1)), axis=1)
    last = max(traces.shape[1] - settings.samples, 0)
    return np.clip(highest - settings.samples // 2, 0, last)


def _check_length(entries: Entries, place: int, length: int, settings: ReadingSettings) -> None:
    """Check that a trace can be resampled and cut, or lengthened."""
    new = math.floor(length * settings.ratio)
    first = settings.window if isinstance(settings.window, int) else 0
    if new > settings.samples and settings.window is None:
        remedy = "check 'file_rate', set 'samples', or cut by 'window'"
    elif first >= new or (new < first + settings.samples and not settings.pad):
        remedy = "check 'file_rate', set 'samples' or 'window', or lengthen by 'pad'"
    else:
        return
    begin = f" from sample {first} on" if first else ""
    text = (
        f"has {new} samples at {settings.rate:g} MHz, but {settings.samples} are wanted{begin}; "
        f"{remedy}"
    )
    raise entries.mistake("trace", place, text)
