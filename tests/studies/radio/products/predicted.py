"""Simulated traces, and predictions of a known quality, for tests of what is made from them."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from cascade.events.seeding import Block, sequence
from cascade.events.writing import writing
from cascade.settings import validate
from cascade.studies.radio import PREDICTIONS, SCHEMA, TRUTH
from cascade.studies.radio.settings import TraceSettings
from cascade.studies.radio.simulation.simulate import simulate

FIELDS = {field.name: field for field in (*SCHEMA, *PREDICTIONS)}


def make_traces(number, seed=1, **settings):
    """Return simulated traces."""
    return simulate(Block(0, number, sequence(seed)), validate(TraceSettings, settings))


def write(path, columns, sample="default"):
    """Write columns of the study's fields."""
    facts = {"study": "radio", "sample": sample, "split": "test"}
    with writing(path, [FIELDS[name] for name in columns], facts) as writer:
        writer.append(columns)


def truth(traces):
    """Return what predictions carry along."""
    return {name: traces[name] for name in TRUTH}


def predict(traces, quality=1.0, seed=1, width=0):
    """Return truth with predictions that get better with ``quality``.

    The score of a pulse is its SNR times the quality, and normal noise; the denoised trace is 0.9
    times the signal and some smoothed noise, where the score is high.
    """
    rng = np.random.default_rng(seed)
    number = len(traces["label"])
    score = quality * traces["snr"].astype(np.float64) + rng.normal(size=number)
    left = gaussian_filter1d(rng.normal(size=traces["signal"].shape), 2.0, axis=1)
    weight = 1 / (1 + np.exp(-2 * (score - 2)))[:, np.newaxis]
    denoised = weight * (0.9 * traces["signal"] + 8 / quality * left) + 0.3 * left
    spread = 0.5 / (quality * np.maximum(traces["snr"], 0.5))
    columns = truth(traces) | {
        "score": score,
        "denoised": denoised,
        "predicted_fluence": traces["fluence"] * (1 + spread * rng.normal(size=number)) + 0.01,
        "predicted_time": traces["peak_time"] + 10 * spread * rng.standard_t(2, size=number),
    }
    if width:
        basis = rng.normal(size=(2, width))
        known = np.stack([traces["label"], np.log1p(traces["snr"])], axis=1)
        columns["latent"] = 3 * known @ basis + rng.normal(size=(number, width))
    return columns
