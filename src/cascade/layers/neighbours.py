"""Nearest neighbours within each cloud of a batch of dense clouds: the edges of a graph network.

Neighbours are indices, so no gradient goes through them, and none comes from another cloud.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def nearest(points: Tensor, number: int, mask: Tensor | None = None) -> Tensor:
    """Return the nearest other points of each point, nearest first.

    Of points equally far any may be taken. A point with fewer others than ``number`` stands in
    the places that are left over itself, and so does a padded point in all of its places.

    Parameters
    ----------
    points
        Shape (B, N, C): N points in each of B clouds.
    number
        Neighbours k of each point, the point itself not counted.
    mask
        Shape (B, N), true where a point is real; all are if not given.

    Returns
    -------
    Tensor
        Shape (B, N, k), int64: places within the cloud.
    """
    with torch.no_grad():
        own = torch.arange(points.shape[1], device=points.device)
        distance = torch.cdist(points, points)
        distance[:, own, own] = torch.inf
        if mask is not None:
            distance = distance.masked_fill(~(mask[:, :, None] & mask[:, None, :]), torch.inf)
        near = distance.topk(min(number, len(own)), largest=False)
        found = torch.where(near.values.isinf(), own[:, None], near.indices)
        missing = own[:, None].expand(*found.shape[:2], number - found.shape[2])
        return torch.cat([found, missing], dim=2)


class NearestNeighbours(nn.Module):
    """The nearest other points of each point, see ``nearest``.

    A module, so that hooks can record the graph that each layer of a network sees.

    Shapes
    ------
    points (B, N, C), mask (B, N) or none → (B, N, number), int64
    """

    def __init__(self, number: int, sphere: bool = False):
        super().__init__()
        self.number, self.sphere = number, sphere

    def forward(self, points: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return places within the cloud."""
        return nearest(points, self.number, mask)

    def extra_repr(self) -> str:
        """Say what is looked for."""
        return f"{self.number}, sphere={self.sphere}"
