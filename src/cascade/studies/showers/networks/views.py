"""An estimate of a shower, and how its stations look from there.

Networks that look at the stations in the frame of an estimate see the same whatever the azimuth:
every number is a scalar, every correction lies in the shower's own frame, so they turn with the
event by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.networks.front import Frame, plane_front
from cascade.studies.showers.networks.stations import Stations

AXIS_STEP, CORE_STEP = 0.05, 200.0  # rad, m: what an output of 1 moves
NEAR = 100.0  # m; softens the distance to the axis, since the core is known no better at first
SUMMED = 5.0
"""Sums over stations are divided by this, about half of their number."""
VIEWS = 11
"""Numbers that describe a station in the frame of an estimate."""
WEIGHTS = 6
"""Gradients and directions with which sums over stations may be weighted."""
FACTS = 7
"""Numbers that describe an event besides the sums over its stations."""
ENOUGH = 60.0  # particles; stations with fewer hardly count for the barycentre


@dataclass(frozen=True, eq=False)
class Estimate:
    """What is known of B showers.

    Attributes
    ----------
    axis, core
        Unit vectors (B, 3) and positions [m] (B, 2).
    lg_energy, x_max
        In typical units (``outputs.TYPICAL``), (B,).
    memory
        Whatever the network remembers, (B, memory).
    """

    axis: Tensor
    core: Tensor
    lg_energy: Tensor
    x_max: Tensor
    memory: Tensor


def start(stations: Stations, memory: int = 0) -> tuple[Estimate, Tensor]:
    """Return the plane front with the barycentre as core, and the plane front's covariance.

    With logarithms as weights, as in calorimeters (Awes et al., NIM A 311 (1992) 130), the
    barycentre is within 75 m of the core; with the roots of the signals, within 260 m.
    """
    axis, covariance = plane_front(stations)
    weight = torch.log1p(stations.signal / ENOUGH)
    total = stations.sum(weight).clamp(min=1e-6)
    core = stations.sum(weight[:, None] * stations.plane) / total[:, None]
    nothing = torch.zeros_like(total)
    remembered = nothing[:, None].expand(-1, memory)
    return Estimate(axis, core, nothing, nothing, remembered), covariance


def look(stations: Stations, estimate: Estimate, frame: Frame) -> tuple[Tensor, Tensor, Tensor]:
    """Look at the stations from an estimate's shower.

    Returns
    -------
    views
        Place in the shower's frame, distance to the axis, time residual, zenith: (K, 11).
    weights
        Directions about the axis, and gradients of lg r with respect to the axis: (K, 6).
    distance
        To the axis, softened [m]: (K,).
    """
    event = stations.event
    apart = stations.plane - estimate.core[event]
    heading, around = frame.heading[event], frame.across[event]
    sine, cosine = frame.sine[event], frame.cosine[event]
    along, across = (apart * heading).sum(dim=1), (apart * around).sum(dim=1)
    upward = along * cosine  # in the plane across the axis
    ahead = along * sine  # along the axis
    distance = (upward**2 + across**2 + NEAR**2).sqrt()
    residual = _time_residual(stations, ahead)
    x, y = upward / distance, across / distance
    views = torch.stack(
        [
            upward / 1500,
            across / 1500,
            ahead / 1500,
            torch.log10(distance / 1000),
            x,
            y,
            residual / 100,
            residual / stations.timing_error,
            stations.log_signal - 2,
            cosine,
            sine,
        ],
        dim=1,
    )
    lever = ahead / distance
    weights = torch.stack([x, y, x * x - y * y, 2 * x * y, lever * x, lever * y], dim=1)
    return views, weights, distance


def _time_residual(stations: Stations, ahead: Tensor) -> Tensor:
    """Return the times [ns] relative to a plane front across the axis, its offset fitted."""
    time = stations.time + ahead / SPEED_OF_LIGHT
    weight = stations.timing_error**-2
    offset = stations.sum(weight * time) / stations.sum(weight).clamp(min=1e-12)
    return time - offset[stations.event]


def facts(stations: Stations, frame: Frame, covariance: Tensor, distance: Tensor) -> Tensor:
    """Return what is known of an event besides its stations' sums: (B, 7)."""
    size = torch.log10(1 + stations.sum(stations.signal))
    lateral = torch.log10(1 + stations.sum(stations.signal * distance))
    number = torch.log(stations.number.float())
    known = torch.stack([frame.cosine, frame.sine, number - 2, size - 3, lateral - 6], dim=1)
    return torch.cat([known, frame.variances(covariance).clamp(1e-6, 1e2).log()], dim=1)
