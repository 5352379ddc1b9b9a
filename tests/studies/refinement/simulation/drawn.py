"""Both domains of the study, stations drawn from them, and what the formulas say of these."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, poisson

from cascade.events.seeding import Block, sequence
from cascade.settings import validate
from cascade.studies.refinement.settings import StationSettings
from cascade.studies.refinement.simulation.simulate import simulate
from cascade.studies.showers.simulation.particles import arrivals
from cascade.studies.showers.simulation.signals import mean_signals

SIMULATION: dict = {"detector": {"threshold": 1.2}}
DATA = {
    "signal": {"muonic": 0.7, "electromagnetic": 0.3},
    "detector": {"threshold": 1.2, "relative_noise": 0.1, "pedestal_spread": 1.0},
}
DOMAINS = {"simulation": SIMULATION, "data": DATA}
NO_TRIGGER = {"threshold": 0.0}


def settings(domain=SIMULATION, **changes):
    """Return the settings of a domain with changes, a level deep, to them."""
    merged = {**domain}
    for key, value in changes.items():
        known = domain.get(key)
        merged[key] = known | value if isinstance(known, dict) else value
    return validate(StationSettings, merged)


def drawn(events, domain=SIMULATION, seed=1, **changes):
    return simulate(Block(0, events, sequence(seed)), settings(domain, **changes))


def total(events):
    return events["trace"].sum(axis=1, dtype=float)


def expected_bins(events, chosen):
    """Return the mean muons and electromagnetic particles of protons in each bin, (n, bins)."""
    distance, delta_x, lg_energy = (
        events[name].astype(float) for name in ("distance", "delta_x", "lg_energy")
    )
    signals = mean_signals(distance, delta_x, lg_energy, 1, chosen.signal)
    # an integer is half a particle less than what it is cut from
    return [
        (signal - 0.5)[:, None] * arrival.shares(chosen.traces)[:, :-1]
        for signal, arrival in zip(signals, arrivals(distance, delta_x, chosen.traces), strict=True)
    ]


def read_out_mean(mean, detector):
    """Return what bins with so many particles in the mean read: noise is cut off at 0, (…)."""
    found = mean + detector.pedestal
    for number in range(5):
        centre = number + detector.pedestal
        spread = np.hypot(
            detector.relative_noise * number, detector.pedestal * detector.pedestal_spread
        )
        cut = centre / spread
        positive = centre * norm.cdf(cut) + spread * norm.pdf(cut)
        found = found + poisson.pmf(number, mean) * (positive - centre)
    return found
