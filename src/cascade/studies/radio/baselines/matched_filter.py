"""Matched filters for a bank of pulses: ``matched_filter``.

The amplitudes of the trace are whitened, and cut off at a few times the noise's, lest carriers
dominate. The largest significance over templates and times is divided by the root mean square of
what was filtered, which carriers and bursts lift. The best template, put where it fits best and
with the amplitude that a robust fit finds, is the denoised trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.studies.radio.baselines.bank import Bank, pulse_templates
from cascade.studies.radio.baselines.chunks import joined
from cascade.studies.radio.baselines.fitting import calibrate, calibrated_columns, pulse_free
from cascade.studies.radio.baselines.spectra import Noise
from cascade.studies.radio.fluence import fluence

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.studies.radio.baselines.fitting import Columns, History, Model
    from cascade.studies.radio.settings.baselines import MatchedFilterSettings

ROUNDS = 3
"""Steps of the robust fit; a fourth changes next to nothing."""
TINY = 1e-12
"""Silent traces score 0."""


def fit_matched_filter(
    train: dict[str, Events],
    validation: dict[str, Events],
    settings: MatchedFilterSettings,
    seed: int,
) -> tuple[Model, History]:
    """Learn the noise's power; calibrate the fluence on the validation split.

    Returns
    -------
    model
        ``samples``, ``rate``, ``band`` and ``power`` of the noise; ``templates``, complex, real and
        imaginary parts behind one another (templates, bins, 2); ``clip``; ``calibration``.
    history
        One row: the validation loss is 1 minus the area under the ROC curve.

    Raises
    ------
    CascadeError
        A split lacks pulses or pure noise; the band does not fit the traces.
    """
    noise = Noise.of(pulse_free(train["train"]), settings)
    templates = pulse_templates(noise.band, settings)
    parts = np.stack([templates.real, templates.imag], axis=-1)
    model = noise.record() | {"templates": parts, "clip": settings.clip}
    return calibrate(model, validation["train"], _raw)


def predict_matched_filter(
    model: Model, events: Events, settings: MatchedFilterSettings
) -> Columns:
    """Return score, denoised trace [µV/m], predicted fluence [eV/m²] and time [ns].

    Bank and band are the fit's.
    """
    return calibrated_columns(model, _raw(model, events))


def _raw(model: Model, events: Events) -> Columns:
    """Predict, with the fluence not calibrated."""
    noise = Noise.recorded(model)
    bank = Bank(model["templates"].astype(np.float32).view(np.complex64)[..., 0], noise)
    spectra = noise.spectra(events["trace"])
    return joined(_sought(bank, spectrum, model["clip"]) for _, spectrum in spectra)


def _sought(bank: Bank, spectrum: np.ndarray, clip: float) -> Columns:
    """Return what the bank finds in traces with these amplitudes, (traces, bins)."""
    band, scale = bank.noise.band, np.sqrt(bank.noise.power)
    whitened = spectrum / scale
    cut = clipped(whitened, clip)
    significance, best, time = bank.search(cut)
    pulse = bank.placed(best, time)
    pulse *= robust_amplitude(whitened, pulse / scale, clip)[:, None]
    denoised = band.traces(pulse)
    rms = np.sqrt(np.mean(np.abs(cut) ** 2, axis=1))
    peak = (time * 1e3 + bank.peaks[best]) % (band.samples / band.rate * 1e3)
    return {
        "score": (significance / np.maximum(rms, TINY)).astype(np.float64),
        "denoised": denoised,
        "predicted_fluence": fluence(denoised, band.rate),
        "predicted_time": peak.astype(np.float32),
    }


def clipped(amplitude: np.ndarray, most: float) -> np.ndarray:
    """Return complex amplitudes with their moduli cut off."""
    return amplitude * np.minimum(1, most / np.maximum(np.abs(amplitude), TINY))


def robust_amplitude(data: np.ndarray, pulse: np.ndarray, clip: float) -> np.ndarray:
    """Return the complex amplitudes of pulses in data, (traces,); both are (traces, bins).

    A least-squares fit to data in which all that lies farther than ``clip`` from the fit is moved
    to that distance (Huber, Ann. Math. Stat. 35 (1964) 73): what a carrier adds hardly counts. It
    starts from the median over the frequencies.
    """
    ratio = data / pulse
    amplitude = np.median(ratio.real, axis=1) + 1j * np.median(ratio.imag, axis=1)
    weight = pulse.conj() / np.sum(np.abs(pulse) ** 2, axis=1, keepdims=True)
    for _ in range(ROUNDS):
        left = clipped(data - amplitude[:, None] * pulse, clip)
        amplitude = amplitude + np.einsum("ij,ij->i", weight, left)
    return amplitude.astype(np.complex64)
