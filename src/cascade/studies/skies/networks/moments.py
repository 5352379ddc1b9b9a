"""Local moments: what surrounds each ray, on several scales of angle and energy.

For each ray i, over its nearest other rays j at angular distance θ and azimuth φ,

    T_abm = Σ_j exp(−θ² / 2σ_a²) · B_b(1/E_j) · e^(imφ),

with bumps B_b in 1/E, which deflections are proportional to. The moments of m = 0 count rays in
rings; those of m = 1 and 2 say whether these lie on one side, or on a line, as the arcs do that a
source's rays are drawn out into. Turned about the ray, T turns by e^(imα); learned mixtures of the
moments of one m turn alike, so that their sizes stay as they are. The sums have no parameters, and
no gradient goes back through them to directions and energies, which makes them cheap.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cascade.studies.skies.networks.rays import THRESHOLD, Surroundings, gather, look_around
from cascade.studies.skies.settings.networks import MomentSettings

BUMPS = (0.25, 0.5, 0.75, 0.95, 1.2)
"""Centres of the bumps in threshold / E; the last is for lists from 32 EeV on."""
BUMP_WIDTH = 0.12
LEAST_EXPONENT = -30.0  # beyond it come numbers too small to be computed fast
SOFT = 1e-2
"""What is added to the size of a mixture in quadrature, as it has no gradient at 0."""
AT_ONCE = 2**15  # edges at a time, that what is made of them stays in the cache


class LocalMoments(nn.Module):
    """Numbers and alignments of the rays about each ray.

    The moments are computed in the precision of directions and energies, under autocast too.

    Shapes
    ------
    direction (B, N, 3), energy (B, N), neighbours (B, N, k) → (B, N, ``width``)
    """

    def __init__(self, settings: MomentSettings):
        super().__init__()
        exponents = -0.5 / torch.tensor(settings.scales) ** 2
        self.register_buffer("exponents", exponents, persistent=False)
        self.register_buffer("bumps", torch.tensor(BUMPS), persistent=False)
        self.harmonics, self.channels = settings.harmonics, settings.channels
        counts = len(settings.scales) * len(BUMPS)
        self.mixtures = nn.ModuleList(
            nn.Linear(counts, settings.channels, bias=False) for _ in range(settings.harmonics)
        )
        self.width = counts + settings.harmonics * settings.channels
        self.normalisation = nn.BatchNorm1d(self.width)

    def forward(self, direction: Tensor, energy: Tensor, neighbours: Tensor) -> Tensor:
        """Return the features."""
        moments = self.moments(direction, energy, neighbours)
        features = [moments[:, :, 0]]
        for order, mixture in enumerate(self.mixtures):
            real, imaginary = (mixture(moments[:, :, 2 * order + part]).square() for part in (1, 2))
            features.append(torch.sqrt(real + imaginary + SOFT**2))
        joined = torch.cat(features, dim=-1)
        return self.normalisation(joined.flatten(0, 1)).view_as(joined)

    @torch.no_grad()
    def moments(self, direction: Tensor, energy: Tensor, neighbours: Tensor) -> Tensor:
        """Return T: (B, N, 1 + 2 · harmonics, scales · bumps), real and imaginary parts in turn."""
        inverse = THRESHOLD / energy
        bumps = torch.exp(-0.5 * ((inverse[..., None] - self.bumps) / BUMP_WIDTH) ** 2)
        skies = max(1, AT_ONCE // neighbours[0].numel())
        parts = zip(
            direction.split(skies), bumps.split(skies), neighbours.split(skies), strict=True
        )
        with torch.autocast(direction.device.type, enabled=False):
            return torch.cat([self._sums(*part) for part in parts])

    def _sums(self, direction: Tensor, bumps: Tensor, neighbours: Tensor) -> Tensor:
        around = look_around(direction, neighbours)
        squares = around.angle.square()[:, :, None]
        rings = torch.exp((self.exponents[:, None] * squares).clamp(min=LEAST_EXPONENT))
        turns = self._turns(around)
        weighted = gather(bumps, neighbours)[..., None, :] * turns[..., None]
        sums = rings @ weighted.flatten(-2)  # (B, N, scales, turns · bumps)
        return sums.unflatten(-1, (turns.shape[-1], -1)).transpose(2, 3).flatten(-2)

    def _turns(self, around: Surroundings) -> Tensor:
        """Return 1, then cos mφ and sin mφ for m = 1, 2, …: (B, N, k, 1 + 2 · harmonics)."""
        turns = [torch.ones_like(around.cosine), around.cosine, around.sine]
        for _ in range(1, self.harmonics):
            cosine, sine = turns[-2:]
            turns.append(cosine * around.cosine - sine * around.sine)
            turns.append(sine * around.cosine + cosine * around.sine)
        return torch.stack(turns[: 1 + 2 * self.harmonics], dim=-1)
