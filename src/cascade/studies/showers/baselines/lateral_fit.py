"""Core and size of a shower from a lateral distribution with free slope, and the method ``fit``.

About the axis of the plane front the signal falls with the distance r from the axis as
S(r) = S₁₀₀₀ (r / 1000 m)^−β. Core, lg S₁₀₀₀ and β are fitted to the signals of triggered stations
and to the silence of those beside them. Depth in the atmosphere weakens the signal of inclined
showers: lg E is a polynomial in lg S₁₀₀₀ and sec θ with coefficients from the training events, as
arrays of surface detectors calibrate it (Pierre Auger Collaboration, arXiv:2008.06486).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cascade.studies.showers.array import ROW_HEIGHT
from cascade.studies.showers.baselines.fisher_scoring import Expansion, maximise
from cascade.studies.showers.baselines.front_fit import Front, barycentre
from cascade.studies.showers.baselines.observables import Stations, event_sums
from cascade.studies.showers.baselines.shower_plane import from_axis
from cascade.studies.showers.baselines.signal_terms import Sites, signal_terms, sites, with_prior
from cascade.studies.showers.settings.baselines import FitSettings

TYPICAL_DISTANCE = 1200.0
"""The signal at this distance from the axis [m] depends least on the slope that was fitted."""
NEAREST = 150.0
"""Closer to the axis the signal does not grow further [m]."""
CORE_SPREAD = 0.7
"""Standard deviation of the core about the barycentre before the fit, in spacings: wide enough to
count only where the stations fix no core."""
ROUGH = 0.2
"""Relative error of the mean lateral distribution in the search of the start."""
SIZE_SPREAD = 2.0
"""Standard deviation of lg S₁₀₀₀ about its start before the fit."""

RINGS, STEP = 5, 0.14
_Q, _R = np.meshgrid(np.arange(-RINGS, RINGS + 1), np.arange(-RINGS, RINGS + 1))
GRID = STEP * np.stack([_Q + _R / 2, _R * ROW_HEIGHT], axis=-1)[np.abs(_Q + _R) <= RINGS]
"""Shifts of the core from the barycentre that are tried at the start, in spacings."""


@dataclass(frozen=True)
class Lateral:
    """Lateral distributions of events.

    Attributes
    ----------
    core
        East, north [m], shape (events, 2).
    lg_size
        lg S₁₀₀₀, shape (events,).
    slope
        β, shape (events,).
    covariance
        Of core, lg S₁₀₀₀ and β, shape (events, 4, 4).
    """

    core: np.ndarray
    lg_size: np.ndarray
    slope: np.ndarray
    covariance: np.ndarray

    @property
    def lg_signal(self) -> np.ndarray:
        """Lg of the signal at ``TYPICAL_DISTANCE``, shape (events,)."""
        return self.lg_size - self.slope * np.log10(TYPICAL_DISTANCE / 1000)


def fit_lateral(found: Stations, front: Front, settings: FitSettings) -> Lateral:
    """Fit lateral distributions about the axes of plane fronts.

    Of an event without stations core, size and slope are those expected beforehand: the array's
    centre, S₁₀₀₀ = 1 and the mean slope.

    Raises
    ------
    CascadeError
        Stations stand elsewhere than the array's settings say.
    """
    seen = sites(found, settings.array, settings.detector, model_error=settings.lateral_error)
    start = _start(found, front, settings)
    core_spread = CORE_SPREAD * settings.array.spacing
    spread = np.array([core_spread, core_spread, SIZE_SPREAD, settings.slope_spread])

    def likelihood(parameters: np.ndarray, which: np.ndarray) -> Expansion:
        part = seen.select(which, found.events)
        mean, slope = _expected(part, front.axis[which], parameters)
        terms = signal_terms(part, mean, slope)
        return with_prior(terms, part.event, parameters - start[which], np.diag(spread**-2.0))

    def limit(parameters: np.ndarray) -> np.ndarray:
        return np.clip(parameters, [-1e5, -1e5, -3.0, 1.0], [1e5, 1e5, 7.0, 12.0])

    best, expansion = maximise(likelihood, start, limit, settings.iterations)
    covariance = np.linalg.inv(expansion.information)
    return Lateral(best[:, :2], best[:, 2], best[:, 3], covariance)


def _start(found: Stations, front: Front, settings: FitSettings) -> np.ndarray:
    """Return core, lg S₁₀₀₀ and mean slope to start from: (events, 4).

    Of cores on a grid about the barycentre the one where the mean slope describes the triggered
    stations best: from farther away a climb may end in a lesser maximum.
    """
    signal = np.maximum(found.signal, 1.0)
    lg_signal = np.log10(signal)
    weight = 1 / (1 / signal + ROUGH**2)
    total = np.maximum(event_sums(weight, found.event, found.events), 1e-9)
    centre = barycentre(found, np.sqrt(signal))[:, :2]
    start = np.zeros((found.events, 4))
    start[:, 3] = settings.slope
    least = np.full(found.events, np.inf)
    for shift in GRID * settings.array.spacing:
        core = centre + shift
        distance = from_axis(found.position, found.event, front.axis, core).distance
        size = lg_signal + settings.slope * np.log10(np.maximum(distance, NEAREST) / 1000)
        mean = event_sums(weight * size, found.event, found.events) / total
        square = weight * (size - mean[found.event]) ** 2
        misfit = event_sums(square, found.event, found.events) * np.log(10) ** 2
        misfit += np.sum(shift**2) / (CORE_SPREAD * settings.array.spacing) ** 2
        better = misfit < least
        least[better] = misfit[better]
        start[better, :2], start[better, 2] = core[better], mean[better]
    return start


def _expected(
    seen: Sites, axis: np.ndarray, parameters: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return expected signals (n, 1) and their derivatives (n, 1, 4)."""
    apart = from_axis(seen.position, seen.event, axis, parameters[:, :2])
    distance = apart.distance
    lg_size, slope = parameters[seen.event, 2], parameters[seen.event, 3]
    far = np.log(np.maximum(distance, NEAREST) / 1000)
    mean = np.exp(np.clip(np.log(10) * lg_size - slope * far, -30, 30))
    moved = np.where(distance > NEAREST, slope / distance, 0)[:, np.newaxis] * apart.outward[:, :2]
    relative = np.concatenate(
        [moved, np.full((len(mean), 1), np.log(10)), -far[:, np.newaxis]], axis=1
    )
    return mean[:, np.newaxis], (mean[:, np.newaxis] * relative)[:, np.newaxis]
