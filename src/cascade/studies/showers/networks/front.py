"""Plane front and frame of a shower inside a network: exact, differentiable, over all events.

A network that starts from the plane front's axis and looks at the stations in the shower's own
frame need not learn how the lattice is turned: it sees the same whatever the azimuth.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cascade.studies.showers.constants import SPEED_OF_LIGHT
from cascade.studies.showers.networks.stations import Stations

SPACING = 1500.0  # m; numbers of order 1 are kinder to float32
RIDGE = 1e-3
"""Added to the diagonal of the normal equations, relative to it: stations may stand in a line."""
STEEPEST = 0.95
"""Largest sine of a zenith angle that the fit may return."""
SMALL_ANGLE = 1e-4
"""Sine of the zenith angle below which a shower has no azimuth."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Directions in the plane: along the axis's projection and across it.

    Attributes
    ----------
    axis
        Unit vectors (B, 3).
    cosine, sine
        Of the zenith angle, (B,).
    heading, across
        Unit vectors in the plane, (B, 2).
    """

    axis: Tensor
    cosine: Tensor
    sine: Tensor
    heading: Tensor
    across: Tensor

    @classmethod
    def of(cls, axis: Tensor) -> Frame:
        """Return the frame of axes (B, 3)."""
        sine = axis[:, :2].norm(dim=1).clamp(min=SMALL_ANGLE)
        heading = axis[:, :2] / sine[:, None]
        across = torch.stack([-heading[:, 1], heading[:, 0]], dim=1)
        return cls(axis, axis[:, 2], sine, heading, across)

    def tilted(self, outward: Tensor, sideward: Tensor) -> Tensor:
        """Return axes moved by small angles [rad], (B,): away from the zenith and around it."""
        falling = torch.cat([self.heading * self.cosine[:, None], -self.sine[:, None]], dim=1)
        around = torch.cat([self.across, torch.zeros_like(self.across[:, :1])], dim=1)
        moved = self.axis + outward[:, None] * falling + sideward[:, None] * around
        return torch.nn.functional.normalize(moved, dim=1)

    def in_plane(self, along: Tensor, across: Tensor) -> Tensor:
        """Return vectors in the plane (B, 2) from their components (B,) in the frame."""
        return along[:, None] * self.heading + across[:, None] * self.across

    def variances(self, covariance: Tensor) -> Tensor:
        """Return a covariance (B, 2, 2) in the plane as variances along and across, (B, 2)."""
        directions = torch.stack([self.heading, self.across], dim=1)
        return torch.einsum("bki,bij,bkj->bk", directions, covariance, directions)


def plane_front(stations: Stations) -> tuple[Tensor, Tensor]:
    """Fit c t = c t₀ − (x, y)·(a_x, a_y) by weighted least squares.

    Returns
    -------
    axis
        Unit vectors (B, 3); vertical for events of less than two stations.
    covariance
        Of (a_x, a_y), up to the scale of the timing errors, (B, 2, 2).
    """
    weight = (100 / stations.timing_error) ** 2
    total = stations.sum(weight).clamp(min=1e-6)
    where = stations.plane / SPACING
    when = stations.time * (SPEED_OF_LIGHT / SPACING)
    middle = stations.sum(weight[:, None] * where) / total[:, None]
    moment = stations.sum(weight * when) / total
    where = where - middle[stations.event]
    when = when - moment[stations.event]
    weighted = weight[:, None] * where
    normal = stations.sum(weighted[:, :, None] * where[:, None, :])
    trace = normal.diagonal(dim1=1, dim2=2).mean(dim=1) + 1e-6
    normal = normal + (RIDGE * trace)[:, None, None] * torch.eye(2, device=normal.device)
    covariance = _inverse(normal)
    slope = -(covariance @ stations.sum(weighted * when[:, None])[:, :, None])[:, :, 0]
    length = slope.norm(dim=1, keepdim=True).clamp(min=1e-6)
    slope = slope * (STEEPEST / length).clamp(max=1)
    upward = (1 - (slope**2).sum(dim=1, keepdim=True)).sqrt()
    return torch.cat([slope, upward], dim=1), covariance


def _inverse(matrix: Tensor) -> Tensor:
    """Return the inverse of symmetric matrices (B, 2, 2): quicker in closed form."""
    a, b, c = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 1]
    adjoint = torch.stack([torch.stack([c, -b], dim=1), torch.stack([-b, a], dim=1)], dim=1)
    return adjoint / (a * c - b * b)[:, None, None]
