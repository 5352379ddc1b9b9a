"""How much of a trace a bottleneck may leave out: quality over compression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from cascade.errors import CascadeError
from cascade.evaluation.bootstrap import bootstrap
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.points import draw_series
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied, called
from cascade.studies.radio import metrics
from cascade.studies.radio.products.reading import (
    SCORED,
    counts,
    predictions,
    the_method,
)
from cascade.studies.radio.settings.products import CompressionSettings

ARRAYS = ("denoised", "signal", "noise_rms")
SHOWN = {
    "auc": ("area under the ROC curve", metrics.auc, 1.0),
    "tpr_fpr_2e-3_snr_3": ("TPR, SNR > 3 [%]", metrics.tpr_fpr_2e_3_snr_3, 100.0),
    "fluence_resolution": (r"half-width of $f'/f$, 68 % [%]", metrics.fluence_resolution, 100.0),
    "snr_gain": ("noise before / after", metrics.snr_gain, 1.0),
}
"""Metrics of the study in the order of the panels: label of the axis, function, factor."""


@dataclass(frozen=True)
class Point:
    """One method of the scan.

    Attributes
    ----------
    compression
        Samples of a trace over numbers at the bottleneck.
    """

    group: str
    applied: Applied
    width: int
    compression: float
    numbers: dict[str, Number]


@style.styled
def compression(inputs: Inputs, settings: CompressionSettings) -> Result:
    """Draw four metrics over the compression, one line for each group of methods."""
    applied = read(inputs, settings)
    points = [point(one, group, settings, inputs.seed) for group, one in grouped(applied, settings)]
    figure, axes = style.subplots(2, 2, width=style.PAGE, height=4.2, sharex=True)
    groups = list(dict.fromkeys(one.group for one in points))
    for panel, (name, (label, _, factor)) in zip(axes.flat, SHOWN.items(), strict=True):
        for look, group in enumerate(groups):
            mine = [one for one in points if one.group == group and name in one.numbers]
            draw_group(panel, mine, name, factor, called(group, settings.labels), look)
        panel.set_ylabel(label)
    frame(axes, sorted({one.compression for one in points}))
    if len(groups) > 1:
        style.legend_below(figure, axes, columns=4)
    numbers = {
        f"{one.applied.key}/{name}": number
        for one in points
        for name, number in one.numbers.items()
    }
    return Result(figure, _table(points), _caption(applied, groups, settings), numbers)


def read(inputs: Inputs, settings: CompressionSettings) -> list[Applied]:
    """Read the methods of the scan with all that the metrics need."""
    columns = (*SCORED, "fluence")
    return predictions(inputs, settings, "compression", columns, ("predicted_fluence",), ARRAYS)


def grouped(applied: Sequence[Applied], settings: CompressionSettings) -> list[tuple[str, Applied]]:
    """Return the methods with the groups that they belong to.

    Raises
    ------
    CascadeError
        A group names a method that is not among the predictions.
    """
    if not settings.groups:
        return [("scan", one) for one in applied]
    return [
        (group, the_method(name, applied, f"compression: groups.{group}"))
        for group, names in settings.groups.items()
        for name in names
    ]


def point(one: Applied, group: str, settings: CompressionSettings, seed: int) -> Point:
    """Measure one method.

    Raises
    ------
    CascadeError
        The width of its bottleneck is neither set nor known from what it predicts.
    """
    with hdf5.opened(one.path) as file:
        samples = file["denoised"].shape[1]
        width = settings.widths.get(one.method)
        if width is None and "latent" not in file:
            raise CascadeError(
                f"compression: widths: the predictions of '{one.method}' hold no column 'latent'; "
                f"say how wide its bottleneck is, such as {{{one.method}: 32}}"
            )
        width = width or file["latent"].shape[1]
    columns = dict(one.columns) | hdf5.read(one.path, ARRAYS)
    numbers = {}
    for name, (_, function, _) in SHOWN.items():
        bounds = bootstrap(function, columns, np.random.default_rng(seed), settings.replicas)
        if np.isfinite(bounds[0]):
            numbers[name] = Number(*bounds, "1", one.events)
    return Point(group, one, width, samples / width, numbers)


def draw_group(
    panel: Axes, points: Sequence[Point], name: str, factor: float, label: str, look: int
) -> None:
    """Draw a metric of the methods of one group."""
    x = np.array([one.compression for one in points])
    value, low, high = (
        factor * np.array([getattr(one.numbers[name], end) for one in points])
        for end in ("value", "low", "high")
    )
    if len(x):
        draw_series(panel, x, value, (low, high), label=label, **style.symbol(look))


def frame(axes: np.ndarray, values: Sequence[float]) -> None:
    """Label the axis of the compression by the values that occur, where they leave room."""
    for panel in axes.flat:
        panel.set_xscale("log")
        panel.set_xlim(values[0] / 1.4, values[-1] * 1.4)
        if len(values) <= 8:
            panel.xaxis.set_major_locator(FixedLocator(values))
            panel.xaxis.set_minor_locator(NullLocator())
            panel.set_xticks(values, [f"{value:.3g}" for value in values])
    for panel in axes[-1]:
        panel.set_xlabel("compression, samples / latent numbers")


def _table(points: Sequence[Point]) -> dict[str, list]:
    rows = [(one, name, number) for one in points for name, number in one.numbers.items()]
    return {
        "group": [one.group for one, _, _ in rows],
        "method": [one.applied.method for one, _, _ in rows],
        "sample": [one.applied.sample for one, _, _ in rows],
        "latent_width": [one.width for one, _, _ in rows],
        "compression": [one.compression for one, _, _ in rows],
        "metric": [name for _, name, _ in rows],
        "value": [number.value for _, _, number in rows],
        "low": [number.low for _, _, number in rows],
        "high": [number.high for _, _, number in rows],
    }


def _caption(
    applied: Sequence[Applied], groups: Sequence[str], settings: CompressionSettings
) -> str:
    lines = (
        f" Lines: {', '.join(called(group, settings.labels) for group in groups)}; shortcuts past "
        "a bottleneck carry more than its numbers."
        if len(groups) > 1
        else ""
    )
    return (
        "Quality over the compression by the bottleneck, samples of a trace over numbers at the "
        "narrowest place: area under the ROC curve of all pulses; true positive rate of pulses "
        "of SNR above 3 at a false positive rate of 0.2 %; half of the central 68 % of predicted "
        "over true fluence, and median factor by which the noise is reduced, both of detected "
        f"pulses of SNR above 3.{lines} From {counts(applied)}. Bars: central 68 % of "
        f"{settings.replicas} bootstrap replicas of these traces; what another seed of the fit "
        "would change is not in them. Stands beside the autoencoder of arXiv:1901.04079."
    )
