"""Nearest neighbours within each cloud of a batch of dense clouds: the edges of a graph network.

Neighbours are indices, so no gradient goes through them, and none comes from another cloud. All
distances in a cloud are computed, which at some hundred points is faster than trees or grids and
does as well for features of many dimensions as for directions on the sphere, whose neighbours by
angle are those by chord.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

AT_ONCE = {"cpu": 2**18}  # distances; on the CPU they should stay in the cache
AT_ONCE_ELSEWHERE = 2**26


@torch.no_grad()
def nearest(points: Tensor, number: int, mask: Tensor | None = None) -> Tensor:
    """Return the nearest other points of each point, nearest first.

    Of points equally far those that come first are taken on the CPU, any elsewhere. A point with
    fewer others than ``number`` stands itself in the places left over, a padded point in all.

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
    clouds, size = points.shape[:2]
    at_once = max(1, AT_ONCE.get(points.device.type, AT_ONCE_ELSEWHERE) // max(1, size**2))
    select = _select_on_cpu if points.device.type == "cpu" else _select
    own = torch.arange(size, device=points.device)[:, None]
    found = own.repeat(clouds, 1, number)
    kept = min(number, size)
    for start in range(0, clouds, at_once):
        chunk = slice(start, start + at_once)
        distance = _squared_distances(points[chunk], None if mask is None else mask[chunk])
        squared, place = select(distance, kept)
        found[chunk, :, :kept] = torch.where(squared.isinf(), own, place)
    return found


def _squared_distances(points: Tensor, mask: Tensor | None) -> Tensor:
    """Return squared distances (B, N, N), infinite to itself and from and to padded points."""
    points = points.double()  # |x|² − 2xy + |y|² would lose the distances of close points
    squares = points.square().sum(dim=-1, keepdim=True)
    one = torch.ones_like(squares)
    left, right = torch.cat([-2 * points, one, squares], -1), torch.cat([points, squares, one], -1)
    distance = (left @ right.mT).float().clamp_(min=0)
    distance.diagonal(dim1=1, dim2=2).fill_(torch.inf)
    if mask is not None:
        distance.masked_fill_(~(mask[:, :, None] & mask[:, None, :]), torch.inf)
    return distance


def _select(distance: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Return the least distances of each row and where they are: (B, N, N) → twice (B, N, k)."""
    return distance.topk(number, largest=False)


def _select_on_cpu(distance: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Do as ``_select`` does, several times faster than ``topk``.

    NumPy partitions 32-bit integers with vector instructions, and floating-point numbers that are
    not negative are ordered as their bits are.
    """
    size = distance.shape[-1]
    bits = distance.numpy().view(np.int32).reshape(-1, size)
    last = np.partition(bits, number - 1, axis=1)[:, number - 1, None]
    near = bits <= last
    where = np.flatnonzero(near)
    if len(where) > number * len(bits):  # some are as far as the last
        tied = near.sum(axis=1) > number
        first = np.argsort(bits[tied], axis=1, kind="stable")[:, :number]
        near[tied] = False
        near[np.flatnonzero(tied)[:, None], first] = True
        where = np.flatnonzero(near)
    place = (where % size).reshape(-1, number)
    ordered = np.sort((bits.ravel()[where].astype(np.int64).reshape(place.shape) << 32) | place)
    squared = (ordered >> 32).astype(np.int32).view(np.float32)
    shape = (*distance.shape[:2], number)
    place = ordered & 0xFFFFFFFF
    return torch.from_numpy(squared).reshape(shape), torch.from_numpy(place).reshape(shape)


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
        """Say how many are looked for."""
        return str(self.number)
