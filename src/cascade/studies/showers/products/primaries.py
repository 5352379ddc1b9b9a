"""Bias and resolution by primary: what a reconstruction owes to the mixture it is applied to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cascade.errors import CascadeError
from cascade.evaluation.resolution import Binned
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.studies.showers.products.measure import (
    ENERGY_AND_DEPTH,
    measure,
    measure_bins,
    predicts,
)
from cascade.studies.showers.products.reading import composition, predictions, primary
from cascade.studies.showers.products.resolution import (
    curve,
    draw_metric,
    energy_bins,
    limit_metric,
)
from cascade.studies.showers.settings import ResolutionSettings

PANELS = (("energy_resolution", "x_max_resolution"), ("energy_bias", "x_max_bias"))
MOST = 4
"""Columns of methods that fit beside each other."""


@style.styled
def resolution_primary(inputs: Inputs, settings: ResolutionSettings) -> Result:
    """Draw bias and resolution of energy and depth by primary, all methods in one frame."""
    applied = predictions(inputs, settings)
    _able(applied)  # all are kept, so that each looks the same as over the energy
    masses = np.unique(np.concatenate([one.columns["mass_number"] for one in applied]))
    edges = np.arange(len(masses) + 1) - 0.5
    binned = {
        (one.key, name): measure_bins(
            one,
            name,
            np.searchsorted(masses, one.columns["mass_number"]).astype(float),
            edges,
            settings,
            inputs.seed,
        )
        for one in applied
        for name in np.ravel(PANELS)
        if predicts(one, name)
    }
    figure, axes = style.subplots(2, 2, width=style.PAGE, height=4.2, sharex=True)
    for panel, name in zip(axes.flat, np.ravel(PANELS), strict=True):
        curves = [
            curve(one.label, binned[one.key, name], name, look, one.method in settings.references)
            for look, one in enumerate(applied)
            if (one.key, name) in binned
        ]
        draw_metric(panel, edges, curves, name)
        limit_metric(panel, name)
        panel.set_xticks(range(len(masses)), [primary(mass) for mass in masses])
        panel.tick_params(axis="x", which="minor", bottom=False, top=False)
    for panel in axes[1]:
        panel.set_xlabel("primary")
    style.legend_below(figure, axes, columns=5)
    table = _table()
    for (key, name), found in binned.items():
        for row, mass in enumerate(masses):
            _add(table, key, int(mass), name, found, row)
    caption = _caption("by primary", applied, settings)
    return Result(figure, table, caption, _numbers(applied, masses, inputs.seed, settings))


@style.styled
def resolution_primary_energy(inputs: Inputs, settings: ResolutionSettings) -> Result:
    """Draw bias and resolution of energy and depth over lg E, a column a method."""
    applied = _able(predictions(inputs, settings))
    if len(applied) > MOST:
        raise CascadeError(
            f"resolution_primary_energy: shows at most {MOST} methods, not {len(applied)}"
        )
    energy = [one.columns["lg_energy"].astype(np.float64) for one in applied]
    binning = energy_bins(energy, settings)
    names = [name for name in np.ravel(PANELS) if any(predicts(one, name) for one in applied)]
    masses = np.unique(np.concatenate([one.columns["mass_number"] for one in applied]))
    width = style.COLUMN if len(applied) == 1 else style.PAGE
    figure, axes = style.subplots(
        len(names), len(applied), width=width, height=0.5 + 1.45 * len(names),
        sharex=True, sharey="row",
    )  # fmt: skip
    table = _table("lg_energy_low", "lg_energy_high")
    for column, one, values in zip(axes.T, applied, energy, strict=True):
        for panel, name in zip(column, names, strict=True):
            curves = []
            for look, mass in enumerate(masses) if predicts(one, name) else ():
                chosen = one.columns["mass_number"] == mass
                found = measure_bins(
                    one, name, values, binning.edges, settings, inputs.seed, chosen
                )
                curves.append(curve(primary(mass), found, name, look))
                for row, edges in enumerate(zip(binning.shown, binning.shown[1:], strict=False)):
                    _add(table, one.key, int(mass), name, found, row, edges)
            draw_metric(panel, binning.edges, curves, name)
        style.note(column[0], one.label)
        column[-1].set_xlabel(binning.label)
    for row, name in zip(axes, names, strict=True):
        for panel in row:
            limit_metric(panel, name)
        for panel in row[1:]:
            panel.set_ylabel("")
    style.legend_below(figure, axes, columns=4)
    caption = _caption("over the energy, by primary", applied, settings)
    return Result(figure, table, caption, _numbers(applied, masses, inputs.seed, settings))


def _able(applied: Sequence[Applied]) -> list[Applied]:
    """Return the methods that predict energy or depth of the maximum.

    Raises
    ------
    CascadeError
        None does.
    """
    able = [one for one in applied if any(predicts(one, name) for name in np.ravel(PANELS))]
    if not able:
        raise CascadeError("none of the methods predicts an energy or a depth of the maximum")
    return able


def _numbers(
    applied: Sequence[Applied], masses: np.ndarray, seed: int, settings: ResolutionSettings
) -> dict[str, Number]:
    return {
        f"{one.key}/{primary(mass)}/{name}": measure(
            one, name, settings.replicas, seed, one.columns["mass_number"] == mass
        )
        for one in applied
        for mass in masses
        for name in np.ravel(PANELS)
        if predicts(one, name)
    }


def _table(*bins: str) -> dict[str, list]:
    columns = ("method", "mass_number", "metric", *bins, "events", "value", "low", "high")
    return {column: [] for column in columns}


def _add(
    table: Mapping[str, list],
    key: str,
    mass: int,
    name: str,
    found: Binned,
    row: int,
    edges: Sequence[float] = (),
) -> None:
    numbers = (found.events[row], found.value[row], found.low[row], found.high[row])
    for column, value in zip(table.values(), (key, mass, name, *edges, *numbers), strict=True):
        column.append(value.item() if isinstance(value, np.generic) else value)


def _caption(over: str, applied: Sequence[Applied], settings: ResolutionSettings) -> str:
    references = [one.label for one in applied if one.method in settings.references]
    lines = f" Black steps with bands: {', '.join(references)}." if references else ""
    return (
        f"Resolution and bias of energy and depth of the maximum {over}, from "
        f"{composition(applied)}. {ENERGY_AND_DEPTH} Bars: central 68 % of {settings.replicas} "
        f"bootstrap replicas.{lines if over == 'by primary' else ''} A bias that differs by "
        "primary is what a method trained on the mixture cannot tell from the footprint. "
        "Stands beside bias and resolution by primary in arXiv:2101.02946."
    )
