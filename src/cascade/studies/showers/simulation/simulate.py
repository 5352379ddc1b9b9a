"""Air showers on a surface detector: the toy of Erdmann, Glombitza, Walz (arXiv:1708.00647).

Primary → depth of maximum → mean signals at the stations → particles in time bins → detector. All
events of a block go through each step together. Stations that saw no particle need no trace, but
for the rare ones that noise alone triggers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.errors import CascadeError
from cascade.studies.showers.array import positions
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.settings.sources import ShowerSettings
from cascade.studies.showers.simulation import atmosphere, depth_of_maximum
from cascade.studies.showers.simulation.detector import (
    noise_traces,
    noise_trigger_probability,
    read_out,
    rounded,
    threshold,
    timing_error,
)
from cascade.studies.showers.simulation.particles import arrivals, histograms
from cascade.studies.showers.simulation.signals import mean_signals

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.events.seeding import Block

BATCH = 250
"""Largest number of events drawn at once: about 25 traces each."""
PATIENCE = 100
"""Batches without a single accepted event after which the settings are held to be a mistake."""


@dataclass(frozen=True)
class Showers:
    """Primaries and their geometry, all of shape (events, …).

    Attributes
    ----------
    axis
        Unit vectors towards the origin (events, 3).
    core
        East, north [m] (events, 2).
    maximum_height
        Of the maximum above the array [m].
    """

    axis: np.ndarray
    core: np.ndarray
    lg_energy: np.ndarray
    mass_number: np.ndarray
    x_max: np.ndarray
    maximum_height: np.ndarray


def simulate(block: Block, settings: ShowerSettings) -> Events:
    """Draw a block of events with at least ``min_stations`` triggered stations.

    Raises
    ------
    CascadeError
        Hardly any event has so many.
    """
    rng = block.rng()
    kept, number, tries = [], 0, 0
    while number < block.events:
        events = draw(rng, min(BATCH, block.events - number), settings)
        if settings.min_stations:
            events = {
                name: values[_stations(events) >= settings.min_stations]
                for name, values in events.items()
            }
        kept.append(events)
        number, tries = number + len(events["core"]), tries + 1
        if tries >= PATIENCE and number < tries:
            raise CascadeError(
                f"min_stations: {number} of {tries * BATCH} events have "
                f"{settings.min_stations} triggered stations or more; ask for fewer"
            )
    return {
        name: ak.concatenate([events[name] for events in kept])
        if isinstance(kept[0][name], ak.Array)
        else np.concatenate([events[name] for events in kept])
        for name in kept[0]
    }


def _stations(events: Events) -> np.ndarray:
    return ak.to_numpy(ak.num(events["station"]))


def draw(rng: np.random.Generator, number: int, settings: ShowerSettings) -> Events:
    """Draw events, whatever number of stations they trigger."""
    return detect(rng, draw_showers(rng, number, settings), settings)


def detect(rng: np.random.Generator, showers: Showers, settings: ShowerSettings) -> Events:
    """Draw what the array sees of showers."""
    number = len(showers.core)
    event, station, particles, traces = _triggered(rng, showers, settings)
    where = positions(settings.array)[station]
    times = front_times(where, showers, event, settings)
    times += rng.standard_normal(len(times)) * timing_error(particles, settings.detector)
    offset = settings.detector.event_offset
    times += rng.uniform(-offset, offset, number)[event]
    counts = np.bincount(event, minlength=number)
    return {
        "station": ak.unflatten(station.astype(np.int16), counts),
        "position": ak.unflatten(where.astype(np.float32), counts),
        "time": ak.unflatten(times.astype(np.float32), counts),
        "trace": ak.unflatten(traces, counts),
        "axis": showers.axis.astype(np.float32),
        "core": showers.core.astype(np.float32),
        "lg_energy": showers.lg_energy.astype(np.float32),
        "x_max": showers.x_max.astype(np.float32),
        "mass_number": showers.mass_number.astype(np.int16),
    }


def draw_showers(rng: np.random.Generator, number: int, settings: ShowerSettings) -> Showers:
    """Draw primaries, directions, cores and depths of the maximum."""
    lg_energy = _lg_energies(rng, number, settings)
    mass_number = rng.choice(settings.primaries, number)
    # sin θ cos θ dθ: sin²θ is uniform
    sine2 = rng.uniform(0, np.sin(np.radians(settings.zenith_max)) ** 2, number)
    azimuth = rng.uniform(0, 2 * np.pi, number)
    sine, cosine = np.sqrt(sine2), np.sqrt(1 - sine2)
    axis = np.stack([sine * np.cos(azimuth), sine * np.sin(azimuth), cosine], axis=1)
    radius = settings.core_radius * np.sqrt(rng.random(number))
    around = rng.uniform(0, 2 * np.pi, number)
    core = radius[:, np.newaxis] * np.stack([np.cos(around), np.sin(around)], axis=1)
    x_max, height = np.empty(number), np.full(number, -np.inf)
    low = np.arange(number)
    while len(low):
        x_max[low] = depth_of_maximum.draw(rng, lg_energy[low], mass_number[low])
        height[low] = _above_array(x_max[low] * cosine[low], settings)
        low = low[height[low] < settings.clearance * cosine[low]]
    return Showers(axis, core, lg_energy, mass_number, x_max, height)


def _lg_energies(rng: np.random.Generator, number: int, settings: ShowerSettings) -> np.ndarray:
    """Draw lg(E / eV) between two limits with a density in it ∝ E^−index."""
    low, high = settings.lg_energy
    if not settings.spectral_index or low == high:
        return rng.uniform(low, high, number)
    fall = np.log(10) * settings.spectral_index
    # the inverse of 1 − exp(−fall x), cut at the upper limit
    return low - np.log1p(rng.random(number) * np.expm1(-fall * (high - low))) / fall


def _above_array(vertical_depth: np.ndarray, settings: ShowerSettings) -> np.ndarray:
    return atmosphere.height(np.maximum(vertical_depth, 0)) - settings.array.altitude


def front_times(
    where: np.ndarray, showers: Showers, event: np.ndarray, settings: ShowerSettings
) -> np.ndarray:
    """Return when the front comes, relative to its passage at the core [ns], shape (n,).

    Parameters
    ----------
    where
        Stations' positions [m], shape (n, 3).
    event
        To which shower each station belongs, shape (n,).
    """
    axis = showers.axis[event]
    apart = where.copy()
    apart[:, :2] -= showers.core[event]
    if settings.front == "planar":
        return -np.einsum("ij,ij->i", apart, axis) / SPEED_OF_LIGHT
    cosine = showers.axis[:, 2]
    radius = _above_array(0.5 * showers.x_max * cosine, settings) / cosine
    radius = radius[event]
    reached = np.linalg.norm(radius[:, np.newaxis] * axis - apart, axis=1)
    return (reached - radius) / SPEED_OF_LIGHT


def geometry(
    where: np.ndarray, showers: Showers, settings: ShowerSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances to the axis [m] and depths ΔX to the maximum [g/cm²]: (events, sites).

    ΔX is the slant depth between a station and the maximum along the line that connects them.
    """
    apart = where[np.newaxis, :, :2] - showers.core[:, np.newaxis]
    square = np.einsum("esi,esi->es", apart, apart) + where[:, 2] ** 2
    along = np.einsum("esi,ei->es", apart, showers.axis[:, :2])
    along += where[:, 2] * showers.axis[:, 2:]
    distance = np.sqrt(np.maximum(square - along**2, 0))
    height = showers.maximum_height[:, np.newaxis]
    slant = height / showers.axis[:, 2:]
    # |maximum − station|² with the maximum at slant · axis
    reach = np.sqrt(square + slant**2 - 2 * slant * along)
    cosine = (height - where[:, 2]) / reach
    ground = atmosphere.vertical_depth(settings.array.altitude + where[:, 2])
    depth = ground - (showers.x_max * showers.axis[:, 2])[:, np.newaxis]
    return distance, depth / cosine


