"""How well methods tell skies with sources from isotropic ones, and signal rays from background.

Each function takes predictions, columns of shape (skies, …) beside the truth. Skies of one signal
fraction are set against the isotropic ones; their rays, pooled, against each other. A metric whose
columns or skies are missing is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from cascade.evaluation import roc
from cascade.evaluation.bootstrap import Prepared

CLOSE = 1e-4
"""Signal fractions, kept with single precision, are told apart so far."""

Predictions = Mapping[str, np.ndarray]


def tpr_fpr_1e_2_f5(predictions: Predictions) -> float:
    """Return the share of skies of 5 % signal found while 1 % of the isotropic ones pass."""
    return tpr(predictions, 0.05, 1e-2)


def tpr_fpr_1e_2_f7(predictions: Predictions) -> float:
    """Return the share of skies of 7 % signal found while 1 % of the isotropic ones pass."""
    return tpr(predictions, 0.07, 1e-2)


def tpr_fpr_1e_2_f10(predictions: Predictions) -> float:
    """Return the share of skies of 10 % signal found while 1 % of the isotropic ones pass."""
    return tpr(predictions, 0.1, 1e-2)


def auc_f5(predictions: Predictions) -> float:
    """Return the area under the ROC curve of skies of 5 % signal against isotropic ones."""
    return auc(predictions, 0.05)


def auc_f7(predictions: Predictions) -> float:
    """Return the area under the ROC curve of skies of 7 % signal against isotropic ones."""
    return auc(predictions, 0.07)


def auc_f10(predictions: Predictions) -> float:
    """Return the area under the ROC curve of skies of 10 % signal against isotropic ones."""
    return auc(predictions, 0.1)


def tpr(predictions: Predictions, fraction: float, fpr: float) -> float:
    """Return the true positive rate at a false positive rate, for skies of a signal fraction."""
    score, label = against_isotropic(predictions, fraction)
    return float(roc.signal_efficiency(roc.roc_curve(score, label), fpr))


def auc(predictions: Predictions, fraction: float) -> float:
    """Return the area under the ROC curve for skies of a signal fraction."""
    return roc.auc(*against_isotropic(predictions, fraction))


def against_isotropic(predictions: Predictions, fraction: float) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and labels of the skies of a signal fraction and of the isotropic ones."""
    if not {"score", "label", "signal_fraction"} <= set(predictions):
        return np.empty(0), np.empty(0, np.int8)
    label = np.asarray(predictions["label"])
    chosen = (label == 0) | has_fraction(predictions, fraction)
    return np.asarray(predictions["score"])[chosen], label[chosen]


def has_fraction(predictions: Predictions, fraction: float) -> np.ndarray:
    """Return which skies have sources and a signal fraction, (skies,)."""
    near = np.abs(np.asarray(predictions["signal_fraction"], np.float64) - fraction) < CLOSE
    return near & (np.asarray(predictions["label"]) != 0)


def ray_ranks(predictions: Predictions, fraction: float) -> dict[str, np.ndarray]:
    """Return the rays of the skies of a signal fraction as ranks among the signal rays' scores.

    Between two scores of signal rays the order of background rays does not matter: few ranks
    remain, and the area can be taken from their counts, hundreds of times.

    Returns
    -------
    dict
        ``code``: twice the rank, plus 1 for signal rays, (skies of that fraction, rays).
    """
    if not {"ray_score", "ray_label", "label", "signal_fraction"} <= set(predictions):
        return {"code": np.empty((0, 0), np.int64)}
    chosen = has_fraction(predictions, fraction)
    signal = np.asarray(predictions["ray_label"])[chosen] != 0
    score = np.asarray(predictions["ray_score"])[chosen]
    steps = np.unique(score[signal])
    # odd for the score of a signal ray, even between two of them
    rank = sum(np.searchsorted(steps, score, side) for side in ("left", "right"))
    return {"code": 2 * rank + signal}


def ranked_auc(ranks: Mapping[str, np.ndarray]) -> float:
    """Return the area under the ROC curve of rays, from ``ray_ranks``; exact with ties."""
    code = ranks["code"].ravel()
    levels = int(code.max(initial=-1)) // 2 + 1
    background, signal = np.bincount(code, minlength=2 * levels).reshape(levels, 2).T
    pairs = float(background.sum()) * float(signal.sum())
    if pairs == 0:
        return np.nan
    below = np.cumsum(background) - background / 2  # ties count one half
    return float(signal @ below / pairs)


ray_auc_f5 = Prepared(partial(ray_ranks, fraction=0.05), ranked_auc)
"""Area under the ROC curve of signal rays against background rays, in skies of 5 % signal."""
ray_auc_f7 = Prepared(partial(ray_ranks, fraction=0.07), ranked_auc)
"""The same, in skies of 7 % signal."""
ray_auc_f10 = Prepared(partial(ray_ranks, fraction=0.1), ranked_auc)
"""The same, in skies of 10 % signal."""
