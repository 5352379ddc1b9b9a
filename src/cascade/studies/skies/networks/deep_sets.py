"""Deep sets (Zaheer et al., arXiv:1703.06114): a network without neighbours.

Each ray by itself, its direction included, then the mean over all rays, which each ray is told for
the next layer. It shows what the arrangement on large scales alone is worth.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.studies.skies.networks.outputs import Heads
from cascade.studies.skies.networks.rays import feature_count, ray_features
from cascade.studies.skies.settings.networks import DeepSetsSettings


class DeepSets(nn.Module):
    """Dense layers on each ray and the mean of all rays, then the heads.

    Shapes
    ------
    direction (B, N, 3), energy (B, N) → (B, 1 + N), see ``outputs``.
    """

    def __init__(self, settings: DeepSetsSettings):
        super().__init__()
        self.settings = settings
        inputs, width = 3 + feature_count(settings.declination), settings.width
        widths = [inputs, *[width] * settings.layers]
        self.own = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.shared = nn.ModuleList(
            nn.Linear(before, after, bias=False) for before, after in pairwise(widths)
        )
        self.heads = Heads(width)

    def forward(self, direction: Tensor, energy: Tensor) -> Tensor:
        """Return the logits."""
        features = ray_features(direction, energy, self.settings.declination)
        rays = torch.cat([direction, features], dim=-1)
        for own, shared in zip(self.own, self.shared, strict=True):
            rays = F.relu(own(rays) + shared(rays.mean(dim=1, keepdim=True)))
        return self.heads(rays)