def _triggered(
    rng: np.random.Generator, showers: Showers, settings: ShowerSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return event, site, particles and trace of the stations that are not silent, in order."""
    bins = settings.traces.bins
    distance, delta_x = geometry(positions(settings.array), showers, settings)
    signals = mean_signals(
        distance,
        delta_x,
        showers.lg_energy[:, np.newaxis],
        showers.mass_number[:, np.newaxis],
        settings.signal,
    )
    numbers = [draw_particles(rng, signal) for signal in signals]
    event, station = np.nonzero(numbers[0] + numbers[1])
    numbers = [number[event, station] for number in numbers]
    traces = draw_traces(rng, numbers, distance[event, station], delta_x[event, station], settings)
    loud = traces.sum(axis=1) >= threshold(bins, settings.detector)
    return _with_noise(
        rng, distance.shape, (event, station), numbers[0] + numbers[1], traces, loud, settings
    )


def draw_particles(rng: np.random.Generator, signal: np.ndarray) -> np.ndarray:
    """Draw int(S + √S n) particles, at least 0, for mean signals S of any shape."""
    drawn = signal + np.sqrt(signal) * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.maximum(drawn, 0).astype(np.int64)


def draw_traces(
    rng: np.random.Generator,
    numbers: Sequence[np.ndarray],
    distance: np.ndarray,
    delta_x: np.ndarray,
    settings: ShowerSettings,
) -> np.ndarray:
    """Draw the traces of stations with noise, before any trigger: (stations, bins), float32.

    Parameters
    ----------
    numbers
        Muons and electromagnetic particles of each station, (stations,) each.
    distance, delta_x
        As ``geometry`` gives them, (stations,).
    """
    muons, others = (
        histograms(rng, number, arrival, settings.traces)
        for number, arrival in zip(
            numbers, arrivals(distance, delta_x, settings.traces), strict=True
        )
    )
    return read_out(rng, muons + others, settings.detector)


def _with_noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    place: tuple[np.ndarray, np.ndarray],
    particles: np.ndarray,
    traces: np.ndarray,
    loud: np.ndarray,
    settings: ShowerSettings,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Add the stations without particles that noise triggers; sort by event and site."""
    bins = settings.traces.bins
    empty = np.ones(shape, bool)
    empty[place] = False
    event, station = np.nonzero(empty)
    chance = noise_trigger_probability(bins, settings.detector)
    fired = np.flatnonzero(rng.random(len(event)) < chance)
    noise = noise_traces(rng, len(fired), bins, settings.detector)
    event = np.concatenate([place[0][loud], event[fired]])
    station = np.concatenate([place[1][loud], station[fired]])
    particles = np.concatenate([particles[loud], np.zeros(len(fired), np.int64)])
    traces = rounded(np.concatenate([traces[loud], noise]), settings.detector.precision)
    order = np.lexsort((station, event))
    return event[order], station[order], particles[order], traces[order]
