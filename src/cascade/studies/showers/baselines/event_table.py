"""One row of numbers for each event, for boosted trees: likelihood results and shapes of traces.

No entry depends on the order of the stations or on the shower's azimuth: trees on them respect the
array's symmetries. Entries of stations that an event does not have are NaN, as trees take them.
"""

from __future__ import annotations

import numpy as np

from cascade.studies.showers.baselines.likelihood import Prior
from cascade.studies.showers.baselines.methods import chunks, joined, likelihood_columns
from cascade.studies.showers.baselines.observables import (
    Shapes,
    Stations,
    event_sums,
    hottest,
    shapes,
)
from cascade.studies.showers.baselines.shower_plane import from_axis
from cascade.studies.showers.settings.baselines import TreesSettings
from cascade.studies.showers.simulation.particles import GROWTH, GROWTH_DISTANCE

RINGS = ((0.0, 700.0), (700.0, 1200.0), (1200.0, 1700.0), (1700.0, 2500.0))
"""Distances from the axis [m] between which traces are averaged."""
WHOLE = (500.0, 2500.0)
"""Distances between which they are averaged once more, after their growth with distance is taken
out."""
LARGEST_WEIGHT = 1000.0
"""More particles do not make a trace count for more in an average."""
RECONSTRUCTED = (
    "lg_energy",
    "x_max",
    "ln_mass",
    "axis_uncertainty",
    "core_uncertainty",
    "lg_energy_uncertainty",
    "x_max_uncertainty",
    "fit_lg_signal",
    "fit_slope",
    "stations",
)
"""What is taken over from the likelihood as it stands."""
PASSED_ON = ("axis", "core", "axis_uncertainty", "core_uncertainty", "lg_energy", "x_max")
"""What predictions start from or hand on."""


def event_table(
    events: dict[str, np.ndarray], prior: Prior, settings: TreesSettings
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Reconstruct events and describe them.

    Returns
    -------
    likelihood
        Its columns ``PASSED_ON``.
    table
        Shape (events, entries), float32; how many entries depends on the settings alone.
    """
    parts = [_part(found, prior, settings) for found in chunks(events, settings.reconstruction)]
    return joined(part for part, _ in parts), np.concatenate([table for _, table in parts])


def _part(
    found: Stations, prior: Prior, settings: TreesSettings
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    columns = likelihood_columns(found, prior, settings.reconstruction)
    shape = shapes(found.trace, settings.reconstruction.traces.bin_width)
    distance = from_axis(found.position, found.event, columns["axis"], columns["core"]).distance
    lg_signal = np.log10(np.maximum(found.signal, 1.0))
    entries = [columns[name] for name in RECONSTRUCTED]
    entries.append(1 / columns["axis"][:, 2])
    for values in (distance, lg_signal, *_described(shape), shape.peak):
        entries.extend(hottest(values, found, settings.stations, np.nan).T)
    for ring in RINGS:
        entries.extend(_averages(found, distance, ring, (distance, lg_signal, *_described(shape))))
    growth = 1 + (distance / GROWTH_DISTANCE) ** GROWTH
    *times, early = _described(shape)
    grown = [time / growth for time in times]
    entries.extend(_averages(found, distance, WHOLE, (distance, lg_signal, *grown, early)))
    return {name: columns[name] for name in PASSED_ON}, np.stack(entries, axis=1).astype(np.float32)


def _described(shape: Shapes) -> tuple[np.ndarray, ...]:
    """Return arrival times of 10, 50 and 90 % of the signal [ns] and the early share."""
    return (*shape.quantiles[:, ::2].T, shape.early)


def _averages(
    found: Stations,
    distance: np.ndarray,
    ring: tuple[float, float],
    values: tuple[np.ndarray, ...],
) -> list[np.ndarray]:
    """Average over an event's stations in a ring about the axis, NaN where there is none."""
    inside = (distance > ring[0]) & (distance < ring[1])
    weight = inside * np.sqrt(np.clip(found.signal, 0, LARGEST_WEIGHT))
    total = event_sums(weight, found.event, found.events)
    total[total <= 0] = np.nan
    return [event_sums(weight * value, found.event, found.events) / total for value in values]
