"""Products about fits: which network validation chose, depth, first-layer filters."""

from __future__ import annotations

import numpy as np

from cascade.errors import CascadeError, nearest
from cascade.evaluation.bootstrap import bootstrap
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.filters import draw_filters
from cascade.plotting.points import draw_rows, draw_series, name_rows
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import (
    Applied,
    called,
    explanation,
    lowest_validation_loss,
    read_histories,
)
from cascade.plotting.settings import FigureSettings
from cascade.studies.jets import metrics
from cascade.studies.jets.products import reading
from cascade.studies.jets.settings import DepthSettings, ScoreSettings

_BOUNDS = ("value", "low", "high")
METRICS = {
    "auc": metrics.auc,
    "background_rejection_50": metrics.background_rejection_50,
    "background_rejection_30": metrics.background_rejection_30,
}


@style.styled
def selection(inputs: Inputs, settings: ScoreSettings) -> Result:
    """Draw validation loss and test area of all methods; the lowest loss chose the network.

    Methods without a history (formulas) are drawn for comparison and cannot be chosen.
    """
    histories = read_histories(inputs)
    applied = reading.predictions(inputs, settings)
    loss = {
        one.key: lowest_validation_loss(histories[one.method])
        if one.method in histories
        else np.nan
        for one in applied
    }
    candidates = {key: value for key, value in loss.items() if np.isfinite(value)}
    if not candidates:
        raise CascadeError("selection: none of the methods has a history with a validation loss")
    best = min(candidates, key=candidates.get)
    # the lowest loss on top, formulas below
    applied.sort(key=lambda one: (np.isnan(loss[one.key]), loss[one.key]))
    areas = [_measure(one, "auc", inputs.seed, settings.replicas) for one in applied]
    chosen = next(row for row, one in enumerate(applied) if one.key == best)
    figure, axes = style.subplots(1, 2, height=0.8 + 0.19 * len(applied), sharey=True)
    draw_rows(axes[0, 0], np.array([loss[one.key] for one in applied]), None, chosen)
    value, low, high = (np.array([getattr(a, name) for a in areas]) for name in _BOUNDS)
    draw_rows(axes[0, 1], value, (low, high), chosen)
    name_rows(axes[0, 0], [one.label for one in applied])
    axes[0, 0].set_xlabel("lowest\nvalidation loss")
    axes[0, 1].set_xlabel(f"area under ROC curve\n({_test_jets(applied)})")
    best_network = {
        f"best_network/{name}": _measure(applied[chosen], name, inputs.seed, settings.replicas)
        for name in METRICS
    }
    table = {
        "method": [one.key for one in applied],
        "validation_loss": [float(loss[one.key]) for one in applied],
        "chosen": [int(row == chosen) for row in range(len(applied))],
        "auc": value.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
    }
    numbers = {f"{one.key}/auc": area for one, area in zip(applied, areas, strict=True)}
    caption = _selection_caption(applied[chosen], loss[best], best_network, settings.replicas)
    return Result(figure, table, caption, {**best_network, **numbers})


def _test_jets(applied: list[Applied]) -> str:
    numbers = sorted({one.events for one in applied})
    return " or ".join(style.plural(number, "test jet") for number in numbers)


def _measure(applied: Applied, metric: str, seed: int, replicas: int) -> Number:
    """Return a metric of predictions with its bootstrap interval."""
    bounds = bootstrap(METRICS[metric], applied.ordered(), np.random.default_rng(seed), replicas)
    return Number(*bounds, "1", applied.events)


def _selection_caption(
    chosen: Applied, loss: float, numbers: dict[str, Number], replicas: int
) -> str:
    area, rejection = (numbers[f"best_network/{name}"] for name in list(METRICS)[:2])
    return (
        "Left: lowest loss on the validation split; it alone chooses the network (grey row, "
        f"filled points): '{chosen.key}' with a loss of {loss:.4f}. Right: area under the ROC "
        f"curve on the test split, {reading.composition(chosen.columns['label'])}, with the "
        f"central 68 % of {replicas} bootstrap replicas. The chosen network has an area of "
        f"{area.value:.4f} ({area.low:.4f} to {area.high:.4f}) and a background rejection of "
        f"{rejection.value:.1f} ({rejection.low:.1f} to {rejection.high:.1f}) at 50 % signal "
        "efficiency. Methods without a loss are not fitted and stand for comparison."
    )


