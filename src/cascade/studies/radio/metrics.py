"""How well methods find pulses, and how well they measure those that they find.

Each function takes predictions, columns of shape (traces, …) beside the truth. A pulse counts as
detected if its score lies above the cut which at most 0.2 % of the pure noise passes. A metric
whose columns or classes are missing is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cascade.evaluation import resolution, roc
from cascade.evaluation.bootstrap import Prepared

FPR = 2e-3
"""Share of pure noise that may pass the cut."""
SNR = 3.0
"""Above this signal-to-noise ratio pulses ought to be found and measured."""
CENTRAL = 0.68
CHUNK = 256
"""Traces that are worked on at a time: so many stay in the processor's cache."""

Predictions = Mapping[str, np.ndarray]


def auc(predictions: Predictions) -> float:
    """Return the area under the ROC curve, all pulses against pure noise."""
    if not {"score", "label"} <= set(predictions):
        return np.nan
    return roc.auc(predictions["score"], predictions["label"])


def tpr_fpr_2e_3_snr_3(predictions: Predictions) -> float:
    """Return the share of pulses of SNR > 3 above the cut that 0.2 % of the noise passes."""
    if not _complete(predictions):
        return np.nan
    return float(resolution.bias(detected(predictions)[_strong(predictions)]))


def fluence_bias(predictions: Predictions) -> float:
    """Return the mean of f′/f − 1 over detected pulses of SNR > 3."""
    return float(resolution.bias(_ratios(predictions) - 1))


def fluence_resolution(predictions: Predictions) -> float:
    """Return half of the central 68 % interval of f′/f over detected pulses of SNR > 3."""
    return float(half_width(_ratios(predictions)))


def detected(predictions: Predictions, fpr: float = FPR) -> np.ndarray:
    """Return which traces score above the cut on the pure noise among them, bool (traces,).

    Traces without a pulse are among the answers: a share of at most ``fpr`` of them. Without any
    pure noise there is no cut, and nothing is detected.
    """
    score = np.asarray(predictions["score"])
    return score > cut_at(score[np.asarray(predictions["label"]) == 0], fpr)


def cut_at(noise: np.ndarray, fpr: float = FPR) -> float:
    """Return the lowest cut that at most a share ``fpr`` of the noise's scores lies above.

    It is one of the scores; NaN if there is none.

    Examples
    --------
    >>> cut_at(np.array([4.0, 1.0, 3.0, 2.0]), 0.25)
    3.0
    """
    noise = np.asarray(noise)
    if len(noise) == 0:
        return np.nan
    # a billionth for shares such as 0.29, whose hundredfold is not quite 29
    pass_cut = min(int(fpr * len(noise) * (1 + 1e-9)), len(noise) - 1)
    place = len(noise) - 1 - pass_cut
    return float(np.partition(noise, place)[place])


def half_width(values: np.ndarray) -> float | np.ndarray:
    """Return half of the central 68 % interval, (…, events) → (…); NaN of fewer than two."""
    if values.shape[-1] < 2:
        return np.full(values.shape[:-1], np.nan)[()]
    low, high = np.quantile(values, [(1 - CENTRAL) / 2, (1 + CENTRAL) / 2], axis=-1)
    return (high - low) / 2


def noise_reduction(predictions: Predictions) -> np.ndarray:
    """Return by which factor denoising reduces the noise, (traces,).

    It is the RMS of trace − signal over that of denoised − signal: by so much the signal-to-noise
    ratio grows at the same signal. Infinite where nothing is left of the noise.
    """
    denoised, signal = predictions["denoised"], predictions["signal"]
    left = np.empty(len(signal))
    for first in range(0, len(signal), CHUNK):
        some = slice(first, first + CHUNK)
        left[some] = np.sqrt(np.mean((denoised[some] - signal[some]) ** 2, axis=1))
    with np.errstate(divide="ignore"):
        return np.asarray(predictions["noise_rms"], np.float64) / left


def _gains(predictions: Predictions) -> dict[str, np.ndarray]:
    """Return what the SNR gain needs of each trace."""
    needed = {"denoised", "signal", "noise_rms"}
    if not _complete(predictions) or not needed <= set(predictions):
        return {"score": np.empty(0), "label": np.empty(0), "snr": np.empty(0), "gain": np.empty(0)}
    columns = {name: np.asarray(predictions[name]) for name in ("score", "label", "snr")}
    return columns | {"gain": noise_reduction(predictions)}


def _median_gain(columns: Predictions) -> float:
    gain = columns["gain"][detected(columns) & _strong(columns)]
    return float(np.median(gain)) if len(gain) else np.nan


snr_gain = Prepared(_gains, _median_gain)
"""Median over detected pulses of SNR > 3 of the factor by which denoising reduces the noise."""


def _complete(predictions: Predictions) -> bool:
    """Return whether there is all that a detection needs, pure noise included."""
    if not {"score", "label", "snr"} <= set(predictions):
        return False
    return bool((np.asarray(predictions["label"]) == 0).any())


def _strong(predictions: Predictions) -> np.ndarray:
    return (np.asarray(predictions["label"]) != 0) & (np.asarray(predictions["snr"]) > SNR)


def _ratios(predictions: Predictions) -> np.ndarray:
    """Return f′/f of the detected pulses of SNR > 3; none if a column is missing."""
    if not _complete(predictions) or not {"fluence", "predicted_fluence"} <= set(predictions):
        return np.empty(0)
    chosen = detected(predictions) & _strong(predictions)
    true = np.asarray(predictions["fluence"], np.float64)[chosen]
    return np.asarray(predictions["predicted_fluence"], np.float64)[chosen] / true
