"""What is attainable: ``oracle`` knows the toy, and draws each trace anew with the data's settings.

Given its truth (energy, distance to the axis and depth to the maximum) a trace of the oracle has
the law of the data's traces. No network can do better than traces that data could have given. A
station that would stay silent is drawn until it triggers, since data hold no others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from cascade.errors import CascadeError
from cascade.studies.refinement.settings.transport import OracleSettings
from cascade.studies.refinement.simulation.simulate import draw_stations
from cascade.studies.showers.settings.sources import DetectorSettings
from cascade.studies.showers.simulation.particles import arrivals
from cascade.studies.showers.simulation.signals import mean_signals

if TYPE_CHECKING:
    from cascade.events.schema import Events

TRUTH = ("distance", "delta_x", "lg_energy")
BATCH = 4096
"""Traces drawn at once, if there are not more stations."""
PATIENCE = 500
"""Batches after which the settings are held to be a mistake."""


def fit_oracle(
    train: dict[str, Events], validation: dict[str, Events], settings: OracleSettings, seed: int
) -> tuple[dict[str, np.ndarray], list[dict[str, float]]]:
    """Learn nothing: all is in the settings.

    Returns
    -------
    model
        Empty.
    history
        Mean squared pull of the sums of validation traces that are drawn anew: around 1, somewhat
        more where only upward fluctuations trigger.
    """
    events = validation["simulation"]
    found = transform_oracle({}, events, settings, np.random.default_rng(seed))
    mean, spread = expected_sum(events, settings)
    pull = (found["trace"].sum(axis=1, dtype=np.float64) - mean) / spread
    return {}, [{"step": 1, "validation_loss": float(np.mean(pull**2))}]


def transform_oracle(
    model: dict[str, np.ndarray],
    events: Events,
    settings: OracleSettings,
    rng: np.random.Generator,
) -> Events:
    """Return the events with traces that data with the same truth would have.

    Raises
    ------
    CascadeError
        The truth is not known, traces have another number of bins, or a station that triggered in
        simulation hardly ever does in data.
    """
    truth, bins = _truth(events), settings.traces.bins
    if events["trace"].shape[1] != bins:
        raise CascadeError(
            f"oracle: traces have {events['trace'].shape[1]} bins, but 'traces.bins' is {bins}"
        )
    made = np.empty(events["trace"].shape, np.float32)
    left, batches = np.arange(len(made)), 0
    while len(left):
        # several tries at once where few stations are left; the first that triggers counts
        tried = np.repeat(left, max(1, BATCH // len(left)))
        some = (values[tried] for values in truth.values())
        traces, loud = draw_stations(rng, *some, settings.primaries[0], settings)
        done, first = np.unique(tried[loud], return_index=True)
        made[done] = traces[loud][first]
        left, batches = np.setdiff1d(left, done, assume_unique=True), batches + 1
        if batches == PATIENCE and len(left):
            where = ", ".join(f"{name} {values[left[0]]:.4g}" for name, values in truth.items())
            raise CascadeError(
                f"oracle: a station ({where}) hardly ever triggers with these settings; are they "
                "those of the data?"
            )
    return {**events, "trace": made}


def expected_sum(events: Events, settings: OracleSettings) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the sum of a trace [particles], (events,) each.

    The trigger and what noise cuts off faint bins with particles in them are left out.
    """
    distance, delta_x, lg_energy = _truth(events).values()
    signals = mean_signals(distance, delta_x, lg_energy, settings.primaries[0], settings.signal)
    components = zip(signals, arrivals(distance, delta_x, settings.traces), strict=True)
    bins = sum(
        signal[:, np.newaxis] * arrival.shares(settings.traces)[:, :-1]
        for signal, arrival in components
    )
    s = settings.detector
    noise = settings.traces.bins * (s.pedestal * s.pedestal_spread) ** 2
    noise += s.relative_noise**2 * (bins**2 + bins).sum(axis=1)
    signal = bins.sum(axis=1)
    return signal + settings.traces.bins * mean_noise(s), np.sqrt(signal + noise)


def mean_noise(settings: DetectorSettings) -> float:
    """Return the mean of a bin without particles: that of a normal number cut off at 0."""
    if settings.pedestal_spread == 0:
        return settings.pedestal
    edge = 1 / settings.pedestal_spread
    density = math.exp(-(edge**2) / 2) / math.sqrt(2 * math.pi)
    return settings.pedestal * (ndtr(edge) + settings.pedestal_spread * density)


def _truth(events: Events) -> dict[str, np.ndarray]:
    """Return what the oracle has to know of each station, in float64."""
    truth = {name: np.asarray(events[name], np.float64) for name in TRUTH}
    for name, values in truth.items():
        if not np.isfinite(values).all():
            raise CascadeError(f"oracle: '{name}' is not known of all stations")
    return truth
