"""Figure of a training's history: the losses over the epochs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

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
        axes.plot(x, history["train_loss"], label="training", color=style.BLUE, linestyle=(0, (4, 1.5)))
    axes.plot(x, validation, label="validation", color=style.VERMILLION)
    if np.isfinite(validation).any():
        best = int(np.nanargmin(validation))
        axes.plot(x[best], validation[best], "o", color="black", markersize=3, label="kept", zorder=4)


def loss_limits(histories: list[Mapping[str, np.ndarray]]) -> tuple[float, float]:
    """Return limits of the loss axis that hold all histories.

    Training losses of the first step, far above all else, may leave the frame.
    """
    later = [
        column[1:] if len(column) > 1 else column
        for history in histories
        for name in ("train_loss", "validation_loss")
        if (column := np.asarray(history.get(name, ()))).size
    ]
    values = np.concatenate([*later, *(history["validation_loss"] for history in histories)])
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = values.min(), values.max()
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    return low - margin, high + margin
