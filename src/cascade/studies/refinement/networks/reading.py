"""Networks that read a trace and how its station was hit: energy, and to which sample it belongs.

Both have the same body: convolutions over the two views of a trace with time, then dense layers
that get the whole signal, the distance and the zenith angle as well.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cascade.studies.refinement.networks.views import check_bins, views
from cascade.studies.refinement.settings.networks import ReadingSettings

STRIDES = 3
KERNEL = 5


class Reading(nn.Module):
    """One number from a trace.

    Shapes
    ------
    trace (B, bins), distance (B,), zenith (B,) → (B,)
    """

    def __init__(self, settings: ReadingSettings):
        super().__init__()
        self.settings = settings
        width, inputs, layers = settings.channels, 2, []
        for _ in range(STRIDES):
            layers += [nn.Conv1d(inputs, width, KERNEL, stride=2, padding=KERNEL // 2), nn.ReLU()]
            inputs = width
        self.times = nn.Sequential(*layers, nn.Flatten())
        left = settings.bins
        for _ in range(STRIDES):
            left = -(-left // 2)
        self.answer = nn.Sequential(
            nn.Linear(width * left + 3, settings.hidden),
            nn.ReLU(),
            nn.Linear(settings.hidden, settings.hidden),
            nn.ReLU(),
            nn.Linear(settings.hidden, 1),
        )

    def read(self, trace: Tensor, distance: Tensor, zenith: Tensor) -> tuple[Tensor, Tensor]:
        """Return the answer of the dense layers, and lg of the whole signal, both (B,)."""
        check_bins(trace, self.settings.bins)
        now, come, whole = views(trace, self.settings)
        times = self.times(torch.stack([now, come], dim=1))
        answer = self.answer(torch.cat([times, whole, distance[:, None], zenith[:, None]], dim=1))
        return answer[:, 0], whole[:, 0]


class Energy(Reading):
    """lg(E / eV): the lg of the signal, and what the network adds to it."""

    def forward(self, trace: Tensor, distance: Tensor, zenith: Tensor) -> Tensor:
        """Return lg(E / eV) (B,)."""
        added, whole = self.read(trace, distance, zenith)
        return self.settings.typical_lg_energy + whole + added


class Discriminator(Reading):
    """The logit of a trace to be of the second sample."""

    def forward(self, trace: Tensor, distance: Tensor, zenith: Tensor) -> Tensor:
        """Return the logit (B,)."""
        return self.read(trace, distance, zenith)[0]
