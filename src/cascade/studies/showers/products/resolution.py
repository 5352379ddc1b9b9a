"""Bias and resolution of all methods over energy and zenith angle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from cascade.evaluation.resolution import Binned
from cascade.plotting import style
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import Applied
from cascade.plotting.resolution import Curve, angle_axis, draw_curves, limit_bias, limit_resolution
from cascade.studies.showers.products.measure import (
    ENERGY_AND_DEPTH,
    GEOMETRY,
    METRICS,
    measure_bins,
    overall,
    predicts,
)
from cascade.studies.showers.products.reading import counts, predictions, zenith_of
from cascade.studies.showers.settings import ResolutionSettings

PANELS = (
    ("angular_resolution", "energy_resolution", "x_max_resolution"),
    ("core_resolution", "energy_bias", "x_max_bias"),
)


@dataclass(frozen=True)
class Binning:
    """Bins of a true quantity.

    Attributes
    ----------
    name, label
        In the table, and at the axis with its unit.
    edges
        In what the bins are equal in, shape (bins + 1,).
    shown
        The same edges in the quantity itself.
    """

    name: str
    label: str
    edges: np.ndarray
    shown: np.ndarray


@style.styled
def resolution_energy(inputs: Inputs, settings: ResolutionSettings) -> Result:
    """Draw bias and resolution over lg E."""
    applied = predictions(inputs, settings)
    variable = [one.columns["lg_energy"].astype(np.float64) for one in applied]
    return _resolution(applied, variable, energy_bins(variable, settings), inputs.seed, settings)


@style.styled
def resolution_zenith(inputs: Inputs, settings: ResolutionSettings) -> Result:
    """Draw bias and resolution over the zenith angle, in bins of equal flux (sin²θ)."""
    applied = predictions(inputs, settings)
    zenith = [zenith_of(one.columns["axis"]) for one in applied]
    low, high = settings.range or (0.0, min(enclosing(zenith, 5.0)[1], 90.0))
    edges = np.linspace(*flux(np.array([low, high])), settings.bins + 1)
    shown = np.degrees(np.arcsin(np.sqrt(edges)))
    binning = Binning("zenith", r"zenith angle $\theta$ [°]", edges, shown)
    variable = [flux(angles) for angles in zenith]
    return _resolution(applied, variable, binning, inputs.seed, settings)


def flux(zenith: np.ndarray) -> np.ndarray:
    """Return sin²θ of zenith angles [°]: a flat detector sees equal parts of it equally often."""
    return np.sin(np.radians(zenith)) ** 2


def energy_bins(lg_energy: Sequence[np.ndarray], settings: ResolutionSettings) -> Binning:
    """Return bins of lg E over the range that is set, or over what holds all events."""
    low, high = settings.range or enclosing(lg_energy, 0.05)
    edges = np.linspace(low, high, settings.bins + 1)
    return Binning("lg_energy", r"lg($E$/eV)", edges, edges)


def enclosing(values: Sequence[np.ndarray], step: float) -> tuple[float, float]:
    """Return the multiples of a step that enclose all values, at least one step apart.

    Examples
    --------
    >>> enclosing([np.array([18.51, 18.9]), np.array([19.97])], 0.05)
    (18.5, 20.0)
    """
    # float32 values may lie a rounding beyond the edge that they were drawn up to
    low = np.floor(min(float(some.min()) for some in values) / step + 1e-4)
    high = np.ceil(max(float(some.max()) for some in values) / step - 1e-4)
    return round(float(low * step), 6), round(float(max(high, low + 1) * step), 6)


def _resolution(
    applied: list[Applied],
    variable: Sequence[np.ndarray],
    binning: Binning,
    seed: int,
    settings: ResolutionSettings,
) -> Result:
    binned = {
        (one.key, name): measure_bins(one, name, values, binning.edges, settings, seed)
        for one, values in zip(applied, variable, strict=True)
        for name in METRICS
        if predicts(one, name)
    }
    figure, axes = style.subplots(2, 3, width=style.PAGE, height=4.2, sharex=True)
    for panel, name in zip(axes.flat, np.ravel(PANELS), strict=True):
        curves = [
            curve(one.label, binned[one.key, name], name, look, one.method in settings.references)
            for look, one in enumerate(applied)
            if (one.key, name) in binned
        ]
        draw_metric(panel, binning.edges, curves, name)
        limit_metric(panel, name)
    for panel in axes[1]:
        panel.set_xlabel(binning.label)
    if binning.name == "zenith":
        for panel in axes.flat:
            angle_axis(panel, binning.shown[-1])
    style.legend_below(figure, axes, columns=5)
    caption = _caption(applied, binning, settings)
    numbers = overall(applied, settings.replicas, seed)
    return Result(figure, _table(applied, binned, binning), caption, numbers)


def curve(label: str, found: Binned, name: str, look: int, reference: bool = False) -> Curve:
    """Return what is drawn of a binned metric, in the unit of its axis."""
    factor = METRICS[name].factor
    return Curve(
        label, factor * found.value, factor * found.low, factor * found.high, look, reference
    )


def draw_metric(panel: Axes, edges: np.ndarray, curves: Sequence[Curve], name: str) -> None:
    """Draw the curves of a metric, and name its axis."""
    draw_curves(panel, edges, curves)
    panel.set_ylabel(METRICS[name].label)
    panel.locator_params(axis="x", nbins=4)
    if not curves:
        panel.text(0.5, 0.5, "not predicted", ha="center", transform=panel.transAxes)
        if len(panel.get_shared_y_axes().get_siblings(panel)) == 1:
            panel.set_yticks([])


def limit_metric(panel: Axes, name: str) -> None:
    """Draw a bias' zero line, or start a resolution's axis at zero; after all that is drawn."""
    if panel.has_data():
        (limit_bias if METRICS[name].bias else limit_resolution)(panel)


def _table(
    applied: Sequence[Applied], binned: Mapping[tuple[str, str], Binned], binning: Binning
) -> dict[str, list]:
    low, high = f"{binning.name}_low", f"{binning.name}_high"
    columns = ("method", "sample", "metric", low, high, "events", "value", "low", "high")
    table: dict[str, list] = {column: [] for column in columns}
    named = {one.key: one for one in applied}
    for (key, name), found in binned.items():
        bins = len(found.value)
        table["method"] += [named[key].method] * bins
        table["sample"] += [named[key].sample] * bins
        table["metric"] += [name] * bins
        table[low] += binning.shown[:-1].tolist()
        table[high] += binning.shown[1:].tolist()
        for column in ("events", "value", "low", "high"):
            table[column] += getattr(found, column).tolist()
    return table


def _caption(applied: Sequence[Applied], binning: Binning, settings: ResolutionSettings) -> str:
    over = {
        "lg_energy": "the energy",
        "zenith": "the zenith angle, in bins of equal width in sin²θ, which a flat detector sees "
        "equally often",
    }[binning.name]
    references = [one.label for one in applied if one.method in settings.references]
    lines = f" Black steps with bands: {', '.join(references)}." if references else ""
    return (
        f"Resolution and bias of the reconstruction over {over}, from {counts(applied)}, all "
        f"primaries together. {GEOMETRY} {ENERGY_AND_DEPTH} Bars and bands: central 68 % of "
        f"{settings.replicas} bootstrap replicas; points are spread within their bin.{lines} Bins "
        f"with fewer than {settings.min_events} events are empty; a panel leaves out methods that "
        "do not predict its quantity. Stands beside the resolutions over energy of "
        "arXiv:1708.00647 and, for X_max, of arXiv:2101.02946."
    )
