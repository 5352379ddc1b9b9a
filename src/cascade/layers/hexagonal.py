"""Hexagonal lattices: storage in axial coordinates, and convolution.

For cameras and arrays whose cells stand in a triangular lattice (each has six nearest neighbours,
its cells are hexagons). A cell with axial coordinates (q, r) stands at

    x = q + r / 2,    y = r √3 / 2    [spacings],

its neighbours are at ±(1, 0), ±(0, 1), ±(1, −1). Maps are stored as ``(…, R, W)``: one row for
each r, one column for each q. All cells within k steps of another then fill the square of 2k + 1
rows and columns around it but for two corners, where |q + r| > k: a hexagonal convolution is a
plain one whose kernel is zero in these corners, and runs as fast; on a CPU up to a fifth faster
where maps come in torch's ``channels_last``, which they keep. (Storages compared: Hoogeboom et al.,
HexaConv, arXiv:1803.02108.)

With a stride s the layers give the cells whose q and r are multiples of s, a lattice of the same
kind, counted from the middle cell ((R − 1) // 2, (W − 1) // 2), which is always kept: a hexagon
stays a hexagon about the same centre.

Where cells of the stored rectangle do not exist, a ``mask`` of shape ``(R, W)``, true for the
cells that do, keeps these at zero and out of all means and maxima. Maps that enter a layer with a
mask must be zero where the mask is false, as ``to_axial`` makes them.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade.layers.activations import ActivationName, initialise


def hexagon(radius: int) -> Tensor:
    """Return what of a square, 2 radius + 1 cells wide, lies within radius steps of its middle.

    These are the 3 radius (radius + 1) + 1 taps of a kernel, or the cells of a hexagonal array.

    Examples
    --------
    >>> hexagon(1).int()
    tensor([[0, 1, 1],
            [1, 1, 1],
            [1, 1, 0]], dtype=torch.int32)
    """
    steps = torch.arange(-radius, radius + 1)
    return (steps[:, None] + steps).abs() <= radius


def cell_positions(rows: int, columns: int) -> Tensor:
    """Return x and y of the cells about the middle cell [spacings]: (rows, columns, 2)."""
    r = torch.arange(rows)[:, None] - (rows - 1) // 2
    q = torch.arange(columns) - (columns - 1) // 2
    return torch.stack([q + r / 2, (r * math.sqrt(3) / 2).expand(rows, columns)], dim=-1)


def _axial_columns(rows: int, columns: int, shifted: Literal[0, 1]) -> Tensor:
    """Return the columns in axial storage of an array in offset rows: (rows, columns)."""
    # x is the same for q one less two rows further up
    lag = torch.div(torch.arange(rows) + shifted - 1, 2, rounding_mode="floor")
    return torch.arange(columns) + (lag[-1] - lag)[:, None]


def to_axial(x: Tensor, shifted: Literal[0, 1] = 1) -> Tensor:
    """Return maps of an array in offset rows in axial storage, zero where the array has no cell.

    Parameters
    ----------
    x
        Maps whose row i is the i-th row of cells.
    shifted
        Which rows stand half a spacing further along x: those of odd (1) or even (0) number.

    Shapes
    ------
    ``(…, R, W) -> (…, R, W')`` with W' = W + ⌊(R − shifted) / 2⌋
    """
    rows, columns = x.shape[-2:]
    target = _axial_columns(rows, columns, shifted).to(x.device)
    axial = x.new_zeros(*x.shape[:-1], int(target.max()) + 1)
    axial[..., torch.arange(rows, device=x.device)[:, None], target] = x
    return axial


def to_offset(x: Tensor, columns: int, shifted: Literal[0, 1] = 1) -> Tensor:
    """Return maps in axial storage in offset rows: the inverse of ``to_axial``.

    Shapes
    ------
    ``(…, R, W') -> (…, R, columns)``
    """
    rows = x.shape[-2]
    source = _axial_columns(rows, columns, shifted).to(x.device)
    return x[..., torch.arange(rows, device=x.device)[:, None], source]


def axial_mask(rows: int, columns: int, shifted: Literal[0, 1] = 1) -> Tensor:
    """Return where an array in offset rows has cells in axial storage: (R, W'), boolean."""
    return to_axial(torch.ones(rows, columns, dtype=torch.bool), shifted)


def _starts(x: Tensor, stride: int) -> tuple[int, int]:
    """Return the first row and column of the sublattice that holds the middle cell."""
    rows, columns = x.shape[-2:]
    return (rows - 1) // 2 % stride, (columns - 1) // 2 % stride


def sublattice(x: Tensor, stride: int) -> Tensor:
    """Return every stride-th row and column of maps or of a mask, the middle cell among them.

    Shapes
    ------
    ``(…, R, W) -> (…, about R / stride, about W / stride)``
    """
    row, column = _starts(x, stride)
    return x[..., row::stride, column::stride]


def padded(x: Tensor, radius: int, stride: int, value: float) -> Tensor:
    """Return maps with a rim, beginning where the first cell of the sublattice begins to look."""
    row, column = _starts(x, stride)
    return F.pad(x, (radius - column, radius, radius - row, radius), value=value)


def keep_cells(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return maps (…, R, W) set to zero where a mask (R, W) is false."""
    return x if mask is None else x * mask.to(x.dtype)


def convolve(x: Tensor, kernel: Tensor, bias: Tensor | None, stride: int = 1) -> Tensor:
    """Correlate maps with a square kernel in axial storage, as if surrounded by zeros.

    Shapes
    ------
    x ``(B, I, R, W)``, kernel ``(O, I, 2k + 1, 2k + 1)``, bias ``(O,)``
    ``-> (B, O, R, W)``, of which a stride keeps the ``sublattice``
    """
    radius = kernel.shape[-1] // 2
    if stride == 1:
        return F.conv2d(x, kernel, bias, padding=radius)
    return F.conv2d(padded(x, radius, stride, 0.0), kernel, bias, stride=stride)


class HexagonalConv2d(nn.Module):
    """Convolution over all cells within ``radius`` steps: 7 taps for radius 1, 19 for 2.

    Parameters
    ----------
    in_channels, out_channels
        Channels of the maps.
    radius
        Steps from the middle of the kernel to its edge; 0 mixes channels only.
    stride
        Distance of the cells that are given [spacings].
    bias
        Whether a number is added to each channel.
    mask
        Which cells exist, ``(R, W)``; all if None.
    before
        The activation behind it, which sets the size of the initial weights.

    Shapes
    ------
    ``(B, in_channels, R, W) -> (B, out_channels, R, W)``, of which a stride keeps the
    ``sublattice``. ``weight`` holds the taps ``(out_channels, in_channels, 3k(k + 1) + 1)`` alone,
    by rows of the kernel.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        radius: int,
        stride: int = 1,
        bias: bool = True,
        *,
        mask: Tensor | None = None,
        before: ActivationName | Literal["linear"] = "relu",
    ) -> None:
        super().__init__()
        self.radius, self.stride = radius, stride
        taps = hexagon(radius).flatten().nonzero()[:, 0]
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, len(taps)))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.register_buffer("taps", taps, persistent=False)
        kept = None if mask is None else sublattice(mask, stride)
        self.register_buffer("mask", kept, persistent=False)
        initialise(self, before)

    def kernel(self) -> Tensor:
        """Return the square kernel ``(O, I, 2k + 1, 2k + 1)``, zero outside the hexagon."""
        outputs, inputs, _ = self.weight.shape
        side = 2 * self.radius + 1
        square = self.weight.new_zeros(outputs, inputs, side * side)
        return square.index_copy(2, self.taps, self.weight).view(outputs, inputs, side, side)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolved maps."""
        return keep_cells(convolve(x, self.kernel(), self.bias, self.stride), self.mask)

    def extra_repr(self) -> str:
        """Say what the layer is made of, in the way of torch's own."""
        outputs, inputs, _ = self.weight.shape
        bias = self.bias is not None
        return f"{inputs}, {outputs}, radius={self.radius}, stride={self.stride}, bias={bias}"
