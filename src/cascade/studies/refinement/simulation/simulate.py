"""Single stations of simulated air showers: one trace of each shower, and how it was hit.

The showers are those of the shower study's toy (Erdmann, Glombitza, Walz, arXiv:1708.00647). Two
samples with other shares of muons and another noise play simulation and data, as in the work on
the Wasserstein refiner (Erdmann, Geiger, Glombitza, Schmidt, arXiv:1802.03325).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.errors import CascadeError
from cascade.studies.refinement.settings.sources import StationSettings
from cascade.studies.showers.array import positions
from cascade.studies.showers.simulation.detector import rounded, threshold
from cascade.studies.showers.simulation.signals import mean_signals
from cascade.studies.showers.simulation.simulate import (
    draw_particles,
    draw_showers,
    draw_traces,
    geometry,
)

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.events.seeding import Block

BATCH = 1050
"""Showers drawn at once, as a rule enough for a block of 1000 stations. Always as many, so that a
smaller block is the start of a larger one."""
PATIENCE = 10
"""Batches without a single station after which the settings are held to be a mistake."""


def simulate(block: Block, settings: StationSettings) -> Events:
    """Draw a block of stations.

    Raises
    ------
    CascadeError
        Hardly any shower triggers a station at the wanted distance.
    """
    rng = block.rng()
    parts, number, tries = [], 0, 0
    while number < block.events:
        parts.append(draw(rng, BATCH, settings))
        number, tries = number + len(parts[-1]["trace"]), tries + 1
        if tries >= PATIENCE and number < tries:
            low, high = settings.distance
            raise CascadeError(
                f"distance: {number} of {tries * BATCH} showers trigger a station "
                f"between {low:g} and {high:g} m; widen the range or enlarge the array"
            )
    return {
        name: np.concatenate([part[name] for part in parts])[: block.events] for name in parts[0]
    }


def draw(rng: np.random.Generator, number: int, settings: StationSettings) -> Events:
    """Draw showers, and of each that has any one triggered station at the wanted distance."""
    showers = draw_showers(rng, number, settings)
    distance, delta_x = geometry(positions(settings.array), showers, settings)
    low, high = settings.distance
    # stations in random order: the first one that triggers is any of those that would
    rank = np.where((distance >= low) & (distance <= high), rng.random(distance.shape), np.inf)
    order, candidates = np.argsort(rank, axis=1), np.isfinite(rank).sum(axis=1)
    site = np.full(number, -1)
    traces = np.empty((number, settings.traces.bins), np.float32)
    for turn in range(candidates.max()):
        event = np.flatnonzero((site < 0) & (candidates > turn))
        station = order[event, turn]
        drawn, loud = draw_stations(
            rng,
            distance[event, station],
            delta_x[event, station],
            showers.lg_energy[event],
            showers.mass_number[event],
            settings,
        )
        traces[event[loud]], site[event[loud]] = drawn[loud], station[loud]
    event = np.flatnonzero(site >= 0)
    columns = {
        "distance": distance[event, site[event]],
        "zenith": np.degrees(np.arccos(showers.axis[event, 2])),
        "lg_energy": showers.lg_energy[event],
        "delta_x": delta_x[event, site[event]],
    }
    return {"trace": traces[event], **{name: x.astype(np.float32) for name, x in columns.items()}}


def draw_stations(
    rng: np.random.Generator,
    distance: np.ndarray,
    delta_x: np.ndarray,
    lg_energy: np.ndarray,
    mass_number: np.ndarray | int,
    settings: StationSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw traces of stations of which all is known.

    Parameters
    ----------
    distance
        From the station to the shower axis [m], shape (n,).
    delta_x
        Slant depth between the station and the shower maximum [g/cm²], above 0, shape (n,).
    lg_energy, mass_number
        Of the primaries, shape (n,).

    Returns
    -------
    traces, loud
        (n, bins) in float32, and which of them trigger, (n,).
    """
    signals = mean_signals(distance, delta_x, lg_energy, mass_number, settings.signal)
    numbers = [draw_particles(rng, signal) for signal in signals]
    traces = draw_traces(rng, numbers, distance, delta_x, settings)
    loud = traces.sum(axis=1) >= threshold(settings.traces.bins, settings.detector)
    return rounded(traces, settings.detector.precision), loud
