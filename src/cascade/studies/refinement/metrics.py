"""How well methods measure the energy of a shower from the trace of one station, or know data.

Each function takes predictions, columns of shape (events,) beside the truth. Without the columns
that it needs it is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cascade.evaluation import resolution

Predictions = Mapping[str, np.ndarray]


def lg_energy_bias(predictions: Predictions) -> float:
    """Return the mean of lg E′ − lg E."""
    return float(resolution.bias(lg_energy_differences(predictions)))


def lg_energy_resolution(predictions: Predictions) -> float:
    """Return the standard deviation of lg E′ − lg E."""
    return float(resolution.resolution(lg_energy_differences(predictions)))


def taken_for_data(predictions: Predictions) -> float:
    """Return the share of traces that a network which tells samples apart takes for data.

    Of data themselves that is 1/2 if the other sample cannot be told from them.
    """
    if "score" not in predictions:
        return float("nan")
    return float(np.mean(np.asarray(predictions["score"]) > 0.5))


def lg_energy_differences(predictions: Predictions) -> np.ndarray:
    """Return lg E′ − lg E, (events,); none if either is missing."""
    if not {"lg_energy", "predicted_lg_energy"} <= set(predictions):
        return np.empty(0)
    return np.subtract(
        predictions["predicted_lg_energy"], predictions["lg_energy"], dtype=np.float64
    )
