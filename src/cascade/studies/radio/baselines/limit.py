"""The information limit of simulated traces, no rival: ``limit``.

What nobody knows of a measured trace is given here: the pulse itself but for its time, the noise's
power, and the interference, which is taken away. The matched filter for the true pulse is then the
most powerful test at each time (Neyman and Pearson; Turin, IRE Trans. Inf. Theory 6 (1960) 311),
and its maximum over all times hardly less than the best that can be done. A method that reads the
trace alone stays below.

A trace without a pulse has no true pulse to be filtered for: it takes one from the training split,
drawn at random. The score counts standard deviations of a single correlation whatever the pulse, so
that any of them does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.studies.radio.baselines.chunks import joined
from cascade.studies.radio.baselines.fitting import history, pulse_free, with_pulse
from cascade.studies.radio.baselines.spectra import Noise

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.studies.radio.baselines.fitting import Columns, History, Model
    from cascade.studies.radio.settings.baselines import LimitSettings

PULSES = 500
"""Pulses of the training split that traces without one choose from."""


def fit_limit(
    train: dict[str, Events], validation: dict[str, Events], settings: LimitSettings, seed: int
) -> tuple[Model, History]:
    """Learn the noise's power, and keep some pulses for traces that have none.

    Returns
    -------
    model
        ``samples``, ``rate``, ``band`` and ``power`` of the noise; ``pulses`` (pulses, samples);
        ``seed`` of the draw among them.
    history
        One row: the validation loss is 1 minus the area under the ROC curve.

    Raises
    ------
    CascadeError
        A split lacks pulses or pure noise; the band does not fit the traces.
    """
    events = train["train"]
    clean = pulse_free(events) - pulse_free(events, "interference")
    model = Noise.of(clean, settings).record()
    model |= {"pulses": with_pulse(events, PULSES), "seed": seed}
    test = validation["train"]
    return model, history(predict_limit(model, test, settings)["score"], test)


def predict_limit(model: Model, events: Events, settings: LimitSettings) -> Columns:
    """Return the significance of the true pulse at its best time, (traces,); band is the fit's."""
    noise = Noise.recorded(model)
    band, pulses = noise.band, model["pulses"]
    rng = np.random.default_rng(model["seed"])
    spectra = zip(
        noise.spectra(np.asarray(events["trace"]) - np.asarray(events["interference"])),
        noise.spectra(events["signal"]),
        strict=True,
    )

    def score(spectrum: np.ndarray, true: np.ndarray) -> Columns:
        dark = ~true.any(axis=1)
        true[dark] = band.spectrum(pulses[rng.integers(len(pulses), size=dark.sum())])
        # in units of one correlation's standard deviation
        norm = np.sqrt(np.sum(np.abs(true) ** 2 / noise.power, axis=1, keepdims=True) * 2)
        correlation = band.traces(spectrum * true.conj() / noise.power / norm) * band.samples
        return {"score": correlation.max(axis=1).astype(np.float64)}

    return joined(score(spectrum, true) for (_, spectrum), (_, true) in spectra)
