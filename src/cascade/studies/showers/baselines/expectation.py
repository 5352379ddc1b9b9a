"""What a shower lets expect at stations, and how that changes with the shower's parameters.

The toy's mean signals, arrival times and plane front (arXiv:1708.00647) in the layout of the fits:
stations flat, derivatives along the last axis. A shower has eight parameters, see ``PARAMETERS``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from cascade.studies.showers.baselines.front_fit import unit_vector
from cascade.studies.showers.baselines.shower_plane import from_axis
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.settings.baselines import LikelihoodSettings
from cascade.studies.showers.simulation import atmosphere
from cascade.studies.showers.simulation.particles import arrivals
from cascade.studies.showers.simulation.signals import mean_signals

PARAMETERS = ("u", "v", "time", "east", "north", "lg_energy", "x_max", "ln_mass")
"""Axis components, passage of the front at the array's centre [ns], core [m], lg(E / eV), depth of
the maximum [g/cm²], ln A."""
LEAST_DEPTH = 20.0
"""The maximum lies at least so far above the array [g/cm²], so that ΔX > 0."""
LEAST_MEDIAN = 1.0
"""Particles take at least so long in the median [ns]."""


@dataclass(frozen=True)
class Expectation:
    """What is expected at stations.

    Attributes
    ----------
    signal
        Particles in each time window, shape (n, windows).
    signal_slope
        Its derivatives, shape (n, windows, 8).
    time
        Passage of the front [ns], shape (n,).
    time_slope
        Its derivatives, shape (n, 8).
    """

    signal: np.ndarray
    signal_slope: np.ndarray
    time: np.ndarray
    time_slope: np.ndarray


def expectation(
    position: np.ndarray,
    event: np.ndarray,
    parameters: np.ndarray,
    cuts: tuple[int, ...],
    settings: LikelihoodSettings,
) -> Expectation:
    """Return what showers let expect.

    Parameters
    ----------
    position
        Of the stations [m], shape (n, 3).
    event
        Their events, shape (n,).
    parameters
        Of the showers, shape (events, 8).
    cuts
        Last bins of the time windows.
    """
    axis = unit_vector(parameters[:, :2])
    time = parameters[event, 2] - np.einsum("ni,ni->n", position, axis[event]) / SPEED_OF_LIGHT
    time_slope = np.zeros((len(event), len(PARAMETERS)))
    time_slope[:, :2] = -_along_axis(position, axis[event]) / SPEED_OF_LIGHT
    time_slope[:, 2] = 1
    distance, distance_slope = _distance(position, event, axis, parameters)
    delta_x, delta_slope = _delta_x(position, event, parameters, settings)
    seen = [distance, delta_x, parameters[event, 5], parameters[event, 7]]
    itself = np.eye(len(PARAMETERS))
    energy, mass = itself[[5]], itself[[7]]
    along = [distance_slope, delta_slope, energy, mass]
    steps = [1e-4 * distance, 1e-3 * delta_x, np.full(len(event), 1e-4), np.full(len(event), 1e-3)]
    signal = window_signals(*seen, cuts, settings)
    slope = np.zeros((*signal.shape, len(PARAMETERS)))
    for place, step in enumerate(steps):
        moved = [value + step * (place == other) for other, value in enumerate(seen)]
        change = (window_signals(*moved, cuts, settings) - signal) / step[:, np.newaxis]
        slope += change[:, :, np.newaxis] * along[place][:, np.newaxis]
    return Expectation(signal, slope, time, time_slope)


def window_signals(
    distance: np.ndarray,
    delta_x: np.ndarray,
    lg_energy: np.ndarray,
    ln_mass: np.ndarray,
    cuts: tuple[int, ...],
    settings: LikelihoodSettings,
) -> np.ndarray:
    """Return the particles expected in each time window: (n, windows), above 0.

    Numbers are cut to whole ones, which takes half a particle of either component.
    """
    parts = mean_signals(distance, delta_x, lg_energy, np.exp(ln_mass), settings.signal)
    edges = settings.traces.bin_width * np.array(cuts)
    total = np.full((len(distance), len(cuts)), 1e-3)
    for signal, arrival in zip(parts, arrivals(distance, delta_x, settings.traces), strict=True):
        late = np.maximum(edges - arrival.delay[:, np.newaxis], 1e-3)
        # the medians' law holds for depths of showers, not for any that a climb may try
        median = np.maximum(arrival.median, LEAST_MEDIAN)[:, np.newaxis]
        before = ndtr(np.log(late / median) / settings.traces.spread)
        number = signal * signal / (signal + 0.5)
        total += number[:, np.newaxis] * np.diff(before, axis=1, prepend=0)
    return total


def _along_axis(vectors: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Return ∂(x · a)/∂(u, v) for vectors x (n, 3), axes a (n, 3): (n, 2)."""
    return vectors[:, :2] - vectors[:, 2:] * axis[:, :2] / axis[:, 2:]


def _distance(
    position: np.ndarray, event: np.ndarray, axis: np.ndarray, parameters: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances to the axis [m], shape (n,), and their derivatives (n, 8)."""
    apart = from_axis(position, event, axis, parameters[:, 3:5])
    slope = np.zeros((len(event), len(PARAMETERS)))
    slope[:, :2] = _along_axis(apart.outward, axis[event]) * -apart.along[:, np.newaxis]
    slope[:, 3:5] = -apart.outward[:, :2]
    return apart.distance, slope


def _delta_x(
    position: np.ndarray, event: np.ndarray, parameters: np.ndarray, settings: LikelihoodSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Return slant depths from stations to the maximum [g/cm²], (n,), and derivatives (n, 8)."""

    def model(parameters: np.ndarray) -> np.ndarray:
        axis = unit_vector(parameters[:, :2])
        ground = settings.array.altitude
        deepest = atmosphere.vertical_depth(ground) - LEAST_DEPTH
        depth = np.clip(parameters[:, 6] * axis[:, 2], 10.0, deepest)
        height = atmosphere.height(depth) - ground
        maximum = (height / axis[:, 2])[:, np.newaxis] * axis
        maximum[:, :2] += parameters[:, 3:5]
        reach = maximum[event] - position
        length = np.linalg.norm(reach, axis=1)
        own = atmosphere.vertical_depth(ground + position[:, 2]) - depth[event]
        return np.maximum(own, LEAST_DEPTH) * length / np.maximum(reach[:, 2], 1.0)

    value = model(parameters)
    slope = np.zeros((len(event), len(PARAMETERS)))
    for column, step in ((0, 1e-4), (1, 1e-4), (3, 1.0), (4, 1.0), (6, 0.1)):
        shifted = parameters.copy()
        shifted[:, column] += step
        slope[:, column] = (model(shifted) - value) / step
    return value, slope
