"""How relevance falls with the distance from the axis, and with time in the hottest stations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np
from matplotlib.axes import Axes

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.studies.showers.evidence import HOTTEST, RISE, hotness
from cascade.studies.showers.products.explained import Explanation, read_explanation, summed
from cascade.studies.showers.settings import RelevanceProfilesSettings

READ = ("position", "trace", "core", "axis")
SIGNAL = "signal"
"""The line that relevance is compared with."""
MOST = 6
LEAST = 5e-5
"""Smallest share of a station that is drawn."""


@dataclass(frozen=True)
class Stations:
    """All stations of an explanation's events, one after the other.

    Attributes
    ----------
    number
        Stations of each event, (B,).
    distance
        From the true axis [km], (K,).
    hottest
        Whether it is one of the hottest of its event, (K,).
    rise
        Bins until half of the signal has come, (K,).
    shares
        By way, and of the signal above the pedestal: (K, bins); those of an event add up to 1.
    """

    number: np.ndarray
    distance: np.ndarray
    hottest: np.ndarray
    rise: np.ndarray
    shares: dict[str, np.ndarray]


@dataclass(frozen=True)
class Profile:
    """Means and their standard errors over bins; NaN where there is too little."""

    mean: np.ndarray
    error: np.ndarray


@style.styled
def relevance_over_distance(inputs: Inputs, settings: RelevanceProfilesSettings) -> Result:
    """Draw the mean share of the relevance over the distance from the axis, and over time."""
    explanation = read_explanation(inputs, settings.ways, settings.labels, MOST)
    stations = read_stations(explanation)
    edges = np.linspace(0, settings.reach, settings.bins + 1)
    bin_width = explanation.layout.bin_width
    times = bin_width * np.arange(stations.shares[SIGNAL].shape[1] + 1)
    labels = {**explanation.ways, SIGNAL: "signal"}
    over_distance = {
        name: over(stations.distance, share.sum(axis=1), edges, settings.min_stations)
        for name, share in stations.shares.items()
    }
    over_time = {name: in_time(stations, name) for name in stations.shares}
    figure, axes = style.subplots(1, 2, width=style.PAGE, height=2.9)
    left, right = axes[0]
    for place, name in enumerate(labels):
        look = {"color": "black", "linewidth": 1.6} if name == SIGNAL else style.line(_hue(place))
        _draw(left, edges, over_distance[name], labels[name], look)
        _draw(right, times, over_time[name], labels[name], look)
    ends = bin_width * np.percentile(stations.rise[stations.hottest], (16, 84))
    right.axvspan(*ends, color="0.9", linewidth=0, zorder=0)
    left.set(xlabel="distance from the axis [km]", ylabel="share per station", yscale="log")
    left.set(xlim=(0, settings.reach), ylim=(LEAST, 1.5))
    right.set(xlabel="time after the station's start [ns]", xlim=(0, times[-1]), yscale="log")
    right.set_ylabel(f"share per {bin_width:g} ns, {HOTTEST} hottest")
    style.legend_below(figure, axes, columns=4)
    numbers = {
        f"{explanation.network}/{name}_on_hottest": _on_hottest(stations, name)
        for name in stations.shares
    }
    table = _table({"distance_km": (edges, over_distance), "time_ns": (times, over_time)})
    return Result(figure, table, _caption(explanation, stations), numbers)


def _hue(place: int) -> int:
    """Return the running number of a line; black is the signal's."""
    return place if place < 2 else place + 1


def read_stations(explanation: Explanation) -> Stations:
    """Read all stations of an explanation, and what share they have in relevance and signal.

    Raises
    ------
    CascadeError
        There are none.
    """
    events = hdf5.read(explanation.path, READ)
    number = ak.to_numpy(ak.num(events["trace"], axis=1))
    if not number.sum():
        raise CascadeError(f"{explanation.path}: holds no triggered station")
    signal = _flat(events["trace"]) - explanation.layout.pedestal
    total = signal.sum(axis=1)
    rise = (np.cumsum(signal, axis=1) < RISE * total[:, np.newaxis]).sum(axis=1) + 1
    above = np.maximum(signal, 0)
    whole = np.repeat(summed(above.sum(axis=1), number), number)[:, np.newaxis]
    shares = {way: np.abs(share) for way, share in explanation.relevance().items()}
    hottest = hotness(total, number) < HOTTEST
    return Stations(
        number, _distance(events, number), hottest, rise, {**shares, SIGNAL: above / whole}
    )


