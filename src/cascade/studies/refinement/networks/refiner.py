"""The refiner of traces and its critic (Erdmann et al., arXiv:1802.03325).

The refiner multiplies the particles of each time bin by a positive factor and adds noise of a
learned size:

    refined = max(0, trace · exp(gain) + size · √(1 + (trace / 10)²) · normal number).

Gain and size come from a residual network of dilated convolutions that is told the distance, the
zenith angle and the whole signal. All gains start at 0, so that it begins as the identity with some
noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from cascade.studies.refinement.networks.views import check_bins, views
from cascade.studies.refinement.settings.networks import CriticSettings, RefinerSettings

KERNEL = 5
LARGEST_GAIN = 3.0
"""Of the logarithm."""
FIRST_SIZE = 0.54
"""Where the noise begins, before the softplus: at one particle."""
RELATIVE = 0.1
"""From 1 / this particles on, noise grows with the signal."""


class TraceRefiner(nn.Module):
    """Factors and noise for the time bins of a trace.

    Shapes
    ------
    trace (B, bins), distance (B,), zenith (B,), noise (B, bins) → (B, bins)
    """

    def __init__(self, settings: RefinerSettings):
        super().__init__()
        width = settings.channels
        self.settings = settings
        self.station = nn.Sequential(
            nn.Linear(3, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )
        self.times = nn.Conv1d(3, width, KERNEL, padding=KERNEL // 2)
        self.branches = nn.ModuleList(
            nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2 * dilation, dilation=dilation)
            for dilation in settings.dilations
        )
        self.change = nn.Conv1d(width, 2, 1)
        self.scale = nn.Linear(width, 1)
        for layer in (self.change, self.scale):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.change.bias[1:], FIRST_SIZE)

    def forward(self, trace: Tensor, distance: Tensor, zenith: Tensor, noise: Tensor) -> Tensor:
        """Return refined traces."""
        now, come, whole = views(trace, self.settings)
        station = self.station(torch.cat([whole, distance[:, None], zenith[:, None]], dim=1))
        time = torch.linspace(-1, 1, trace.shape[1], device=trace.device).expand_as(trace)
        x = self.times(torch.stack([now, 2 * 10**come - 1, time], dim=1)) + station[:, :, None]
        for branch in self.branches:
            x = x + branch(F.silu(x))
        gain, size = self.change(F.silu(x)).unbind(dim=1)
        gain = (gain + self.scale(F.silu(station))).clamp(-LARGEST_GAIN, LARGEST_GAIN)
        spread = F.softplus(size) * (1 + (RELATIVE * trace).square()).sqrt()
        return F.relu(trace * gain.exp() + spread * noise)


class Refinement(nn.Module):
    """A refiner, the moving average of it that is used in the end, and the critic.

    Shapes
    ------
    trace (B, bins), distance (B,), zenith (B,) → refined trace (B, bins)
    """

    def __init__(self, settings: RefinerSettings):
        super().__init__()
        self.adversary = settings.adversary
        self.settings = settings
        self.refiner = TraceRefiner(settings)
        self.averaged = deepcopy(self.refiner).requires_grad_(False)
        self.critic = Critic(settings.bins, settings.critic)

    def forward(
        self, trace: Tensor, distance: Tensor, zenith: Tensor, noise: Tensor | None = None
    ) -> Tensor:
        """Refine traces, with new noise if none is given."""
        check_bins(trace, self.settings.bins)
        refiner = self.refiner if self.training else self.averaged
        return refiner(trace, distance, zenith, torch.randn_like(trace) if noise is None else noise)

    def views(self, trace: Tensor, distance: Tensor, zenith: Tensor) -> Tensor:
        """Return what the critic sees (B, 2 · bins + 5)."""
        now, come, whole = views(trace, self.settings)
        hit = torch.stack([distance, zenith], dim=1)
        # where signals are too large on one side and too small on the other, products tell it
        signal = self.settings.critic.signal_weight * torch.cat([whole, whole * hit], dim=1)
        return torch.cat([now, come, signal, hit], dim=1)


class Critic(nn.Module):
    """Dense layers on all that is seen of a station, and others on all but the trace's shape.

    The latter learn fast how large signals are at which distance, which decides about energies.

    Shapes
    ------
    views (B, 2 · bins + 5) → (B,)
    """

    def __init__(self, bins: int, settings: CriticSettings):
        super().__init__()
        self.whole = dense(2 * bins + 5, settings.hidden, settings.normalisation)
        self.signal = dense(5, settings.signal_hidden, settings.normalisation)

    def forward(self, views: Tensor) -> Tensor:
        """Return the score."""
        # the mean, so that two layers of slope 1 have slope 1 at most
        return (self.whole(views) + self.signal(views[:, -5:])) / 2


def dense(inputs: int, hidden: Sequence[int], normalisation: str) -> nn.Module:
    """Return dense layers (B, inputs) → (B,); with ``spectral`` normalisation of limited slope."""
    limited = spectral_norm if normalisation == "spectral" else nn.Identity()
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [limited(nn.Linear(inputs, width)), nn.LeakyReLU(0.2)]
        inputs = width
    return nn.Sequential(*layers, limited(nn.Linear(inputs, 1)), nn.Flatten(0))
