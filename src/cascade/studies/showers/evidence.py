"""Where the truth lies in a footprint: explanations of networks are held to it.

The hottest stations have signals that are large against their noise. How fast their traces rise
tells of the distance to the axis and of the depth of the maximum; experiments use the time in which
half of the signal has come (Pierre Auger Collaboration, arXiv:1710.07249).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import awkward as ak
import numpy as np

from cascade.studies.showers.settings.sources import DetectorSettings

HOTTEST = 3
"""Stations of an event in which the truth lies: as many as an axis needs."""
RISE = 0.5
"""The rise lasts until this share of the station's signal has come."""
SIGNIFICANCE = 3.0
"""A bin holds signal if it is above the pedestal by so many standard deviations of its noise."""


def earliest(events: Mapping[str, Any]) -> ak.Array:
    """Return which time bins are the earliest with signal of the hottest stations.

    The earliest bins are those before ``RISE`` of the station's signal has come; the hottest
    stations are the ``HOTTEST`` with the largest signals. Bins of noise alone do not count: to pick
    them out takes no network, so that the order to be compared with is that of an observer who
    knows where signal is. Events do not carry their noise; it is that of the detector's defaults.

    Shapes
    ------
    trace (events, stations, bins), ragged -> the same, of int8: 1 for the earliest bins with signal
    of the hottest stations, 0 for any others with signal, −1 for those of noise alone
    """
    number = ak.to_numpy(ak.num(events["trace"], axis=1))
    traces = ak.to_numpy(ak.flatten(events["trace"], axis=1)).astype(np.float64)
    detector = DetectorSettings()
    above = traces - detector.pedestal
    total = above.sum(axis=1, keepdims=True)
    noise = detector.pedestal * detector.pedestal_spread
    before = np.cumsum(above, axis=1) - above < RISE * total
    there = (hotness(total[:, 0], number) < HOTTEST)[:, np.newaxis] & before
    found = np.where(above > SIGNIFICANCE * noise, there, -1).astype(np.int8)
    return ak.unflatten(found, number)


def hotness(signal: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the rank of each station by its signal among those of its event, 0 for the largest.

    Parameters
    ----------
    signal
        Of all stations, event by event, (K,).
    number
        Stations of each event, (B,).
    """
    event = np.repeat(np.arange(len(number)), number)
    order = np.lexsort((-signal, event))
    rank = np.empty(len(signal), int)
    first = np.cumsum(number) - number
    rank[order] = np.arange(len(signal)) - np.repeat(first, number)
    return rank
