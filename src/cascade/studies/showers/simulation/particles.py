"""When the particles of a station arrive: exact counts per time bin, without drawing them singly.

The N particles of a component fall into the time bins as a multinomial. If M ≤ N of them are drawn
as independent Poisson counts, these are, whatever M is, M of the N multinomial particles; so only
the N − M ≈ √N others are left to be placed one by one. The law is that of N single draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from cascade.studies.showers.settings.sources import TraceSettings

FEW = 60
"""With fewer particles than this it costs less to place each than to draw a count for each bin."""
MARGIN = 1.0
"""The Poisson mean stays below N by this times √N."""
GROWTH_DISTANCE, GROWTH = 750.0, 1.4  # m; arrival times grow as (r / 750 m)^1.4


@dataclass(frozen=True)
class Arrival:
    """Log-normal arrival times of one component at n stations.

    Attributes
    ----------
    median
        Of the arrival times [ns], without the delay, shape (n,).
    delay
        By which all of them are moved [ns], shape (n,).
    """

    median: np.ndarray
    delay: np.ndarray

    def shares(self, settings: TraceSettings) -> np.ndarray:
        """Return the probability of each bin, and of all that lies behind: (n, bins + 1)."""
        edges = settings.bin_width * np.arange(1, settings.bins + 1, dtype=np.float32)
        late = edges - self.delay[:, np.newaxis].astype(np.float32)
        with np.errstate(divide="ignore"):
            logarithm = np.log(np.maximum(late, 0, out=late), out=late)
        logarithm -= np.log(self.median).astype(np.float32)[:, np.newaxis]
        logarithm /= np.float32(settings.spread)
        before = ndtr(logarithm, out=logarithm)
        return np.diff(before, axis=1, prepend=np.float32(0), append=np.float32(1))

    def bins(
        self, rng: np.random.Generator, row: np.ndarray, settings: TraceSettings
    ) -> np.ndarray:
        """Draw the bin of single particles at the stations ``row``, in no case beyond ``bins``."""
        time = rng.standard_normal(len(row), dtype=np.float32)
        time *= np.float32(settings.spread)
        np.exp(time, out=time)
        time *= (self.median / settings.bin_width).astype(np.float32)[row]
        time += (self.delay / settings.bin_width).astype(np.float32)[row]
        return np.minimum(time, settings.bins).astype(np.int64)

    def __getitem__(self, rows: np.ndarray) -> Arrival:
        return Arrival(self.median[rows], self.delay[rows])


def arrivals(
    distance: np.ndarray, delta_x: np.ndarray, settings: TraceSettings
) -> tuple[Arrival, Arrival]:
    """Return when muons and electromagnetic particles arrive.

    Parameters
    ----------
    distance
        From the station to the shower axis [m], shape (n,).
    delta_x
        Slant depth between the station and the maximum [g/cm²], shape (n,).
    """
    s = settings
    growth = (distance / GROWTH_DISTANCE) ** GROWTH
    depth = delta_x / 1000
    muonic = s.muonic_median + s.muonic_growth * growth * (1 - s.muonic_depth * depth)
    electromagnetic = s.electromagnetic_median + s.electromagnetic_growth * growth * (
        1 - s.electromagnetic_depth * depth
    )
    delay = s.delay * (electromagnetic - muonic)
    return Arrival(muonic, np.zeros_like(muonic)), Arrival(electromagnetic, delay)


def histograms(
    rng: np.random.Generator, number: np.ndarray, arrival: Arrival, settings: TraceSettings
) -> np.ndarray:
    """Draw how many of N particles fall into each bin: (n, bins), float32.

    Parameters
    ----------
    number
        Particles N of each station, whole numbers, shape (n,). Those behind the last bin are lost.
    """
    counts = np.zeros((len(number), settings.bins + 1), np.float32)
    left = np.asarray(number, np.int64).copy()
    many = np.flatnonzero(left >= FEW)
    counts[many], left[many] = _poisson_part(rng, left[many], arrival[many].shares(settings))
    row = np.repeat(np.arange(len(left)), left)
    cell = row * counts.shape[1] + arrival.bins(rng, row, settings)
    counts += np.bincount(cell, minlength=counts.size).reshape(counts.shape)
    return counts[:, :-1]


def _poisson_part(
    rng: np.random.Generator, number: np.ndarray, shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw M ≤ N particles as Poisson counts; return them and the N − M that are left."""
    shares *= (number - MARGIN * np.sqrt(number))[:, np.newaxis]
    np.maximum(shares, 0, out=shares)  # differences of rounded probabilities
    counts = rng.poisson(shares)
    left = number - counts.sum(axis=1)
    # given M the counts are multinomial for any M, so drawing again does not bend the law
    while len(again := np.flatnonzero(left < 0)):
        counts[again] = rng.poisson(shares[again])
        left[again] = number[again] - counts[again].sum(axis=1)
    return counts, left
