"""Pooling on hexagonal lattices: maximum and mean over all cells within some steps of a cell.

Maps are stored in axial coordinates, see ``cascade.layers.hexagonal`` for this and for masks and
strides. Dimensions in front of rows and columns do not matter: maps of a group are pooled alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce

import torch
from torch import Tensor, nn

from cascade.layers.hexagonal import hexagon, keep_cells, padded, sublattice


def _neighbourhood(x: Tensor, radius: int, stride: int, outside: float) -> Iterator[Tensor]:
    """Yield, tap by tap, the values at that place of every cell's neighbourhood."""
    rows, columns = sublattice(x, stride).shape[-2:]
    rim = padded(x, radius, stride, outside)
    for row, column in hexagon(radius).nonzero().tolist():
        last_row, last_column = row + (rows - 1) * stride, column + (columns - 1) * stride
        yield rim[..., row : last_row + 1 : stride, column : last_column + 1 : stride]


def max_pool(x: Tensor, radius: int = 1, stride: int = 2, mask: Tensor | None = None) -> Tensor:
    """Return the greatest value within radius steps of every cell, of every stride-th by default.

    Cells outside the array or the mask do not count.

    Shapes
    ------
    ``(…, R, W) -> (…, R, W)``, of which a stride keeps the ``sublattice``
    """
    if mask is not None:
        x = x.masked_fill(~mask, -math.inf)
    greatest = reduce(torch.maximum, _neighbourhood(x, radius, stride, -math.inf))
    return greatest if mask is None else greatest.masked_fill(~sublattice(mask, stride), 0.0)


def mean_pool(x: Tensor, radius: int = 1, stride: int = 2, mask: Tensor | None = None) -> Tensor:
    """Return the mean value within radius steps of every cell, of every stride-th by default.

    Cells outside the array or the mask do not count.

    Shapes
    ------
    ``(…, R, W) -> (…, R, W)``, of which a stride keeps the ``sublattice``
    """
    cells = x.new_ones(x.shape[-2:]) if mask is None else mask.to(x.dtype)
    cells_near = sum(_neighbourhood(cells, radius, stride, 0.0)).clamp(min=1)
    total = sum(_neighbourhood(keep_cells(x, mask), radius, stride, 0.0))
    return keep_cells(total / cells_near, None if mask is None else sublattice(mask, stride))


def mean_over_cells(x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the mean of all cells that exist: ``(…, R, W) -> (…)``."""
    if mask is None:
        return x.mean((-2, -1))
    return keep_cells(x, mask).sum((-2, -1)) / mask.sum()


class _Pool(nn.Module):
    """Pooling of a fixed radius, stride and mask."""

    def __init__(self, radius: int = 1, stride: int = 2, *, mask: Tensor | None = None) -> None:
        super().__init__()
        self.radius, self.stride = radius, stride
        self.register_buffer("mask", mask, persistent=False)

    def extra_repr(self) -> str:
        return f"radius={self.radius}, stride={self.stride}"


class HexagonalMaxPool2d(_Pool):
    """Maximum over hexagonal neighbourhoods, see ``max_pool``."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the pooled maps."""
        return max_pool(x, self.radius, self.stride, self.mask)


class HexagonalMeanPool2d(_Pool):
    """Mean over hexagonal neighbourhoods, see ``mean_pool``."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the pooled maps."""
        return mean_pool(x, self.radius, self.stride, self.mask)
