"""What networks see of rays: their energies, and where other rays are as seen from each of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

THRESHOLD = 40.0
"""Energies are stated relative to this one [EeV]: a typical lowest energy."""
SMALL = 1e-6


def ray_features(direction: Tensor, energy: Tensor, declination: bool) -> Tensor:
    """Return features of each ray, of order one: (B, N, 2), or 3 with the declination.

    Deflections are proportional to 1 / E, so this enters beside ln E.
    """
    relative = energy / THRESHOLD
    features = [2 * torch.log(relative) - 0.6, 4 / relative - 3]
    if declination:
        features.append(2 * direction[..., 2])
    return torch.stack(features, dim=-1)


def feature_count(declination: bool) -> int:
    """Return the number of features of ``ray_features``."""
    return 3 if declination else 2


def gather(values: Tensor, neighbours: Tensor) -> Tensor:
    """Return what belongs to the neighbours: (B, N, C) and (B, N, k) → (B, N, k, C)."""
    skies, rays, width = values.shape
    starts = rays * torch.arange(skies, device=values.device)
    flat = (neighbours + starts[:, None, None]).flatten()
    return values.reshape(-1, width).index_select(0, flat).view(*neighbours.shape, width)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Where neighbours are, as seen from each ray.

    Attributes
    ----------
    angle
        Angular distances [deg] (B, N, k).
    cosine, sine
        Of the azimuth about the ray, from east to north (B, N, k).
    """

    angle: Tensor
    cosine: Tensor
    sine: Tensor


def look_around(direction: Tensor, neighbours: Tensor) -> Surroundings:
    """Return where the neighbours (B, N, k) of rays (B, N, 3) are."""
    away = _away(direction, neighbours)
    x, y, _ = direction.unbind(dim=-1)
    across = torch.sqrt(x**2 + y**2).clamp(min=SMALL)
    east = torch.stack([-y / across, x / across, torch.zeros_like(x)], dim=-1)
    north = torch.linalg.cross(direction, east)
    first, second = (torch.einsum("bnkx,bnx->bnk", away, axis) for axis in (east, north))
    length = torch.sqrt(first**2 + second**2).clamp(min=SMALL)
    return Surroundings(_angle(away), first / length, second / length)


def angles(direction: Tensor, neighbours: Tensor) -> Tensor:
    """Return angular distances [deg] of the neighbours (B, N, k) from rays (B, N, 3): (B, N, k)."""
    return _angle(_away(direction, neighbours))


def separations(direction: Tensor, neighbours: Tensor) -> Tensor:
    """Return features of the angular distance to each neighbour, of order one: (B, N, k, 3)."""
    angle = angles(direction, neighbours)
    return torch.stack([angle / 10 - 1, torch.exp(-angle / 4), torch.exp(-angle / 10)], dim=-1)


def _away(direction: Tensor, neighbours: Tensor) -> Tensor:
    """Return differences of the neighbours' directions from the rays' own: (B, N, k, 3)."""
    return gather(direction, neighbours) - direction[:, :, None]


def _angle(away: Tensor) -> Tensor:
    """Return angles [deg] from differences of unit vectors (…, 3)."""
    chord = torch.linalg.vector_norm(away, dim=-1)
    return torch.rad2deg(2 * torch.asin((chord / 2).clamp(max=1)))
