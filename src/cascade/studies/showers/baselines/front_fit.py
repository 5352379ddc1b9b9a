"""Plane shower front through the stations' times, for all events at once.

A plane front along the unit vector a = (u, v, w) towards the shower's origin reaches a station at
t = t₀ − a · x / c. For stations on a plane this is linear in u, v and t₀: weighted least squares
with the stations' timing errors. Heights of stations enter with the w of the step before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cascade.studies.showers.baselines.observables import Stations, event_sums
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.settings.sources import DetectorSettings
from cascade.studies.showers.simulation.detector import timing_error

SPREAD = 0.5
"""Standard deviation of u and v before any station is seen. It is so wide that it counts only where
the stations fix no direction: with fewer than three, or on a line, the axis is vertical, or upright
across the line."""
STEEPEST = np.sin(np.radians(85))
"""Largest |(u, v)|: no axis is more inclined than 85°."""
HEIGHT_STEPS = 3


@dataclass(frozen=True)
class Front:
    """Plane fronts of events.

    Attributes
    ----------
    axis
        Unit vectors (events, 3).
    time
        When the front passes the barycentre of the stations [ns], shape (events,).
    covariance
        Of u and v, shape (events, 2, 2).
    """

    axis: np.ndarray
    time: np.ndarray
    covariance: np.ndarray


def station_time_errors(found: Stations, detector: DetectorSettings) -> np.ndarray:
    """Return the timing errors [ns] that the stations' signals let expect, shape (n,)."""
    # without any error of the detector the weights would be infinite
    return np.maximum(timing_error(np.maximum(found.signal, 0), detector), 1e-3)


def barycentre(found: Stations, weight: np.ndarray) -> np.ndarray:
    """Return the mean position of the stations with a weight (n,) > 0 [m]: (events, 3).

    The array's centre for an event without stations.
    """
    total = event_sums(weight, found.event, found.events)
    moment = event_sums(weight[:, np.newaxis] * found.position, found.event, found.events)
    return moment / np.where(total > 0, total, 1)[:, np.newaxis]


def fit_front(found: Stations, detector: DetectorSettings) -> Front:
    """Fit a plane front to the times of each event."""
    weight = station_time_errors(found, detector) ** -2
    scale = event_sums(weight, found.event, found.events)
    scale = np.where(scale > 0, scale, 1)
    # about the weighted means t₀ falls out
    position = found.position - barycentre(found, weight)[found.event]
    mean_time = event_sums(weight * found.time, found.event, found.events) / scale
    path = -SPEED_OF_LIGHT * (found.time - mean_time[found.event])
    weight = weight / SPEED_OF_LIGHT**2
    level = position[:, :2]
    normal = event_sums(
        weight[:, np.newaxis, np.newaxis] * level[:, :, np.newaxis] * level[:, np.newaxis],
        found.event,
        found.events,
    )
    normal += np.eye(2) / SPREAD**2
    upright = np.ones(found.events)
    for _ in range(HEIGHT_STEPS if np.any(found.position[:, 2]) else 1):
        rest = path - upright[found.event] * position[:, 2]
        moment = event_sums((weight * rest)[:, np.newaxis] * level, found.event, found.events)
        axis = unit_vector(np.linalg.solve(normal, moment[..., np.newaxis])[..., 0])
        upright = axis[:, 2]
    return Front(axis, mean_time, np.linalg.inv(normal))


def unit_vector(level: np.ndarray) -> np.ndarray:
    """Return the upward unit vectors (…, 3) with components u, v (…, 2), not below 5° elevation."""
    length = np.linalg.norm(level, axis=-1, keepdims=True)
    level = level * np.minimum(1, STEEPEST / np.maximum(length, 1e-12))
    w = np.sqrt(1 - np.sum(level**2, axis=-1, keepdims=True))
    return np.concatenate([level, w], axis=-1)


def axis_uncertainty(axis: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the axis in each of two directions [rad], shape (events,).

    Along the zenith angle, du / cos θ; across it du: their root mean square.

    Parameters
    ----------
    axis
        Unit vectors (events, 3).
    covariance
        Of u and v, shape (events, 2, 2).
    """
    metric = axis[:, :2, np.newaxis] * axis[:, np.newaxis, :2] / axis[:, 2, None, None] ** 2
    metric = metric + np.eye(2)
    return np.sqrt(np.einsum("eij,eji->e", metric, covariance) / 2)
