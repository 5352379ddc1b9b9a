"""An unrolled fit: a network that improves an estimate step by step, as a fit does.

It starts from the plane front and the stations' barycentre. In each step it looks at all stations
in the frame of the current estimate (distance to the axis, time residual, signal, trace), sums over
the stations what a small network says of each, and corrects axis, core, lg E and X_max by what a
second one makes of the sums. That is a learned counterpart of the Gauss–Newton steps of a maximum
likelihood fit (Putzky, Welling, arXiv:1706.04008, for inverse problems in general), a function on
sets of stations (Zaheer et al., arXiv:1703.06114), and turns with the event by construction.

The gradient of a station's distance to the axis is what a fit would need to turn a surplus of
signal into a tilt of the axis. The first step solves for it by least squares; in all steps the sums
over stations are also taken with these gradients as weights. Without either the axis gets hardly
better than the plane front's.
"""

from __future__ import annotations

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
    Stations,
    read_stations,
)
from cascade.studies.showers.networks.views import (
    AXIS_STEP,
    CORE_STEP,
    FACTS,
    SUMMED,
    VIEWS,
    WEIGHTS,
    Estimate,
    facts,
    look,
    start,
)
from cascade.studies.showers.settings.networks import UnrolledSettings


class Step(nn.Module):
    """One correction of an estimate.

    ``forward`` returns the better estimate and what was known of the event when it was made,
    (B, ``known``).
    """

    def __init__(self, settings: UnrolledSettings, encoded: int, first: bool):
        super().__init__()
        self.weighted = settings.weighted
        hidden, memory = settings.hidden, settings.memory
        # the plane front is a prior about the first estimate, not about the later ones
        self.update = SignalUpdate(hidden) if first else None
        solved = 2 * UNKNOWNS if first else 0
        self.known = 3 * hidden + WEIGHTS * settings.weighted + memory + FACTS + 2 + solved
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
        solved = ()
        if self.update is not None:
            slopes = gradients(stations, frame, weights, distance)
            solved = self.update(stations, said, slopes, prior(frame, covariance))
        total = stations.sum(said)
        products = (said[:, : self.weighted, None] * weights[:, None, :]).flatten(1)
        known = torch.cat(
            [
                total / SUMMED,
                stations.sum(products) / SUMMED,
                total / stations.number[:, None],
                stations.max(said),
                estimate.memory,
                facts(stations, frame, covariance, distance),
                torch.stack([estimate.lg_energy, estimate.x_max], dim=1),
                *solved,
            ],
            dim=1,
        )
        change = self.event(known)
        if solved:
            change = change + F.pad(solved[0][:, :4], (0, change.shape[1] - 4))
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
            Step(settings, self.encoder.width, first=number == 0)
            for number in range(settings.steps)
        )
        self.spread = perceptron(self.steps[-1].known, settings.hidden, len(SPREADS))
        with torch.no_grad():
            self.spread[-1].weight.mul_(0.1)
            self.spread[-1].bias.copy_(torch.tensor(SPREADS))

    def forward(self, position: Ragged, time: Ragged, trace: Ragged) -> Tensor:
        """Reconstruct showers."""
        stations = read_stations(position, time, trace, self.settings.detector)
        encoded = self.encoder(stations)
        estimate, covariance = start(stations, self.settings.memory)
        for step in self.steps:
            estimate, known = step(estimate, stations, encoded, covariance)
        return assemble(
            estimate.axis,
            estimate.core,
            estimate.lg_energy,
            estimate.x_max,
            self.spread(known),
        )
