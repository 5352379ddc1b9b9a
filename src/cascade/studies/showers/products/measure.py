"""The study's metrics as products show them: axis labels, values of events, bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cascade.evaluation import resolution
from cascade.evaluation.bootstrap import bootstrap_samples
from cascade.evaluation.resolution import Binned
from cascade.plotting.product import Number
from cascade.plotting.reading import Applied
from cascade.studies.showers import metrics
from cascade.studies.showers.settings import ResolutionSettings

Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Metric:
    """A metric of the study, and how it is drawn.

    Attributes
    ----------
    label
        Of its axis, with the unit.
    needs
        Column that a method must predict.
    values
        One value an event, from the columns of the predictions.
    statistic
        Of these values, see ``evaluation.resolution``.
    unit
        Of the number in tables and metrics.
    factor
        From the metric's unit to the axis' one.
    bias
        It may be negative, and zero is best.
    """

    label: str
    needs: str
    values: Callable[[Columns], np.ndarray]
    statistic: Callable[..., float | np.ndarray]
    unit: str
    factor: float = 1.0
    bias: bool = False


def _angle(columns: Columns) -> np.ndarray:
    return np.degrees(metrics.angular_distances(columns))


def _energy(columns: Columns) -> np.ndarray:
    return 10 ** _difference(columns, "lg_energy") - 1


def _x_max(columns: Columns) -> np.ndarray:
    return _difference(columns, "x_max")


def _difference(columns: Columns, name: str) -> np.ndarray:
    return np.subtract(columns[f"predicted_{name}"], columns[name], dtype=np.float64)


_DEPTH = r"$X_\mathrm{max}$"
METRICS = {
    "angular_resolution": Metric(
        "axis, 68 % [°]", "predicted_axis", _angle, resolution.containment, "deg"
    ),
    "core_resolution": Metric(
        "core, 68 % [m]", "predicted_core", metrics.core_distances, resolution.containment, "m"
    ),
    "energy_resolution": Metric(
        "energy resolution [%]", "predicted_lg_energy", _energy, resolution.resolution, "1", 100
    ),
    "energy_bias": Metric(
        "energy bias [%]", "predicted_lg_energy", _energy, resolution.bias, "1", 100, bias=True
    ),
    "x_max_resolution": Metric(
        rf"{_DEPTH} resolution [g/cm$^2$]",
        "predicted_x_max",
        _x_max,
        resolution.root_mean_square,
        "g/cm2",
    ),
    "x_max_bias": Metric(
        rf"{_DEPTH} bias [g/cm$^2$]", "predicted_x_max", _x_max, resolution.bias, "g/cm2", bias=True
    ),
}

GEOMETRY = "Axis and core: distance from the truth that 68 % of the events stay below."
ENERGY_AND_DEPTH = (
    "Energy: mean (bias) and standard deviation (resolution) of E'/E − 1. X_max: mean (bias) and "
    "root mean square (resolution) of predicted minus true depth."
)
"""What the metrics are, for captions."""


def predicts(applied: Applied, name: str) -> bool:
    """Whether a method predicts what a metric is computed from."""
    return METRICS[name].needs in applied.columns


def measure(
    applied: Applied, name: str, replicas: int, seed: int, chosen: np.ndarray | slice = slice(None)
) -> Number:
    """Return a metric with its bootstrap interval.

    Parameters
    ----------
    chosen
        Mask of the events to use; by default all.
    """
    metric = METRICS[name]
    values = metric.values(applied.columns)[chosen]
    rng = np.random.default_rng(seed)
    bounds = bootstrap_samples(metric.statistic, [values], rng, replicas)
    return Number(*bounds, metric.unit, len(values))


def measure_bins(
    applied: Applied,
    name: str,
    variable: np.ndarray,
    edges: np.ndarray,
    settings: ResolutionSettings,
    seed: int,
    chosen: np.ndarray | slice = slice(None),
) -> Binned:
    """Return a metric in bins of a variable (events,), NaN where there are too few events."""
    metric = METRICS[name]
    values = metric.values(applied.columns)[chosen]
    rng = np.random.default_rng(seed)
    found = resolution.binned(
        metric.statistic, [(values, variable[chosen])], edges, rng, settings.replicas
    )
    few = found.events < settings.min_events
    return replace(
        found,
        **{key: np.where(few, np.nan, getattr(found, key)) for key in ("value", "low", "high")},
    )


def overall(applied: list[Applied], replicas: int, seed: int) -> dict[str, Number]:
    """Return all metrics of all methods on all their events, by ``method/metric``."""
    return {
        f"{one.key}/{name}": measure(one, name, replicas, seed)
        for one in applied
        for name in METRICS
        if predicts(one, name)
    }
