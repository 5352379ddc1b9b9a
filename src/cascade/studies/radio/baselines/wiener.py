"""A Wiener filter, followed by a threshold on the envelope: ``wiener``.

Of all linear filters S / (S + P) leaves the least mean square of the deviation from the signal
(Wiener, Extrapolation, Interpolation, and Smoothing of Stationary Time Series, 1949), S and P being
the mean powers of signal and noise. A plain mean over signals would be that of the few strongest
pulses, next to which the noise is nothing: the filter would let all pass. Here all signals are
brought to one height first, that of a middling pulse among those that are found, so that each
counts with its shape alone. The height hardly matters to what is found, since it is the same filter
for all traces; it decides how much of the noise is taken out at the price of the pulse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.studies.radio.baselines.chunks import chunks, joined
from cascade.studies.radio.baselines.envelope import found
from cascade.studies.radio.baselines.fitting import (
    calibrate,
    calibrated_columns,
    pulse_free,
    with_pulse,
)
from cascade.studies.radio.baselines.spectra import Noise

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.studies.radio.baselines.fitting import Columns, History, Model
    from cascade.studies.radio.settings.baselines import WienerSettings

MOST = 4000
"""So many signals tell their mean power."""


def fit_wiener(
    train: dict[str, Events], validation: dict[str, Events], settings: WienerSettings, seed: int
) -> tuple[Model, History]:
    """Learn the mean powers of noise and signal; calibrate the fluence on the validation split.

    Returns
    -------
    model
        ``samples``, ``rate``, ``band`` and ``power`` of the noise; ``filter`` (bins,); ``window``;
        ``calibration``.
    history
        One row: the validation loss is 1 minus the area under the ROC curve.

    Raises
    ------
    CascadeError
        A split lacks pulses or pure noise; band or window do not fit the traces.
    """
    events = train["train"]
    noise = Noise.of(pulse_free(events), settings)
    signal = mean_signal_power(with_pulse(events, MOST), noise) * (settings.snr * noise.rms) ** 2
    model = noise.record() | {
        "filter": (signal / (signal + noise.power)).astype(np.float32),
        "window": settings.window,
    }
    return calibrate(model, validation["train"], _raw)


def predict_wiener(model: Model, events: Events, settings: WienerSettings) -> Columns:
    """Return score, denoised trace [µV/m], predicted fluence [eV/m²] and time [ns].

    Filter and window are the fit's.
    """
    return calibrated_columns(model, _raw(model, events))


def _raw(model: Model, events: Events) -> Columns:
    """Predict, with the fluence not calibrated."""
    noise = Noise.recorded(model)
    band = noise.band

    def denoised(spectrum: np.ndarray) -> Columns:
        analytic = band.analytic(spectrum * model["filter"])
        return found(analytic, band.rate, model["window"]) | {"denoised": analytic.real.copy()}

    return joined(denoised(spectrum) for _, spectrum in noise.spectra(events["trace"]))


def mean_signal_power(signals: np.ndarray, noise: Noise) -> np.ndarray:
    """Return ⟨|amplitude|²⟩ of signals brought to a height of 1, (signals, samples) → (bins,)."""
    total = np.zeros(len(noise.power))
    for chunk in chunks(len(signals)):
        height = np.abs(signals[chunk]).max(axis=1, keepdims=True)
        total += np.sum(np.abs(noise.band.spectrum(signals[chunk] / height)) ** 2, axis=0)
    return total / len(signals)
