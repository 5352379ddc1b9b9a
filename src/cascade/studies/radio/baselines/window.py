"""The fluence in a window about a pulse, less what noise puts there (arXiv:1508.04267, § 2)."""

from __future__ import annotations

import numpy as np

from cascade.errors import CascadeError
from cascade.studies.radio.fluence import PER_SQUARE


def window_fluence(
    traces: np.ndarray, time: np.ndarray, half_window: float, rate: float
) -> np.ndarray:
    """Return the fluence in windows [eV/m²], (traces,); noise may make it negative.

    The noise's mean square is that outside the window.

    Parameters
    ----------
    traces
        (traces, samples) [µV/m].
    time
        Middles of the windows [ns], (traces,).
    half_window
        The windows reach so far to both sides [ns].
    rate
        Sampling rate [MHz].
    """
    samples = traces.shape[1]
    middle = np.rint(time * (rate / 1e3)).astype(int)
    half = half_samples(half_window, rate, samples)
    first, last = np.clip([middle - half, middle + half + 1], 0, samples)
    energy = np.zeros((len(traces), samples + 1))
    np.cumsum(np.square(traces), axis=1, out=energy[:, 1:])
    at_first, at_last = (
        np.take_along_axis(energy, place[:, None], axis=1)[:, 0] for place in (first, last)
    )
    inside, width = at_last - at_first, last - first
    noise = (energy[:, -1] - inside) / (samples - width)
    return PER_SQUARE / rate * (inside - width * noise)


def half_samples(half_window: float, rate: float, samples: int) -> int:
    """Return how many samples a window reaches to both sides.

    Raises
    ------
    CascadeError
        It leaves less than half of the trace to the noise.
    """
    half = round(half_window * rate / 1e3)
    if 2 * (2 * half + 1) > samples:
        raise CascadeError(
            f"window: {half_window:g} ns to both sides is more than half of a trace of {samples} "
            f"samples at {rate:g} MHz; at most {(samples // 2 - 1) / 2 / rate * 1e3:.0f} ns"
        )
    return half
