"""What the signals of stations say about a shower: terms of a log-likelihood with derivatives.

The signal of a triggered station is normal about its expectation µ, with a variance σ² that grows
with µ as particle numbers fluctuate; of a silent station it is known only that its signal stayed
below the threshold T: ln Φ((T − µ) / σ). The information about the parameters in a normal number
whose variance follows its mean is µ'² (1 / σ² + (dσ²/dµ)² / (2 σ⁴)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import log_ndtr

from cascade.studies.showers.baselines.fisher_scoring import Expansion
from cascade.studies.showers.baselines.front_fit import station_time_errors
from cascade.studies.showers.baselines.neighbours import silent_neighbours
from cascade.studies.showers.baselines.observables import Stations, event_sums
from cascade.studies.showers.settings.sources import ArraySettings, DetectorSettings
from cascade.studies.showers.simulation.detector import threshold


@dataclass(frozen=True)
class Sites:
    """Triggered stations and the silent ones next to them, flat, events rising.

    Attributes
    ----------
    event
        Shape (n,).
    position
        East, north, up [m], shape (n, 3).
    time, time_error
        Start of the trace and its error [ns], shape (n,); of no meaning for silent stations.
    signal
        Particles in each time window, shape (n, windows); 0 for silent stations.
    noise
        Variance of these that does not follow their expectation, shape (n, windows).
    silent
        Shape (n,).
    threshold
        Signal [particles] below which a station is silent.
    """

    event: np.ndarray
    position: np.ndarray
    time: np.ndarray
    time_error: np.ndarray
    signal: np.ndarray
    noise: np.ndarray
    silent: np.ndarray
    threshold: float

    def select(self, which: np.ndarray, events: int) -> Self:
        """Return the sites of the events ``which`` (rising numbers), counted from 0 in it."""
        number = np.full(events, -1)
        number[which] = np.arange(len(which))
        event = number[self.event]
        kept = event >= 0
        return type(self)(
            event[kept],
            *(getattr(self, name)[kept] for name in _COLUMNS),
            threshold=self.threshold,
        )


_COLUMNS = ("position", "time", "time_error", "signal", "noise", "silent")


@dataclass(frozen=True)
class Terms:
    """Terms of a log-likelihood, one a station.

    Attributes
    ----------
    value
        Shape (n,).
    gradient
        Shape (n, parameters).
    information
        Shape (n, parameters, parameters).
    """

    value: np.ndarray
    gradient: np.ndarray
    information: np.ndarray


def sites(
    found: Stations,
    array: ArraySettings,
    detector: DetectorSettings,
    cuts: tuple[int, ...] | None = None,
    model_error: float = 0.0,
) -> Sites:
    """Return what the stations of events have seen, and who next to them has seen nothing.

    Parameters
    ----------
    cuts
        Bins where the time windows end, rising, the last one the trace's end; by default there is
        one window, the whole trace.
    model_error
        Relative error of the expectations that the signals will be compared with.

    Raises
    ------
    CascadeError
        Stations stand elsewhere than the array's settings say.
    """
    event, place = silent_neighbours(found, array)
    bins = found.trace.shape[1]
    cuts = cuts or (bins,)
    starts = [0, *cuts[:-1]]
    signal = np.add.reduceat(found.trace, starts, axis=1, dtype=np.float64)
    square = np.add.reduceat(np.square(found.trace), starts, axis=1, dtype=np.float64)
    width = np.diff(cuts, prepend=0)
    pedestal = width * (detector.pedestal * detector.pedestal_spread) ** 2
    noise = pedestal + detector.relative_noise**2 * square + (model_error * signal) ** 2
    number = len(event)
    columns = {
        "event": (found.event, event),
        "position": (found.position, place),
        "time": (found.time, np.zeros(number)),
        "time_error": (station_time_errors(found, detector), np.ones(number)),
        "signal": (signal, np.zeros((number, len(cuts)))),
        "noise": (noise, np.broadcast_to(pedestal, (number, len(cuts)))),
        "silent": (np.zeros(len(found), bool), np.ones(number, bool)),
    }
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.argsort(joined["event"], kind="stable")
    limit = threshold(bins, detector) - bins * detector.pedestal
    return Sites(**{name: values[order] for name, values in joined.items()}, threshold=limit)


def signal_terms(seen: Sites, mean: np.ndarray, slope: np.ndarray) -> Terms:
    """Return the log-likelihood of the stations' signals and how it changes.

    Parameters
    ----------
    mean
        Expected signals [particles], above 0, shape (n, windows).
    slope
        Their derivatives, shape (n, windows, parameters).
    """
    variance = mean + seen.noise
    rest = seen.signal - mean
    score = rest / variance + 0.5 * (rest**2 / variance**2 - 1 / variance)
    weight = 1 / variance + 0.5 / variance**2
    value = -0.5 * (rest**2 / variance + np.log(variance)).sum(axis=1)
    silent = np.flatnonzero(seen.silent)
    if len(silent):
        # the sum over the windows stayed below the threshold
        total, spread = mean[silent].sum(axis=1), np.sqrt(variance[silent].sum(axis=1))
        z = (seen.threshold - total) / spread
        value[silent] = log_ndtr(z)
        hazard = np.exp(-0.5 * z**2 - log_ndtr(z)) / np.sqrt(2 * np.pi)
        dz = -(1 + 0.5 * z / spread) / spread
        score[silent] = (hazard * dz)[:, np.newaxis]
        weight[silent] = 0
    gradient = np.einsum("nw,nwp->np", score, slope)
    root = np.sqrt(weight)[..., np.newaxis] * slope
    information = np.swapaxes(root, 1, 2) @ root
    if len(silent):
        sum_slope = slope[silent].sum(axis=1)
        curvature = hazard * (hazard + z) * dz**2
        information[silent] = (
            curvature[:, np.newaxis, np.newaxis]
            * sum_slope[:, :, np.newaxis]
            * sum_slope[:, np.newaxis]
        )
    return Terms(value, gradient, information)


def with_prior(
    terms: Terms, event: np.ndarray, apart: np.ndarray, precision: np.ndarray
) -> Expansion:
    """Sum terms over each event and add the logarithm of a normal prior.

    Parameters
    ----------
    apart
        Parameters minus their mean beforehand, shape (events, parameters).
    precision
        Inverse covariance beforehand, shape (…, parameters, parameters).
    """
    events = len(apart)
    pull = np.einsum("...pq,...q->...p", precision, apart)
    return Expansion(
        event_sums(terms.value, event, events) - 0.5 * np.einsum("ep,ep->e", pull, apart),
        event_sums(terms.gradient, event, events) - pull,
        event_sums(terms.information, event, events) + precision,
    )
