"""A threshold on the Hilbert envelope of the band-passed trace: ``envelope``.

The envelope is the modulus of the analytic signal. Its maximum is divided by the root mean square
of its own trace: a carrier lifts both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.studies.radio.baselines.chunks import joined
from cascade.studies.radio.baselines.fitting import calibrate, calibrated_columns, pulse_free
from cascade.studies.radio.baselines.spectra import Noise
from cascade.studies.radio.baselines.window import window_fluence
from cascade.studies.radio.simulation.pulses import peak_time

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.studies.radio.baselines.fitting import Columns, History, Model
    from cascade.studies.radio.settings.baselines import EnvelopeSettings

TINY = 1e-12
"""A silent trace scores 0."""


def fit_envelope(
    train: dict[str, Events], validation: dict[str, Events], settings: EnvelopeSettings, seed: int
) -> tuple[Model, History]:
    """Find the band unless it is set; calibrate the fluence on the validation split.

    Returns
    -------
    model
        ``samples``, ``rate``, ``band`` and ``power`` of the noise; ``window``; ``calibration``.
    history
        One row: the validation loss is 1 minus the area under the ROC curve.

    Raises
    ------
    CascadeError
        A split lacks pulses or pure noise; band or window do not fit the traces.
    """
    noise = Noise.of(pulse_free(train["train"]), settings)
    model = noise.record() | {"window": settings.window}
    return calibrate(model, validation["train"], _raw)


def predict_envelope(model: Model, events: Events, settings: EnvelopeSettings) -> Columns:
    """Return score, predicted fluence [eV/m²] and time [ns]; band and window are the fit's."""
    return calibrated_columns(model, _raw(model, events))


def _raw(model: Model, events: Events) -> Columns:
    """Predict, with the fluence not calibrated."""
    noise = Noise.recorded(model)
    return joined(
        found(noise.band.analytic(spectrum), noise.band.rate, model["window"])
        for _, spectrum in noise.spectra(events["trace"])
    )


def found(analytic: np.ndarray, rate: float, window: float) -> Columns:
    """Return score, raw fluence and time of the largest pulse in analytic signals.

    Parameters
    ----------
    analytic
        (traces, samples) [µV/m]; the real parts are the traces.
    rate
        Sampling rate [MHz].
    window
        Half the window of the fluence [ns].
    """
    trace, envelope = analytic.real, np.abs(analytic)
    time = peak_time(envelope, rate)
    rms = np.sqrt(np.mean(np.square(trace), axis=1))
    return {
        "score": (envelope.max(axis=1) / np.maximum(rms, TINY)).astype(np.float64),
        "predicted_fluence": window_fluence(trace, time, window, rate),
        "predicted_time": time.astype(np.float32),
    }
