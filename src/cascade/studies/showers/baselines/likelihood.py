"""Maximum likelihood on the times and signals of all stations of an event, all events at once.

The parameters of a shower are its axis, time, core, energy, depth of maximum and ln A; the model is
that of the simulation (``expectation``). Signals by themselves hardly tell depth and mass, so the
last three follow a normal law beforehand, with the mean and covariance of the training events, but
a three times wider range of energies. Where an event has too few stations, the law beforehand and
the start (barycentre, vertical axis) decide; an event without stations gets the mean energy.

With ``windows`` in the settings the traces are cut in time; each piece counts as a signal of its
own. That uses nearly all that the traces know: the mark for networks that know no formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.studies.showers.baselines.expectation import PARAMETERS, Expectation, expectation
from cascade.studies.showers.baselines.fisher_scoring import Expansion, maximise
from cascade.studies.showers.baselines.front_fit import (
    SPREAD,
    STEEPEST,
    Front,
    barycentre,
    station_time_errors,
)
from cascade.studies.showers.baselines.lateral_fit import CORE_SPREAD, TYPICAL_DISTANCE, Lateral
from cascade.studies.showers.baselines.observables import Stations
from cascade.studies.showers.baselines.signal_terms import (
    Sites,
    Terms,
    signal_terms,
    sites,
    with_prior,
)
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.settings.baselines import LikelihoodSettings
from cascade.studies.showers.simulation import atmosphere
from cascade.studies.showers.simulation.signals import mean_signals

if TYPE_CHECKING:
    from cascade.events.schema import Events

TIME_SPREAD = 1e4
"""Standard deviation of the time beforehand, about that of the plane front [ns]."""
ENERGY_RANGE = 3.0
"""How much wider than among the training events the energies spread beforehand."""
LEAST_SPREADS = (0.1, 10.0, 0.1)
"""Least standard deviations beforehand of lg E, depth [g/cm²] and ln A."""
BOUNDS = np.array(
    [(-1, 1), (-1, 1), (-1e9, 1e9), (-1e6, 1e6), (-1e6, 1e6), (16, 22), (100, 2000), (-1, 6)]
)
"""Least and largest values of the parameters."""


@dataclass(frozen=True)
class Prior:
    """Normal law of lg E, depth of maximum [g/cm²] and ln A before an event is seen.

    Attributes
    ----------
    mean
        Shape (3,).
    precision
        Inverse covariance, shape (3, 3).
    """

    mean: np.ndarray
    precision: np.ndarray


def learn_prior(events: Events) -> Prior:
    """Return the law of the primaries of training events."""
    ln_mass = np.log(np.asarray(events["mass_number"], np.float64))
    truth = np.stack(
        [np.asarray(events["lg_energy"]), np.asarray(events["x_max"]), ln_mass], axis=1
    ).astype(np.float64)
    mean = truth.mean(axis=0)
    covariance = np.cov(truth, rowvar=False, bias=True) + np.diag(np.square(LEAST_SPREADS))
    # depth and mass follow the energy as before when it spreads wider
    follow = covariance[0] / covariance[0, 0]
    covariance += (ENERGY_RANGE**2 - 1) * covariance[0, 0] * np.outer(follow, follow)
    return Prior(mean, np.linalg.inv(covariance))


def fit_showers(
    found: Stations, front: Front, lateral: Lateral, prior: Prior, settings: LikelihoodSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Find the most likely showers.

    Parameters
    ----------
    front, lateral
        Where the search starts.

    Returns
    -------
    parameters
        See ``expectation.PARAMETERS``, shape (events, 8).
    covariance
        Inverse Fisher information, shape (events, 8, 8).

    Raises
    ------
    CascadeError
        Stations stand elsewhere than the array's settings say.
    """
    cuts = window_cuts(found.trace.shape[1], settings)
    seen = sites(found, settings.array, settings.detector, cuts, settings.model_error)
    start = _start(found, front, lateral, prior, settings)
    precision = _precision(prior, settings)

    def likelihood(parameters: np.ndarray, which: np.ndarray) -> Expansion:
        part = seen.select(which, found.events)
        expected = expectation(part.position, part.event, parameters, cuts, settings)
        signals = signal_terms(part, expected.signal, expected.signal_slope)
        terms = _add_times(signals, part, expected)
        apart = parameters - start[which]
        apart[:, :2] = parameters[:, :2]
        apart[:, 5:] = parameters[:, 5:] - prior.mean
        return with_prior(terms, part.event, apart, precision)

    best, expansion = maximise(likelihood, start, _limit, settings.iterations)
    return best, np.linalg.inv(expansion.information)


def window_cuts(bins: int, settings: LikelihoodSettings) -> tuple[int, ...]:
    """Return the bins at which the time windows end; the last window ends with the trace."""
    cuts = {round(time / settings.traces.bin_width) for time in settings.windows}
    return (*sorted(cut for cut in cuts if 0 < cut < bins), bins)


def _add_times(terms: Terms, seen: Sites, expected: Expectation) -> Terms:
    """Add what the times of triggered stations say."""
    weight = np.where(seen.silent, 0, 1 / seen.time_error)
    pull = weight * (seen.time - expected.time)
    slope = weight[:, np.newaxis] * expected.time_slope
    return Terms(
        terms.value - 0.5 * pull**2,
        terms.gradient + pull[:, np.newaxis] * slope,
        terms.information + slope[:, :, np.newaxis] * slope[:, np.newaxis],
    )


def _precision(prior: Prior, settings: LikelihoodSettings) -> np.ndarray:
    """Return the inverse covariance of all parameters beforehand, shape (8, 8)."""
    core_spread = CORE_SPREAD * settings.array.spacing
    precision = np.zeros((len(PARAMETERS), len(PARAMETERS)))
    spreads = np.array([SPREAD, SPREAD, TIME_SPREAD, core_spread, core_spread])
    precision[:5, :5] = np.diag(spreads**-2.0)
    precision[5:, 5:] = prior.precision
    return precision


def _start(
    found: Stations, front: Front, lateral: Lateral, prior: Prior, settings: LikelihoodSettings
) -> np.ndarray:
    """Return the parameters of the plane front and the lateral distribution: (events, 8)."""
    start = np.empty((found.events, len(PARAMETERS)))
    start[:, :2] = front.axis[:, :2]
    weight = station_time_errors(found, settings.detector) ** -2
    centre = barycentre(found, weight)
    start[:, 2] = front.time + np.einsum("ei,ei->e", centre, front.axis) / SPEED_OF_LIGHT
    start[:, 3:5] = lateral.core
    start[:, 5:] = prior.mean
    # what a mean shower of 10¹⁹ eV gives there, as if the maximum were straight above the core
    ground = atmosphere.vertical_depth(settings.array.altitude)
    delta_x = np.maximum(ground / front.axis[:, 2] - prior.mean[1], 100)
    mass = np.exp(prior.mean[2])
    typical = sum(mean_signals(TYPICAL_DISTANCE, delta_x, 19.0, mass, settings.signal))
    seen = found.counts > 0
    start[seen, 5] = (19 + lateral.lg_signal - np.log10(typical))[seen]
    return start


def _limit(parameters: np.ndarray) -> np.ndarray:
    parameters = np.clip(parameters, BOUNDS[:, 0], BOUNDS[:, 1])
    length = np.linalg.norm(parameters[:, :2], axis=1, keepdims=True)
    parameters[:, :2] *= np.minimum(1, STEEPEST / np.maximum(length, 1e-12))
    return parameters
