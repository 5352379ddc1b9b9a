"""Convolution and normalisation over time that keep the channels of each time side by side.

They are torch's, with its weights and results. In memory the numbers lie as those of images of
height one in the format ``channels_last``, in which oneDNN is faster on a CPU, most of all with
kernels of one time (``benchmarks/convolution1d.py``). To everything else the tensors are of shape
(B, channels, times) as ever.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Conv1d(nn.Conv1d):
    """Convolution over time, see ``torch.nn.Conv1d``; padding is a number, of zeros.

    Shapes
    ------
    (B, channels, times) → (B, outputs, times')
    """

    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        stride, padding, dilation = (1, *self.stride), (0, *self.padding), (1, *self.dilation)
        images, kernels = side_by_side(x), side_by_side(weight)
        return F.conv2d(images, kernels, bias, stride, padding, dilation, self.groups).squeeze(2)


class BatchNorm1d(nn.BatchNorm2d):
    """Normalisation of each channel over events and times, see ``torch.nn.BatchNorm1d``.

    Shapes
    ------
    (B, channels, times), kept
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised channels."""
        return super().forward(side_by_side(x)).squeeze(2)


def cat(parts: Sequence[Tensor]) -> Tensor:
    """Return all channels of the parts, (B, channels, times) each."""
    return torch.cat([part.mT for part in parts], dim=2).mT


def interpolate(x: Tensor, times: int) -> Tensor:
    """Return channels at more times, between which they are straight lines."""
    return F.interpolate(side_by_side(x), (1, times), mode="bilinear").squeeze(2)


def side_by_side(x: Tensor) -> Tensor:
    """Return numbers over time as an image of height one, with its channels side by side.

    Shapes
    ------
    (B, channels, times) → (B, channels, 1, times)
    """
    return x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
