"""A graph network: every triggered station compares itself with its neighbours.

Edge convolutions (Wang et al., arXiv:1801.07829) on the graph of the nearest stations, then sum,
mean and maximum over the stations and dense layers. Stations are seen in the frame of the plane
front about the barycentre of the signals, so that the network turns with the event. The
reconstruction is a correction to these two: a step of least squares with what the network says of
each station, and what the dense layers add to it. It looks once; the unrolled fit looks again from
each better estimate.
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.perceptron import perceptron
from cascade.layers.ragged import Ragged
from cascade.studies.showers.networks.front import Frame
from cascade.studies.showers.networks.least_squares import (
    UNKNOWNS,
    SignalUpdate,
    gradients,
    prior,
)
from cascade.studies.showers.networks.outputs import SPREADS, assemble
from cascade.studies.showers.networks.stations import (
    StationEncoder,
    read_stations,
)
from cascade.studies.showers.networks.views import (
    AXIS_STEP,
    CORE_STEP,
    FACTS,
    SUMMED,
    VIEWS,
    facts,
    look,
    start,
)
from cascade.studies.showers.settings.networks import GraphSettings

SAME = 1.001
"""Distances that differ by less than this factor are held to be equal: turned lattices round."""
NEAREST = 1.0  # m; stations at the same place are each other's neighbours
CORRECTIONS = 6


def neighbours(plane: Ragged, number: int) -> Tensor:
    """Return the edges from each station's nearest ones to it.

    Stations on a lattice are often at equal distances. All those as far as the last of the
    ``number`` are taken too, so that the graph depends neither on the stations' order nor on how
    the lattice is turned.

    Parameters
    ----------
    plane
        Positions of the stations (B, ·, 2) [m].
    number
        Neighbours of a station; all others of the event if they are fewer.

    Returns
    -------
    Tensor
        Rows from and to, numbered through all events, sorted by the latter: (2, E).
    """
    with torch.no_grad():
        if len(plane.values) == 0:
            return plane.counts.new_zeros(2, 0)
        where, there = plane.padded()
        distance = (where[:, :, None] - where[:, None, :]).norm(dim=-1).clamp(min=NEAREST)
        other = there[:, :, None] & there[:, None, :]
        other &= ~torch.eye(where.shape[1], dtype=torch.bool, device=other.device)
        distance = distance.masked_fill(~other, torch.inf)
        last = min(number, where.shape[1])
        farthest = distance.kthvalue(last, dim=-1, keepdim=True).values
        event, to, source = (other & (distance <= SAME * farthest)).nonzero().T
        start = plane.offsets[event]
        return torch.stack([start + source, start + to])


class GraphReconstruction(nn.Module):
    """Plane front and barycentre, corrected by what a graph network says.

    Shapes
    ------
    position (B, ·, 3), time (B, ·), trace (B, ·, T), all ragged → (B, 12), see ``outputs``.
    """

    def __init__(self, settings: GraphSettings):
        super().__init__()
        self.settings = settings
        self.encoder = StationEncoder(settings)
        width, hidden = settings.width, settings.hidden
        self.entry = perceptron(VIEWS + self.encoder.width, width)
        self.convolutions = nn.ModuleList(
            _edge_convolution(width, settings.aggregation) for _ in range(settings.convolutions)
        )
        self.update = SignalUpdate(width)
        known = 3 * width + 2 * UNKNOWNS + FACTS
        self.event = perceptron(known, hidden, hidden, CORRECTIONS + len(SPREADS))
        with torch.no_grad():  # the first corrections are small
            self.event[-1].weight.mul_(0.1)
            self.event[-1].bias[CORRECTIONS:].copy_(torch.tensor(SPREADS))

    def forward(self, position: Ragged, time: Ragged, trace: Ragged) -> Tensor:
        """Reconstruct showers."""
        stations = read_stations(position, time, trace, self.settings.detector)
        estimate, covariance = start(stations)
        frame = Frame.of(estimate.axis)
        views, weights, distance = look(stations, estimate, frame)
        edges = neighbours(stations.events, self.settings.neighbours)
        said = F.relu(self.entry(torch.cat([views, self.encoder(stations)], dim=1)))
        for convolution in self.convolutions:
            said = said + F.relu(convolution(said, edges))
        slopes = gradients(stations, frame, weights, distance)
        step, variances = self.update(stations, said, slopes, prior(frame, covariance))
        total = stations.sum(said)
        known = [
            total / SUMMED,
            total / stations.number[:, None],
            stations.max(said),
            step,
            variances,
            facts(stations, frame, covariance, distance),
        ]
        change = self.event(torch.cat(known, dim=1))
        outward, sideward, along, across = (step[:, :4] + change[:, :4]).T
        return assemble(
            frame.tilted(AXIS_STEP * outward, AXIS_STEP * sideward),
            estimate.core + frame.in_plane(CORE_STEP * along, CORE_STEP * across),
            change[:, 4],
            change[:, 5],
            change[:, CORRECTIONS:],
        )


def _edge_convolution(width: int, aggregation: str) -> nn.Module:
    """Return layers for stations (K, width) and edges (2, E), as PyTorch Geometric has them."""
    with warnings.catch_warnings():
        # takes seconds to import, which the other networks do without, and uses torch's old ways
        warnings.simplefilter("ignore", DeprecationWarning)
        from torch_geometric.nn import EdgeConv
    return EdgeConv(perceptron(2 * width, width, width), aggr=aggregation)
