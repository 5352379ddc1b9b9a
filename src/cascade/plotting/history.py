"""Figure of a training's history: the losses over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from cascade.plotting import style


def draw_losses(axes: Axes, history: Mapping[str, np.ndarray], step: str = "epoch") -> None:
    """Draw training and validation loss; a dot marks the lowest validation loss.

    Parameters
    ----------
    history
        Columns: the step's name, ``validation_loss`` and, if it was recorded, ``train_loss``.
    """
    x, validation = history[step], history["validation_loss"]
    if "train_loss" in history:
        axes.plot(x, history["train_loss"], label="training", **style.BACKGROUND)
    axes.plot(x, validation, label="validation", **style.SIGNAL)
    if np.isfinite(validation).any():
        best = int(np.nanargmin(validation))
        axes.plot(x[best], validation[best], "o", color="black", markersize=3, zorder=4)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.xaxis.set_minor_locator(NullLocator())


def loss_limits(histories: Sequence[Mapping[str, np.ndarray]]) -> tuple[float, float]:
    """Return limits of the loss axis that hold all histories.

    Only training losses of a first step that tower above all the rest leave the frame.
    """
    validation = [history["validation_loss"] for history in histories]
    training = [history["train_loss"] for history in histories if "train_loss" in history]
    everything = validation + training
    later = validation + [losses[1:] for losses in training]
    low, high = _range(later)
    top = _range(everything)[1]
    high = top if top - low < 3 * (high - low) else high
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    return low - margin, high + margin


def _range(columns: Sequence[np.ndarray]) -> tuple[float, float]:
    values = np.concatenate(columns)
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
