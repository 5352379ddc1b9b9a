"""Convolution of sparse maps at their occupied cells only.

Of a detector's cells few see an event. A convolution whose maps are kept empty outside the occupied
cells (submanifold sparse convolution: Graham, van der Maaten, arXiv:1706.01307) need not be worked
out anywhere else. The occupied cells of all events stand row below row, as in ``Ragged``; each
gathers its neighbours' rows, and the convolution is one product of matrices. The weights belong to
the layers for dense maps, plain, hexagonal or of a group, and the result is theirs, times the map
of the occupied cells.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.ragged import Ragged


class Convolution(Protocol):
    """A layer for dense maps that can tell its square kernel ``(O, I, 2k + 1, 2k + 1)``."""

    bias: Tensor | None

    def kernel(self) -> Tensor:
        """Return the kernel."""


class SquareConv2d(nn.Conv2d):
    """Torch's convolution over the square of all cells within ``radius`` columns and rows.

    Shapes
    ------
    ``(B, in_channels, R, W) -> (B, out_channels, R, W)``
    """

    def __init__(self, in_channels: int, out_channels: int, radius: int) -> None:
        super().__init__(in_channels, out_channels, 2 * radius + 1, padding=radius)
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        nn.init.zeros_(self.bias)

    def kernel(self) -> Tensor:
        """Return the kernel (O, I, 2k + 1, 2k + 1)."""
        return self.weight


def neighbours(cells: Ragged, shape: tuple[int, int], taps: Tensor) -> Tensor:
    """Return which rows stand about each occupied cell.

    Parameters
    ----------
    cells
        Row and column of each occupied cell in the map, (B, ·, 2), integer. A cell is occupied
        once an event.
    shape
        Rows and columns of the map.
    taps
        Which cells of the square kernel's are looked at, ``(2k + 1, 2k + 1)``, boolean.

    Returns
    -------
    Tensor
        For each of the K occupied cells and each of the taps the number of the row that stands
        there, K where none does: (K, taps).
    """
    radius = len(taps) // 2
    rows, columns = (length + 2 * radius for length in shape)  # with a rim that stays empty
    number = len(cells.values)
    places = cells.values + radius
    places = (cells.index() * rows + places[:, 0]) * columns + places[:, 1]
    there = places.new_full((len(cells) * rows * columns,), number)
    there[places] = torch.arange(number, device=places.device)
    row, column = (taps.nonzero() - radius).to(places.device).unbind(1)
    return there[places[:, None] + row * columns + column]


class OccupiedConv(nn.Module):
    """A layer for dense maps, applied to the occupied cells.

    Parameters
    ----------
    layer
        The convolution: its kernel and bias are used. No stride, no mask.
    taps
        Which cells of the square kernel hold weights, ``(2k + 1, 2k + 1)``, boolean.

    Shapes
    ------
    x ``(K, I)``, near ``(K, taps)`` from ``neighbours`` ``-> (K, O)``. Maps of a group are the
    channels times its elements, flat.
    """

    def __init__(self, layer: nn.Module, taps: Tensor) -> None:
        super().__init__()
        self.layer = layer
        self.register_buffer("taps", taps.flatten().nonzero()[:, 0], persistent=False)

    def forward(self, x: Tensor, near: Tensor) -> Tensor:
        """Return the convolved rows."""
        kernel = self.layer.kernel()
        # (O, I, square) -> (O, taps · I)
        weight = kernel.flatten(2)[..., self.taps].transpose(1, 2).flatten(1)
        bias = self.layer.bias
        if bias is not None:  # one for all elements of a group
            bias = bias.repeat_interleave(len(kernel) // len(bias))
        gathered = F.pad(x, (0, 0, 0, 1)).index_select(0, near.flatten())
        return F.linear(gathered.view(len(x), weight.shape[1]), weight, bias)
