"""The stations in a user's ROOT file: where they stand, when they start, and their traces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cascade.studies.showers.ingestion.branches import Entries
from cascade.studies.showers.ingestion.frame import METRES, Frame
from cascade.studies.showers.settings.ingest import RootSettings, TraceReading

NANOSECONDS = {"ns": 1.0, "us": 1e3, "s": 1e9}


@dataclass(frozen=True)
class Stations:
    """Stations of several events, one after the other: (stations, …).

    Attributes
    ----------
    event
        To which event each belongs.
    index
        Its place in the event's list in the file.
    position
        x, y, z in the array's frame [m].
    time
        Of the first bin of the trace [ns].
    trace
        Particles by time bin.
    """

    event: np.ndarray
    index: np.ndarray
    position: np.ndarray
    time: np.ndarray
    trace: np.ndarray

    def pick(self, wanted: np.ndarray) -> Stations:
        """Return the stations that a mask or a list of places selects."""
        return Stations(*(values[wanted] for values in vars(self).values()))

    def largest(self, events: int) -> np.ndarray:
        """Return where each event's station with the largest signal is, −1 if it has none."""
        order = np.lexsort((-np.arange(len(self.event)), self.trace.sum(axis=1), self.event))
        # the last one of an event stays; of equals the first
        found = np.full(events, -1)
        found[self.event[order]] = order
        return found


def read_stations(entries: Entries, settings: RootSettings) -> Stations:
    """Return all stations of the wanted events; silent ones have a NaN in their time or trace.

    Raises
    ------
    CascadeError
        Lists of an event differ in length, or a trace does not have the bins that are wanted.
    """
    branches, reading = settings.stations, settings.traces
    counts, time = entries.lists(branches.time)
    event = np.repeat(np.arange(len(counts)), counts)
    index = np.arange(len(time)) - np.repeat(np.cumsum(counts) - counts, counts)
    where = _positions(entries, counts, settings)
    named = [branches.trace] if isinstance(branches.trace, str) else branches.trace
    traces = [_traces(entries, name, counts, reading) for name in named]
    cut = (reading.first_bin or 0) / reading.rebin * reading.bin_width
    time = time * NANOSECONDS[settings.units.time] + cut
    return Stations(event, index, where, time, sum(traces[1:], traces[0]))


def _positions(entries: Entries, counts: np.ndarray, settings: RootSettings) -> np.ndarray:
    """Return where the stations stand in the array's frame [m]: (stations, 3)."""
    branch, frame = settings.stations.position, Frame.of(settings)
    if isinstance(branch, str):
        lengths, values = entries.station_lists(branch, counts)
        if (lengths != 3).any():
            wrong = int(np.argmax(lengths != 3))
            raise entries.mistake(
                f"branch '{branch}' holds {lengths[wrong]} numbers for "
                f"{entries.station(wrong, counts)}, not x, y and z"
            )
        where = values.reshape(-1, 3)
    else:
        columns = []
        for name in branch:
            sizes, values = entries.lists(name)
            entries.check(name, sizes, sizes == counts, counts)
            columns.append(values)
        where = np.stack(columns, axis=1)
    where = frame.place(where * METRES[settings.units.length])
    # stations without a height stand in the array's plane
    return np.pad(where, ((0, 0), (0, 3 - where.shape[1])))


def _traces(entries: Entries, branch: str, counts: np.ndarray, reading: TraceReading) -> np.ndarray:
    """Return one branch's traces, cut, added up and scaled, NaN if empty: (stations, bins)."""
    lengths, values = entries.station_lists(branch, counts)
    first, wanted = reading.first_bin or 0, reading.bins * reading.rebin
    long = (lengths > wanted) & (reading.first_bin is None)
    short = (lengths < first + wanted) & (lengths > 0) & (reading.pad is None)
    if (long | short).any():
        wrong = int(np.argmax(long | short))
        remedy = "cut it by 'traces.first_bin'" if long[wrong] else "lengthen it by 'traces.pad'"
        cut = f" from bin {first} on" if first else ""
        raise entries.mistake(
            f"branch '{branch}' holds {lengths[wrong]} time bins for "
            f"{entries.station(wrong, counts)}, but {wanted} are wanted{cut}; set 'traces.bins', "
            f"or {remedy}"
        )
    place = first + np.arange(wanted)
    there = place < lengths[:, np.newaxis]
    trace = np.full(there.shape, np.nan if reading.pad is None else reading.pad)
    trace[lengths == 0] = np.nan
    starts = np.cumsum(lengths) - lengths
    trace[there] = values[(starts[:, np.newaxis] + place)[there]]
    return reading.scale * trace.reshape(-1, reading.bins, reading.rebin).sum(axis=2)
