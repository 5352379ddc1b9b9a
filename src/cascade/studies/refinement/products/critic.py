"""How a refiner was trained: the critic's distance, the criterion of choice, the spread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from cascade.errors import CascadeError
from cascade.plotting import style
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import called, fitted_on, read_histories, step_of
from cascade.plotting.settings import FigureSettings
from cascade.studies.refinement.products.reading import PAPER, listed

TRAINING, VALIDATION = "train_loss", "validation_wasserstein"
COLUMNS = (TRAINING, VALIDATION, "validation_loss", "spread", "learning_rate")


@style.styled
def critic_history(inputs: Inputs, settings: FigureSettings) -> Result:
    """Draw Wasserstein estimate, selection criterion and spread over the epochs, a row a fit."""
    histories = read_histories(inputs)
    for fit, history in histories.items():
        missing = {VALIDATION, "spread"} - set(history)
        if missing:
            raise CascadeError(
                f"{inputs.histories[fit]}: has no column '{min(missing)}'; critic_history shows "
                "fits of refiners"
            )
    rows = len(histories)
    figure, axes = style.subplots(
        rows, 3, width=style.PAGE, height=0.55 + 1.65 * rows, sharex="row"
    )
    table: dict[str, list] = {name: [] for name in ("method", "epoch", *COLUMNS)}
    chosen = {}
    for row, (fit, history) in zip(axes, histories.items(), strict=True):
        epoch = history[step_of(history)]
        chosen[fit] = chosen_row(history)
        draw_fit(row, epoch, history, chosen[fit])
        if rows > 1:
            style.note(row[0], called(fit, settings.labels))
        table["method"] += [fit] * len(epoch)
        table["epoch"] += epoch.tolist()
        for name in COLUMNS:
            table[name] += history.get(name, np.full(len(epoch), np.nan)).tolist()
    for panel in axes[-1]:
        panel.set_xlabel("epoch")
    style.legend_below(figure, axes[0, 0], columns=3)
    return Result(figure, table, _caption(histories, chosen, settings))


def chosen_row(history: Mapping[str, np.ndarray]) -> int | None:
    """Return the row of the epoch that is kept, with the lowest validation loss; None if none is.

    Examples
    --------
    >>> chosen_row({"validation_loss": np.array([np.nan, 0.3, 0.1, 0.1])})
    2
    """
    loss = history["validation_loss"]
    return int(np.nanargmin(loss)) if np.isfinite(loss).any() else None


def draw_fit(
    row: np.ndarray, epoch: np.ndarray, history: Mapping[str, np.ndarray], chosen: int | None
) -> None:
    """Draw the three panels of a fit, the kept epoch marked in each."""
    distance, criterion, spread = row
    distance.plot(epoch, history[TRAINING], label="training batches", **style.BACKGROUND)
    distance.plot(epoch, history[VALIDATION], label="validation", **style.SIGNAL)
    criterion.plot(epoch, history["validation_loss"], **style.SIGNAL)
    spread.plot(epoch, history["spread"], **style.SIGNAL)
    spread.axhline(1, color="black", linewidth=0.6, linestyle=":")
    marked = (history[VALIDATION], history["validation_loss"], history["spread"])
    for panel, values in zip(row, marked, strict=True):
        if chosen is not None:
            panel.axvline(epoch[chosen], color="0.6", linewidth=0.6, zorder=0)
            panel.plot(
                epoch[chosen], values[chosen], "o", color="black", markersize=3, zorder=4,
                label="kept state" if panel is distance else None, linestyle="none",
            )  # fmt: skip
        panel.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        panel.xaxis.set_minor_locator(NullLocator())
    limit(distance, np.concatenate([history[TRAINING], history[VALIDATION]]))
    limit(criterion, history["validation_loss"])
    distance.axhline(0, color="black", linewidth=0.5, zorder=0)
    distance.set_ylabel("critic's distance")
    criterion.set_ylabel("selection criterion")
    spread.set_ylabel(r"spread of lg $S$ / data's")


def limit(panel: Axes, values: np.ndarray) -> None:
    """Leave what towers above all the rest, as first epochs may, outside the frame."""
    values = values[np.isfinite(values)]
    if len(values) < 8:
        return
    low, middle, high = np.quantile(values, [0.0, 0.5, 0.95])
    if values.max() - middle > 4 * (high - middle):
        margin = 0.1 * (high - low) or 0.1 * abs(high) or 0.1
        panel.set_ylim(low - margin, high + 3 * margin)


def _caption(
    histories: Mapping[str, Mapping[str, np.ndarray]],
    chosen: Mapping[str, int | None],
    settings: FigureSettings,
) -> str:
    said = []
    for fit, place in chosen.items():
        name, history = called(fit, settings.labels), histories[fit]
        if place is None:
            said.append(f"{name}: no epoch with a finite criterion")
            continue
        said.append(
            f"{name}: epoch {history[step_of(history)][place]:g} of {len(history[TRAINING])}, "
            f"distance {history[VALIDATION][place]:.3g}, spread {history['spread'][place]:.2f}"
        )
    return (
        f"Training of {style.plural(len(histories), 'refiner')} over the epochs, on "
        f"{fitted_on(histories)}, simulation and data together. Left: the critic's estimate of "
        "the Wasserstein distance between refined simulation and data, on training batches "
        "(dashed) and on the validation split (solid); at best it falls towards zero, and a critic "
        "that is still learning may let it rise. Middle: the criterion on the validation split by "
        "which the epoch is chosen; it reads no label of the data. Right: "
        "width of the refined lg S (total signal) over that of data; below 1 the refiner leaves "
        "out part of what data show (mode collapse). Dot and grey line: the kept state "
        f"({listed(said)}). Values far above all others may lie outside the frame. Stands beside "
        f"the critic's loss in {PAPER}."
    )
