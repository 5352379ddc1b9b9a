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
EXPONENTS = (-29.0, 13.0)  # of 2: below, nothing is added to 1; above, the product could overflow
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
        lines = torch.stack([azimuth.cos(), azimuth.sin(), torch.ones_like(azimuth)], dim=1)
        # as powers of 2, which take torch a third of the time of those of e
        self.register_buffer("lines", lines / math.log(2), persistent=False)

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
        here = RIGIDITY / energy
        there = gather(here[..., None], neighbours).squeeze(-1)
        forward, aside = _from_the_nearest(look_around(direction, neighbours))
        # what is done for each azimuth goes through memory in long runs if the rays come last
        forward, aside, here, there = (
            each.flatten(0, 1).mT.contiguous() for each in (forward, aside, here[..., None], there)
        )
        density = direction.shape[1] / SKY
        evidence = []
        for anchor in self.settings.anchors:
            factors = self._factors(forward, aside, anchor * here, there, density)
            ratios = _sum_of_logarithms(factors)
            mean = torch.logsumexp(ratios, dim=0) - math.log(self.settings.azimuths)
            evidence += [ratios.amax(dim=0), mean]
        return torch.stack(evidence, dim=-1).unflatten(0, energy.shape)

    def _factors(
        self, forward: Tensor, aside: Tensor, here: Tensor, there: Tensor, density: float
    ) -> Tensor:
        """Return the factor of each neighbour in exp S_i(φ), (azimuths, k, rays).

        Parameters
        ----------
        forward, aside
            Places of the neighbours along the first line and across it [deg], (k, rays).
        here, there
            10 EV over the rigidity of the ray (1, rays), and of a proton of the neighbours' energy.
        density
            Rays per deg².
        """
        settings = self.settings
        squares, there_squared = forward.square() + aside.square(), there.square()
        start, blur = -settings.coherent * here, (settings.turbulent * here).square()
        factors = None
        for charge, share, spread, reach in settings.groups():
            near = slice(0, reach)
            distance = torch.add(start, there[near], alpha=settings.coherent * charge)
            growth = (settings.turbulent * charge) ** 2 + (settings.coherent * spread) ** 2
            inverse = torch.add(blur, there_squared[near], alpha=growth).reciprocal_()
            height = torch.log(settings.rays * share / density / (2 * math.pi) * inverse)
            # of the squared distance of x_j from x_ij, what is the same on all lines
            common = torch.addcmul(squares[near], distance, distance)
            height.addcmul_(common, inverse, value=-0.5)
            slope = distance.mul_(inverse)
            # height + slope · place along the line, for all lines in one product
            parts = torch.stack([slope * forward[near], slope * aside[near], height])
            exponents = (self.lines @ parts.flatten(1)).unflatten(1, height.shape)
            terms = exponents.clamp_(*EXPONENTS).exp2_()
            if factors is None:  # the first goes through all neighbours
                factors = terms.add_(1)
            else:
                factors[:, near] += terms
        return factors


def _from_the_nearest(around: Surroundings) -> tuple[Tensor, Tensor]:
    """Return places along the line to the nearest ray, and across it [deg], (B, N, k)."""
    cosine, sine = around.cosine, around.sine
    first = cosine[..., :1], sine[..., :1]
    forward = around.angle * (cosine * first[0] + sine * first[1])
    return forward, around.angle * (sine * first[0] - cosine * first[1])


def _sum_of_logarithms(factors: Tensor) -> Tensor:
    """Return the sum of ln over the last axis but one; few logarithms are taken."""
    padding = -factors.shape[1] % FACTORS
    if padding:
        factors = torch.nn.functional.pad(factors, (0, 0, 0, padding), value=1.0)
    return factors.unflatten(1, (-1, FACTORS)).prod(dim=2).log_().sum(dim=1)
