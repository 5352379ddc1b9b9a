"""Networks against each other: seeds and numbers of training events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from cascade.errors import CascadeError, nearest
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied, called
from cascade.studies.showers.products.measure import GEOMETRY, METRICS, predicts
from cascade.studies.showers.products.reading import counts, predictions
from cascade.studies.showers.settings import ComparisonSettings, Group

SHOWN = ("angular_resolution", "core_resolution", "energy_resolution", "x_max_resolution")
APART = 0.1
"""Part of a decade over which points of equal numbers of events are spread."""


@dataclass(frozen=True)
class Point:
    """One network at one number of training events.

    Attributes
    ----------
    values
        A metric's value by seed, shape (seeds,).
    """

    group: str
    kind: str
    events: int
    metric: str
    values: np.ndarray
    tested: int

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return float(self.values.mean())

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds, NaN of a single one."""
        return float(self.values.std(ddof=1)) if len(self.values) > 1 else np.nan


@style.styled
def comparison(inputs: Inputs, settings: ComparisonSettings) -> Result:
    """Draw four resolutions over the number of training events, mean and spread over seeds."""
    applied = predictions(inputs, settings)
    points = measure_groups(applied, settings)
    kinds = list(dict.fromkeys(point.kind for point in points))
    figure, axes = style.subplots(2, 2, width=style.PAGE, height=4.2, sharex=True)
    for panel, name in zip(axes.flat, SHOWN, strict=True):
        for look, kind in enumerate(kinds):
            chosen = [point for point in points if (point.kind, point.metric) == (kind, name)]
            offset = (look - (len(kinds) - 1) / 2) / max(len(kinds) - 1, 1) * APART
            draw_kind(
                panel, chosen, METRICS[name].factor, called(kind, settings.labels), look, offset
            )
        panel.set_ylabel(METRICS[name].label)
    frame(axes, sorted({point.events for point in points}))
    style.legend_below(figure, axes, columns=4)
    numbers = {
        f"{point.group}/{point.metric}": Number(
            point.mean,
            point.mean - float(np.nan_to_num(point.spread)),
            point.mean + float(np.nan_to_num(point.spread)),
            METRICS[point.metric].unit,
            point.tested,
        )
        for point in points
    }
    return Result(figure, _table(points), _caption(applied, points), numbers)


def measure_groups(applied: Sequence[Applied], settings: ComparisonSettings) -> list[Point]:
    """Return mean and spread of each metric that all methods of a group have.

    Raises
    ------
    CascadeError
        No group is set, or a group names a method that is not among the predictions.
    """
    if not settings.groups:
        raise CascadeError(
            "comparison: groups: is empty; say which methods belong together, e.g. "
            "{p6_5k: {kind: p6, events: 5000, methods: [p6_5k]}}"
        )
    points = []
    for name, group in settings.groups.items():
        members = members_of(name, group, applied)
        for metric in SHOWN:
            if all(predicts(one, metric) for one in members):
                function = METRICS[metric]
                values = [function.statistic(function.values(one.columns)) for one in members]
                tested = min(one.events for one in members)
                kind = group.kind or name
                points.append(Point(name, kind, group.events, metric, np.array(values), tested))
    if not points:
        raise CascadeError("comparison: none of the groups predicts a quantity that it shows")
    return points


def members_of(name: str, group: Group, applied: Sequence[Applied]) -> list[Applied]:
    """Return the predictions of a group's methods; a name stands for all its seeds."""
    found = []
    for method in group.methods:
        seeds = re.compile(re.escape(method) + r"(_seed\d+)?")
        members = [one for one in applied if seeds.fullmatch(one.method)]
        if not members:
            known = [one.method for one in applied]
            raise CascadeError(
                f"comparison: groups.{name}.methods: no predictions of '{method}'; "
                f"{nearest(method, known)}"
            )
        found += [one for one in members if one not in found]
    return found


def draw_kind(
    panel: Axes, points: Sequence[Point], factor: float, label: str, look: int, offset: float
) -> None:
    """Draw the points of one network, with the single seeds as small dots."""
    points = sorted(points, key=lambda point: point.events)
    if not points:
        return
    # apart by equal steps on the logarithmic axis
    x = np.array([point.events for point in points]) * 10**offset
    colours = style.symbol(look)
    for place, point in zip(x, points, strict=True):
        panel.plot(
            np.full(len(point.values), 1.018 * place),
            factor * point.values,
            ".",
            color=colours["color"],
            markersize=2.5,
            alpha=0.6,
        )
    panel.errorbar(
        x,
        factor * np.array([point.mean for point in points]),
        factor * np.nan_to_num([point.spread for point in points]),
        label=label,
        markersize=4,
        linewidth=0.8,
        elinewidth=0.8,
        capsize=2,
        **colours,
    )


def frame(axes: np.ndarray, events: Sequence[int]) -> None:
    """Label the common axis by the numbers of events that occur."""
    for panel in axes.flat:
        panel.set_xscale("log")
        panel.set_xlim(events[0] / 1.5, events[-1] * 1.5)
        panel.xaxis.set_major_locator(FixedLocator(events))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xticks(events, [f"{number:,}".replace(",", "\u2009") for number in events])
    for panel in axes[-1]:
        panel.set_xlabel("training events")


def _table(points: Sequence[Point]) -> dict[str, list]:
    return {
        "group": [point.group for point in points],
        "network": [point.kind for point in points],
        "training_events": [point.events for point in points],
        "metric": [point.metric for point in points],
        "seeds": [len(point.values) for point in points],
        "mean": [point.mean for point in points],
        "spread": [point.spread for point in points],
        "lowest": [float(point.values.min()) for point in points],
        "highest": [float(point.values.max()) for point in points],
        "unit": [METRICS[point.metric].unit for point in points],
    }


def _caption(applied: Sequence[Applied], points: Sequence[Point]) -> str:
    seeds = sorted({len(point.values) for point in points})
    many = " or ".join(str(number) for number in seeds)
    return (
        f"Resolutions on the test split ({counts(applied)}) over the number of training events, "
        f"from {many} {'seed' if seeds == [1] else 'seeds'} each: mean and standard deviation "
        "over the seeds (symbols and bars) and the single fits (dots beside them). Symbols of "
        f"equal numbers of events are drawn side by side. {GEOMETRY} Energy: standard deviation "
        "of E'/E − 1. X_max: root mean square of predicted minus true depth. Stands beside the "
        "comparison of group convolutions at equal numbers of parameters in arXiv:1803.02108."
    )
