"""The source ``root``: a user's ROOT files with the stations of simulated or measured showers.

Stations are found on the lattice by where they stand. Those without a finite time or trace are
silent, as in files that hold all stations of the array. The truth is optional.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.events.root import read_chunks
from cascade.progress import LOGGER
from cascade.studies.showers.array import ROW_HEIGHT, nearest_axial, site
from cascade.studies.showers.ingestion.branches import Entries
from cascade.studies.showers.ingestion.stations import Stations, read_stations
from cascade.studies.showers.ingestion.truth import read_truth
from cascade.studies.showers.settings.ingest import RootSettings
from cascade.studies.showers.settings.sources import ArraySettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

LATEST = 1e6
"""Times beyond this [ns] lose a tenth of a nanosecond and more in single precision."""


def ingest(
    files: Sequence[str | Path], settings: RootSettings, keep: Callable[[int, int], np.ndarray]
) -> Iterator[Events]:
    """Read showers from ROOT files, a chunk at a time.

    Parameters
    ----------
    files
        ROOT files; their events are numbered through in this order.
    settings
        Tree, branches, units, traces and array.
    keep
        ``keep(first, number)`` is the mask of the wanted events; the others are passed over.

    Yields
    ------
    Events
        Stations, and the fields of the truth whose branches are named.

    Raises
    ------
    CascadeError
        A file, tree or branch is missing, damaged or empty; lists of an event differ in length; a
        trace has not as many bins as wanted; a station stands off the lattice, or where another
        one stands; a value of the truth is not finite, or impossible in its unit.
    """
    number, left_out = 0, Counter()
    for chunk in read_chunks(files, settings.tree, _branches(settings), settings.chunk):
        rows = np.flatnonzero(np.asarray(keep(number, chunk.entries), bool))
        number += chunk.entries
        entries = Entries(chunk, rows)
        stations = read_stations(entries, settings)
        heard = np.isfinite(stations.time) & np.isfinite(stations.trace).all(axis=1)
        there = stations.pick(heard)
        there, sites, shift = on_array(entries, there, settings)
        if settings.time_zero == "largest":
            there = _from_largest(there, len(rows))
        _check_times(entries, there)
        left_out["have no finite time and trace"] += int(np.sum(~heard))
        left_out["are not on the array's lattice"] += int(np.sum(heard)) - len(sites)
        counts = np.bincount(there.event, minlength=len(rows))
        events = {
            "station": ak.unflatten(sites.astype(np.int16), counts),
            "position": ak.unflatten(there.position.astype(np.float32), counts),
            "time": ak.unflatten(there.time.astype(np.float32), counts),
            "trace": ak.unflatten(there.trace.astype(np.float32), counts),
            **read_truth(entries, settings, shift),
        }
        yield {name: values[counts >= settings.min_stations] for name, values in events.items()}
    for reason, stations in left_out.items():
        if stations:
            LOGGER.info("showers/root: %d stations %s and are left out", stations, reason)


def on_array(
    entries: Entries, stations: Stations, settings: RootSettings
) -> tuple[Stations, np.ndarray, np.ndarray]:
    """Find the sites of stations.

    Returns
    -------
    stations
        Those that stand at a site, relative to their array's centre.
    sites
        Their sites: (stations,).
    shift
        Where each event's array is centred [m], in the array's frame: (events, 2).

    Raises
    ------
    CascadeError
        A station has no finite position, or has no site and ``strays`` is ``error``.
    """
    array = settings.array
    lost = ~np.isfinite(stations.position).all(axis=1)
    if lost.any():
        raise entries.mistake(
            f"{_name(entries, stations, int(np.argmax(lost)))} has a trace but no finite position"
        )
    cell = nearest_axial(array, stations.position)
    off = np.linalg.norm(stations.position[:, :2] - _plane(array, cell), axis=1)
    far = off > settings.tolerance
    if far.any() and settings.strays == "error":
        place = int(np.argmax(far))
        raise entries.mistake(
            f"{_name(entries, stations, place)} stands {off[place]:.4g} m off the next site of the "
            f"lattice, beyond the tolerance of {settings.tolerance:g} m; check 'array.spacing', "
            "'centre', 'rotation' and 'units.length', or set 'strays: drop'"
        )
    stations, cell = stations.pick(~far), cell[~far]
    origin = np.zeros((len(entries.rows) + 1, 2), int)
    if settings.centred_on == "largest":
        # −1, for events without stations, is the last row, which stays
        origin[:-1] = np.append(cell, [[0, 0]], axis=0)[stations.largest(len(entries.rows))]
    shift = _plane(array, origin[:-1])
    stations, sites = _distinct(entries, stations, cell - origin[stations.event], settings)
    position = stations.position.copy()
    position[:, :2] -= shift[stations.event]
    return replace(stations, position=position), sites, shift


def _distinct(
    entries: Entries, stations: Stations, cell: np.ndarray, settings: RootSettings
) -> tuple[Stations, np.ndarray]:
    """Return the stations that have a site for themselves, the first ones of their site."""
    array = settings.array
    sites = site(array, cell)
    beyond = sites < 0
    if beyond.any() and settings.strays == "error":
        place = int(np.argmax(beyond))
        x, y = _plane(array, cell[place])
        raise entries.mistake(
            f"{_name(entries, stations, place)} stands outside the array of {array.rows} rows with "
            f"{array.columns} stations: {x:.0f} m along the rows and {y:.0f} m across from its "
            "centre; check 'array', 'centre' and 'units.length', or set 'strays: drop'"
        )
    stations, sites = stations.pick(~beyond), sites[~beyond]
    where = stations.event * (array.rows * array.columns) + sites
    _, first, which = np.unique(where, return_index=True, return_inverse=True)
    second = first[which] != np.arange(len(where))
    if second.any() and settings.strays == "error":
        later = int(np.argmax(second))
        raise entries.mistake(
            f"{_name(entries, stations, later)} stands at the same site, number {sites[later]}, as "
            f"station {stations.index[first[which[later]]]}; check 'array.spacing' and "
            "'units.length', or set 'strays: drop' to keep the first"
        )
    return stations.pick(~second), sites[~second]


def _plane(array: ArraySettings, cell: np.ndarray) -> np.ndarray:
    """Return x, y of points of the lattice in axial coordinates (…, 2) [m]."""
    q, r = cell[..., 0], cell[..., 1]
    return array.spacing * np.stack([q + r / 2, r * ROW_HEIGHT], axis=-1)


def _name(entries: Entries, stations: Stations, place: int) -> str:
    entry = entries.entry(stations.event[place])
    return f"station {stations.index[place]} in entry {entry}"


def _from_largest(stations: Stations, events: int) -> Stations:
    """Return the stations with times that count from the one with the largest signal."""
    zero = np.append(stations.time, 0.0)[stations.largest(events)]
    return replace(stations, time=stations.time - zero[stations.event])


def _check_times(entries: Entries, stations: Stations) -> None:
    far = np.abs(stations.time) > LATEST
    if far.any():
        place = int(np.argmax(far))
        raise entries.mistake(
            f"{_name(entries, stations, place)} starts at {stations.time[place]:.4g} ns, too far "
            "from 0 for single precision; check 'units.time', or set 'time_zero: largest'"
        )


def _branches(settings: RootSettings) -> list[str]:
    """Return the branches that are named, each once."""
    named = [*settings.stations.model_dump().values(), *settings.truth.model_dump().values()]
    lists = [[name] if isinstance(name, str) else name or () for name in named]
    return list(dict.fromkeys(name for names in lists for name in names))
