"""What is read off the stations of an event: signals, times, shapes of the traces.

The triggered stations of all events lie one after the other ("flat"), each with the number of its
event; sums over the stations of an event are sums over segments. This takes no padding and keeps
each step of a reconstruction one operation over all events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import awkward as ak
import numpy as np

from cascade.studies.showers.settings.sources import DetectorSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

EARLY = 300.0
"""A signal is early within this time from the start of its trace [ns]."""
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Shares of the signal whose arrival times describe a trace."""


@dataclass(frozen=True)
class Stations:
    """Triggered stations of some events, flat, in the order of the events.

    Attributes
    ----------
    counts
        Stations of each event, shape (events,).
    event
        To which event each station belongs, rising, shape (n,).
    position
        East, north, up [m], shape (n, 3).
    time
        Start of the trace [ns], shape (n,).
    trace
        Particles per bin, without the mean noise, shape (n, bins).
    signal
        Sum of the trace [particles], shape (n,).
    """

    counts: np.ndarray
    event: np.ndarray
    position: np.ndarray
    time: np.ndarray
    trace: np.ndarray
    signal: np.ndarray

    def __len__(self) -> int:
        return len(self.event)

    @property
    def events(self) -> int:
        """Number of events, those without stations included."""
        return len(self.counts)

    def keep(self, mask: np.ndarray) -> Self:
        """Return the stations where a mask (n,) holds; no event is lost."""
        counts = np.bincount(self.event[mask], minlength=self.events)
        names = ("event", "position", "time", "trace", "signal")
        return type(self)(counts, *(getattr(self, name)[mask] for name in names))


def stations(events: Events, detector: DetectorSettings) -> Stations:
    """Return the stations of events, flat, with the mean noise taken off their traces."""
    counts = ak.to_numpy(ak.num(events["time"]))
    trace = _flat(events["trace"], np.float32)
    if trace.ndim == 1:  # not a single station: the number of bins is unknown
        trace = trace.reshape(0, 1)
    trace = trace - np.float32(detector.pedestal)
    return Stations(
        counts=counts,
        event=np.repeat(np.arange(len(counts)), counts),
        position=_flat(events["position"], np.float64).reshape(-1, 3),
        time=_flat(events["time"], np.float64),
        trace=trace,
        signal=trace.sum(axis=1, dtype=np.float64),
    )


def event_sums(values: np.ndarray, event: np.ndarray, events: int) -> np.ndarray:
    """Sum values of stations over each event: (n, …) → (events, …), 0 for events without any.

    Parameters
    ----------
    event
        Rising numbers of the events, shape (n,).
    """
    sums = np.zeros((events, *values.shape[1:]), values.dtype)
    if len(event):
        starts = np.flatnonzero(np.diff(event, prepend=-1))
        sums[event[starts]] = np.add.reduceat(values, starts, axis=0)
    return sums


def ranks(values: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order the stations of each event by falling values.

    Returns
    -------
    order
        Stations, event by event, largest value first, shape (n,).
    rank
        Place of each of them within its event, from 0, shape (n,).
    """
    event = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((-values, event))
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return order, np.arange(len(event)) - first


def hottest(values: np.ndarray, found: Stations, number: int, missing: float) -> np.ndarray:
    """Return values of the stations with the largest signals: (events, number).

    Where an event has fewer stations, ``missing`` stands in their place.
    """
    order, rank = ranks(found.signal, found.counts)
    table = np.full((found.events, number), missing)
    kept = rank < number
    table[found.event[order[kept]], rank[kept]] = values[order[kept]]
    return table


@dataclass(frozen=True)
class Shapes:
    """Shapes of traces, one entry a station.

    Attributes
    ----------
    quantiles
        Times from the start of the trace at which the shares ``QUANTILES`` of the signal have
        come [ns], shape (n, 5).
    early
        Share of the signal that comes within the first ``EARLY`` ns, shape (n,).
    peak
        Largest bin over the sum, shape (n,).
    """

    quantiles: np.ndarray
    early: np.ndarray
    peak: np.ndarray

    @property
    def rise_time(self) -> np.ndarray:
        """From 10 % to 50 % of the signal [ns], shape (n,)."""
        return self.quantiles[:, 2] - self.quantiles[:, 0]


def shapes(trace: np.ndarray, bin_width: float) -> Shapes:
    """Return the shapes of traces (n, bins) without mean noise.

    A trace may dip below zero by noise; its cumulative sum is made to rise, and ends at its sum.
    """
    bins = trace.shape[1]
    total = np.maximum(trace.sum(axis=1, dtype=np.float64), 1e-3)
    share = np.cumsum(trace, axis=1, dtype=np.float64) / total[:, np.newaxis]
    share = np.clip(np.maximum.accumulate(share, axis=1), 0, 1)
    share = np.pad(share, ((0, 0), (1, 0)))
    quantiles = np.empty((len(trace), len(QUANTILES)))
    row = np.arange(len(trace))
    for column, level in enumerate(QUANTILES):
        after = np.clip((share < level).sum(axis=1), 1, bins)
        low, high = share[row, after - 1], share[row, after]
        inside = np.clip((level - low) / np.maximum(high - low, 1e-9), 0, 1)
        quantiles[:, column] = bin_width * (after - 1 + inside)
    last = min(int(np.ceil(EARLY / bin_width)), bins)
    return Shapes(quantiles, share[:, last], trace.max(axis=1, initial=0) / total)


def _flat(ragged: ak.Array, dtype: type) -> np.ndarray:
    return np.asarray(ak.to_numpy(ak.flatten(ragged, axis=1)), dtype)
