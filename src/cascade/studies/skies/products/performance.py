"""How well methods tell skies with sources from isotropic ones: ROC curves at one fraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes

from cascade.evaluation.bootstrap import bootstrap
from cascade.evaluation.roc import area_and_rejection
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.plotting.roc import Curve, draw_rejection
from cascade.studies.skies.products.reading import (
    Group,
    grouped,
    need_fraction,
    percent,
    predictions,
    separated,
    skies,
)
from cascade.studies.skies.products.sensitivity import FALSE_POSITIVES
from cascade.studies.skies.settings.products import RocSettings


@style.styled
def roc(inputs: Inputs, settings: RocSettings) -> Result:
    """Draw 1/FPR over TPR of whole skies at one signal fraction, areas in the legend."""
    groups = grouped(predictions(inputs, settings), settings)
    grid = np.linspace(0, 1, settings.points + 1)[1:]
    measured = [measure(group, grid, settings, inputs.seed) for group in groups]
    figure, axes = style.subplots(height=2.6 + 0.125 * -(-(len(groups) + 2) // 2))
    draw_curves(axes[0, 0], measured)
    isotropic = max(np.count_nonzero(one.columns["label"] == 0) for one in _first(groups))
    axes[0, 0].set_ylim(1, max(isotropic, 10))
    style.note(axes[0, 0], rf"$f_\mathrm{{sig}}$ = {percent(settings.fraction)} %")
    style.legend_below(figure, axes, title="method, area under the curve")
    name = f"auc_f{percent(settings.fraction)}"
    numbers = {
        f"{group.key}/{name}": area for group, (_, area) in zip(groups, measured, strict=True)
    }
    return Result(figure, curve_table(groups, measured), _caption(groups, settings), numbers)


def measure(
    group: Group, grid: np.ndarray, settings: RocSettings, seed: int
) -> tuple[Curve, Number]:
    """Return a method's curve and area for whole skies.

    Raises
    ------
    CascadeError
        There are no isotropic skies, or none of the signal fraction.
    """
    first = group.members[0]
    known = first.columns["signal_fraction"]
    need_fraction(known, settings.fraction, "roc", str(first.path))
    classes = [separated(one, settings.fraction) for one in group.members]
    columns = {str(place): np.concatenate(pair) for place, pair in enumerate(classes)}
    columns["label"] = np.repeat([0, 1], [len(part) for part in classes[0]])
    order = np.argsort(columns["0"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    statistic = partial(mean_curve, seeds=len(group.members), grid=grid)
    bounds = bootstrap(statistic, columns, np.random.default_rng(seed), settings.replicas)
    return as_curve(group, grid, bounds, len(order))


def mean_curve(columns: Mapping[str, np.ndarray], seeds: int, grid: np.ndarray) -> np.ndarray:
    """Return area, then 1/FPR at a grid of TPR; area and FPR are means over seeds.

    Parameters
    ----------
    columns
        ``0``, ``1``, …: scores by seed; ``label``; ``weight`` if there are weights.
    """
    shared = {name: columns[name] for name in ("label", "weight") if name in columns}
    found = np.stack(
        [
            area_and_rejection(shared | {"score": columns[str(place)]}, grid)
            for place in range(seeds)
        ]
    )
    with np.errstate(divide="ignore"):
        return np.append(found[:, 0].mean(), 1 / (1 / found[:, 1:]).mean(axis=0))


def as_curve(
    group: Group, grid: np.ndarray, bounds: Sequence[np.ndarray], events: int
) -> tuple[Curve, Number]:
    """Return what was measured as a curve, the area in its label, and as a number."""
    area = Number(*(float(bound[0]) for bound in bounds), "1", events)
    value, low, high = (bound[1:] for bound in bounds)
    label = f"{group.label_with_seeds}, {area.value:.3f} ± {(area.high - area.low) / 2:.3f}"
    return Curve(label, grid, value, low, high), area


def draw_curves(axes: Axes, measured: Sequence[tuple[Curve, Number]]) -> None:
    """Draw all curves, listed from the largest to the smallest area, and a line at 1 %."""
    order = np.argsort([-area.value for _, area in measured], kind="stable")
    # each keeps the colour of its place in the config, whatever its rank
    draw_rejection(
        axes,
        [measured[place][0] for place in order],
        [{key: style.symbol(place)[key] for key in ("color", "linestyle")} for place in order],
    )
    axes.axhline(1 / FALSE_POSITIVES, color="0.6", linewidth=0.6, zorder=1)
    axes.set(xlabel="true positive rate", ylabel="1 / false positive rate")


def curve_table(
    groups: Sequence[Group], measured: Sequence[tuple[Curve, Number]]
) -> dict[str, list]:
    """Return the columns of all curves."""
    names = ("true_positive_rate", "inverse_false_positive_rate", "low", "high")
    table: dict[str, list] = {name: [] for name in ("method", "sample", "seeds", *names)}
    for group, (curve, _) in zip(groups, measured, strict=True):
        columns = (curve.signal_efficiency, curve.rejection, curve.low, curve.high)
        points = len(curve.rejection)
        table["method"] += [group.key] * points
        table["sample"] += [group.members[0].sample] * points
        table["seeds"] += [len(group.members)] * points
        for name, values in zip(names, columns, strict=True):
            table[name] += values.tolist()
    return table


def _first(groups: Sequence[Group]) -> list[Applied]:
    """Return one set of predictions of each sample."""
    return list({group.members[0].sample: group.members[0] for group in groups}.values())


def _caption(groups: Sequence[Group], settings: RocSettings) -> str:
    said = []
    for one in _first(groups):
        isotropic, signal = separated(one, settings.fraction)
        said.append(
            f"{skies(len(isotropic))} without sources and {skies(len(signal))} with a signal "
            f"fraction of {percent(settings.fraction)} %, of sample '{one.sample}'"
        )
    seeds = (
        " Where there are several seeds: means of the area and of the false positive rate."
        if any(len(group.members) > 1 for group in groups)
        else ""
    )
    return (
        "Inverse false positive rate over true positive rate for whole skies, from "
        f"{' and '.join(said)}.{seeds} Bands: central 68 % of {settings.replicas} bootstrap "
        "replicas, point by point; behind ±: half the length of such an interval of the area. "
        "Dotted: a random choice; grey line: a false positive rate of 1 %. The frame ends where "
        "one isotropic sky passes. Methods are listed from the largest to the smallest area "
        "under the curve. Stands beside the separation of skies with sources from isotropic ones "
        "in arXiv:2003.13038."
    )
