"""Which network is best at what: chosen on the validation split, judged on the test split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cascade.errors import CascadeError
from cascade.plotting import style
from cascade.plotting.points import draw_rows, name_rows
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied, read_histories
from cascade.studies.showers.products.measure import GEOMETRY, METRICS, measure, predicts
from cascade.studies.showers.products.reading import counts, predictions
from cascade.studies.showers.settings import MethodsSettings

JUDGED = ("angular_resolution", "core_resolution", "energy_resolution", "x_max_resolution")


@style.styled
def selection(inputs: Inputs, settings: MethodsSettings) -> Result:
    """Draw four resolutions of all methods on the test split; mark the network chosen for each.

    The choice is by the resolution on the validation split, in the epoch whose weights are kept.
    Methods without such a history are drawn for comparison and cannot be chosen.

    Raises
    ------
    CascadeError
        No method has a history with resolutions on the validation split.
    """
    applied = predictions(inputs, settings)
    validation = _on_validation(read_histories(inputs))
    if not validation:
        raise CascadeError(
            "selection: none of the fits has a history with validation resolutions; "
            "name networks among 'fits'"
        )
    figure, axes = style.subplots(
        1, len(JUDGED), width=style.PAGE, height=0.75 + 0.19 * len(applied), sharey=True
    )
    table: dict[str, list] = {
        key: [] for key in ("method", "metric", "validation", "chosen", "test", "low", "high")
    }
    metrics: dict[str, Number] = {}
    for panel, name in zip(axes.flat, JUDGED, strict=True):
        on_validation = [validation.get(one.method, {}).get(name, np.nan) for one in applied]
        chosen = int(np.nanargmin(on_validation)) if np.isfinite(on_validation).any() else None
        numbers = [
            measure(one, name, settings.replicas, inputs.seed) if predicts(one, name) else None
            for one in applied
        ]
        _draw(panel, name, numbers, on_validation, chosen)
        for row, (one, number) in enumerate(zip(applied, numbers, strict=True)):
            if number is not None:
                values = (one.key, name, on_validation[row], int(row == chosen))
                found = (number.value, number.low, number.high)
                for key, value in zip(table, (*values, *found), strict=True):
                    table[key].append(value)
                metrics[f"{one.key}/{name}"] = number
        if chosen is not None:
            metrics[f"best_network/{name}"] = numbers[chosen]
            metrics |= _bias(applied[chosen], name, settings.replicas, inputs.seed)
    name_rows(axes[0, 0], [one.label for one in applied])
    return Result(figure, table, _caption(applied, settings.replicas), metrics)


def _on_validation(histories: Mapping[str, Mapping]) -> dict[str, dict[str, float]]:
    """Return the resolutions on the validation split of each network, with the weights kept."""
    found = {}
    for method, history in histories.items():
        if all(f"validation_{name}" in history for name in JUDGED):
            kept = int(np.nanargmin(history["validation_loss"]))
            found[method] = {name: float(history[f"validation_{name}"][kept]) for name in JUDGED}
    return found


def _draw(
    panel: object,
    name: str,
    numbers: Sequence[Number | None],
    on_validation: Sequence[float],
    chosen: int | None,
) -> None:
    metric = METRICS[name]
    value, low, high = (
        metric.factor
        * np.array([np.nan if number is None else getattr(number, bound) for number in numbers])
        for bound in ("value", "low", "high")
    )
    draw_rows(panel, value, (low, high), chosen)
    validation = metric.factor * np.array(on_validation)
    panel.plot(validation, np.arange(len(numbers)), "|", color=style.VERMILLION, markersize=7)
    panel.set_xlabel(metric.label)


def _bias(best: Applied, name: str, replicas: int, seed: int) -> dict[str, Number]:
    """Return the bias that belongs to a resolution, if it has one."""
    bias = name.replace("resolution", "bias")
    if bias not in METRICS:
        return {}
    return {f"best_network/{bias}": measure(best, bias, replicas, seed)}


def _caption(applied: Sequence[Applied], replicas: int) -> str:
    return (
        f"Resolutions of all methods on the test split ({counts(applied)}), with the central 68 % "
        f"of {replicas} bootstrap replicas. Filled points on grey: for each quantity, the network "
        "that was best on the validation split (vertical strokes), by which alone it was chosen. "
        f"{GEOMETRY} Energy: standard deviation of E'/E − 1. X_max: root mean square of predicted "
        "minus true depth. Stands beside the numbers of arXiv:1708.00647."
    )
