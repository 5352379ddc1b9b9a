"""Figure of a training's history, and the product of several: losses over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from cascade.plotting import style
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import called, fitted_on, read_histories, step_of
from cascade.plotting.settings import FigureSettings


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


@style.styled
def history(inputs: Inputs, settings: FigureSettings) -> Result:
    """Draw training and validation loss over the epochs, one panel a fit."""
    histories = read_histories(inputs)
    rows, columns = style.grid(len(histories))
    width = style.COLUMN if columns == 1 else style.PAGE
    height = 0.45 + rows * (2.2 if columns <= 2 else 1.5)
    figure, axes = style.subplots(rows, columns, width=width, height=height, sharey=True)
    low, high = loss_limits(list(histories.values()))
    table: dict[str, list] = {
        column: [] for column in ("method", "step", "train_loss", "validation_loss")
    }
    for panel, (fit, columns_) in zip(axes.flat, histories.items(), strict=False):
        step = step_of(columns_)
        draw_losses(panel, columns_, step)
        panel.set(ylim=(low, high), xlabel=step)
        style.note(panel, called(fit, settings.labels))
        undefined = np.full(len(columns_[step]), np.nan)
        table["method"] += [fit] * len(undefined)
        table["step"] += columns_[step].tolist()
        for name in ("train_loss", "validation_loss"):
            table[name] += columns_.get(name, undefined).tolist()
    for panel in axes.flat[len(histories) :]:
        panel.set_axis_off()
    for panel in axes[:, 0]:
        panel.set_ylabel("loss")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    caption = (
        f"Loss over the {' or '.join(sorted({step_of(c) for c in histories.values()}))}s "
        f"of {style.plural(len(histories), 'fit')} to {fitted_on(histories)}: on the training "
        "split (dashed, with dropout where the network has it) and on the validation split "
        "(solid). Dot: lowest validation loss, the state that is kept. A first training loss far "
        "above all others may lie outside the frame."
    )
    return Result(figure, table, caption)
