"""How well methods reconstruct showers: direction, core, energy, depth of the maximum, mass.

Each function takes predictions, columns of shape (events, …) beside the truth. A method may
predict only some of the quantities: a metric whose columns are missing is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cascade.evaluation import resolution, roc
from cascade.studies.showers.constants import IRON, PROTON

CERTAIN = 1e-9
"""A probability is kept so far from 0 and 1 before its logit is taken."""

Predictions = Mapping[str, np.ndarray]


def angular_resolution(predictions: Predictions) -> float:
    """Return the angle [deg] to the true axis that 68 % of the events stay below."""
    if not _there(predictions, "axis"):
        return np.nan
    return float(np.degrees(resolution.containment(angular_distances(predictions))))


def core_resolution(predictions: Predictions) -> float:
    """Return the distance [m] to the true core that 68 % of the events stay below."""
    if not _there(predictions, "core"):
        return np.nan
    return float(resolution.containment(core_distances(predictions)))


def energy_bias(predictions: Predictions) -> float:
    """Return the mean of E′/E − 1."""
    return float(resolution.bias(_energy_deviations(predictions)))


def energy_resolution(predictions: Predictions) -> float:
    """Return the standard deviation of E′/E − 1."""
    return float(resolution.resolution(_energy_deviations(predictions)))


def lg_energy_resolution(predictions: Predictions) -> float:
    """Return the standard deviation of lg E′ − lg E: unlike that of E′/E, blind to the scale."""
    return float(resolution.resolution(_differences(predictions, "lg_energy")))


def x_max_bias(predictions: Predictions) -> float:
    """Return the mean of X′max − Xmax [g/cm²]."""
    return float(resolution.bias(_differences(predictions, "x_max")))


def x_max_resolution(predictions: Predictions) -> float:
    """Return the root mean square of X′max − Xmax [g/cm²]."""
    return float(resolution.root_mean_square(_differences(predictions, "x_max")))


def merit_factor(predictions: Predictions) -> float:
    """Return how well protons and iron stand apart; NaN if either is missing.

    In the score if the method gives one, else in the predicted depth of the maximum.
    """
    values = mass_estimator(predictions)
    if values is None or "mass_number" not in predictions:
        return np.nan
    mass = predictions["mass_number"]
    return float(resolution.merit_factor(values[mass == PROTON], values[mass == IRON]))


def auc(predictions: Predictions) -> float:
    """Return the area under the ROC curve of the score, iron against protons.

    NaN if either is missing.
    """
    if not {"score", "mass_number"} <= set(predictions):
        return np.nan
    mass = predictions["mass_number"]
    chosen = (mass == PROTON) | (mass == IRON)
    return roc.auc(predictions["score"][chosen], mass[chosen] == IRON)


def angular_distances(predictions: Predictions) -> np.ndarray:
    """Return the angles [rad] between the predicted and the true axes, (events,)."""
    return resolution.angular_distance(predictions["predicted_axis"], predictions["axis"])


def core_distances(predictions: Predictions) -> np.ndarray:
    """Return the distances [m] between the predicted and the true cores, (events,)."""
    east, north = _differences(predictions, "core").T
    return np.hypot(east, north)


def mass_estimator(predictions: Predictions) -> np.ndarray | None:
    """Return what tells light from heavy primaries, (events,); ``None`` if nothing does.

    A score between 0 and 1 is taken for a probability: its logit is wide where both classes
    crowd at the ends.
    """
    if "score" in predictions:
        score = np.asarray(predictions["score"], np.float64)
        if ((score < 0) | (score > 1)).any():
            return score
        score = np.clip(score, CERTAIN, 1 - CERTAIN)
        return np.log(score / (1 - score))
    return predictions.get("predicted_x_max")


def _there(predictions: Predictions, name: str) -> bool:
    """Return whether a quantity is predicted, and its truth known."""
    return {name, f"predicted_{name}"} <= set(predictions)


def _differences(predictions: Predictions, name: str) -> np.ndarray:
    """Return predicted minus true values, (events, …); none if either is missing."""
    if not _there(predictions, name):
        return np.empty(0)
    return np.subtract(predictions[f"predicted_{name}"], predictions[name], dtype=np.float64)


def _energy_deviations(predictions: Predictions) -> np.ndarray:
    """Return E′/E − 1, (events,); none if either is missing."""
    return 10 ** _differences(predictions, "lg_energy") - 1
