"""Inception unit: several filter sizes side by side (Szegedy et al., arXiv:1409.4842).

Four branches see the same input: 1 × 1; 1 × 1 then 3 × 3; 1 × 1 then 5 × 5; a maximum over 3 × 3
then 1 × 1. Their maps are concatenated. The 1 × 1 convolutions in front reduce the channels to
half of the input's, at least to the number that the branch returns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cascade.layers.activations import ActivationName
from cascade.layers.convolution import NormalisationName, convolution_unit

BRANCHES = 4


def split(channels: int) -> list[int]:
    """Share channels out to the branches as evenly as possible.

    Examples
    --------
    >>> split(18)
    [5, 5, 4, 4]
    """
    share, rest = divmod(channels, BRANCHES)
    return [share + (branch < rest) for branch in range(BRANCHES)]


class InceptionUnit(nn.Module):
    """Four branches of different filter size, concatenated; ``outputs`` is 4 or more.

    Shapes
    ------
    ``(B, inputs, H, W) -> (B, outputs, H, W)``
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        activate: ActivationName,
        normalise: NormalisationName = "none",
    ) -> None:
        super().__init__()

        def unit(before: int, behind: int, kernel: int) -> nn.Sequential:
            return convolution_unit(before, behind, kernel, activate=activate, normalise=normalise)

        one, three, five, pooled = split(outputs)
        self.branches = nn.ModuleList(
            [
                unit(inputs, one, 1),
                nn.Sequential(
                    unit(inputs, reduced := max(inputs // 2, three), 1), unit(reduced, three, 3)
                ),
                nn.Sequential(
                    unit(inputs, reduced := max(inputs // 2, five), 1), unit(reduced, five, 5)
                ),
                nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), unit(inputs, pooled, 1)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of all branches, in their order along the channel axis."""
        return torch.cat([branch(x) for branch in self.branches], dim=1)