@style.styled
def depth(inputs: Inputs, settings: DepthSettings) -> Result:
    """Draw the test area and the size of the first layer's gradient over the depth."""
    histories = read_histories(inputs)
    applied = reading.predictions(inputs, settings)
    for one in applied:
        if one.method not in settings.points:
            raise CascadeError(f"depth: points: has no '{one.method}'; give its depth and kind")
        if one.method not in histories:
            raise CascadeError(f"depth: name '{one.method}' among the fits too")
    points = [settings.points[one.method] for one in applied]
    areas = [_measure(one, "auc", inputs.seed, settings.replicas) for one in applied]
    gradients = np.array([_gradients(histories, inputs, one.method) for one in applied])
    value, low, high = (np.array([getattr(a, name) for a in areas]) for name in _BOUNDS)
    x = np.array([point.depth for point in points])
    figure, axes = style.subplots(2, 1, height=3.6, sharex=True)
    for index, kind in enumerate(dict.fromkeys(point.kind for point in points)):
        here = np.array([point.kind == kind for point in points])
        look = {**style.marker(index), **style.line(index), "label": kind}
        draw_series(axes[0, 0], x[here], value[here], (low[here], high[here]), **look)
        # not relative to the last layer's: in a stack that learns nothing both vanish
        draw_series(axes[1, 0], x[here], gradients[here, 0], None, **look)
    axes[0, 0].set_ylabel(f"area under ROC curve\n({_test_jets(applied)})")
    axes[1, 0].set(xlabel="depth [layers]", ylabel="gradient of first layer")
    axes[1, 0].set_yscale("log")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    table = {
        "method": [one.key for one in applied],
        "kind": [point.kind for point in points],
        "depth": x.tolist(),
        "auc": value.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "gradient_first": gradients[:, 0].tolist(),
        "gradient_last": gradients[:, 1].tolist(),
    }
    numbers = {f"{one.key}/auc": area for one, area in zip(applied, areas, strict=True)}
    return Result(figure, table, _depth_caption(applied, settings), numbers)


def _gradients(
    histories: dict[str, dict[str, np.ndarray]], inputs: Inputs, method: str
) -> tuple[float, float]:
    """Return the gradients' norms of first and last layer in the first epoch recorded."""
    columns = histories[method]
    for name in ("gradient_first", "gradient_last"):
        if name not in columns:
            raise CascadeError(
                f"{inputs.histories[method]}: has no column '{name}'; {nearest(name, columns)}"
            )
    return float(columns["gradient_first"][0]), float(columns["gradient_last"][0])


def _depth_caption(applied: list[Applied], settings: DepthSettings) -> str:
    return (
        "Networks of different depth. Top: area under the ROC curve on the test split, "
        f"{reading.composition(applied[0].columns['label'])}, with the central 68 % of "
        f"{settings.replicas} bootstrap replicas. Bottom: norm of the loss's gradient with "
        "respect to the weights of the first layer, mean over the steps of the first epoch: small "
        "where the gradient vanishes on its way through the network."
    )


@style.styled
def first_layer_filters(inputs: Inputs, settings: FigureSettings) -> Result:
    """Draw the filters of a network's first convolution."""
    method, path = explanation(inputs)
    columns = hdf5.read(path, ["filters", "input"])
    filters, channel = columns["filters"], columns["input"]
    number, height, width = filters.shape
    inputs_read = len(np.unique(channel))
    figure = draw_filters(filters)
    index, row, column = (axis.ravel() for axis in np.indices(filters.shape))
    table = {
        "filter": index.tolist(),
        "input": channel[index].tolist(),
        "row": row.tolist(),
        "column": column.tolist(),
        "weight": filters.ravel().astype(float).tolist(),
    }
    caption = (
        f"The {style.plural(number, 'filter')} of {height} × {width} pixels in the first layer of "
        f"'{called(method, settings.labels)}', η to the right and φ upwards, one colour scale for "
        f"all: {number // inputs_read} for each of the {style.plural(inputs_read, 'channel')} of "
        "its input, one channel after the other (the network's setting 'views' names them). They "
        "are weights, of no jet in particular. "
        "Stands beside the first-layer filters of arXiv:1511.05190."
    )
    return Result(figure, table, caption)
