"""Convolutional networks on the array as a map: square, hexagonal, or equivariant (p6, p6m).

All are one network but for its convolutions, so that a comparison tells what the geometry of these
is worth. Each triggered station is a pixel that holds what its trace says, its time, and that it is
there; silent ones are empty. The direction has to be learned from the map of times, no fit helps.

Behind the convolutions each station says numbers, and arrows: vectors in the plane. Sums over the
stations, of numbers, of arrows, and of the stations' places weighted by the numbers, go into dense
layers. Their outputs are factors, with which the slope of the front and the core are sums of the
arrows and weighted places. Then each station is seen in the frame of this very shower, with its
distance to the axis: only with that does the shape of a trace tell the depth of the maximum.

With the convolutions of a group (Hoogeboom et al., HexaConv, arXiv:1803.02108) all numbers stay and
all arrows turn when the event is turned: axis and core follow exactly. With the others that is left
to the training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.perceptron import perceptron
from cascade.layers.ragged import Ragged
from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.networks.convolutions import Arrows, Convolutions, numbers
from cascade.studies.showers.networks.front import STEEPEST, Frame
from cascade.studies.showers.networks.outputs import SPREADS, assemble
from cascade.studies.showers.networks.stations import (
    StationEncoder,
    Stations,
    read_stations,
)
from cascade.studies.showers.networks.views import SUMMED, VIEWS, Estimate, look
from cascade.studies.showers.settings.networks import GridSettings

CORE_STEP = 500.0  # m: what an arrow of one spacing moves
SHORTEST = 0.01
"""Softens the length of arrows, whose gradient is undefined at 0."""
SIDEWARD = (1, 5)
"""Those of a station's views in the shower's frame that change sign in a mirror."""
FACTS = 2
"""Numbers that describe an event besides what the stations say."""
SHOWER_FACTS = 3
"""Numbers that describe a shower once axis and core are known."""


class GridReconstruction(nn.Module):
    """Axis and core from the map of the stations; energy and depth from a second look.

    Shapes
    ------
    station (B, ·), position (B, ·, 3), time (B, ·), trace (B, ·, T), all ragged → (B, 12), see
    ``outputs``.
    """

    def __init__(self, settings: GridSettings):
        super().__init__()
        self.settings = settings
        self.encoder = StationEncoder(settings)
        self.convolutions = Convolutions(settings, self.encoder.width + 2)
        self.summary = Summary(settings, self.convolutions.elements)
        self.factors = perceptron(self.summary.width, settings.hidden, 2 * self.summary.vectors)
        said = self.encoder.width + settings.channels
        self.look = SecondLook(settings.hidden, said, self.summary.width)
        with torch.no_grad():  # the first arrows are short
            self.factors[-1].weight.mul_(0.1)

    def forward(self, station: Ragged, position: Ragged, time: Ragged, trace: Ragged) -> Tensor:
        """Reconstruct showers."""
        stations = read_stations(position, time, trace, self.settings.detector)
        spacing = self.settings.array.spacing
        middle = _mean(stations, stations.timing_error**-2, stations.time[:, None])
        when = (stations.time - middle[stations.event, 0]) * (SPEED_OF_LIGHT / spacing)
        encoded = self.encoder(stations)
        pixel = torch.cat([encoded, torch.stack([when, torch.ones_like(when)], dim=1)], dim=1)
        x = self.convolutions(pixel, station)
        start = _mean(stations, stations.signal.sqrt(), stations.plane)
        apart = (stations.plane - start[stations.event]) / spacing
        known, vectors = self.summary(stations, x, apart)
        factors = self.factors(known).unflatten(1, (2, -1))
        slope, shift = (factors @ vectors).unbind(1)
        axis, core = _upward(slope), start + CORE_STEP * shift
        said = torch.cat([encoded, numbers(x)], dim=1)
        # how well energy and depth are told must not draw the axis or the core
        energy, depth, *rest = self.look(stations, axis.detach(), core.detach(), said, known).T
        return assemble(axis, core, energy, depth, torch.stack(rest, dim=1))


class Summary(nn.Module):
    """What the stations say together: numbers (B, ``width``), and ``vectors`` vectors.

    Some means over the stations take weights that the stations say themselves: each looks for
    stations of another kind (as the heads of attention in Vaswani et al., arXiv:1706.03762).

    Shapes
    ------
    x ``(K, channels, G)``, apart ``(K, 2)`` ``-> (B, width), (B, vectors, 2)``
    """

    def __init__(self, settings: GridSettings, elements: int):
        super().__init__()
        self.heads = settings.heads
        self.said = nn.Linear(settings.channels, settings.numbers + settings.heads)
        self.arrows = Arrows(settings.channels, settings.arrows, elements)
        self.vectors = settings.numbers + settings.heads + 2 * settings.arrows
        self.mixed = nn.Linear(self.vectors, settings.arrows, bias=False)
        self.width = 3 * settings.numbers + settings.arrows + FACTS

    def forward(self, stations: Stations, x: Tensor, apart: Tensor) -> tuple[Tensor, Tensor]:
        """Sum over the stations; ``apart`` is where these are from about the core [spacings]."""
        said = self.said(numbers(x))
        said, weights = F.relu(said[:, : -self.heads]), _softmax(stations, said[:, -self.heads :])
        arrows = self.arrows(x)
        of_arrows = weights.repeat_interleave(arrows.shape[1] // self.heads, dim=1)
        vectors = torch.cat(
            [
                stations.sum(said[:, :, None] * apart[:, None, :]) / SUMMED,
                stations.sum(weights[:, :, None] * apart[:, None, :]),
                stations.sum(arrows) / SUMMED,
                stations.sum(of_arrows[:, :, None] * arrows),
            ],
            dim=1,
        )
        mixed = self.mixed(vectors.transpose(1, 2))
        total = stations.sum(said)
        known = [
            total / SUMMED,
            total / stations.number[:, None],
            stations.max(said),
            ((mixed**2).sum(dim=1) + SHORTEST**2).sqrt(),
            torch.log(stations.number.float())[:, None] - 2,
            torch.log10(1 + stations.sum(stations.signal))[:, None] - 3,
        ]
        return torch.cat(known, dim=1), vectors


class SecondLook(nn.Module):
    """What the stations say once axis and core are known: lg E, X_max, uncertainties and logit.

    Shapes
    ------
    axis ``(B, 3)``, core ``(B, 2)``, said ``(K, said)``, known ``(B, known)`` ``-> (B, 7)``
    """

    def __init__(self, hidden: int, said: int, known: int):
        super().__init__()
        self.station = perceptron(VIEWS + said, hidden, hidden)
        self.event = perceptron(3 * hidden + known + SHOWER_FACTS, hidden, hidden, 2 + len(SPREADS))
        odd = torch.zeros(VIEWS, dtype=torch.bool)
        odd[list(SIDEWARD)] = True
        self.register_buffer("odd", odd, persistent=False)
        with torch.no_grad():
            self.event[-1].weight.mul_(0.1)
            self.event[-1].bias[-len(SPREADS) :].copy_(torch.tensor(SPREADS))

    def forward(
        self, stations: Stations, axis: Tensor, core: Tensor, said: Tensor, known: Tensor
    ) -> Tensor:
        """Look at the stations from the shower."""
        nothing = torch.zeros_like(core[:, 0])
        frame = Frame.of(axis)
        shower = Estimate(axis, core, nothing, nothing, nothing[:, None])
        views, _, distance = look(stations, shower, frame)
        # left and right are the same to the physics, and must be to the group p6m
        views = torch.where(self.odd, views.abs(), views)
        seen = F.relu(self.station(torch.cat([views, said], dim=1)))
        total = stations.sum(seen)
        lateral = torch.log10(1 + stations.sum(stations.signal * distance))
        facts = [
            known,
            total / SUMMED,
            total / stations.number[:, None],
            stations.max(seen),
            torch.stack([frame.cosine, frame.sine, lateral - 6], dim=1),
        ]
        return self.event(torch.cat(facts, dim=1))


def _mean(stations: Stations, weight: Tensor, values: Tensor) -> Tensor:
    """Return the weighted mean of the stations' values: (K, ·) → (B, ·)."""
    total = stations.sum(weight).clamp(min=1e-12)
    return stations.sum(weight[:, None] * values) / total[:, None]


def _softmax(stations: Stations, logits: Tensor) -> Tensor:
    """Return weights that add up to 1 over the stations of each event: (K, ·)."""
    weights = torch.exp(logits - stations.max(logits).detach()[stations.event])
    return weights / stations.sum(weights)[stations.event]


def _upward(slope: Tensor) -> Tensor:
    """Return the unit vectors (B, 3) with these components (B, 2) in the plane."""
    length = slope.norm(dim=1, keepdim=True).clamp(min=1e-6)
    slope = slope * (STEEPEST / length).clamp(max=1)
    return torch.cat([slope, (1 - (slope**2).sum(dim=1, keepdim=True)).sqrt()], dim=1)
