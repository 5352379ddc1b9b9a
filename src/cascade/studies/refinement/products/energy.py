"""Bias and resolution of reconstructed energies on data, over energy and over distance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cascade.evaluation.bootstrap import bootstrap_samples
from cascade.evaluation.resolution import Binned, bias, binned, resolution
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.plotting.resolution import Curve, draw_curves, limit_bias, limit_resolution
from cascade.studies.refinement.products.reading import (
    BIAS,
    DISTANCE,
    LG_ENERGY,
    PAPER,
    WIDTH,
    counts,
    deviations,
    edges_of,
    on_one_sample,
)
from cascade.studies.refinement.settings.products import ResolutionSettings

Statistic = Callable[[np.ndarray], float | np.ndarray]
STATISTICS = {"bias": bias, "resolution": resolution}
LABELS = {"lg_energy": LG_ENERGY, "distance": DISTANCE, "bias": BIAS, "resolution": WIDTH}


@style.styled
def energy_over_energy(inputs: Inputs, settings: ResolutionSettings) -> Result:
    """Draw bias and resolution of lg E over energy (top) and over distance (bottom)."""
    applied = on_one_sample(inputs, settings, "energy_over_energy")
    figure, axes = style.subplots(2, 2, width=style.PAGE, height=4.4, sharex="row", sharey="col")
    measured = {}
    for row, variable in zip(axes, ("lg_energy", "distance"), strict=True):
        for panel, (name, statistic) in zip(row, STATISTICS.items(), strict=True):
            found = {
                one.key: over(one, variable, statistic, settings, inputs.seed) for one in applied
            }
            draw_curves(panel, np.array(getattr(settings, variable)),
                        curves(applied, found, settings))  # fmt: skip
            panel.set(xlabel=LABELS[variable], ylabel=LABELS[name])
            measured[variable, name] = found
    for panels, limit in zip(axes.T, (limit_bias, limit_resolution), strict=True):
        for panel in panels:
            limit(panel)
    style.legend_below(figure, axes, columns=4)
    numbers = {
        f"{one.key}/lg_energy_{name}": overall(one, statistic, settings.replicas, inputs.seed)
        for one in applied
        for name, statistic in STATISTICS.items()
    }
    return Result(figure, _table(applied, measured, settings), _caption(applied, settings), numbers)


def over(one: Applied, variable: str, statistic, settings: ResolutionSettings, seed: int) -> Binned:
    """Return a statistic of Δ in bins of a column, NaN where there are too few events."""
    pairs = [(deviations(one), one.columns[variable])]
    rng = np.random.default_rng(seed)
    edges = np.array(getattr(settings, variable))
    return sparse(binned(statistic, pairs, edges, rng, settings.replicas), settings.min_events)


def sparse(found: Binned, least: int) -> Binned:
    """Return the bins with NaN where there are fewer events than the least number."""
    few = found.events < least
    bounds = {
        name: np.where(few, np.nan, getattr(found, name)) for name in ("value", "low", "high")
    }
    return replace(found, **bounds)


def overall(one: Applied, statistic: Statistic, replicas: int, seed: int) -> Number:
    """Return a statistic of Δ of all events."""
    rng = np.random.default_rng(seed)
    bounds = bootstrap_samples(statistic, [deviations(one)], rng, replicas)
    return Number(*bounds, "1", one.events)


def curves(
    applied: Sequence[Applied], found: Mapping[str, Binned], settings: ResolutionSettings
) -> list[Curve]:
    """Return what is drawn of each method; the reference takes no colour."""
    others = [one.key for one in applied if one.method != settings.reference]
    return [
        Curve(
            one.label, bins.value, bins.low, bins.high,
            others.index(one.key) if one.key in others else 0, one.key not in others,
        )
        for one in applied
        for bins in (found[one.key],)
    ]  # fmt: skip


def _table(
    applied: Sequence[Applied],
    measured: Mapping[tuple[str, str], Mapping[str, Binned]],
    settings: ResolutionSettings,
) -> dict[str, list]:
    names = ("method", "sample", "metric", "variable", "bin_low", "bin_high", "events", "value",
             "low", "high")  # fmt: skip
    table: dict[str, list] = {name: [] for name in names}
    for (variable, metric), found in measured.items():
        edges = getattr(settings, variable)
        for one in applied:
            bins = len(edges) - 1
            table["method"] += [one.method] * bins
            table["sample"] += [one.sample] * bins
            table["metric"] += [f"lg_energy_{metric}"] * bins
            table["variable"] += [variable] * bins
            table["bin_low"] += edges[:-1]
            table["bin_high"] += edges[1:]
            for name in ("events", "value", "low", "high"):
                table[name] += getattr(found[one.key], name).tolist()
    return table


def black_line(applied: Sequence[Applied], settings: ResolutionSettings) -> str:
    """Say what the black line is, if there is one."""
    for one in applied:
        if one.method == settings.reference:
            return f" Black line with band: {one.label}, the best that can be hoped for."
    return ""


def _caption(applied: Sequence[Applied], settings: ResolutionSettings) -> str:
    return (
        "Reconstructed energy on data, by networks with other training samples: mean (bias, left) "
        "and standard deviation (resolution, right) of Δ = lg E' − lg E, from "
        f"{counts(applied)}, in {edges_of(settings.lg_energy)} in true lg E (top) and in "
        f"{edges_of(settings.distance, 'm')} in distance (bottom). Bars: central 68 % of "
        f"{settings.replicas} bootstrap replicas; points are spread within their bin; bins with "
        f"fewer than {settings.min_events} events are empty.{black_line(applied, settings)} The "
        "resolution in a bin holds what differences of the bias inside that bin add to it. Stands "
        f"beside the energy reconstruction before and after refinement of {PAPER}."
    )
