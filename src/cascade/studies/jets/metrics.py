"""How well a score tells W jets from QCD jets, with the jets' pT weights.

Each function takes predictions: columns ``score``, ``label`` and ``weight``, all of shape (jets,).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cascade.evaluation import roc


def auc(predictions: Mapping[str, np.ndarray]) -> float:
    """Return the area under the ROC curve; NaN if a class is missing."""
    return roc.auc(predictions["score"], predictions["label"], predictions["weight"])


def background_rejection_50(predictions: Mapping[str, np.ndarray]) -> float:
    """Return 1/ε_B at 50 % signal efficiency; infinite if no background passes."""
    return _rejection(predictions, 0.5)


def background_rejection_30(predictions: Mapping[str, np.ndarray]) -> float:
    """Return 1/ε_B at 30 % signal efficiency; infinite if no background passes."""
    return _rejection(predictions, 0.3)


def _rejection(predictions: Mapping[str, np.ndarray], signal_efficiency: float) -> float:
    return roc.background_rejection(
        predictions["score"], predictions["label"], predictions["weight"], signal_efficiency
    )
