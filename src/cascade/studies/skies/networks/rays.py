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
    found = values.flatten(0, 1).index_select(0, _places(neighbours))
    return found.unflatten(0, _first(neighbours).shape).permute(1, 2, 0, 3)


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
    x, y, z = direction.unbind(dim=-1)
    across = torch.sqrt(x**2 + y**2).clamp(min=SMALL)
    east_x, east_y = -y / across, x / across
    # the third axis, direction × east, points north
    north = (-z * east_y, z * east_x, x * east_y - y * east_x)
    first = away[0] * east_x + away[1] * east_y
    second = away[0] * north[0] + away[1] * north[1] + away[2] * north[2]
    length = torch.sqrt(first**2 + second**2).clamp(min=SMALL)
    return Surroundings(*map(_last, (_angle(away), first / length, second / length)))


def angles(direction: Tensor, neighbours: Tensor) -> Tensor:
    """Return angular distances [deg] of the neighbours (B, N, k) from rays (B, N, 3): (B, N, k)."""
    return _last(_angle(_away(direction, neighbours)))


def separations(direction: Tensor, neighbours: Tensor) -> Tensor:
    """Return features of the angular distance to each neighbour, of order one: (B, N, k, 3).

    They stand in memory as ``EdgeConvolution`` takes them.
    """
    angle = _angle(_away(direction, neighbours))
    features = torch.stack([angle / 10 - 1, torch.exp(-angle / 4), torch.exp(-angle / 10)])
    return features.permute(2, 3, 1, 0)


def _away(direction: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return x, y and z of the neighbours' directions less the rays' own: (k, B, N) each."""
    # one by one: rows of three numbers are gathered ten times as slowly
    places, shape = _places(neighbours), _first(neighbours).shape
    x, y, z = (
        part.flatten().index_select(0, places).view(shape) - part for part in direction.unbind(-1)
    )
    return x, y, z


def _angle(away: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Return angles [deg] from differences of unit vectors."""
    x, y, z = away
    chord = torch.sqrt(x * x + y * y + z * z)
    return torch.rad2deg(2 * torch.asin((chord / 2).clamp(max=1)))


def _places(neighbours: Tensor) -> Tensor:
    """Return places within the skies (B, N, k) as rows of all skies' rays (k · B · N)."""
    skies, rays = neighbours.shape[:2]
    starts = rays * torch.arange(skies, device=neighbours.device)
    return (_first(neighbours) + starts[:, None]).flatten()


def _first(each: Tensor) -> Tensor:
    """Return (B, N, k) as (k, B, N), as neighbours stand in memory."""
    return each.permute(2, 0, 1)


def _last(each: Tensor) -> Tensor:
    """Return (k, B, N) as (B, N, k)."""
    return each.permute(1, 2, 0)
