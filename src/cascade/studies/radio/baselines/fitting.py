"""What the fits of all methods share: fitting samples, calibration, the row of the history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.errors import CascadeError
from cascade.evaluation import roc
from cascade.studies.radio import calibration
from cascade.studies.radio.baselines.spectra import FEWEST, MOST

if TYPE_CHECKING:
    from cascade.events.schema import Events

    Columns = dict[str, np.ndarray]
    Model = dict[str, Any]
    History = list[dict[str, float]]


def pulse_free(events: Events, name: str = "trace") -> np.ndarray:
    """Return the first training traces without a pulse, float32 (traces, samples) [µV/m].

    Raises
    ------
    CascadeError
        There are too few of them.
    """
    chosen = np.flatnonzero(np.asarray(events["label"]) == 0)[:MOST]
    if len(chosen) < FEWEST:
        raise CascadeError(
            f"the train split holds {len(chosen)} traces without a pulse (label 0): at least "
            f"{FEWEST} are needed to learn the noise"
        )
    return np.asarray(events[name])[chosen].astype(np.float32, copy=False)


def with_pulse(events: Events, most: int) -> np.ndarray:
    """Return the first true signals of training traces with a pulse, float32 (traces, samples).

    Raises
    ------
    CascadeError
        There is none.
    """
    chosen = np.flatnonzero(np.asarray(events["label"]) != 0)
    signal = np.asarray(events["signal"])[chosen[:most]].astype(np.float32, copy=False)
    if not len(signal) or not signal.any(axis=1).all():
        raise CascadeError(
            "the train split holds no pulse (label 1 with a signal that is not 0 throughout)"
        )
    return signal


def calibrate(
    model: Model, validation: Events, predict: Callable[[Model, Events], Columns]
) -> tuple[Model, History]:
    """Return the model with its calibration of the fluence, and the history.

    Parameters
    ----------
    predict
        Gives ``score`` and a raw ``predicted_fluence``.
    """
    columns = predict(model, validation)
    model |= {"calibration": calibration.calibrate(columns, validation)}
    return model, history(columns["score"], validation)


def calibrated_columns(model: Model, columns: Columns) -> Columns:
    """Return columns with their raw ``predicted_fluence`` calibrated."""
    fluence = calibration.calibrated(columns["predicted_fluence"], model["calibration"])
    return columns | {"predicted_fluence": fluence.astype(np.float32)}


def history(score: np.ndarray, validation: Events) -> History:
    """Return the one row: the validation loss is 1 minus the area under the ROC curve.

    Raises
    ------
    CascadeError
        A class is missing.
    """
    area = roc.auc(score, validation["label"])
    if np.isnan(area):
        raise CascadeError(
            "the validation split holds traces of only one label; it takes some with a pulse (1) "
            "and some without (0)"
        )
    return [{"step": 1, "validation_loss": 1 - area}]
