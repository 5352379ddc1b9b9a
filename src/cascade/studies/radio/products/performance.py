"""How well methods tell pulses from noise: ROC curves in bins of the signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cascade.evaluation.bootstrap import bootstrap
from cascade.evaluation.roc import roc_curve, signal_efficiency
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.plotting.roc import draw_efficiency
from cascade.studies.radio.metrics import FPR
from cascade.studies.radio.products.binning import bin_of, named
from cascade.studies.radio.products.reading import (
    black_line,
    counts,
    looks,
    noise_scores,
    predictions,
)
from cascade.studies.radio.settings.products import RocSettings

Bounds = tuple[np.ndarray, np.ndarray, np.ndarray]


@style.styled
def roc(inputs: Inputs, settings: RocSettings) -> Result:
    """Draw the true positive rate over the false positive rate, one panel for each bin of SNR."""
    applied = predictions(inputs, settings, "roc")
    bins, grid = len(settings.edges) - 1, np.geomspace(settings.lowest, 1, settings.points)
    measured = {
        (one.key, place): measure(one, place, grid, settings, inputs.seed)
        for one in applied
        for place in range(bins)
    }
    rows, columns = style.grid(bins, 3)
    width = style.COLUMN if columns == 1 else style.PAGE
    figure, axes = style.subplots(
        rows, columns, width=width, height=0.9 + 1.75 * rows, sharex=True, sharey=True
    )
    colours = looks(inputs, settings.limit)
    for place, panel in enumerate(axes.flat):
        if place >= bins:
            panel.set_axis_off()
            continue
        for one in applied:
            value, low, high = (bound[1:] for bound in measured[one.key, place])
            look = {"color": "black", "linestyle": "-", "linewidth": 1.3}
            if one.method != settings.limit:
                symbol = style.symbol(colours[one.method, one.sample])
                look = {key: symbol[key] for key in ("color", "linestyle")}
            draw_efficiency(panel, grid, value, (low, high), label=one.label, **look)
        panel.axvline(FPR, color="0.6", linewidth=0.6, zorder=1)
        low, high = settings.edges[place : place + 2]
        style.note(panel, f"SNR {low:g} to {high:g}", x=0.96, y=0.05)
    for panel in axes[:, 0]:
        panel.set_ylabel("true positive rate")
    for place in range(max(bins - columns, 0), bins):
        axes.flat[place].set_xlabel("false positive rate")
        axes.flat[place].tick_params(labelbottom=True)
    style.legend_below(figure, axes, columns=4 if columns > 1 else 2)
    return Result(
        figure,
        _table(applied, measured, grid, settings),
        _caption(applied, settings),
        _metrics(applied, measured, settings),
    )


def measure(one: Applied, place: int, grid: np.ndarray, settings: RocSettings, seed: int) -> Bounds:
    """Return area under the curve, then true positive rates at a grid of false ones, with bounds.

    They are NaN where the bin holds no pulse.
    """
    noise, pulse = noise_scores(one), one.columns["label"] != 0
    chosen = pulse & (bin_of(one.columns["snr"], settings.edges) == place)
    score = np.concatenate([noise, one.columns["score"][chosen]])
    label = np.repeat([0, 1], [len(noise), np.count_nonzero(chosen)])
    # sorted once, so that each replica sorts quickly
    order = np.argsort(score, kind="stable")
    columns = {"score": score[order], "label": label[order]}

    def statistic(drawn: Mapping[str, np.ndarray]) -> np.ndarray:
        curve = roc_curve(drawn["score"], drawn["label"])
        area = np.trapezoid(curve.signal_efficiency, curve.background_efficiency)
        return np.append(area, signal_efficiency(curve, grid))

    return bootstrap(statistic, columns, np.random.default_rng(seed), settings.replicas)


def _metrics(
    applied: Sequence[Applied], measured: Mapping[tuple[str, int], Bounds], settings: RocSettings
) -> dict[str, Number]:
    numbers = {}
    for one in applied:
        bins = bin_of(one.columns["snr"], settings.edges)
        for place, name in enumerate(named(settings.edges)):
            area = [float(bound[0]) for bound in measured[one.key, place]]
            if np.isfinite(area[0]):
                chosen = (one.columns["label"] == 0) | (bins == place)
                numbers[f"{one.key}/auc_{name}"] = Number(*area, "1", int(chosen.sum()))
    return numbers


def _table(
    applied: Sequence[Applied],
    measured: Mapping[tuple[str, int], Bounds],
    grid: np.ndarray,
    settings: RocSettings,
) -> dict[str, list]:
    table: dict[str, list] = {
        name: []
        for name in ("method", "sample", "snr_low", "snr_high", "false_positive_rate",
                     "true_positive_rate", "low", "high")
    }  # fmt: skip
    for one in applied:
        for place in range(len(settings.edges) - 1):
            table["method"] += [one.method] * len(grid)
            table["sample"] += [one.sample] * len(grid)
            table["snr_low"] += [settings.edges[place]] * len(grid)
            table["snr_high"] += [settings.edges[place + 1]] * len(grid)
            table["false_positive_rate"] += grid.tolist()
            bounds = zip(
                ("true_positive_rate", "low", "high"), measured[one.key, place], strict=True
            )
            for name, bound in bounds:
                table[name] += bound[1:].tolist()
    return table


def _caption(applied: Sequence[Applied], settings: RocSettings) -> str:
    label, snr = applied[0].columns["label"], applied[0].columns["snr"]
    number = np.bincount(bin_of(snr, settings.edges)[label != 0] + 1, minlength=len(settings.edges))
    pulses = ", ".join(str(one) for one in number[1:])
    line = black_line(applied, settings.limit)
    return (
        "True positive rate over false positive rate, pulses of one bin of SNR in each panel "
        f"({pulses} pulses) against all traces without a pulse, from {counts(applied)}.{line} "
        f"Bands: central 68 % of {settings.replicas} bootstrap replicas, point by point. Grey "
        "line: the false positive rate of 0.2 % at which pulses are counted as detected. Stands "
        "beside the classification of traces in arXiv:1901.04079."
    )
