"""An unrolled fit: a network that improves an estimate step by step, as a fit does.

It starts from the plane front and the stations' barycentre. In each step it looks at all stations
in the frame of the current estimate (distance to the axis, time residual, signal, trace), sums over
the stations what a small network says of each, and corrects axis, core, lg E and X_max by what a
second one makes of the sums. That is a learned counterpart of the Gauss–Newton steps of a maximum
likelihood fit (Putzky, Welling, arXiv:1706.04008, for inverse problems in general), a function on
sets of stations (Zaheer et al., arXiv:1703.06114), and turns with the event by construction: every
input is a scalar, every correction lies in the shower's own frame.

The gradient of a station's distance to the axis is what a fit would need to turn a surplus of
signal into a tilt of the axis. The sums over stations are therefore also taken with these
gradients as weights: without them the axis does not get better than the plane front's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.ragged import Ragged
from cascade.studies.showers.networks.front import SPEED_OF_LIGHT, Frame, plane_front
from cascade.studies.showers.networks.outputs import SPREADS, assemble
from cascade.studies.showers.networks.stations import (
    StationEncoder,
    Stations,
    perceptron,
    read_stations,
)
from cascade.studies.showers.settings.networks import UnrolledSettings

AXIS_STEP, CORE_STEP = 0.05, 200.0  # rad, m: what an output of 1 moves
NEAR = 100.0  # m; softens the distance to the axis, since the core is known no better at first
SUMMED = 5.0
"""Sums over stations are divided by this, about half of their number."""
VIEWS = 11
"""Numbers that describe a station in the frame of an estimate."""
WEIGHTS = 6
"""Gradients and directions with which the sums over stations are weighted."""
FACTS = 9
"""Numbers that describe an event besides the sums over its stations."""
START = (0.5, 2.5, 1.0, 0.5, 0.0)
"""First log-uncertainties (and logit): the core starts a few hundred metres off."""


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


class Step(nn.Module):
    """One correction of an estimate.

    ``forward`` returns the better estimate and what was known of the event when it was made,
    (B, ``known``).
    """

    def __init__(self, settings: UnrolledSettings, encoded: int):
        super().__init__()
        self.weighted = settings.weighted
        hidden, memory = settings.hidden, settings.memory
        self.known = 3 * hidden + WEIGHTS * settings.weighted + memory + FACTS
        self.station = perceptron(VIEWS + encoded + memory, hidden, hidden)
        self.event = perceptron(self.known, hidden, hidden, 6 + memory)
        with torch.no_grad():  # the first corrections are small
            self.event[-1].weight[:6].mul_(0.1)

    def forward(
        self, estimate: Estimate, stations: Stations, encoded: Tensor, covariance: Tensor
    ) -> tuple[Estimate, Tensor]:
        """Correct an estimate."""
        frame = Frame.of(estimate.axis)
        views, weights, distance = look(stations, estimate, frame)
        memory = estimate.memory[stations.event]
        said = F.relu(self.station(torch.cat([views, encoded, memory], dim=1)))
        total = stations.sum(said)
        products = (said[:, : self.weighted, None] * weights[:, None, :]).flatten(1)
        known = torch.cat(
            [
                total / SUMMED,
                stations.sum(products) / SUMMED,
                total / stations.number[:, None],
                stations.max(said),
                estimate.memory,
                _facts(stations, estimate, frame, covariance, distance),
            ],
            dim=1,
        )
        change = self.event(known)
        outward, sideward = AXIS_STEP * change[:, :2].T
        along, across = CORE_STEP * change[:, 2:4].T
        better = Estimate(
            frame.tilted(outward, sideward),
            estimate.core + frame.in_plane(along, across),
            estimate.lg_energy + change[:, 4],
            estimate.x_max + change[:, 5],
            estimate.memory + torch.tanh(change[:, 6:]),
        )
        return better, known


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


def _facts(
    stations: Stations, estimate: Estimate, frame: Frame, covariance: Tensor, distance: Tensor
) -> Tensor:
    """Return what is known of an event besides its stations' sums: (B, 9)."""
    size = torch.log10(1 + stations.sum(stations.signal))
    lateral = torch.log10(1 + stations.sum(stations.signal * distance))
    return torch.cat(
        [
            torch.stack(
                [
                    frame.cosine,
                    frame.sine,
                    torch.log(stations.number.float()) - 2,
                    estimate.lg_energy,
                    estimate.x_max,
                    size - 3,
                    lateral - 6,
                ],
                dim=1,
            ),
            frame.variances(covariance).clamp(1e-6, 1e2).log(),
        ],
        dim=1,
    )


class UnrolledReconstruction(nn.Module):
    """Start from the plane front, then correct the estimate step by step.

    Shapes
    ------
    position (B, ·, 3), time (B, ·), trace (B, ·, T), all ragged → (B, 12), see ``outputs``.
    """

    def __init__(self, settings: UnrolledSettings):
        super().__init__()
        self.settings = settings
        self.encoder = StationEncoder(settings)
        self.steps = nn.ModuleList(
            Step(settings, self.encoder.width) for _ in range(settings.steps)
        )
        self.spread = perceptron(self.steps[-1].known, settings.hidden, SPREADS)
        with torch.no_grad():
            self.spread[-1].weight.mul_(0.1)
            self.spread[-1].bias.copy_(torch.tensor(START))

    def forward(self, position: Ragged, time: Ragged, trace: Ragged) -> Tensor:
        """Reconstruct showers."""
        stations = read_stations(position, time, trace, self.settings.detector)
        encoded = self.encoder(stations)
        estimate, covariance = self._start(stations)
        for step in self.steps:
            estimate, known = step(estimate, stations, encoded, covariance)
        return assemble(
            estimate.axis,
            estimate.core,
            estimate.lg_energy,
            estimate.x_max,
            self.spread(known),
        )

    def _start(self, stations: Stations) -> tuple[Estimate, Tensor]:
        axis, covariance = plane_front(stations)
        weight = stations.signal.sqrt()
        total = stations.sum(weight).clamp(min=1e-6)
        core = stations.sum(weight[:, None] * stations.plane) / total[:, None]
        nothing = torch.zeros_like(total)
        memory = nothing[:, None].expand(-1, self.settings.memory)
        return Estimate(axis, core, nothing, nothing, memory), covariance
