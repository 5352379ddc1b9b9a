"""Pooling: how feature maps are made smaller, or summed up to one number a channel.

``max`` and ``average`` take the windows side by side; ``overlapping_max`` takes windows one pixel
wider than their distance (Krizhevsky et al., 2012); ``stride`` learns the step, by a convolution
with a stride instead of a pooling (Springenberg et al., arXiv:1412.6806).
"""

from __future__ import annotations

from typing import Literal

from torch import nn

from cascade.layers.activations import ActivationName
from cascade.layers.convolution import NormalisationName, convolution_unit

PoolingName = Literal["max", "average", "overlapping_max", "stride", "none"]
GlobalPoolingName = Literal["global_average", "global_max"]


def pooled_length(name: PoolingName, length: int, size: int) -> int:
    """Return the pixels along one side of a map after pooling; 0 if the window does not fit.

    Pixels at the far edge that fill no window are left out, except by ``stride``.

    Examples
    --------
    >>> [pooled_length(name, 25, 2) for name in ("max", "overlapping_max", "stride", "none")]
    [12, 12, 13, 25]
    """
    match name:
        case "none":
            return length
        case "stride":
            return -(-length // size)
        case "overlapping_max":
            return max(0, (length - size - 1) // size + 1) if size > 1 else length
        case _:
            return length // size


def pooling(
    name: PoolingName,
    size: int,
    channels: int,
    *,
    activate: ActivationName,
    normalise: NormalisationName = "none",
) -> nn.Module:
    """Return a pooling by ``size`` along both sides, the identity for size 1 or ``none``.

    Shapes
    ------
    ``(B, channels, H, W) -> (B, channels, H', W')``, see ``pooled_length``.
    """
    if size == 1:
        return nn.Identity()
    match name:
        case "none":
            return nn.Identity()
        case "max":
            return nn.MaxPool2d(size)
        case "overlapping_max":
            return nn.MaxPool2d(size + 1, stride=size)
        case "average":
            return nn.AvgPool2d(size)
        case "stride":
            # the smallest odd kernel that leaves no pixel out
            kernel = size + 1 - size % 2
            return convolution_unit(
                channels, channels, kernel, activate=activate, normalise=normalise, stride=size
            )


def global_pooling(name: GlobalPoolingName) -> nn.Module:
    """Return a pooling over the whole map: ``(B, C, H, W) -> (B, C)``."""
    pool = nn.AdaptiveAvgPool2d(1) if name == "global_average" else nn.AdaptiveMaxPool2d(1)
    return nn.Sequential(pool, nn.Flatten())