def _flat(ragged: ak.Array) -> np.ndarray:
    return ak.to_numpy(ak.flatten(ragged, axis=1)).astype(np.float64)


def _distance(events: Mapping[str, Any], number: np.ndarray) -> np.ndarray:
    """Return the distances of all stations from the axes of their events [km], (K,)."""
    offset = _flat(events["position"])
    offset[:, :2] -= np.repeat(events["core"], number, axis=0)
    axis = np.repeat(events["axis"].astype(np.float64), number, axis=0)
    along = np.sum(offset * axis, axis=1)
    return np.sqrt(np.maximum(np.sum(offset**2, axis=1) - along**2, 0)) / 1000.0


def over(x: np.ndarray, values: np.ndarray, edges: np.ndarray, least: int) -> Profile:
    """Return mean and standard error of values in bins of x, NaN in bins with fewer than least."""
    place = np.digitize(x, edges) - 1
    mean, error = np.full((2, len(edges) - 1), np.nan)
    for bin_ in range(len(mean)):
        there = values[place == bin_]
        if len(there) >= least:
            mean[bin_] = there.mean()
            error[bin_] = there.std(ddof=1) / np.sqrt(len(there))
    return Profile(mean, error)


def in_time(stations: Stations, name: str) -> Profile:
    """Return the mean share of each time bin of the hottest stations, over events."""
    share = stations.shares[name] * stations.hottest[:, np.newaxis]
    events = summed(share, stations.number)[stations.number > 0]
    spread = events.std(axis=0, ddof=1) if len(events) > 1 else np.full(events.shape[1], np.nan)
    return Profile(events.mean(axis=0), spread / np.sqrt(len(events)))


def _draw(axes: Axes, edges: np.ndarray, profile: Profile, label: str, look: dict) -> None:
    middle = (edges[1:] + edges[:-1]) / 2
    positive = np.where(profile.mean > 0, profile.mean, np.nan)
    axes.plot(middle, positive, label=label, **look)
    low = np.maximum(profile.mean - profile.error, 1e-3 * profile.mean)
    axes.fill_between(
        middle, low, profile.mean + profile.error, color=look["color"], alpha=0.2, linewidth=0
    )


def _on_hottest(stations: Stations, name: str) -> Number:
    """Return the mean share of the hottest stations."""
    share = stations.shares[name].sum(axis=1) * stations.hottest
    events = summed(share, stations.number)[stations.number > 0]
    mean = float(events.mean())
    error = float(events.std(ddof=1) / np.sqrt(len(events))) if len(events) > 1 else 0.0
    return Number(mean, mean - error, mean + error, "1", len(events))


def _table(
    profiles: Mapping[str, tuple[np.ndarray, Mapping[str, Profile]]],
) -> dict[str, list]:
    columns = ("over", "low", "high", "of", "share", "error")
    table: dict[str, list] = {column: [] for column in columns}
    for over_what, (edges, found) in profiles.items():
        for name, profile in found.items():
            rows = zip(edges[:-1], edges[1:], profile.mean, profile.error, strict=True)
            for low, high, mean, error in rows:
                row = (over_what, float(low), float(high), name, float(mean), float(error))
                for column, value in zip(columns, row, strict=True):
                    table[column].append(value)
    return table


def _caption(explanation: Explanation, stations: Stations) -> str:
    events = style.plural(len(stations.number), "air shower")
    triggered = style.plural(int(stations.number.sum()), "station")
    return (
        f"What decides {explanation.number} to the network '{explanation.network}': mean share in "
        f"the absolute relevance of an event, by way of explaining, of {events} with {triggered}; "
        "black: the share in the signal above the pedestal. Left: of a station, over its distance "
        f"from the true axis. Right: of a time bin of the {HOTTEST} hottest stations; shaded: "
        "where half of their signal has come (68 % of them). Bands: standard errors; lines end "
        "where nothing is relevant, or too few stations are. Class activation maps know stations, "
        "but no time bins."
    )
