"""How well the methods tell W jets from QCD jets: ROC curves as background rejection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cascade.evaluation.bootstrap import bootstrap
from cascade.evaluation.roc import area_and_rejection
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.plotting.roc import Curve, draw_rejection
from cascade.studies.jets.products import reading
from cascade.studies.jets.settings import RocSettings

WORKING_POINTS = {"background_rejection_50": 0.5, "background_rejection_30": 0.3}
NAMES = ("auc", *WORKING_POINTS)


@dataclass(frozen=True)
class Performance:
    """Curve and numbers of one method; numbers by the metrics' names."""

    applied: Applied
    curve: Curve
    numbers: dict[str, Number]


@style.styled
def roc(inputs: Inputs, settings: RocSettings) -> Result:
    """Draw 1/ε_B over ε_S of all methods with bootstrap bands, areas in the legend."""
    grid = np.linspace(0, 1, settings.points + 1)[1:]
    measured = [
        performance(applied, grid, settings.replicas, inputs.seed)
        for applied in reading.predictions(inputs, settings)
    ]
    # the legend reads like the curves, from top to bottom
    measured.sort(key=lambda found: -found.numbers["background_rejection_50"].value)
    rows = -(-(len(measured) + 1) // 2)
    figure, axes = style.subplots(height=2.55 + 0.125 * rows)
    draw_rejection(axes[0, 0], [found.curve for found in measured])
    style.note(axes[0, 0], " or ".join(_counts(measured)))
    style.legend_below(figure, axes[0, 0], title="method, area under the curve")
    return Result(figure, _table(measured), _caption(measured, settings), _metrics(measured))


def roc_family(inputs: Inputs, settings: RocSettings) -> Result:
    """Draw the ROC curves of variants of one network: the same figure as ``roc``."""
    return roc(inputs, settings)


def performance(applied: Applied, grid: np.ndarray, replicas: int, seed: int) -> Performance:
    """Measure a method on a grid of signal efficiencies, all from the same bootstrap replicas.

    Each method starts from the same seed: on the same jets, all see the same replicas.
    """
    efficiency = np.concatenate([list(WORKING_POINTS.values()), grid])

    statistic = partial(area_and_rejection, grid=efficiency)
    bounds = bootstrap(statistic, applied.ordered(), np.random.default_rng(seed), replicas)
    numbers = {
        metric: Number(*(float(bound[index]) for bound in bounds), "1", applied.events)
        for index, metric in enumerate(NAMES)
    }
    value, low, high = (bound[len(NAMES) :] for bound in bounds)
    label = f"{applied.label}, {area_text(numbers['auc'])}"
    return Performance(applied, Curve(label, grid, value, low, high), numbers)


def area_text(area: Number) -> str:
    """Write an area with half the length of its interval.

    Examples
    --------
    >>> area_text(Number(0.87412, 0.8712, 0.8770, "1", 1000))
    '0.874 ± 0.003'
    """
    return f"{area.value:.3f} ± {(area.high - area.low) / 2:.3f}"


def _counts(measured: Sequence[Performance]) -> list[str]:
    return [style.plural(n, "jet") for n in sorted({found.applied.events for found in measured})]


def _table(measured: Sequence[Performance]) -> dict[str, list]:
    table = {
        column: []
        for column in (
            "method",
            "sample",
            "signal_efficiency",
            "background_rejection",
            "low",
            "high",
        )
    }
    for found in measured:
        curve = found.curve
        table["method"] += [found.applied.method] * len(curve.signal_efficiency)
        table["sample"] += [found.applied.sample] * len(curve.signal_efficiency)
        table["signal_efficiency"] += curve.signal_efficiency.tolist()
        table["background_rejection"] += curve.rejection.tolist()
        table["low"] += curve.low.tolist()
        table["high"] += curve.high.tolist()
    return table


def _metrics(measured: Sequence[Performance]) -> dict[str, Number]:
    return {
        f"{found.applied.key}/{metric}": number
        for found in measured
        for metric, number in found.numbers.items()
    }


def _caption(measured: Sequence[Performance], settings: RocSettings) -> str:
    counts = {found.applied.sample: found.applied for found in measured}
    jets = "; ".join(
        f"{reading.composition(applied.columns['label'])} of sample '{sample}'"
        for sample, applied in counts.items()
    )
    return (
        "Background rejection 1/ε_B over signal efficiency ε_S for W jets against QCD jets, from "
        f"{jets}, the W jets weighted to the pT spectrum of the QCD jets. Bands: central 68 % of "
        f"{settings.replicas} bootstrap replicas, point by point. Dotted: a random choice. Where "
        "no background passes the rejection is infinite and not drawn. Methods are listed from "
        "the highest to the lowest rejection at ε_S = 50 %. Stands beside the ROC curves of "
        "arXiv:1511.05190 and arXiv:1702.00748."
    )
