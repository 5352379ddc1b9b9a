"""Arcs: how much better a source explains the rays about each ray than chance does.

Suppose that a ray i of charge Z_i is from a source. Drifted by the angle δ = D / R along a line of
unknown azimuth φ, it tells where the source's other rays are: for charge Z_j at the distance

    D (Z_j / E_j − Z_i / E_i)

along the line, smeared by both rays' turbulent deflections. With n rays expected from the source,
and the density ρ of the background, the logarithm of the likelihood ratio is, up to −n,

    S_i(φ) = Σ_j ln(1 + n/ρ Σ_Z p_Z N₂(x_j − x_ij(φ, Z); σ_j² + σ_i²)) .

The largest exp S_i(φ) and the mean over φ are the ray's evidence; summed over all rays they are the
sky's. The ray itself is supposed to be a proton, or helium: heavier ones drift too far to say where
their source is. There are no parameters to be learned in this, and no gradient goes back through it
to directions and energies. What is known here, besides the order of rays by energy that any
magnetic field brings about, is the composition and the mean strength of the fields, as
``ArcSettings`` has them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cascade.studies.skies.networks.rays import Surroundings, gather, look_around
from cascade.studies.skies.settings.networks import ArcSettings

SKY = 4 * math.pi * (180 / math.pi) ** 2
"""Area of the sky [deg²]."""
RIGIDITY = 10.0
"""Rigidity at which deflections are stated [EV]."""
EXPONENTS = (-20.0, 9.0)  # below, nothing is added to 1; above, the product could overflow
FACTORS = 8  # factors multiplied before a logarithm is taken of all
AT_ONCE = 2**17  # edges at a time, that what is made of them stays in the cache


class ArcSearch(nn.Module):
    """Likelihood ratios of arcs through each ray.

    Azimuths are counted from the nearest ray, so that a turned sky is the same. Always computed in
    the precision of directions and energies, under autocast too.

    Shapes
    ------
    direction (B, N, 3), energy (B, N), neighbours (B, N, k) → logarithms of likelihood ratios
    (B, N, ``width``): for each anchor the largest over the azimuths, and that of the mean
    """

    def __init__(self, settings: ArcSettings):
        super().__init__()
        self.settings = settings
        self.width = 2 * len(settings.anchors)
        azimuth = 2 * math.pi * torch.arange(settings.azimuths) / settings.azimuths
        lines = torch.stack([azimuth.cos(), azimuth.sin()])[..., None]
        self.register_buffer("lines", lines, persistent=False)

    @torch.no_grad()
    def forward(self, direction: Tensor, energy: Tensor, neighbours: Tensor) -> Tensor:
        """Try all azimuths."""
        skies = max(1, AT_ONCE // max(1, neighbours[0].numel()))
        parts = zip(
            direction.split(skies), energy.split(skies), neighbours.split(skies), strict=True
        )
        with torch.autocast(direction.device.type, enabled=False):
            return torch.cat([self._evidence(*part) for part in parts])

    def _evidence(self, direction: Tensor, energy: Tensor, neighbours: Tensor) -> Tensor:
        around = look_around(direction, neighbours)
        along, squares = self._along(around), around.angle.square()
        here = RIGIDITY / energy[..., None]
        there = gather(here, neighbours).squeeze(-1)
        density = direction.shape[1] / SKY
        evidence = []
        for anchor in self.settings.anchors:
            factors = self._factors(along, squares, anchor * here, there, density)
            ratios = _sum_of_logarithms(factors)
            mean = torch.logsumexp(ratios, dim=-1) - math.log(self.settings.azimuths)
            evidence += [ratios.amax(dim=-1), mean]
        return torch.stack(evidence, dim=-1)

    def _factors(
        self, along: Tensor, squares: Tensor, here: Tensor, there: Tensor, density: float
    ) -> Tensor:
        """Return the factor of each neighbour in exp S_i(φ), (B, N, azimuths, k).

        Parameters
        ----------
        along, squares
            Places of the neighbours along each line [deg], squared distances [deg²].
        here, there
            10 EV over the rigidity of the ray (B, N, 1), and of a proton of the neighbours' energy.
        density
            Rays per deg².
        """
        settings = self.settings
        factors = torch.ones_like(along)
        for charge, share, spread, reach in settings.groups():
            near = slice(0, reach)
            other = charge * there[..., near]
            distance = settings.coherent * (other - here)
            variance = settings.turbulent**2 * (other**2 + here**2)
            variance += (settings.coherent * spread * there[..., near]) ** 2
            height = torch.log(settings.rays * share / density / (2 * math.pi * variance))
            height -= (squares[..., near] + distance**2) / (2 * variance)
            term = along[..., near] * (distance / variance)[:, :, None]
            factors[..., near] += term.add_(height[:, :, None]).clamp_(*EXPONENTS).exp_()
        return factors

    def _along(self, around: Surroundings) -> Tensor:
        """Return places of the neighbours along each line [deg], (B, N, azimuths, k)."""
        cosine, sine = around.cosine, around.sine
        first = cosine[..., :1], sine[..., :1]
        forward = around.angle * (cosine * first[0] + sine * first[1])
        aside = around.angle * (sine * first[0] - cosine * first[1])
        along = forward[:, :, None] * self.lines[0]
        return along.addcmul_(aside[:, :, None], self.lines[1])


def _sum_of_logarithms(factors: Tensor) -> Tensor:
    """Return the sum of ln over the last axis; few logarithms are taken."""
    padding = -factors.shape[-1] % FACTORS
    if padding:
        factors = torch.nn.functional.pad(factors, (0, padding), value=1.0)
    return factors.unflatten(-1, (-1, FACTORS)).prod(dim=-1).log_().sum(dim=-1)
