"""Normalisation over the batch that counts only cells that exist (Ioffe and Szegedy, 1502.03167).

Cells of the stored rectangle where the array has none would spoil mean and variance, and would
not stay zero when the mean is taken away.
"""

from __future__ import annotations

from torch import Tensor, nn


class HexagonalBatchNorm(nn.BatchNorm1d):
    """Normalise each channel over events, cells and, where maps have one, the group.

    That one mean and variance serve all elements of the group keeps the layer equivariant.

    Parameters
    ----------
    channels
        Channels, the dimension behind the batch.
    mask
        Which cells exist, ``(R, W)``; all if None. The others are zero behind the layer.

    Shapes
    ------
    ``(B, channels, R, W)`` or ``(B, channels, G, R, W)``, kept
    """

    def __init__(self, channels: int, *, mask: Tensor | None = None) -> None:
        super().__init__(channels)
        cells = None if mask is None else mask.flatten().nonzero()[:, 0]
        self.register_buffer("cells", cells, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised maps."""
        if self.cells is None:
            return super().forward(x.flatten(2)).view_as(x)
        flat = x.flatten(-2)
        there = flat.index_select(-1, self.cells)
        normalised = super().forward(there.flatten(2)).view_as(there)
        return flat.new_zeros(flat.shape).index_copy(-1, self.cells, normalised).view_as(x)
